using System.Numerics;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Core.Tracing;

/// <summary>
/// What a budget makes of a pass: value that arrives where no history is known is cut there. How much that is says which
/// history to ask for first, and in the last pass how much is not followed.
/// </summary>
internal sealed partial class Sweep
{
    private readonly int? _requests;
    private readonly Dictionary<Holder, Unfollowed> _unfollowed = [];

    /// <summary>Whether a budget kept value from being followed.</summary>
    public bool IsCutByBudget => _unfollowed.Count > 0;

    /// <summary>
    /// The histories that would follow what was cut, the holder with the most value first: within an asset the seeds' units
    /// count alike, across assets by the share of what was stolen of each. Ties, and all holders under poison, which
    /// measures no value: the one nearest to a seed, then in the holders' order.
    /// </summary>
    public IReadOnlyList<HistoryRequest> NotFollowed()
    {
        Dictionary<Asset, BigInteger> weights = Weights();
        return
        [
            .. _unfollowed.Values
                .OrderByDescending(cut => cut.Value.Aggregate(BigInteger.Zero, (sum, part) => sum + (part.Value * weights[part.Key])))
                .ThenBy(static cut => cut.Depth)
                .ThenBy(static cut => cut.Request.Holder)
                .Select(static cut => cut.Request),
        ];
    }

    // Once a holder is cut, later arrivals are cut as well: it is followed from its first on, or not at all.
    private bool IsBeyondBudget(Holder holder, Position at) =>
        _requests is not null && (_unfollowed.ContainsKey(holder) || !_histories.Has(holder, at));

    private void CutByBudget(Flow flow, Holder holder, List<Lot> lots, int node)
    {
        _graph.End(node, SinkKind.Cut);
        Book(lots, SinkKey.BeyondBudget, holder.Asset, node);
        if (!_unfollowed.TryGetValue(holder, out Unfollowed? cut))
        {
            HistoryRequest request = new(holder, flow.Movement.Position, _question.Direction);
            cut = _unfollowed[holder] = new Unfollowed(request, flow.Depth, []);
        }

        foreach (HopLot sum in SeedSums.Of(lots, _claims))
        {
            Asset asset = _seeds[sum.Seed].Seed.Asset;
            cut.Value[asset] = cut.Value.GetValueOrDefault(asset) + sum.Origin.ToBigInteger();
        }
    }

    // A share x/T of each asset, brought to one denominator: x times the product of the other assets' T.
    private Dictionary<Asset, BigInteger> Weights()
    {
        Dictionary<Asset, BigInteger> stolen = _seeds.GroupBy(static seed => seed.Seed.Asset).ToDictionary(
            static seeds => seeds.Key,
            static seeds => BigInteger.Max(1, seeds.Aggregate(BigInteger.Zero, static (sum, seed) => sum + seed.Stolen.ToBigInteger())));
        BigInteger product = stolen.Values.Aggregate(BigInteger.One, static (all, one) => all * one);
        return stolen.ToDictionary(static entry => entry.Key, entry => product / entry.Value);
    }

    /// <summary>A holder at which value was cut.</summary>
    /// <param name="Request">The history that would follow it.</param>
    /// <param name="Depth">How many hops from a seed it first was.</param>
    /// <param name="Value">How much of what was stolen, in the seeds' base units by their asset.</param>
    private sealed record Unfollowed(HistoryRequest Request, int Depth, Dictionary<Asset, BigInteger> Value);
}
