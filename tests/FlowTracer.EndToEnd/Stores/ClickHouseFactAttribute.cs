namespace FlowTracer.EndToEnd.Stores;

/// <summary>A fact that Debian's ClickHouse checks; skipped, with the reason, where the package is missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ClickHouseFactAttribute : FactAttribute
{
    /// <summary>The server's program.</summary>
    internal const string Server = "/usr/sbin/clickhouse-server";

    public ClickHouseFactAttribute() => Skip = ToolFactAttribute.MissingReason(Server) is string reason
        ? $"{reason}: install clickhouse-server"
        : null!;
}
