using System.Collections.Immutable;
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
    /// <exception cref="AnswerFormatException">It is not a receipt, or states no price and none is given.</exception>
    public static Receipt Decode(JsonElement receipt, ChainId chain, Amount? gasPrice = null) =>
        throw new NotSupportedException("not written yet");

    /// <summary>All receipts of a block, in its order.</summary>
    public static ImmutableArray<Receipt> DecodeAll(JsonElement receipts, ChainId chain) =>
        throw new NotSupportedException("not written yet");
}
