using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using System.Text;
using FlowTracer.Chains.Recorded;
using FlowTracer.Core.Attributions;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Taint;
using FlowTracer.Core.Tracing;
using FlowTracer.Tests.Reference;

namespace FlowTracer.Tests.Tracing;

/// <summary>
/// Asks the engine the reference's question and says the answer in the reference's words. Names become addresses by
/// their hash; a ledger's row n is block n.
/// </summary>
internal sealed class EngineRunner : ITagSource
{
    private static readonly ChainId Chain = ChainId.Ethereum;

    // Thousands of ledgers share a few names, and a name costs a hash.
    private static readonly ConcurrentDictionary<string, Address> Addresses = new(StringComparer.Ordinal);

    private readonly RefCase _case;
    private readonly Dictionary<Address, string> _names = [];
    private readonly Dictionary<int, Movement> _rows = [];
    private readonly RecordedSource _source;
    private readonly Dictionary<string, string> _nodes = [];

    /// <summary>Makes a record of a case: once, however often it is asked.</summary>
    public EngineRunner(RefCase question)
    {
        _case = question;
        foreach (RefMovement row in question.Ledger)
        {
            if (ToMovement(row) is Movement movement)
            {
                _rows[row.Order] = movement;
            }
        }

        _source = new RecordedSource([.. _rows.OrderBy(r => r.Key).Select(r => r.Value)], [.. _case.Covered.Select(Coverage)]);
    }

    public static RefResult Run(RefCase question, string policy) => new EngineRunner(question).Run(policy, FetchOptions.Default);

    public IReadOnlyList<Tag> TagsOf(Address address) =>
        _names.TryGetValue(address, out string? name) && _case.Stops.TryGetValue(name, out (string Kind, string Name) stop)
            ? [new Tag(address, stop.Name, stop.Kind == "service" ? "dex" : stop.Kind, stop.Name, "ledger", "scenario", "", "scenario")]
            : [];

    /// <summary>The answer under a policy, its histories fetched in a way that must not matter.</summary>
    public RefResult Run(string policyName, FetchOptions fetch)
    {
        ITaintPolicy policy = TaintPolicies.Find(policyName)!;
        TraceQuestion question = new(
            [.. _case.Seeds.Select(ToSeed)], policy,
            _case.Backward ? Direction.Backward : Direction.Forward, ToLimits(), []);
        Sweep sweep = new Tracer(_source, this, fetch).SweepAsync(question, null, CancellationToken.None).GetAwaiter().GetResult();
        Trace trace = sweep.ToTrace();
        return new RefResult(
            policy.Name,
            [.. trace.Balance.Select(balance => SeedResult(trace, balance))],
            Lots(sweep),
            Sum(trace.Gaps.Where(g => g.Kind == "unexplained-inflow")),
            new SortedDictionary<string, BigInteger>(trace.Assumptions
                .Where(a => a.Kind == "opening-unknown")
                .ToDictionary(a => Unknown(trace, a), _ => BigInteger.MinusOne), StringComparer.Ordinal),
            [.. trace.Gaps.Where(g => g.Kind == "collision").Select(g => Collision(trace, g))],
            [.. trace.Hops.Where(h => trace.Nodes[h.To].Kind == NodeKind.Address).Select(h => ToHop(trace, h))]);
    }

    private RefSeedResult SeedResult(Trace trace, SeedBalance balance) => new(
        _case.Seeds[balance.Seed].Id,
        AssetName(balance.Asset),
        balance.Stolen.ToBigInteger(),
        balance.ClaimedEarlier.ToBigInteger(),
        [.. balance.Sinks.Select(s => new RefSink(s.Kind.Word(), s.Name, AssetName(s.Asset), s.Amount.ToBigInteger()))],
        [.. Reached(trace, balance.Seed).Distinct().Order(StringComparer.Ordinal)]);

    private IEnumerable<string> Reached(Trace trace, int seed)
    {
        foreach (Hop hop in trace.Hops.Where(h => h.Lots.Any(l => l.Seed == seed) && trace.Nodes[h.To].Kind == NodeKind.Address))
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
        foreach ((Holder holder, List<Lot> held) in sweep.Pools().Where(p => p.Lots.Count > 0))
        {
            lots[Name(holder)] = [.. held.Select(lot => new RefLot(SeedIds(sweep, lot), lot.Amount.ToBigInteger(), lot.Origin.ToBigInteger()))];
        }

        return lots;
    }

    private List<string> SeedIds(Sweep sweep, Lot lot) => [.. sweep.SeedsOf(lot).ToArray().Select(seed => _case.Seeds[seed].Id)];

    private RefHop ToHop(Trace trace, Hop hop) => new(
        (int)hop.Movement.Position.Block, "", [], [_names[trace.Nodes[hop.To].Address]], hop.Amount.ToBigInteger(),
        [.. hop.Lots.Select(l => new RefLot([_case.Seeds[l.Seed].Id], l.Amount.ToBigInteger(), l.Origin.ToBigInteger()))]);

    private SortedDictionary<string, BigInteger> Sum(IEnumerable<Gap> gaps)
    {
        SortedDictionary<string, BigInteger> sums = new(StringComparer.Ordinal);
        foreach (Gap gap in gaps)
        {
            string holder = $"{NameOf(gap.Node)}/{AssetName(gap.Asset)}";
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
        return $"{NameOf(assumption.Node)}/{(Asset.TryParse(Chain, asset, out Asset parsed, out _) ? AssetName(parsed) : asset)}";
    }

    private string NameOf(string node)
    {
        if (_nodes.Count != _names.Count)
        {
            foreach ((Address address, string name) in _names)
            {
                _nodes[$"{Chain}:{address}"] = name;
            }
        }

        return _nodes[node];
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

    private Leg ToLeg((string Holder, BigInteger Amount) leg) => new(ToHolder(leg.Holder), Amount.FromBigInteger(leg.Amount));

    private Seed ToSeed(RefSeed seed)
    {
        if (seed.Holder is null)
        {
            Movement movement = _rows[seed.Order];
            return TransferSeed.Create(
                movement, seed.Output,
                seed.Amount is BigInteger part ? Amount.FromBigInteger(part) : movement.Outputs[seed.Output].Amount);
        }

        ulong block = (ulong)seed.Order;
        Position from = _case.Backward ? new Position(block, uint.MaxValue, 0) : new Position(block, 0, 0);
        return new BalanceSeed(ToHolder(seed.Holder), from, seed.Amount is BigInteger most ? Amount.FromBigInteger(most) : null);
    }

    private Limits ToLimits() => new()
    {
        Hops = _case.Limits.Hops,
        Addresses = _case.Limits.Addresses,
        Degree = _case.Limits.Degree,
        SmallestLot = (_case.Limits.SmallestLot ?? [])
            .ToImmutableSortedDictionary(l => AssetOf(l.Key), l => Amount.FromBigInteger(l.Value)),
        Window = _case.Limits.UntilOrder is int until ? new Moment((ulong)until, null) : null,
    };

    private RecordCoverage Coverage(string holder) => new(ToHolder(holder).Address, ToHolder(holder).Asset, null, "scenario");

    private Holder ToHolder(string holder) =>
        Holder.Account(AddressOf(RefHolder.Address(holder)), AssetOf(RefHolder.Asset(holder)));

    private Address AddressOf(string name)
    {
        Address address = Addresses.GetOrAdd(
            name, static name => Address.FromAccountBytes(Chain, Keccak256.Hash(Encoding.UTF8.GetBytes(name)).AsSpan(0, 20)));
        _names[address] = name;
        return address;
    }

    private Asset AssetOf(string symbol) => symbol == "ETH" ? Asset.Coin(Chain) : Asset.Token(AddressOf("token " + symbol));

    private string AssetName(Asset asset) => asset.IsCoin ? "ETH" : _names[asset.Contract]["token ".Length..];

    private string Name(Holder holder) => $"{_names[holder.Address]}/{AssetName(holder.Asset)}";
}
