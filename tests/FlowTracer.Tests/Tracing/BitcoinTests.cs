using System.Collections.Immutable;
using FlowTracer.Chains.Recorded;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Taint;
using FlowTracer.Core.Tracing;
using static FlowTracer.Tests.Tracing.Facts;

namespace FlowTracer.Tests.Tracing;

/// <summary>Coins, fees and coinbases, where the reference does not look: at the graph, the port and large transactions.</summary>
public sealed class BitcoinTests
{
    private static readonly ChainId Bitcoin = ChainId.Bitcoin;

    [Fact]
    public void A_fee_is_what_a_transactions_inputs_have_more()
    {
        Movement paying = Spend(5, [Coin(1, 0, 10)], [Coin(5, 0, 7)]);
        Assert.Equal(new Leg(Holder.FeeOf(Bitcoin, Tx(5)), 3), paying.Fee);
        Assert.Null(Spend(5, [Coin(1, 0, 10)], [Coin(5, 0, 10)]).Fee);
        Assert.Null(Transfer(1, 1, 2, 5).Fee);
        Assert.True(paying.Fee!.Value.Holder.IsFee);
        Assert.False(paying.Inputs[0].Holder.IsFee);
        Assert.Equal($"{Tx(5).ToString(ChainFamily.Utxo)}:fee", paying.Fee.Value.Holder.ToString());
        Assert.Equal((3, -10, 7), (paying.NetOf(paying.Fee.Value.Holder), paying.NetOf(Coin(1, 0, 10).Holder), paying.NetOf(Coin(5, 0, 7).Holder)));
    }

    [Fact]
    public void Only_a_coinbase_takes_fees_in()
    {
        Leg fee = new(Holder.FeeOf(Bitcoin, Tx(5)), 3);
        Assert.Throws<ArgumentException>(() => Spend(6, [fee], [Coin(6, 0, 3)]));
        Assert.Throws<ArgumentException>(() => Spend(6, [Coin(1, 0, 3)], [fee]));
        Assert.Throws<ArgumentException>(() => Mint(6, [Coin(1, 0, 3)], [Coin(6, 0, 3)]));
        Assert.Equal(fee, Assert.Single(Mint(6, [fee], [Coin(6, 0, 50)]).Inputs));
    }

    [Fact]
    public void A_coinbase_stands_behind_its_block_and_before_the_next()
    {
        Assert.True(new Position(7, 4000, 1).CompareTo(Position.OfCoinbase(7)) < 0);
        Assert.True(Position.OfCoinbase(7).CompareTo(new Position(8, 0, 0)) < 0);
    }

    [Fact]
    public async Task A_fee_that_is_followed_goes_through_a_node_of_its_own_to_the_miners_coin()
    {
        Movement theft = Mint(1, [], [Coin(1, 0, 10)]);
        Movement paying = Spend(2, [Coin(1, 0, 10)], [Coin(2, 0, 7)], block: 3);
        Movement coinbase = Mint(3, [paying.Fee!.Value], [Coin(3, 0, 53)]);
        Trace trace = await Run([theft, paying, coinbase], TaintPolicies.Fifo, followFees: true, theft);
        string fee = $"bitcoin:{Tx(2).ToString(ChainFamily.Utxo)}:fee";
        string minting = $"bitcoin:tx:{Tx(3).ToString(ChainFamily.Utxo)}";
        Assert.Equal(
            [
                $"bitcoin:issuance > {Node(1, 0)} 10 of 10", $"{Node(1, 0)} > {Node(2, 0)} 7 of 7", $"{Node(1, 0)} > {fee} 3 of 3",
                $"{fee} > {minting} 3 of 3", $"{minting} > {Node(3, 0)} 3 of 53",
            ],
            Hops(trace));
        Assert.Equal(NodeKind.Outside, Assert.Single(trace.Nodes, node => node.Id == fee).Kind);
        Assert.Equal(["edge 10"], Sinks(trace));
    }

    [Fact]
    public async Task A_fee_that_is_not_followed_ends_whether_or_not_the_coinbase_states_it()
    {
        Movement theft = Mint(1, [], [Coin(1, 0, 10)]);
        Movement paying = Spend(2, [Coin(1, 0, 10)], [Coin(2, 0, 7)], block: 3);
        Movement coinbase = Mint(3, [paying.Fee!.Value], [Coin(3, 0, 53)]);
        Trace trace = await Run([theft, paying, coinbase], TaintPolicies.Fifo, followFees: false, theft);
        Assert.Equal(["fee 3", "edge 7"], Sinks(trace));
        Assert.DoesNotContain(trace.Nodes, node => node.Id == Node(3, 0));
    }

    // A limit of one hop lets the miner's coin in, as it does the transaction's own output: the fee is no hop.
    [Theory]
    [InlineData(1, "edge 10")]
    [InlineData(0, "cut hops 10")]
    public async Task A_fee_is_no_hop(int hops, string sink)
    {
        Movement theft = Mint(1, [], [Coin(1, 0, 10)]);
        Movement paying = Spend(2, [Coin(1, 0, 10)], [Coin(2, 0, 7)], block: 3);
        Movement coinbase = Mint(3, [paying.Fee!.Value], [Coin(3, 0, 53)]);
        Trace trace = await Run([theft, paying, coinbase], TaintPolicies.Fifo, followFees: true, theft, new Limits { Hops = hops });
        Assert.Equal([sink], Sinks(trace));
    }

    /// <summary>
    /// A stolen and a clean coin of 5,000 are each split into as many; all are joined, alternately, in one transaction of
    /// 10,000 inputs, split into 2,500, joined and halved. 10,000 lots go through four transactions.
    /// </summary>
    [Theory]
    [InlineData("fifo", 2_500)]
    [InlineData("lifo", 2_500)]
    [InlineData("pifo", 5_000)]
    [InlineData("libr", 0)]
    [InlineData("tiho", 5_000)]
    [InlineData("haircut", 2_500)]
    public async Task Transactions_of_ten_thousand_coins(string policy, int inTheFirstHalf)
    {
        const int half = 5_000;
        Leg[] stolen = [.. Enumerable.Range(0, half).Select(i => Coin(3, i, 1))];
        Leg[] clean = [.. Enumerable.Range(0, half).Select(i => Coin(4, i, 1))];
        Leg[] parts = [.. Enumerable.Range(0, half / 2).Select(i => Coin(6, i, 4))];
        Movement theft = Mint(1, [], [Coin(1, 0, half)]);
        Movement[] record =
        [
            theft,
            Mint(2, [], [Coin(2, 0, half)]),
            Spend(3, [Coin(1, 0, half)], stolen),
            Spend(4, [Coin(2, 0, half)], clean),
            Spend(5, [.. stolen.Zip(clean, static (a, b) => new[] { a, b }).SelectMany(static pair => pair)], [Coin(5, 0, 2 * half)]),
            Spend(6, [Coin(5, 0, 2 * half)], parts),
            Spend(7, parts, [Coin(7, 0, 2 * half)]),
            Spend(8, [Coin(7, 0, 2 * half)], [Coin(8, 0, half), Coin(8, 1, half)]),
        ];
        Limits limits = new() { SmallestLot = ImmutableSortedDictionary<Asset, Amount>.Empty.Add(Asset.Coin(Bitcoin), 1) };
        Trace trace = await Run(record, TaintPolicies.Find(policy)!, followFees: false, theft, limits);
        Assert.Equal([$"edge {half}"], Sinks(trace));
        Dictionary<string, Amount> held = trace.Nodes.Where(static node => !node.Holdings.IsEmpty)
            .ToDictionary(static node => node.Id, static node => node.Holdings.Single().Amount);
        Assert.Equal((Amount)(ulong)inTheFirstHalf, held.GetValueOrDefault(Node(8, 0)));
        Assert.Equal((Amount)(ulong)(half - inTheFirstHalf), held.GetValueOrDefault(Node(8, 1)));
    }

    // --- helpers ----------------------------------------------------------------------------------------------------

    private static Leg Coin(int tx, int index, ulong amount) =>
        new(Holder.Output(Bitcoin, new OutPoint(Tx(tx), (uint)index), default), amount);

    private static string Node(int tx, int index) => $"bitcoin:{Tx(tx).ToString(ChainFamily.Utxo)}:{index}";

    private static Movement Spend(int tx, Leg[] inputs, Leg[] outputs, int? block = null) => Movement.Create(
        MovementKind.Transaction, Grade.Recorded, new Position((ulong)(block ?? tx), 1, 1), Stamp(block ?? tx, 1), Tx(tx),
        "test", [.. inputs], [.. outputs]);

    private static Movement Mint(int block, Leg[] fees, Leg[] outputs) => Movement.Create(
        MovementKind.Reward, Grade.Recorded, Position.OfCoinbase((ulong)block), Stamp(block, 0), Tx(block), "test",
        [.. fees], [.. outputs]);

    private static Stamp Stamp(int block, uint index) => new((ulong)block, null, index, block * 600);

    private static Task<Trace> Run(
        Movement[] record, ITaintPolicy policy, bool followFees, Movement theft, Limits? limits = null)
    {
        TraceQuestion question = new(
            [TransferSeed.Create(theft, 0, theft.Outputs[0].Amount)], policy, Direction.Forward, limits ?? Limits.None, [])
        {
            FollowFees = followFees,
        };
        return new Tracer(new RecordedSource(record, []), new FewTags(), FetchOptions.Default).RunAsync(question, null, default);
    }

    private static IEnumerable<string> Hops(Trace trace) => trace.Hops.Select(hop =>
        $"{trace.Nodes[hop.From].Id} > {trace.Nodes[hop.To].Id} {hop.Lots.Single().Amount} of {hop.Amount}");

    private static IEnumerable<string> Sinks(Trace trace) => trace.Balance.Single().Sinks
        .Select(sink => $"{sink.Kind.Word()} {(sink.Name.Length > 0 ? sink.Name + " " : "")}{sink.Amount}");
}
