using System.Text.Json;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum;

/// <summary>Reads what <c>eth_getBlockByNumber</c> and <c>eth_getBlockByHash</c> answer.</summary>
public static class BlockDecoder
{
    /// <summary>A block with its transactions in full.</summary>
    /// <param name="block">The answer; not null.</param>
    /// <param name="chain">The chain it is of.</param>
    /// <param name="headerOnly">
    /// Do not read the transactions, which may then be hashes: the block's are default, not empty.
    /// </param>
    /// <exception cref="AnswerFormatException">It is not a block, or does not hash to its hash.</exception>
    public static Block Decode(JsonElement block, ChainId chain, bool headerOnly = false) =>
        throw new NotSupportedException("not written yet");
}
