using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace FlowTracer.EndToEnd.Stores;

/// <summary>
/// One ClickHouse server as a plain process on a loopback address, with configuration, data, log and temporary files in a folder
/// of its own. It can be killed and started again; it ends at the latest with the process that runs the tests.
/// </summary>
internal sealed class ClickHouseShard : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly ConcurrentDictionary<int, Process> Running = new();
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(2) };

    private readonly TemporaryFolder _home = new();
    private readonly string _configuration;
    private Process? _process;

    static ClickHouseShard() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        foreach (Process process in Running.Values)
        {
            process.Kill(entireProcessTree: true);
        }
    };

    /// <param name="host">Its loopback address.</param>
    /// <param name="httpPort">Where it is asked.</param>
    /// <param name="tcpPort">Where other servers ask it.</param>
    /// <param name="remoteServers">The clusters it knows: the content of <c>remote_servers</c>.</param>
    /// <param name="users">Its users: the content of <c>users</c>.</param>
    /// <param name="replication">What a server needs that keeps replicas.</param>
    public ClickHouseShard(string host, int httpPort, int tcpPort, string remoteServers, string users, string replication = "")
    {
        (Host, Url) = (host, new Uri(string.Create(CultureInfo.InvariantCulture, $"http://{host}:{httpPort}/")));
        foreach (string folder in (string[])["data", "tmp", "format"])
        {
            Directory.CreateDirectory(_home.PathOf(folder));
        }

        string usersFile = _home.Write("users.xml", $"<yandex><profiles><default/></profiles><quotas><default/></quotas><users>{users}</users></yandex>");
        _configuration = _home.Write("config.xml", string.Create(CultureInfo.InvariantCulture, $"""
            <yandex>
              <logger><level>warning</level><log>{_home.PathOf("server.log")}</log><errorlog>{_home.PathOf("error.log")}</errorlog></logger>
              <listen_host>{host}</listen_host>
              <http_port>{httpPort}</http_port>
              <tcp_port>{tcpPort}</tcp_port>
              <path>{_home.PathOf("data")}/</path>
              <tmp_path>{_home.PathOf("tmp")}/</tmp_path>
              <format_schema_path>{_home.PathOf("format")}/</format_schema_path>
              <users_config>{usersFile}</users_config>
              <default_profile>default</default_profile>
              <default_database>default</default_database>
              <mark_cache_size>67108864</mark_cache_size>
              <remote_servers>{remoteServers}</remote_servers>
              {replication}
            </yandex>
            """));
    }

    public string Host { get; }

    /// <summary>Its HTTP interface.</summary>
    public Uri Url { get; }

    /// <summary>Starts it, unless it runs, and waits until it answers.</summary>
    /// <exception cref="InvalidOperationException">It does not; with its log.</exception>
    public async Task StartAsync()
    {
        if (_process is not null)
        {
            return;
        }

        ProcessStartInfo start = new(ClickHouseFactAttribute.Server, ["--config-file=" + _configuration])
        {
            WorkingDirectory = _home.Path,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        Process process = Process.Start(start) ?? throw new InvalidOperationException("clickhouse-server did not start.");
        Running[process.Id] = process;
        _process = process;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using CancellationTokenSource limit = new(StartLimit);
        while (!await AnswersAsync())
        {
            if (process.HasExited || limit.IsCancellationRequested)
            {
                string log = _home.PathOf("error.log");
                throw new InvalidOperationException($"clickhouse-server does not listen.\n{(File.Exists(log) ? await File.ReadAllTextAsync(log) : "")}");
            }

            await Task.Delay(100);
        }
    }

    /// <summary>Ends it as a loss of power would: kill -9.</summary>
    public async Task KillAsync()
    {
        if (_process is { } process)
        {
            _process = null;
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            Running.TryRemove(process.Id, out _);
            process.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _home.Dispose();
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            return (await Http.GetAsync(new Uri(Url, "ping"))).IsSuccessStatusCode;
        }
        catch (Exception fault) when (fault is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }
}
