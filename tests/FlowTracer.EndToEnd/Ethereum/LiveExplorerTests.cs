using FlowTracer.Chains.Rpc;

namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>Every scenario comes to its sheet from explorers too, alone and beside a node that has no index.</summary>
public sealed class LiveExplorerTests(ToldChain told) : IClassFixture<ToldChain>
{
    private const string Key = "ABCDEF0123456789";

    [AnvilTheory]
    [InlineData(10_000)]
    [InlineData(51)]
    public async Task Etherscan_alone_is_enough(int windowRows)
    {
        await using ExplorerServer explorer = new(told.Node.Url) { RequiredKey = Key, WindowRows = windowRows };
        Assert.Equal(string.Empty, await Sheets.FaultsAsync(told.Told, WithKey(explorer)));
    }

    [AnvilTheory]
    [InlineData(10_000)]
    [InlineData(51)]
    public async Task Blockscout_alone_is_enough(int windowRows)
    {
        await using ExplorerServer explorer = new(told.Node.Url, ExplorerKind.Blockscout) { WindowRows = windowRows };
        Assert.Equal(string.Empty, await Sheets.FaultsAsync(told.Told, explorer.Url));
    }

    // The airdrops put fifty rows of one account in one block: more than such a window shows. All others fit.
    [AnvilTheory]
    [InlineData(3)]
    [InlineData(7)]
    public async Task Small_windows_are_paged_through_and_a_block_that_overflows_one_is_said_to(int windowRows)
    {
        await using ExplorerServer explorer = new(told.Node.Url) { RequiredKey = Key, WindowRows = windowRows };
        string[] tooWide = ["airdrop", "coin airdrop"];
        Dictionary<string, Scenario> others = told.Told.Where(one => !tooWide.Contains(one.Key)).ToDictionary();
        Assert.Equal(string.Empty, await Sheets.FaultsAsync(others, WithKey(explorer)));
        foreach (string name in tooWide)
        {
            using Desk desk = new();
            SourceException refused = await Assert.ThrowsAsync<SourceException>(
                () => Desk.TraceAsync(desk.Request(told.Told[name].Theft, WithKey(explorer))));
            Assert.Contains("alone has more rows", refused.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(Key, refused.Message, StringComparison.Ordinal);
        }
    }

    [AnvilFact]
    public async Task Refusals_for_too_many_requests_are_waited_out()
    {
        await using ExplorerServer explorer = new(told.Node.Url) { RequiredKey = Key, RefuseEvery = 9 };
        string[] some = ["plain hops", "aggregator", "mixer", "self-destruct"];
        Assert.Equal(string.Empty, await Sheets.FaultsAsync(told.Told.Where(one => some.Contains(one.Key)), WithKey(explorer)));
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

        Assert.Equal(string.Empty, await Sheets.FaultsAsync(told.Told, node.Url, WithKey(explorer)));
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

    private static Uri WithKey(ExplorerServer explorer) => new($"{explorer.Url}?chainid=1&apikey={Key}");
}
