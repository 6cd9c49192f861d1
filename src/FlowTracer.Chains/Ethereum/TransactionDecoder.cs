using System.Text.Json;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum;

/// <summary>Reads transactions: answers of <c>eth_getTransactionByHash</c>, and those within blocks.</summary>
public static class TransactionDecoder
{
    /// <summary>A transaction that is in a block.</summary>
    /// <param name="transaction">The answer; not null.</param>
    /// <param name="chain">The chain it is of.</param>
    /// <exception cref="AnswerFormatException">It is not one, or is not in a block yet.</exception>
    public static Transaction Decode(JsonElement transaction, ChainId chain) => Decode(new AnswerReader(transaction), chain);

    internal static Transaction Decode(AnswerReader reader, ChainId chain) => new(
        reader["hash"].TxHash(),
        reader["blockHash"].Word(),
        reader["blockNumber"].Number(),
        reader["transactionIndex"].Index(),
        reader["from"].Address(chain),
        reader.Find("to")?.Address(chain) ?? default,
        reader["value"].Quantity(),
        reader["nonce"].Number(),
        reader["gas"].Number(),
        reader["input"].Data())
    {
        GasPrice = reader.Find("gasPrice")?.Quantity(),
    };
}
