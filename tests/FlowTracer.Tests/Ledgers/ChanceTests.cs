using FlowTracer.Benchmarks.Ledgers;

namespace FlowTracer.Tests.Ledgers;

/// <summary>The draws that the made-up ledgers are made of.</summary>
public sealed class ChanceTests
{
    private const int Draws = 200_000;

    // What the authors' C code (splitmix64.c) gives for the seed 1234567, as published at Rosetta Code.
    [Fact]
    public void The_published_sequence_comes_out()
    {
        Chance chance = new(1234567);

        Assert.Equal(
            [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821],
            Enumerable.Range(0, 5).Select(_ => chance.Next()));
    }

    // With exponent 100 ÷ 50 = 2 a hundred and its double are reached or passed by 1 and by 1/4; the line between powers of two
    // meets the curve there. Four standard deviations of 200,000 draws are 0.4 %.
    [Fact]
    public void A_Pareto_draw_falls_off_as_its_exponent_says()
    {
        Chance chance = new(1);
        ulong[] drawn = [.. Enumerable.Range(0, Draws).Select(_ => chance.Pareto(100, 1_000, 50))];

        Assert.All(drawn, number => Assert.InRange(number, 100UL, 1_000UL));
        Assert.InRange(drawn.Count(static number => number >= 200) / (double)Draws, 0.246, 0.254);
        Assert.InRange(drawn.Count(static number => number >= 400) / (double)Draws, 0.0595, 0.0655);
    }

    // Half are below the median. Normally 84.1 % are below it and a deviation; the sum of four has 83.5 %, and is given 1 %.
    [Fact]
    public void A_lognormal_draw_has_the_median_and_the_deviation_asked_for()
    {
        Chance chance = new(1);
        ulong[] drawn = [.. Enumerable.Range(0, Draws).Select(_ => chance.LogNormal(1_000_000, ulong.MaxValue, 300))];

        Assert.InRange(drawn.Count(static number => number < 1_000_000) / (double)Draws, 0.495, 0.505);
        Assert.InRange(drawn.Count(static number => number < 8_000_000) / (double)Draws, 0.825, 0.855);
        Assert.InRange(drawn.Count(static number => number < 125_000) / (double)Draws, 0.145, 0.175);
    }

    [Fact]
    public void Ranks_fall_off_and_stay_within_the_count()
    {
        Chance chance = new(1);
        int[] drawn = [.. Enumerable.Range(0, Draws).Select(_ => chance.Rank(16, 100))];

        Assert.All(drawn, static rank => Assert.InRange(rank, 0, 15));

        // 1/2, and 1/16 of what is left over, beyond the sixteenth: 1/2 + 1/256.
        Assert.InRange(drawn.Count(static rank => rank == 0) / (double)Draws, 0.499, 0.509);
        Assert.True(drawn.Count(static rank => rank == 1) > 2 * drawn.Count(static rank => rank == 4));
    }

    [Fact]
    public void A_bound_is_never_reached_and_all_below_it_is()
    {
        Chance chance = new(1);

        Assert.Equal([0, 1, 2], Enumerable.Range(0, 1_000).Select(_ => chance.Below(3)).Distinct().Order());
    }
}
