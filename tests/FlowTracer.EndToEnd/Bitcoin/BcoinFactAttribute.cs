using FlowTracer.EndToEnd.Ethereum;

namespace FlowTracer.EndToEnd.Bitcoin;

/// <summary>A fact about a bcoin node; skipped, with the reason, where none can be started.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class BcoinFactAttribute : FactAttribute
{
    public BcoinFactAttribute() => Skip = NodePackages.MissingReason(NodePackages.Bcoin)!;
}

/// <summary>A theory about bcoin nodes; skipped, with the reason, where none can be started.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class BcoinTheoryAttribute : TheoryAttribute
{
    public BcoinTheoryAttribute() => Skip = NodePackages.MissingReason(NodePackages.Bcoin)!;
}
