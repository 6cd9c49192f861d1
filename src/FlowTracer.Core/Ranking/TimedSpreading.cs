using FlowTracer.Core.Model;

namespace FlowTracer.Core.Ranking;

/// <summary>
/// Transaction tracing rank in time (Wu et al., "TRacer", IEEE TIFS 2023): residual is in chips that know when they came.
/// Money goes on only with later payments, and came only with earlier ones; a chip is divided by amount among those there
/// are. By asset (token redirection) a chip also knows its asset: it moves with payments in that asset alone, and where the
/// address swapped that asset, its part turns into the other asset and goes on from there within the same push. What has
/// nowhere to go settles, where the paper leaves it as residual.
/// </summary>
internal sealed class TimedSpreading : IFrontier
{
    private readonly bool _byAsset;

    // What chips are in that know no asset.
    private readonly Asset _anyAsset;
    private readonly Dictionary<Address, IReadOnlyList<Payment>> _payments = [];
    private readonly Dictionary<Address, SortedDictionary<(Position At, Asset Asset), double>> _chips = [];
    private readonly Residuals _residuals = new();
    private readonly Dictionary<Address, double> _ranks = [];

    public TimedSpreading(IReadOnlyList<Start> starts, bool byAsset)
    {
        (_byAsset, _anyAsset) = (byAsset, starts[0].Asset);
        foreach (Start start in starts)
        {
            Add(start.Address, start.At, start.Asset, 1.0 / starts.Count);
        }
    }

    /// <summary>What settled at each address.</summary>
    public IReadOnlyDictionary<Address, double> Ranks => _ranks;

    public void Push(Address address, IReadOnlyList<Payment> payments)
    {
        _payments[address] = payments;
        Push(address);
    }

    public Address? Pop(Func<Address, bool> mayExpand)
    {
        while (_residuals.TryTakeLargest(out Address address, out double residual))
        {
            if (residual < Spread.Epsilon)
            {
                continue;
            }

            if (_payments.ContainsKey(address))
            {
                Push(address);
            }
            else if (mayExpand(address))
            {
                return address;
            }
        }

        return null;
    }

    private void Push(Address address)
    {
        double residual = _residuals.Clear(address);
        if (!_chips.Remove(address, out SortedDictionary<(Position At, Asset Asset), double>? chips))
        {
            return;
        }

        Settle(address, Spread.Alpha * residual);
        Move(address, chips, isOutgoing: true, (1 - Spread.Alpha) * Spread.Beta);
        Move(address, chips, isOutgoing: false, (1 - Spread.Alpha) * (1 - Spread.Beta));
    }

    private void Move(
        Address address, SortedDictionary<(Position At, Asset Asset), double> chips, bool isOutgoing, double share)
    {
        Payment[] payments = InTime(address, isOutgoing);
        Division division = new(payments.Select(payment => KeyOf(payment, isOutgoing)), WeightsOf(payments, isOutgoing));
        Queue<KeyValuePair<(Position At, Asset Asset), double>> waiting = new(isOutgoing ? chips : chips.Reverse());
        for (int i = 0; i < payments.Length; i++)
        {
            while (waiting.TryPeek(out var chip) && IsBefore(chip.Key.At, payments[i].At, isOutgoing))
            {
                waiting.Dequeue();
                Join(chip.Key.Asset, share * chip.Value);
            }

            double part = division.Take(i);
            (Address other, Asset asset) = isOutgoing ? (payments[i].To, payments[i].Got) : (payments[i].From, payments[i].Given);
            if (other != address && part > 0)
            {
                Add(other, payments[i].At, asset, part);
            }
            else if (part > 0)
            {
                Join(asset, part);
            }
        }

        foreach (var chip in waiting)
        {
            Settle(address, share * chip.Value);
        }

        void Join(Asset asset, double amount)
        {
            if (!division.TryJoin(_byAsset ? asset : _anyAsset, amount))
            {
                Settle(address, amount);
            }
        }
    }

    private Asset KeyOf(Payment payment, bool isOutgoing) => _byAsset ? Spread.Side(payment, isOutgoing).Asset : _anyAsset;

    // By asset its own units weigh; else each asset's come to one, and swaps of one's own are no payment.
    private double[] WeightsOf(Payment[] payments, bool isOutgoing) => _byAsset
        ? [.. payments.Select(payment => Spread.Side(payment, isOutgoing).Amount)]
        : Spread.ByAmount(payments, isOutgoing);

    private Payment[] InTime(Address address, bool isOutgoing)
    {
        IEnumerable<Payment> payments = _payments[address].Where(payment =>
            (isOutgoing ? payment.From : payment.To) == address && (_byAsset || payment.From != payment.To));
        return isOutgoing ? [.. payments] : [.. payments.Reverse()];
    }

    private static bool IsBefore(Position chip, Position payment, bool isOutgoing) =>
        isOutgoing ? chip.CompareTo(payment) < 0 : chip.CompareTo(payment) > 0;

    private void Settle(Address address, double amount) => _ranks[address] = _ranks.GetValueOrDefault(address) + amount;

    private void Add(Address address, Position at, Asset asset, double amount)
    {
        if (!_chips.TryGetValue(address, out SortedDictionary<(Position At, Asset Asset), double>? chips))
        {
            chips = _chips[address] = [];
        }

        (Position, Asset) key = (at, _byAsset ? asset : _anyAsset);
        chips[key] = chips.GetValueOrDefault(key) + amount;
        _residuals.Add(address, amount);
    }

    /// <summary>
    /// Residual divided among the payments ahead of it by weight, kind by kind. What joins adds to a rate (its amount by the
    /// weight ahead), and each payment takes its weight at that rate: one pass, however much joins.
    /// </summary>
    private sealed class Division
    {
        private readonly Asset[] _kinds;
        private readonly double[] _weights;
        private readonly double[] _after;
        private readonly Dictionary<Asset, double> _ahead = [];
        private readonly Dictionary<Asset, double> _rates = [];

        public Division(IEnumerable<Asset> kinds, double[] weights)
        {
            (_kinds, _weights) = ([.. kinds], weights);
            _after = new double[weights.Length];

            // Summed from the far end, so that nothing is subtracted and nothing is left of nothing.
            for (int i = weights.Length - 1; i >= 0; i--)
            {
                _after[i] = _ahead.GetValueOrDefault(_kinds[i]);
                _ahead[_kinds[i]] = _after[i] + weights[i];
            }
        }

        /// <summary>Adds residual to what is divided from here on; false when nothing of its kind is ahead.</summary>
        public bool TryJoin(Asset kind, double amount)
        {
            double ahead = _ahead.GetValueOrDefault(kind);
            if (ahead > 0)
            {
                _rates[kind] = _rates.GetValueOrDefault(kind) + (amount / ahead);
            }

            return ahead > 0;
        }

        /// <summary>What a payment gets; it is behind from then on.</summary>
        public double Take(int payment)
        {
            _ahead[_kinds[payment]] = _after[payment];
            return _weights[payment] * _rates.GetValueOrDefault(_kinds[payment]);
        }
    }
}
