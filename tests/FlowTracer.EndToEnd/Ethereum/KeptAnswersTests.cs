using System.Diagnostics;

namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>Nothing that was answered is asked twice, and nothing that happens to a run or to its folder spoils the next one.</summary>
public sealed class KeptAnswersTests(SmallChain small) : IClassFixture<SmallChain>
{
    private Theft Theft => small.Told["fee on transfer"].Theft;

    [AnvilTheory]
    [InlineData("trace_filter")]
    [InlineData("plain archive")]
    public async Task A_second_run_asks_nothing_and_offline_is_the_same(string kind)
    {
        using LiveProgram program = new();
        FaultyNode node = small.NodeOf(kind);
        Uri url = node.Url;
        byte[] first;
        await using (node)
        {
            first = (await program.RunAsync(program.Trace(Theft, url))).Expect(0).OutputBytes;
            node.ResetCounters();

            ProgramResult again = (await program.RunAsync(program.Trace(Theft, url))).Expect(0);

            Assert.Equal(0, node.Requests);
            Assert.Equal(first, again.OutputBytes);
            Assert.Contains("0 requests", again.Error, StringComparison.Ordinal);
        }

        Assert.Equal(first, (await program.RunAsync(program.Trace(Theft, url, "--offline"))).Expect(0).OutputBytes);
        Assert.Equal(first, (await program.RunAsync(program.Trace(Theft, url))).Expect(0).OutputBytes);
    }

    [AnvilFact]
    public async Task Offline_without_a_first_run_is_said_so()
    {
        using LiveProgram program = new();

        (await program.RunAsync(program.Trace(Theft, small.Node.Url, "--offline"))).ExpectLine(3, "run once without --offline", program.Cache);
    }

    [AnvilFact]
    public async Task Refresh_sees_what_came_since()
    {
        await using AnvilNode node = await AnvilNode.StartAsync();
        Story story = new("refreshed", node.Chain);
        Theft theft = await story.StealAsync(10 * TestChain.Ether);
        using LiveProgram program = new();
        string first = (await program.RunAsync(program.Trace(theft, node.Url))).Expect(0).Output;
        await story.PayAsync("on", "thief", "mule", 4 * TestChain.Ether);

        string second = (await program.RunAsync(program.Trace(theft, node.Url))).Expect(0).Output;
        string refreshed = (await program.RunAsync(program.Trace(theft, node.Url, "--refresh"))).Expect(0).Output;
        string offline = (await program.RunAsync(program.Trace(theft, node.Url, "--offline"))).Expect(0).Output;

        Assert.Equal(first, second);
        Assert.DoesNotContain(story["mule"], first, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(story["mule"], refreshed, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(refreshed, offline);
    }

    // Each file in turn: gone, empty, cut in half, zeros of the same length, other bytes, as it was.
    [AnvilTheory]
    [InlineData("objects", 0)]
    [InlineData("asked", 0)]
    [InlineData("sessions", 1)]
    [InlineData("sessions", 2)]
    [InlineData("sessions", 4)]
    public async Task A_damaged_folder_is_mended(string part, int first)
    {
        using LiveProgram program = new();
        byte[] right = (await program.RunAsync(program.Trace(Theft, small.Node.Url))).Expect(0).OutputBytes;
        string[] files = [.. program.Kept.Where(file => file.Contains($"/{part}/", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        Action<string>[] damages =
        [
            File.Delete,
            file => File.WriteAllBytes(file, []),
            file => File.WriteAllBytes(file, File.ReadAllBytes(file)[..(int)(new FileInfo(file).Length / 2)]),
            file => File.WriteAllBytes(file, new byte[new FileInfo(file).Length]),
            file => File.WriteAllText(file, "null"),
            static _ => { },
        ];
        for (int i = 0; i < files.Length; i++)
        {
            damages[(first + i) % damages.Length](files[i]);
        }

        (await program.RunAsync(program.Trace(Theft, small.Node.Url, "--offline"))).ExpectLine(3, "run once without --offline");
        Assert.Equal(right, (await program.RunAsync(program.Trace(Theft, small.Node.Url))).Expect(0).OutputBytes);
        Assert.Equal(right, (await program.RunAsync(program.Trace(Theft, small.Node.Url, "--offline"))).Expect(0).OutputBytes);
    }

    [AnvilTheory]
    [InlineData("KILL")]
    [InlineData("INT")]
    public async Task A_run_that_is_ended_loses_nothing(string signal)
    {
        await using FaultyNode node = small.NodeOf("plain archive");
        byte[] right;
        int whole;
        using (LiveProgram undisturbed = new())
        {
            right = (await undisturbed.RunAsync(undisturbed.Trace(Theft, node.Url))).Expect(0).OutputBytes;
            whole = node.TotalCalls;
        }

        using LiveProgram program = new();
        node.ResetCounters();
        node.Latency = TimeSpan.FromMilliseconds(100);
        Stopwatch clock = new();
        TaskCompletionSource reached = new();
        TaskCompletionSource released = new();
        node.Before = async _ =>
        {
            if (node.TotalCalls > whole * 2 / 3)
            {
                // No answer any more: however slow this machine is, the run cannot end by itself.
                reached.TrySetResult();
                await released.Task;
            }
        };
        string pidFile = program.Program.Folder.PathOf("pid");
        Task<ProgramResult> running = program.Program.ShellAsync(
            """
            # The signal must not be ignored in the background, nor when the tests themselves run there.
            { set -m
            env --default-signal=INT "$FLOWTRACER" "$@" 2>messages &
            echo $! > pid.part && mv pid.part pid
            wait $!
            code=$?; } 2>/dev/null
            cat messages >&2
            exit $code
            """,
            program.Trace(Theft, node.Url));
        await reached.Task.WaitAsync(TimeSpan.FromMinutes(1));
        using (Process kill = Process.Start("kill", ["-" + signal, (await File.ReadAllTextAsync(pidFile)).Trim()]))
        {
            await kill.WaitForExitAsync();
        }

        ProgramResult ended = await running;
        released.SetResult();
        Assert.Equal(signal == "KILL" ? 137 : 130, ended.ExitCode);
        Assert.Empty(ended.Output);
        if (signal == "INT")
        {
            Assert.EndsWith("flowtracer: cancelled\n", ended.Error, StringComparison.Ordinal);
        }

        node.Before = null;
        node.Latency = TimeSpan.Zero;
        node.ResetCounters();
        Assert.Equal(right, (await program.RunAsync(program.Trace(Theft, node.Url))).Expect(0).OutputBytes);
        Assert.True(node.TotalCalls < whole * 2 / 3, $"{node.TotalCalls} calls after a run that was ended, {whole} of an undisturbed one");
    }

    [AnvilFact]
    public async Task A_folder_that_is_a_file_is_refused()
    {
        using LiveProgram program = new();
        await File.WriteAllTextAsync(program.Cache, "mine");

        (await program.RunAsync(program.Trace(Theft, small.Node.Url))).ExpectLine(2, program.Cache);

        Assert.Equal("mine", await File.ReadAllTextAsync(program.Cache));
    }

    // A disk of 64 KB, and one of one block on which nothing but folders fits.
    [AnvilUnshareFact]
    public async Task A_disk_that_is_full_is_said_so()
    {
        foreach (string size in new[] { "64k", "4k" })
        {
            using LiveProgram program = new();
            Directory.CreateDirectory(program.Cache);
            ProgramResult result = await program.Program.ShellAsync(
                $$"""exec unshare --user --map-root-user --mount -- bash -c 'mount -t tmpfs -o size={{size}} none "$0" && exec "$FLOWTRACER" "$@"' "{{program.Cache}}" "$@" """,
                program.Trace(small.Told["plain hops"].Theft, small.Node.Url));

            string last = result.Error.TrimEnd('\n').Split('\n')[^1];
            result.Expect(2);
            Assert.Empty(result.Output);
            Assert.StartsWith($"flowtracer: the cache in {program.Cache} cannot be ", last, StringComparison.Ordinal);
        }
    }
}
