using FlowTracer.Core.Model;

namespace FlowTracer.Core.Taint;

/// <summary>FIFO and LIFO: lots leave in the order they came, or in the reverse.</summary>
internal sealed class QueuePool(bool newestFirst) : LotPool
{
    private readonly LotDeque _lots = new();

    public override void CopyTo(List<Lot> lots)
    {
        for (int i = 0; i < _lots.Count; i++)
        {
            lots.Add(_lots[i]);
        }
    }

    protected override void Clear() => _lots.Clear();

    protected override void Add(Lot lot) => _lots.Append(lot);

    protected override void Remove(Amount amount, List<Lot> taken) => _lots.Take(amount, newestFirst, taken);
}

/// <summary>
/// PIFO and LIBR: all lots of one class leave before any of the other, each class in order of arrival. How the classes
/// came to alternate is kept, because a seed may claim clean lots where they are.
/// </summary>
internal sealed class ClassPool(bool taintedFirst) : LotPool
{
    private readonly LotDeque _tainted = new();
    private readonly LotDeque _clean = new();
    private readonly Queue<long> _taintedArrivals = new();
    private readonly Queue<long> _cleanArrivals = new();
    private long _arrivals;
    private bool _lastWasTainted;

    public override void CopyTo(List<Lot> lots)
    {
        int tainted = 0;
        int clean = 0;
        long[] taintedArrivals = [.. _taintedArrivals];
        long[] cleanArrivals = [.. _cleanArrivals];
        while (tainted < _tainted.Count || clean < _clean.Count)
        {
            bool isTainted = clean == _clean.Count
                || (tainted < _tainted.Count && taintedArrivals[tainted] < cleanArrivals[clean]);
            lots.Add(isTainted ? _tainted[tainted++] : _clean[clean++]);
        }
    }

    protected override void Clear()
    {
        _tainted.Clear();
        _clean.Clear();
        _taintedArrivals.Clear();
        _cleanArrivals.Clear();
    }

    protected override void Add(Lot lot)
    {
        (LotDeque lots, Queue<long> arrivals) = lot.IsTainted ? (_tainted, _taintedArrivals) : (_clean, _cleanArrivals);
        bool isNeighbour = _arrivals > 0 && _lastWasTainted == lot.IsTainted;
        if (!isNeighbour)
        {
            lots.AppendApart(lot);
        }
        else if (lots.Append(lot))
        {
            return;
        }

        arrivals.Enqueue(_arrivals++);
        _lastWasTainted = lot.IsTainted;
    }

    protected override void Remove(Amount amount, List<Lot> taken)
    {
        Amount left = taintedFirst ? Take(_tainted, _taintedArrivals, amount, taken) : Take(_clean, _cleanArrivals, amount, taken);
        _ = taintedFirst ? Take(_clean, _cleanArrivals, left, taken) : Take(_tainted, _taintedArrivals, left, taken);
    }

    private static Amount Take(LotDeque lots, Queue<long> arrivals, Amount amount, List<Lot> taken)
    {
        Amount left = lots.Take(amount, newestFirst: false, taken);
        while (arrivals.Count > lots.Count)
        {
            arrivals.Dequeue();
        }

        return left;
    }
}

/// <summary>
/// Haircut: one lot for each claim, in the place of the earliest still there; everything taken is a mixture of all of
/// them in proportion.
/// </summary>
internal sealed class HaircutPool : LotPool
{
    private readonly List<Lot> _lots = [];
    private readonly Dictionary<int, int> _places = [];

    public override void CopyTo(List<Lot> lots) => lots.AddRange(_lots);

    protected override void Clear()
    {
        _lots.Clear();
        _places.Clear();
    }

    // A theft of thousands of outputs has thousands of claims: the place of each is looked up, not searched.
    protected override void Add(Lot lot)
    {
        if (_places.TryAdd(lot.Claim, _lots.Count))
        {
            _lots.Add(lot);
            return;
        }

        int place = _places[lot.Claim];
        _lots[place] = _lots[place].Plus(lot);
    }

    protected override void Remove(Amount amount, List<Lot> taken)
    {
        if (amount == Total || _lots.Count == 1)
        {
            RemoveAlike(amount, taken);
            return;
        }

        Amount[] weights = new Amount[_lots.Count];
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = _lots[i].Amount;
        }

        Amount[] shares = new Amount[weights.Length];
        Apportion.LargestRemainder(amount, weights, Total, shares);
        int kept = 0;
        for (int i = 0; i < shares.Length; i++)
        {
            Lot rest = _lots[i];
            if (!shares[i].IsZero)
            {
                Lot part = rest.Part(shares[i]);
                taken.Add(part);
                rest = rest.Without(part);
            }

            if (rest.Amount.IsZero)
            {
                _places.Remove(rest.Claim);
                continue;
            }

            _places[rest.Claim] = kept;
            _lots[kept++] = rest;
        }

        _lots.RemoveRange(kept, _lots.Count - kept);
    }

    // All of everything, or part of the only lot: no division to make.
    private void RemoveAlike(Amount amount, List<Lot> taken)
    {
        if (amount == Total)
        {
            taken.AddRange(_lots);
            Clear();
            return;
        }

        Lot part = _lots[0].Part(amount);
        taken.Add(part);
        _lots[0] = _lots[0].Without(part);
    }
}

/// <summary>Poison: one claim marks the whole pool, and whatever leaves it, until the pool is empty.</summary>
internal sealed class PoisonPool(ClaimTable claims) : LotPool
{
    private int _claim;
    private Amount _balance;

    public override void CopyTo(List<Lot> lots)
    {
        if (!_balance.IsZero)
        {
            lots.Add(new Lot(_claim, _balance, Amount.Zero));
        }
    }

    protected override void Clear() => (_claim, _balance) = (Lot.Clean, Amount.Zero);

    protected override void Add(Lot lot)
    {
        _claim = claims.Union(_claim, lot.Claim);
        _balance += lot.Amount;
    }

    protected override void Remove(Amount amount, List<Lot> taken)
    {
        taken.Add(new Lot(_claim, amount, Amount.Zero));
        _balance -= amount;
        if (_balance.IsZero)
        {
            _claim = Lot.Clean;
        }
    }
}
