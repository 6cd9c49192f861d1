using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum;

/// <summary>Reads receipts: answers of <c>eth_getTransactionReceipt</c> and <c>eth_getBlockReceipts</c>.</summary>
public static class ReceiptDecoder
{
    /// <summary>A receipt.</summary>
    /// <param name="receipt">The answer; not null.</param>
    /// <param name="chain">The chain it is of.</param>
    /// <param name="gasPrice">
    /// The transaction's own gas price (<see cref="Transaction.GasPrice"/>), for nodes that state no effective one.
    /// </param>
    /// <exception cref="AnswerFormatException">
    /// It is not a receipt, states no price and none is given, or has a log of another transaction.
    /// </exception>
    public static Receipt Decode(JsonElement receipt, ChainId chain, Amount? gasPrice = null) =>
        Decode(new AnswerReader(receipt), chain, gasPrice);

    /// <summary>All receipts of a block, in its order.</summary>
    /// <param name="receipts">What <c>eth_getBlockReceipts</c> answers; not null.</param>
    /// <param name="chain">The chain they are of.</param>
    /// <param name="transactions">
    /// The block's transactions, whose prices stand in for effective ones that the node does not state; null when not
    /// known.
    /// </param>
    /// <exception cref="AnswerFormatException">
    /// One is not a receipt; one is of another block, or missing; or they are not those of the transactions.
    /// </exception>
    public static ImmutableArray<Receipt> DecodeAll(
        JsonElement receipts, ChainId chain, IReadOnlyList<Transaction>? transactions = null)
    {
        AnswerReader reader = new(receipts);
        if (transactions is not null && reader.Length != transactions.Count)
        {
            throw reader.Fault(string.Create(
                CultureInfo.InvariantCulture, $"has {reader.Length} receipts for {transactions.Count} transactions"));
        }

        ImmutableArray<Receipt>.Builder all = ImmutableArray.CreateBuilder<Receipt>(reader.Length);
        foreach (AnswerReader item in reader.Items())
        {
            Receipt receipt = Decode(item, chain, transactions?[all.Count].GasPrice);
            bool isNext = receipt.Index == all.Count
                && (all.Count == 0 || receipt.BlockHash == all[0].BlockHash)
                && (transactions is null || IsOf(receipt, transactions[all.Count]));
            all.Add(isNext ? receipt : throw item.Fault("is not of the transaction at its place in the block"));
        }

        return all.MoveToImmutable();
    }

    internal static bool IsOf(Receipt receipt, Transaction tx) =>
        receipt.Tx == tx.Hash && receipt.BlockHash == tx.BlockHash && receipt.Index == tx.Index && receipt.From == tx.From;

    internal static Receipt Decode(AnswerReader reader, ChainId chain, Amount? gasPrice)
    {
        Amount price = reader.Find("effectiveGasPrice")?.Quantity() ?? gasPrice
            ?? throw reader.Fault("states no effectiveGasPrice, and the transaction's price is not known");
        ulong gasUsed = reader["gasUsed"].Number();
        Amount blobFee = BlobFee(reader);
        Amount l1Fee = reader.Find("l1Fee")?.Quantity() ?? Amount.Zero;
        Receipt receipt = new(
            reader["transactionHash"].TxHash(),
            reader["blockHash"].Word(),
            reader["blockNumber"].Number(),
            reader["transactionIndex"].Index(),
            Status(reader),
            reader["from"].Address(chain),
            reader.Find("contractAddress")?.Address(chain) ?? default,
            gasUsed,
            Total(reader, Product(reader, gasUsed, price), blobFee, l1Fee),
            price,
            [.. reader["logs"].Items().Select(log => LogDecoder.Decode(log, chain))])
        {
            BlobFee = blobFee,
            L1Fee = l1Fee,
        };
        CheckLogs(reader, receipt);
        return receipt;
    }

    // Before Byzantium receipts had the state's root in place of a status (EIP-658).
    private static bool? Status(AnswerReader reader)
    {
        if (reader.Find("status") is not AnswerReader status)
        {
            return null;
        }

        return status.Number() switch
        {
            0 => false,
            1 => true,
            _ => throw status.Fault($"is neither 0x0 nor 0x1: {status.Quoted()}"),
        };
    }

    // EIP-4844: blob gas has a price of its own. Receipts state the block's price even where no blob gas was used.
    private static Amount BlobFee(AnswerReader reader) => reader.Find("blobGasUsed") is AnswerReader used
        && !used.Quantity().IsZero
            ? Product(reader, used.Number(), reader["blobGasPrice"].Quantity())
            : Amount.Zero;

    private static Amount Product(AnswerReader reader, ulong gas, Amount price)
    {
        try
        {
            return Amount.MulDivFloor(gas, price, Amount.One);
        }
        catch (OverflowException)
        {
            throw reader.Fault("has a fee over 256 bits");
        }
    }

    private static Amount Total(AnswerReader reader, Amount gasFee, Amount blobFee, Amount l1Fee)
    {
        try
        {
            return gasFee + blobFee + l1Fee;
        }
        catch (OverflowException)
        {
            throw reader.Fault("has a fee over 256 bits");
        }
    }

    private static void CheckLogs(AnswerReader reader, Receipt receipt)
    {
        for (int i = 0; i < receipt.Logs.Length; i++)
        {
            Log log = receipt.Logs[i];
            if (log.Tx != receipt.Tx || log.BlockHash != receipt.BlockHash || log.TxIndex != receipt.Index)
            {
                throw reader["logs"].Fault(string.Create(CultureInfo.InvariantCulture, $"[{i}] is of another transaction"));
            }

            if (i > 0 && log.Index <= receipt.Logs[i - 1].Index)
            {
                throw reader["logs"].Fault(string.Create(CultureInfo.InvariantCulture, $"[{i}] is out of order"));
            }
        }
    }
}
