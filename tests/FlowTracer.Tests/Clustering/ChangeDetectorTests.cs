using System.Collections.Immutable;
using FlowTracer.Core.Clustering;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Clustering;

/// <summary>What tells change from payment, and what is concluded when clues agree or do not.</summary>
public sealed class ChangeDetectorTests
{
    private static readonly Address Payer = Sample.Segwit(1);
    private static readonly Address PayerToo = Sample.Segwit(2);
    private static readonly Address Shop = Sample.Segwit(3);
    private static readonly Address OldShop = Sample.Legacy(4);
    private static readonly Address New = Sample.Segwit(5);

    [Fact]
    public void The_output_of_the_inputs_type_is_change()
    {
        ChangeClue clue = Only("change-address-type", Pay([100_001, 50_001], (OldShop, 30_001), (New, 120_000)));

        Assert.Equal(New, clue.Change.Address);
        Assert.Equal("output 1 alone has the address type of all 2 inputs, P2WPKH", clue.Why);
    }

    [Fact]
    public void Two_outputs_of_that_type_or_inputs_of_two_types_tell_nothing()
    {
        Assert.Empty(Clues("change-address-type", Pay([100_001], (Shop, 30_001), (New, 70_000))));
        Assert.Empty(Clues("change-address-type", Sample.Tx(
            1, [Sample.From(Payer, 5), Sample.From(OldShop, 5)], [(New, 4), (Sample.Legacy(9), 5)])));
    }

    [Fact]
    public void An_output_to_an_input_s_address_is_change()
    {
        ChangeClue clue = Only("change-address-reuse", Pay([100_001], (Payer, 30_001), (Shop, 70_000)));

        Assert.Equal(Payer, clue.Change.Address);
        Assert.Contains("an address of the inputs", clue.Why, StringComparison.Ordinal);
        Assert.Empty(Clues("change-address-reuse", Pay([100_001], (Payer, 30_001), (Payer, 70_000))));
    }

    [Fact]
    public void The_one_output_that_is_not_round_is_change()
    {
        ChangeClue clue = Only("change-round-value", Pay([900_001], (Shop, 300_000), (New, 599_999)));

        Assert.Equal(New, clue.Change.Address);
        Assert.Equal("output 1 alone, of 599999 sat, is not a multiple of 100000 sat", clue.Why);
        Assert.Empty(Clues("change-round-value", Pay([900_001], (Shop, 300_001), (New, 599_999))));
        Assert.Empty(Clues("change-round-value", Pay([900_001], (Shop, 300_000), (New, 600_000))));
    }

    // 40,000 is less than either input: had it been the payment, 60,000 alone would have paid it.
    [Fact]
    public void The_one_output_that_is_less_than_every_input_is_change()
    {
        ChangeClue clue = Only("change-optimal", Pay([60_000, 70_000], (Shop, 89_000), (New, 40_000)));

        Assert.Equal(New, clue.Change.Address);
        Assert.Empty(Clues("change-optimal", Pay([60_000, 70_000], (Shop, 60_000), (New, 69_000))));
        Assert.Empty(Clues("change-optimal", Pay([60_000, 70_000], (Shop, 59_000), (New, 40_000))));
        Assert.Empty(Clues("change-optimal", Pay([130_000], (Shop, 89_000), (New, 40_000))));
    }

    [Fact]
    public void The_one_address_never_seen_before_is_change()
    {
        CoinTransaction payment = Pay([100_001], (Shop, 30_001), (New, 70_000));
        HeuristicSet set = HeuristicSet.Parse("change-fresh");

        Assert.Equal(New, Assert.Single(ChangeDetector.Clues(payment, set, address => address == Shop)).Change.Address);
        Assert.Empty(ChangeDetector.Clues(payment, set, _ => false));
        Assert.Empty(ChangeDetector.Clues(payment, set, _ => true));
        Assert.Empty(ChangeDetector.Clues(payment, set));
        Assert.Empty(ChangeDetector.Clues(
            Pay([100_001], (Payer, 30_001), (New, 70_000)), set, address => address == Payer));
    }

    // 1: round value. 2: optimal too. 3: address type too.
    [Fact]
    public void Clues_that_agree_add_to_the_confidence()
    {
        ChangeFinding one = Find(Pay([900_001], (Shop, 300_000), (New, 599_999)))!;
        ChangeFinding two = Find(Pay([400_001, 500_000], (Shop, 600_000), (New, 299_999)))!;
        ChangeFinding three = Find(Pay([400_001, 500_000], (OldShop, 600_000), (New, 299_999)))!;

        Assert.Equal((HeuristicConfidence.Low, 1), (one.Confidence, one.Clues.Length));
        Assert.Equal((HeuristicConfidence.Medium, 2), (two.Confidence, two.Clues.Length));
        Assert.Equal((HeuristicConfidence.High, 3), (three.Confidence, three.Clues.Length));
        Assert.All([one, two, three], finding => Assert.Equal(New, finding.Change.Address));
        Assert.Equal(
            "output 1 alone, of 299999 sat, is not a multiple of 100000 sat; output 1 alone, of 299999 sat, is less than "
            + "every input, the smallest of which is of 400001 sat",
            two.Why);
    }

    [Fact]
    public void An_address_of_the_inputs_is_enough() =>
        Assert.Equal(
            HeuristicConfidence.High, Find(Pay([100_001], (Payer, 30_001), (Shop, 70_001)))!.Confidence);

    // By its value output 0 is the change, by its type output 1 is.
    [Fact]
    public void Clues_that_contradict_each_other_conclude_nothing()
    {
        CoinTransaction payment = Pay([900_001], (OldShop, 299_999), (New, 600_000));

        Assert.Equal(2, ChangeDetector.Clues(payment, HeuristicSet.Default).Length);
        Assert.Null(Find(payment));
    }

    // A Whirlpool mix but for one output to an input's address would be change by reuse.
    [Fact]
    public void A_CoinJoin_has_no_change()
    {
        const ulong pool = 1_000_000;
        CoinTransaction mix = Sample.OfValues(1, [pool, pool, pool, pool, pool + 1_000], [pool, pool, pool, pool, pool]);
        CoinTransaction reused = mix with
        {
            Outputs = mix.Outputs.SetItem(0, mix.Outputs[0] with { Address = mix.Inputs[0].Address }),
        };

        Assert.NotNull(ChangeDetector.Find(reused, HeuristicSet.Default.Except(Heuristic.CoinJoinWhirlpool)));
        Assert.Null(Find(reused));
    }

    [Fact]
    public void A_coinbase_and_a_payment_of_everything_have_no_change()
    {
        Assert.Null(Find(Sample.Tx(1, [], [(New, 300_000), (Shop, 5)])));
        Assert.Null(Find(Pay([100_001], (Payer, 100_000))));
    }

    private static CoinTransaction Pay(ulong[] inputs, params (Address Address, ulong Sats)[] outputs) => Sample.Tx(
        1, [.. inputs.Select((sats, i) => Sample.From(i == 0 ? Payer : PayerToo, sats))], outputs);

    private static ImmutableArray<ChangeClue> Clues(string heuristic, CoinTransaction transaction) =>
        ChangeDetector.Clues(transaction, HeuristicSet.Parse(heuristic));

    private static ChangeClue Only(string heuristic, CoinTransaction transaction)
    {
        ChangeClue clue = Assert.Single(Clues(heuristic, transaction));
        Assert.Equal(heuristic, clue.Heuristic.Name);
        return clue;
    }

    private static ChangeFinding? Find(CoinTransaction transaction) =>
        ChangeDetector.Find(transaction, HeuristicSet.Default);
}
