using System.Collections.Immutable;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Core.Tracing;

/// <summary>A point in time or in a chain, for limits.</summary>
/// <param name="Block">Last block that counts (backward: first).</param>
/// <param name="TimeSeconds">Last Unix second that counts (backward: first).</param>
public sealed record Moment(ulong? Block, long? TimeSeconds)
{
    /// <summary>Whether a movement lies past it, as far as the movement's own block and time say.</summary>
    public bool IsPassedBy(Movement movement, Direction direction) =>
        IsPassedBy(movement.Position.Block, movement.Stamp.TimeSeconds, direction);

    /// <summary>Whether a block lies past it, or a time where it is known.</summary>
    internal bool IsPassedBy(ulong block, long? timeSeconds, Direction direction)
    {
        return (Block is ulong lastBlock && IsPast(block.CompareTo(lastBlock)))
            || (TimeSeconds is long seconds && timeSeconds is long time && IsPast(time.CompareTo(seconds)));

        bool IsPast(int comparison) => direction == Direction.Forward ? comparison > 0 : comparison < 0;
    }
}

/// <summary>What stops a trace before the facts do. What a limit cuts is a <c>cut</c> sink of its name.</summary>
public sealed record Limits
{
    /// <summary>No limit at all.</summary>
    public static Limits None { get; } = new();

    /// <summary>How many hops from a seed value is followed.</summary>
    public int? Hops { get; init; }

    /// <summary>How many addresses are followed.</summary>
    public int? Addresses { get; init; }

    /// <summary>The smallest lot followed, in base units of each asset named.</summary>
    public ImmutableSortedDictionary<Asset, Amount> SmallestLot { get; init; } =
        ImmutableSortedDictionary<Asset, Amount>.Empty;

    /// <summary>Movements past this moment are not followed.</summary>
    public Moment? Window { get; init; }

    /// <summary>An unlabelled address with more counterparties than this counts as a service.</summary>
    public int? Degree { get; init; }
}

/// <summary>The names of limits, as the <c>cut</c> sink shows them.</summary>
public static class CutNames
{
    public const string Hops = "hops";
    public const string Addresses = "addresses";
    public const string SmallestLot = "smallest-lot";
    public const string TimeWindow = "time-window";
    public const string Degree = "degree";

    /// <summary>The budget was used up (<see cref="Budget"/>), by requests or by time, before this holder was looked at.</summary>
    public const string Requests = "requests";

    /// <summary>Not a limit: a step that could not be paired one to one.</summary>
    public const string Unresolved = "unresolved";

    /// <summary>Not a limit: origin whose lot became less than one unit in a swap.</summary>
    public const string Dust = "dust";
}
