using System.Collections.Immutable;
using System.Numerics;
using FlowTracer.Core.Attributions;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Taint;

namespace FlowTracer.Core.Tracing;

/// <summary>
/// One pass over the movements of all holders that seeds reach, in time order. It is a pure function of the question,
/// the labels and the histories known: where one is missing it says so and goes on without, so that one pass finds
/// all that is missing at once. Only a pass that misses nothing is an answer.
/// </summary>
internal sealed partial class Sweep
{
    private readonly TraceQuestion _question;
    private readonly Func<Address, Attribution?> _attributions;
    private readonly KnownHistories _histories;
    private readonly bool _forward;
    private readonly ClaimTable _claims;
    private readonly MovementQueue _queue;
    private readonly FlowGraph _graph;
    private readonly SinkBook _sinks = new();
    private readonly Dictionary<Holder, ActiveHolder> _active = [];
    private readonly HashSet<Address> _activeAddresses = [];
    private readonly Dictionary<(ChainId, Position), List<SeedClaim>> _seedsAt = [];
    private readonly List<SeedClaim> _waiting = [];
    private readonly SeedClaim[] _seeds;
    private readonly Dictionary<Holder, HistoryRequest> _missing = [];
    private bool _windowPassed;

    public Sweep(TraceQuestion question, Func<Address, Attribution?> attributions, KnownHistories histories)
    {
        _question = question;
        _attributions = attributions;
        _histories = histories;
        _forward = question.Direction == Direction.Forward;
        _claims = new ClaimTable(question.Seeds.Length);
        _queue = new MovementQueue(question.Direction);
        _graph = new FlowGraph(_claims);
        _seeds = [.. question.Seeds.Select((seed, index) => new SeedClaim(seed, index, question.Policy.MeasuresReach))];
        foreach (SeedClaim seed in _seeds)
        {
            Await(seed);
        }
    }

    /// <summary>What the pass had to do without.</summary>
    public IReadOnlyCollection<HistoryRequest> Missing => _missing.Values;

    /// <summary>How many addresses hold or held tainted value.</summary>
    public int ActiveAddresses => _activeAddresses.Count;

    /// <summary>Runs over everything known.</summary>
    /// <exception cref="LedgerException">The facts cannot be true together.</exception>
    public void Run(CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            while (NextWaiting() is SeedClaim seed)
            {
                _waiting.Remove(seed);
                Start(seed);
            }

            if (!_queue.TryPeek(out _))
            {
                return;
            }

            Movement movement = _queue.Take();
            try
            {
                Follow(movement);
            }
            catch (OverflowException cause)
            {
                throw new LedgerException(
                    movement.Chain, movement.Position, movement.Tx, "a holder would have more than 2^256-1 units", cause);
            }
        }
    }

    private void Await(SeedClaim seed)
    {
        if (seed.Seed is not TransferSeed transfer)
        {
            _waiting.Add(seed);
            return;
        }

        (ChainId, Position) at = (transfer.Asset.Chain, transfer.Movement.Position);
        if (!_seedsAt.TryGetValue(at, out List<SeedClaim>? seeds))
        {
            seeds = _seedsAt[at] = [];
            _queue.Add(transfer.Movement);
        }

        seeds.Add(seed);
    }

    // The first balance seed (in the order of its chain) that starts before the next movement, or before all others
    // when there is no movement to wait for.
    private SeedClaim? NextWaiting()
    {
        SeedClaim? first = null;
        foreach (SeedClaim seed in _waiting)
        {
            if (first is null || IsBefore(((BalanceSeed)seed.Seed).From, ((BalanceSeed)first.Seed).From))
            {
                first = seed;
            }
        }

        return first is null
            || !_queue.TryPeek(out Movement next)
            || next.Chain != first.Seed.Asset.Chain
            || IsBefore(((BalanceSeed)first.Seed).From, next.Position)
                ? first
                : null;
    }

    private bool IsBefore(Position a, Position b) => _forward ? a.CompareTo(b) < 0 : a.CompareTo(b) > 0;

    private void Start(SeedClaim seed)
    {
        BalanceSeed balance = (BalanceSeed)seed.Seed;
        if (!_active.TryGetValue(balance.Holder, out ActiveHolder? holder))
        {
            int node = _graph.Of(balance.Holder, NodeRole.Seed, _attributions(balance.Holder.Address));
            holder = Activate(balance.Holder, node, balance.From, depth: 0, BigInteger.Zero);
        }

        // Seeds that claim one holder's money claim it in the order the question gives them.
        int place = holder.Claims.FindIndex(other => other.Index > seed.Index);
        holder.Claims.Insert(place < 0 ? holder.Claims.Count : place, seed);
        holder.Depth = 0;
        List<Lot> lots = [];
        holder.Pool.CopyTo(lots);
        List<Arrival> claimed = [.. lots.Select(static lot => new Arrival(lot, Lot.Clean))];
        seed.Take(claimed);
        holder.Pool.Take(holder.Pool.Total, []);
        foreach (Arrival lot in claimed)
        {
            holder.Pool.Put(lot.Lot);
        }
    }

    private void Follow(Movement movement)
    {
        if (movement.IsSelfTransfer)
        {
            return;
        }

        ImmutableArray<Leg> from = _forward ? movement.Inputs : movement.Outputs;
        ImmutableArray<Leg> to = _forward ? movement.Outputs : movement.Inputs;

        List<SeedClaim>? seeds = _seedsAt.GetValueOrDefault((movement.Chain, movement.Position));
        if (IsPastWindow(movement))
        {
            Invariant.Check(seeds is null, $"a seed at {movement.Position} lies past the time window");
            MarkLaterGivers(from);
            return;
        }

        List<Lot>[] drawn = new List<Lot>[from.Length];
        int? depth = Draw(from, drawn);
        if (seeds is null && depth is null && !AnyClaims(to))
        {
            ReceiveClean(to);
            return;
        }

        Flow flow = new(movement, from, to, drawn, seeds ?? [], depth is int giver ? giver + 1 : 0);
        ClaimGiven(flow);
        Divide(flow);
        Record(flow);
    }

    // Once past, always past: a movement without a time is past the window when one before it was.
    private bool IsPastWindow(Movement movement) => _windowPassed |= IsPast(_question.Limits.Window, movement);

    private void MarkLaterGivers(ImmutableArray<Leg> from)
    {
        foreach (Leg leg in from)
        {
            if (_active.TryGetValue(leg.Holder, out ActiveHolder? giver))
            {
                giver.GivesLater = true;
            }
        }
    }

    private bool AnyClaims(ImmutableArray<Leg> to)
    {
        foreach (Leg leg in to)
        {
            if (_active.TryGetValue(leg.Holder, out ActiveHolder? holder)
                && holder.Claims.Exists(static claim => claim.IsOpen))
            {
                return true;
            }
        }

        return false;
    }

    // Takes what each giver gives. Returns the smallest depth of those that give tainted lots; null when none does.
    private int? Draw(ImmutableArray<Leg> from, List<Lot>[] drawn)
    {
        int? depth = null;
        for (int i = 0; i < from.Length; i++)
        {
            drawn[i] = [];
            if (!_active.TryGetValue(from[i].Holder, out ActiveHolder? giver))
            {
                drawn[i].Add(Lot.CleanOf(from[i].Amount));
                continue;
            }

            if (giver.Pool.Total < from[i].Amount)
            {
                Amount shortfall = from[i].Amount - giver.Pool.Total;
                giver.Pool.Put(Lot.CleanOf(shortfall));
                giver.Unexplained += shortfall;
            }

            giver.Pool.Take(from[i].Amount, drawn[i]);
            if (drawn[i].Exists(static lot => lot.IsTainted))
            {
                depth = depth is int smallest ? Math.Min(smallest, giver.Depth) : giver.Depth;
            }
        }

        return depth;
    }

    private void ReceiveClean(ImmutableArray<Leg> to)
    {
        foreach (Leg leg in to)
        {
            if (_active.TryGetValue(leg.Holder, out ActiveHolder? receiver))
            {
                receiver.Pool.Put(Lot.CleanOf(leg.Amount));
            }
        }
    }

    // Gives every taker its lots, and what no taker takes to the rest.
    private void Divide(Flow flow)
    {
        List<Lot> given = [.. flow.Drawn.SelectMany(static lots => lots)];
        if (flow.Movement.IsSwap)
        {
            flow.Dust = SwapLots.Convert(given, flow.From[0].Amount, flow.To[0].Amount);
            flow.Shares[0] = given;
            return;
        }

        Amount give = Movement.Sum(flow.From);
        Amount take = Movement.Sum(flow.To);
        if (flow.From.Length == 1 && flow.To.Length == 1 && give == take)
        {
            flow.Shares[0] = given;
            return;
        }

        LotPool pool = _question.Policy.NewPool(_claims);
        foreach (Lot lot in given)
        {
            pool.Put(lot);
        }

        if (flow.To.Length == 1 && give == take)
        {
            // One taker takes all as it was given: drawing once more would only turn a last-in order round.
            pool.CopyTo(flow.Shares[0]);
            return;
        }

        if (give < take)
        {
            pool.Put(Lot.CleanOf(take - give));
        }

        for (int i = 0; i < flow.To.Length; i++)
        {
            pool.Take(flow.To[i].Amount, flow.Shares[i]);
        }

        pool.Take(pool.Total, flow.Rest);
    }

    // Backward, a seed claims what its output gives back.
    private void ClaimGiven(Flow flow)
    {
        for (int i = 0; !_forward && i < flow.From.Length; i++)
        {
            List<Arrival> given = [.. flow.Drawn[i].Select(static lot => new Arrival(lot, Lot.Clean))];
            ClaimOutput(flow, i, given);
            flow.Drawn[i] = [.. given.Select(static lot => lot.Lot)];
        }
    }

    private void ClaimOutput(Flow flow, int output, List<Arrival> lots)
    {
        foreach (SeedClaim seed in flow.Seeds.Where(seed => ((TransferSeed)seed.Seed).Output == output))
        {
            if (_question.Policy.MeasuresReach)
            {
                seed.Mark(lots, _claims);
            }
            else
            {
                seed.TakeOutput(lots);
            }
        }
    }

    private void Record(Flow flow)
    {
        int from = GivingNode(flow);
        for (int i = 0; i < flow.To.Length; i++)
        {
            Receive(flow, from, i);
        }

        if (flow.Dust.Count > 0)
        {
            Book(flow.Dust, new SinkKey(SinkKind.Cut, CutNames.Dust), flow.To[0].Holder.Asset, from);
        }

        if (flow.Rest.Exists(static lot => lot.IsTainted))
        {
            End(flow, from);
        }
    }

    // One giver is the hop's own start. Several are not paired with the takers: their lots meet in the transaction.
    private int GivingNode(Flow flow)
    {
        if (flow.From.Length == 1)
        {
            return NodeOfGiver(flow.From[0].Holder);
        }

        if (flow.From.IsEmpty)
        {
            return _graph.Outside(flow.Movement.Chain, flow.Movement.Kind == MovementKind.Reward ? "issuance" : "outside",
                NodeRole.Source);
        }

        int node = _graph.OfTransaction(flow.Movement);
        for (int i = 0; i < flow.From.Length; i++)
        {
            if (flow.Drawn[i].Exists(static lot => lot.IsTainted))
            {
                _graph.Move(NodeOfGiver(flow.From[i].Holder), node, flow.From[i], null, flow.Movement,
                    [.. flow.Drawn[i]]);
            }
        }

        return node;
    }

    private int NodeOfGiver(Holder holder) => _active.TryGetValue(holder, out ActiveHolder? active)
        ? active.Node
        : _graph.Of(holder, NodeRole.Source, _attributions(holder.Address));

    // What nobody takes: a fee, the unresolved part of a transaction, or, backward, money that was newly issued.
    private void End(Flow flow, int from)
    {
        (SinkKey sink, string name) = flow.Movement.Kind switch
        {
            MovementKind.Unresolved => (new SinkKey(SinkKind.Cut, CutNames.Unresolved), "unresolved"),
            MovementKind.Reward => (new SinkKey(SinkKind.Edge, "issuance"), "issuance"),
            _ => (new SinkKey(SinkKind.Fee, string.Empty), "fee"),
        };
        int node = _graph.Outside(flow.Movement.Chain, name, NodeRole.Sink);
        _graph.End(node, sink.Kind);
        Amount amount = Amount.Zero;
        foreach (Lot lot in flow.Rest)
        {
            amount += lot.Amount;
        }

        Leg ended = new(flow.From[0].Holder, amount);
        _graph.Move(from, node, ended, null, flow.Movement, [.. flow.Rest]);
        Book(flow.Rest, sink, ended.Holder.Asset, node);
    }

    private void Receive(Flow flow, int from, int taker)
    {
        Leg leg = flow.To[taker];
        _active.TryGetValue(leg.Holder, out ActiveHolder? receiver);
        List<Arrival> lots = ClaimReceived(flow, taker, receiver);
        bool isSeed = lots.Exists(static lot => lot.IsFresh);
        if (lots.Exists(static lot => lot.Lot.IsTainted))
        {
            Attribution? attribution = _attributions(leg.Holder.Address);
            int node = _graph.Of(leg.Holder, isSeed ? NodeRole.Seed : receiver is null ? NodeRole.Sink : NodeRole.Wallet, attribution);
            _graph.Move(from, node, leg, flow.Movement.IsSwap ? flow.From[0] : null, flow.Movement,
                [.. lots.Select(static lot => lot.Lot)]);
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

    private void EndAtStop(List<Arrival> lots, Asset asset, Attribution? attribution, int node)
    {
        if (attribution?.Stop is SinkKind kind)
        {
            SinkKey sink = new(kind, attribution.Actor.Length > 0 ? attribution.Actor : attribution.Label);
            EndWhere(lots, static (_, _) => true, sink, asset, node);
        }
    }

    // Lots under the limit are cut where they arrive; neighbours that count as one lot are measured as one.
    private void EndSmallest(List<Arrival> lots, Asset asset, int node)
    {
        if (_question.Limits.SmallestLot.TryGetValue(asset, out Amount smallest))
        {
            MergeNeighbours(lots);
            EndWhere(lots, (lot, least) => lot.Amount < least, new SinkKey(SinkKind.Cut, CutNames.SmallestLot), asset, node, smallest);
        }
    }

    private static void MergeNeighbours(List<Arrival> lots)
    {
        for (int i = lots.Count - 1; i > 0; i--)
        {
            if (lots[i - 1].Fresh == lots[i].Fresh && lots[i - 1].Lot.Merges(lots[i].Lot))
            {
                lots[i - 1] = lots[i - 1] with { Lot = lots[i - 1].Lot.Plus(lots[i].Lot) };
                lots.RemoveAt(i);
            }
        }
    }

    // Books tainted lots at a sink. What a seed puts down in this movement starts here and is exempt; the money itself
    // arrives all the same, and what the sink has taken of it counts as clean.
    private void EndWhere(
        List<Arrival> lots, Func<Lot, Amount, bool> ends, SinkKey sink, Asset asset, int node, Amount least = default)
    {
        List<Lot> ended = [];
        for (int i = 0; i < lots.Count; i++)
        {
            (Lot lot, int fresh) = lots[i];
            int earlier = _claims.Minus(lot.Claim, fresh);
            if (earlier != Lot.Clean && ends(lot, least))
            {
                ended.Add(lot with { Claim = earlier });
                lots[i] = new Arrival(fresh == Lot.Clean ? Lot.CleanOf(lot.Amount) : lot with { Claim = fresh }, fresh);
            }
        }

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
            Book([.. lots.Select(static lot => lot.Lot)], new SinkKey(SinkKind.Cut, limit), holder.Asset, node);
            return null;
        }

        _graph.Of(holder, isSeed ? NodeRole.Seed : NodeRole.Wallet, null);
        return Activate(holder, node, flow.Movement.Position, isSeed ? 0 : flow.Depth, flow.OwnLegs(taker));
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

        if (limits.Degree is int most && _attributions(holder.Address) is null)
        {
            Position at = flow.Movement.Position;
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
            if (!IsBefore(at, movement.Position) || IsPast(_question.Limits.Window, movement))
            {
                continue;
            }

            bool gives = movement.Inputs.Any(leg => leg.Holder == holder);
            bool gets = movement.Outputs.Any(leg => leg.Holder == holder);
            others.UnionWith((gives ? movement.Outputs : []).Concat(gets ? movement.Inputs : []).Select(static leg => leg.Holder.Address));
        }

        others.Remove(holder.Address);
        return others.Count;
    }

    private bool IsPast(Moment? window, Movement movement)
    {
        return window is not null
            && ((window.Block is ulong block && IsPast(movement.Position.Block.CompareTo(block)))
                || (window.TimeSeconds is long seconds
                    && movement.Stamp.TimeSeconds is long time && IsPast(time.CompareTo(seconds))));

        bool IsPast(int comparison) => _forward ? comparison > 0 : comparison < 0;
    }

    // Own legs: what the holder gave, and got before, in the movement that makes it active. Its balance counts them.
    private ActiveHolder Activate(Holder holder, int node, Position at, int depth, BigInteger ownLegs)
    {
        ActiveHolder active = new(holder, node, depth, _question.Policy.NewPool(_claims));
        _active[holder] = active;
        _activeAddresses.Add(holder.Address);
        if (!_histories.TryGet(holder, at, out History history, out BigInteger? opening))
        {
            _missing[holder] = new HistoryRequest(holder, at, _question.Direction);
            return active;
        }

        active.History = history;
        BigInteger? balance = opening + ownLegs;
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
        SortedDictionary<int, (Amount Amount, Amount Origin)> bySeed = [];
        foreach (Lot lot in lots)
        {
            foreach (int seed in _claims.SeedsOf(lot.Claim))
            {
                (Amount amount, Amount origin) = bySeed.GetValueOrDefault(seed);
                bySeed[seed] = (amount + lot.Amount, origin + lot.Origin);
            }
        }

        foreach ((int seed, (Amount amount, Amount origin)) in bySeed)
        {
            Book(seed, sink, node, asset, amount, origin, movements: 1);
        }
    }

    // Poison measures reach: what moved while marked, in what moved. Every other policy counts the seed's own units.
    private void Book(int seed, SinkKey sink, int node, Asset asset, Amount amount, Amount origin, int movements)
    {
        bool reach = _question.Policy.MeasuresReach;
        _sinks.Add(seed, sink, reach ? asset : _seeds[seed].Seed.Asset, node, reach ? amount : origin, movements);
    }

    /// <summary>A movement on its way through the sweep.</summary>
    private sealed class Flow(
        Movement movement,
        ImmutableArray<Leg> from,
        ImmutableArray<Leg> to,
        List<Lot>[] drawn,
        List<SeedClaim> seeds,
        int depth)
    {
        public Movement Movement { get; } = movement;

        public ImmutableArray<Leg> From { get; } = from;

        public ImmutableArray<Leg> To { get; } = to;

        /// <summary>What each giver gave.</summary>
        public List<Lot>[] Drawn { get; } = drawn;

        /// <summary>What each taker takes.</summary>
        public List<Lot>[] Shares { get; } = [.. to.Select(static _ => new List<Lot>())];

        /// <summary>What no taker takes.</summary>
        public List<Lot> Rest { get; } = [];

        /// <summary>Origin that a swap left without an amount.</summary>
        public List<Lot> Dust { get; set; } = [];

        /// <summary>The seeds put here.</summary>
        public List<SeedClaim> Seeds { get; } = seeds;

        /// <summary>What a taker gave, and got before, in this same movement: negative when it gave more.</summary>
        public BigInteger OwnLegs(int taker)
        {
            BigInteger net = BigInteger.Zero;
            foreach (Leg leg in From)
            {
                net -= leg.Holder == To[taker].Holder ? leg.Amount.ToBigInteger() : BigInteger.Zero;
            }

            for (int i = 0; i < taker; i++)
            {
                net += To[i].Holder == To[taker].Holder ? To[i].Amount.ToBigInteger() : BigInteger.Zero;
            }

            return net;
        }

        /// <summary>Hops from a seed to the takers.</summary>
        public int Depth { get; } = depth;
    }
}
