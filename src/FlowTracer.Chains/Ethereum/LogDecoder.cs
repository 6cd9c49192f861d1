using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum;

/// <summary>Reads logs: answers of <c>eth_getLogs</c>, and those within receipts.</summary>
public static class LogDecoder
{
    private const int MaxTopics = 4;

    /// <summary>A log.</summary>
    /// <param name="log">The answer's item.</param>
    /// <param name="chain">The chain it is of.</param>
    /// <exception cref="AnswerFormatException">It is not one, or a reorg removed it.</exception>
    public static Log Decode(JsonElement log, ChainId chain) => Decode(new AnswerReader(log), chain);

    /// <summary>What <c>eth_getLogs</c> answers, in chain order whatever the node's.</summary>
    /// <param name="logs">The answer.</param>
    /// <param name="chain">The chain it is of.</param>
    /// <exception cref="AnswerFormatException">It is not an array of logs, or has one twice.</exception>
    public static ImmutableArray<Log> DecodeAll(JsonElement logs, ChainId chain) =>
        InOrder(new AnswerReader(logs), item => Decode(item, chain));

    // A log that stands twice would count twice.
    internal static ImmutableArray<Log> InOrder(AnswerReader logs, Func<AnswerReader, Log> decode)
    {
        Log[] all = [.. logs.Items().Select(decode).OrderBy(static log => log.Block).ThenBy(static log => log.Index)];
        for (int i = 1; i < all.Length; i++)
        {
            if (all[i].Block == all[i - 1].Block && all[i].Index == all[i - 1].Index)
            {
                throw logs.Fault(string.Create(
                    CultureInfo.InvariantCulture, $"has log {all[i].Index} of block {all[i].Block} twice"));
            }
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(all);
    }

    internal static Log Decode(AnswerReader reader, ChainId chain)
    {
        if (reader.Find("removed") is AnswerReader removed && removed.Flag())
        {
            throw reader.Fault("was removed by a reorg");
        }

        return new Log(
            reader["transactionHash"].TxHash(),
            reader["blockHash"].Word(),
            reader["blockNumber"].Number(),
            reader["transactionIndex"].Index(),
            reader["logIndex"].Index(),
            reader["address"].Address(chain),
            Topics(reader),
            reader["data"].Data());
    }

    internal static ImmutableArray<Word> Topics(AnswerReader reader)
    {
        AnswerReader topics = reader["topics"];
        return topics.Length <= MaxTopics
            ? [.. topics.Items().Select(static topic => topic.Word())]
            : throw topics.Fault($"are {topics.Length}: a log has at most {MaxTopics}");
    }
}
