using System.Globalization;
using System.Net;
using System.Net.Sockets;
using FlowTracer.Store.ClickHouse;

namespace FlowTracer.EndToEnd.Stores;

/// <summary>
/// A cluster of two shards on 127.0.0.1 and 127.0.0.2, and databases in it. The first reaches the second through a gate, which
/// can lose it at a given byte.
/// </summary>
public class ClickHouseCluster : IAsyncLifetime
{
    private const string Name = "tracing";
    private const string Password = "pass%word/1";
    private const string User = "tracer";
    private static readonly HttpClient Http = new();
    private int _databases;
    private ClickHouseShard[] _shards = [];
    private ByteGate[] _gates = [];

    /// <summary>The shard behind the gate, which is not the one that is asked.</summary>
    internal ClickHouseShard Second => _shards[1];

    internal ByteGate Gate => _gates[0];

    public virtual async Task InitializeAsync()
    {
        if (ToolFactAttribute.MissingReason(ClickHouseFactAttribute.Server) is not null)
        {
            return;
        }

        IPAddress[] hosts = [IPAddress.Parse("127.0.0.1"), IPAddress.Parse("127.0.0.2")];
        int http = FreePort(hosts);
        int[] tcp = [FreePort(hosts), FreePort(hosts)];
        _gates = [new ByteGate(hosts[1], new IPEndPoint(hosts[1], tcp[1]))];
        string[] replicas = [ReplicaAt(hosts[0], tcp[0]), ReplicaAt(hosts[1], Gate.Port)];
        string servers = $"<{Name}>{ShardsOf(replicas)}</{Name}>";
        _shards = [.. hosts.Select((host, i) => new ClickHouseShard(
            host.ToString(), http, tcp[i], servers,
            $"<{User}><password>{Password}</password><networks><ip>127.0.0.0/8</ip></networks><profile>default</profile><quota>default</quota></{User}>",
            ReplicationOf(host, i)))];
        await Task.WhenAll(_shards.Select(static shard => shard.StartAsync()));
    }

    public virtual async Task DisposeAsync()
    {
        foreach (ClickHouseShard shard in _shards)
        {
            await shard.DisposeAsync();
        }

        foreach (ByteGate gate in _gates)
        {
            await gate.DisposeAsync();
        }
    }

    /// <summary>Starts what was killed.</summary>
    public Task ReviveAsync() => Task.WhenAll(_shards.Select(static shard => shard.StartAsync()));

    /// <summary>The name of a database nobody has used.</summary>
    public string NewDatabase() => string.Create(CultureInfo.InvariantCulture, $"test_{Interlocked.Increment(ref _databases)}");

    /// <summary>Where a store in a database of the cluster is; or of the first server alone.</summary>
    public string Location(string database, bool isCluster = true, string password = Password, string options = "") =>
        $"http://{User}:{Uri.EscapeDataString(password)}@{_shards[0].Url.Authority}/{database}?{(isCluster ? $"cluster={Name}" : "")}{options}";

    /// <summary>Opens a store.</summary>
    public Task<ClickHouseStore> OpenAsync(string database, bool isCluster = true) =>
        ClickHouseStore.OpenAsync(Location(database, isCluster), create: true, CancellationToken.None);

    /// <summary>Runs a statement on a shard, past the store.</summary>
    /// <returns>What it answers.</returns>
    internal async Task<string> RunAsync(int shard, string sql)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, _shards[shard].Url) { Content = new StringContent(sql) };
        request.Headers.Add("X-ClickHouse-User", User);
        request.Headers.Add("X-ClickHouse-Key", Password);
        using HttpResponseMessage response = await Http.SendAsync(request);
        string text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return text;
    }

    /// <summary>The shards that these servers are: each one.</summary>
    private protected virtual string ShardsOf(IEnumerable<string> replicas) => string.Concat(replicas.Select(ShardOf));

    /// <summary>What a server needs that keeps replicas: nothing here.</summary>
    private protected virtual string ReplicationOf(IPAddress host, int number) => "";

    private protected static string ShardOf(string replicas) =>
        $"<shard><internal_replication>true</internal_replication>{replicas}</shard>";

    private static string ReplicaAt(IPAddress host, int port) => string.Create(
        CultureInfo.InvariantCulture,
        $"<replica><host>{host}</host><port>{port}</port><user>{User}</user><password>{Password}</password></replica>");

    // Free on both addresses: they are asked at the same port.
    private protected static int FreePort(IPAddress[] hosts)
    {
        while (true)
        {
            using Socket first = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            first.Bind(new IPEndPoint(hosts[0], 0));
            int port = ((IPEndPoint)first.LocalEndPoint!).Port;
            try
            {
                using Socket second = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                second.Bind(new IPEndPoint(hosts[1], port));
                return port;
            }
            catch (SocketException)
            {
                // Taken there: another.
            }
        }
    }
}
