using System.Text.Json;
using FlowTracer.Chains.Bitcoin.Live;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;

namespace FlowTracer.App.Import;

/// <summary>
/// Transactions in Esplora's JSON, one a line, in any order. They are read twice: once to learn which stand before which
/// in their blocks, and once for what they move.
/// </summary>
internal sealed class EsploraLines(ChainId chain)
{
    /// <summary>No line is longer, in bytes: a transaction of 4 MB, the most there can be, fits several times over.</summary>
    public const int MaxLineBytes = 64 << 20;

    private readonly Dictionary<ulong, BlockPlan> _blocks = [];
    private readonly Dictionary<TxHash, uint> _order = [];

    /// <summary>Takes a transaction into account; true when it is not known from a line before.</summary>
    /// <exception cref="InputException">The line holds no confirmed transaction, or contradicts one before.</exception>
    public bool Plan(string file, long line, ReadOnlyMemory<byte> json)
    {
        (EsploraTransaction transaction, EsploraBlock block) = Read(file, line, json);
        TxHash id = transaction.Transaction.Id;
        if (!_blocks.TryGetValue(block.Height, out BlockPlan? plan))
        {
            plan = _blocks[block.Height] = new BlockPlan(block);
        }

        if (plan.Block != block)
        {
            throw new InputException(file, line, 0, $"block {block.Height} has another hash or time in a line before: one of them is of a chain that was reorganised");
        }

        if (plan.Parents.ContainsKey(id))
        {
            return false;
        }

        if (!_order.TryAdd(id, 0))
        {
            throw new InputException(file, line, 0, "the same transaction is in another block in a line before: one of them is of a chain that was reorganised");
        }

        if (transaction.Transaction.IsCoinbase && plan.HasCoinbase)
        {
            throw new InputException(file, line, 0, $"block {block.Height} has another coinbase in a line before");
        }

        plan.HasCoinbase |= transaction.Transaction.IsCoinbase;
        plan.Parents.Add(id, EsploraRecord.ParentsOf(transaction));
        return true;
    }

    /// <summary>Called when all lines are known: gives each transaction its place in the order of its block.</summary>
    public void Settle()
    {
        foreach (BlockPlan plan in _blocks.Values)
        {
            plan.Number(_order);
        }

        _blocks.Clear();
    }

    /// <summary>What the transaction of a line moves, in its place; nothing for one that was there before.</summary>
    public IReadOnlyList<Movement> Movements(string file, long line, ReadOnlyMemory<byte> json)
    {
        (EsploraTransaction transaction, EsploraBlock block) = Read(file, line, json);
        return _order.Remove(transaction.Transaction.Id, out uint order)
            ? EsploraRecord.Movements(transaction, block, order, chain)
            : [];
    }

    private static (EsploraTransaction Transaction, EsploraBlock Block) Read(string file, long line, ReadOnlyMemory<byte> json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return EsploraRecord.Read(document.RootElement);
        }
        catch (JsonException fault)
        {
            throw new InputException(file, line, (fault.BytePositionInLine ?? 0) + 1, "not JSON: each line must hold one transaction");
        }
        catch (BadAnswerException fault)
        {
            throw new InputException(file, line, 0, $"the line {fault.Reason}");
        }
    }

    /// <summary>The transactions known of a block, and what they take coins from.</summary>
    private sealed class BlockPlan(EsploraBlock block)
    {
        public EsploraBlock Block => block;

        public bool HasCoinbase { get; set; }

        public Dictionary<TxHash, IReadOnlyList<TxHash>> Parents { get; } = [];

        /// <summary>
        /// Numbers them: each behind those whose coins it takes, otherwise by id, so that the order of lines changes nothing.
        /// </summary>
        public void Number(Dictionary<TxHash, uint> order)
        {
            Dictionary<TxHash, List<TxHash>> children = [];
            Dictionary<TxHash, int> missing = [];
            SortedSet<TxHash> ready = [];
            foreach ((TxHash id, IReadOnlyList<TxHash> parents) in Parents)
            {
                TxHash[] here = [.. parents.Where(Parents.ContainsKey)];
                missing[id] = here.Length;
                foreach (TxHash parent in here)
                {
                    children.TryAdd(parent, []);
                    children[parent].Add(id);
                }

                if (here.Length == 0)
                {
                    ready.Add(id);
                }
            }

            for (uint next = 0; ready.Count > 0; next++)
            {
                TxHash id = ready.Min;
                ready.Remove(id);
                order[id] = next;
                foreach (TxHash child in children.GetValueOrDefault(id, []))
                {
                    if (--missing[child] == 0)
                    {
                        ready.Add(child);
                    }
                }
            }
        }
    }
}
