using System.Text.Json;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum;

/// <summary>
/// Reads the answers of explorers with Etherscan's API (Etherscan v1 and v2, Blockscout): an object of status, message
/// and result.
/// </summary>
public static class ExplorerDecoder
{
    /// <summary>What <c>txlist</c> answers.</summary>
    public static ExplorerAnswer<ExplorerTransactionRow> Transactions(JsonElement answer, ChainId chain) =>
        throw new NotSupportedException("not written yet");

    /// <summary>What <c>txlistinternal</c> answers.</summary>
    public static ExplorerAnswer<ExplorerInternalRow> Internals(JsonElement answer, ChainId chain) =>
        throw new NotSupportedException("not written yet");

    /// <summary>What <c>tokentx</c> answers.</summary>
    public static ExplorerAnswer<ExplorerTokenRow> Tokens(JsonElement answer, ChainId chain) =>
        throw new NotSupportedException("not written yet");

    /// <summary>What <c>getLogs</c> answers.</summary>
    public static ExplorerAnswer<Log> Logs(JsonElement answer, ChainId chain) =>
        throw new NotSupportedException("not written yet");
}
