using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Taint;

namespace FlowTracer.Core.Tracing;

/// <summary>A holder that tainted value has reached, from then on.</summary>
internal sealed class ActiveHolder(Holder holder, int node, int depth, LotPool pool)
{
    public Holder Holder { get; } = holder;

    public int Node { get; } = node;

    /// <summary>How many hops from a seed it first was.</summary>
    public int Depth { get; set; } = depth;

    public LotPool Pool { get; } = pool;

    /// <summary>Null while its history is still to be fetched.</summary>
    public History? History { get; set; }

    /// <summary>Whether its balance at first could not be known and was taken as zero.</summary>
    public bool OpeningUnknown { get; set; }

    /// <summary>What it gave without having it: inflow that nothing explains.</summary>
    public Amount Unexplained { get; set; }

    /// <summary>Whether it gives money after the time window.</summary>
    public bool GivesLater { get; set; }

    /// <summary>The seeds that claim what it receives.</summary>
    public List<SeedClaim> Claims { get; } = [];
}

/// <summary>How much of a seed has been found.</summary>
internal sealed class SeedClaim(Seed seed, int index, bool measuresReach)
{
    public Seed Seed { get; } = seed;

    public int Index { get; } = index;

    /// <summary>What it claimed, in its asset's base units.</summary>
    public Amount Claimed { get; private set; }

    /// <summary>What it states that earlier seeds had claimed already, by their index.</summary>
    public SortedDictionary<int, Amount> ClaimedBefore { get; } = [];

    /// <summary>The sum of <see cref="ClaimedBefore"/>.</summary>
    public Amount ClaimedEarlier => ClaimedBefore.Values.Aggregate(Amount.Zero, static (sum, amount) => sum + amount);

    private Amount? Limit => Seed is TransferSeed transfer ? transfer.Amount : ((BalanceSeed)Seed).Limit;

    /// <summary>What is stolen by this seed's own statement, or by what was found where it states no amount.</summary>
    public Amount Stolen => Seed is TransferSeed transfer ? transfer.Amount : Claimed;

    /// <summary>Whether it claims more.</summary>
    public bool IsOpen => Limit is not Amount limit || Claimed < limit;

    /// <summary>What the seed's limit still lacks; zero without a limit.</summary>
    public Amount Wanting => Limit is Amount limit ? limit - Claimed : Amount.Zero;

    /// <summary>
    /// Marks all of <paramref name="lots"/>: under poison, which measures reach, a second seed inside marked money marks
    /// it too, and there are no collisions.
    /// </summary>
    public void Mark(List<Arrival> lots, ClaimTable claims)
    {
        Claimed = Stolen;
        for (int i = 0; i < lots.Count; i++)
        {
            (Lot lot, int fresh) = lots[i];
            int own = ClaimTable.OfSeed(Index);
            lots[i] = new Arrival(lot with { Claim = claims.Union(lot.Claim, own) }, claims.Union(fresh, own));
        }
    }

    /// <summary>
    /// A transfer seed in money that others have claimed: what it states beyond the clean money stays theirs.
    /// </summary>
    public void TakeOutput(List<Arrival> lots)
    {
        Take(lots);
        Amount left = Wanting;
        foreach ((Lot lot, _) in lots)
        {
            if (lot.IsTainted && lot.Claim != ClaimTable.OfSeed(Index) && !left.IsZero)
            {
                Amount theirs = Amount.Min(lot.Amount, left);
                int earlier = ClaimTable.SeedOf(lot.Claim);
                ClaimedBefore[earlier] = ClaimedBefore.GetValueOrDefault(earlier) + theirs;
                left -= theirs;
            }
        }

        Invariant.Check(left.IsZero, $"seed {Index + 1} states {left} more than its output received");
    }

    /// <summary>Turns clean lots into this seed's, the first ones first, as far as its limit goes.</summary>
    public void Take(List<Arrival> lots)
    {
        int own = ClaimTable.OfSeed(Index);
        for (int i = 0; i < lots.Count && IsOpen; i++)
        {
            Lot lot = lots[i].Lot;
            if (lot.IsTainted)
            {
                continue;
            }

            Amount claimed = Limit is Amount limit ? Amount.Min(lot.Amount, limit - Claimed) : lot.Amount;
            Claimed += claimed;
            if (measuresReach)
            {
                // Poison marks the whole of what it touches.
                lots[i] = new Arrival(lot with { Claim = own }, own);
                continue;
            }

            lots[i] = new Arrival(new Lot(own, claimed, claimed), own);
            if (claimed < lot.Amount)
            {
                lots.Insert(i + 1, new Arrival(Lot.CleanOf(lot.Amount - claimed), Lot.Clean));
            }
        }
    }
}

/// <summary>A lot on its way to a holder.</summary>
/// <param name="Lot">The lot.</param>
/// <param name="Fresh">
/// The part of its claim that seeds put down in this very movement: those start here, so neither a label nor a limit ends
/// them here. Clean when there is none.
/// </param>
internal readonly record struct Arrival(Lot Lot, int Fresh)
{
    public bool IsFresh => Fresh != Taint.Lot.Clean;
}
