using FlowTracer.Core.Taint;

namespace FlowTracer.Tests.Taint;

/// <summary>Claims are sets of seeds: what holds for sets holds for them.</summary>
public sealed class ClaimTableTests
{
    [Fact]
    public void Clean_is_claim_0_and_seed_n_is_claim_n_plus_1()
    {
        ClaimTable claims = new(3);
        Assert.Equal([], claims.SeedsOf(Lot.Clean).ToArray());
        for (int seed = 0; seed < 3; seed++)
        {
            Assert.Equal(seed + 1, ClaimTable.OfSeed(seed));
            Assert.Equal(seed, ClaimTable.SeedOf(seed + 1));
            Assert.Equal([seed], claims.SeedsOf(seed + 1).ToArray());
        }
    }

    [Fact]
    public void One_set_has_one_number_however_it_arose()
    {
        ClaimTable claims = new(3);
        int all = claims.Union(claims.Union(1, 2), 3);
        Assert.Equal([0, 1, 2], claims.SeedsOf(all).ToArray());
        Assert.Equal(all, claims.Union(2, claims.Union(3, 1)));
        Assert.Equal(all, claims.Union(all, claims.Union(1, 3)));
        Assert.Equal(4, claims.Union(2, 1));
    }

    [Fact]
    public void Clean_money_adds_nothing_to_a_claim()
    {
        ClaimTable claims = new(2);
        Assert.Equal((1, 1, 1, 0), (claims.Union(1, 0), claims.Union(0, 1), claims.Union(1, 1), claims.Union(0, 0)));
    }

    [Fact]
    public void Minus_and_only_are_those_of_sets()
    {
        for (int a = 0; a < 16; a++)
        {
            for (int b = 0; b < 16; b++)
            {
                // Bit n of a number stands for seed n.
                ClaimTable claims = new(4);
                int first = Of(claims, a);
                int second = Of(claims, b);
                Assert.Equal(Seeds(a | b), claims.SeedsOf(claims.Union(first, second)).ToArray());
                Assert.Equal(Seeds(a & ~b), claims.SeedsOf(claims.Minus(first, second)).ToArray());
                Assert.Equal(Seeds(a & b), claims.SeedsOf(claims.Only(first, Seeds(b))).ToArray());
                Assert.Equal((a & b) == 0, claims.Only(first, Seeds(b)) == Lot.Clean);
            }
        }
    }

    private static int Of(ClaimTable claims, int bits) =>
        Seeds(bits).Aggregate(Lot.Clean, (claim, seed) => claims.Union(claim, ClaimTable.OfSeed(seed)));

    private static int[] Seeds(int bits) => [.. Enumerable.Range(0, 4).Where(seed => (bits >> seed & 1) == 1)];
}
