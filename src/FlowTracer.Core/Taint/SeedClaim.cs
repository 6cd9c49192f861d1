using FlowTracer.Core.Model;

namespace FlowTracer.Core.Taint;

/// <summary>How much of a seed has been found.</summary>
/// <param name="index">Its place in the question.</param>
/// <param name="limit">How much it claims at most, in its asset's base units; null for all there is.</param>
/// <param name="isOutput">Whether it is an output of a movement, which states its amount.</param>
/// <param name="measuresReach">Whether the policy does: it marks the whole of what it touches.</param>
/// <typeparam name="TUnits">The width of the numbers.</typeparam>
internal class SeedClaim<TUnits>(int index, TUnits? limit, bool isOutput, bool measuresReach)
    where TUnits : struct, IUnits<TUnits>
{
    public int Index { get; } = index;

    /// <summary>What it claimed, in its asset's base units.</summary>
    public TUnits Claimed { get; private set; }

    /// <summary>What it states that earlier seeds had claimed already, by their index.</summary>
    public SortedDictionary<int, TUnits> ClaimedBefore { get; private set; } = [];

    /// <summary>The sum of <see cref="ClaimedBefore"/>.</summary>
    public TUnits ClaimedEarlier => ClaimedBefore.Values.Aggregate(TUnits.Zero, static (sum, amount) => sum + amount);

    /// <summary>What is stolen by this seed's own statement, or by what was found where it states no amount.</summary>
    public TUnits Stolen => isOutput ? limit!.Value : Claimed;

    /// <summary>Whether it claims more.</summary>
    public bool IsOpen => limit is not TUnits most || Claimed < most;

    /// <summary>What the seed's limit still lacks; zero without a limit.</summary>
    public TUnits Wanting => limit is TUnits most ? most - Claimed : TUnits.Zero;

    /// <summary>Claims what an output of a movement gave or got, as far as the seed states it.</summary>
    public void ClaimOutput(List<Arrival<TUnits>> lots, ClaimTable claims)
    {
        if (measuresReach)
        {
            Mark(lots, claims);
        }
        else
        {
            TakeOutput(lots);
        }
    }

    /// <summary>
    /// Marks all of <paramref name="lots"/>: under poison, which measures reach, a second seed inside marked money marks
    /// it too, and there are no collisions.
    /// </summary>
    private void Mark(List<Arrival<TUnits>> lots, ClaimTable claims)
    {
        Claimed = Stolen;
        for (int i = 0; i < lots.Count; i++)
        {
            (Lot<TUnits> lot, int fresh) = lots[i];
            int own = ClaimTable.OfSeed(Index);
            lots[i] = new Arrival<TUnits>(lot with { Claim = claims.Union(lot.Claim, own) }, claims.Union(fresh, own));
        }
    }

    /// <summary>
    /// A transfer seed in money that others have claimed: what it states beyond the clean money stays theirs.
    /// </summary>
    private void TakeOutput(List<Arrival<TUnits>> lots)
    {
        Take(lots);
        TUnits left = Wanting;
        foreach ((Lot<TUnits> lot, _) in lots)
        {
            if (lot.IsTainted && lot.Claim != ClaimTable.OfSeed(Index) && !left.IsZero)
            {
                TUnits theirs = Smaller(lot.Amount, left);
                int earlier = ClaimTable.SeedOf(lot.Claim);
                ClaimedBefore[earlier] = ClaimedBefore.GetValueOrDefault(earlier) + theirs;
                left -= theirs;
            }
        }

        Invariant.Check(left.IsZero, $"seed {Index + 1} states {left} more than its output received");
    }

    /// <summary>Turns clean lots into this seed's, the first ones first, as far as its limit goes.</summary>
    public void Take(List<Arrival<TUnits>> lots)
    {
        int own = ClaimTable.OfSeed(Index);
        for (int i = 0; i < lots.Count && IsOpen; i++)
        {
            Lot<TUnits> lot = lots[i].Lot;
            if (lot.IsTainted)
            {
                continue;
            }

            TUnits claimed = limit is TUnits most ? Smaller(lot.Amount, most - Claimed) : lot.Amount;
            Claimed += claimed;
            if (measuresReach)
            {
                // Poison marks the whole of what it touches.
                lots[i] = new Arrival<TUnits>(lot with { Claim = own }, own);
                continue;
            }

            lots[i] = new Arrival<TUnits>(new Lot<TUnits>(own, claimed, claimed), own);
            if (claimed < lot.Amount)
            {
                lots.Insert(i + 1, new Arrival<TUnits>(Lot<TUnits>.CleanOf(lot.Amount - claimed), Lot<TUnits>.Clean));
            }
        }
    }

    /// <summary>A copy that goes on by itself.</summary>
    protected SeedClaim<TUnits> Copied()
    {
        SeedClaim<TUnits> copy = (SeedClaim<TUnits>)MemberwiseClone();
        copy.ClaimedBefore = new SortedDictionary<int, TUnits>(ClaimedBefore);
        return copy;
    }

    private static TUnits Smaller(TUnits left, TUnits right) => left <= right ? left : right;
}

/// <summary>A lot on its way to a holder.</summary>
/// <param name="Lot">The lot.</param>
/// <param name="Fresh">
/// The part of its claim that seeds put down in this very movement: those start here, so neither a label nor a limit ends
/// them here. Clean when there is none.
/// </param>
/// <typeparam name="TUnits">The width of the numbers.</typeparam>
internal readonly record struct Arrival<TUnits>(Lot<TUnits> Lot, int Fresh)
    where TUnits : struct, IUnits<TUnits>
{
    public bool IsFresh => Fresh != Lot<TUnits>.Clean;
}

/// <summary>What becomes of lots where they arrive, for every sweep.</summary>
internal static class Arrivals
{
    /// <summary>Makes neighbours that count as one lot one, where the same seeds put them down.</summary>
    public static void MergeNeighbours<TUnits>(List<Arrival<TUnits>> lots)
        where TUnits : struct, IUnits<TUnits> =>
        Neighbours.Merge(
            lots,
            static (lot, next) => lot.Fresh == next.Fresh && lot.Lot.Merges(next.Lot),
            static (lot, next) => lot with { Lot = lot.Lot.Plus(next.Lot) });

    /// <summary>
    /// Ends tainted lots (those under a least amount only, where there is one) and returns them. What a seed puts down in this
    /// movement starts here and is exempt; the money itself arrives all the same, and what has ended of it counts as clean.
    /// </summary>
    public static List<Lot<TUnits>> End<TUnits>(List<Arrival<TUnits>> lots, ClaimTable claims, Amount? least)
        where TUnits : struct, IUnits<TUnits>
    {
        List<Lot<TUnits>> ended = [];
        for (int i = 0; i < lots.Count; i++)
        {
            (Lot<TUnits> lot, int fresh) = lots[i];
            int earlier = claims.Minus(lot.Claim, fresh);
            if (earlier != Lot<TUnits>.Clean && (least is null || lot.Amount.ToAmount() < least))
            {
                ended.Add(lot with { Claim = earlier });
                lots[i] = new Arrival<TUnits>(
                    fresh == Lot<TUnits>.Clean ? Lot<TUnits>.CleanOf(lot.Amount) : lot with { Claim = fresh }, fresh);
            }
        }

        return ended;
    }
}
