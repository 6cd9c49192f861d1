using System.Text.Json;

namespace FlowTracer.Chains.Ethereum;

/// <summary>A block's hash, computed from its header.</summary>
public static class HeaderHash
{
    /// <summary>The Keccak-256 of a header's RLP; false when the header has fields this program does not know.</summary>
    public static bool TryCompute(JsonElement header, out Word hash) => throw new NotSupportedException("not written yet");
}
