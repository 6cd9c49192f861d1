using System.Text.Json;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum;

/// <summary>What one transaction's traces come to.</summary>
/// <param name="Tx">The transaction; null where the node does not say.</param>
/// <param name="TookEffect">Whether its top call has no error.</param>
/// <param name="Transfers">What contracts moved inside it, in execution order.</param>
public sealed record TracedTransaction(TxHash? Tx, bool TookEffect, IReadOnlyList<InternalTransfer> Transfers);

/// <summary>
/// What contracts moved inside one transaction, in execution order: only what took effect, more than nothing, and not the
/// transaction's own value. Nothing below a frame with an error moved; <c>delegatecall</c>, <c>callcode</c> and
/// <c>staticcall</c> move nothing; a creation endows the contract; a self-destruct moves the balance, to itself nothing.
/// </summary>
public static class InternalTransfers
{
    private const ulong OtsTransfer = 0;
    private const ulong OtsSelfDestruct = 1;
    private const ulong OtsCreate2 = 3;

    /// <summary>From all rows of one transaction, in any order; rewards among them are passed over.</summary>
    /// <param name="traces">
    /// What <c>trace_transaction</c> or <c>flatCallTracer</c> answers, or one transaction's part of <c>trace_block</c>.
    /// </param>
    /// <param name="chain">The chain it is of.</param>
    /// <exception cref="AnswerFormatException">
    /// A row is not one, is of another transaction, is there twice, or lacks the row around it.
    /// </exception>
    public static IReadOnlyList<InternalTransfer> FromTraces(JsonElement traces, ChainId chain) =>
        TraceTree.Read(new AnswerReader(traces).Items(), new AnswerReader(traces), chain).Transfers();

    /// <summary>From all rows of a block: each transaction of which there are any, in the rows' order.</summary>
    /// <param name="traces">What <c>trace_block</c> answers.</param>
    /// <param name="chain">The chain it is of.</param>
    /// <exception cref="AnswerFormatException">See <see cref="FromTraces"/>.</exception>
    public static IReadOnlyList<TracedTransaction> FromBlockTraces(JsonElement traces, ChainId chain)
    {
        AnswerReader reader = new(traces);
        return
        [
            .. reader.Items()
                .Where(static row => row.Find("transactionHash") is not null)
                .GroupBy(static row => row["transactionHash"].TxHash())
                .Select(rows => (rows.Key, Tree: TraceTree.Read(rows, reader, chain)))
                .Select(static tx => new TracedTransaction(tx.Key, tx.Tree.TookEffect, tx.Tree.Transfers())),
        ];
    }

    /// <summary>From a call tree.</summary>
    /// <param name="frame">What <c>debug_traceTransaction</c> answers with <c>callTracer</c>: the top frame.</param>
    /// <param name="chain">The chain it is of.</param>
    /// <exception cref="AnswerFormatException">It is not a call tree.</exception>
    public static IReadOnlyList<InternalTransfer> FromCallTracer(JsonElement frame, ChainId chain) =>
        FromFrames(new AnswerReader(frame), chain);

    /// <summary>From the call trees of a block's transactions, in their order.</summary>
    /// <param name="items">What <c>debug_traceBlockByNumber</c> answers with <c>callTracer</c>.</param>
    /// <param name="chain">The chain it is of.</param>
    /// <exception cref="AnswerFormatException">It is not an array of call trees, or the node could not trace one.</exception>
    public static IReadOnlyList<TracedTransaction> FromBlockCallTracer(JsonElement items, ChainId chain)
    {
        return [.. new AnswerReader(items).Items().Select(Traced)];

        TracedTransaction Traced(AnswerReader item)
        {
            AnswerReader frame = item["result"];
            return new TracedTransaction(item.Find("txHash")?.TxHash(), !HasError(frame), FromFrames(frame, chain));
        }
    }

    /// <summary>
    /// From <c>ots_getInternalOperations</c>, in the node's order. Those are the transfers that were attempted: the answer
    /// does not tell what an inner error took back, and some nodes (Anvil) put a self-destruct before the calls of its
    /// frame. Where a trace can be had, prefer it.
    /// </summary>
    /// <param name="operations">The answer.</param>
    /// <param name="chain">The chain it is of.</param>
    /// <exception cref="AnswerFormatException">It is not a list of operations.</exception>
    public static IReadOnlyList<InternalTransfer> FromOts(JsonElement operations, ChainId chain)
    {
        List<InternalTransfer> transfers = [];
        foreach (AnswerReader operation in new AnswerReader(operations).Items())
        {
            ulong type = operation["type"].PlainNumber();
            FrameKind kind = type switch
            {
                OtsTransfer => FrameKind.Call,
                OtsSelfDestruct => FrameKind.SelfDestruct,
                <= OtsCreate2 => FrameKind.Creation,
                _ => throw operation["type"].Fault($"is no operation known here: {operation["type"].Quoted()}"),
            };
            Add(transfers, kind, operation["from"].Address(chain), operation["to"].Address(chain), operation["value"].Quantity());
        }

        return transfers;
    }

    /// <summary>
    /// From an explorer's rows of one transaction, ordered by their place in the call tree where every row has one, else
    /// as they stand. Whether a row below a failed one took effect is what the explorer says of it.
    /// </summary>
    /// <param name="rows">All rows of the transaction.</param>
    /// <exception cref="ArgumentException">They are of several transactions, or of a kind not known.</exception>
    public static IReadOnlyList<InternalTransfer> FromExplorer(IReadOnlyList<ExplorerInternalRow> rows)
    {
        if (rows.Any(row => row.Tx != rows[0].Tx))
        {
            throw new ArgumentException("The rows are of several transactions.", nameof(rows));
        }

        List<InternalTransfer> transfers = [];
        bool hasPlaces = rows.All(static row => !row.Place.IsEmpty);
        IEnumerable<ExplorerInternalRow> inOrder =
            hasPlaces ? rows.OrderBy(static row => row.Place, CallOrder.Instance) : rows;
        foreach (ExplorerInternalRow row in inOrder)
        {
            FrameKind kind = FrameKinds.Of(row.Kind)
                ?? throw new ArgumentException($"“{row.Kind}” is no kind of call known here.", nameof(rows));
            if (row.TookEffect)
            {
                Add(transfers, kind, row.From, row.To, row.Value);
            }
        }

        return transfers;
    }

    /// <summary>Whether a transaction took effect, by all its rows: its top call has no error.</summary>
    /// <param name="traces">See <see cref="FromTraces"/>.</param>
    /// <param name="chain">The chain it is of.</param>
    /// <exception cref="AnswerFormatException">See <see cref="FromTraces"/>.</exception>
    public static bool TookEffectByTraces(JsonElement traces, ChainId chain) =>
        TraceTree.Read(new AnswerReader(traces).Items(), new AnswerReader(traces), chain).TookEffect;

    /// <summary>Whether a transaction took effect, by its call tree: its top frame has no error.</summary>
    /// <param name="frame">See <see cref="FromCallTracer"/>.</param>
    /// <exception cref="AnswerFormatException">It is not a frame.</exception>
    public static bool TookEffectByCallTracer(JsonElement frame) => !HasError(new AnswerReader(frame));

    internal static bool HasError(AnswerReader frame) => frame.Find("error") is AnswerReader error && error.Text().Length > 0;

    internal static void Add(List<InternalTransfer> transfers, FrameKind kind, Address from, Address to, Amount value)
    {
        bool moves = kind switch
        {
            FrameKind.Call or FrameKind.Creation => true,
            FrameKind.SelfDestruct => from != to,
            _ => false,
        };
        if (moves && !value.IsZero)
        {
            transfers.Add(new InternalTransfer(from, to, value));
        }
    }

    // Calls nest up to 1024 deep, so the frames still to be read are kept here and not on the thread's stack.
    private static List<InternalTransfer> FromFrames(AnswerReader top, ChainId chain)
    {
        List<InternalTransfer> transfers = [];
        Stack<AnswerReader> open = new([top]);
        for (bool isTop = true; open.TryPop(out AnswerReader frame); isTop = false)
        {
            AnswerReader type = frame["type"];
            FrameKind kind = FrameKinds.Of(type.Text())
                ?? throw type.Fault($"is no kind of call known here: {type.Quoted()}");
            if (HasError(frame))
            {
                continue;
            }

            // A self-destruct in favour of itself names nobody at some nodes (Anvil), and moves nothing to anybody.
            bool isForNobody = kind == FrameKind.SelfDestruct && frame.Find("to") is null;
            if (!isTop && kind != FrameKind.MovesNothing && !isForNobody)
            {
                Add(transfers, kind, frame["from"].Address(chain), frame["to"].Address(chain), frame["value"].Quantity());
            }

            foreach (AnswerReader inner in frame.Find("calls")?.Items().Reverse() ?? [])
            {
                open.Push(inner);
            }
        }

        return transfers;
    }
}
