using System.Diagnostics;
using System.Numerics;
using System.Text.Json;
using FlowTracer.App.Stores;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.EndToEnd.Bitcoin;
using FlowTracer.EndToEnd.Ethereum;

namespace FlowTracer.EndToEnd.Ingest;

/// <summary>The program ingests, is killed, runs twice, finds its disk full; and a trace from its store is the node's.</summary>
public sealed class IngestProgramTests(BitcoinTheft told) : IClassFixture<BitcoinTheft>
{
    private static readonly BigInteger Ether = TestChain.Ether;

    // But for the one sentence that says on whose word value is held: a node and its own block files differ in it too. What a token
    // calls itself is not in blocks, so that a store does not know it.
    [AnvilFact]
    public async Task A_trace_from_the_store_is_the_nodes_byte_for_byte()
    {
        await using AnvilNode anvil = await AnvilNode.StartAsync();
        Scenario scenario = await Scenarios.All["splitter"](anvil.Chain);
        using LiveProgram program = new();
        ProgramResult ingested = await program.RunAsync(
            "ingest", "ethereum", "--source", anvil.Url.ToString(), "--store", "s.db", "--confirmations", "0", "--json");
        using JsonDocument summary = JsonDocument.Parse(ingested.Expect(0).Output);
        Assert.Equal(await anvil.Chain.HeadAsync() + 1, summary.RootElement.GetProperty("blocks").GetInt64());
        Assert.Equal(
            ["fetch", "decode", "open", "write"],
            summary.RootElement.GetProperty("stages").EnumerateArray().Select(static stage => stage.GetProperty("name").GetString()));
        ProgramResult live = (await program.RunAsync(program.Trace(scenario.Theft, anvil.Url))).Expect(0);
        ProgramResult stored = (await program.RunAsync(Stored(scenario.Theft, "s.db"))).Expect(0);
        Assert.Equal(WithoutWord(live.Output), WithoutWord(stored.Output));
        (await program.RunAsync("store", "check", "--store", "s.db")).Expect(0);
        Assert.Contains("ethereum", (await program.RunAsync("store", "info", "--store", "s.db")).Expect(0).Output, StringComparison.Ordinal);
    }

    [BcoinTheory]
    [InlineData("node")]
    [InlineData("files")]
    public async Task So_is_one_of_bitcoin(string kind)
    {
        using LiveProgram program = new();
        (await program.RunAsync(
            "ingest", "bitcoin-regtest", "--source", told.Sources[kind], "--store", "s.db", "--confirmations", "0")).Expect(0);
        string[] trace = ["trace", $"{told.Theft.Id}:0", "--chain", "bitcoin-regtest", "--follow-fees", "--json"];
        ProgramResult live = (await program.RunAsync([.. trace, "--source", told.Sources[kind], "--confirmations", "0", "--cache", program.Cache])).Expect(0);
        ProgramResult stored = (await program.RunAsync([.. trace, "--store", "s.db"])).Expect(0);
        Assert.Equal(WithoutWord(live.Output), WithoutWord(stored.Output));
        (await program.RunAsync("store", "check", "--store", "s.db")).Expect(0);
    }

    // Killed after a time that grows from run to run until one run comes through, so that it is killed at every stage of its life.
    [BcoinFact]
    public async Task Killed_again_and_again_it_loses_and_doubles_nothing()
    {
        using LiveProgram program = new();
        string[] ingest = ["ingest", "bitcoin-regtest", "--source", told.Sources["files"], "--confirmations", "0", "--store"];
        Stopwatch clock = Stopwatch.StartNew();
        (await program.RunAsync([.. ingest, "whole.db"])).Expect(0);
        TimeSpan whole = clock.Elapsed;
        const int kills = 30;
        int killed = 0;
        for (int i = 1; i <= kills; i++)
        {
            killed += await KilledAsync(program, whole * i / kills, [.. ingest, "killed.db"]) ? 1 : 0;
            if (File.Exists(program.Program.Folder.PathOf("killed.db")) && i % 5 == 0)
            {
                // Or so early that there is a file and nothing in it.
                ProgramResult check = await program.RunAsync("store", "check", "--store", "killed.db");
                Assert.True(check.ExitCode == 0 || check.Error.Contains("there is nothing in it", StringComparison.Ordinal), check.Error);
            }
        }

        Assert.True(killed > kills / 2, $"killed {killed} times");
        (await program.RunAsync([.. ingest, "killed.db"])).Expect(0);
        (await program.RunAsync("store", "check", "--store", "killed.db")).Expect(0);
        await SameFactsAsync(ChainId.BitcoinRegtest, program.Program.Folder.PathOf("whole.db"), program.Program.Folder.PathOf("killed.db"));
    }

    [AnvilFact]
    public async Task It_follows_a_chain_and_ends_when_told_to()
    {
        await using AnvilNode anvil = await AnvilNode.StartAsync();
        Story story = new("followed", anvil.Chain);
        await story.StealAsync(10 * Ether);
        using LiveProgram program = new();
        Task<ProgramResult> following = program.Program.ShellAsync(
            """
            set -m
            "$FLOWTRACER" ingest ethereum --source "$1" --store f.db --confirmations 0 --follow &
            ingest=$!
            until [ -e stop ]; do sleep 0.1; done
            kill -INT $ingest
            wait $ingest
            """,
            anvil.Url.ToString());
        for (int i = 0; i < 5; i++)
        {
            await story.PayAsync($"on {i}", "thief", $"friend {i}", Ether);
        }

        await UntilAsync(program, "f.db", (ulong)await anvil.Chain.HeadAsync(), following);
        await anvil.Chain.RollBackAsync(2);
        await story.PayAsync("other", "thief", "another friend", Ether);
        await story.PayAsync("and on", "thief", "yet another", Ether);
        await story.PayAsync("and on again", "thief", "and yet another", Ether);
        await UntilAsync(program, "f.db", (ulong)await anvil.Chain.HeadAsync(), following);
        program.Program.Folder.Write("stop", "");
        (await following).Expect(130);
        (await program.RunAsync("ingest", "ethereum", "--source", anvil.Url.ToString(), "--store", "once.db", "--confirmations", "0")).Expect(0);
        await SameFactsAsync(ChainId.Ethereum, program.Program.Folder.PathOf("once.db"), program.Program.Folder.PathOf("f.db"));
    }

    [BcoinFact]
    public async Task Two_at_once_write_one_store()
    {
        using LiveProgram program = new();
        string[] ingest = ["ingest", "bitcoin-regtest", "--source", told.Sources["files"], "--confirmations", "0", "--store"];
        (await program.RunAsync([.. ingest, "whole.db"])).Expect(0);
        ProgramResult[] both = await Task.WhenAll(program.RunAsync([.. ingest, "both.db"]), program.RunAsync([.. ingest, "both.db"]));
        Assert.All(both, static one => Assert.True(
            one.ExitCode == 0 || (one.ExitCode == 3 && one.Error.Contains("another program is writing", StringComparison.Ordinal)), one.Error));
        (await program.RunAsync([.. ingest, "both.db"])).Expect(0);
        (await program.RunAsync("store", "check", "--store", "both.db")).Expect(0);
        await SameFactsAsync(ChainId.BitcoinRegtest, program.Program.Folder.PathOf("whole.db"), program.Program.Folder.PathOf("both.db"));
    }

    // A limit on the size of files stands for a full disk: see InterruptedTests.
    [BcoinFact]
    public async Task A_full_disk_is_said_and_leaves_whole_blocks()
    {
        using LiveProgram program = new();
        ProgramResult full = await program.Program.ShellAsync(
            """
            trap '' XFSZ
            ulimit -f 300
            export DOTNET_EnableWriteXorExecute=0
            exec "$FLOWTRACER" ingest bitcoin-regtest --source "$1" --confirmations 0 --store full.db
            """,
            told.Sources["files"]);
        full.Expect(3);
        Assert.Contains("full.db", full.Error, StringComparison.Ordinal);
        string[] ingest = ["ingest", "bitcoin-regtest", "--source", told.Sources["files"], "--confirmations", "0", "--store"];
        (await program.RunAsync([.. ingest, "full.db"])).Expect(0);
        (await program.RunAsync([.. ingest, "whole.db"])).Expect(0);
        (await program.RunAsync("store", "check", "--store", "full.db")).Expect(0);
        await SameFactsAsync(ChainId.BitcoinRegtest, program.Program.Folder.PathOf("whole.db"), program.Program.Folder.PathOf("full.db"));
    }

    [BcoinTheory]
    [InlineData("ingest bitcoin-regtest --source ESPLORA --store s.db", 2, "no whole blocks")]
    [InlineData("ingest bitcoin --source FILES --store s.db", 2, "bitcoin-regtest")]
    [InlineData("ingest bitcoin-regtest --source FILES --store s.db --to 100000", 2, "is not there yet")]
    [InlineData("ingest bitcoin-regtest --source FILES --store s.db --from 5 --to 4", 2, "--from 5 is behind --to 4")]
    [InlineData("ingest bitcoin-regtest --source FILES --store s.db --to 4 --follow", 2, "give one of them")]
    [InlineData("ingest dogecoin --source FILES --store s.db", 2, "dogecoin")]
    [InlineData("ingest bitcoin-regtest --source FILES --store s.db --from x", 2, "expected a number of blocks")]
    [InlineData("ingest bitcoin-regtest --source http://127.0.0.1:1 --store s.db", 3, "127.0.0.1:1")]
    [InlineData("store check --store none.db", 2, "none.db")]
    public async Task What_cannot_be_done_is_one_line(string line, int code, string mention)
    {
        using LiveProgram program = new();
        string[] arguments = [.. line.Split(' ').Select(word => word
            .Replace("ESPLORA", told.Sources["esplora"], StringComparison.Ordinal).Replace("FILES", told.Sources["files"], StringComparison.Ordinal))];
        ProgramResult result = await program.RunAsync(arguments);
        result.Expect(code);
        Assert.Empty(result.Output);
        string said = Assert.Single(result.Error.TrimEnd('\n').Split('\n'), static one => one.StartsWith("flowtracer: ", StringComparison.Ordinal));
        Assert.Contains(mention, said, StringComparison.Ordinal);
    }

    private static string WithoutWord(string json)
    {
        const string word = "the source's word: ";
        int at = json.IndexOf(word, StringComparison.Ordinal);
        Assert.True(at > 0 && json.LastIndexOf(word, StringComparison.Ordinal) == at, "one sentence names the source's word");
        return json[..at] + json[json.IndexOf('"', at)..];
    }

    private static string[] Stored(Theft theft, string store) =>
        ["trace", theft.Transaction, "--to", theft.To, "--asset", theft.Token?.Address ?? "ETH", "--json", "--store", store];

    private static async Task<bool> KilledAsync(LiveProgram program, TimeSpan after, string[] arguments)
    {
        ProgramResult result = await program.Program.ShellAsync(
            """
            "$FLOWTRACER" "${@:2}" &
            ingest=$!
            sleep "$1"
            kill -KILL $ingest
            wait $ingest
            """,
            [after.TotalSeconds.ToString("F3", System.Globalization.CultureInfo.InvariantCulture), .. arguments]);
        Assert.True(result.ExitCode is 0 or 137, result.Error);
        return result.ExitCode == 137;
    }

    private static async Task UntilAsync(LiveProgram program, string store, ulong block, Task following)
    {
        for (int looks = 0; looks < 300; looks++)
        {
            Assert.False(following.IsCompleted, "it ended by itself");
            if (File.Exists(program.Program.Folder.PathOf(store)))
            {
                await using IFlowStore opened = await StoreOpener.OpenAsync(program.Program.Folder.PathOf(store), create: false, CancellationToken.None);
                if ((await opened.CoverageAsync(CancellationToken.None)).Any(one => one.Last?.Number == block))
                {
                    return;
                }
            }

            await Task.Delay(100);
        }

        Assert.Fail($"block {block} did not come");
    }

    private static async Task SameFactsAsync(ChainId chain, string first, string second)
    {
        await using IFlowStore one = await StoreOpener.OpenAsync(first, create: false, CancellationToken.None);
        await using IFlowStore other = await StoreOpener.OpenAsync(second, create: false, CancellationToken.None);
        FlowCoverage expected = Assert.Single(await one.CoverageAsync(CancellationToken.None));
        FlowCoverage actual = Assert.Single(await other.CoverageAsync(CancellationToken.None));
        Assert.Equal((expected.First, expected.Last, expected.Movements), (actual.First, actual.Last, actual.Movements));
        Assert.True(expected.Movements > 0);
        for (ulong number = expected.First!.Number; number <= expected.Last!.Number; number++)
        {
            Assert.Equal(await one.BlockAsync(chain, number, CancellationToken.None), await other.BlockAsync(chain, number, CancellationToken.None));
        }
    }
}
