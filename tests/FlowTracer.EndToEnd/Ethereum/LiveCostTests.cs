namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>
/// What a trace may cost, in rounds and calls (docs/performance.md has the seconds): rounds grow with the depth of the
/// flow and not with its width, and calls with the changes that are looked for and not with the blocks.
/// </summary>
public sealed class LiveCostTests
{
    [AnvilTheory]
    [InlineData("trace_filter")]
    [InlineData("otterscan")]
    [InlineData("archive with callTracer")]
    [InlineData("plain archive")]
    public async Task Rounds_grow_with_depth_and_not_with_width(string kind)
    {
        const int depth = 4;
        await using AnvilNode node = await AnvilNode.StartAsync();
        string narrow = await LiveCost.LayersAsync(node.Chain, 1, 1);
        string wide = await LiveCost.LayersAsync(node.Chain, depth, 25);
        await node.Chain.MineAsync(200);
        Cost one = await LiveCost.MeasureAsync(node.Url, kind, narrow, TimeSpan.FromMilliseconds(20));
        Cost all = await LiveCost.MeasureAsync(node.Url, kind, wide, TimeSpan.FromMilliseconds(20));
        Assert.True(all.Rounds <= 3 * depth * one.Rounds, $"{all} for depth {depth}, {one} for one address");
    }

    [AnvilFact]
    public async Task Bisecting_asks_for_the_logarithm_of_what_lies_between()
    {
        const int blocks = 1024; // Anvil keeps the state of some 3,500
        await using AnvilNode node = await AnvilNode.StartAsync();
        foreach (int sent in (int[])[1, 8, 64])
        {
            string theft = await LiveCost.SpenderAsync(node.Chain, sent, blocks);
            await using FaultyNode proxy = new FaultyNode(node.Url).Without(SourceKinds.All["plain archive"]);
            using Desk desk = new();
            using LiveTrace trace = await Desk.TraceAsync(desk.Request(theft, proxy.Url));
            int total = (int)await node.Chain.HeadAsync();

            // Two accounts, spender and paid, change k times each; a search halves what lies between, and asks thrice for two
            // halvings at once. Counts and balances are asked of both.
            double bound = 2 * 1.5 * sent * (Math.Log2((double)total / sent) + 4);
            Assert.InRange(proxy.CallsOf("eth_getTransactionCount"), 2 * sent, bound);
            Assert.InRange(proxy.CallsOf("eth_getBalance"), 2 * sent, bound);
        }
    }
}
