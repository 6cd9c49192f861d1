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
    public List<SeedClaim> Claims { get; private init; } = [];

    /// <summary>A copy with the lots and the seeds of another sweep.</summary>
    public ActiveHolder For(LotSlab<Amount> lots, SeedClaim[] seeds) => new(Holder, Node, Depth, Pool.On(lots))
    {
        History = History,
        OpeningUnknown = OpeningUnknown,
        Unexplained = Unexplained,
        GivesLater = GivesLater,
        Claims = Claims.ConvertAll(claim => seeds[claim.Index]),
    };
}

/// <summary>How much of a seed of the question has been found.</summary>
internal sealed class SeedClaim(Seed seed, int index, bool measuresReach)
    : SeedClaim<Amount>(
        index, seed is TransferSeed transfer ? transfer.Amount : ((BalanceSeed)seed).Limit, seed is TransferSeed, measuresReach)
{
    public Seed Seed { get; } = seed;

    /// <summary>One that goes on by itself.</summary>
    public SeedClaim Copy() => (SeedClaim)Copied();
}
