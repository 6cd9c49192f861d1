using System.Collections.Immutable;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum;

/// <summary>The order of places in a call tree: a call before what it calls, and those in their order.</summary>
internal sealed class CallOrder : IComparer<ImmutableArray<uint>>, IEqualityComparer<ImmutableArray<uint>>
{
    public static CallOrder Instance { get; } = new();

    public int Compare(ImmutableArray<uint> x, ImmutableArray<uint> y) => x.AsSpan().SequenceCompareTo(y.AsSpan());

    public bool Equals(ImmutableArray<uint> x, ImmutableArray<uint> y) => x.AsSpan().SequenceEqual(y.AsSpan());

    public int GetHashCode(ImmutableArray<uint> obj)
    {
        HashCode hash = default;
        foreach (uint step in obj)
        {
            hash.Add(step);
        }

        return hash.ToHashCode();
    }
}

/// <summary>The rows of one transaction in the form of Parity's traces: a call tree, flattened.</summary>
internal sealed class TraceTree
{
    private readonly List<Row> _rows;

    private TraceTree(List<Row> rows) => _rows = rows;

    /// <summary>Whether the top call has no error.</summary>
    public bool TookEffect => !_rows[0].Failed;

    /// <summary>Reads and orders the rows.</summary>
    /// <param name="rows">All rows of one transaction; rewards are passed over.</param>
    /// <param name="answer">Where they stand, for faults of them all.</param>
    /// <param name="chain">The chain they are of.</param>
    public static TraceTree Read(IEnumerable<AnswerReader> rows, AnswerReader answer, ChainId chain)
    {
        List<Row> read = [];
        TxHash? tx = null;
        foreach (AnswerReader row in rows)
        {
            if (IsReward(row))
            {
                continue;
            }

            TxHash? of = row.Find("transactionHash")?.TxHash();
            tx = read.Count == 0 || of == tx ? of : throw row.Fault("is of another transaction than the rows before");
            read.Add(Row.Read(row, chain));
        }

        read.Sort(static (x, y) => CallOrder.Instance.Compare(x.Place, y.Place));
        if (read.Count == 0 || !read[0].Place.IsEmpty)
        {
            throw answer.Fault("has no row of the transaction's own call");
        }

        Dictionary<ImmutableArray<uint>, bool> failed = new(CallOrder.Instance);
        for (int i = 0; i < read.Count; i++)
        {
            Row row = read[i];
            bool around = false;
            if (i > 0 && (row.Place.IsEmpty || !failed.TryGetValue(row.Place[..^1], out around)))
            {
                throw row.Reader.Fault(row.Place.IsEmpty
                    ? "is a second row of the transaction's own call"
                    : "has no row of the call around it");
            }

            read[i] = row with { Failed = row.Failed || around };
            if (!failed.TryAdd(row.Place, read[i].Failed))
            {
                throw row.Reader.Fault("stands at the place of another row");
            }
        }

        return new TraceTree(read);
    }

    /// <summary>Whether a row is a credit by the protocol, which belongs to no transaction.</summary>
    public static bool IsReward(AnswerReader row) => row["type"].Text() == "reward";

    /// <summary>A row's place in the call tree; empty for the transaction's own call.</summary>
    public static ImmutableArray<uint> Place(AnswerReader row) =>
        [.. row["traceAddress"].Items().Select(static step => step.PlainIndex())];

    /// <summary>What took effect, without the top call.</summary>
    public List<InternalTransfer> Transfers()
    {
        List<InternalTransfer> transfers = [];
        foreach (Row row in _rows.Skip(1).Where(static row => !row.Failed))
        {
            InternalTransfers.Add(transfers, row.Kind, row.From, row.To, row.Value);
        }

        return transfers;
    }

    private sealed record Row(
        AnswerReader Reader, ImmutableArray<uint> Place, bool Failed, FrameKind Kind, Address From, Address To, Amount Value)
    {
        public static Row Read(AnswerReader row, ChainId chain)
        {
            AnswerReader type = row["type"];
            AnswerReader action = row["action"];
            FrameKind kind = KindOf(type) is FrameKind.Call ? KindOf(action["callType"]) : KindOf(type);
            bool failed = InternalTransfers.HasError(row);
            ImmutableArray<uint> place = TraceTree.Place(row);
            if (failed || kind == FrameKind.MovesNothing)
            {
                return new Row(row, place, failed, kind, default, default, default);
            }

            return kind switch
            {
                FrameKind.SelfDestruct => new Row(
                    row, place, failed, kind, action["address"].Address(chain), action["refundAddress"].Address(chain),
                    action["balance"].Quantity()),
                FrameKind.Creation => new Row(
                    row, place, failed, kind, action["from"].Address(chain), row["result"]["address"].Address(chain),
                    action["value"].Quantity()),
                _ => new Row(
                    row, place, failed, kind, action["from"].Address(chain), action["to"].Address(chain),
                    action["value"].Quantity()),
            };
        }

        private static FrameKind KindOf(AnswerReader name) =>
            FrameKinds.Of(name.Text()) ?? throw name.Fault($"is no kind of call known here: {name.Quoted()}");
    }
}
