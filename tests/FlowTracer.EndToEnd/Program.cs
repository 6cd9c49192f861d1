using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using FlowTracer.Testing;

namespace FlowTracer.EndToEnd;

/// <summary>
/// The built <c>flowtracer</c> program, run as a user runs it: a process in a working folder and a home of its own, which
/// nothing else has written to. Runs of one instance share both.
/// </summary>
internal sealed class Program : IDisposable
{
    private static readonly TimeSpan DefaultLimit = TimeSpan.FromMinutes(2);

    // What a process needs to start at all; anything else of the caller's environment could change an answer.
    private static readonly string[] Inherited = ["PATH", "TMPDIR", "SystemRoot", "TEMP", "TMP"];

    private readonly TemporaryFolder _home = new();

    /// <summary>
    /// Absolute path of the executable, built with this test project's configuration: .../bin/[configuration]/[framework].
    /// </summary>
    public static string Executable { get; } = FindExecutable();

    /// <summary>The working folder.</summary>
    public TemporaryFolder Folder { get; } = new();

    /// <summary>The home folder: settings and data the program keeps for its user.</summary>
    public TemporaryFolder Home => _home;

    /// <summary>Where the next runs start: <see cref="Folder"/> unless set.</summary>
    public string? WorkingDirectory { get; set; }

    /// <summary>Variables for the next runs, over those every run has (a home, no colours).</summary>
    public Dictionary<string, string> Variables { get; } = [];

    /// <summary>Runs the program to its end.</summary>
    /// <param name="arguments">The command line, one argument an element.</param>
    /// <param name="input">Standard input, which is closed behind it.</param>
    /// <param name="limit">How long it may take: two minutes unless said otherwise.</param>
    /// <exception cref="TimeoutException">It took longer and was killed, with whatever it had started.</exception>
    public Task<ProgramResult> RunAsync(IReadOnlyList<string> arguments, string input = "", TimeSpan? limit = null) =>
        RunAsync(StartInfo(Executable, arguments), input, limit);

    /// <summary>Runs a shell script, in which <c>"$FLOWTRACER"</c> is the program, as <see cref="RunAsync(IReadOnlyList{string}, string, TimeSpan?)"/> does.</summary>
    /// <param name="script">For bash.</param>
    /// <param name="arguments">Its <c>$1</c>, <c>$2</c> …</param>
    public Task<ProgramResult> ShellAsync(string script, params string[] arguments)
    {
        ProcessStartInfo start = StartInfo("/bin/bash", ["-c", script, "bash", .. arguments]);
        start.Environment["FLOWTRACER"] = Executable;
        return RunAsync(start, "", null);
    }

    private static async Task<ProgramResult> RunAsync(ProcessStartInfo start, string input, TimeSpan? limit)
    {
        using Process process = Process.Start(start)
            ?? throw new InvalidOperationException($"{start.FileName} did not start.");
        using MemoryStream output = new();
        using MemoryStream error = new();
        using CancellationTokenSource timeout = new(limit ?? DefaultLimit);
        try
        {
            Task pumps = Task.WhenAll(
                process.StandardOutput.BaseStream.CopyToAsync(output, timeout.Token),
                process.StandardError.BaseStream.CopyToAsync(error, timeout.Token));
            await FeedAsync(process, input, timeout.Token);
            await process.WaitForExitAsync(timeout.Token);
            await pumps;
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"{start.FileName} {string.Join(' ', start.ArgumentList)} took longer than {limit ?? DefaultLimit}.");
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }

        return new ProgramResult(process.ExitCode, output.ToArray(), error.ToArray());
    }

    public void Dispose()
    {
        Folder.Dispose();
        _home.Dispose();
    }

    private ProcessStartInfo StartInfo(string file, IReadOnlyList<string> arguments)
    {
        ProcessStartInfo start = new(file, arguments)
        {
            WorkingDirectory = WorkingDirectory ?? Folder.Path,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        foreach (string name in Inherited)
        {
            if (Environment.GetEnvironmentVariable(name) is { } value)
            {
                start.Environment[name] = value;
            }
        }

        // The program runs on the runtime the tests run on: <root>/shared/Microsoft.NETCore.App/<version>/.
        start.Environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        start.Environment["HOME"] = start.Environment["USERPROFILE"] = _home.Path;
        start.Environment["XDG_DATA_HOME"] = _home.PathOf("data");
        start.Environment["XDG_CONFIG_HOME"] = _home.PathOf("config");
        start.Environment["XDG_CACHE_HOME"] = _home.PathOf("cache");
        start.Environment["NO_COLOR"] = "1";
        start.Environment["TERM"] = "dumb";
        foreach ((string name, string value) in Variables)
        {
            start.Environment[name] = value;
        }

        return start;
    }

    /// <summary>Runs the program and kills it after a time; whether it was still running then.</summary>
    public async Task<bool> KilledAsync(TimeSpan after, params string[] arguments)
    {
        ProgramResult result = await ShellAsync(
            """
            "$FLOWTRACER" "${@:2}" &
            program=$!
            sleep "$1"
            kill -KILL $program
            wait $program
            """,
            [after.TotalSeconds.ToString("F3", CultureInfo.InvariantCulture), .. arguments]);
        Assert.True(result.ExitCode is 0 or 137, result.Error);
        return result.ExitCode == 137;
    }

    private static async Task FeedAsync(Process process, string input, CancellationToken cancellation)
    {
        try
        {
            await process.StandardInput.WriteAsync(input.AsMemory(), cancellation);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The program ended, or closed its input, before reading all of it: its exit code and output tell.
        }
    }

    private static string FindExecutable()
    {
        DirectoryInfo framework = new(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        string name = OperatingSystem.IsWindows() ? "flowtracer.exe" : "flowtracer";
        string path = Repository.PathOf("src", "FlowTracer", "bin", framework.Parent!.Name, framework.Name, name);
        return File.Exists(path) ? path : throw new FileNotFoundException("The program is not built.", path);
    }
}
