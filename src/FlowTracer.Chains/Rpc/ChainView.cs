using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Rpc;

/// <summary>The chain as a trace sees it: up to one block, whatever is mined meanwhile. Hashes are as the chain's people write them.</summary>
/// <param name="Chain">The chain.</param>
/// <param name="Genesis">The hash of its first block.</param>
/// <param name="Head">The last block looked at.</param>
/// <param name="HeadHash">Its hash.</param>
/// <param name="HeadTimeSeconds">Its Unix time in seconds.</param>
/// <param name="FinalBlock">The last block that counts as final; those before it cannot change.</param>
public sealed record ChainView(
    ChainId Chain, string Genesis, ulong Head, string HeadHash, long HeadTimeSeconds, ulong FinalBlock);
