using System.Collections.Immutable;
using System.Numerics;
using FlowTracer.Core.Attributions;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Tracing;

namespace FlowTracer.Core.Ranking;

/// <summary>What a strategy found of a labelled case.</summary>
/// <param name="Strategy">Which.</param>
/// <param name="Found">How many labelled addresses its graph has.</param>
/// <param name="Value">What of the labelled addresses' payments into stops its graph has, by asset, in base units.</param>
/// <param name="Addresses">How many addresses its graph has.</param>
/// <param name="Movements">How many movements: the graph's edges.</param>
/// <param name="Depth">How many steps its furthest address is from a seed, whatever paid whom.</param>
/// <param name="Requests">How many histories were asked for.</param>
public sealed record RecallRow(
    IExpansionStrategy Strategy, int Found, ImmutableSortedDictionary<Asset, Amount> Value, int Addresses, int Movements,
    int Depth, int Requests);

/// <summary>How much strategies find of a labelled case with the same number of requests (docs/ranking.md).</summary>
/// <param name="Requests">How many histories each might ask for.</param>
/// <param name="Labelled">How many labelled addresses there are: the case's known ones but the seeds' own holders.</param>
/// <param name="Value">What they paid into stops, by asset, in base units.</param>
/// <param name="Rows">One for each strategy.</param>
public sealed record Recall(
    int Requests, int Labelled, ImmutableSortedDictionary<Asset, Amount> Value, ImmutableArray<RecallRow> Rows)
{
    /// <summary>Runs strategies on a case, one after another, each from nothing.</summary>
    public static async Task<Recall> MeasureAsync(
        IReadOnlyList<IExpansionStrategy> strategies, IHistorySource source, ITagSource tags, TraceQuestion question, int requests,
        CancellationToken cancellationToken)
    {
        HashSet<Address> seeds = [.. question.Seeds.Select(static seed => seed.Holder.Address)];
        HashSet<Address> labelled = [.. question.Known.Select(static known => known.Address)];
        labelled.ExceptWith(seeds);
        ILookup<Position, Leg> paid = await PaidToStopsAsync(source, tags, labelled, cancellationToken).ConfigureAwait(false);
        ImmutableArray<RecallRow>.Builder rows = ImmutableArray.CreateBuilder<RecallRow>();
        foreach (IExpansionStrategy strategy in strategies)
        {
            Expansion found = await strategy.ExpandAsync(source, tags, question, requests, cancellationToken).ConfigureAwait(false);
            Dictionary<Address, int> depths = DepthsOf(found.Movements, seeds);
            rows.Add(new RecallRow(
                strategy,
                labelled.Count(depths.ContainsKey),
                Sum(found.Movements.SelectMany(movement => paid[movement.Position])),
                depths.Count, found.Movements.Length, depths.Values.Max(), found.Requests));
        }

        return new Recall(requests, labelled.Count, Sum(paid.SelectMany(static legs => legs)), rows.ToImmutable());
    }

    // The truth: every payment of a labelled address alone into what a label says is a stop, by its place in the chain.
    private static async Task<ILookup<Position, Leg>> PaidToStopsAsync(
        IHistorySource source, ITagSource tags, IEnumerable<Address> labelled, CancellationToken cancellationToken)
    {
        Dictionary<(Position, Holder), Leg> paid = [];
        foreach (Address address in labelled.Order())
        {
            IReadOnlyList<History> histories = await GraphSearch.ReadAsync(source, address, int.MaxValue, cancellationToken).ConfigureAwait(false);
            foreach (Movement movement in histories.SelectMany(static history => history.Movements)
                .Where(movement => movement.Inputs is [{ Holder: var giver }] && giver.Address == address))
            {
                foreach (Leg leg in movement.Outputs.Where(leg => leg.Holder.Address != address && AttributionRules.IsStop(tags.TagsOf(leg.Holder.Address))))
                {
                    paid[(movement.Position, leg.Holder)] = leg;
                }
            }
        }

        return paid.ToLookup(static entry => entry.Key.Item1, static entry => entry.Value);
    }

    private static ImmutableSortedDictionary<Asset, Amount> Sum(IEnumerable<Leg> legs) => legs
        .GroupBy(static leg => leg.Holder.Asset)
        .ToImmutableSortedDictionary(
            static group => group.Key,
            static group => Amount.FromBigInteger(BigInteger.Min(
                Amount.MaxValue.ToBigInteger(),
                group.Aggregate(BigInteger.Zero, static (sum, leg) => sum + leg.Amount.ToBigInteger()))));

    // Breadth first from the seeds, both ways along each movement. What no path leads to from a seed is in no graph.
    private static Dictionary<Address, int> DepthsOf(IEnumerable<Movement> movements, IEnumerable<Address> seeds)
    {
        ILookup<Address, Address> neighbours = movements
            .SelectMany(static movement => movement.Inputs.SelectMany(from => movement.Outputs.Select(to => (From: from.Holder.Address, To: to.Holder.Address))))
            .SelectMany(static pair => new[] { (pair.From, pair.To), (From: pair.To, To: pair.From) })
            .ToLookup(static pair => pair.Item1, static pair => pair.Item2);
        Dictionary<Address, int> depths = seeds.ToDictionary(static seed => seed, static _ => 0);
        Queue<Address> next = new(depths.Keys);
        while (next.TryDequeue(out Address address))
        {
            foreach (Address other in neighbours[address])
            {
                if (depths.TryAdd(other, depths[address] + 1))
                {
                    next.Enqueue(other);
                }
            }
        }

        return depths;
    }
}
