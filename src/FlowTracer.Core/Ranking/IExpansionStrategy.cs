using System.Collections.Immutable;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Tracing;

namespace FlowTracer.Core.Ranking;

/// <summary>What a strategy collected.</summary>
/// <param name="Movements">The graph's edges, each once, in no order that means anything.</param>
/// <param name="Requests">How many histories were asked for.</param>
public sealed record Expansion(ImmutableArray<Movement> Movements, int Requests);

/// <summary>
/// Decides whose history to ask a source for next, so that a search for stolen money finds much with few requests. It is how
/// the literature compares tracing methods; what it collects is a graph and no account of anything.
/// </summary>
public interface IExpansionStrategy
{
    /// <summary>Lower-case name, e.g. <c>ttr-time</c>.</summary>
    string Name { get; }

    /// <summary>What it does, for a person.</summary>
    string Summary { get; }

    /// <summary>Collects what can be had for a number of requests, from the question's seeds on.</summary>
    /// <param name="source">The facts.</param>
    /// <param name="tags">The labels: what they say is a stop is reached, but its history is not asked for.</param>
    /// <param name="question">The seeds; the policy counts for <see cref="ValueFirst"/> alone.</param>
    /// <param name="requests">How many histories may be asked for; one holder's history is one request.</param>
    /// <param name="cancellationToken">Stops it.</param>
    Task<Expansion> ExpandAsync(
        IHistorySource source, ITagSource tags, TraceQuestion question, int requests, CancellationToken cancellationToken);
}

/// <summary>The strategies there are.</summary>
public static class ExpansionStrategies
{
    /// <summary>Ours first, then the field's in the order of their papers.</summary>
    public static ImmutableArray<IExpansionStrategy> All { get; } =
    [
        new ValueFirst(),
        new GraphSearch("bfs", "breadth first, both ways", static starts => new BreadthFirst(starts, bothWays: true)),
        new GraphSearch("poison", "breadth first, along payments", static starts => new BreadthFirst(starts, bothWays: false)),
        new GraphSearch("haircut", "most taint first, divided along payments by amount", static starts => new Spreading(starts, Spread.Haircut)),
        new GraphSearch("appr", "approximate personalised PageRank", static starts => new Spreading(starts, Spread.PageRank)),
        new GraphSearch("ttr-base", "transaction tracing rank, payments alike", static starts => new Spreading(starts, Spread.Base)),
        new GraphSearch("ttr-weight", "transaction tracing rank, payments by amount", static starts => new Spreading(starts, Spread.Weight)),
        new GraphSearch("ttr-time", "as ttr-weight, later payments only", static starts => new TimedSpreading(starts, byAsset: false)),
        new GraphSearch("ttr-redirect", "as ttr-time, each asset by itself and through swaps", static starts => new TimedSpreading(starts, byAsset: true)),
    ];
}
