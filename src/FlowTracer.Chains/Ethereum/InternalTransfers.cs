using System.Text.Json;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum;

/// <summary>
/// What contracts moved inside one transaction, in execution order: only what took effect, and not the transaction's own
/// value.
/// </summary>
public static class InternalTransfers
{
    /// <summary>From all rows of one transaction (<c>trace_transaction</c>, its part of <c>trace_block</c>, flatCallTracer).</summary>
    public static IReadOnlyList<InternalTransfer> FromTraces(JsonElement traces, ChainId chain) =>
        throw new NotSupportedException("not written yet");

    /// <summary>From the call tree of <c>debug_traceTransaction</c> with <c>callTracer</c>.</summary>
    public static IReadOnlyList<InternalTransfer> FromCallTracer(JsonElement frame, ChainId chain) =>
        throw new NotSupportedException("not written yet");

    /// <summary>From <c>ots_getInternalOperations</c>.</summary>
    public static IReadOnlyList<InternalTransfer> FromOts(JsonElement operations, ChainId chain) =>
        throw new NotSupportedException("not written yet");

    /// <summary>From an explorer's rows of one transaction.</summary>
    public static IReadOnlyList<InternalTransfer> FromExplorer(IReadOnlyList<ExplorerInternalRow> rows) =>
        throw new NotSupportedException("not written yet");

    /// <summary>Whether the transaction took effect, by all its rows: its top call has no error.</summary>
    public static bool TookEffectByTraces(JsonElement traces) => throw new NotSupportedException("not written yet");

    /// <summary>Whether the transaction took effect, by its call tree: its top frame has no error.</summary>
    public static bool TookEffectByCallTracer(JsonElement frame) => throw new NotSupportedException("not written yet");
}
