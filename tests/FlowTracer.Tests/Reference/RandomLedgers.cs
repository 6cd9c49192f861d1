using System.Numerics;

namespace FlowTracer.Tests.Reference;

/// <summary>How big the amounts of a random ledger are.</summary>
internal enum RandomAmounts
{
    /// <summary>0 to 9 units: every division rounds.</summary>
    Tiny,

    /// <summary>Up to a million units.</summary>
    Medium,

    /// <summary>Up to 2^200 units.</summary>
    Large,

    /// <summary>All of the above in one ledger.</summary>
    Mixed,
}

/// <summary>What a random ledger may hold. Addresses are A0, A1, …; assets are ETH, USDC, DAI, as many as asked for.</summary>
internal sealed record RandomLedgerOptions(
    int Addresses = 7,
    int Assets = 2,
    int Rows = 40,
    int Seeds = 2,
    RandomAmounts Amounts = RandomAmounts.Mixed,
    bool ManyToMany = true,
    bool Conversions = true,
    bool Limits = true,
    bool SeedsAtStops = false,
    bool Backward = false);

/// <summary>Random but valid cases; the same number and options give the same case.</summary>
internal sealed class RandomLedgers
{
    private static readonly string[] AssetNames = ["ETH", "USDC", "DAI"];
    private static readonly string[] StopKinds = ["mixer", "exchange", "bridge", "service", "burn"];

    private readonly Random _random;
    private readonly RandomLedgerOptions _options;
    private readonly Dictionary<string, BigInteger> _balances = [];

    private RandomLedgers(int number, RandomLedgerOptions options) => (_random, _options) = (new Random(number), options);

    /// <summary>A case with the given options.</summary>
    public static RefCase Make(int number, RandomLedgerOptions options) => new RandomLedgers(number, options).Case();

    /// <summary>A case whose options are drawn from the number too, within what is allowed.</summary>
    public static RefCase MakeAny(int number, bool seedsAtStops = false)
    {
        Random random = new(unchecked(number * 7919));
        return Make(number, new RandomLedgerOptions(
            Addresses: random.Next(2, 10),
            Assets: random.Next(1, 4),
            Rows: random.Next(5, 60),
            Seeds: random.Next(1, 4),
            Amounts: (RandomAmounts)random.Next(4),
            ManyToMany: random.Next(2) == 0,
            Conversions: random.Next(4) != 0,
            Limits: random.Next(2) == 0,
            SeedsAtStops: seedsAtStops,
            Backward: random.Next(4) == 0));
    }

    private RefCase Case()
    {
        List<RefMovement> ledger = [];
        int order = 0;
        for (int i = 0; i < _options.Rows; i++)
        {
            order += _random.Next(1, 3); // gaps: nobody may take the order for an index
            ledger.Add(Row(order));
        }

        Dictionary<string, (string, string)> stops = Addresses()
            .Where(_ => _random.Next(6) == 0)
            .ToDictionary(a => a, a => (StopKinds[_random.Next(StopKinds.Length)], "service " + a));
        RefLimits limits = _options.Limits ? Limits(ledger) : RefLimits.None;
        List<RefSeed> seeds = Seeds(ledger, stops, limits);
        HashSet<string> covered = ledger.SelectMany(m => m.Inputs.Concat(m.Outputs)).Select(l => l.Holder)
            .Where(_ => _random.Next(3) > 0).ToHashSet();
        return new RefCase(ledger, seeds, stops, covered, limits, _options.Backward);
    }

    // --- rows -------------------------------------------------------------------------------------------------------

    private RefMovement Row(int order)
    {
        string asset = Asset();
        string tx = "t" + order;
        int dice = _random.Next(100);
        if (dice < 6)
        {
            (string, BigInteger) got = (Holder(asset), Any());
            return Settle(new RefMovement(order, [], [got], dice < 4 ? "reward" : "unresolved", tx));
        }

        if (dice < 16)
        {
            return Settle(new RefMovement(order, [Spend(Holder(asset))], [], dice < 13 ? "fee" : "unresolved", tx));
        }

        if (dice < 32 && _options.Conversions && _options.Assets > 1)
        {
            return Settle(Conversion(order, tx, asset));
        }

        if (dice < 45 && _options.ManyToMany)
        {
            return Settle(ManyToMany(order, tx, asset));
        }

        (string from, BigInteger amount) = Spend(Holder(asset));
        string to = dice > 94 ? from : Holder(asset);
        return Settle(new RefMovement(order, [(from, amount)], [(to, amount)], "transfer", tx));
    }

    private RefMovement Conversion(int order, string tx, string asset)
    {
        (string holder, BigInteger amount) = Spend(Holder(asset));
        string other = AssetNames.Take(_options.Assets).Where(a => a != asset).ElementAt(_random.Next(_options.Assets - 1));
        string receiver = _random.Next(5) == 0 ? Holder(other) : $"{RefHolder.Address(holder)}/{other}";
        BigInteger given = BigInteger.Max(1, amount);
        BigInteger got = _random.Next(3) == 0 ? _random.Next(1, 4) : BigInteger.Max(1, Any());
        return new RefMovement(order, [(holder, given)], [(receiver, got)], "conversion", tx);
    }

    private RefMovement ManyToMany(int order, string tx, string asset)
    {
        List<(string Holder, BigInteger Amount)> inputs = Enumerable.Range(0, _random.Next(1, 4))
            .Select(_ => Holder(asset)).Distinct().Select(Spend).ToList();
        BigInteger left = inputs.Aggregate(BigInteger.Zero, (sum, i) => sum + i.Amount);
        List<(string Holder, BigInteger Amount)> outputs = [];
        for (int i = _random.Next(1, 4); i > 0; i--)
        {
            BigInteger part = i == 1 ? left : left * _random.Next(0, 101) / 100;
            outputs.Add((Holder(asset), part)); // one holder twice, and change to an input, happen
            left -= part;
        }

        // A leg of nothing is no leg; only a row that moves nothing at all may consist of them.
        if (outputs.Exists(o => o.Amount > 0))
        {
            inputs.RemoveAll(i => i.Amount == 0);
            outputs.RemoveAll(o => o.Amount == 0);
        }

        return new RefMovement(order, inputs, outputs, "transfer", tx);
    }

    private RefMovement Settle(RefMovement row)
    {
        row.Inputs.ForEach(i => _balances[i.Holder] = _balances.GetValueOrDefault(i.Holder) - i.Amount);
        row.Outputs.ForEach(o => _balances[o.Holder] = _balances.GetValueOrDefault(o.Holder) + o.Amount);
        return row;
    }

    /// <summary>Mostly part or all of what the holder has, sometimes more, so that gaps and unknown openings occur.</summary>
    private (string Holder, BigInteger Amount) Spend(string holder)
    {
        BigInteger has = _balances.GetValueOrDefault(holder);
        int dice = _random.Next(10);
        BigInteger amount = has <= 0 || dice == 0 ? Any() : dice < 4 ? has : has * _random.Next(1, 100) / 100;
        return (holder, amount);
    }

    private BigInteger Any() => _options.Amounts switch
    {
        RandomAmounts.Tiny => _random.Next(10),
        RandomAmounts.Medium => _random.Next(1_000_000),
        RandomAmounts.Large => Large(),
        _ => _random.Next(3) switch { 0 => _random.Next(10), 1 => _random.Next(1_000_000), _ => Large() },
    };

    private BigInteger Large()
    {
        byte[] bytes = new byte[25];
        _random.NextBytes(bytes);
        return new BigInteger(bytes, isUnsigned: true);
    }

    private IEnumerable<string> Addresses() => Enumerable.Range(0, _options.Addresses).Select(i => "A" + i);

    private string Asset() => AssetNames[_random.Next(_options.Assets)];

    private string Holder(string asset) => $"A{_random.Next(_options.Addresses)}/{asset}";

    // --- seeds and limits -------------------------------------------------------------------------------------------

    private List<RefSeed> Seeds(
        List<RefMovement> ledger, Dictionary<string, (string, string)> stops, RefLimits limits)
    {
        List<RefMovement> inWindow = ledger
            .Where(m => limits.UntilOrder is not int u || (_options.Backward ? m.Order >= u : m.Order <= u)).ToList();
        List<(RefMovement Row, int Output)> places = inWindow
            .Where(m => !m.IsSelfTransfer)
            .SelectMany(m => Enumerable.Range(0, m.Outputs.Count).Select(i => (Row: m, Output: i)))
            .Where(p => p.Row.Outputs[p.Output].Amount > 0)
            .Where(p => _options.SeedsAtStops || !Receivers(p.Row, p.Output).Any(h => stops.ContainsKey(RefHolder.Address(h))))
            .ToList();
        List<RefSeed> seeds = [];
        for (int i = 0; i < _options.Seeds; i++)
        {
            string id = "s" + i;
            if (_random.Next(4) == 0)
            {
                string holder = Holder(Asset());
                if (_options.SeedsAtStops || !stops.ContainsKey(RefHolder.Address(holder)))
                {
                    int from = inWindow[_random.Next(inWindow.Count)].Order;
                    BigInteger? most = _random.Next(2) == 0 ? null : BigInteger.Max(1, Any());
                    seeds.Add(RefSeed.OfAddress(id, holder, from, most));
                }
            }
            else if (places.Count > 0)
            {
                (RefMovement row, int output) = places[_random.Next(places.Count)];
                BigInteger all = row.Outputs[output].Amount;
                BigInteger? part = _random.Next(3) > 0 ? null : BigInteger.Max(1, all * _random.Next(1, 101) / 100);
                seeds.Add(RefSeed.OfTransfer(id, row.Order, output, part));
            }
        }

        return seeds;
    }

    private IEnumerable<string> Receivers(RefMovement row, int output) =>
        _options.Backward ? row.Inputs.Select(i => i.Holder) : [row.Outputs[output].Holder];

    private RefLimits Limits(List<RefMovement> ledger) => new(
        Hops: _random.Next(3) == 0 ? _random.Next(4) : null,
        Addresses: _random.Next(3) == 0 ? _random.Next(1, 6) : null,
        SmallestLot: _random.Next(3) == 0 ? new() { ["ETH"] = 1 + Any() / 2 } : null,
        UntilOrder: _random.Next(3) == 0 ? ledger[_random.Next(ledger.Count)].Order : null,
        Degree: _random.Next(3) == 0 ? _random.Next(1, 5) : null);
}
