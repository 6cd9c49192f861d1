using System.Collections.Immutable;
using System.Text.Json;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum;

/// <summary>Reads logs: answers of <c>eth_getLogs</c>, and those within receipts.</summary>
public static class LogDecoder
{
    /// <summary>A log.</summary>
    /// <exception cref="AnswerFormatException">It is not one, or a reorg removed it.</exception>
    public static Log Decode(JsonElement log, ChainId chain) => throw new NotSupportedException("not written yet");

    /// <summary>What <c>eth_getLogs</c> answers.</summary>
    public static ImmutableArray<Log> DecodeAll(JsonElement logs, ChainId chain) =>
        throw new NotSupportedException("not written yet");
}
