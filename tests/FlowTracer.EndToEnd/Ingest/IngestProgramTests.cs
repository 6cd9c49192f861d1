using System.Diagnostics;
using System.Numerics;
using System.Text.Json;
using FlowTracer.App.Ingest;
using FlowTracer.App.Stores;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.EndToEnd.Bitcoin;
using FlowTracer.EndToEnd.Ethereum;
using FlowTracer.EndToEnd.Stores;
using FlowTracer.Tests.Stores;

namespace FlowTracer.EndToEnd.Ingest;

/// <summary>The program ingests, is killed, runs twice, finds its disk full; and a trace from its store is the node's.</summary>
public sealed class IngestProgramTests(BitcoinTheft told) : IClassFixture<BitcoinTheft>
{
    private static readonly BigInteger Ether = TestChain.Ether;

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
        Assert.Equal(live.Output, stored.Output);

        // How holders were read is said beside it.
        Assert.Contains("complete by: trace_filter", live.Error, StringComparison.Ordinal);
        Assert.Contains("complete by: all of blocks 0 to", stored.Error, StringComparison.Ordinal);
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
        Assert.Equal(live.Output, stored.Output);
        (await program.RunAsync("store", "check", "--store", "s.db")).Expect(0);
    }

    // Killed after a time that grows from run to run, so that it is killed at every stage of its life; once a run comes through, a
    // new store is begun.
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
            if (await program.Program.KilledAsync(whole * i / kills, [.. ingest, "killed.db"]))
            {
                killed++;
            }
            else if (i < kills)
            {
                Array.ForEach(Directory.GetFiles(program.Program.Folder.Path, "killed.db*"), File.Delete);
            }

            if (File.Exists(program.Program.Folder.PathOf("killed.db")) && i % 5 == 0)
            {
                // Or so early that there is a file and nothing in it.
                ProgramResult check = await program.RunAsync("store", "check", "--store", "killed.db");
                Assert.True(check.ExitCode == 0 || check.Error.Contains("there is nothing in it", StringComparison.Ordinal), check.Error);
            }
        }

        Assert.True(killed > kills / 5, $"killed {killed} times");
        (await program.RunAsync([.. ingest, "killed.db"])).Expect(0);
        (await program.RunAsync("store", "check", "--store", "killed.db")).Expect(0);
        await SameFactsAsync(program, "whole.db", "killed.db", ChainId.BitcoinRegtest, told.Sources["files"]);
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
        await SameFactsAsync(program, "once.db", "f.db", ChainId.Ethereum, anvil.Url.ToString());
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
        await SameFactsAsync(program, "whole.db", "both.db", ChainId.BitcoinRegtest, told.Sources["files"]);
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
        await SameFactsAsync(program, "whole.db", "full.db", ChainId.BitcoinRegtest, told.Sources["files"]);
    }

    // On a file system that is read-only, since root may write any file: a store of some blocks, and a folder without one.
    [AnvilUnshareFact]
    public async Task A_store_that_cannot_be_written_is_said_and_stays_as_it_is()
    {
        await using AnvilNode anvil = await AnvilNode.StartAsync();
        Story story = new("read-only", anvil.Chain);
        await story.StealAsync(10 * Ether);
        using LiveProgram program = new();
        string[] ingest = ["ingest", "ethereum", "--source", anvil.Url.ToString(), "--confirmations", "0", "--store"];
        string folder = program.Program.Folder.PathOf("kept");
        Directory.CreateDirectory(folder);
        (await program.RunAsync([.. ingest, "kept/s.db"])).Expect(0);
        await story.PayAsync("on", "thief", "mule", Ether);
        byte[] before = await File.ReadAllBytesAsync(Path.Combine(folder, "s.db"));
        foreach (string name in (string[])["s.db", "new.db"])
        {
            ProgramResult refused = await program.Program.ShellAsync(
                """exec unshare --user --map-root-user --mount -- bash -c 'mount --bind kept kept && mount -o remount,bind,ro kept && exec "$FLOWTRACER" "$@"' bash "$@" """,
                [.. ingest, $"kept/{name}"]);
            Assert.Empty(refused.Expect(2).Output);
            string said = Assert.Single(refused.Error.TrimEnd('\n').Split('\n'), static one => one.StartsWith("flowtracer: ", StringComparison.Ordinal));
            Assert.Matches($"^flowtracer: kept/{name}: it cannot be (written|opened)$", said);
            Assert.Equal(before, await File.ReadAllBytesAsync(Path.Combine(folder, "s.db")));
        }
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

    private static string[] Stored(Theft theft, string store) =>
        ["trace", theft.Transaction, "--to", theft.To, "--asset", theft.Token?.Address ?? "ETH", "--json", "--store", store];

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

    // Of all that the chain has: what an ingest into memory, beside the program, comes to.
    private static async Task SameFactsAsync(LiveProgram program, string expected, string actual, ChainId chain, string source)
    {
        MemoryStore all = new();
        await IngestDesk.IngestAsync(chain, source, all, new IngestRequest { Confirmations = 0 });
        await using IFlowStore one = await StoreOpener.OpenAsync(program.Program.Folder.PathOf(expected), create: false, CancellationToken.None);
        await using IFlowStore other = await StoreOpener.OpenAsync(program.Program.Folder.PathOf(actual), create: false, CancellationToken.None);
        await StoreAnswers.AssertSameStoresAsync(one, other, all.MovementsOf(chain));
    }
}
