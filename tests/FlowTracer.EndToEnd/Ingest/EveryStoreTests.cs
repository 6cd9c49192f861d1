using FlowTracer.App.Ingest;
using FlowTracer.App.Stores;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.EndToEnd.Bitcoin;
using FlowTracer.EndToEnd.Ethereum;
using FlowTracer.EndToEnd.Stores;
using FlowTracer.Tests.Stores;

namespace FlowTracer.EndToEnd.Ingest;

/// <summary>The program at two nodes, a file and a cluster of two shards.</summary>
public sealed class EveryStoreTests(ClickHouseCluster cluster, BitcoinTheft told)
    : IClassFixture<ClickHouseCluster>, IClassFixture<BitcoinTheft>, IAsyncLifetime
{
    // Internal transfers, swaps, a wrap, and tokens that name themselves, some alike.
    private static readonly string[] Stories = ["splitter", "token swap", "wrap", "fee on transfer", "bytes32 symbol", "equal symbols"];

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => cluster.ReviveAsync();

    [NodesAndClusterFact]
    public async Task A_trace_from_the_node_the_file_and_the_cluster_is_the_same_to_the_byte()
    {
        await using AnvilNode anvil = await AnvilNode.StartAsync();
        List<Theft> thefts = [];
        foreach (string story in Stories)
        {
            thefts.Add((await Scenarios.All[story](anvil.Chain)).Theft);
        }

        using LiveProgram program = new();
        string[] stores = ["case.db", cluster.Location(cluster.NewDatabase())];
        foreach (string store in stores)
        {
            (await program.RunAsync("ingest", "ethereum", "--source", anvil.Url.ToString(), "--store", store, "--confirmations", "0")).Expect(0);
            (await program.RunAsync("ingest", "bitcoin-regtest", "--source", told.Sources["node"], "--store", store, "--confirmations", "0")).Expect(0);
        }

        string everything = string.Empty;
        foreach (Theft theft in thefts)
        {
            everything += await SameAsync(
                program, stores, ["trace", theft.Transaction, "--to", theft.To, "--asset", theft.Token?.Address ?? "ETH"], anvil.Url.ToString());
        }

        await SameAsync(
            program, stores, ["trace", $"{told.Theft.Id}:0", "--chain", "bitcoin-regtest", "--follow-fees"], told.Sources["node"]);
        Assert.Contains("\"FEE\"", everything, StringComparison.Ordinal);

        // What the splitter, a contract, hands on of 10 ETH.
        Assert.All(["5", "3", "2"], ether => Assert.Contains($"\"amount\": \"{ether}000000000000000000\"", everything, StringComparison.Ordinal));
    }

    [NodesAndClusterFact]
    public async Task A_shard_killed_in_the_middle_of_an_ingest_leaves_whole_loads_and_a_second_run_completes_it()
    {
        using LiveProgram program = new();
        string location = cluster.Location(cluster.NewDatabase());
        string[] ingest = ["ingest", "bitcoin-regtest", "--source", told.Sources["files"], "--confirmations", "0", "--store"];
        (await program.RunAsync([.. ingest, "whole.db"])).Expect(0);

        // Bytes on the way to the second shard: within the first load, and behind some of them.
        foreach (long bytes in (long[])[2_000, 40_000])
        {
            cluster.Gate.Arm(onAnswers: false, bytes, breaks: true, cluster.Second.KillAsync);
            ProgramResult broken = (await program.RunAsync([.. ingest, location])).Expect(3);
            Assert.False(cluster.Gate.IsArmed);
            Assert.Contains(cluster.Second.Host, broken.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("pass", broken.Error, StringComparison.Ordinal);
            await cluster.Second.StartAsync();
            (await program.RunAsync("store", "check", "--store", location)).Expect(0);
        }

        (await program.RunAsync([.. ingest, location])).Expect(0);
        MemoryStore all = new();
        await IngestDesk.IngestAsync(ChainId.BitcoinRegtest, told.Sources["files"], all, new IngestRequest { Confirmations = 0 });
        await using IFlowStore file = await StoreOpener.OpenAsync(program.Program.Folder.PathOf("whole.db"), create: false, CancellationToken.None);
        await using IFlowStore shards = await StoreOpener.OpenAsync(location, create: false, CancellationToken.None);
        await StoreAnswers.AssertSameStoresAsync(file, shards, all.MovementsOf(ChainId.BitcoinRegtest));
        string[] trace = ["trace", $"{told.Theft.Id}:0", "--chain", "bitcoin-regtest", "--json", "--store"];
        Assert.Equal((await program.RunAsync([.. trace, "whole.db"])).Expect(0).Output, (await program.RunAsync([.. trace, location])).Expect(0).Output);
    }

    private static async Task<string> SameAsync(LiveProgram program, string[] stores, string[] trace, string node)
    {
        ProgramResult live = await program.RunAsync([.. trace, "--json", "--source", node, "--confirmations", "0", "--cache", program.Cache]);
        Assert.NotEmpty(live.Expect(0).Output);
        foreach (string store in stores)
        {
            Assert.Equal(live.Output, (await program.RunAsync([.. trace, "--json", "--store", store])).Expect(0).Output);
        }

        return live.Output;
    }
}
