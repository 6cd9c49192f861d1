using System.Numerics;
using FlowTracer.App.Traces;
using FlowTracer.Core.Ports;

namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>Where did it come from, asked of real nodes: the forward trace's way, walked back.</summary>
public sealed class LiveBackwardTests(ToldChain told) : IClassFixture<ToldChain>
{
    public static TheoryData<string> Kinds => [.. SourceKinds.All.Keys];

    // The pool paid 0.95 ETH to the fresh address and 0.05 to its relayer: what fresh got came out of the pool.
    [AnvilTheory]
    [MemberData(nameof(Kinds))]
    public async Task A_withdrawal_leads_back_to_the_mixers_pool(string kind)
    {
        Scenario scenario = told.Told["mixer"];
        using LiveTrace trace = await TraceAsync(kind, scenario.Accounts["fresh"]);
        BigInteger paid = 95 * TestChain.Ether / 100;
        Assert.Equal(("mixer", paid), trace.Sheet().Select(row => (row.Kind, row.Amount)).Single());
        Assert.Equal(Scenarios.MixerPool, Assert.Single(trace.AtRest()).Holder);
        Assert.Empty(trace.Gaps());
    }

    // Shop had 1 ETH of the mule, who had 4 of the thief, who had 10 of the victim, who had them of the faucet.
    [AnvilTheory]
    [MemberData(nameof(Kinds))]
    public async Task What_a_shop_got_leads_back_through_the_theft(string kind)
    {
        Scenario scenario = told.Told["plain hops"];
        using LiveTrace trace = await TraceAsync(kind, scenario.Accounts["shop"]);
        string[] hops = [.. trace.Root.GetProperty("hops").EnumerateArray().Select(hop => hop.GetProperty("tx_hash").GetString()!)];
        Assert.Contains(scenario.Theft.Transaction, hops);
        Assert.Contains(scenario.Transactions["to the mule"].Hash, hops);
        Assert.Contains(scenario.Transactions["to the shop"].Hash, hops);
        Assert.Equal([new AtRest(TestChain.Faucet, "eth", TestChain.Ether, TestChain.Ether)], trace.AtRest());
        Assert.Empty(trace.Gaps());
    }

    private async Task<LiveTrace> TraceAsync(string kind, string address)
    {
        await using FaultyNode node = new FaultyNode(told.Node.Url).Without(SourceKinds.All[kind]);
        using Desk desk = new();
        TraceRequest request = desk.Request(address, node.Url) with { Direction = Direction.Backward, Asset = "ETH" };
        return await Desk.TraceAsync(request);
    }
}
