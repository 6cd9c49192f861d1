using System.Globalization;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum;

/// <summary>What one transaction moved, as transfers in the order that <see cref="TransactionNetting"/> takes.</summary>
public static class TransactionFacts
{
    private const int TransferTopics = 3;
    private const int WrapTopics = 2;

    /// <summary>
    /// Everything one transaction moved: its own value, then what contracts moved, in execution order; then token
    /// transfers in log order; then its fee. What moves nothing is left out. A transaction that did not take effect pays
    /// its fee and nothing else.
    /// </summary>
    /// <param name="tx">The transaction.</param>
    /// <param name="receipt">Its receipt.</param>
    /// <param name="internals">What contracts moved inside it, in execution order.</param>
    /// <param name="wrapped">Which contracts wrap the chain's coin.</param>
    /// <param name="baseFee">
    /// Its block's base fee in wei a gas, so that the fee's text can tell what was burnt from the tip; null before London
    /// or where not known.
    /// </param>
    /// <param name="tookEffect">
    /// Whether it took effect, where a trace says so: counts only where <see cref="TookEffect"/> is null. Where both are,
    /// the transaction's own value is taken as moved, with grade <see cref="Grade.Inferred"/>.
    /// </param>
    /// <exception cref="ArgumentException">The receipt is another transaction's.</exception>
    /// <exception cref="AnswerFormatException">It created a contract that its receipt does not name.</exception>
    public static IReadOnlyList<TransferFact> Of(
        Transaction tx,
        Receipt receipt,
        IReadOnlyList<InternalTransfer> internals,
        WrappedCoins wrapped,
        Amount? baseFee = null,
        bool? tookEffect = null)
    {
        if (receipt.Tx != tx.Hash || receipt.BlockHash != tx.BlockHash)
        {
            throw new ArgumentException("The receipt is not the transaction's.", nameof(receipt));
        }

        bool? effective = TookEffect(tx, receipt, internals) ?? tookEffect;
        Asset coin = Asset.Coin(tx.From.Chain);
        List<TransferFact> facts = [];
        if (effective != false)
        {
            facts.Add(Own(tx, receipt, coin, isKnown: effective is not null));
            facts.AddRange(internals.Select(transfer => new TransferFact(
                MovementKind.Internal, transfer.From, transfer.To, coin, transfer.Value, Grade.Recorded, "internal call")));
            facts.AddRange(receipt.Logs.Select(log => TokenTransfer(log, wrapped)).OfType<TransferFact>());
        }

        facts.Add(new TransferFact(
            MovementKind.Fee, tx.From, default, coin, receipt.Fee, Grade.Recorded, FeeText(receipt, baseFee)));
        facts.RemoveAll(static fact => fact.Amount.IsZero);
        return facts;
    }

    /// <summary>Whether a transaction took effect.</summary>
    /// <param name="tx">The transaction.</param>
    /// <param name="receipt">Its receipt.</param>
    /// <param name="internals">What contracts moved inside it; empty where not known.</param>
    /// <returns>
    /// Null where it is not certain: before Byzantium receipts have no status (EIP-658), and a transaction that used all
    /// its gas and left no trace of success may have failed. One that did not use all of it took effect, because every
    /// failure took it all (REVERT came with Byzantium, EIP-140).
    /// </returns>
    public static bool? TookEffect(Transaction tx, Receipt receipt, IReadOnlyList<InternalTransfer> internals) =>
        receipt.Succeeded
        ?? (receipt.GasUsed < tx.Gas || !receipt.Logs.IsEmpty || internals.Count > 0 ? true : null);

    /// <summary>
    /// The token transfer that a log states; null when it states none. Of events named <c>Transfer</c> only those of
    /// ERC-20's shape count: two addresses as topics and an amount as data. NFTs (ERC-721) have the amount's place taken
    /// by a third topic.
    /// </summary>
    /// <param name="log">The log.</param>
    /// <param name="wrapped">Contracts whose deposits and withdrawals mint and burn.</param>
    public static TransferFact? TokenTransfer(Log log, WrappedCoins wrapped)
    {
        if (log.Topics.IsEmpty || log.Data.Length != Word.ByteLength)
        {
            return null;
        }

        ChainId chain = log.Contract.Chain;
        Word topic = log.Topics[0];
        if (topic == KnownEvents.Transfer)
        {
            return log.Topics.Length == TransferTopics
                && log.Topics[1].TryGetAddress(chain, out Address from)
                && log.Topics[2].TryGetAddress(chain, out Address to)
                    ? Token(log, from, to)
                    : null;
        }

        if (log.Topics.Length != WrapTopics
            || !wrapped.Contains(log.Contract)
            || !log.Topics[1].TryGetAddress(chain, out Address owner))
        {
            return null;
        }

        // What it mints it gives and what it burns it takes: so it is a swapper like a pool, and nets as one.
        return topic == KnownEvents.Deposit
            ? Token(log, log.Contract, owner)
            : topic == KnownEvents.Withdrawal ? Token(log, owner, log.Contract) : null;
    }

    private static TransferFact Own(Transaction tx, Receipt receipt, Asset coin, bool isKnown)
    {
        Address to = tx.To.IsNone ? receipt.Created : tx.To;
        if (to.IsNone && !tx.Value.IsZero)
        {
            throw new AnswerFormatException("contractAddress", "is missing in the receipt of a creation");
        }

        return new TransferFact(
            MovementKind.External,
            tx.From,
            to,
            coin,
            tx.Value,
            isKnown ? Grade.Recorded : Grade.Inferred,
            isKnown ? "transaction" : "transaction, whose receipt does not say whether it took effect");
    }

    private static TransferFact Token(Log log, Address from, Address to) => new(
        MovementKind.Token,
        from,
        to,
        Asset.Token(log.Contract),
        Word.FromBytes(log.Data.Span).ToAmount(),
        Grade.Recorded,
        string.Create(CultureInfo.InvariantCulture, $"log {log.Index}"));

    // The base fee is burnt and the rest goes to the block's fee recipient (EIP-1559); what blobs cost is burnt (EIP-4844).
    private static string FeeText(Receipt receipt, Amount? baseFee)
    {
        string text = string.Create(CultureInfo.InvariantCulture, $"gas: {receipt.GasUsed} × {receipt.GasPrice} wei");
        if (baseFee is Amount burntPrice && burntPrice <= receipt.GasPrice)
        {
            Amount burnt = Amount.MulDivFloor(receipt.GasUsed, burntPrice, Amount.One);
            Amount tip = Amount.MulDivFloor(receipt.GasUsed, receipt.GasPrice - burntPrice, Amount.One);
            text += $", {burnt} burnt, {tip} tip";
        }

        text += receipt.BlobFee.IsZero ? string.Empty : $"; blobs: {receipt.BlobFee} wei burnt";
        return text + (receipt.L1Fee.IsZero ? string.Empty : $"; parent chain: {receipt.L1Fee} wei");
    }
}
