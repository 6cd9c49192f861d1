using System.Collections.Immutable;
using FlowTracer.Core.Clustering;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Taint;

namespace FlowTracer.Core.Tracing;

/// <summary>An address that the case knows of, whatever the trace finds.</summary>
/// <param name="Address">The address.</param>
/// <param name="Role">What the case says it is, e.g. <c>tornado-depositor</c>.</param>
public sealed record KnownAddress(Address Address, string Role);

/// <summary>What is asked: with the facts and the labels, everything an answer depends on.</summary>
/// <param name="Seeds">Where the money is known to be stolen, in a fixed order; at least one.</param>
/// <param name="Policy">How pools give up money.</param>
/// <param name="Direction">Where it went, or where it came from.</param>
/// <param name="Limits">What stops the trace early.</param>
/// <param name="Known">Addresses of the case: those the trace does not reach are listed with what they moved.</param>
public sealed record TraceQuestion(
    ImmutableArray<Seed> Seeds,
    ITaintPolicy Policy,
    Direction Direction,
    Limits Limits,
    ImmutableArray<KnownAddress> Known)
{
    /// <summary>
    /// Whether a Bitcoin fee goes on to the coinbase of its block (docs/accounting.md); else it ends in the sink
    /// <c>fee</c>.
    /// </summary>
    public bool FollowFees { get; init; }

    /// <summary>Which heuristics may speak. Those that find CoinJoins decide where a Bitcoin trace ends.</summary>
    public HeuristicSet Heuristics { get; init; }

    /// <summary>
    /// Whether the trace goes on through a CoinJoin, every link of it a hypothesis; else it ends there as in a mixer.
    /// </summary>
    public bool ThroughCoinJoins { get; init; }
}
