using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using FlowTracer.Core.Clustering;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Core.Tracing;

/// <summary>What a pass that missed nothing comes to.</summary>
internal sealed partial class Sweep
{
    /// <summary>The trace. Checks that every seed's value is accounted for.</summary>
    /// <exception cref="InvariantException">A seed does not add up: a bug.</exception>
    public Trace ToTrace()
    {
        Invariant.Check(Wanted is null && _missing.Count == 0, $"histories are missing");
        try
        {
            Settle();
        }
        catch (OverflowException cause)
        {
            throw new LedgerException(
                _seeds[0].Seed.Asset.Chain, Position.End, null, "what is left at one sink is more than 2^256-1 units", cause);
        }

        ILookup<int, Hop> hopsTo = _graph.Hops.ToLookup(static hop => hop.To);
        return new Trace(
            _question,
            [.. _seeds.Select(seed => Balance(seed, hopsTo))],
            [.. _graph.Nodes],
            [.. _graph.Hops],
            [.. Gaps()],
            [.. Assumptions()])
        {
            StoppedAfter = IsCutByBudget ? _requests : null,
            Facts = [.. _facts.Values],
        };
    }

    /// <summary>What every holder has left, in the order of its pool: for tests, which look inside.</summary>
    internal IEnumerable<(Holder Holder, List<Lot> Lots)> Pools()
    {
        foreach (ActiveHolder holder in _active.Values)
        {
            List<Lot> lots = [];
            holder.Pool.CopyTo(lots);
            yield return (holder.Holder, lots);
        }
    }

    /// <summary>The seeds that claim a lot.</summary>
    internal ReadOnlySpan<int> SeedsOf(Lot lot) => _claims.SeedsOf(lot.Claim);

    // Value still in holders: held where the history is complete, at the record's edge where it is not.
    private void Settle()
    {
        Dictionary<(int Node, Asset Asset, int Seed), int> inflows = CountInflows();
        SortedDictionary<int, List<Holding>> holdings = [];
        List<Lot> lots = [];
        foreach (ActiveHolder holder in _active.Values)
        {
            lots.Clear();
            holder.Pool.CopyTo(lots);
            SinkKey sink = EndOf(holder);
            foreach (Holding holding in HoldingsOf(holder, lots, sink.Kind))
            {
                int movements = inflows.GetValueOrDefault((holder.Node, holding.Asset, holding.Seed));
                Book(holding.Seed, sink, holder.Node, holding.Asset, holding.Amount, holding.Origin, movements);
                (holdings.TryGetValue(holder.Node, out List<Holding>? known) ? known : holdings[holder.Node] = [])
                    .Add(holding);
            }
        }

        foreach ((int node, List<Holding> held) in holdings)
        {
            _graph.SetHoldings(node, [.. held.OrderBy(h => h.Seed).ThenBy(h => h.Asset)]);
        }
    }

    // A seed that was put at a mixer or an exchange starts there; what never left has ended there. A fee whose coinbase the
    // source does not know cannot be held by anybody.
    private SinkKey EndOf(ActiveHolder holder) => holder.GivesLater
        ? new SinkKey(SinkKind.Cut, CutNames.TimeWindow)
        : SinkKey.Of(_attributions(holder.Holder.Address)) ?? new SinkKey(
            holder.History!.Coverage.IsComplete && !holder.Holder.IsFee ? SinkKind.Held : SinkKind.Edge, string.Empty);

    private IEnumerable<Holding> HoldingsOf(ActiveHolder holder, List<Lot> lots, SinkKind sink)
    {
        foreach (HopLot sum in SeedSums.Of(lots, _claims))
        {
            yield return new Holding(sum.Seed, holder.Holder.Asset, sum.Amount, sum.Origin, sink);
        }
    }

    private Dictionary<(int Node, Asset Asset, int Seed), int> CountInflows()
    {
        Dictionary<(int, Asset, int), int> inflows = [];
        foreach (Hop hop in _graph.Hops)
        {
            foreach (HopLot lot in hop.Lots)
            {
                (int, Asset, int) key = (hop.To, hop.Asset, lot.Seed);
                inflows[key] = inflows.GetValueOrDefault(key) + 1;
            }
        }

        return inflows;
    }

    private SeedBalance Balance(SeedClaim seed, ILookup<int, Hop> hopsTo)
    {
        if (!_question.Policy.MeasuresReach)
        {
            Amount accounted = seed.ClaimedEarlier + _sinks.Total(seed.Index);
            Invariant.Check(
                accounted == seed.Stolen,
                $"seed {seed.Index + 1}: {seed.Stolen} stolen, {accounted} accounted for under {_question.Policy.Name}");
        }

        return new SeedBalance(
            seed.Index, seed.Seed.Asset, seed.Stolen, seed.ClaimedEarlier, _sinks.Rows(seed.Index, hopsTo));
    }

    private IEnumerable<Gap> Gaps()
    {
        foreach (SeedClaim seed in _seeds)
        {
            string node = _graph.Nodes[_graph.Of(seed.Seed.Holder, NodeRole.Seed, null)].Id;
            foreach ((int earlier, Amount amount) in seed.ClaimedBefore)
            {
                yield return new Gap(
                    "collision", node, seed.Seed.Asset, amount,
                    $"Seed {seed.Index + 1} states money that seed {earlier + 1} had claimed before; it is counted there.");
            }

            if (seed.ClaimedBefore.Count == 0 && !seed.Wanting.IsZero)
            {
                yield return new Gap(
                    "seed-shortfall", node, seed.Seed.Asset, seed.Wanting,
                    $"Seed {seed.Index + 1} states more than the address had and received.");
            }
        }

        foreach (ActiveHolder holder in _active.Values)
        {
            if (!holder.Unexplained.IsZero)
            {
                yield return new Gap(
                    "unexplained-inflow", _graph.Nodes[holder.Node].Id, holder.Holder.Asset, holder.Unexplained,
                    "It gave more than it is known to have had; the difference counts as clean money.");
            }

            if (Mismatch(holder) is { IsZero: false } difference)
            {
                yield return new Gap(
                    "balance-mismatch", _graph.Nodes[holder.Node].Id, holder.Holder.Asset,
                    Amount.FromBigInteger(BigInteger.Min(BigInteger.Abs(difference), Amount.MaxValue.ToBigInteger())),
                    $"Its movements add up to {(holder.History!.Opening is null ? "at least " : string.Empty)}this much {(difference.Sign > 0 ? "more" : "less")} than the balance the chain states.");
            }
        }
    }

    // What the movements come to, less what the chain states at their far end. Of a holder whose balance at first nobody
    // knows, what is left of what it got is the least it has, unless the time window hides what it gave.
    private BigInteger? Mismatch(ActiveHolder holder)
    {
        History history = holder.History!;
        if (history.Opening is null)
        {
            BigInteger? excess = holder.GivesLater ? null : holder.Pool.Total.ToBigInteger() - history.Closing;
            return excess is { Sign: > 0 } ? excess : null;
        }

        BigInteger net = history.Movements.NetOf(history.Request.Holder);
        return history.Opening + (_forward ? net : -net) - history.Closing;
    }

    private IEnumerable<Assumption> Assumptions()
    {
        foreach (ActiveHolder holder in _active.Values)
        {
            if (holder.OpeningUnknown)
            {
                yield return new Assumption(
                    "opening-unknown", _graph.Nodes[holder.Node].Id,
                    $"Its {holder.Holder.Asset} balance before it first received traced money cannot be known; it is taken as zero.");
            }
        }

        foreach (Hop hop in _graph.Hops)
        {
            if (hop.Movement is { Grade: Grade.Inferred or Grade.Hypothesis, Doubt: null })
            {
                yield return new Assumption(
                    hop.Movement.Grade == Grade.Inferred ? "inferred-amount" : "hypothesis",
                    _graph.Nodes[hop.To].Id,
                    $"What it received{InTransaction(hop.Movement)} is the source's estimate, not a fact of the chain ({hop.Movement.Source}).");
            }
        }

        foreach ((int node, CoinJoinFinding mix) in _mixes)
        {
            yield return new Assumption(
                "coinjoin", _graph.Nodes[node].Id,
                $"Taken for a {mix.Protocol} CoinJoin by {mix.Heuristic} (confidence {mix.Confidence.ToString().ToLowerInvariant()}): {mix.Why}. {(_question.ThroughCoinJoins ? "The trace goes on through it, and every link is a hypothesis." : "What enters it ends there as in a mixer.")}");
        }

        foreach (Hop hop in _graph.Hops
            .Where(hop => hop.Movement is { Kind: MovementKind.Unresolved, Doubt: not null } && _graph.Nodes[hop.From].Kind != NodeKind.Outside)
            .DistinctBy(static hop => hop.Movement))
        {
            yield return new Assumption(
                "unresolved", _graph.Nodes[hop.From].Id, $"{(_forward ? "What became of it" : "Where it came from")}{InTransaction(hop.Movement)} cannot be told: {hop.Movement.Doubt}.");
        }

        foreach (Hop hop in _graph.Hops.Where(static hop => hop.Movement is { IsSwap: true, Doubt: not null }).DistinctBy(static hop => hop.Movement))
        {
            yield return new Assumption(
                "unconfirmed-swap", _graph.Nodes[hop.To].Id,
                $"What it received{InTransaction(hop.Movement)} counts as bought with what was given there: {hop.Movement.Doubt}.");
        }

        // How they were read is no fact.
        foreach (IGrouping<long?, ActiveHolder> covered in _active.Values
            .Where(static holder => !holder.Holder.IsFee && holder.History is { Coverage.IsComplete: true })
            .GroupBy(static holder => holder.History!.Coverage.UpToTimeSeconds))
        {
            yield return new Assumption(
                "coverage", string.Empty, $"{Count(covered.Count(), "holder")} count as complete{UpTo(covered.Key)}, on the source's word.");
        }

        int inexact = _graph.Hops.Count(static hop => hop.Movement.Stamp is { Block: null } or { BlockMax: not null });
        if (inexact > 0)
        {
            yield return new Assumption(
                "order-of-record", string.Empty,
                $"{Count(inexact, "hop")} without an exact block in the record: the record's own order is taken.");
        }
    }

    private static string UpTo(long? timeSeconds)
    {
        const long endOfYear9999 = 253_402_300_799;
        return timeSeconds is not long time ? string.Empty
            : time is < 0 or > endOfYear9999 ? string.Create(CultureInfo.InvariantCulture, $" up to Unix time {time}")
            : $" up to {DateTimeOffset.FromUnixTimeSeconds(time).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)}";
    }

    private static string Count(int count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";

    private static string InTransaction(Movement movement) =>
        movement.Tx is TxHash tx ? $" in transaction {tx.ToString(movement.Chain.Family)}" : string.Empty;
}
