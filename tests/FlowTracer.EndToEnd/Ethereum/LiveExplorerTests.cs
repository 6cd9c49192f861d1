using System.Numerics;
using FlowTracer.Core.Ports;

namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>Every scenario comes to its sheet from explorers too, alone and beside a node that has no index.</summary>
public sealed class LiveExplorerTests(ToldChain told) : IClassFixture<ToldChain>
{
    private const string Key = "ABCDEF0123456789";

    // What changes without a log only old balances tell.
    private static readonly string[] Silent = ["silent fee on transfer", "rebasing token"];

    [AnvilTheory]
    [InlineData(10_000)]
    [InlineData(52)]
    public async Task Etherscan_alone_is_enough(int windowRows)
    {
        await using ExplorerServer explorer = new(told.Node.Url) { RequiredKey = Key, WindowRows = windowRows };
        Sheets.AssertNone(await Sheets.FaultsAsync(But(Silent), WithKey(explorer)));
        await AssertSilenceIsSaidAsync(WithKey(explorer));
    }

    [AnvilTheory]
    [InlineData(10_000)]
    [InlineData(52)]
    public async Task Blockscout_alone_is_enough(int windowRows)
    {
        await using ExplorerServer explorer = new(told.Node.Url, ExplorerKind.Blockscout) { WindowRows = windowRows };
        Sheets.AssertNone(await Sheets.FaultsAsync(told.Told, explorer.Url));
    }

    // The airdrops put fifty rows of one account in one block, and pay fifty times inside one transaction;
    // three rows of one account in a block are not rare.
    [AnvilTheory]
    [InlineData(3)]
    [InlineData(7)]
    public async Task A_window_is_paged_through_and_what_overflows_one_is_said_to(int windowRows)
    {
        await using ExplorerServer explorer = new(told.Node.Url) { RequiredKey = Key, WindowRows = windowRows };
        List<string> overflowing = [];
        foreach ((string name, Scenario scenario) in But(Silent))
        {
            using Desk desk = new();
            try
            {
                using LiveTrace trace = await Desk.TraceAsync(desk.Request(scenario.Theft, WithKey(explorer)));
                Assert.Null(Sheets.FaultOf(scenario, trace));
            }
            catch (SourceException refused)
            {
                Assert.Contains("alone has more rows", refused.Message, StringComparison.Ordinal);
                Assert.DoesNotContain(Key, refused.Message, StringComparison.Ordinal);
                overflowing.Add(name);
            }
        }

        Assert.Empty(((string[])["airdrop", "coin airdrop"]).Except(overflowing));
        Assert.Empty(overflowing.Intersect(windowRows == 7
            ? told.Told.Keys.Except(["airdrop", "coin airdrop"])
            : ["plain hops", "stored splitter", "wrap", "mixer", "delegatecall", "self-destruct", "bridge", "equal symbols", "poisoning"]));
    }

    [AnvilFact]
    public async Task Refusals_for_too_many_requests_are_waited_out()
    {
        await using ExplorerServer explorer = new(told.Node.Url) { RequiredKey = Key, RefuseEvery = 9 };
        string[] some = ["plain hops", "aggregator", "mixer", "self-destruct"];
        Sheets.AssertNone(await Sheets.FaultsAsync(told.Told.Where(one => some.Contains(one.Key)), WithKey(explorer)));
    }

    [AnvilTheory]
    [InlineData(nameof(ExplorerKind.Etherscan), false)]
    [InlineData(nameof(ExplorerKind.Etherscan), true)]
    [InlineData(nameof(ExplorerKind.Blockscout), false)]
    public async Task A_node_without_an_index_has_that_of_an_explorer(string kind, bool isPruned)
    {
        await using ExplorerServer explorer = new(told.Node.Url, Enum.Parse<ExplorerKind>(kind)) { RequiredKey = Key };
        await using FaultyNode node = new FaultyNode(told.Node.Url).Without("trace_*", "ots_*", "debug_*");
        if (isPruned)
        {
            node.Add(Fault.PrunedState(10));
        }

        Sheets.AssertNone(await Sheets.FaultsAsync(isPruned ? But(Silent) : told.Told, node.Url, WithKey(explorer)));
        Assert.True(explorer.Requests > 0, "the explorer was not asked");
        Assert.True(node.CallsOf("eth_getLogs") > 0, "the node was not asked");
    }

    [AnvilFact]
    public async Task An_explorer_that_does_not_say_its_chain_is_asked_to_be_told()
    {
        await using ExplorerServer explorer = new(told.Node.Url) { RequiredKey = Key };
        using Desk desk = new();
        Uri first = new(explorer.Url, $"/api?apikey={Key}");
        SourceException refused = await Assert.ThrowsAsync<SourceException>(
            () => Desk.TraceAsync(desk.Request(told.Told["plain hops"].Theft, first)));
        Assert.Contains("add chainid=", refused.Message, StringComparison.Ordinal);
    }

    private IEnumerable<KeyValuePair<string, Scenario>> But(string[] names) => told.Told.Where(one => !names.Contains(one.Key));

    // The balances after the last block are known: what is missing there is a gap of that amount.
    private async Task AssertSilenceIsSaidAsync(params Uri[] sources)
    {
        foreach (string name in Silent)
        {
            using Desk desk = new();
            using LiveTrace trace = await Desk.TraceAsync(desk.Request(told.Told[name].Theft, sources));
            Assert.Equal(told.Told[name].Vanished, trace.Gaps().Aggregate(BigInteger.Zero, (sum, gap) => sum + gap.Amount));
            Assert.All(trace.Gaps(), gap => Assert.Equal("balance-mismatch", gap.Kind));
        }
    }

    private static Uri WithKey(ExplorerServer explorer) => new($"{explorer.Url}?chainid=1&apikey={Key}");
}
