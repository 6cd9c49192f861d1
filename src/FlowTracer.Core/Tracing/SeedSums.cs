using System.Collections.Immutable;
using FlowTracer.Core.Taint;

namespace FlowTracer.Core.Tracing;

/// <summary>What each seed has of some lots, by seed. A lot that several seeds mark counts for each of them.</summary>
internal static class SeedSums
{
    /// <summary>The sums, ascending by seed; none for lots that are all clean.</summary>
    public static ImmutableArray<HopLot> Of(IReadOnlyList<Lot> lots, ClaimTable claims)
    {
        List<HopLot> sums = [];
        for (int i = 0; i < lots.Count; i++)
        {
            foreach (int seed in claims.SeedsOf(lots[i].Claim))
            {
                Add(sums, new HopLot(seed, lots[i].Amount, lots[i].Origin));
            }
        }

        return [.. sums];
    }

    private static void Add(List<HopLot> sums, HopLot part)
    {
        int at = 0;
        while (at < sums.Count && sums[at].Seed < part.Seed)
        {
            at++;
        }

        if (at < sums.Count && sums[at].Seed == part.Seed)
        {
            sums[at] = new HopLot(part.Seed, sums[at].Amount + part.Amount, sums[at].Origin + part.Origin);
        }
        else
        {
            sums.Insert(at, part);
        }
    }
}
