using FlowTracer.Core.Model;

namespace FlowTracer.Core.Taint;

/// <summary>A choice made at compile time, so that each kind of pool is code of its own.</summary>
internal interface IChoice
{
    static abstract bool IsYes { get; }
}

/// <summary>That way.</summary>
internal readonly struct Yes : IChoice
{
    public static bool IsYes => true;
}

/// <summary>The other way.</summary>
internal readonly struct No : IChoice
{
    public static bool IsYes => false;
}

/// <summary>
/// FIFO and LIFO: lots leave in the order they came, or in the reverse. The chain begins with what leaves first.
/// Neighbours that count as one lot are one.
/// </summary>
internal struct QueuePool<TUnits, TNewestFirst> : IHolderPool<TUnits, QueuePool<TUnits, TNewestFirst>>
    where TUnits : struct, IUnits<TUnits>
    where TNewestFirst : struct, IChoice
{
    private LotChain _lots;

    public TUnits Total { get; private set; }

    public TUnits Idle
    {
        readonly get => Total;
        set => Total = value;
    }

    public void Put(LotSlab<TUnits> slab, LotChain lots, TUnits amount)
    {
        Total += amount;
        if (!TNewestFirst.IsYes)
        {
            _lots = slab.JoinMerging(_lots, lots);
            return;
        }

        while (!lots.IsEmpty)
        {
            // Mirrored, so that the earlier of two that merge stands for both.
            _lots = slab.JoinMerging(slab.Cut(ref lots), _lots);
        }
    }

    public readonly void Touch(LotSlab<TUnits> slab, bool isSecond) => slab.Touch(_lots, isSecond);

    public LotChain Take(LotSlab<TUnits> slab, TUnits amount)
    {
        if (amount == Total)
        {
            // However many lots there are, they are handed on as they lie.
            LotChain all = _lots;
            this = default;
            return all;
        }

        Total -= amount;
        Lot<TUnits> last = slab[_lots.Last];
        if (Total < last.Amount)
        {
            // What stays is part of the last lot: all others are handed on unread, as a peel chain does hop after hop.
            Lot<TUnits> part = last.Part(last.Amount - Total);
            LotChain taken = _lots;
            _lots = slab.Of(last.Without(part));
            slab[taken.Last] = part;
            return taken;
        }

        return Chains.TakeFirst(slab, ref _lots, ref amount);
    }

    public readonly bool TryGive(LotSlab<TUnits> slab, TUnits amount, ref QueuePool<TUnits, TNewestFirst> receiver, out bool isTainted) =>
        isTainted = false;

    public LotChain Drain(LotSlab<TUnits> slab)
    {
        LotChain all = TNewestFirst.IsYes ? slab.Reverse(_lots) : _lots;
        this = default;
        return all;
    }
}

/// <summary>
/// PIFO and LIBR: all lots of one class leave before any of the other, each class in order of arrival. How the classes
/// came to alternate is kept, because a seed may claim clean lots where they are.
/// </summary>
internal struct ClassPool<TUnits, TTaintedFirst> : IHolderPool<TUnits, ClassPool<TUnits, TTaintedFirst>>
    where TUnits : struct, IUnits<TUnits>
    where TTaintedFirst : struct, IChoice
{
    private LotChain _tainted;
    private LotChain _clean;

    public TUnits Total { get; private set; }

    public TUnits Idle
    {
        readonly get => Total;
        set => Total = value;
    }

    public void Put(LotSlab<TUnits> slab, LotChain lots, TUnits amount)
    {
        Total += amount;
        while (!lots.IsEmpty)
        {
            LotChain lot = slab.Cut(ref lots);
            if (slab[lot.Last].IsTainted)
            {
                Append(slab, ref _tainted, _clean, lot);
            }
            else
            {
                Append(slab, ref _clean, _tainted, lot);
            }
        }
    }

    public readonly void Touch(LotSlab<TUnits> slab, bool isSecond)
    {
        slab.Touch(_tainted, isSecond);
        slab.Touch(_clean, isSecond);
    }

    public LotChain Take(LotSlab<TUnits> slab, TUnits amount)
    {
        Total -= amount;
        return TTaintedFirst.IsYes ? Take(slab, ref _tainted, ref _clean, amount) : Take(slab, ref _clean, ref _tainted, amount);
    }

    public readonly bool TryGive(LotSlab<TUnits> slab, TUnits amount, ref ClassPool<TUnits, TTaintedFirst> receiver, out bool isTainted) =>
        isTainted = false;

    public LotChain Drain(LotSlab<TUnits> slab)
    {
        LotChain all = default;
        while (!_tainted.IsEmpty && !_clean.IsEmpty)
        {
            bool isTainted = slab.IsBefore(slab.First(_tainted), slab.First(_clean));
            all = slab.Join(all, isTainted ? slab.Cut(ref _tainted) : slab.Cut(ref _clean));
        }

        all = slab.Join(slab.Join(all, _tainted), _clean);
        this = default;
        return all;
    }

    // Lots merge only where nothing of the other class came in between.
    private static void Append(LotSlab<TUnits> slab, ref LotChain own, LotChain other, LotChain lot)
    {
        bool isNeighbour = !own.IsEmpty && slab.IsBefore(other.Last, own.Last);
        int last = own.Last;
        own = isNeighbour ? slab.JoinMerging(own, lot) : slab.Join(own, lot);
        if (own.Last != last)
        {
            slab.Arrive(own.Last);
        }
    }

    private static LotChain Take(LotSlab<TUnits> slab, ref LotChain first, ref LotChain then, TUnits amount)
    {
        LotChain taken = Chains.TakeFirst(slab, ref first, ref amount);
        return slab.Join(taken, Chains.TakeFirst(slab, ref then, ref amount));
    }
}

/// <summary>
/// Haircut: one lot for each claim, in the place of the earliest still there; everything taken is a mixture of all of
/// them in proportion. Clean money and one seed's stand in the pool itself; of more seeds, all are in a list.
/// </summary>
internal struct HaircutPool<TUnits> : IHolderPool<TUnits, HaircutPool<TUnits>>
    where TUnits : struct, IUnits<TUnits>
{
    private TUnits _clean;
    private TUnits _amount;
    private TUnits _origin;

    // Zero where none is tainted; -n: all are in mixture n of the slab, _amount is its total, and _clean is zero.
    private int _claim;
    private bool _isCleanFirst;

    public readonly TUnits Total => _clean + _amount;

    public TUnits Idle
    {
        readonly get => _clean;
        set => _clean = value;
    }

    private readonly Lot<TUnits> Tainted => new(_claim, _amount, _origin);

    public void Put(LotSlab<TUnits> slab, LotChain lots, TUnits amount)
    {
        for (int link = slab.First(lots); link != 0; link = slab.Next(lots, link))
        {
            Add(slab, slab[link]);
        }

        slab.Free(lots);
    }

    public readonly void Touch(LotSlab<TUnits> slab, bool isSecond)
    {
    }

    public LotChain Take(LotSlab<TUnits> slab, TUnits amount)
    {
        if (_claim >= 0)
        {
            return TakeOne(slab, amount);
        }

        if (amount == _amount)
        {
            return Drain(slab);
        }

        LotChain taken = default;
        slab.MixtureOf(_claim).Take(slab, amount, _amount, ref taken);
        _amount -= amount;
        return taken;
    }

    public bool TryGive(LotSlab<TUnits> slab, TUnits amount, ref HaircutPool<TUnits> receiver, out bool isTainted)
    {
        if (_claim < 0 || receiver._claim < 0
            || (_claim != receiver._claim && _claim != Lot<TUnits>.Clean && receiver._claim != Lot<TUnits>.Clean))
        {
            return isTainted = false;
        }

        receiver._isCleanFirst = receiver._clean.IsZero
            ? receiver._claim == Lot<TUnits>.Clean && _isCleanFirst
            : receiver._claim == Lot<TUnits>.Clean || receiver._isCleanFirst;
        TUnits ofClean = TakeClean(amount);
        receiver._clean += ofClean;
        isTainted = ofClean != amount;
        if (isTainted)
        {
            Lot<TUnits> part = TakeTainted(amount - ofClean);
            receiver._claim = part.Claim;
            receiver._amount += part.Amount;
            receiver._origin += part.Origin;
        }

        return true;
    }

    public LotChain Drain(LotSlab<TUnits> slab)
    {
        LotChain all = default;
        if (_claim < 0)
        {
            slab.MixtureOf(_claim).Drain(slab, ref all);
            slab.Return(_claim);
            this = default;
        }
        else if (!Total.IsZero)
        {
            all = Take(slab, Total);
        }

        return all;
    }

    private void Add(LotSlab<TUnits> slab, Lot<TUnits> lot)
    {
        if (_claim < 0)
        {
            TUnits total = _amount + lot.Amount;
            slab.MixtureOf(_claim).Add(lot);
            _amount = total;
        }
        else if (!lot.IsTainted)
        {
            _isCleanFirst = _clean.IsZero ? _claim == Lot<TUnits>.Clean : _isCleanFirst;
            _clean += lot.Amount;
        }
        else if (_claim == Lot<TUnits>.Clean || _claim == lot.Claim)
        {
            _isCleanFirst = _claim == Lot<TUnits>.Clean ? !_clean.IsZero : _isCleanFirst;
            (_claim, _amount, _origin) = (lot.Claim, _amount + lot.Amount, _origin + lot.Origin);
        }
        else
        {
            Spread(slab);
            Add(slab, lot);
        }
    }

    private void Spread(LotSlab<TUnits> slab)
    {
        int claim = slab.NewMixture(out Mixture<TUnits> mixture);
        TUnits total = Total;
        LotChain all = Drain(slab);
        for (int link = slab.First(all); link != 0; link = slab.Next(all, link))
        {
            mixture.Add(slab[link]);
        }

        slab.Free(all);
        (_claim, _amount) = (claim, total);
    }

    // Where all is clean or one seed's.
    private LotChain TakeOne(LotSlab<TUnits> slab, TUnits amount)
    {
        bool isCleanFirst = _isCleanFirst;
        TUnits ofClean = TakeClean(amount);
        LotChain clean = ofClean.IsZero ? default : slab.Of(Lot<TUnits>.CleanOf(ofClean));
        LotChain tainted = ofClean == amount ? default : slab.Of(TakeTainted(amount - ofClean));
        return isCleanFirst ? slab.Join(clean, tainted) : slab.Join(tainted, clean);
    }

    private TUnits TakeClean(TUnits amount)
    {
        TUnits ofClean = _claim == Lot<TUnits>.Clean ? amount
            : _clean.IsZero ? TUnits.Zero
            : amount == Total ? _clean
            : ShareOfClean(amount);
        _clean -= ofClean;
        return ofClean;
    }

    // Of two lots, the floors leave one unit over or none; it goes to the larger remainder, of equals to the earlier lot.
    // The remainders add up to the pool.
    private readonly TUnits ShareOfClean(TUnits amount)
    {
        TUnits total = Total;
        TUnits share = TUnits.MulDivFloor(amount, _clean, total, out TUnits remainder);
        TUnits other = total - remainder;
        bool isOver = !remainder.IsZero && (remainder > other || (remainder == other && _isCleanFirst));
        return isOver ? share + TUnits.One : share;
    }

    private Lot<TUnits> TakeTainted(TUnits amount)
    {
        Lot<TUnits> part = Tainted.Part(amount);
        (_amount, _origin) = (_amount - part.Amount, _origin - part.Origin);
        if (_amount.IsZero)
        {
            (_claim, _isCleanFirst) = (Lot<TUnits>.Clean, true);
        }

        return part;
    }
}

/// <summary>Poison: one claim marks the whole pool, and whatever leaves it, until the pool is empty.</summary>
internal struct PoisonPool<TUnits> : IHolderPool<TUnits, PoisonPool<TUnits>>
    where TUnits : struct, IUnits<TUnits>
{
    private int _claim;

    public TUnits Total { get; private set; }

    public TUnits Idle
    {
        readonly get => Total;
        set => Total = value;
    }

    public void Put(LotSlab<TUnits> slab, LotChain lots, TUnits amount)
    {
        Total += amount;
        for (int link = slab.First(lots); link != 0; link = slab.Next(lots, link))
        {
            _claim = slab.Claims.Union(_claim, slab[link].Claim);
        }

        slab.Free(lots);
    }

    public readonly void Touch(LotSlab<TUnits> slab, bool isSecond)
    {
    }

    public LotChain Take(LotSlab<TUnits> slab, TUnits amount)
    {
        LotChain taken = slab.Of(new Lot<TUnits>(_claim, amount, TUnits.Zero));
        Leave(amount);
        return taken;
    }

    public bool TryGive(LotSlab<TUnits> slab, TUnits amount, ref PoisonPool<TUnits> receiver, out bool isTainted)
    {
        isTainted = _claim != Lot<TUnits>.Clean;
        receiver.Total += amount;
        receiver._claim = slab.Claims.Union(receiver._claim, _claim);
        Leave(amount);
        return true;
    }

    private void Leave(TUnits amount)
    {
        Total -= amount;
        if (Total.IsZero)
        {
            _claim = Lot<TUnits>.Clean;
        }
    }

    public LotChain Drain(LotSlab<TUnits> slab)
    {
        LotChain all = Total.IsZero ? default : slab.Of(new Lot<TUnits>(_claim, Total, TUnits.Zero));
        this = default;
        return all;
    }
}

/// <summary>Steps on chains that several pools share.</summary>
internal static class Chains
{
    /// <summary>
    /// Takes up to an amount from the front; a lot is split where the amount ends in it. What is still wanting stays in
    /// <paramref name="amount"/>.
    /// </summary>
    public static LotChain TakeFirst<TUnits>(LotSlab<TUnits> slab, ref LotChain lots, ref TUnits amount)
        where TUnits : struct, IUnits<TUnits>
    {
        LotChain taken = default;
        while (!amount.IsZero && !lots.IsEmpty)
        {
            int first = slab.First(lots);
            Lot<TUnits> lot = slab[first];
            if (lot.Amount > amount)
            {
                Lot<TUnits> part = lot.Part(amount);
                slab[first] = lot.Without(part);
                slab.Append(ref taken, part);
                amount = TUnits.Zero;
                return taken;
            }

            amount -= lot.Amount;
            taken = slab.Join(taken, slab.Cut(ref lots));
        }

        return taken;
    }
}
