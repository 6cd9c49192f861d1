using System.Collections.Immutable;
using FlowTracer.Core.Attributions;
using FlowTracer.Core.Clustering;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Taint;

namespace FlowTracer.Core.Tracing;

/// <summary>
/// The movements of all holders that seeds reach, in time order. What comes of them is a pure function of the question, the
/// labels and the histories: where one is not known yet the sweep pauses, and goes on from there when it is. What else it will
/// want, a scout finds out (<see cref="LookAhead"/>). Under a budget there is no pause: what is not known is cut.
/// </summary>
internal sealed partial class Sweep
{
    private readonly TraceQuestion _question;
    private readonly Func<Address, Attribution?> _attributions;
    private readonly KnownHistories _histories;
    private readonly bool _forward;
    private readonly ClaimTable _claims;
    private readonly LotSlab<Amount> _lots;
    private readonly MovementQueue _queue;
    private readonly FlowGraph _graph;
    private readonly SinkBook _sinks = new();
    private readonly Dictionary<Holder, ActiveHolder> _active = [];
    private readonly HashSet<Address> _activeAddresses = [];
    private readonly SortedDictionary<int, CoinJoinFinding> _mixes = [];
    private readonly Dictionary<(ChainId, Position), List<int>> _seedsAt = [];
    private readonly Queue<int> _waiting;
    private readonly SeedClaim[] _seeds;
    private readonly Dictionary<Holder, HistoryRequest> _missing = [];
    private readonly Dictionary<Holder, History> _facts = [];
    private readonly HashSet<ChainId> _windowPassed = [];
    private Flow? _flow;

    /// <summary>A sweep from the start.</summary>
    /// <param name="question">What is asked.</param>
    /// <param name="attributions">What labels say of an address.</param>
    /// <param name="histories">What is known; more may be added at each pause.</param>
    /// <param name="requests">
    /// Under a budget, how many requests were made so far: then what arrives where no history is known is cut. Null without
    /// one: then the sweep pauses there.
    /// </param>
    public Sweep(
        TraceQuestion question, Func<Address, Attribution?> attributions, KnownHistories histories, int? requests = null)
    {
        _requests = requests;
        _pauses = requests is null;
        _question = question;
        _attributions = attributions;
        _histories = histories;
        _forward = question.Direction == Direction.Forward;
        _claims = new ClaimTable(question.Seeds.Length);
        _lots = new LotSlab<Amount>(_claims);
        _queue = new MovementQueue(question.Direction);
        _graph = new FlowGraph(_claims);
        _seeds = [.. question.Seeds.Select((seed, index) => new SeedClaim(seed, index, question.Policy.MeasuresReach))];
        foreach (SeedClaim seed in _seeds)
        {
            Await(seed);
        }

        // Those that start at one place keep the order of the question.
        Comparer<Position> order = Comparer<Position>.Create((a, b) => _forward ? a.CompareTo(b) : b.CompareTo(a));
        _waiting = new Queue<int>(_seeds.Where(static seed => seed.Seed is BalanceSeed)
            .OrderBy(static seed => ((BalanceSeed)seed.Seed).From, order).Select(static seed => seed.Index));
    }

    /// <summary>What it waits for; null when it is through, or was not begun.</summary>
    public HistoryRequest? Wanted { get; private set; }

    /// <summary>What a sweep that does not pause had to do without.</summary>
    public IReadOnlyCollection<HistoryRequest> Missing => _missing.Values;

    /// <summary>How many movements it has come to.</summary>
    public long Taken { get; private set; }

    /// <summary>How far the trace has come with this pass.</summary>
    public TraceProgress Progress(int round, int fetching, int histories) => new(
        round, fetching, histories, _activeAddresses.Count,
        [.. _seeds.Select(seed => _sinks.Placed(seed.Index))], [.. _seeds.Select(static seed => seed.Claimed)]);

    /// <summary>Runs to the end, or to where it has to pause; called again, it goes on.</summary>
    /// <exception cref="LedgerException">The facts cannot be true together.</exception>
    public void Run(CancellationToken cancellationToken)
    {
        Wanted = null;
        while (Wanted is null && Taken < _most)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (_flow is not null)
            {
                Guarded(_flow.Movement, GoOn);
            }
            else if (NextWaiting() is SeedClaim seed)
            {
                TryStart(seed);
            }
            else if (_queue.TryPeek(out _))
            {
                Taken++;
                Guarded(_queue.Take(), Follow);
            }
            else
            {
                return;
            }
        }
    }

    private static void Guarded(Movement movement, Action<Movement> step)
    {
        try
        {
            step(movement);
        }
        catch (OverflowException cause)
        {
            throw new LedgerException(
                movement.Chain, movement.Position, movement.Tx, "a holder would have more than 2^256-1 units", cause);
        }
    }

    private void Await(SeedClaim seed)
    {
        if (seed.Seed is not TransferSeed transfer)
        {
            return;
        }

        (ChainId, Position) at = (transfer.Asset.Chain, transfer.Movement.Position);
        if (!_seedsAt.TryGetValue(at, out List<int>? seeds))
        {
            seeds = _seedsAt[at] = [];
            _queue.Add(transfer.Movement);
        }

        seeds.Add(seed.Index);
    }

    // The first balance seed (in the order of its chain) that starts before the next movement, or before all others
    // when there is no movement to wait for.
    private SeedClaim? NextWaiting()
    {
        SeedClaim? first = _waiting.TryPeek(out int waiting) ? _seeds[waiting] : null;
        return first is null
            || !_queue.TryPeek(out Movement next)
            || next.Chain != first.Seed.Asset.Chain
            || IsBefore(((BalanceSeed)first.Seed).From, next.Position)
                ? first
                : null;
    }

    private bool IsBefore(Position a, Position b) => _question.Direction.IsBefore(a, b);

    private void TryStart(SeedClaim seed)
    {
        BalanceSeed balance = (BalanceSeed)seed.Seed;
        if (ActiveOf(balance.Holder) is null && !IsKnown(balance.Holder, balance.From))
        {
            return;
        }

        _waiting.Dequeue();
        try
        {
            Start(seed, balance);
        }
        catch (OverflowException cause)
        {
            throw new LedgerException(seed.Seed.Asset.Chain, balance.From, null, "a holder would have more than 2^256-1 units", cause);
        }
    }

    private void Start(SeedClaim seed, BalanceSeed balance)
    {
        ActiveHolder? holder = ActiveOf(balance.Holder);
        if (holder is null)
        {
            int node = _graph.Of(balance.Holder, NodeRole.Seed, _attributions(balance.Holder.Address));
            holder = Activate(balance.Holder, node, balance.From, depth: 0, ownLegs: null);
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

        (ImmutableArray<Leg> from, ImmutableArray<Leg> to) = SidesOf(movement);
        List<SeedClaim>? seeds = _seedsAt.GetValueOrDefault((movement.Chain, movement.Position))?.ConvertAll(seed => _seeds[seed]);
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
        Mix(flow);
        Divide(flow);
        flow.Node = GivingNode(flow);
        _flow = flow;
        GoOn(flow.Movement);
    }

    // Once past, always past: a movement without a time is past the window when one of its chain before it was.
    private bool IsPastWindow(Movement movement)
    {
        if (LiesPastWindow(movement))
        {
            _windowPassed.Add(movement.Chain);
        }

        return _windowPassed.Contains(movement.Chain);
    }

    private bool LiesPastWindow(Movement movement) =>
        _question.Limits.Window is Moment window && window.IsPassedBy(movement, _question.Direction);

    private void MarkLaterGivers(ImmutableArray<Leg> from)
    {
        foreach (Leg leg in from)
        {
            if (ActiveOf(leg.Holder) is { } giver)
            {
                giver.GivesLater = true;
            }
        }
    }

    private bool AnyClaims(ImmutableArray<Leg> to)
    {
        foreach (Leg leg in to)
        {
            if (ActiveOf(leg.Holder) is { } holder
                && holder.Claims.Exists(static claim => claim.IsOpen))
            {
                return true;
            }
        }

        return false;
    }

    // A coin is spent as a whole: what is in it keeps its order, and the transaction's pool is where the policy orders.
    private static bool IsCoin(Holder holder) => holder.Chain.Family == ChainFamily.Utxo;

    // Takes what each giver gives. Returns the smallest depth of those that give tainted lots; null when none does.
    private int? Draw(ImmutableArray<Leg> from, List<Lot>[] drawn)
    {
        int? depth = null;
        for (int i = 0; i < from.Length; i++)
        {
            drawn[i] = [];
            if (ActiveOf(from[i].Holder) is not { } giver)
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

            if (IsCoin(giver.Holder) && giver.Pool.Total == from[i].Amount)
            {
                giver.Pool.Drain(drawn[i]);
            }
            else
            {
                giver.Pool.Take(from[i].Amount, drawn[i]);
            }

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
            if (ActiveOf(leg.Holder) is { } receiver)
            {
                receiver.Pool.Put(Lot.CleanOf(leg.Amount));
            }
        }
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
        foreach (SeedClaim seed in flow.SeedsAt(output))
        {
            seed.ClaimOutput(lots, _claims);
        }
    }

    // The movement under way, from the taker on whose history it had to wait for.
    private void GoOn(Movement movement)
    {
        Flow flow = _flow!;
        while (flow.Taker < flow.To.Length)
        {
            if (!TryReceive(flow))
            {
                return;
            }

            flow.Taker++;
        }

        if (flow.Dust.Count > 0)
        {
            Book(flow.Dust, new SinkKey(SinkKind.Cut, CutNames.Dust), flow.To[0].Holder.Asset, flow.Node);
        }

        if (flow.Rest.Exists(static lot => lot.IsTainted))
        {
            End(flow, flow.Node);
        }

        _flow = null;
    }

    // One giver is the hop's own start. Several are not paired with the takers: their lots meet in the transaction.
    private int GivingNode(Flow flow)
    {
        if (flow.From.Length == 1 && !(_forward && flow.Movement.Kind == MovementKind.Reward))
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
                    flow.Drawn[i]);
            }
        }

        return node;
    }

    private int NodeOfGiver(Holder holder) => ActiveOf(holder) is { } active
        ? active.Node
        : _graph.Of(holder, NodeRole.Source, _attributions(holder.Address));

    // What nobody takes (a fee also where a coinbase left it lying).
    private void End(Flow flow, int from)
    {
        SinkKey sink = SinkKey.OfRest(flow.Movement.Kind, _forward);
        string name = sink.Kind == SinkKind.Fee ? "fee" : sink.Name;
        int node = _graph.Outside(flow.Movement.Chain, name, NodeRole.Sink);
        _graph.End(node, sink.Kind);
        Amount amount = Amount.Zero;
        foreach (Lot lot in flow.Rest)
        {
            amount += lot.Amount;
        }

        Leg ended = new(flow.From[0].Holder, amount);
        _graph.Move(from, node, ended, null, flow.Movement, flow.Rest);
        Book(flow.Rest, sink, ended.Holder.Asset, node);
    }
}
