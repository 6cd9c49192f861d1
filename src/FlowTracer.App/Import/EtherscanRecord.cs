using FlowTracer.Chains.Ethereum;
using FlowTracer.Chains.Recorded;
using FlowTracer.Core.Model;

namespace FlowTracer.App.Import;

/// <summary>
/// The record that Etherscan's exports make together, of one address or several. What two of them state of one transaction
/// is stated once: a transfer counts as often as the export counts it that has it most often.
/// </summary>
/// <remarks>
/// They do not state the index of a transaction in its block: transactions of one block stand in the order of the files,
/// those that only a later file has before the next that both have.
/// </remarks>
internal sealed class EtherscanRecord
{
    private readonly Dictionary<TxHash, MergedTransaction> _transactions = [];
    private readonly SortedDictionary<long, List<MergedTransaction>> _byTime = [];

    /// <summary>Adds an export.</summary>
    /// <param name="rows">Its rows, the newest first or last, as the file has them.</param>
    /// <exception cref="InputException">A row contradicts one that was added before.</exception>
    public void Add(List<EtherscanRow> rows)
    {
        if (rows.Count > 0 && rows[0].Time > rows[^1].Time)
        {
            rows.Reverse();
        }

        List<MergedTransaction> inFile = [];
        foreach (IGrouping<TxHash, EtherscanRow> group in rows.GroupBy(static row => row.Tx))
        {
            EtherscanRow first = group.First();
            if (!_transactions.TryGetValue(group.Key, out MergedTransaction? transaction))
            {
                transaction = _transactions[group.Key] = new MergedTransaction(first);
            }

            transaction.Add([.. group]);
            inFile.Add(transaction);
        }

        foreach (IGrouping<long, MergedTransaction> atOnce in inFile.GroupBy(static transaction => transaction.Time))
        {
            if (!_byTime.TryGetValue(atOnce.Key, out List<MergedTransaction>? known))
            {
                known = _byTime[atOnce.Key] = [];
            }

            known.MergeInOrder(atOnce);
        }
    }

    /// <summary>Its movements, in chain order.</summary>
    /// <param name="chain">The chain.</param>
    /// <exception cref="InputException">What the exports state cannot be true together.</exception>
    public IEnumerable<Movement> Movements(ChainId chain)
    {
        RecordBuilder record = new();
        foreach (MergedTransaction transaction in _byTime.Values.SelectMany(static atOnce => atOnce.OrderBy(static t => t.Block ?? ulong.MaxValue)))
        {
            foreach (RecordRow row in transaction.Rows(chain))
            {
                foreach (Movement movement in record.Add(row))
                {
                    yield return movement;
                }
            }
        }

        foreach (Movement movement in record.End())
        {
            yield return movement;
        }
    }
}

/// <summary>What all exports together state of one transaction.</summary>
internal sealed class MergedTransaction(EtherscanRow first)
{
    // A transfer, and the how manieth of those that are the same.
    private readonly List<(TransferFact Fact, int Occurrence)> _transfers = [];
    private TransferFact? _own;
    private TransferFact? _fee;
    private bool _failed;

    /// <summary>Its block, once an export states it.</summary>
    public ulong? Block { get; private set; } = first.Block;

    /// <summary>Its block's Unix time in seconds.</summary>
    public long Time => first.Time;

    /// <summary>Adds what one export states of it.</summary>
    public void Add(IReadOnlyList<EtherscanRow> rows)
    {
        List<(TransferFact, int)> stated = [];
        Dictionary<TransferFact, int> counts = [];
        foreach (EtherscanRow row in rows)
        {
            Place(row);
            _failed |= row.Failed == true;
            foreach (TransferFact fact in row.Facts)
            {
                switch (fact.Kind)
                {
                    case MovementKind.External:
                        _own = Same(_own, fact, row);
                        break;
                    case MovementKind.Fee:
                        _fee = Same(_fee, fact, row);
                        break;
                    default:
                        stated.Add((fact, counts[fact] = counts.GetValueOrDefault(fact) + 1));
                        break;
                }
            }
        }

        _transfers.MergeInOrder(stated);
    }

    /// <summary>It as rows: its value, what contracts moved, tokens, its fee; the fee alone when it failed.</summary>
    public IEnumerable<RecordRow> Rows(ChainId chain)
    {
        IEnumerable<TransferFact> moved = _transfers.Select(static transfer => transfer.Fact)
            .OrderBy(static fact => fact.Kind == MovementKind.Token);
        if (_failed && (_own is not null || moved.Any(static fact => fact.Kind == MovementKind.Token)))
        {
            throw first.Fault("this transaction took effect by one export, and failed by another");
        }

        TransferFact?[] facts = _failed ? [_fee] : [_own, .. moved, _fee];
        return facts.OfType<TransferFact>().Select(fact => new RecordRow(first.File, first.Line, chain, Block, null, Time, first.Tx, null, fact));
    }

    private static TransferFact Same(TransferFact? known, TransferFact stated, EtherscanRow row) => known is null || known == stated
        ? stated
        : throw row.Fault("another sender, receiver, value or fee than the transaction has in a row before, or in another file");

    private void Place(EtherscanRow row)
    {
        if (row.Time != first.Time || (row.Block ?? Block) != (Block ?? row.Block))
        {
            throw row.Fault($"another block or time than its transaction has in {first.File}:{first.Line}");
        }

        Block ??= row.Block;
    }
}

/// <summary>Lists of which each knows a part of one order.</summary>
internal static class OrderedMerge
{
    /// <summary>Adds what is not there yet, each before the next in its own list that is.</summary>
    public static void MergeInOrder<T>(this List<T> known, IEnumerable<T> more)
        where T : notnull
    {
        List<T> held = [];
        int next = 0;
        foreach (T item in more)
        {
            int at = known.IndexOf(item);
            if (at < 0)
            {
                held.Add(item);
                continue;
            }

            // Where the lists disagree, what comes later here is not put before what came earlier.
            int place = Math.Max(at, next);
            known.InsertRange(place, held);
            next = place + held.Count + (at < next ? 0 : 1);
            held.Clear();
        }

        known.AddRange(held);
    }
}
