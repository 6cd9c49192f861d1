using System.Collections.Immutable;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Taint;
using FlowTracer.Core.Tracing;

namespace FlowTracer.Core.Bulk;

/// <summary>Stolen value in a ledger of columns: an output of a row, or what a holder has and gets.</summary>
public sealed record BulkSeed
{
    private BulkSeed(int row, int output, int holder, Amount? limit) =>
        (Row, Output, Holder, Limit) = (row, output, holder, limit);

    /// <summary>The row of the output; or the first row that lies after the moment from which on a holder's money is claimed.</summary>
    public int Row { get; }

    /// <summary>Which receiver of the row, from 0; -1 for a holder.</summary>
    public int Output { get; }

    /// <summary>The holder or coin; -1 for an output.</summary>
    public int Holder { get; }

    /// <summary>How much at most, in base units; null for all.</summary>
    public Amount? Limit { get; }

    /// <summary>An output of a row, and how much of it was stolen.</summary>
    public static BulkSeed OfOutput(int row, int output, Amount amount) => new(row, output, -1, amount);

    /// <summary>What a holder has before a row and receives from then on (backward: and gave before), up to a limit.</summary>
    public static BulkSeed OfHolder(int holder, int row, Amount? limit) => new(row, -1, holder, limit);
}

/// <summary>How a bulk trace goes through a ledger. Neither changes a figure.</summary>
public enum Pace : byte
{
    /// <summary>Follows what is tainted, and scans once that is much of the ledger.</summary>
    Auto = 1,

    /// <summary>Reads only rows of holders that taint has reached.</summary>
    Follow,

    /// <summary>Reads every row from the first seed on.</summary>
    Scan,
}

/// <summary>What is asked of a ledger of columns: the same question as <see cref="TraceQuestion"/>, in its numbers.</summary>
/// <param name="Policy">How pools divide.</param>
/// <param name="Direction">Where value went, or where it came from.</param>
/// <param name="Seeds">The stolen value, in the order in which seeds of one place claim.</param>
public sealed record BulkQuestion(ITaintPolicy Policy, Direction Direction, ImmutableArray<BulkSeed> Seeds)
{
    /// <summary>Whether fees of Bitcoin are followed into the coinbase of their block.</summary>
    public bool FollowFees { get; init; }

    /// <summary>Where value ends, by the number of the address; null where it goes on, and null where no address ends it.</summary>
    public Func<int, SinkKey?>? Stops { get; init; }

    /// <summary>Whether anything is known of who an address is: the limit on degrees is for those of whom nothing is.</summary>
    public Func<int, bool> IsLabelled { get; init; } = static _ => false;

    /// <summary>Whether all movements of a holder are in the ledger: then what it has left is held, else the record ends.</summary>
    public Func<int, bool> IsComplete { get; init; } = static _ => true;

    /// <summary>The protocol of the CoinJoin that a row is, when value is to end in those.</summary>
    public Func<int, string?>? Mixes { get; init; }

    /// <summary>What stops a trace before the facts do, but for the smallest lot.</summary>
    public Limits Limits { get; init; } = Limits.None;

    /// <summary>The smallest lot followed, by the number of the asset, in its base units.</summary>
    public Func<int, Amount?>? SmallestLot { get; init; }

    /// <summary>How the ledger is gone through.</summary>
    public Pace Pace { get; init; } = Pace.Auto;

    /// <summary>Receives each hop as it is found; null to keep none.</summary>
    public Action<BulkHop>? Hops { get; init; }

    /// <summary>Receives what each holder or coin that taint has reached has left, in the order it came; null to keep none.</summary>
    public Action<int, ImmutableArray<BulkLot>>? Left { get; init; }
}

/// <summary>Value that moved along one row.</summary>
/// <param name="Row">The row.</param>
/// <param name="From">The giving holder or coin; <see cref="Together"/> for several.</param>
/// <param name="To">The receiving one; <see cref="Together"/> into a transaction of several; <see cref="Nobody"/> for a fee and the like.</param>
/// <param name="Amount">How much moved in all, clean money too, in base units.</param>
/// <param name="Lots">The seeds' parts, by seed.</param>
public sealed record BulkHop(int Row, int From, int To, Amount Amount, ImmutableArray<HopLot> Lots)
{
    /// <summary>Nobody gives, or nobody receives.</summary>
    public const int Nobody = -1;

    /// <summary>The transaction itself, where several give.</summary>
    public const int Together = -2;
}

/// <summary>One row of a seed's sheet.</summary>
/// <param name="Sink">Where value ended.</param>
/// <param name="Asset">The number of the asset counted: the seed's; under poison, what moved.</param>
/// <param name="Amount">Origin units; under poison, units that moved there while marked.</param>
/// <param name="Places">At how many addresses (coins, on Bitcoin).</param>
public sealed record BulkSink(SinkKey Sink, int Asset, Amount Amount, int Places);

/// <summary>A seed's sheet: stolen = claimed earlier + the sum of its sinks.</summary>
/// <param name="Seed">Its index, from 0.</param>
/// <param name="Stolen">What it states, or what was found where it states nothing.</param>
/// <param name="ClaimedBefore">What earlier seeds had claimed of it before, by their index.</param>
/// <param name="Sinks">Kinds in their order, the largest first, then by name.</param>
public sealed record BulkSheet(
    int Seed, Amount Stolen, ImmutableSortedDictionary<int, Amount> ClaimedBefore, ImmutableArray<BulkSink> Sinks);

/// <summary>Part of what a holder or coin has left.</summary>
/// <param name="Seeds">Whose; none when it is clean. More than one only under poison.</param>
/// <param name="Amount">In base units of what is held.</param>
/// <param name="Origin">What it stands for, in the seed's base units.</param>
public readonly record struct BulkLot(ImmutableArray<int> Seeds, Amount Amount, Amount Origin);

/// <summary>What a bulk trace came to.</summary>
/// <param name="Sheets">One for each seed. Under poison they count reach and do not add up.</param>
/// <param name="Unexplained">What holders gave without having it, by holder, in base units.</param>
/// <param name="OpeningUnknown">Holders whose balance at first was taken as zero.</param>
/// <param name="RowsRead">How many rows were looked at.</param>
/// <param name="HoldersReached">How many holders or coins tainted value reached.</param>
/// <param name="MostLots">The most lots there were at once.</param>
public sealed record BulkTrace(
    ImmutableArray<BulkSheet> Sheets,
    ImmutableSortedDictionary<int, Amount> Unexplained,
    ImmutableSortedSet<int> OpeningUnknown,
    long RowsRead,
    int HoldersReached,
    int MostLots);
