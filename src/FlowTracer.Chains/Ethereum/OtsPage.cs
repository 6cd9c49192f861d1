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
    /// <param name="page">The answer.</param>
    /// <param name="chain">The chain it is of.</param>
    /// <exception cref="AnswerFormatException">It is not one, or its receipts are not its transactions'.</exception>
    public static OtsPage Decode(JsonElement page, ChainId chain)
    {
        AnswerReader reader = new(page);
        Transaction[] transactions = [.. reader["txs"].Items().Select(tx => TransactionDecoder.Decode(tx, chain))];
        AnswerReader receipts = reader["receipts"];
        if (receipts.Length != transactions.Length)
        {
            throw receipts.Fault("are not as many as the transactions");
        }

        return new OtsPage(
            [.. transactions],
            [.. receipts.Items().Zip(transactions, (receipt, tx) => Receipt(receipt, tx, chain))],
            reader["firstPage"].Flag(),
            reader["lastPage"].Flag());
    }

    private static Receipt? Receipt(AnswerReader reader, Transaction tx, ChainId chain)
    {
        if (reader["transactionHash"].TxHash() != tx.Hash)
        {
            throw reader.Fault("is not of the transaction at the same place");
        }

        if (reader.Find("logs") is null)
        {
            return null;
        }

        Receipt receipt = ReceiptDecoder.Decode(reader, chain, tx.GasPrice);
        return ReceiptDecoder.IsOf(receipt, tx)
            ? receipt
            : throw reader.Fault("is not of the transaction at the same place");
    }
}
