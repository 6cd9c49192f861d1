using System.Numerics;

namespace FlowTracer.Tests.Reference;

/// <summary>
/// Random but valid Bitcoin ledgers with a question about each; the same number gives the same case. Blocks of transactions
/// with one to four inputs and outputs (some of nothing), with and without fees; coins spent in their own block, later or
/// never; inputs that no row made; coinbases that claim all they may, less than the fees, or that the record lacks.
/// </summary>
internal sealed class RandomChains
{
    private static readonly string[] StopKinds = ["mixer", "exchange", "bridge", "service", "burn"];

    private readonly Random _random;
    private readonly int _addresses;
    private readonly BigInteger _largest;
    private readonly List<RefMovement> _ledger = [];
    private readonly List<(string Holder, BigInteger Amount)> _unspent = [];
    private int _order;
    private int _coins;

    private RandomChains(int number)
    {
        _random = new Random(unchecked((number * 6007) + 1));
        _addresses = _random.Next(2, 8);
        _largest = _random.Next(3) switch { 0 => 9, 1 => 1_000_000, _ => 2_100_000_000_000_000 };
    }

    public static RefCase MakeAny(int number) => new RandomChains(number).Case();

    private RefCase Case()
    {
        int blocks = _random.Next(2, 9);
        for (int block = 100; block < 100 + blocks; block++)
        {
            Block(block);
        }

        bool backward = _random.Next(4) == 0;
        Dictionary<string, (string, string)> stops = Enumerable.Range(0, _addresses).Select(i => "A" + i)
            .Where(_ => _random.Next(6) == 0)
            .ToDictionary(a => a, a => (StopKinds[_random.Next(StopKinds.Length)], "service " + a));
        HashSet<string> covered =
            Enumerable.Range(0, _addresses).Where(_ => _random.Next(3) > 0).Select(i => $"A{i}/BTC").ToHashSet();
        RefLimits limits = _random.Next(2) == 0 ? RefLimits.None : Limits(backward);
        return new RefCase(
            _ledger, Seeds(limits, backward), stops, covered, limits, backward, FollowFees: _random.Next(3) > 0);
    }

    private void Block(int block)
    {
        BigInteger fees = 0;
        for (int i = _random.Next(1, 6); i > 0; i--)
        {
            RefMovement transaction = Transaction(block);
            fees += Sum(transaction.Inputs) - Sum(transaction.Outputs);
            _ledger.Add(transaction);
        }

        if (_random.Next(5) > 0)
        {
            BigInteger claimed = _random.Next(4) == 0 ? fees * _random.Next(0, 101) / 100 : fees + Any();
            List<(string, BigInteger)> outputs = Outputs(BigInteger.Max(1, claimed));
            _ledger.Add(new RefMovement(NextOrder(), [], outputs, "coinbase", "b" + block, block));
            _unspent.AddRange(outputs);
        }
    }

    private RefMovement Transaction(int block)
    {
        List<(string Holder, BigInteger Amount)> inputs = [];
        for (int i = _random.Next(1, 5); i > 0; i--)
        {
            if (_unspent.Count == 0 || _random.Next(6) == 0)
            {
                inputs.Add((Coin(), BigInteger.Max(1, Any())));
                continue;
            }

            // Mostly late coins, so that chains grow long.
            int chosen = _random.Next(2) == 0 ? _unspent.Count - 1 : _random.Next(_unspent.Count);
            inputs.Add(_unspent[chosen]);
            _unspent.RemoveAt(chosen);
        }

        BigInteger total = Sum(inputs);
        BigInteger fee = _random.Next(4) switch { 0 => 0, 1 => total * _random.Next(0, 100) / 100, _ => total / 10 };
        List<(string, BigInteger)> outputs = Outputs(total - fee);
        _unspent.AddRange(outputs.Where(o => o.Item2 > 0));
        return new RefMovement(NextOrder(), inputs, outputs, "transaction", "t" + _order, block);
    }

    private List<(string Holder, BigInteger Amount)> Outputs(BigInteger left)
    {
        List<(string Holder, BigInteger Amount)> outputs = [];
        int count = _random.Next(1, 5);
        bool equal = _random.Next(4) == 0;
        for (int i = count; i > 0; i--)
        {
            BigInteger part = i == 1 ? left : equal ? left / i : left * _random.Next(0, 101) / 100;
            outputs.Add((Coin(), part));
            left -= part;
        }

        return outputs;
    }

    private string Coin() => $"A{_random.Next(_addresses)}@{++_coins}/BTC";

    private BigInteger Any() => _largest < 10 ? _random.Next(10) : _random.NextInt64((long)_largest);

    // Orders leave gaps: nobody may take them for an index.
    private int NextOrder() => _order += _random.Next(1, 3);

    private static BigInteger Sum(List<(string Holder, BigInteger Amount)> legs) =>
        legs.Aggregate(BigInteger.Zero, (sum, leg) => sum + leg.Amount);

    private List<RefSeed> Seeds(RefLimits limits, bool backward)
    {
        List<RefMovement> inWindow = _ledger
            .Where(m => limits.UntilOrder is not int u || (backward ? m.Order >= u : m.Order <= u)).ToList();
        List<(RefMovement Row, int Output)> places = inWindow
            .SelectMany(m => Enumerable.Range(0, m.Outputs.Count).Select(i => (Row: m, Output: i)))
            .Where(p => p.Row.Outputs[p.Output].Amount > 0)
            .ToList();
        List<RefSeed> seeds = [];
        int count = _random.Next(1, 5);
        for (int i = 0; i < count; i++)
        {
            (RefMovement row, int output) = places[_random.Next(places.Count)];
            (string holder, BigInteger all) = row.Outputs[output];
            BigInteger? part = _random.Next(3) > 0 ? null : BigInteger.Max(1, all * _random.Next(1, 101) / 100);
            int from = inWindow[_random.Next(inWindow.Count)].Order;
            seeds.Add(_random.Next(4) == 0
                ? RefSeed.OfAddress("s" + i, holder, from, part)
                : RefSeed.OfTransfer("s" + i, row.Order, output, part));
        }

        return seeds;
    }

    // The window ends with a block: a time or a block number never parts one.
    private RefLimits Limits(bool backward)
    {
        int block = _ledger[_random.Next(_ledger.Count)].Block;
        RefMovement until = backward ? _ledger.First(m => m.Block == block) : _ledger.Last(m => m.Block == block);
        return new RefLimits(
            Hops: _random.Next(3) == 0 ? _random.Next(4) : null,
            Addresses: _random.Next(3) == 0 ? _random.Next(1, 6) : null,
            SmallestLot: _random.Next(3) == 0 ? new() { ["BTC"] = 1 + (Any() / 4) } : null,
            UntilOrder: _random.Next(3) == 0 ? until.Order : null,
            Degree: _random.Next(3) == 0 ? _random.Next(1, 5) : null);
    }
}
