using System.Numerics;
using FlowTracer.App.Ingest;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.EndToEnd.Ethereum;
using FlowTracer.Tests.Stores;

namespace FlowTracer.EndToEnd.Ingest;

/// <summary>What is ingested from an Ethereum node is what a live trace of the same node sees.</summary>
public sealed class EthereumIngestTests
{
    private const string Rebase = "rebasing token";

    private static readonly BigInteger Ether = TestChain.Ether;

    public static TheoryData<string> Kinds => [.. SourceKinds.All.Keys];

    [AnvilTheory]
    [MemberData(nameof(Kinds))]
    public async Task Every_history_and_transaction_is_that_of_the_live_source(string kind)
    {
        await using AnvilNode anvil = await AnvilNode.StartAsync();
        foreach (string name in Scenarios.All.Keys.Where(static name => name != Rebase))
        {
            await Scenarios.All[name](anvil.Chain);
        }

        await using FaultyNode node = new FaultyNode(anvil.Url).Without(SourceKinds.All[kind]);
        MemoryStore store = new();
        await IngestDesk.IngestAsync(ChainId.Ethereum, node.Url.ToString(), store, new IngestRequest { From = 0, Confirmations = 0 });
        Assert.Equal((ulong)await anvil.Chain.HeadAsync() + 1, (ulong)store.BlocksOf(ChainId.Ethereum).Count);
        Sheets.AssertNone(string.Join('\n', await IngestDesk.DifferencesAsync(ChainId.Ethereum, node.Url.ToString(), store, 0)));
    }

    // Another client: an archive node that neither indexes nor traces.
    [HardhatFact]
    public async Task Hardhat_is_ingested_as_its_live_source_sees_it()
    {
        await using HardhatNode node = await HardhatNode.StartAsync();
        foreach (string name in (string[])["plain hops", "splitter", "token swap", "fee on transfer", "wrap"])
        {
            await Scenarios.All[name](node.Chain);
        }

        MemoryStore store = new();
        await IngestDesk.IngestAsync(ChainId.Ethereum, node.Url.ToString(), store, new IngestRequest { From = 0, Confirmations = 0 });
        Assert.Equal((ulong)await node.Chain.HeadAsync() + 1, (ulong)store.BlocksOf(ChainId.Ethereum).Count);
        Sheets.AssertNone(string.Join('\n', await IngestDesk.DifferencesAsync(ChainId.Ethereum, node.Url.ToString(), store, 0)));
    }

    // The token takes a tenth of everybody's balance in a block that names nobody: the live source bisects to it, a block does not
    // tell (docs/ingest.md).
    [AnvilFact]
    public async Task A_change_in_a_block_that_names_nobody_is_what_is_missing()
    {
        await using AnvilNode anvil = await AnvilNode.StartAsync();
        await Scenarios.All[Rebase](anvil.Chain);
        MemoryStore store = new();
        await IngestDesk.IngestAsync(ChainId.Ethereum, anvil.Url.ToString(), store, new IngestRequest { From = 0, Confirmations = 0 });
        IReadOnlyList<string> differences = await IngestDesk.DifferencesAsync(ChainId.Ethereum, anvil.Url.ToString(), store, 0);
        Assert.Equal(4, differences.Count);
        Assert.Equal(2, differences.Count(static one => one.Contains("closing", StringComparison.Ordinal)));
        Assert.Equal(2, differences.Count(static one => one.Contains("only live", StringComparison.Ordinal) && one.Contains("Unresolved", StringComparison.Ordinal)));
    }

    // A store that begins in the middle: what holders had before is asked of the node.
    [AnvilFact]
    public async Task What_holders_had_before_the_first_block_is_known()
    {
        await using AnvilNode anvil = await AnvilNode.StartAsync();
        await Scenarios.All["plain hops"](anvil.Chain);
        ulong first = (ulong)await anvil.Chain.HeadAsync() + 1;
        Story story = new("later", anvil.Chain);
        Theft theft = await story.StealAsync(10 * Ether);
        await story.PayAsync("on", "thief", "mule", 4 * Ether);
        MemoryStore store = new();
        await IngestDesk.IngestAsync(ChainId.Ethereum, anvil.Url.ToString(), store, new IngestRequest { From = first, Confirmations = 0 });
        Sheets.AssertNone(string.Join('\n', await IngestDesk.DifferencesAsync(ChainId.Ethereum, anvil.Url.ToString(), store, first)));

        // The faucet had all it began with but what the first story took.
        Assert.Contains(store.Openings, opening => opening.Amount.ToBigInteger() > 900_000_000 * Ether);
        Assert.Equal(10 * Ether, theft.Amount);
    }

    [AnvilFact]
    public async Task A_reorganisation_is_rolled_back_and_goes_on()
    {
        await using AnvilNode anvil = await AnvilNode.StartAsync();
        Story story = new("reorganised", anvil.Chain);
        await story.StealAsync(10 * Ether);
        await story.PayAsync("one", "thief", "a mule", 4 * Ether);
        await story.PayAsync("two", "thief", "b mule", 4 * Ether);
        MemoryStore store = new();
        await IngestDesk.IngestAsync(ChainId.Ethereum, anvil.Url.ToString(), store, new IngestRequest { Confirmations = 0 });
        await anvil.Chain.RollBackAsync(2);
        await story.PayAsync("other", "thief", "c mule", 3 * Ether);
        IngestReport report = await IngestDesk.IngestAsync(
            ChainId.Ethereum, anvil.Url.ToString(), store, new IngestRequest { Confirmations = 0 });
        Assert.Equal((2UL, 1L), (report.RolledBack, report.Blocks));
        Sheets.AssertNone(string.Join('\n', await IngestDesk.DifferencesAsync(ChainId.Ethereum, anvil.Url.ToString(), store, 0)));

        MemoryStore undisturbed = new();
        await IngestDesk.IngestAsync(ChainId.Ethereum, anvil.Url.ToString(), undisturbed, new IngestRequest { Confirmations = 0 });
        Assert.Equal(undisturbed.BlocksOf(ChainId.Ethereum), store.BlocksOf(ChainId.Ethereum));
        Assert.Equal(undisturbed.MovementsOf(ChainId.Ethereum), store.MovementsOf(ChainId.Ethereum), MemoryStore.AreSame);
    }

    // A node that goes away at every request in turn: the store has whole blocks, and the next run goes on behind them.
    [AnvilFact]
    public async Task A_node_that_goes_away_leaves_whole_blocks()
    {
        await using AnvilNode anvil = await AnvilNode.StartAsync();
        Story story = new("gone", anvil.Chain);
        await story.StealAsync(10 * Ether);
        await story.PayAsync("on", "thief", "mule", 4 * Ether);
        MemoryStore undisturbed = new();
        await IngestDesk.IngestAsync(ChainId.Ethereum, anvil.Url.ToString(), undisturbed, new IngestRequest { Confirmations = 0 });
        int faults = 0;
        for (int at = 1; at < 20; at++)
        {
            await using FaultyNode node = new(anvil.Url);
            int when = at;
            node.Before = number => number >= when ? throw new IOException("gone") : Task.CompletedTask;
            MemoryStore store = new();
            try
            {
                await IngestDesk.IngestAsync(ChainId.Ethereum, node.Url.ToString(), store, new IngestRequest { Confirmations = 0 });
            }
            catch (SourceException)
            {
                faults++;
            }

            await IngestDesk.IngestAsync(ChainId.Ethereum, anvil.Url.ToString(), store, new IngestRequest { Confirmations = 0 });
            Assert.Equal(undisturbed.BlocksOf(ChainId.Ethereum), store.BlocksOf(ChainId.Ethereum));
            Assert.Equal(undisturbed.MovementsOf(ChainId.Ethereum), store.MovementsOf(ChainId.Ethereum), MemoryStore.AreSame);
        }

        Assert.True(faults > 8, $"{faults} faults");
    }
}
