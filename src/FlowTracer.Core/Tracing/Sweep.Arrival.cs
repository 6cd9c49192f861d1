using System.Numerics;
using FlowTracer.Core.Attributions;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Taint;

namespace FlowTracer.Core.Tracing;

/// <summary>What happens to lots where they arrive: seeds claim, labels and limits end, holders become active.</summary>
internal sealed partial class Sweep
{
    // What arrives at the next taker. False when it has to wait for the taker's history: then all that was done stays done.
    private bool TryReceive(Flow flow)
    {
        Leg leg = flow.To[flow.Taker];
        if (leg.Holder.IsFee)
        {
            return TryReceiveFee(flow, leg);
        }

        ActiveHolder? receiver = ActiveOf(leg.Holder);
        Reached reached = flow.Reached ??= Reach(flow, leg, receiver);
        if (receiver is null && reached.Lots.Exists(static lot => lot.Lot.IsTainted) && !TryEnter(flow, leg.Holder, reached, out receiver))
        {
            return false;
        }

        flow.Reached = null;
        if (receiver is not null)
        {
            receiver.Depth = reached.IsSeed ? 0 : receiver.Depth;
            foreach (Arrival lot in reached.Lots)
            {
                receiver.Pool.Put(lot.Lot);
            }
        }

        return true;
    }

    private Reached Reach(Flow flow, Leg leg, ActiveHolder? receiver)
    {
        List<Arrival> lots = ClaimReceived(flow, flow.Taker, receiver);
        bool isSeed = lots.Exists(static lot => lot.IsFresh);
        if (!lots.Exists(static lot => lot.Lot.IsTainted))
        {
            return new Reached(lots, default, isSeed);
        }

        Attribution? attribution = _attributions(leg.Holder.Address);
        int node = _graph.Of(leg.Holder, isSeed ? NodeRole.Seed : receiver is null ? NodeRole.Sink : NodeRole.Wallet, attribution);
        _graph.Move(flow.Node, node, leg, flow.Movement.IsSwap ? flow.From[0] : null, flow.Movement, LotsOf(lots));
        EndAtStop(lots, leg.Holder.Asset, attribution, node);
        EndSmallest(lots, leg.Holder.Asset, node);
        return new Reached(lots, node, isSeed);
    }

    // A fee on its way between a transaction and the coinbase of its block. It is no coin: no seed, label or limit stops it,
    // and it is no hop of its own.
    private bool TryReceiveFee(Flow flow, Leg leg)
    {
        List<Lot> lots = flow.Shares[flow.Taker];
        if (!lots.Exists(static lot => lot.IsTainted))
        {
            return true;
        }

        Holder fee = leg.Holder;
        Position at = flow.Movement.Position;
        ActiveHolder? receiver = ActiveOf(fee);
        bool isBeyondBudget = receiver is null && IsBeyondBudget(fee, at);
        if (receiver is null && !isBeyondBudget && !IsKnown(fee, at))
        {
            return false;
        }

        int node = _graph.Of(fee, NodeRole.Wallet, null);
        _graph.Move(flow.Node, node, leg, null, flow.Movement, lots);
        if (isBeyondBudget)
        {
            CutByBudget(flow, fee, lots, node);
            return true;
        }

        receiver ??= Activate(fee, node, at, flow.Depth - 1, BigInteger.Zero);
        foreach (Lot lot in lots)
        {
            receiver.Pool.Put(lot);
        }

        return true;
    }

    private List<Arrival> ClaimReceived(Flow flow, int taker, ActiveHolder? receiver)
    {
        int[] given = _forward ? [] : [.. flow.Seeds.Select(static seed => seed.Index)];
        List<Arrival> lots = [.. flow.Shares[taker].Select(lot => new Arrival(lot, given.Length == 0 ? Lot.Clean : _claims.Only(lot.Claim, given)))];
        if (_forward)
        {
            ClaimOutput(flow, taker, lots);
        }

        foreach (SeedClaim claim in receiver?.Claims ?? [])
        {
            claim.Take(lots);
        }

        return lots;
    }

    private static List<Lot> LotsOf(List<Arrival> arrivals) => arrivals.ConvertAll(static arrival => arrival.Lot);

    private void EndAtStop(List<Arrival> lots, Asset asset, Attribution? attribution, int node)
    {
        if (SinkKey.Of(attribution) is SinkKey sink)
        {
            EndWhere(lots, null, sink, asset, node);
        }
    }

    // Lots under the limit are cut where they arrive; neighbours that count as one lot are measured as one.
    private void EndSmallest(List<Arrival> lots, Asset asset, int node)
    {
        if (_question.Limits.SmallestLot.TryGetValue(asset, out Amount smallest))
        {
            Arrivals.MergeNeighbours(lots);
            EndWhere(lots, smallest, new SinkKey(SinkKind.Cut, CutNames.SmallestLot), asset, node);
        }
    }

    private void EndWhere(List<Arrival> lots, Amount? least, SinkKey sink, Asset asset, int node)
    {
        List<Lot> ended = Arrivals.End(lots, _claims, least);
        if (ended.Count > 0)
        {
            _graph.End(node, sink.Kind);
            Book(ended, sink, asset, node);
        }
    }

    // Makes a holder active that tainted lots reach, unless a limit keeps it out: then they are cut here. False when its
    // history has to be known first.
    private bool TryEnter(Flow flow, Holder holder, Reached reached, out ActiveHolder? receiver)
    {
        receiver = null;
        Position at = flow.Movement.Position;
        if (!reached.IsSeed && LimitAt(flow, holder) is string limit)
        {
            CutAt(holder, reached, limit);
            return true;
        }

        if (IsBeyondBudget(holder, at))
        {
            CutByBudget(flow, holder, LotsOf(reached.Lots), reached.Node);
            return true;
        }

        if (!IsKnown(holder, at))
        {
            return false;
        }

        if (!reached.IsSeed && IsOverDegree(holder, at))
        {
            CutAt(holder, reached, CutNames.Degree);
            return true;
        }

        _graph.Of(holder, reached.IsSeed ? NodeRole.Seed : NodeRole.Wallet, null);
        receiver = Activate(
            holder, reached.Node, at, reached.IsSeed ? 0 : flow.Depth, IsCoin(holder) ? 0 : flow.OwnLegs(flow.Taker));
        return true;
    }

    private void CutAt(Holder holder, Reached reached, string limit)
    {
        _graph.End(reached.Node, SinkKind.Cut);
        Book(LotsOf(reached.Lots), new SinkKey(SinkKind.Cut, limit), holder.Asset, reached.Node);
    }

    private string? LimitAt(Flow flow, Holder holder)
    {
        Limits limits = _question.Limits;
        return flow.Depth > limits.Hops ? CutNames.Hops
            : _activeAddresses.Count >= limits.Addresses && !_activeAddresses.Contains(holder.Address) ? CutNames.Addresses
            : null;
    }

    private bool IsOverDegree(Holder holder, Position at)
    {
        if (_question.Limits.Degree is not int most || _attributions(holder.Address) is not null || !_histories.Has(holder, at))
        {
            return false;
        }

        History history = _histories.From(holder, at);
        if (Counterparties(history, holder, at) <= most)
        {
            return false;
        }

        _facts.TryAdd(holder, history);
        return true;
    }

    // Whether a history reaches back to a position. Where it does not, the sweep pauses, or notes it and goes on without.
    private bool IsKnown(Holder holder, Position at)
    {
        if (_histories.Has(holder, at))
        {
            return true;
        }

        HistoryRequest request = new(holder, at, _question.Direction);
        if (_pauses)
        {
            Wanted = request;
            return false;
        }

        _missing[holder] = request;
        return true;
    }

    // With how many others a holder deals from here on, inside the time window.
    private int Counterparties(History history, Holder holder, Position at)
    {
        HashSet<Address> others = [];
        foreach (Movement movement in history.Movements)
        {
            if (!IsBefore(at, movement.Position) || LiesPastWindow(movement))
            {
                continue;
            }

            bool gives = movement.Inputs.Any(leg => leg.Holder == holder);
            bool gets = movement.Outputs.Any(leg => leg.Holder == holder);
            others.UnionWith((gives ? movement.Outputs : []).Concat(gets ? movement.Inputs : [])
                .Where(static leg => !leg.Holder.IsFee)
                .Select(static leg => leg.Holder.Address));
        }

        others.Remove(holder.Address);
        return others.Count;
    }

    // Own legs: what the holder gave, and got before, in the movement that makes it active: its balance counts them. Null
    // when none makes it active, but a seed that claims what it has.
    private ActiveHolder Activate(Holder holder, int node, Position at, int depth, BigInteger? ownLegs)
    {
        ActiveHolder active = new(holder, node, depth, _question.Policy.NewPool(_lots));
        _active[holder] = active;
        if (!holder.IsFee)
        {
            _activeAddresses.Add(holder.Address);
        }

        if (!_histories.Has(holder, at))
        {
            return active;
        }

        History history = _histories.From(holder, at);
        active.History = history;
        _facts.TryAdd(holder, history);
        BigInteger? opening = history.Opening;
        // A coin has nothing before the movement that makes it, whatever a source knows of it.
        BigInteger? balance = IsCoin(holder) && ownLegs is not null ? BigInteger.Zero : opening + (ownLegs ?? BigInteger.Zero);
        active.OpeningUnknown = balance is null or { Sign: < 0 };
        if (balance is { Sign: > 0 } clean)
        {
            active.Pool.Put(Lot.CleanOf(Amount.FromBigInteger(clean)));
        }

        _queue.Add(history.Movements, at);
        return active;
    }

    // One movement's tainted lots end at a sink: one movement in each seed's row, however many lots.
    private void Book(List<Lot> lots, SinkKey sink, Asset asset, int node)
    {
        if (IsScout)
        {
            return;
        }

        foreach (HopLot sum in SeedSums.Of(lots, _claims))
        {
            Book(sum.Seed, sink, node, asset, sum.Amount, sum.Origin, movements: 1);
        }
    }

    // Poison measures reach: what moved while marked, in what moved. Every other policy counts the seed's own units.
    private void Book(int seed, SinkKey sink, int node, Asset asset, Amount amount, Amount origin, int movements)
    {
        bool reach = _question.Policy.MeasuresReach;
        _sinks.Add(seed, sink, reach ? asset : _seeds[seed].Seed.Asset, node, reach ? amount : origin, movements);
    }

    /// <summary>What came to a taker, before it is known whether it goes on there.</summary>
    private sealed record Reached(List<Arrival> Lots, int Node, bool IsSeed);
}
