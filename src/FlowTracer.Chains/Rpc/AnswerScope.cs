namespace FlowTracer.Chains.Rpc;

/// <summary>What kept answers are valid for.</summary>
/// <param name="Genesis">The hash of the chain's first block: which chain it is.</param>
/// <param name="Head">
/// The hash of the newest block looked at: answers about blocks that may still change are kept for it alone.
/// </param>
/// <param name="FinalBlock">
/// The newest block that cannot change; answers about it and those before are kept for good.
/// </param>
public sealed record AnswerScope(string Genesis, string Head, ulong FinalBlock);
