using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace FlowTracer.EndToEnd.Stores;

/// <summary>One shard with two replicas, on 127.0.0.1 and 127.0.0.2, and the ZooKeeper they agree through.</summary>
public sealed class ReplicatedCluster : ClickHouseCluster, IDisposable
{
    private static readonly IPAddress KeeperHost = IPAddress.Parse("127.0.0.1");
    private static readonly IPAddress[] Both = [KeeperHost, IPAddress.Parse("127.0.0.2")];
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly TemporaryFolder _home = new();
    private readonly int _keeperPort = FreePort(Both);
    private readonly int _interserverPort = FreePort(Both);
    private Process? _keeper;

    public override async Task InitializeAsync()
    {
        if (ReplicatedFactAttribute.MissingReason() is null)
        {
            await StartKeeperAsync();
            await base.InitializeAsync();
        }
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        if (_keeper is { } keeper)
        {
            keeper.Kill(entireProcessTree: true);
            await keeper.WaitForExitAsync();
        }
    }

    public void Dispose()
    {
        _keeper?.Dispose();
        _home.Dispose();
    }

    private protected override string ShardsOf(IEnumerable<string> replicas) => ShardOf(string.Concat(replicas));

    private protected override string ReplicationOf(IPAddress host, int number) => string.Create(CultureInfo.InvariantCulture, $"""
        <interserver_http_host>{host}</interserver_http_host>
        <interserver_http_port>{_interserverPort}</interserver_http_port>
        <zookeeper><node><host>{KeeperHost}</host><port>{_keeperPort}</port></node></zookeeper>
        <macros><shard>01</shard><replica>host{number + 1}</replica></macros>
        """);

    // Bound to the loopback address by its configuration; the two numbers on the command line would bind to all.
    private async Task StartKeeperAsync()
    {
        string configuration = _home.Write("zoo.cfg", string.Create(
            CultureInfo.InvariantCulture,
            $"dataDir={_home.PathOf("keeper")}\nclientPort={_keeperPort}\nclientPortAddress={KeeperHost}\ntickTime=2000\nadmin.enableServer=false\n"));
        ProcessStartInfo start = new(
            ReplicatedFactAttribute.Java,
            ["-Xmx128m", "-cp", ReplicatedFactAttribute.Keeper, "org.apache.zookeeper.server.ZooKeeperServerMain", configuration])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _keeper = Process.Start(start) ?? throw new InvalidOperationException("ZooKeeper did not start.");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => _keeper.Kill(entireProcessTree: true);
        _keeper.BeginOutputReadLine();
        _keeper.BeginErrorReadLine();
        using CancellationTokenSource limit = new(StartLimit);
        while (!await ServesAsync())
        {
            if (_keeper.HasExited || limit.IsCancellationRequested)
            {
                throw new InvalidOperationException("ZooKeeper does not answer.");
            }

            await Task.Delay(100);
        }
    }

    // It listens before it serves, and until then closes what connects; asked for its state it then says its version first.
    private async Task<bool> ServesAsync()
    {
        using TcpClient client = new();
        try
        {
            await client.ConnectAsync(KeeperHost, _keeperPort);
            await using NetworkStream stream = client.GetStream();
            await stream.WriteAsync("srvr"u8.ToArray());
            using StreamReader reader = new(stream);
            return await reader.ReadLineAsync() is string line && line.StartsWith("Zookeeper version", StringComparison.Ordinal);
        }
        catch (Exception fault) when (fault is SocketException or IOException)
        {
            return false;
        }
    }
}

/// <summary>A fact that Debian's ClickHouse and ZooKeeper check; skipped, with the reason, where one is missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ReplicatedFactAttribute : FactAttribute
{
    internal const string Java = "/usr/bin/java";
    internal const string Keeper = "/usr/share/java/zookeeper.jar";

    public ReplicatedFactAttribute() => Skip = MissingReason() is string reason
        ? $"{reason}: install clickhouse-server and zookeeper"
        : null!;

    internal static string? MissingReason() => ToolFactAttribute.MissingReason(ClickHouseFactAttribute.Server)
        ?? ToolFactAttribute.MissingReason(Java) ?? ToolFactAttribute.MissingReason(Keeper);
}
