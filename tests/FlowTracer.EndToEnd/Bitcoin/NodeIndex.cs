using System.Security.Cryptography;
using System.Text.Json;
using FlowTracer.Chains.Bitcoin;
using FlowTracer.Core.Model;

namespace FlowTracer.EndToEnd.Bitcoin;

/// <summary>A transaction of a node's chain, or one that waits for a block.</summary>
/// <param name="Transaction">Its bytes.</param>
/// <param name="Height">Its block's height; null while it waits.</param>
/// <param name="Index">Its index in the block.</param>
internal sealed record IndexedTx(Transaction Transaction, int? Height, int Index)
{
    /// <summary>Its id.</summary>
    public TxHash Id => Transaction.Id;

    /// <summary>Its bytes in hex.</summary>
    public string Hex => Convert.ToHexStringLower(Transaction.Bytes);
}

/// <summary>What a node's blocks hold, found by everything that the servers in front of it are asked by.</summary>
internal sealed class NodeIndex
{
    private readonly Dictionary<TxHash, IndexedTx> _transactions = [];
    private readonly Dictionary<OutPoint, IndexedTx> _spenders = [];
    private readonly Dictionary<string, List<IndexedTx>> _byScript = [];

    private NodeIndex(IReadOnlyList<Block> blocks, IReadOnlyList<Transaction> waiting)
    {
        Blocks = blocks;
        for (int height = 0; height < blocks.Count; height++)
        {
            for (int index = 0; index < blocks[height].TransactionCount; index++)
            {
                Add(new IndexedTx(blocks[height][index], height, index));
            }
        }

        foreach (Transaction transaction in waiting)
        {
            Add(new IndexedTx(transaction, null, 0));
        }
    }

    /// <summary>The blocks by height.</summary>
    public IReadOnlyList<Block> Blocks { get; }

    /// <summary>A transaction; null where there is none.</summary>
    public IndexedTx? Find(TxHash id) => _transactions.GetValueOrDefault(id);

    /// <summary>Who spends a coin; null where nobody does.</summary>
    public IndexedTx? SpenderOf(OutPoint coin) => _spenders.GetValueOrDefault(coin);

    /// <summary>What pays to a script or spends from it, by what the servers call a script: in the chain's order, what
    /// waits last.</summary>
    public IReadOnlyList<IndexedTx> HistoryOf(string scriptHash) => _byScript.GetValueOrDefault(scriptHash) ?? [];

    /// <summary>The block of a hash; null where it is not in the chain.</summary>
    public int? HeightOf(string hash)
    {
        int height = Blocks.ToList().FindIndex(block => block.Hash.ToString() == hash);
        return height < 0 ? null : height;
    }

    /// <summary>The output that an input spends.</summary>
    public TxOut Spent(TxIn input) => _transactions[input.Spends.Tx].Transaction.OutputAt(input.Spends.Index);

    private void Add(IndexedTx transaction)
    {
        _transactions[transaction.Id] = transaction;
        foreach (TxIn input in transaction.Transaction.Inputs)
        {
            if (!input.IsCoinbase)
            {
                _spenders[input.Spends] = transaction;
                List(Spent(input).Script, transaction);
            }
        }

        foreach (TxOut output in transaction.Transaction.Outputs)
        {
            // A note can never be spent: the servers do not list it.
            if (output.Script.Length == 0 || output.Script[0] != 0x6A)
            {
                List(output.Script, transaction);
            }
        }
    }

    private void List(ReadOnlySpan<byte> script, IndexedTx transaction)
    {
        string hash = Convert.ToHexStringLower(SHA256.HashData(script));
        List<IndexedTx> history = _byScript.TryGetValue(hash, out List<IndexedTx>? known) ? known : _byScript[hash] = [];
        if (history.Count == 0 || history[^1] != transaction)
        {
            history.Add(transaction);
        }
    }

    /// <summary>Reads a node's chain as it is now. What was read before is read again only where it changed.</summary>
    public sealed class Reader(BcoinNode node) : IDisposable
    {
        private readonly SemaphoreSlim _reading = new(1);
        private readonly Dictionary<string, Block> _blocks = [];
        private NodeIndex? _index;
        private string _state = "";

        /// <summary>The chain now.</summary>
        public async Task<NodeIndex> ReadAsync()
        {
            await _reading.WaitAsync();
            try
            {
                string best = (await node.CallAsync("getbestblockhash")).GetString()!;
                JsonElement waiting = await node.CallAsync("getrawmempool");
                string state = best + waiting.GetRawText();
                if (_index is null || state != _state)
                {
                    _index = new NodeIndex(await BlocksAsync(), await WaitingAsync(waiting));
                    _state = state;
                }

                return _index;
            }
            finally
            {
                _reading.Release();
            }
        }

        public void Dispose() => _reading.Dispose();

        private async Task<IReadOnlyList<Block>> BlocksAsync()
        {
            int count = (await node.CallAsync("getblockcount")).GetInt32() + 1;
            IReadOnlyList<JsonElement> hashes = await node.Rpc.BatchAsync(
                [.. Enumerable.Range(0, count).Select(height => ("getblockhash", new object?[] { height }))]);
            string[] missing = [.. hashes.Select(hash => hash.GetString()!).Where(hash => !_blocks.ContainsKey(hash))];
            IReadOnlyList<JsonElement> read =
                await node.Rpc.BatchAsync([.. missing.Select(hash => ("getblock", new object?[] { hash, false }))]);
            foreach ((string hash, JsonElement hex) in missing.Zip(read))
            {
                _blocks[hash] = Block.Parse(Convert.FromHexString(hex.GetString()!));
            }

            return [.. hashes.Select(hash => _blocks[hash.GetString()!])];
        }

        private async Task<IReadOnlyList<Transaction>> WaitingAsync(JsonElement ids)
        {
            IReadOnlyList<JsonElement> read = await node.Rpc.BatchAsync(
                [.. ids.EnumerateArray().Select(id => ("getrawtransaction", new object?[] { id.GetString(), false }))]);
            return [.. read.Select(hex => Transaction.Parse(Convert.FromHexString(hex.GetString()!)))];
        }
    }
}
