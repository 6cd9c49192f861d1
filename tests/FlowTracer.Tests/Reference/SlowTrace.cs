using System.Numerics;

namespace FlowTracer.Tests.Reference;

/// <summary>
/// The taint accounting once more, slow and plain, to hold the engine against. It walks the whole ledger row by row,
/// keeps lots in lists, looks up nothing twice and shares no code with the engine.
/// <para>
/// Choices made where the design leaves room:
/// </para>
/// <list type="bullet">
/// <item>Lots are kept apart under queue policies; where a conversion divides and where the smallest lot is measured,
/// neighbours of one seed count as one lot when they are clean or stand unit for unit.</item>
/// <item>A movement with one output hands over the pieces in the order they were drawn; with several outputs the takers
/// draw from the pooled pieces, by the policy again.</item>
/// <item>A holder's balance before it becomes active counts the legs of the same movement that came before.</item>
/// <item>Conversion: a lot that gets nothing of the new amount gives its origin to the nearest earlier lot of its seed in
/// the same draw that got something, else to the nearest later one, else to the sink <c>cut dust</c>.</item>
/// <item>Checks on arrival: claims of seeds, stop, smallest lot, then for a new holder hops, addresses, degree. What a seed
/// puts down in this very movement is exempt from all of them.</item>
/// <item>A stop that is active (a seed was put there) keeps what else arrives as clean lots, so that no gap is invented.</item>
/// <item>A transfer of nothing makes nobody a counterparty.</item>
/// <item>What a seed claims on arrival is a hop, whichever kind of seed it is.</item>
/// <item>An address seed claims recorded inflows and the opening balance, never an unexplained inflow.</item>
/// <item>Poison: one lot per holder, marked by a set of seeds. A transfer seed marks its whole output, whatever marks it
/// has; an address seed marks what arrives without any mark. There are no collisions.</item>
/// <item>Bitcoin: <c>SlowTrace.Bitcoin.cs</c>.</item>
/// </list>
/// </summary>
internal sealed partial class SlowTrace
{
    public static readonly string[] ValuePolicies = ["fifo", "lifo", "pifo", "libr", "tiho", "haircut"];
    public static readonly string[] Policies = [.. ValuePolicies, "poison"];

    /// <summary>Queue policies called by their two orders: how lots leave, how takers are served.</summary>
    public static readonly string[] OrderPolicies =
    [
        .. from lots in new[] { "first", "last", "taint", "clean" }
           from takers in new[] { "first", "last", "highest", "smallest" }
           select $"{lots}-{takers}",
    ];

    private readonly RefCase _case;
    private readonly string _policy;
    private readonly List<RefMovement> _rows;
    private readonly Dictionary<string, BigInteger> _net = [];
    private readonly Dictionary<string, List<Lot>> _lots = [];
    private readonly Dictionary<string, int> _depth = [];
    private readonly Dictionary<string, BigInteger> _stolen = [];
    private readonly Dictionary<string, BigInteger> _claimedEarlier = [];
    private readonly HashSet<string> _started = [];
    private readonly SortedDictionary<(string Seed, string Kind, string Name, string Asset), BigInteger> _sinks = [];
    private readonly SortedDictionary<string, BigInteger> _gaps = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, BigInteger> _unknownOpenings = new(StringComparer.Ordinal);
    private readonly HashSet<(string Seed, string Address)> _reached = [];
    private readonly List<RefCollision> _collisions = [];
    private readonly List<RefHop> _hops = [];

    private SlowTrace(RefCase question, string policy)
    {
        _case = question;
        _policy = policy;
        _rows = question.Backward
            ? question.Ledger.AsEnumerable().Reverse().Select(m => m.Reversed()).ToList()
            : question.Ledger;
        foreach (RefSeed seed in question.Seeds)
        {
            _stolen[seed.Id] = 0;
            _claimedEarlier[seed.Id] = 0;
        }
    }

    private bool MergesAll => _policy == "poison";

    private bool MergesBySeed => _policy == "haircut";

    public static RefResult Run(
        List<RefMovement> ledger,
        List<RefSeed> seeds,
        string policy,
        Dictionary<string, (string Kind, string Name)> stops,
        HashSet<string> covered,
        RefLimits limits,
        bool backward = false) =>
        Run(new RefCase(ledger, seeds, stops, covered, limits, backward), policy);

    public static RefResult Run(RefCase question, string policy)
    {
        RefCheck.Case(question, policy);
        SlowTrace trace = new(question, policy);
        trace.WalkLedger();
        trace.BookWhatIsLeft();
        trace.CheckConservation();
        return trace.Result();
    }

    private void WalkLedger()
    {
        if (_case.Backward)
        {
            // Going back, a holder's known balance starts at what the whole ledger leaves it with.
            foreach (RefMovement row in _case.Ledger)
            {
                row.Inputs.ForEach(leg => AddNet(leg.Holder, -leg.Amount));
                row.Outputs.ForEach(leg => AddNet(leg.Holder, leg.Amount));
            }
        }

        for (int i = 0; i < _rows.Count; i++)
        {
            if (!IsBeyondWindow(_rows[i]))
            {
                StartAddressSeeds(_rows[i].Order);
                Apply(i);
            }
        }

        StartAddressSeeds(_case.Backward ? int.MinValue : int.MaxValue);
    }

    private bool IsBeyondWindow(RefMovement row) =>
        _case.Limits.UntilOrder is int until && (_case.Backward ? row.Order < until : row.Order > until);

    private void AddNet(string holder, BigInteger amount) => _net[holder] = _net.GetValueOrDefault(holder) + amount;

    // --- one movement -----------------------------------------------------------------------------------------------

    private void Apply(int row)
    {
        RefMovement movement = _rows[row];
        if (movement.IsSelfTransfer)
        {
            return;
        }

        if (movement.IsBitcoin)
        {
            ApplyOnBitcoin(row);
            return;
        }

        int giversDepth = int.MaxValue;
        List<Lot> pool = [];
        for (int i = 0; i < movement.Inputs.Count; i++)
        {
            (string holder, BigInteger amount) = movement.Inputs[i];
            List<Lot> pieces = Draw(holder, amount);
            if (_depth.TryGetValue(holder, out int depth) && pieces.Any(p => p.IsTainted))
            {
                giversDepth = Math.Min(giversDepth, depth);
            }

            pool.AddRange(_case.Backward ? ClaimForTransferSeeds(movement.Order, i, holder, pieces) : pieces);
            AddNet(holder, -amount);
        }

        if (movement.Inputs.Count == 0)
        {
            pool.Add(Lot.Clean(movement.Outputs.Aggregate(BigInteger.Zero, (sum, o) => sum + o.Amount)));
        }

        pool = Merged(pool);
        if (movement.Outputs.Count == 0)
        {
            BookOutflow(movement, pool);
            return;
        }

        List<List<Lot>> shares = movement.Outputs.Count == 1 ? [pool] : Serve(pool, movement.Outputs.Select(o => o.Amount).ToList());
        for (int i = 0; i < movement.Outputs.Count; i++)
        {
            (string holder, BigInteger amount) = movement.Outputs[i];
            List<Lot> pieces = shares[i];
            if (movement.Kind == "conversion")
            {
                pieces = Convert(pieces, amount);
            }

            if (!_case.Backward)
            {
                pieces = ClaimForTransferSeeds(movement.Order, i, holder, pieces);
            }

            pieces = ClaimForAddressSeeds(holder, pieces);
            AddHop(movement, holder, amount, pieces);
            Receive(row, holder, pieces, giversDepth);
            AddNet(holder, amount);
        }
    }

    private void BookOutflow(RefMovement movement, List<Lot> pieces)
    {
        (string kind, string name) = movement.Kind switch
        {
            "fee" => ("fee", ""),
            "reward" => ("edge", "issuance"),
            _ => ("cut", "unresolved"),
        };
        Book(pieces, kind, name, RefHolder.Asset(movement.Inputs[0].Holder));
    }

    private void AddHop(RefMovement movement, string receiver, BigInteger amount, List<Lot> pieces)
    {
        List<RefLot> lots = [];
        foreach (Lot piece in pieces.Where(p => p.IsTainted))
        {
            int same = lots.FindIndex(l => l.Seeds.SequenceEqual(piece.Seeds));
            if (same < 0)
            {
                lots.Add(new RefLot(piece.Seeds, piece.Amount, piece.Origin));
            }
            else
            {
                RefLot old = lots[same];
                lots[same] = new RefLot(old.Seeds, old.Amount + piece.Amount, old.Origin + piece.Origin);
            }
        }

        if (lots.Count == 0)
        {
            return;
        }

        List<string> givers = movement.Inputs.Select(i => i.Holder).ToList();
        _hops.Add(_case.Backward
            ? new RefHop(movement.Order, movement.Tx, [receiver], givers, amount, lots)
            : new RefHop(movement.Order, movement.Tx, givers, [receiver], amount, lots));
    }

    // --- arriving ---------------------------------------------------------------------------------------------------

    private void Receive(int row, string holder, List<Lot> arriving, int giversDepth)
    {
        string address = RefHolder.Address(holder);
        List<Lot> pieces = arriving;
        pieces.ForEach(p => p.Seeds.ForEach(seed => _reached.Add((seed, address))));

        if (_case.Stops.TryGetValue(address, out (string Kind, string Name) stop))
        {
            pieces = pieces.Select(p => EndUnlessFresh(p, stop.Kind, stop.Name, holder)).ToList();
        }

        if (_case.Limits.SmallestLot?.TryGetValue(RefHolder.Asset(holder), out BigInteger smallest) == true)
        {
            pieces = NeighboursAsOne(pieces)
                .Select(p => p.Amount < smallest ? EndUnlessFresh(p, "cut", "smallest-lot", holder) : p)
                .ToList();
        }

        if (!pieces.Any(p => p.IsTainted) && !_lots.ContainsKey(holder))
        {
            return;
        }

        bool isSeedHere = pieces.Any(p => p.Fresh.Count > 0);
        bool isNewByGift = !_lots.ContainsKey(holder) && !isSeedHere;
        if (isNewByGift && RefusedBy(row, holder, giversDepth + 1) is string limit)
        {
            Book(pieces, "cut", limit, RefHolder.Asset(holder));
            return;
        }

        if (isNewByGift || isSeedHere)
        {
            Activate(holder, isSeedHere ? 0 : giversDepth + 1, isSeedsOwn: false);
        }

        _lots[holder] = Merged([.. _lots[holder], .. pieces.Where(p => p.Amount > 0).Select(p => p.Settled())]);
    }

    /// <summary>Books a piece's seeds at a sink, save those put down in this movement; the piece stays, clean or fresh.</summary>
    private Lot EndUnlessFresh(Lot piece, string kind, string name, string holder)
    {
        List<string> ended = piece.Seeds.Except(piece.Fresh).ToList();
        if (ended.Count == 0)
        {
            return piece;
        }

        Book([piece with { Seeds = ended }], kind, name, RefHolder.Asset(holder));
        return piece.Fresh.Count == 0 ? Lot.Clean(piece.Amount) : piece with { Seeds = piece.Fresh };
    }

    private string? RefusedBy(int row, string holder, int depth)
    {
        if (depth > _case.Limits.Hops)
        {
            return "hops";
        }

        List<string> addresses = _lots.Keys.Select(RefHolder.Address).Distinct().ToList();
        if (!addresses.Contains(RefHolder.Address(holder)) && addresses.Count >= _case.Limits.Addresses)
        {
            return "addresses";
        }

        return CounterpartiesAfter(row, holder) > _case.Limits.Degree ? "degree" : null;
    }

    private int CounterpartiesAfter(int row, string holder)
    {
        HashSet<string> others = [];
        foreach (RefMovement later in _rows.Skip(row + 1).Where(m => !IsBeyondWindow(m)))
        {
            if (later.Inputs.Any(i => i.Holder == holder && i.Amount > 0))
            {
                others.UnionWith(later.Outputs.Where(o => o.Amount > 0).Select(o => RefHolder.Address(o.Holder)));
            }

            if (later.Outputs.Any(o => o.Holder == holder && o.Amount > 0))
            {
                others.UnionWith(later.Inputs.Where(i => i.Amount > 0).Select(i => RefHolder.Address(i.Holder)));
            }
        }

        others.Remove(RefHolder.Address(holder));
        return others.Count;
    }

    /// <summary>Starts watching a holder, or lowers the depth of one already watched when a seed is put there.</summary>
    private void Activate(string holder, int depth, bool isSeedsOwn)
    {
        _depth[holder] = depth;
        if (_lots.ContainsKey(holder))
        {
            return;
        }

        // A coin that a movement reaches is made by it (going back: spent by it), and had nothing on the other side.
        BigInteger opening = RefHolder.IsCoin(holder) && !isSeedsOwn ? 0 : _net.GetValueOrDefault(holder);
        _lots[holder] = opening > 0 ? [Lot.Clean(opening)] : [];
        if (opening < 0)
        {
            _unknownOpenings[holder] = opening;
        }
    }

    // --- seeds ------------------------------------------------------------------------------------------------------

    private void StartAddressSeeds(int order)
    {
        foreach (RefSeed seed in _case.Seeds.Where(s => s.Holder is not null))
        {
            bool isDue = _case.Backward ? seed.Order >= order : seed.Order <= order;
            if (!isDue || !_started.Add(seed.Id))
            {
                continue;
            }

            Activate(seed.Holder!, 0, isSeedsOwn: true);
            List<Lot> claimed = ClaimForAddress(seed, _lots[seed.Holder!]);
            if (claimed.Any(l => l.Fresh.Count > 0))
            {
                _reached.Add((seed.Id, RefHolder.Address(seed.Holder!)));
            }

            _lots[seed.Holder!] = Merged(claimed.Select(l => l.Settled()).ToList());
        }
    }

    private List<Lot> ClaimForAddressSeeds(string holder, List<Lot> pieces) => _case.Seeds
        .Where(s => s.Holder == holder && _started.Contains(s.Id))
        .Aggregate(pieces, (rest, seed) => ClaimForAddress(seed, rest));

    private List<Lot> ClaimForAddress(RefSeed seed, List<Lot> pieces)
    {
        BigInteger clean = Sum(pieces.Where(p => !p.IsTainted));
        BigInteger claim = seed.Amount is BigInteger most ? BigInteger.Min(most - _stolen[seed.Id], clean) : clean;
        _stolen[seed.Id] += claim;
        return ClaimClean(seed.Id, pieces, claim);
    }

    private List<Lot> ClaimForTransferSeeds(int order, int leg, string holder, List<Lot> pieces) => _case.Seeds
        .Where(s => s.Holder is null && s.Order == order && s.Output == leg)
        .Aggregate(pieces, (rest, seed) => ClaimForTransfer(seed, holder, rest));

    private List<Lot> ClaimForTransfer(RefSeed seed, string holder, List<Lot> pieces)
    {
        BigInteger stolen = seed.Amount ?? Sum(pieces);
        _stolen[seed.Id] = stolen;
        if (MergesAll)
        {
            return pieces.Select(p => p.Marked(seed.Id)).ToList();
        }

        BigInteger claim = BigInteger.Min(stolen, Sum(pieces.Where(p => !p.IsTainted)));
        _claimedEarlier[seed.Id] = stolen - claim;
        ListCollisions(seed.Id, holder, pieces, stolen - claim);
        return ClaimClean(seed.Id, pieces, claim);
    }

    private void ListCollisions(string seed, string holder, List<Lot> pieces, BigInteger left)
    {
        foreach (Lot piece in pieces.Where(p => p.IsTainted))
        {
            BigInteger amount = BigInteger.Min(piece.Amount, left);
            left -= amount;
            int same = _collisions.FindIndex(c => c.Seed == seed && c.Earlier == piece.Seeds[0]);
            if (same >= 0)
            {
                _collisions[same] = _collisions[same] with { Amount = _collisions[same].Amount + amount };
            }
            else if (amount > 0)
            {
                _collisions.Add(new RefCollision(seed, piece.Seeds[0], holder, amount));
            }
        }
    }

    /// <summary>Gives clean units to a seed, first pieces first; a piece claimed in part becomes two, the claimed one first.</summary>
    private List<Lot> ClaimClean(string seed, List<Lot> pieces, BigInteger left)
    {
        List<Lot> result = [];
        foreach (Lot piece in pieces)
        {
            BigInteger claim = piece.IsTainted ? 0 : BigInteger.Min(piece.Amount, left);
            if (claim == 0)
            {
                result.Add(piece);
                continue;
            }

            left -= claim;
            if (MergesAll)
            {
                result.Add(piece.Marked(seed));
                continue;
            }

            result.Add(new Lot([seed], claim, claim, [seed]));
            if (claim < piece.Amount)
            {
                result.Add(Lot.Clean(piece.Amount - claim));
            }
        }

        return result;
    }

    // --- drawing ----------------------------------------------------------------------------------------------------

    private List<Lot> Draw(string holder, BigInteger amount)
    {
        if (!_lots.TryGetValue(holder, out List<Lot>? lots))
        {
            return amount > 0 ? [Lot.Clean(amount)] : [];
        }

        BigInteger shortfall = amount - Sum(lots);
        if (shortfall > 0)
        {
            _gaps[holder] = _gaps.GetValueOrDefault(holder) + shortfall;
            lots = Merged([.. lots, Lot.Clean(shortfall)]);
            _lots[holder] = lots;
        }

        return Take(lots, amount);
    }

    /// <summary>Takes an amount out of a list of lots by the policy; the list keeps the rest.</summary>
    private List<Lot> Take(List<Lot> lots, BigInteger amount) =>
        MergesBySeed ? TakeInProportion(lots, amount) : TakeInOrder(lots, amount, TakingOrder(lots));

    private List<int> TakingOrder(List<Lot> lots)
    {
        List<int> arrival = Enumerable.Range(0, lots.Count).ToList();
        List<int> tainted = arrival.Where(i => lots[i].IsTainted).ToList();
        List<int> clean = arrival.Where(i => !lots[i].IsTainted).ToList();
        return Orders().Lots switch
        {
            "last" => arrival.AsEnumerable().Reverse().ToList(),
            "taint" => [.. tainted, .. clean],
            "clean" => [.. clean, .. tainted],
            _ => arrival,
        };
    }

    private static List<Lot> TakeInOrder(List<Lot> lots, BigInteger amount, List<int> order)
    {
        List<Lot> taken = [];
        foreach (int i in order)
        {
            BigInteger part = BigInteger.Min(lots[i].Amount, amount);
            if (part > 0)
            {
                taken.Add(TakePart(lots, i, part));
                amount -= part;
            }
        }

        lots.RemoveAll(l => l.Amount == 0);
        return taken;
    }

    private static List<Lot> TakeInProportion(List<Lot> lots, BigInteger amount)
    {
        List<BigInteger> shares = Shares(amount, lots.Select(l => l.Amount).ToList());
        List<Lot> taken = [];
        for (int i = 0; i < lots.Count; i++)
        {
            if (shares[i] > 0)
            {
                taken.Add(TakePart(lots, i, shares[i]));
            }
        }

        lots.RemoveAll(l => l.Amount == 0);
        return taken;
    }

    private static Lot TakePart(List<Lot> lots, int i, BigInteger part)
    {
        Lot lot = lots[i];
        BigInteger origin = lot.Origin * part / lot.Amount; // floor; exact when the whole lot goes
        lots[i] = lot with { Amount = lot.Amount - part, Origin = lot.Origin - origin };
        return lot with { Amount = part, Origin = origin };
    }

    /// <summary>Splits an amount in proportion to weights by largest remainder; ties go to the earlier weight.</summary>
    private static List<BigInteger> Shares(BigInteger amount, List<BigInteger> weights)
    {
        BigInteger total = weights.Aggregate(BigInteger.Zero, (sum, w) => sum + w);
        List<BigInteger> shares = weights.Select(w => total == 0 ? 0 : amount * w / total).ToList();
        BigInteger left = total == 0 ? 0 : amount - shares.Aggregate(BigInteger.Zero, (sum, s) => sum + s);
        IEnumerable<int> byRemainder = Enumerable.Range(0, weights.Count)
            .OrderByDescending(i => total == 0 ? 0 : amount * weights[i] % total) // stable: ties stay in order
            .Take((int)left);
        foreach (int i in byRemainder.ToList())
        {
            shares[i] += 1;
        }

        return shares;
    }

    /// <summary>Neighbours of the same seeds that are clean, or stand unit for unit, as one lot each.</summary>
    private static List<Lot> NeighboursAsOne(List<Lot> lots)
    {
        List<Lot> result = [];
        foreach (Lot lot in lots)
        {
            bool same = result.Count > 0
                && result[^1].Seeds.SequenceEqual(lot.Seeds)
                && result[^1].Fresh.SequenceEqual(lot.Fresh)
                && ((result[^1].Origin == 0 && lot.Origin == 0)
                    || (result[^1].Origin == result[^1].Amount && lot.Origin == lot.Amount));
            if (same)
            {
                result[^1] = result[^1].Plus(lot);
            }
            else
            {
                result.Add(lot);
            }
        }

        return result;
    }

    private List<Lot> Convert(List<Lot> drawn, BigInteger newAmount)
    {
        List<Lot> pieces = NeighboursAsOne(drawn);
        List<BigInteger> shares = Shares(newAmount, pieces.Select(p => p.Amount).ToList());
        List<Lot> result = pieces.Zip(shares, (piece, share) => piece with { Amount = share }).ToList();
        for (int i = 0; i < result.Count; i++)
        {
            Lot lost = result[i];
            if (lost.Amount > 0 || lost.Origin == 0)
            {
                continue;
            }

            int heir = result.FindLastIndex(i, l => l.Amount > 0 && l.Seeds.SequenceEqual(lost.Seeds));
            heir = heir >= 0 ? heir : result.FindIndex(i, l => l.Amount > 0 && l.Seeds.SequenceEqual(lost.Seeds));
            if (heir >= 0)
            {
                result[heir] = result[heir] with { Origin = result[heir].Origin + lost.Origin };
            }
            else
            {
                Book([lost], "cut", "dust", "");
            }
        }

        return result.Where(l => l.Amount > 0).ToList();
    }

    private List<Lot> Merged(List<Lot> lots)
    {
        if (!MergesAll && !MergesBySeed)
        {
            return lots;
        }

        List<Lot> result = [];
        foreach (Lot lot in lots.Where(l => l.Amount > 0))
        {
            int same = result.FindIndex(l => MergesAll || l.Seeds.SequenceEqual(lot.Seeds));
            if (same < 0)
            {
                result.Add(lot);
            }
            else
            {
                result[same] = result[same].Plus(lot);
            }
        }

        return result;
    }

    // --- the balance sheet ------------------------------------------------------------------------------------------

    private void Book(List<Lot> pieces, string kind, string name, string asset)
    {
        foreach (Lot piece in pieces)
        {
            foreach (string seed in piece.Seeds)
            {
                BigInteger amount = MergesAll ? piece.Amount : piece.Origin;
                (string, string, string, string) key = (seed, kind, name, MergesAll ? asset : SeedAsset(seed));
                _sinks[key] = _sinks.GetValueOrDefault(key) + amount;
            }
        }
    }

    private string SeedAsset(string id)
    {
        RefSeed seed = _case.Seeds.Single(s => s.Id == id);
        return RefHolder.Asset(seed.Holder ?? _case.Ledger.Single(m => m.Order == seed.Order).Outputs[seed.Output].Holder);
    }

    private void BookWhatIsLeft()
    {
        foreach ((string holder, List<Lot> lots) in _lots)
        {
            bool movesOnLater = _rows.Any(m =>
                IsBeyondWindow(m) && !m.IsSelfTransfer && m.Inputs.Any(i => i.Holder == holder && i.Amount > 0));
            (string kind, string name) = movesOnLater ? ("cut", "time-window")
                : _case.Stops.TryGetValue(RefHolder.Address(holder), out (string Kind, string Name) stop) ? stop
                : _case.IsCovered(holder) ? ("held", "")
                : ("edge", "");
            Book(lots, kind, name, RefHolder.Asset(holder));
        }

        BookFeesLeft();
    }

    private void CheckConservation()
    {
        foreach (RefSeed seed in _case.Seeds.Where(_ => !MergesAll))
        {
            BigInteger ended = _sinks.Where(s => s.Key.Seed == seed.Id).Aggregate(BigInteger.Zero, (sum, s) => sum + s.Value);
            BigInteger began = _stolen[seed.Id] - _claimedEarlier[seed.Id];
            if (began != ended)
            {
                throw new InvalidOperationException($"{_policy}: seed {seed.Id} began with {began} and ended with {ended}");
            }
        }
    }

    private RefResult Result() => new(
        _policy,
        _case.Seeds.Select(s => new RefSeedResult(
            s.Id,
            SeedAsset(s.Id),
            _stolen[s.Id],
            _claimedEarlier[s.Id],
            _sinks.Where(k => k.Key.Seed == s.Id && k.Value > 0)
                .Select(k => new RefSink(k.Key.Kind, k.Key.Name, k.Key.Asset, k.Value)).ToList(),
            _reached.Where(r => r.Seed == s.Id).Select(r => r.Address).Order(StringComparer.Ordinal).ToList())).ToList(),
        new SortedDictionary<string, List<RefLot>>(
            _lots.Where(l => l.Value.Count > 0).ToDictionary(
                l => l.Key,
                l => l.Value.Select(x => new RefLot(x.Seeds, x.Amount, x.Origin)).ToList()),
            StringComparer.Ordinal),
        _gaps,
        _unknownOpenings,
        _collisions,
        _hops);

    private static BigInteger Sum(IEnumerable<Lot> lots) => lots.Aggregate(BigInteger.Zero, (sum, l) => sum + l.Amount);

    /// <summary>A lot in motion; <paramref name="Fresh"/> are the seeds that were put into it in this very movement.</summary>
    private sealed record Lot(List<string> Seeds, BigInteger Amount, BigInteger Origin, List<string> Fresh)
    {
        public bool IsTainted => Seeds.Count > 0;

        public static Lot Clean(BigInteger amount) => new([], amount, 0, []);

        public Lot Settled() => this with { Fresh = [] };

        public Lot Marked(string seed) => this with { Seeds = Union(Seeds, [seed]), Fresh = Union(Fresh, [seed]) };

        public Lot Plus(Lot other) =>
            new(Union(Seeds, other.Seeds), Amount + other.Amount, Origin + other.Origin, Union(Fresh, other.Fresh));

        private static List<string> Union(List<string> a, List<string> b) =>
            a.Union(b).Order(StringComparer.Ordinal).ToList();
    }
}
