using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum.Live;

/// <summary>The chain as a trace sees it: up to one block, whatever is mined meanwhile.</summary>
/// <param name="Chain">The chain, by its EIP-155 id.</param>
/// <param name="Genesis">The hash of its first block.</param>
/// <param name="Head">The last block looked at.</param>
/// <param name="HeadHash">Its hash.</param>
/// <param name="HeadTimeSeconds">Its Unix time in seconds.</param>
/// <param name="FinalBlock">The last block that the node calls final; those before it cannot change.</param>
public sealed record ChainView(
    ChainId Chain, Word Genesis, ulong Head, Word HeadHash, long HeadTimeSeconds, ulong FinalBlock);
