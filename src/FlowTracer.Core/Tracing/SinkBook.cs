using System.Collections.Immutable;
using FlowTracer.Core.Attributions;
using FlowTracer.Core.Model;

namespace FlowTracer.Core.Tracing;

/// <summary>An end of value: its kind and the name under which the balance sheet counts it.</summary>
/// <param name="Kind">What kind of end.</param>
/// <param name="Name">Actor, label or limit; empty where the kind says all.</param>
public readonly record struct SinkKey(SinkKind Kind, string Name)
{
    /// <summary>Where a budget keeps value from being followed.</summary>
    internal static SinkKey BeyondBudget { get; } = new(SinkKind.Cut, CutNames.Requests);

    /// <summary>Where value that reaches an address ends; null when it goes on. An actor that only repeats the category
    /// ("bridge") names nobody; the label does.</summary>
    internal static SinkKey? Of(Attribution? attribution) => attribution?.Stop is SinkKind kind
        ? new SinkKey(
            kind,
            attribution.Actor.Length > 0 && attribution.Actor != attribution.Category ? attribution.Actor : attribution.Label)
        : null;

    /// <summary>Where value ends that nobody takes: a fee, the unresolved part of a transaction, or, backward, money that was
    /// newly issued.</summary>
    internal static SinkKey OfRest(MovementKind kind, bool forward) => kind switch
    {
        MovementKind.Unresolved => new SinkKey(SinkKind.Cut, CutNames.Unresolved),
        MovementKind.Reward when !forward => new SinkKey(SinkKind.Edge, "issuance"),
        _ => new SinkKey(SinkKind.Fee, string.Empty),
    };
}

/// <summary>The balance sheets as they grow: what each seed has at which sink.</summary>
internal sealed class SinkBook
{
    private readonly Dictionary<int, Dictionary<(SinkKey Sink, Asset Asset), Row>> _seeds = [];

    /// <summary>Adds value of a seed that ended at a node, with how many movements brought it.</summary>
    /// <param name="seed">Index of the seed.</param>
    /// <param name="sink">Where.</param>
    /// <param name="asset">What <paramref name="amount"/> counts: the seed's asset, or under poison what moved.</param>
    /// <param name="node">At which node.</param>
    /// <param name="amount">How much, in base units.</param>
    /// <param name="movements">How many movements brought it.</param>
    public void Add(int seed, SinkKey sink, Asset asset, int node, Amount amount, int movements)
    {
        if (!_seeds.TryGetValue(seed, out Dictionary<(SinkKey Sink, Asset Asset), Row>? rows))
        {
            rows = _seeds[seed] = [];
        }

        if (!rows.TryGetValue((sink, asset), out Row? row))
        {
            row = rows[(sink, asset)] = new Row();
        }

        row.Amount += amount;
        row.Nodes.Add(node);
        row.Movements += movements;
    }

    /// <summary>What all sinks of a seed come to.</summary>
    public Amount Total(int seed) => Sum(seed, static _ => true);

    /// <summary>What all sinks of a seed come to but what a budget keeps from being followed.</summary>
    public Amount Placed(int seed) => Sum(seed, static sink => sink != SinkKey.BeyondBudget);

    private Amount Sum(int seed, Func<SinkKey, bool> counts)
    {
        Amount total = Amount.Zero;
        foreach (((SinkKey sink, _), Row row) in _seeds.GetValueOrDefault(seed) ?? [])
        {
            total += counts(sink) ? row.Amount : Amount.Zero;
        }

        return total;
    }

    /// <summary>The rows of a seed, given the hops by the node they reach: kinds in their order, the largest first, then by name.</summary>
    public ImmutableArray<SinkRow> Rows(int seed, ILookup<int, Hop> hopsTo) =>
    [
        .. (_seeds.GetValueOrDefault(seed) ?? [])
            .Select(entry => new SinkRow(
                entry.Key.Sink.Kind, entry.Key.Sink.Name, entry.Key.Asset, entry.Value.Amount, Payers(seed, entry.Value, hopsTo),
                entry.Value.Nodes.Count, entry.Value.Movements))
            .OrderBy(row => row.Kind)
            .ThenByDescending(row => row.Amount)
            .ThenBy(row => row.Name, StringComparer.Ordinal)
            .ThenBy(row => row.Asset),
    ];

    private static int Payers(int seed, Row row, ILookup<int, Hop> hopsTo)
    {
        HashSet<int> payers = [];
        foreach (int node in row.Nodes)
        {
            foreach (Hop hop in hopsTo[node])
            {
                if (hop.Carries(seed))
                {
                    payers.Add(hop.From);
                }
            }
        }

        return payers.Count;
    }

    private sealed class Row
    {
        public Amount Amount { get; set; }

        public HashSet<int> Nodes { get; } = [];

        public int Movements { get; set; }
    }
}
