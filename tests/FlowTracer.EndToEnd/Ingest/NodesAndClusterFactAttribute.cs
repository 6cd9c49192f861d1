using FlowTracer.EndToEnd.Ethereum;
using FlowTracer.EndToEnd.Stores;

namespace FlowTracer.EndToEnd.Ingest;

/// <summary>A fact about Anvil, bcoin and ClickHouse together; skipped, with the reason, where one of them is missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NodesAndClusterFactAttribute : FactAttribute
{
    public NodesAndClusterFactAttribute() => Skip = NodePackages.MissingReason(NodePackages.Anvil)
        ?? NodePackages.MissingReason(NodePackages.Bcoin) ?? new ClickHouseFactAttribute().Skip;
}
