using System.Collections.Immutable;
using FlowTracer.Core.Attributions;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Core.Tracing;

/// <summary>What a node of the flow graph is.</summary>
public enum NodeKind : byte
{
    /// <summary>An address on an account chain, with all it held.</summary>
    Address = 1,

    /// <summary>A Bitcoin output.</summary>
    Coin,

    /// <summary>A transaction with several inputs: its parts are not paired.</summary>
    Transaction,

    /// <summary>Not a holder: the network's fees, new issue, or the part of a transaction that could not be resolved.</summary>
    Outside,
}

/// <summary>What a node does in the trace.</summary>
public enum NodeRole : byte
{
    /// <summary>The victim's side of a seed.</summary>
    Source = 1,

    /// <summary>The first holder of a seed.</summary>
    Seed,

    /// <summary>Received value and is followed on.</summary>
    Wallet,

    /// <summary>Value ends there: a label or a limit stopped it.</summary>
    Sink,

    /// <summary>A transaction between holders.</summary>
    Transaction,
}

/// <summary>A seed's value that rests in a holder when the trace ends.</summary>
/// <param name="Seed">Index of the seed, from 0.</param>
/// <param name="Asset">What is held.</param>
/// <param name="Amount">How much of it, in base units of the asset.</param>
/// <param name="Origin">What it stands for, in the seed's base units.</param>
/// <param name="Sink">
/// <see cref="SinkKind.Held"/>, <see cref="SinkKind.Edge"/> or <see cref="SinkKind.Cut"/>; a labelled stop's own kind where a
/// seed was put at it.
/// </param>
public sealed record Holding(int Seed, Asset Asset, Amount Amount, Amount Origin, SinkKind Sink);

/// <summary>A place value passed through or ended at.</summary>
/// <param name="Id">Stable between runs: chain and address, coin, or name.</param>
/// <param name="Chain">The chain.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Role">What it does in this trace.</param>
/// <param name="Address">Its address; <see cref="Address.IsNone"/> where there is none.</param>
/// <param name="Attribution">Who is behind it, when labels say so.</param>
/// <param name="Sink">What kind of end value had here, when a label or a limit stopped it here.</param>
/// <param name="Holdings">What rests there, by seed and asset.</param>
public sealed record TraceNode(
    string Id,
    ChainId Chain,
    NodeKind Kind,
    NodeRole Role,
    Address Address,
    Attribution? Attribution,
    SinkKind? Sink,
    ImmutableArray<Holding> Holdings);

/// <summary>A seed's part of a hop.</summary>
/// <param name="Seed">Index of the seed, from 0.</param>
/// <param name="Amount">How much of what moved, in base units of the hop's asset.</param>
/// <param name="Origin">What it stands for, in the seed's base units; zero under poison.</param>
public readonly record struct HopLot(int Seed, Amount Amount, Amount Origin);

/// <summary>Value that moved along one movement.</summary>
/// <param name="From">Index of the giving node.</param>
/// <param name="To">Index of the receiving node.</param>
/// <param name="Asset">What was received.</param>
/// <param name="Amount">How much was received in all, clean money too, in base units.</param>
/// <param name="Paid">In a swap, what was given for it.</param>
/// <param name="Movement">The movement behind it.</param>
/// <param name="Lots">The seeds' parts, by seed.</param>
public sealed record Hop(
    int From, int To, Asset Asset, Amount Amount, Leg? Paid, Movement Movement, ImmutableArray<HopLot> Lots)
{
    /// <summary>Whether a part of it is a seed's.</summary>
    public bool Carries(int seed)
    {
        foreach (HopLot lot in Lots)
        {
            if (lot.Seed == seed)
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>One row of a seed's balance sheet.</summary>
/// <param name="Kind">What kind of end.</param>
/// <param name="Name">Actor, label or limit; empty for <c>fee</c>, <c>held</c> and most of <c>edge</c>.</param>
/// <param name="Asset">What the amount counts: the seed's asset; under poison, what moved there.</param>
/// <param name="Amount">Origin units; under poison, units that moved there while marked.</param>
/// <param name="Payers">How many others paid the seed's value into those addresses.</param>
/// <param name="Addresses">How many addresses (coins, on Bitcoin) it ended at.</param>
/// <param name="Movements">How many movements brought it there.</param>
public sealed record SinkRow(
    SinkKind Kind, string Name, Asset Asset, Amount Amount, int Payers, int Addresses, int Movements);

/// <summary>A seed's balance sheet: stolen = claimed earlier + the sum of its sinks.</summary>
/// <param name="Seed">Index of the seed, from 0.</param>
/// <param name="Asset">What is counted.</param>
/// <param name="Stolen">What the seed states, in base units.</param>
/// <param name="ClaimedEarlier">The part that an earlier seed had claimed before: it is in that seed's sheet.</param>
/// <param name="Sinks">Largest first within each kind, kinds in their own order.</param>
public sealed record SeedBalance(
    int Seed, Asset Asset, Amount Stolen, Amount ClaimedEarlier, ImmutableArray<SinkRow> Sinks)
{
    /// <summary>
    /// What a budget kept from being followed: no row where all was followed, one in the seed's own units where it was
    /// not; under poison one for each asset that moved there.
    /// </summary>
    public IEnumerable<SinkRow> NotFollowed => Sinks.Where(static row => row is { Kind: SinkKind.Cut, Name: CutNames.Requests });
}

/// <summary>Something that the facts do not explain.</summary>
/// <param name="Kind">A short fixed word.</param>
/// <param name="Node">Id of the node or address it concerns; empty for the whole trace.</param>
/// <param name="Asset">What is missing.</param>
/// <param name="Amount">How much, in base units of the asset.</param>
/// <param name="Text">One sentence for a person.</param>
public sealed record Gap(string Kind, string Node, Asset Asset, Amount Amount, string Text);

/// <summary>Something taken to be so without proof.</summary>
/// <param name="Kind">A short fixed word.</param>
/// <param name="Node">Id of the node or address it concerns; empty for the whole trace.</param>
/// <param name="Text">One sentence for a person.</param>
public sealed record Assumption(string Kind, string Node, string Text);

/// <summary>The answer: a pure function of the facts, the question and the labels.</summary>
/// <param name="Question">What was asked.</param>
/// <param name="Balance">One sheet for each seed, in their order. Under poison it counts reach and does not add up.</param>
/// <param name="Nodes">In order of first appearance.</param>
/// <param name="Hops">In the order value moved.</param>
/// <param name="Gaps">What the facts do not explain.</param>
/// <param name="Assumptions">What was taken to be so.</param>
public sealed record Trace(
    TraceQuestion Question,
    ImmutableArray<SeedBalance> Balance,
    ImmutableArray<TraceNode> Nodes,
    ImmutableArray<Hop> Hops,
    ImmutableArray<Gap> Gaps,
    ImmutableArray<Assumption> Assumptions)
{
    /// <summary>
    /// After how many requests a budget that was used up kept value from being followed: what it kept is the sink
    /// <c>cut</c>, <see cref="CutNames.Requests"/>. Null where all was followed.
    /// </summary>
    public int? StoppedAfter { get; init; }

    /// <summary>The histories it rests on, each from where the trace first needed it on; movements before that may be there too.</summary>
    public ImmutableArray<History> Facts { get; init; } = [];
}
