using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using System.Text;
using FlowTracer.Chains.Recorded;
using FlowTracer.Core.Attributions;
using FlowTracer.Core.Bulk;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Taint;
using FlowTracer.Core.Tracing;
using FlowTracer.Tests.Reference;

namespace FlowTracer.Tests.Tracing;

/// <summary>
/// Asks the engine the reference's question and says the answer in the reference's words. Names become addresses by
/// their hash; a ledger's row n is block n, or on Bitcoin transaction n of its block.
/// </summary>
internal sealed class EngineRunner : ITagSource
{
    // Thousands of ledgers share a few names, and a name costs a hash.
    private static readonly ConcurrentDictionary<(ChainId Chain, string Name), Address> Addresses = new();

    private readonly RefCase _case;
    private readonly ChainId _chain;
    private readonly Dictionary<Address, string> _names = [];
    private readonly Dictionary<int, Movement> _rows = [];
    private readonly IHistorySource _source;
    private readonly Dictionary<string, string> _nodes = [];
    private readonly Dictionary<OutPoint, string> _coins = [];
    private readonly Dictionary<Position, int> _orders = [];
    private RecordLedger? _ledger;

    /// <summary>Makes a record of a case: once, however often it is asked.</summary>
    /// <param name="question">The case.</param>
    /// <param name="through">What stands between the record and who asks it; nothing unless given.</param>
    public EngineRunner(RefCase question, Func<IHistorySource, IHistorySource>? through = null)
    {
        _case = question;
        _chain = question.IsBitcoin ? ChainId.Bitcoin : ChainId.Ethereum;
        foreach (RefMovement row in question.Ledger)
        {
            if (ToMovement(row) is Movement movement)
            {
                _rows[row.Order] = movement;
                _orders[movement.Position] = row.Order;
            }
        }

        RecordedSource record = new(Movements, [.. _case.Covered.Select(Coverage)]);
        _source = through?.Invoke(record) ?? record;
    }

    /// <summary>The record's movements, in its order.</summary>
    public IReadOnlyList<Movement> Movements => [.. _rows.OrderBy(r => r.Key).Select(r => r.Value)];

    public static RefResult Run(RefCase question, string policy) => new EngineRunner(question).Run(policy, FetchOptions.Default);

    public IReadOnlyList<Tag> TagsOf(Address address) =>
        _names.TryGetValue(address, out string? name) && _case.Stops.TryGetValue(name, out (string Kind, string Name) stop)
            ? [new Tag(address, stop.Name, stop.Kind == "service" ? "dex" : stop.Kind, stop.Name, "ledger", "scenario", "", "scenario")]
            : [];

    /// <summary>The answer under a policy, its histories fetched in a way that must not matter.</summary>
    public RefResult Run(string policyName, FetchOptions fetch)
    {
        Sweep sweep = SweepOf(policyName, new Tracer(_source, this, fetch));
        Trace trace = sweep.ToTrace();
        return new RefResult(
            policyName,
            [.. trace.Balance.Select(balance => SeedResult(trace, balance))],
            Lots(sweep),
            Sum(trace.Gaps.Where(g => g.Kind == "unexplained-inflow")),
            new SortedDictionary<string, BigInteger>(trace.Assumptions
                .Where(a => a.Kind == "opening-unknown")
                .ToDictionary(a => Unknown(trace, a), _ => BigInteger.MinusOne), StringComparer.Ordinal),
            [.. trace.Gaps.Where(g => g.Kind == "collision").Select(g => Collision(trace, g))],
            [.. trace.Hops.Where(h => IsHolder(trace.Nodes[h.To])).Select(h => ToHop(trace, h))]);
    }

    /// <summary>The answer of the engine itself under a budget.</summary>
    public Trace Trace(string policyName, Budget budget) =>
        SweepOf(policyName, new Tracer(_source, this, FetchOptions.Default) { Budget = budget }).ToTrace();

    /// <summary>The answer of the engine itself, its histories fetched in a way that must not matter.</summary>
    public Trace Trace(string policyName, FetchOptions fetch) => SweepOf(policyName, new Tracer(_source, this, fetch)).ToTrace();

    private Sweep SweepOf(string policyName, Tracer tracer) =>
        tracer.SweepAsync(Question(policyName), null, CancellationToken.None).GetAwaiter().GetResult();

    private TraceQuestion Question(string policy) => new(
        [.. _case.Seeds.Select(ToSeed)], TaintPolicies.Find(policy)!,
        _case.Backward ? Direction.Backward : Direction.Forward, ToLimits(), []) { FollowFees = _case.FollowFees };

    /// <summary>The answer of the sweep over columns.</summary>
    public RefResult RunBulk(string policy, Pace pace)
    {
        TraceQuestion question = Question(policy);
        RecordLedger ledger = _ledger ??= new RecordLedger(
            _chain, Movements, [.. question.Seeds.Select(seed => seed.Holder)]);
        List<BulkHop> hops = [];
        SortedDictionary<string, List<RefLot>> lots = new(StringComparer.Ordinal);
        HashSet<Holder> covered = [.. _case.Covered.Where(holder => !_case.IsBitcoin).Select(ToHolder)];
        BulkTrace trace = ledger.Run(
            question, address => TagsOf(address) is { Count: > 0 } tags ? AttributionRules.Conclude(tags) : null,
            holder => _case.IsBitcoin ? _case.IsCovered(Name(holder)) : covered.Contains(holder),
            asked => asked with
            {
                Pace = pace,
                Hops = hops.Add,
                Left = (holder, left) =>
                {
                    if (ledger.IsHolder(holder))
                    {
                        lots[Name(ledger.HolderAt(holder))] =
                            [.. left.Select(lot => new RefLot([.. lot.Seeds.Select(seed => _case.Seeds[seed].Id)], lot.Amount.ToBigInteger(), lot.Origin.ToBigInteger()))];
                    }
                },
            },
            CancellationToken.None);
        hops.RemoveAll(hop => hop.To < 0 || !ledger.IsHolder(hop.To));
        return new RefResult(
            policy,
            [.. trace.Sheets.Select(sheet => SeedResult(ledger, sheet, question.Seeds[sheet.Seed], hops))],
            lots,
            new SortedDictionary<string, BigInteger>(
                trace.Unexplained.ToDictionary(gap => Name(ledger.HolderAt(gap.Key)), gap => gap.Value.ToBigInteger()), StringComparer.Ordinal),
            new SortedDictionary<string, BigInteger>(
                trace.OpeningUnknown.ToDictionary(holder => Name(ledger.HolderAt(holder)), _ => BigInteger.MinusOne), StringComparer.Ordinal),
            [
                .. trace.Sheets.SelectMany(sheet => sheet.ClaimedBefore.Select(other => new RefCollision(
                    _case.Seeds[sheet.Seed].Id, _case.Seeds[other.Key].Id, Name(question.Seeds[sheet.Seed].Holder), other.Value.ToBigInteger()))),
            ],
            [
                .. hops.Select(hop => new RefHop(
                    _orders[ledger.MovementAt(hop.Row).Position], "", [], [_names[ledger.HolderAt(hop.To).Address]], hop.Amount.ToBigInteger(),
                    [.. hop.Lots.Select(l => new RefLot([_case.Seeds[l.Seed].Id], l.Amount.ToBigInteger(), l.Origin.ToBigInteger()))])),
            ]);
    }

    private RefSeedResult SeedResult(RecordLedger ledger, BulkSheet sheet, Seed seed, List<BulkHop> hops)
    {
        HashSet<string> reached = [.. hops.Where(hop => hop.Lots.Any(lot => lot.Seed == sheet.Seed)).Select(hop => _names[ledger.HolderAt(hop.To).Address])];
        if (seed is BalanceSeed own && !sheet.Stolen.IsZero)
        {
            reached.Add(_names[own.Holder.Address]);
        }

        return new RefSeedResult(
            _case.Seeds[sheet.Seed].Id, AssetName(seed.Asset), sheet.Stolen.ToBigInteger(),
            sheet.ClaimedBefore.Values.Aggregate(BigInteger.Zero, (sum, amount) => sum + amount.ToBigInteger()),
            [.. sheet.Sinks.Select(s => new RefSink(s.Sink.Kind.Word(), s.Sink.Name, AssetName(ledger.AssetAt(s.Asset)), s.Amount.ToBigInteger()))],
            [.. reached.Order(StringComparer.Ordinal)]);
    }

    private static bool IsHolder(TraceNode node) => node.Kind is NodeKind.Address or NodeKind.Coin;

    private RefSeedResult SeedResult(Trace trace, SeedBalance balance) => new(
        _case.Seeds[balance.Seed].Id,
        AssetName(balance.Asset),
        balance.Stolen.ToBigInteger(),
        balance.ClaimedEarlier.ToBigInteger(),
        [.. balance.Sinks.Select(s => new RefSink(s.Kind.Word(), s.Name, AssetName(s.Asset), s.Amount.ToBigInteger()))],
        [.. Reached(trace, balance.Seed).Distinct().Order(StringComparer.Ordinal)]);

    private IEnumerable<string> Reached(Trace trace, int seed)
    {
        foreach (Hop hop in trace.Hops.Where(h => h.Lots.Any(l => l.Seed == seed) && IsHolder(trace.Nodes[h.To])))
        {
            yield return _names[trace.Nodes[hop.To].Address];
        }

        // An address seed that claims what is there already needs no hop to reach its own address.
        if (trace.Question.Seeds[seed] is BalanceSeed own && !trace.Balance[seed].Stolen.IsZero)
        {
            yield return _names[own.Holder.Address];
        }
    }

    private SortedDictionary<string, List<RefLot>> Lots(Sweep sweep)
    {
        SortedDictionary<string, List<RefLot>> lots = new(StringComparer.Ordinal);
        foreach ((Holder holder, List<Lot> held) in sweep.Pools().Where(p => p.Lots.Count > 0 && !p.Holder.IsFee))
        {
            lots[Name(holder)] = [.. held.Select(lot => new RefLot(SeedIds(sweep, lot), lot.Amount.ToBigInteger(), lot.Origin.ToBigInteger()))];
        }

        return lots;
    }

    private List<string> SeedIds(Sweep sweep, Lot lot) => [.. sweep.SeedsOf(lot).ToArray().Select(seed => _case.Seeds[seed].Id)];

    private RefHop ToHop(Trace trace, Hop hop) => new(
        _orders[hop.Movement.Position], "", [], [_names[trace.Nodes[hop.To].Address]], hop.Amount.ToBigInteger(),
        [.. hop.Lots.Select(l => new RefLot([_case.Seeds[l.Seed].Id], l.Amount.ToBigInteger(), l.Origin.ToBigInteger()))]);

    private SortedDictionary<string, BigInteger> Sum(IEnumerable<Gap> gaps)
    {
        SortedDictionary<string, BigInteger> sums = new(StringComparer.Ordinal);
        foreach (Gap gap in gaps)
        {
            string holder = HolderOf(gap.Node, gap.Asset);
            sums[holder] = sums.GetValueOrDefault(holder) + gap.Amount.ToBigInteger();
        }

        return sums;
    }

    private RefCollision Collision(Trace trace, Gap gap)
    {
        string[] words = gap.Text.Split(' ');
        int seed = int.Parse(words[1], CultureInfo.InvariantCulture) - 1;
        int earlier = int.Parse(words[6], CultureInfo.InvariantCulture) - 1;
        return new RefCollision(
            _case.Seeds[seed].Id, _case.Seeds[earlier].Id, Name(trace.Question.Seeds[seed].Holder), gap.Amount.ToBigInteger());
    }

    private string Unknown(Trace trace, Assumption assumption)
    {
        string asset = assumption.Text.Split(' ')[1];
        return HolderOf(assumption.Node, Asset.TryParse(_chain, asset, out Asset parsed, out _) ? parsed : Asset.Coin(_chain));
    }

    private string HolderOf(string node, Asset asset)
    {
        if (_nodes.Count != _names.Count + _coins.Count)
        {
            foreach ((Address address, string name) in _names)
            {
                _nodes[$"{_chain}:{address}"] = name;
            }

            foreach ((OutPoint coin, string holder) in _coins)
            {
                _nodes[$"{_chain}:{coin}"] = holder;
            }
        }

        return _case.IsBitcoin ? _nodes[node] : $"{_nodes[node]}/{AssetName(asset)}";
    }

    // --- the question -----------------------------------------------------------------------------------------------

    private Movement? ToMovement(RefMovement row)
    {
        ImmutableArray<Leg> inputs = [.. row.Inputs.Where(l => l.Amount > 0).Select(ToLeg)];
        ImmutableArray<Leg> outputs = [.. row.Outputs.Where(l => l.Amount > 0).Select(ToLeg)];
        if (inputs.Length + outputs.Length == 0)
        {
            return null;
        }

        if (row.IsBitcoin)
        {
            return ToBitcoin(row, inputs, outputs);
        }

        MovementKind kind = row.Kind switch
        {
            "conversion" => MovementKind.Swap,
            "fee" => MovementKind.Fee,
            "reward" => MovementKind.Reward,
            "unresolved" => MovementKind.Unresolved,
            _ => inputs.Length == 1 && outputs.Length == 1 ? MovementKind.External : MovementKind.Transaction,
        };
        ulong block = (ulong)row.Order;
        return Movement.Create(
            kind, Grade.Recorded, new Position(block, 0, 1), new Stamp(block, null, 0, null), null, "scenario", inputs, outputs);
    }

    private Movement ToBitcoin(RefMovement row, ImmutableArray<Leg> inputs, ImmutableArray<Leg> outputs)
    {
        bool isCoinbase = row.Kind == "coinbase";
        return Movement.Create(
            isCoinbase ? MovementKind.Reward : MovementKind.Transaction,
            Grade.Recorded,
            PlaceOf(row),
            new Stamp((ulong)row.Block, null, isCoinbase ? 0 : (uint)row.Order, null),
            TxOf(row),
            "scenario",
            isCoinbase ? [.. _case.Ledger.Where(other => other.Block == row.Block).Select(FeeOf).OfType<Leg>()] : inputs,
            outputs);
    }

    private Leg? FeeOf(RefMovement row)
    {
        BigInteger fee = row.Inputs.Aggregate(BigInteger.Zero, (sum, i) => sum + i.Amount)
            - row.Outputs.Aggregate(BigInteger.Zero, (sum, o) => sum + o.Amount);
        return row.Kind == "transaction" && fee > 0
            ? new Leg(Holder.FeeOf(_chain, TxOf(row)), Amount.FromBigInteger(fee))
            : null;
    }

    private static TxHash TxOf(RefMovement row) => Facts.Tx(row.Order);

    private static Position PlaceOf(RefMovement row) => row.Kind switch
    {
        "coinbase" => Position.OfCoinbase((ulong)row.Block),
        "transaction" => new Position((ulong)row.Block, (uint)row.Order, 1),
        _ => new Position((ulong)row.Order, 0, 1),
    };

    private Leg ToLeg((string Holder, BigInteger Amount) leg) => new(ToHolder(leg.Holder), Amount.FromBigInteger(leg.Amount));

    private Seed ToSeed(RefSeed seed)
    {
        if (seed.Holder is null)
        {
            Movement movement = _rows[seed.Order];
            int output = _case.Ledger.Single(row => row.Order == seed.Order).Outputs.Take(seed.Output).Count(leg => leg.Amount > 0);
            return TransferSeed.Create(
                movement, output,
                seed.Amount is BigInteger part ? Amount.FromBigInteger(part) : movement.Outputs[output].Amount);
        }

        // Just before the row; going back, just after it.
        Position at = PlaceOf(_case.Ledger.Find(row => row.Order == seed.Order) ?? new RefMovement(seed.Order, [], [], "", ""));
        Position from = at with { Step = _case.Backward ? uint.MaxValue : 0 };
        return new BalanceSeed(ToHolder(seed.Holder), from, seed.Amount is BigInteger most ? Amount.FromBigInteger(most) : null);
    }

    private Limits ToLimits() => new()
    {
        Hops = _case.Limits.Hops,
        Addresses = _case.Limits.Addresses,
        Degree = _case.Limits.Degree,
        SmallestLot = (_case.Limits.SmallestLot ?? [])
            .ToImmutableSortedDictionary(l => AssetOf(l.Key), l => Amount.FromBigInteger(l.Value)),
        Window = _case.Limits.UntilOrder is int until ? new Moment(BlockOf(until), null) : null,
    };

    private ulong BlockOf(int order) =>
        (ulong)(_case.IsBitcoin ? _case.Ledger.Single(row => row.Order == order).Block : order);

    private RecordCoverage Coverage(string holder) =>
        new(AddressOf(RefHolder.Address(holder)), AssetOf(RefHolder.Asset(holder)), null, "scenario");

    private Holder ToHolder(string holder)
    {
        Address address = AddressOf(RefHolder.Address(holder));
        if (!RefHolder.IsCoin(holder))
        {
            return Holder.Account(address, AssetOf(RefHolder.Asset(holder)));
        }

        OutPoint coin = new(TxHash.FromBytes(Keccak256.Hash(Encoding.UTF8.GetBytes(holder))), 0);
        _coins[coin] = holder;
        return Holder.Output(_chain, coin, address);
    }

    private Address AddressOf(string name)
    {
        Address address = Addresses.GetOrAdd((_chain, name), static key =>
        {
            ReadOnlySpan<byte> hash = Keccak256.Hash(Encoding.UTF8.GetBytes(key.Name)).AsSpan(0, 20);
            return key.Chain.Family == ChainFamily.Utxo
                ? Address.FromPubKeyHash(key.Chain, hash)
                : Address.FromAccountBytes(key.Chain, hash);
        });
        _names[address] = name;
        return address;
    }

    private Asset AssetOf(string symbol) => symbol == _chain.CoinSymbol ? Asset.Coin(_chain) : Asset.Token(AddressOf("token " + symbol));

    private string AssetName(Asset asset) => asset.IsCoin ? _chain.CoinSymbol : _names[asset.Contract]["token ".Length..];

    private string Name(Holder holder) => _case.IsBitcoin
        ? _coins[holder.Coin]
        : $"{_names[holder.Address]}/{AssetName(holder.Asset)}";
}
