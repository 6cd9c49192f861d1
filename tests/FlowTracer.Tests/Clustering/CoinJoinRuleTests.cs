using FlowTracer.Core.Clustering;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Clustering;

/// <summary>The rules of each CoinJoin heuristic at their edges, on transactions made by hand.</summary>
public sealed class CoinJoinRuleTests
{
    private const ulong Pool = 1_000_000;

    // Two enter, at 1,500 and 2,000 above the pool, and pay the 3,500 of the miners; three mix again.
    private static readonly ulong[] MixInputs = [Pool, Pool + 1_500, Pool, Pool + 2_000, Pool];
    private static readonly ulong[] MixOutputs = [Pool, Pool, Pool, Pool, Pool];

    // The taker's amount is 50,000. Makers: 80,000 in, 30,020 change; 60,000 + 20,000 in, 30,010 change; 51,000 in, 1,005
    // change. They gain 20, 10 and 5. The taker: 100,000 in, 48,965 change. It pays 1,035: 35 to them, 1,000 to the miners.
    private static readonly ulong[] RoundInputs = [60_000, 100_000, 80_000, 51_000, 20_000];
    private static readonly ulong[] RoundOutputs =
        [50_000, 30_020, 50_000, 1_005, 50_000, 48_965, 50_000, 30_010];

    [Fact]
    public void A_Whirlpool_mix_is_found()
    {
        CoinJoinFinding found = Assert.IsType<CoinJoinFinding>(Find(Sample.OfValues(1, MixInputs, MixOutputs)));

        Assert.Equal((Heuristic.CoinJoinWhirlpool, HeuristicConfidence.High), (found.Heuristic, found.Confidence));
        Assert.Equal((Pool, 5), (found.DenominationSats, found.EqualOutputs));
        Assert.Contains("2 inputs enter the pool and pay the fee, 3 mix again", found.Why, StringComparison.Ordinal);
        Assert.True(found.Mixes);
    }

    [Fact]
    public void What_is_no_Whirlpool_mix_is_not_found()
    {
        // Four of each; no pool of this size; an input too far above it, and one too little.
        Assert.Null(Find(Sample.OfValues(1, MixInputs[1..], MixOutputs[1..])));
        Assert.Null(Find(Sample.OfValues(1, MixInputs.Select(sats => 2 * sats), MixOutputs.Select(sats => 2 * sats))));
        Assert.Null(Find(Sample.OfValues(1, [Pool, Pool, Pool, Pool, Pool + 110_001], MixOutputs)));
        Assert.Null(Find(Sample.OfValues(1, [Pool, Pool, Pool, Pool, Pool + 99], MixOutputs)));
        Assert.NotNull(Find(Sample.OfValues(1, [Pool, Pool, Pool, Pool, Pool + 110_000], MixOutputs)));
        Assert.NotNull(Find(Sample.OfValues(1, [Pool, Pool, Pool, Pool, Pool + 100], MixOutputs)));
    }

    [Fact]
    public void A_heuristic_that_is_off_finds_nothing()
    {
        HeuristicSet set = HeuristicSet.Default.Except(Heuristic.CoinJoinWhirlpool);

        Assert.Null(CoinJoinDetector.Find(Sample.OfValues(1, MixInputs, MixOutputs), set));
    }

    [Fact]
    public void A_Tx0_is_found_and_does_not_mix()
    {
        // The change, 143,500, could be a fee as well.
        CoinTransaction tx0 = Sample.OfValues(1, [2_200_000], [143_500, 50_000, 1_003_000, 1_003_000], hasData: true);
        CoinJoinFinding found = Assert.IsType<CoinJoinFinding>(Find(tx0));

        Assert.Equal(Heuristic.CoinJoinWhirlpoolTx0, found.Heuristic);
        Assert.Equal((1_003_000UL, 2), (found.DenominationSats, found.EqualOutputs));
        Assert.Contains("50000 sat are a coordinator's fee", found.Why, StringComparison.Ordinal);
        Assert.False(found.Mixes);
        Assert.Null(Find(tx0 with { HasData = false }));
    }

    [Theory]
    [InlineData(24_999, false)]
    [InlineData(25_000, true)]
    [InlineData(150_000, true)]
    [InlineData(150_001, false)]
    public void The_fee_of_a_Tx0_is_half_to_three_times_the_usual(ulong feeSats, bool isFound) =>
        Assert.Equal(
            isFound,
            Find(Sample.OfValues(1, [3_200_000], [feeSats, 1_003_000, 1_003_000, 900_000], hasData: true)) is not null);

    [Fact]
    public void With_one_premix_output_only_the_usual_fee_makes_a_Tx0()
    {
        Assert.NotNull(Find(Sample.OfValues(1, [3_200_000], [50_000, 1_003_000, 900_000], hasData: true)));
        Assert.Null(Find(Sample.OfValues(1, [3_200_000], [50_001, 1_003_000, 900_000], hasData: true)));
    }

    [Fact]
    public void A_JoinMarket_round_is_found_and_says_who_gains_what()
    {
        CoinJoinFinding found = Assert.IsType<CoinJoinFinding>(Find(Sample.OfValues(1, RoundInputs, RoundOutputs)));

        Assert.Equal(Heuristic.CoinJoinJoinMarket, found.Heuristic);
        Assert.Equal((50_000UL, 4), (found.DenominationSats, found.EqualOutputs));
        Assert.EndsWith(
            "divide into 3 makers who gain 5 to 20 sat and a taker who pays 1035 sat, 1000 sat of it to the miners",
            found.Why,
            StringComparison.Ordinal);
    }

    // The taker spends all: no change, and 51,035 in for the same fees.
    [Fact]
    public void A_taker_who_spends_all_has_no_change()
    {
        CoinTransaction sweep = Sample.OfValues(
            1, [60_000, 51_035, 80_000, 51_000, 20_000], [50_000, 30_020, 50_000, 1_005, 50_000, 50_000, 30_010]);

        Assert.Contains("3 makers who gain 5 to 20 sat and a taker who pays 1035 sat", Find(sweep)!.Why, StringComparison.Ordinal);
    }

    // The same round, but each of two participants pays 10 instead of gaining.
    [Fact]
    public void Where_two_participants_pay_there_is_no_JoinMarket_round() =>
        Assert.Null(Find(Sample.OfValues(
            1, RoundInputs, [50_000, 29_990, 50_000, 1_005, 50_000, 48_965, 50_000, 29_990])));

    // Makers gain 600 of an amount of 50,000: over a hundredth of it, but under the 10,000 that is allowed in any case.
    // 10,001 is not.
    [Theory]
    [InlineData(600, true)]
    [InlineData(10_000, true)]
    [InlineData(10_001, false)]
    public void A_maker_s_fee_has_a_limit(ulong feeSats, bool isFound)
    {
        ulong[] inputs = [60_000, 70_000, 80_000, 200_000];
        ulong[] outputs =
        [
            50_000, 10_000 + feeSats, 50_000, 20_000 + feeSats, 50_000, 30_000 + feeSats, 50_000, 149_000 - (3 * feeSats),
        ];

        Assert.Equal(isFound, Find(Sample.OfValues(1, inputs, outputs)) is not null);
    }

    [Fact]
    public void A_round_of_two_data_and_shared_addresses_are_no_JoinMarket_round()
    {
        CoinTransaction round = Sample.OfValues(1, RoundInputs, RoundOutputs);
        Address shared = round.Outputs[0].Address;

        Assert.Null(Find(Sample.OfValues(1, [80_000, 100_000], [50_000, 30_020, 50_000, 48_980])));
        Assert.Null(Find(round with { HasData = true }));
        Assert.Null(Find(round with { Outputs = round.Outputs.SetItem(1, round.Outputs[1] with { Address = shared }) }));
    }

    [Fact]
    public void Ten_equal_outputs_of_about_a_tenth_of_a_bitcoin_are_a_Wasabi_1_round()
    {
        CoinTransaction Round(int equal, ulong sats) => Sample.OfValues(
            1, Enumerable.Repeat(20_000_000UL, equal), [.. Enumerable.Repeat(sats, equal), 30_000, 7_000_000, 9_000_000]);

        Assert.Equal(Heuristic.CoinJoinWasabi1, Find(Round(10, 8_000_000))?.Heuristic);
        Assert.Equal(HeuristicConfidence.Medium, Find(Round(10, 12_000_000))?.Confidence);
        Assert.Null(Find(Round(10, 7_999_999)));
        Assert.Null(Find(Round(10, 12_000_001)));
        Assert.Null(Find(Round(9, 10_000_000)));
    }

    // 30 inputs, 12 outputs on standard denominations (2^20, 3^13, 5·10^6), in falling order.
    [Fact]
    public void Sorted_standard_denominations_are_a_Wasabi_2_round()
    {
        ulong[] inputs = [.. Enumerable.Range(0, 20).Select(i => 2_000_000UL - (ulong)i)];
        ulong[] outputs =
        [
            5_000_000, 5_000_000, 5_000_000, 5_000_000, 2_345_678, 1_594_323, 1_594_323, 1_594_323, 1_048_576, 1_048_576,
            1_048_576, 6_561,
        ];

        Assert.Equal(Heuristic.CoinJoinWasabi2, Find(Sample.OfValues(1, inputs, outputs))?.Heuristic);
        Assert.Null(Find(Sample.OfValues(1, inputs[1..], outputs)));
        Assert.Null(Find(Sample.OfValues(1, inputs, outputs.Reverse())));
        Assert.Null(Find(Sample.OfValues(1, inputs, [.. outputs[..11], 4_999])));
        Assert.Null(Find(Sample.OfValues(1, inputs, outputs[..8])));
    }

    [Fact]
    public void Ordinary_transactions_are_no_CoinJoins()
    {
        Assert.Null(Find(Sample.OfValues(1, [], [5_000_000_000])));
        Assert.Null(Find(Sample.OfValues(1, [100_000], [60_000, 39_000])));
        Assert.Null(Find(Sample.OfValues(1, [100_000, 100_000], [60_000, 60_000, 60_000])));
    }

    // Two transfers of tokens (Omni, Open Assets) whose form is a CoinJoin's to the rule of BlockSci and GraphSense.
    [NeedsDataFact(GraphSense.FolderName)]
    public void Equal_outputs_alone_find_what_GraphSense_finds_and_are_off_by_default()
    {
        List<CoinTransaction> known = GraphSense.KnownCoinJoins();

        Assert.Equal(2, known.Count);
        Assert.All(known, transaction => Assert.Equal(
            Heuristic.CoinJoinEqualOutputs,
            CoinJoinDetector.Find(transaction, HeuristicSet.Parse("coinjoin-equal-outputs"))?.Heuristic));
        Assert.All(known, transaction => Assert.Null(Find(transaction)));
    }

    private static CoinJoinFinding? Find(CoinTransaction transaction) =>
        CoinJoinDetector.Find(transaction, HeuristicSet.Default);
}
