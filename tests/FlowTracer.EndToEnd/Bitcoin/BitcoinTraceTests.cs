using System.Numerics;
using System.Text.Json.Nodes;
using FlowTracer.App.Sources;
using FlowTracer.App.Traces;
using FlowTracer.Core.Clustering;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Taint;
using FlowTracer.EndToEnd.Ethereum;

namespace FlowTracer.EndToEnd.Bitcoin;

/// <summary>The theft of <see cref="BitcoinTheft"/> traced at a real node's chain by every kind of source.</summary>
public sealed class BitcoinTraceTests(BitcoinTheft told) : IClassFixture<BitcoinTheft>
{
    // 0.0001 for each of four peels.
    private const int PeelFees = 40_000;

    public static TheoryData<string, string> SourcesAndPolicies()
    {
        TheoryData<string, string> cases = [];
        foreach (string source in new[] { "node", "esplora", "electrum", "files" })
        {
            foreach (ITaintPolicy policy in TaintPolicies.All)
            {
                cases.Add(source, policy.Name);
            }
        }

        return cases;
    }

    [BcoinTheory]
    [MemberData(nameof(SourcesAndPolicies))]
    public async Task Every_source_tells_the_sheet_worked_out_by_hand(string source, string policy)
    {
        using LiveTrace trace = await TraceAsync(source, request => request with { Policy = TaintPolicies.Find(policy)! });
        if (policy == "poison")
        {
            // Marked: every coin that a stolen satoshi reached, whole, and the fees of their payments, whole.
            Assert.Equal(50_000_000 + 70_000_000 + 20_000_000 + 599_980_000, trace.Sink("held"));
            Assert.Equal(PeelFees + 20_000, trace.Sink("fee"));
            Assert.Equal(110_000_000, trace.Sink("mixer"));
            return;
        }

        // The hoard is made of 150,040,000 clean and then 449,960,000 stolen, and pays 20,000 as the last taker.
        (BigInteger hoard, BigInteger fee) = policy switch
        {
            // What came first leaves first: the fee takes the last of the stolen.
            "fifo" => (449_940_000, 20_000),
            // What came last leaves first: all that is stolen goes into the hoard, and the fee is clean.
            "lifo" or "pifo" or "tiho" => (449_960_000, 0),
            // Clean leaves first: the fee takes stolen money.
            "libr" => (449_940_000, 20_000),
            // 449,960,000 × 599,980,000 / 600,000,000 = 449,945,001.33; of clean 150,034,998.67, which takes the odd unit.
            "haircut" => (449_945_001, 14_999),
            _ => throw new ArgumentOutOfRangeException(nameof(policy), policy, "no sheet was worked out"),
        };
        Assert.Equal(50_000_000 + 70_000_000 + 20_000_000 + hoard, trace.Sink("held"));
        Assert.Equal(PeelFees + fee, trace.Sink("fee"));
        Assert.Equal(110_000_000, trace.Sink("mixer"));
        Assert.Equal(700_000_000, trace.Sheet().Aggregate(BigInteger.Zero, static (sum, row) => sum + row.Amount));
    }

    [BcoinFact]
    public async Task All_sources_give_the_same_answer()
    {
        string first = Comparable(await JsonAsync("node", static request => request));
        foreach (string source in told.Sources.Keys)
        {
            Assert.Equal(first, Comparable(await JsonAsync(source, static request => request)));
        }
    }

    [BcoinTheory]
    [InlineData("node")]
    [InlineData("esplora")]
    [InlineData("files")]
    public async Task Followed_fees_come_to_the_coinbases_of_their_blocks(string source)
    {
        using LiveTrace trace = await TraceAsync(source, static request => request with { FollowsFees = true });
        Assert.Equal(0, trace.Sink("fee"));
        Assert.Equal(50_000_000 + 70_000_000 + 20_000_000 + 449_940_000 + PeelFees + 20_000, trace.Sink("held"));
        string[] miners = [.. trace.Root.GetProperty("nodes").EnumerateArray()
            .Where(static node => node.GetProperty("address").ToString() == BitcoinTestChain.Miner.Address && node.GetProperty("holdings").GetArrayLength() > 0)
            .Select(static node => node.GetProperty("holdings")[0].GetProperty("amount").GetString()!).Order()];
        Assert.Equal(["10000", "10000", "10000", "10000", "20000"], miners);
    }

    [BcoinFact]
    public async Task A_server_that_cannot_tell_a_block_s_fees_leaves_them_at_the_edge()
    {
        using LiveTrace trace = await TraceAsync("electrum", static request => request with { FollowsFees = true });
        Assert.Equal(PeelFees + 20_000, trace.Sink("edge"));
    }

    [BcoinFact]
    public async Task Through_a_CoinJoin_every_link_is_a_hypothesis()
    {
        using LiveTrace trace = await TraceAsync("node", static request => request with { ThroughCoinJoins = true });
        Assert.Equal(0, trace.Sink("mixer"));

        // First in, first out: the first equal output has 1 of the taker's 1.1, the second the rest; the first was spent on.
        Assert.Equal(50_000_000 + 70_000_000 + 20_000_000 + 449_940_000 + (100_000_000 - 10_000) + 10_000_000, trace.Sink("held"));
        Assert.Equal(PeelFees + 20_000 + 10_000, trace.Sink("fee"));
        string[] grades = [.. trace.Root.GetProperty("hops").EnumerateArray()
            .Where(hop => hop.GetProperty("tx_hash").GetString() == told.Round.Id).Select(static hop => hop.GetProperty("grade").GetString()!).Distinct()];
        Assert.Equal(["hypothesis"], grades);
        Assert.Contains(
            trace.Root.GetProperty("assumptions").EnumerateArray(),
            static assumption => assumption.GetProperty("kind").GetString() == "coinjoin");
    }

    // From the coin that the round made, and from the one that its spender made.
    [BcoinTheory]
    [InlineData(false, 100_000_000)]
    [InlineData(true, 99_990_000)]
    public async Task Backward_what_came_out_of_a_CoinJoin_began_there(bool oneLater, int sats)
    {
        string subject = $"{(oneLater ? told.After : told.Round).Id}:0";
        using LiveTrace trace = await TraceAsync("node", request => request with { Subject = subject, Direction = Direction.Backward });
        Assert.Equal([("mixer", "CoinJoin (JoinMarket)", new BigInteger(sats))], trace.Sheet());
        Assert.Contains(
            trace.Root.GetProperty("assumptions").EnumerateArray(),
            static assumption => assumption.GetProperty("kind").GetString() == "coinjoin");
        using LiveTrace through = await TraceAsync("node", request => request with
        {
            Subject = subject,
            Direction = Direction.Backward,
            ThroughCoinJoins = true,
        });
        Assert.Equal(0, through.Sink("mixer"));
        Assert.All(
            through.Root.GetProperty("hops").EnumerateArray().Where(hop => hop.GetProperty("tx_hash").GetString() == told.Round.Id),
            static hop => Assert.Equal("hypothesis", hop.GetProperty("grade").GetString()));
    }

    [BcoinFact]
    public async Task Without_heuristics_a_CoinJoin_is_a_transaction_like_any_other()
    {
        using LiveTrace trace = await TraceAsync("node", static request => request with { Heuristics = HeuristicSet.None });
        Assert.Equal(0, trace.Sink("mixer"));
        Assert.False(trace.Root.TryGetProperty("patterns", out _));
    }

    [BcoinFact]
    public async Task The_peels_are_one_line_with_every_recipient_and_amount()
    {
        using LiveTrace trace = await TraceAsync("node", static request => request);
        var chain = trace.Root.GetProperty("patterns").GetProperty("peel_chains").EnumerateArray().Single();
        Assert.Equal(told.Theft.Outputs[0].ToString(), chain.GetProperty("start").GetProperty("coin").GetString());
        Assert.Equal(told.Peels[^1].Outputs[1].ToString(), chain.GetProperty("end").GetProperty("coin").GetString());
        Assert.Equal(
            told.Peels.Select(static peel => (peel.Outputs[0].Owner!.Address, peel.Outputs[0].Sats.ToString(System.Globalization.CultureInfo.InvariantCulture))),
            chain.GetProperty("steps").EnumerateArray().Select(static step => (
                step.GetProperty("peeled").GetProperty("address").GetString()!, step.GetProperty("peeled").GetProperty("amount").GetString()!)));
        Assert.Equal("40000", chain.GetProperty("fees").GetString());
    }

    [BcoinTheory]
    [InlineData("node")]
    [InlineData("esplora")]
    [InlineData("electrum")]
    [InlineData("files")]
    public async Task Backward_from_the_hoard_the_money_comes_from_the_victim_and_a_stranger(string source)
    {
        using LiveTrace trace = await TraceAsync(source, request => request with
        {
            Subject = $"{told.Merge.Id}:0",
            Direction = Direction.Backward,
        });
        Assert.Equal(599_980_000, trace.Sheet().Aggregate(BigInteger.Zero, static (sum, row) => sum + row.Amount));

        // Both lead back to coins that were mined.
        Assert.Equal(599_980_000, trace.Sink("edge"));
    }

    [BcoinTheory]
    [InlineData("esplora")]
    [InlineData("electrum")]
    [InlineData("files")]
    public async Task An_address_is_traced_coin_by_coin(string source)
    {
        TestWallet ana = told.Peels[0].Outputs[0].Owner!;
        using LiveTrace trace = await TraceAsync(source, request => request with { Subject = ana.Address });
        Assert.Equal([("held", "", new BigInteger(50_000_000))], trace.Sheet());
        using LiveTrace thiefs = await TraceAsync(source, request => request with { Subject = told.Theft.Outputs[0].Owner!.Address });
        Assert.Equal(700_000_000, thiefs.Sheet().Aggregate(BigInteger.Zero, static (sum, row) => sum + row.Amount));
    }

    [BcoinFact]
    public async Task Two_sources_of_different_kinds_are_compared_and_agree()
    {
        using TemporaryFolder cache = new();
        await using TraceCase opened = await Desk.OpenAsync(Request([told.Sources["esplora"], told.Sources["electrum"]], cache, crossCheck: true));
        await TraceDesk.RunAsync(opened, TaintPolicies.Fifo, null, CancellationToken.None);
        Assert.True(opened.Live!.CrossCheck!.Checked > 20, $"{opened.Live.CrossCheck.Checked} answers were compared");
        Assert.Empty(opened.Live.CrossCheck.Disagreements);
    }

    [BcoinFact]
    public async Task A_second_trace_asks_nobody_and_says_the_same()
    {
        using TemporaryFolder cache = new();
        foreach (string source in told.Sources.Values)
        {
            TraceRequest request = Request([source], cache);
            string first = await Desk.JsonAsync(request);
            string again = await Desk.JsonAsync(request with { Source = request.Source! with { Offline = true } });
            Assert.Equal(first, again);
        }
    }

    private async Task<LiveTrace> TraceAsync(string source, Func<TraceRequest, TraceRequest> with) => new(await JsonAsync(source, with));

    private async Task<string> JsonAsync(string source, Func<TraceRequest, TraceRequest> with)
    {
        using TemporaryFolder cache = new();
        return await Desk.JsonAsync(with(Request([told.Sources[source]], cache)));
    }

    private TraceRequest Request(IReadOnlyList<string> sources, TemporaryFolder cache, bool crossCheck = false) => new()
    {
        Subject = $"{told.Theft.Id}:0",
        Chain = ChainId.BitcoinRegtest,
        Source = new SourceRequest { Sources = sources, Confirmations = 0, CacheFolder = cache.Path, CrossCheck = crossCheck },
    };

    // How the facts were found is the source's own; everything else is the chain's.
    private static string Comparable(string json)
    {
        JsonNode trace = JsonNode.Parse(json)!;
        foreach (JsonNode? assumption in trace["assumptions"]!.AsArray().Where(static one => (string)one!["kind"]! == "coverage"))
        {
            assumption!["text"] = string.Empty;
        }

        return trace.ToJsonString();
    }
}
