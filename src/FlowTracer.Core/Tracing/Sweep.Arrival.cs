using System.Numerics;
using FlowTracer.Core.Attributions;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Taint;

namespace FlowTracer.Core.Tracing;

/// <summary>What happens to lots where they arrive: seeds claim, labels and limits end, holders become active.</summary>
internal sealed partial class Sweep
{
    private void Receive(Flow flow, int from, int taker)
    {
        Leg leg = flow.To[taker];
        if (leg.Holder.IsFee)
        {
            ReceiveFee(flow, from, taker);
            return;
        }

        _active.TryGetValue(leg.Holder, out ActiveHolder? receiver);
        List<Arrival> lots = ClaimReceived(flow, taker, receiver);
        bool isSeed = lots.Exists(static lot => lot.IsFresh);
        if (lots.Exists(static lot => lot.Lot.IsTainted))
        {
            Attribution? attribution = _attributions(leg.Holder.Address);
            int node = _graph.Of(leg.Holder, isSeed ? NodeRole.Seed : receiver is null ? NodeRole.Sink : NodeRole.Wallet, attribution);
            _graph.Move(from, node, leg, flow.Movement.IsSwap ? flow.From[0] : null, flow.Movement,
                LotsOf(lots));
            EndAtStop(lots, leg.Holder.Asset, attribution, node);
            EndSmallest(lots, leg.Holder.Asset, node);
            receiver = Enter(flow, taker, receiver, lots, node, isSeed);
        }

        if (receiver is not null)
        {
            receiver.Depth = isSeed ? 0 : receiver.Depth;
            foreach (Arrival lot in lots)
            {
                receiver.Pool.Put(lot.Lot);
            }
        }
    }

    // A fee on its way between a transaction and the coinbase of its block. It is no coin: no seed, label or limit stops it,
    // and it is no hop of its own.
    private void ReceiveFee(Flow flow, int from, int taker)
    {
        List<Lot> lots = flow.Shares[taker];
        if (!lots.Exists(static lot => lot.IsTainted))
        {
            return;
        }

        Holder fee = flow.To[taker].Holder;
        int node = _graph.Of(fee, NodeRole.Wallet, null);
        _graph.Move(from, node, flow.To[taker], null, flow.Movement, lots);
        Position at = flow.Movement.Position;
        if (!_active.ContainsKey(fee) && IsBeyondBudget(fee, at))
        {
            CutByBudget(flow, fee, lots, node);
            return;
        }

        ActiveHolder receiver = _active.GetValueOrDefault(fee) ?? Activate(fee, node, at, flow.Depth - 1, BigInteger.Zero);
        foreach (Lot lot in lots)
        {
            receiver.Pool.Put(lot);
        }
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

    // Makes a holder active that tainted lots reach, unless a limit keeps it out: then they are cut here.
    private ActiveHolder? Enter(
        Flow flow, int taker, ActiveHolder? receiver, List<Arrival> lots, int node, bool isSeed)
    {
        if (receiver is not null || !lots.Exists(static lot => lot.Lot.IsTainted))
        {
            return receiver;
        }

        Holder holder = flow.To[taker].Holder;
        if (!isSeed && LimitAt(flow, holder) is string limit)
        {
            _graph.End(node, SinkKind.Cut);
            Book(LotsOf(lots), new SinkKey(SinkKind.Cut, limit), holder.Asset, node);
            return null;
        }

        if (IsBeyondBudget(holder, flow.Movement.Position))
        {
            CutByBudget(flow, holder, LotsOf(lots), node);
            return null;
        }

        _graph.Of(holder, isSeed ? NodeRole.Seed : NodeRole.Wallet, null);
        return Activate(holder, node, flow.Movement.Position, isSeed ? 0 : flow.Depth, IsCoin(holder) ? 0 : flow.OwnLegs(taker));
    }

    private string? LimitAt(Flow flow, Holder holder)
    {
        Limits limits = _question.Limits;
        if (flow.Depth > limits.Hops)
        {
            return CutNames.Hops;
        }

        if (_activeAddresses.Count >= limits.Addresses && !_activeAddresses.Contains(holder.Address))
        {
            return CutNames.Addresses;
        }

        Position at = flow.Movement.Position;
        if (limits.Degree is int most && _attributions(holder.Address) is null && !IsBeyondBudget(holder, at))
        {
            if (!_histories.TryGet(holder, at, out History history, out _))
            {
                _missing[holder] = new HistoryRequest(holder, at, _question.Direction);
            }
            else if (Counterparties(history, holder, at) > most)
            {
                return CutNames.Degree;
            }
        }

        return null;
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

        if (!_histories.TryGet(holder, at, out History history, out BigInteger? opening))
        {
            _missing[holder] = new HistoryRequest(holder, at, _question.Direction);
            return active;
        }

        active.History = history;
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
}
