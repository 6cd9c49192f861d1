using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum;

/// <summary>What one transaction moved, as transfers in the order that <see cref="TransactionNetting"/> takes.</summary>
public static class TransactionFacts
{
    /// <summary>Everything one transaction moved.</summary>
    /// <param name="tx">The transaction.</param>
    /// <param name="receipt">Its receipt.</param>
    /// <param name="internals">What contracts moved inside it, in execution order.</param>
    /// <param name="wrapped">Which contracts wrap the chain's coin.</param>
    /// <param name="baseFee">Its block's base fee in wei a gas, for the fee's text; null before London or unknown.</param>
    /// <param name="tookEffect">
    /// Whether it took effect, where a trace says so; needed only where <see cref="TookEffect"/> is null.
    /// </param>
    public static IReadOnlyList<TransferFact> Of(
        Transaction tx,
        Receipt receipt,
        IReadOnlyList<InternalTransfer> internals,
        WrappedCoins wrapped,
        Amount? baseFee = null,
        bool? tookEffect = null) => throw new NotSupportedException("not written yet");

    /// <summary>Whether a transaction took effect; null where its receipt does not say (before Byzantium).</summary>
    public static bool? TookEffect(Transaction tx, Receipt receipt, IReadOnlyList<InternalTransfer> internals) =>
        throw new NotSupportedException("not written yet");

    /// <summary>The token transfer that a log states; null when it states none.</summary>
    public static TransferFact? TokenTransfer(Log log, WrappedCoins wrapped) =>
        throw new NotSupportedException("not written yet");
}
