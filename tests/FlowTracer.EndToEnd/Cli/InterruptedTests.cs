namespace FlowTracer.EndToEnd.Cli;

/// <summary>A reader that goes, a disk that fills, a user who gives up, a machine that stops.</summary>
public sealed class InterruptedTests
{
    private const string AllFormats = "json,graphml,gexf,csv,dot";

    [Theory]
    [InlineData("trace ronin-bridge-2022")]
    [InlineData("trace ronin-bridge-2022 --json")]
    [InlineData("labels list --json")]
    public async Task A_reader_that_stops_is_no_fault(string command)
    {
        using Program program = new();

        ProgramResult result = await program.ShellAsync($$"""set -o pipefail; "$FLOWTRACER" {{command}} | head -n 1; exit "${PIPESTATUS[0]}" """);

        result.Expect(0);
        Assert.Single(result.Output.TrimEnd('\n').Split('\n'));
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("trace ronin-bridge-2022")]
    [InlineData("trace ronin-bridge-2022 --json")]
    [InlineData("compare ronin-bridge-2022 --policies fifo")]
    [InlineData("heists list --json")]
    public async Task An_answer_that_cannot_be_written_is_an_error(string command)
    {
        using Program program = new();

        ProgramResult result = await program.ShellAsync($"""exec "$FLOWTRACER" {command} >/dev/full""");

        result.ExpectRefused("No space left");
    }

    // A limit on the size of files stands for a full disk. It binds the runtime too: its memory for compiled code is a file
    // unless W^X is off, and the signal that comes with the limit would end any process that does not ignore it.
    [Theory]
    [InlineData("json")]
    [InlineData("dot,csv,json")]
    [InlineData(AllFormats)]
    public async Task Exports_that_do_not_fit_leave_nothing(string formats)
    {
        using Program program = new();
        string earlier = program.Folder.Write("out/trace.json", "earlier");

        ProgramResult result = await program.ShellAsync(
            """
            trap '' XFSZ
            ulimit -f 100
            export DOTNET_EnableWriteXorExecute=0
            exec "$FLOWTRACER" trace ronin-bridge-2022 --out out --format "$1"
            """,
            formats);

        result.ExpectRefused("cannot write to out");
        Assert.Equal([earlier], Directory.EnumerateFileSystemEntries(program.Folder.PathOf("out")));
        Assert.Equal("earlier", await File.ReadAllTextAsync(earlier));
    }

    [Fact]
    public async Task A_killed_run_leaves_no_half_file_under_a_final_name()
    {
        using Program program = new();
        (await program.RunAsync(["trace", "ronin-bridge-2022", "--out", "whole", "--format", AllFormats])).Expect(0);

        // Killed as soon as the first file, the third, the last one is begun.
        foreach (int begun in new[] { 1, 1, 3, 3, 6, 6 })
        {
            await program.ShellAsync(
                """
                rm -rf out
                "$FLOWTRACER" trace ronin-bridge-2022 --out out --format "$2" >/dev/null &
                while kill -0 $! 2>/dev/null; do
                  names=(out/.*.part)
                  [ -e "${names[0]}" ] && [ ${#names[@]} -ge "$1" ] && break
                done
                kill -KILL $! 2>/dev/null
                wait $! 2>/dev/null
                exit 0
                """,
                begun.ToString(System.Globalization.CultureInfo.InvariantCulture), AllFormats);
            string[] finished = [.. Directory.EnumerateFiles(program.Folder.PathOf("out")).Where(static path => Path.GetFileName(path)[0] != '.')];
            Assert.All(finished, path => Assert.Equal(File.ReadAllBytes(program.Folder.PathOf("whole", Path.GetFileName(path))), File.ReadAllBytes(path)));
        }
    }

    [Fact]
    public async Task Giving_up_while_it_reads_ends_it_in_one_line()
    {
        using Program program = new();

        // Standard input that never ends: a named pipe with a writer that writes a header and then nothing.
        ProgramResult result = await program.ShellAsync(
            """
            mkfifo record
            exec 3<>record
            printf '%s' "$1" >&3
            # The signal must not be ignored in the background, nor when the tests themselves run there.
            { set -m
            env --default-signal=INT "$FLOWTRACER" trace 0x098B716B8Aaf21512996dC57EB0615e2383E2f96 --data - --out out <record 2>messages &
            program=$!
            sleep 2
            # Again if need be, as a user does: on a slow machine the first comes before anybody listens.
            (while kill -INT $program; do sleep 5; done) &
            wait $program
            code=$?; } 2>/dev/null
            cat messages >&2
            exit $code
            """,
            Record.Header);

        Assert.Equal((130, "", "flowtracer: cancelled\n"), (result.Expect(130).ExitCode, result.Output, result.Error));
        Assert.False(Directory.Exists(program.Folder.PathOf("out")));
    }
}
