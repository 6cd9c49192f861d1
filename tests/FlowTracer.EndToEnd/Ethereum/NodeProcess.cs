using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>
/// A node program that says on a line of its own which port it took. It ends with this object, and at the latest with the
/// process that runs the tests.
/// </summary>
internal sealed class NodeProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly ConcurrentDictionary<int, Process> Running = new();

    private readonly Process _process;
    private readonly TemporaryFolder _home;
    private readonly StringBuilder _log = new();
    private readonly Task _pumps;

    static NodeProcess() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        foreach (Process process in Running.Values)
        {
            process.Kill(entireProcessTree: true);
        }
    };

    private NodeProcess(Process process, TemporaryFolder home, Regex ready, TaskCompletionSource<Uri> url)
    {
        _process = process;
        _home = home;
        Running[process.Id] = process;
        Task output = PumpAsync(process.StandardOutput, ready, url);
        _pumps = Task.WhenAll(output, PumpAsync(process.StandardError, ready, url));
        _pumps.ContinueWith(_ => url.TrySetException(Ended()), TaskScheduler.Default);
    }

    /// <summary>Where it listens.</summary>
    public Uri Url { get; private set; } = null!;

    /// <summary>Starts it and waits until it listens.</summary>
    /// <param name="file">The program.</param>
    /// <param name="arguments">Its command line.</param>
    /// <param name="ready">Finds <c>host:port</c>, as one group or two, in the line that says it listens.</param>
    /// <param name="environment">Variables it needs besides.</param>
    /// <exception cref="InvalidOperationException">It ended, or did not listen within a minute; with what it wrote.</exception>
    public static async Task<NodeProcess> StartAsync(
        string file, IReadOnlyList<string> arguments, Regex ready, params (string Name, string Value)[] environment)
    {
        TemporaryFolder home = new();
        ProcessStartInfo start = new(file, arguments)
        {
            WorkingDirectory = NodePackages.Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // What it writes for its user goes with the test, and it neither asks nor tells anybody anything.
        start.Environment["HOME"] = home.Path;
        start.Environment["XDG_DATA_HOME"] = start.Environment["XDG_CONFIG_HOME"] = start.Environment["XDG_CACHE_HOME"] = home.Path;
        start.Environment["HARDHAT_DISABLE_TELEMETRY_PROMPT"] = "true";
        start.Environment["CI"] = "true";
        start.Environment["NO_COLOR"] = "1";
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        Process process = Process.Start(start) ?? throw new InvalidOperationException($"{file} did not start.");
        TaskCompletionSource<Uri> url = new(TaskCreationOptions.RunContinuationsAsynchronously);
        NodeProcess node = new(process, home, ready, url);
        try
        {
            node.Url = await url.Task.WaitAsync(StartLimit);
            return node;
        }
        catch (Exception fault)
        {
            await node.DisposeAsync();
            throw new InvalidOperationException($"{file} does not listen.\n{node._log}", fault);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        await _pumps;
        Running.TryRemove(_process.Id, out _);
        _process.Dispose();
        _home.Dispose();
    }

    private InvalidOperationException Ended() => new($"It ended before it listened.\n{_log}");

    private async Task PumpAsync(StreamReader from, Regex ready, TaskCompletionSource<Uri> url)
    {
        while (await from.ReadLineAsync() is { } line)
        {
            if (url.Task.IsCompleted)
            {
                continue;
            }

            lock (_log)
            {
                _log.AppendLine(line);
            }

            if (ready.Match(line) is { Success: true } match)
            {
                string host = string.Join(':', match.Groups.Values.Skip(1).Select(part => part.Value));
                url.TrySetResult(new Uri($"http://{host}"));
            }
        }
    }
}
