using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using FlowTracer.Chains.Bitcoin.Scripts;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>
/// A node that speaks Bitcoin Core's JSON-RPC: Bitcoin Core itself, from version 0.21 on with all it can do, and others
/// with what they can. What the node has an index for is asked of the index: transactions (txindex), spenders
/// (txospenderindex, Bitcoin Core 31), the blocks of a script (blockfilterindex); without one, blocks are read, up to a
/// limit. For many threads.
/// </summary>
public sealed class CoreRpc : BitcoinRpc
{
    private const int BlocksAtOnce = 8;
    private const int HashesAtOnce = 64;
    private const int ListedKept = 64;
    private const int SpendsKept = 4;
    private const int OutputsTried = 4;

    // A scan of filters starts small, since most coins are soon spent, and grows, since each call costs a round trip; the
    // longest takes a slow node a few seconds, well within an attempt's time.
    private const ulong FirstScanBlocks = 1_024;
    private const ulong LongestScanBlocks = 16_384;

    private readonly CoreNode _node;
    private readonly int _mostBlocks;
    private readonly int _mostTransactions;
    private readonly AdaptiveLimit _reading = new(BlocksAtOnce, BlocksAtOnce);
    private readonly AdaptiveLimit _scanning = new(1, 1);
    private readonly Recent<Hash256, ListedBlock> _listed = new(ListedKept);
    private readonly Recent<Hash256, BlockSpends> _spends;
    private readonly Recent<Hash256, IReadOnlyDictionary<TxHash, SpentOutput[]>?> _blockSpends = new(SpendsKept);

    // Where transactions were met. A node without an index finds them there, and it may have left the chain since.
    private readonly ConcurrentDictionary<TxHash, Hash256> _met = new();

    /// <summary>A node.</summary>
    /// <param name="node">Asks it; its answers need not be kept.</param>
    /// <param name="mostBlocks">How many blocks are read, one by one, for one question; at least 1.</param>
    /// <param name="mostTransactions">How many transactions a script's history may have; at least 1.</param>
    public CoreRpc(IRpc node, int mostBlocks, int mostTransactions)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(mostBlocks, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(mostTransactions, 1);
        _node = new CoreNode(node);
        (_mostBlocks, _mostTransactions) = (mostBlocks, mostTransactions);
        _spends = new Recent<Hash256, BlockSpends>(mostBlocks);
    }

    /// <inheritdoc/>
    public override string Name => _node.Name;

    /// <inheritdoc/>
    protected override Task<ulong> HeightAsync(CancellationToken cancellationToken) => _node.HeightAsync(cancellationToken);

    /// <inheritdoc/>
    protected override async Task<Hash256> GenesisAsync(CancellationToken cancellationToken) =>
        await _node.HashAsync(0, cancellationToken).ConfigureAwait(false)
            ?? throw _node.Fault("getblockhash", "has no first block");

    /// <inheritdoc/>
    protected override async Task<AboutSource> AboutAsync(CancellationToken cancellationToken)
    {
        CoreInfo info = await _node.InfoAsync(cancellationToken).ConfigureAwait(false);
        CoreIndexes indexes = await _node.IndexesAsync(cancellationToken).ConfigureAwait(false);
        bool hasTransactions = indexes.Transactions != IndexState.Missing;
        bool hasFilters = indexes.Filters != IndexState.Missing;
        bool hasSpenders = indexes.Spenders != IndexState.Missing;
        string transactions = hasTransactions ? "transactions by txindex" : "transactions in blocks already met";
        string spenders = hasSpenders ? "by txospenderindex"
            : hasFilters ? "by block filters" : $"by reading up to {Numbers.Text(_mostBlocks)} blocks";
        List<string> limits = [];
        if (!hasTransactions)
        {
            limits.Add("without txindex=1 it finds no spent transaction in a block not met before");
        }

        if (!hasSpenders && !hasFilters)
        {
            limits.Add($"without blockfilterindex=1 it finds no spender more than {Numbers.Text(_mostBlocks)} blocks after a coin");
        }

        if (!hasFilters)
        {
            limits.Add($"without blockfilterindex=1 it finds no address's history in a chain of more than {Numbers.Text(_mostBlocks)} blocks");
        }

        if (info.PrunedBelow is { } first)
        {
            limits.Add($"it has no block below {Numbers.Text(first)} (prune)");
        }

        return new AboutSource("Bitcoin Core", info.Client, $"{transactions}, spenders {spenders}", limits);
    }

    /// <inheritdoc/>
    protected override async Task<BlockHeader?> HeaderAsync(ulong height, CancellationToken cancellationToken) =>
        await _node.HashAsync(height, cancellationToken).ConfigureAwait(false) is { } hash
            ? await _node.HeaderAsync(hash, cancellationToken).ConfigureAwait(false)
            : null;

    /// <inheritdoc/>
    protected override async Task<byte[]?> RawAsync(TxHash id, CancellationToken cancellationToken)
    {
        CoreIndexes indexes = await _node.IndexesAsync(cancellationToken).ConfigureAwait(false);
        if (indexes.Transactions != IndexState.Ready && _met.TryGetValue(id, out Hash256 met))
        {
            return await _node.TransactionAsync(id, met, cancellationToken).ConfigureAwait(false);
        }

        byte[]? found = await _node.TransactionAsync(id, null, cancellationToken).ConfigureAwait(false);
        if (found is not null || indexes.Transactions == IndexState.Ready)
        {
            return found;
        }

        Hash256 block = await BlockByCoinsAsync(id, indexes, cancellationToken).ConfigureAwait(false);
        return await _node.TransactionAsync(id, block, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override async Task<TxPlace?> PlaceAsync(TxHash id, CancellationToken cancellationToken)
    {
        CoreIndexes indexes = await _node.IndexesAsync(cancellationToken).ConfigureAwait(false);
        if (await BlockOfAsync(id, indexes, cancellationToken).ConfigureAwait(false) is not { } hash)
        {
            return null;
        }

        ListedBlock block = await ListedAsync(hash, cancellationToken).ConfigureAwait(false);
        if (await _node.HashAsync(block.Height, cancellationToken).ConfigureAwait(false) != hash)
        {
            // The block has left the chain since, and the transaction waits again or is gone.
            _met.TryRemove(id, out _);
            return null;
        }

        int index = Array.IndexOf(block.Ids, Hash256.FromTxHash(id));
        return index >= 0
            ? new TxPlace(block.Height, (uint)index, MerkleTree.Branch(block.Ids, index))
            : throw _node.Fault($"getblock[\"{hash}\"]", $"does not hold {id}, which was said to be in it");
    }

    /// <inheritdoc/>
    protected override async Task<IReadOnlyList<SpentOutput>> SpendsAsync(TxHash id, CancellationToken cancellationToken)
    {
        Hash256? met = _met.TryGetValue(id, out Hash256 hash) ? hash : null;
        CoreIndexes indexes = await _node.IndexesAsync(cancellationToken).ConfigureAwait(false);
        Hash256? given = indexes.Transactions == IndexState.Ready ? null : met;
        if (await _node.SpendsAsync(id, given, cancellationToken).ConfigureAwait(false) is { } spends)
        {
            return spends;
        }

        Hash256? block = met ?? (await _node.PlacedAsync(id, cancellationToken).ConfigureAwait(false))?.Block;
        if (block is { } known
            && await _blockSpends.GetAsync(known, () => _node.BlockSpendsAsync(known, cancellationToken), cancellationToken)
                .ConfigureAwait(false) is { } all
            && all.TryGetValue(id, out SpentOutput[]? inBlock))
        {
            return inBlock;
        }

        throw new CannotKnowException("the node does not state what a transaction's inputs are worth (Bitcoin Core 23 does)");
    }

    /// <inheritdoc/>
    protected override async Task<TxHash?> SpenderAsync(SpenderQuestion question, CancellationToken cancellationToken)
    {
        if (ScriptClassifier.IsUnspendable(question.Script)
            || await _node.UnspentAsync(question.Coin, cancellationToken).ConfigureAwait(false) is not null)
        {
            return null;
        }

        CoreIndexes indexes = await _node.IndexesAsync(cancellationToken).ConfigureAwait(false);
        if (indexes.Spenders == IndexState.Ready)
        {
            return await IndexedSpenderAsync(question, cancellationToken).ConfigureAwait(false);
        }

        // An empty script is in no filter (BIP 158).
        bool scans = indexes.Filters == IndexState.Ready && question.Script.Length > 0;
        ulong last = scans ? question.UpTo : Math.Min(question.UpTo, question.Height + (ulong)_mostBlocks - 1);
        IAsyncEnumerable<Hash256[]> blocks = scans
            ? ScannedAsync(question.Script, question.Height, last, cancellationToken)
            : ReadAsync(question.Height, last, cancellationToken);
        await foreach (Hash256[] some in blocks.ConfigureAwait(false))
        {
            if (await SpenderInAsync(question.Coin, some, cancellationToken).ConfigureAwait(false) is { } spender)
            {
                return spender;
            }
        }

        return last == question.UpTo
            ? null
            : throw new CannotKnowException(
                $"the node has no index of spenders or block filters, and the coin is not spent in the {Numbers.Text(_mostBlocks)} blocks"
                + $" read for it, up to block {Numbers.Text(last)}; start it with blockfilterindex=1, or let more blocks be read");
    }

    /// <inheritdoc/>
    protected override async Task<IReadOnlyList<TxHash>> HistoryAsync(
        byte[] script, ulong upTo, CancellationToken cancellationToken)
    {
        CoreIndexes indexes = await _node.IndexesAsync(cancellationToken).ConfigureAwait(false);
        // What can never be spent is in no filter (BIP 158).
        bool isFiltered = script.Length > 0 && !ScriptClassifier.IsUnspendable(script);
        bool scans = isFiltered && indexes.Filters == IndexState.Ready;
        if (!scans && upTo >= (ulong)_mostBlocks)
        {
            throw new CannotKnowException(!isFiltered
                ? "no index has the history of a script that cannot be spent"
                : "the node has no index of block filters to find an address's history with; start it with blockfilterindex=1");
        }

        ScriptHistory history = new(script);
        IAsyncEnumerable<Hash256[]> blocks = scans
            ? ScannedAsync(script, 0, upTo, cancellationToken)
            : ReadAsync(0, upTo, cancellationToken);
        await foreach (Hash256[] some in blocks.ConfigureAwait(false))
        {
            foreach (Hash256[] few in some.Chunk(BlocksAtOnce))
            {
                Block[] read = await Task.WhenAll(few.Select(hash => BlockAsync(hash, cancellationToken))).ConfigureAwait(false);
                foreach (Block block in read)
                {
                    Meet(history.Read(block), block.Hash);
                }

                if (history.Ids.Count > _mostTransactions)
                {
                    throw new CannotKnowException($"the script has more than {Numbers.Text(_mostTransactions)} transactions");
                }
            }
        }

        return history.Ids;
    }

    /// <inheritdoc/>
    protected override async Task<BlockFees> FeesAsync(ulong height, CancellationToken cancellationToken)
    {
        Hash256 hash = await HashAsync(height, cancellationToken).ConfigureAwait(false);
        BlockFees fees = await _node.FeesAsync(hash, cancellationToken).ConfigureAwait(false)
            ?? await AddedUpAsync(await BlockAsync(hash, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        Meet(fees.Ids.Take(1), hash);
        return fees;
    }

    /// <inheritdoc/>
    protected override async Task<WholeBlock?> BlockAsync(ulong height, CancellationToken cancellationToken)
    {
        if (await _node.HashAsync(height, cancellationToken).ConfigureAwait(false) is not { } hash)
        {
            return null;
        }

        Task<Block> asked = _node.BlockAsync(hash, cancellationToken);
        IReadOnlyDictionary<TxHash, SpentOutput[]>? stated = await _node.BlockSpendsAsync(hash, cancellationToken).ConfigureAwait(false);
        Block block = await asked.ConfigureAwait(false);
        List<SpentOutput?> spent = [];
        for (int i = 1; i < block.TransactionCount; i++)
        {
            SpentOutput[]? known = stated?.GetValueOrDefault(block[i].Id);
            spent.AddRange(known?.Length == block[i].InputCount ? known : new SpentOutput?[block[i].InputCount]);
        }

        return new WholeBlock(block, spent);
    }

    // Where a node does not state fees (Bitcoin Core 22 and later do), they are what the inputs have more than the outputs.
    private async Task<BlockFees> AddedUpAsync(Block block, CancellationToken cancellationToken)
    {
        List<TxHash> ids = [];
        List<Task<ulong>> fees = [];
        for (int i = 0; i < block.TransactionCount; i++)
        {
            ids.Add(block[i].Id);
            fees.Add(i == 0 ? Task.FromResult(0UL) : FeeAsync(block[i], cancellationToken));
        }

        return new BlockFees(ids, await Task.WhenAll(fees).ConfigureAwait(false));
    }

    private async Task<ulong> FeeAsync(Transaction tx, CancellationToken cancellationToken)
    {
        (TxHash id, ulong paid) = (tx.Id, tx.OutputSats);
        SpentOutput?[] spent = await Task.WhenAll(BitcoinNode.CoinsOf(tx).Select(coin => OutputAsync(coin, cancellationToken))).ConfigureAwait(false);
        ulong given = spent.Aggregate(0UL, static (sum, output) => sum + (output?.ValueSats
            ?? throw new CannotKnowException("the node does not state the fees of a block, and lacks transactions whose outputs it spends")));
        return given >= paid ? given - paid : throw _node.Fault(id.ToString(), "pays out more than it spends");
    }

    // Null where the node finds no such transaction.
    private async Task<SpentOutput?> OutputAsync(OutPoint coin, CancellationToken cancellationToken)
    {
        if (await FindRawAsync(coin.Tx, cancellationToken).ConfigureAwait(false) is not { } bytes)
        {
            return null;
        }

        Transaction made = Transaction.Parse(bytes);
        if (made.Id != coin.Tx || coin.Index >= made.OutputCount)
        {
            throw _node.Fault(coin.Tx.ToString(), "is not the transaction of that id");
        }

        TxOut output = made.OutputAt(coin.Index);
        return new SpentOutput(output.ValueSats, output.Script.ToArray());
    }

    // What cannot be known is as good as not there.
    private async Task<byte[]?> FindRawAsync(TxHash id, CancellationToken cancellationToken)
    {
        try
        {
            return await RawAsync(id, cancellationToken).ConfigureAwait(false);
        }
        catch (CannotKnowException)
        {
            return null;
        }
    }

    private void Meet(IEnumerable<TxHash> ids, Hash256 block)
    {
        foreach (TxHash id in ids)
        {
            _met[id] = block;
        }
    }

    private async Task<Hash256> HashAsync(ulong height, CancellationToken cancellationToken) =>
        await _node.HashAsync(height, cancellationToken).ConfigureAwait(false)
            ?? throw _node.Fault($"getblockhash[{Numbers.Text(height)}]", "the chain ends before that block");

    private Task<ListedBlock> ListedAsync(Hash256 hash, CancellationToken cancellationToken) =>
        _listed.GetAsync(hash, () => _node.ListedAsync(hash, cancellationToken), cancellationToken);

    private async Task<Block> BlockAsync(Hash256 hash, CancellationToken cancellationToken)
    {
        long turn = await _reading.EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await _node.BlockAsync(hash, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _reading.Leave(turn, Load.Unknown);
        }
    }

    private async Task<Hash256?> BlockOfAsync(TxHash id, CoreIndexes indexes, CancellationToken cancellationToken)
    {
        if (indexes.Transactions != IndexState.Ready && _met.TryGetValue(id, out Hash256 met))
        {
            return met;
        }

        if (await _node.PlacedAsync(id, cancellationToken).ConfigureAwait(false) is { } placed)
        {
            return placed.Block;
        }

        return indexes.Transactions == IndexState.Ready
            ? null
            : await BlockByCoinsAsync(id, indexes, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The block of a transaction by those of its first coins that are not spent.</summary>
    private async Task<Hash256> BlockByCoinsAsync(TxHash id, CoreIndexes indexes, CancellationToken cancellationToken)
    {
        if (indexes.Transactions == IndexState.Building)
        {
            throw _node.Fault("getindexinfo", "its index of transactions (txindex) is still being built; wait until it is done");
        }

        UnspentCoin?[] coins = await Task.WhenAll(Enumerable.Range(0, OutputsTried)
            .Select(index => _node.UnspentAsync(new OutPoint(id, (uint)index), cancellationToken))).ConfigureAwait(false);
        if (coins.FirstOrDefault(static coin => coin is not null) is not { } unspent)
        {
            throw new CannotKnowException(
                "the node has no index of transactions, and this one is in no block met before; start it with txindex=1");
        }

        ulong best = await _node.HeightOfAsync(unspent.Best, cancellationToken).ConfigureAwait(false);
        if (unspent.Confirmations > best + 1)
        {
            throw _node.Fault(
                "gettxout", $"states {Numbers.Text(unspent.Confirmations)} confirmations in a chain of {Numbers.Text(best + 1)} blocks");
        }

        Hash256 hash = await HashAsync(best + 1 - unspent.Confirmations, cancellationToken).ConfigureAwait(false);
        Meet([id], hash);
        return hash;
    }

    private async Task<TxHash?> IndexedSpenderAsync(SpenderQuestion question, CancellationToken cancellationToken)
    {
        SpendingPrevout told = await _node.SpendingAsync(question.Coin, cancellationToken).ConfigureAwait(false);
        if (told is not { Spender: { } spender, Block: { } block })
        {
            return null;
        }

        // Right after a reorganisation the index may still name a block that has left the chain.
        ulong height = await _node.HeightOfAsync(block, cancellationToken).ConfigureAwait(false);
        if (height > question.UpTo || await _node.HashAsync(height, cancellationToken).ConfigureAwait(false) != block)
        {
            return null;
        }

        Meet([spender], block);
        return spender;
    }

    /// <summary>The first transaction in blocks, which come in the chain's order, that spends a coin.</summary>
    private async Task<TxHash?> SpenderInAsync(OutPoint coin, Hash256[] blocks, CancellationToken cancellationToken)
    {
        foreach (Hash256[] few in blocks.Chunk(BlocksAtOnce))
        {
            BlockSpends[] read = await Task.WhenAll(few.Select(hash => _spends.GetAsync(
                hash,
                async () => BlockSpends.Of(await BlockAsync(hash, cancellationToken).ConfigureAwait(false)),
                cancellationToken))).ConfigureAwait(false);
            for (int at = 0; at < few.Length; at++)
            {
                int[] candidates = [.. read[at].Candidates(coin)];
                if (candidates.Length > 0
                    && SpenderIn(await BlockAsync(few[at], cancellationToken).ConfigureAwait(false), candidates, coin) is { } spender)
                {
                    Meet([spender], few[at]);
                    return spender;
                }
            }
        }

        return null;
    }

    private static TxHash? SpenderIn(Block block, int[] candidates, OutPoint coin)
    {
        foreach (int index in candidates)
        {
            foreach (TxIn input in block[index].Inputs)
            {
                if (input.Spends == coin)
                {
                    return block[index].Id;
                }
            }
        }

        return null;
    }

    /// <summary>The blocks that a script may be in, in the chain's order, by the node's filters.</summary>
    private async IAsyncEnumerable<Hash256[]> ScannedAsync(
        byte[] script, ulong from, ulong upTo, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (ulong length = FirstScanBlocks; from <= upTo; from += length, length = Math.Min(2 * length, LongestScanBlocks))
        {
            ulong last = Math.Min(upTo, from + length - 1);
            // A node does one scan at a time and refuses another.
            long turn = await _scanning.EnterAsync(cancellationToken).ConfigureAwait(false);
            Hash256[] found;
            try
            {
                found = await _node.ScanAsync(script, from, last, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                _scanning.Leave(turn, Load.Unknown);
            }

            yield return found;
        }
    }

    /// <summary>All blocks from one height to another.</summary>
    private async IAsyncEnumerable<Hash256[]> ReadAsync(
        ulong from, ulong upTo, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (; from <= upTo; from += HashesAtOnce)
        {
            int count = (int)Math.Min(HashesAtOnce, upTo - from + 1);
            ulong first = from;
            yield return await Task.WhenAll(Enumerable.Range(0, count)
                .Select(at => HashAsync(first + (ulong)at, cancellationToken))).ConfigureAwait(false);
        }
    }
}
