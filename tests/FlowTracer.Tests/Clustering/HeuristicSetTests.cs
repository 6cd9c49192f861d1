using FlowTracer.Core.Clustering;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Clustering;

/// <summary>Heuristics are switched by name.</summary>
public sealed class HeuristicSetTests
{
    [Fact]
    public void The_names_are_those_users_have_written_down() =>
        Assert.Equal(
            [
                "common-input", "common-input-coinjoin", "change-address-type", "change-address-reuse",
                "change-round-value", "change-optimal", "change-fresh", "peel-chain", "coinjoin-wasabi-1",
                "coinjoin-wasabi-2", "coinjoin-whirlpool", "coinjoin-whirlpool-tx0", "coinjoin-joinmarket",
                "coinjoin-equal-outputs",
            ],
            Heuristic.All.Select(heuristic => heuristic.Name));

    [Fact]
    public void What_is_wrong_more_often_than_right_is_off_until_asked_for() =>
        Assert.Equal(
            [Heuristic.CommonInputCoinJoin, Heuristic.CoinJoinEqualOutputs],
            Heuristic.All.Where(heuristic => !HeuristicSet.Default.Has(heuristic)));

    [Theory]
    [InlineData("none", "none")]
    [InlineData("peel-chain", "peel-chain")]
    [InlineData(" peel-chain , common-input ", "common-input,peel-chain")]
    [InlineData("all,none,change-fresh", "change-fresh")]
    [InlineData("peel-chain,change-fresh,-peel-chain", "change-fresh")]
    public void Names_are_read_from_left_to_right(string names, string expected) =>
        Assert.Equal(expected, HeuristicSet.Parse(names).ToString());

    [Fact]
    public void A_list_that_begins_by_switching_off_begins_with_the_default()
    {
        HeuristicSet set = HeuristicSet.Parse("-peel-chain,coinjoin-equal-outputs");

        Assert.Equal(HeuristicSet.Default.Except(Heuristic.PeelChain).With(Heuristic.CoinJoinEqualOutputs), set);
    }

    [Fact]
    public void What_is_written_reads_back()
    {
        foreach (HeuristicSet set in new[] { HeuristicSet.None, HeuristicSet.Default, HeuristicSet.All })
        {
            Assert.Equal(set, HeuristicSet.Parse(set.ToString()));
        }

        Assert.Equal(HeuristicSet.Default, HeuristicSet.Parse("default"));
    }

    [Theory]
    [InlineData("peel-chains", "no heuristic is called 'peel-chains'")]
    [InlineData("Peel-Chain", "no heuristic is called 'Peel-Chain'")]
    [InlineData("-all", "no heuristic is called 'all'")]
    [InlineData("", "the name of a heuristic is missing")]
    [InlineData("peel-chain,", "the name of a heuristic is missing")]
    public void An_unknown_name_is_refused_and_the_known_ones_are_listed(string names, string expected)
    {
        InputException refused = Assert.Throws<InputException>(() => HeuristicSet.Parse(names));

        Assert.StartsWith(expected, refused.Message, StringComparison.Ordinal);
        Assert.Contains("common-input, common-input-coinjoin, change-address-type", refused.Message, StringComparison.Ordinal);
    }
}
