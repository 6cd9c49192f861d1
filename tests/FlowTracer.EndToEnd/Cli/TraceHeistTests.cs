using System.Diagnostics;
using System.Reflection.PortableExecutable;
using FlowTracer.Testing;

namespace FlowTracer.EndToEnd.Cli;

/// <summary>The main job: one command, from anywhere, with nothing but what ships.</summary>
public sealed class TraceHeistTests
{
    private static readonly string[] Trace = ["trace", "ronin-bridge-2022"];

    [Fact]
    public async Task It_answers_where_the_money_of_the_Ronin_bridge_went()
    {
        using Program program = new();

        ProgramResult result = (await program.RunAsync(Trace)).Expect(0);

        result.ExpectPlain();
        Assert.Matches(@"(?m)^Seed 1  173,600 ETH$", result.Output);
        Assert.Matches(@"(?m)^Seed 2  25,500,000 USDC$", result.Output);
        Assert.Matches(@"(?m)^mixer +tornado-cash +164,930\.04397 +95\.005%", result.Output);
        Assert.Matches(@"(?m)^mixer +tornado-cash +25,219,856\.095991 +98\.901%", result.Output);
        Assert.Equal(2, result.Output.Split("residual 0").Length - 1);
    }

    [Fact]
    public async Task It_says_what_a_reader_would_get_wrong()
    {
        using Program program = new();

        string text = string.Join(' ', (await program.RunAsync(Trace)).Expect(0).Output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

        Assert.Contains("edge: the record ends at these addresses.", text, StringComparison.Ordinal);
        Assert.Contains("do not read it as money they still hold", text, StringComparison.Ordinal);
        Assert.Contains("held: unspent in every row recorded for addresses whose history is complete", text, StringComparison.Ordinal);
        Assert.Contains("value swapped into another asset keeps counting in the seed's own units", text, StringComparison.Ordinal);
        Assert.Contains("GAPS (1)", text, StringComparison.Ordinal);
        Assert.Contains("0x01a5d51057a82818d68D8f3B76EF0ac69a99A911 1,700 ETH:", text, StringComparison.Ordinal);
        Assert.Contains("nothing in the facts says where it came from", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task How_long_it_took_is_a_message_and_no_part_of_the_answer()
    {
        using Program program = new();

        ProgramResult result = (await program.RunAsync(Trace)).Expect(0);

        Assert.Matches(@"^Traced 1,819 hops over 64 addresses in [0-9]+\.[0-9]{2} s\.\n$", result.Error);
        Assert.DoesNotMatch(@"[0-9] s\.", result.Output);
    }

    [Fact]
    public async Task Poison_shows_reach_and_never_a_balance()
    {
        using Program program = new();

        ProgramResult result = (await program.RunAsync([.. Trace, "--policy", "poison"])).Expect(0);

        result.ExpectPlain();
        Assert.Contains("REACH (marked amounts pass many hands and do not add up)", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("residual", result.Output, StringComparison.Ordinal);
        // 48 depositors of the case less the one that no recorded transfer funds.
        Assert.Matches(@"(?m)^mixer +tornado-cash +\S+ ETH +47 +1 ", result.Output);
    }

    [Fact]
    public async Task It_answers_the_same_from_the_root_of_the_disk()
    {
        using Program program = new();
        byte[] here = (await program.RunAsync(Trace)).Expect(0).OutputBytes;

        program.WorkingDirectory = "/";

        Assert.Equal(here, (await program.RunAsync(Trace)).Expect(0).OutputBytes);
    }

    [UnshareFact]
    public async Task It_needs_no_network()
    {
        using Program program = new();

        ProgramResult result = await program.ShellAsync("""exec unshare --user --map-root-user --net -- "$FLOWTRACER" trace ronin-bridge-2022""");

        Assert.Contains("164,930.04397", result.Expect(0).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Published_it_is_compiled_ahead_and_answers_the_same()
    {
        using Program program = new();
        using TemporaryFolder elsewhere = new();
        await PublishAsync(new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, elsewhere.Path);

        program.Variables["PUBLISHED"] = elsewhere.Path;

        Assert.All(["flowtracer.dll", "FlowTracer.Core.dll", "YamlDotNet.dll"], file => Assert.True(IsCompiledAhead(elsewhere.PathOf(file)), file));
        foreach (string[] asked in (string[][])[["--version"], Trace, [.. Trace, "--json"]])
        {
            ProgramResult result = await program.ShellAsync("""exec "$PUBLISHED/flowtracer" "$@" """, asked);

            Assert.Equal((await program.RunAsync(asked)).Expect(0).OutputBytes, result.Expect(0).OutputBytes);
        }
    }

    // What the tests run is built already: only the program itself is compiled once more, for this platform.
    private static async Task PublishAsync(string configuration, string folder)
    {
        ProcessStartInfo start = new(
            "dotnet",
            [
                "publish", Repository.PathOf("src", "FlowTracer"), "-c", configuration, "-o", folder, "--no-restore", "--disable-build-servers",
                "-p:BuildProjectReferences=false", "-p:RunAnalyzers=false", "-v", "quiet",
            ])
        {
            RedirectStandardOutput = true,
        };
        using Process publish = Process.Start(start)!;
        string output = await publish.StandardOutput.ReadToEndAsync();
        await publish.WaitForExitAsync();
        Assert.True(publish.ExitCode == 0, output);
    }

    // ECMA-335 II.25.3.3: the directory is empty in a file that holds nothing but IL; ReadyToRun puts its header there.
    private static bool IsCompiledAhead(string path)
    {
        using PEReader file = new(File.OpenRead(path));
        return file.PEHeaders.CorHeader!.ManagedNativeHeaderDirectory.Size > 0;
    }
}
