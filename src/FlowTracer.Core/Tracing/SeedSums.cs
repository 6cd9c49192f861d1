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
        // Lots of one seed come in runs, and thousands of seeds may meet in one transaction: the place is looked for by halves.
        int at = 0;
        for (int end = sums.Count; at < end;)
        {
            int middle = (at + end) / 2;
            (at, end) = sums[middle].Seed < part.Seed ? (middle + 1, end) : (at, middle);
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
