using System.Text.Json;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum;

/// <summary>Reads transactions: answers of <c>eth_getTransactionByHash</c>, and those within blocks.</summary>
public static class TransactionDecoder
{
    /// <summary>A transaction that is in a block.</summary>
    /// <exception cref="AnswerFormatException">It is not one, or is not in a block yet.</exception>
    public static Transaction Decode(JsonElement transaction, ChainId chain) =>
        throw new NotSupportedException("not written yet");
}
