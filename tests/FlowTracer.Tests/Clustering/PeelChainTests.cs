using System.Collections.Immutable;
using FlowTracer.Core.Clustering;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Clustering;

/// <summary>Peel chains: found, followed to their end, and exact.</summary>
public sealed class PeelChainTests
{
    // A coin of 1,000,000. Step 1 pays 100,000 and 500 fee, step 2 pays 200,000 and 400, step 3 pays 50,000 and 300:
    // 350,000 peeled off, 1,200 in fees, 648,800 left.
    private static readonly ImmutableArray<CoinTransaction> Chain =
    [
        Step(1, new OutPoint(Sample.Id(99), 0), 1_000_000, peeled: 100_000, kept: 899_500, keptIndex: 1),
        Step(2, new OutPoint(Sample.Id(1), 1), 899_500, peeled: 200_000, kept: 699_100, keptIndex: 0),
        Step(3, new OutPoint(Sample.Id(2), 0), 699_100, peeled: 50_000, kept: 648_800, keptIndex: 1),
    ];

    private static readonly HeuristicSet Larger = HeuristicSet.Parse("peel-chain");

    [Fact]
    public void A_chain_is_one_line_whose_sums_are_exact()
    {
        PeelChain chain = Assert.Single(PeelChains.FindAll(Chain.Reverse(), PeelRules.Default, HeuristicSet.Default));

        Assert.Equal((new OutPoint(Sample.Id(99), 0), 1_000_000UL), (chain.Start.Coin, chain.Start.Sats));
        Assert.Equal((new OutPoint(Sample.Id(3), 1), 648_800UL), (chain.End.Coin, chain.End.Sats));
        Assert.Equal((350_000UL, 1_200UL, 0UL), (chain.PeeledSats, chain.FeeSats, chain.JoinedSats));
        Assert.Equal([100_000UL, 200_000, 50_000], chain.Steps.Select(step => step.Peeled.Sats));
        Assert.Equal(
            [Sample.Segwit(101), Sample.Segwit(102), Sample.Segwit(103)], chain.Steps.Select(step => step.Peeled.Address));
        Assert.Equal([500UL, 400, 300], chain.Steps.Select(step => step.FeeSats));
        Assert.Contains("3 steps peel off 350000 sat, pay 1200 sat in fees", chain.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_chain_shorter_than_asked_for_is_none()
    {
        Assert.Empty(PeelChains.FindAll(Chain[..2], PeelRules.Default, Larger));
        Assert.Single(PeelChains.FindAll(Chain[..2], new PeelRules(MinSteps: 2), Larger));
        Assert.Empty(PeelChains.FindAll(Chain, new PeelRules(MinSteps: 4), Larger));
        Assert.Empty(PeelChains.FindAll(Chain, PeelRules.Default, HeuristicSet.Default.Except(Heuristic.PeelChain)));
    }

    [Fact]
    public void A_chain_is_followed_from_any_of_its_coins()
    {
        CoinTransaction? SpenderOf(OutPoint coin) => Chain.SingleOrDefault(step => step.Inputs[0].Coin == coin);

        PeelChain chain = PeelChains.Follow(new OutPoint(Sample.Id(1), 1), SpenderOf, new PeelRules(MinSteps: 2), Larger)!;

        Assert.Equal([Sample.Id(2), Sample.Id(3)], chain.Steps.Select(step => step.Transaction));
        Assert.Null(PeelChains.Follow(new OutPoint(Sample.Id(1), 0), SpenderOf, new PeelRules(MinSteps: 1), Larger));
    }

    // No chain of transactions can come back to itself; an answer that is made up can.
    [Fact]
    public void An_answer_that_runs_in_a_circle_ends()
    {
        CoinSide coin = new(new OutPoint(Sample.Id(1), 1), Sample.Segwit(1), 900);
        CoinTransaction circle = Sample.Tx(1, [coin], [(Sample.Segwit(2), 100), (Sample.Segwit(1), 800)]);

        Assert.Single(PeelChains.Follow(coin.Coin, _ => circle, new PeelRules(MinSteps: 1), Larger)!.Steps);
        Assert.Single(PeelChains.FindAll([circle, Chain[0], Chain[1], Chain[2]], PeelRules.Default, Larger));
    }

    [Fact]
    public void What_is_no_step_is_told_from_one()
    {
        OutPoint coin = new(Sample.Id(99), 0);
        Address[] payees = [Sample.Segwit(1), Sample.Segwit(2), Sample.Segwit(3)];
        CoinSide[] one = [new CoinSide(coin, Sample.Segwit(9), 100_000)];
        CoinSide[] two = [.. one, Sample.From(Sample.Segwit(8), 5_000)];

        PeelStep? Find(CoinTransaction transaction, int maxInputs = 1) =>
            PeelChains.FindStep(transaction, coin, new PeelRules(MaxInputs: maxInputs), Larger);
        Assert.NotNull(Find(Sample.Tx(1, one, [(payees[0], 20_000), (payees[1], 79_000)])));
        Assert.Null(Find(Sample.Tx(1, one, [(payees[0], 99_000)])));
        Assert.Null(Find(Sample.Tx(1, one, [(payees[0], 20_000), (payees[1], 70_000), (payees[2], 9_000)])));
        Assert.Null(Find(Sample.Tx(1, one, [(payees[0], 49_000), (payees[1], 49_000)])));
        Assert.Null(Find(Sample.Tx(1, one, [(payees[0], 20_000), (payees[1], 79_000)], hasData: true)));
        Assert.Null(Find(Sample.Tx(1, two, [(payees[0], 20_000), (payees[1], 84_000)])));

        PeelStep joined = Find(Sample.Tx(1, two, [(payees[0], 20_000), (payees[1], 84_000)]), maxInputs: 2)!;
        Assert.Equal((5_000UL, 20_000UL, 84_000UL, 1_000UL), (joined.JoinedSats, joined.Peeled.Sats, joined.Kept.Sats, joined.FeeSats));
    }

    // The payment of 70,000,000 is round and to another type of address: two clues for the smaller output.
    [Fact]
    public void Where_clues_agree_the_smaller_output_goes_on()
    {
        OutPoint coin = new(Sample.Id(99), 0);
        CoinTransaction payment = Sample.Tx(
            1,
            [new CoinSide(coin, Sample.Segwit(9), 100_000_000)],
            [(Sample.Legacy(1), 70_000_000), (Sample.Segwit(2), 29_999_000)]);

        Assert.Equal(29_999_000UL, PeelChains.FindStep(payment, coin, PeelRules.Default, HeuristicSet.Default)!.Kept.Sats);
        Assert.Equal(70_000_000UL, PeelChains.FindStep(payment, coin, PeelRules.Default, Larger)!.Kept.Sats);
    }

    [Fact]
    public void A_step_that_does_not_follow_is_refused()
    {
        PeelChain chain = Assert.Single(PeelChains.FindAll(Chain, PeelRules.Default, Larger));

        Assert.Throws<ArgumentException>(() => PeelChain.Of([chain.Steps[0], chain.Steps[2]]));
        Assert.Throws<ArgumentException>(() => PeelChain.Of([]));
    }

    // The lengths were counted by a script that knows only the larger-output rule: 35 chains of three steps or more, four of
    // them of 25, the most a mempool keeps in a row.
    [NeedsDataFact(CoinData.EsploraFolder)]
    public void The_chains_of_a_mempool_are_found_and_every_satoshi_is_accounted_for()
    {
        List<CoinTransaction> transactions = CoinData.Esplora().ToList();
        ImmutableArray<PeelChain> chains = PeelChains.FindAll(transactions, PeelRules.Default, Larger);

        Assert.Equal(
            [(3, 18), (4, 3), (5, 3), (7, 1), (9, 1), (10, 1), (12, 3), (15, 1), (25, 4)],
            chains.GroupBy(chain => chain.Steps.Length).OrderBy(group => group.Key).Select(group => (group.Key, group.Count())));

        Dictionary<TxHash, CoinTransaction> byId = transactions.ToDictionary(transaction => transaction.Id);
        foreach (PeelChain chain in chains)
        {
            ulong left = chain.Start.Sats;
            foreach (CoinTransaction transaction in chain.Steps.Select(step => byId[step.Transaction]))
            {
                Assert.Equal(left, transaction.Inputs[0].Sats);
                left = transaction.Outputs.Max(output => output.Sats);
            }

            Assert.Equal(left, chain.End.Sats);
            Assert.Equal(chain.Start.Sats - left, chain.PeeledSats + chain.FeeSats);
        }
    }

    private static CoinTransaction Step(int number, OutPoint coin, ulong sats, ulong peeled, ulong kept, int keptIndex)
    {
        (Address, ulong) payee = (Sample.Segwit(100 + number), peeled);
        (Address, ulong) change = (Sample.Segwit(200 + number), kept);
        return Sample.Tx(
            number,
            [new CoinSide(coin, Sample.Segwit(200 + number - 1), sats)],
            keptIndex == 0 ? [change, payee] : [payee, change]);
    }
}
