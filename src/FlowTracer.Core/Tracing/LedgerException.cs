using FlowTracer.Core.Model;

namespace FlowTracer.Core.Tracing;

/// <summary>
/// The facts cannot be true together: a movement would give a holder more than 2^256-1 units. A token whose events
/// lie can state that; no trace of it would mean anything.
/// </summary>
public sealed class LedgerException(ChainId chain, Position position, TxHash? tx, string reason, Exception? cause)
    : Exception(
        $"{chain} at {position}{(tx is TxHash hash ? $", transaction {hash.ToString(chain.Family)}" : "")}: {reason}",
        cause)
{
    /// <summary>The chain.</summary>
    public ChainId Chain { get; } = chain;

    /// <summary>Where on it.</summary>
    public Position Position { get; } = position;

    /// <summary>The transaction, when known.</summary>
    public TxHash? Tx { get; } = tx;
}
