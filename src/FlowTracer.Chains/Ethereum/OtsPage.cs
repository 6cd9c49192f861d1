using System.Collections.Immutable;
using System.Text.Json;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum;

/// <summary>A page of <c>ots_searchTransactionsBefore</c> or <c>ots_searchTransactionsAfter</c>, newest first.</summary>
/// <param name="Transactions">Whole blocks' worth of the transactions that touch the address.</param>
/// <param name="Receipts">One for each transaction, in the same order; null where the node leaves out the logs.</param>
/// <param name="IsFirst">Nothing is newer than this page.</param>
/// <param name="IsLast">Nothing is older than this page.</param>
public sealed record OtsPage(
    ImmutableArray<Transaction> Transactions, ImmutableArray<Receipt?> Receipts, bool IsFirst, bool IsLast)
{
    /// <summary>Reads a page.</summary>
    /// <exception cref="AnswerFormatException">It is not one, or its receipts are not its transactions'.</exception>
    public static OtsPage Decode(JsonElement page, ChainId chain) => throw new NotSupportedException("not written yet");
}
