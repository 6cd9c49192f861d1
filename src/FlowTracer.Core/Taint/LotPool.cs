using FlowTracer.Core.Model;

namespace FlowTracer.Core.Taint;

/// <summary>
/// What a movement draws from: the lots of one account holder, or the inputs of one Bitcoin transaction. A policy is
/// how its pool orders or divides them. Every pool gives out exactly what was put in, unit for unit. Pools are small
/// structures over a slab, so that a run over a whole chain can hold millions; the default one is empty.
/// </summary>
/// <typeparam name="TUnits">The width of the numbers.</typeparam>
internal interface ILotPool<TUnits>
    where TUnits : struct, IUnits<TUnits>
{
    /// <summary>What is in the pool, in base units.</summary>
    TUnits Total { get; }

    /// <summary>
    /// What a holder has that no claim has reached: no lots are kept of it. It is set to nothing before the first lots are put.
    /// </summary>
    TUnits Idle { get; set; }

    /// <summary>Adds lots as the latest to arrive, in their order.</summary>
    /// <param name="slab">Where the run's lots are.</param>
    /// <param name="lots">What arrives; none of it is nothing.</param>
    /// <param name="amount">What it comes to.</param>
    void Put(LotSlab<TUnits> slab, LotChain lots, TUnits amount);

    /// <summary>Asks for the memory of what leaves first and of what came last, in two steps: what is last tells what is first.</summary>
    void Touch(LotSlab<TUnits> slab, bool isSecond);

    /// <summary>Takes an amount between one unit and the total: its lots in the order taken.</summary>
    LotChain Take(LotSlab<TUnits> slab, TUnits amount);

    /// <summary>Takes everything in the order it came, whatever the policy: a coin spent as a whole.</summary>
    LotChain Drain(LotSlab<TUnits> slab);

    /// <summary>
    /// The same as <see cref="Take"/> where what is taken is two lots at most and the kind of pool can tell: then none goes
    /// through the slab. False, with nothing taken, where it cannot.
    /// </summary>
    bool TryTake(TUnits amount, out LotPair<TUnits> taken);

    /// <summary>Adds lots taken in that way.</summary>
    void Put(LotSlab<TUnits> slab, in LotPair<TUnits> lots);
}

/// <summary>One lot or two, in the order taken.</summary>
/// <param name="First">The first; it is more than nothing.</param>
/// <param name="Second">The second; nothing when there is none.</param>
internal readonly record struct LotPair<TUnits>(Lot<TUnits> First, Lot<TUnits> Second)
    where TUnits : struct, IUnits<TUnits>
{
    public bool IsTainted => First.IsTainted || Second.IsTainted;

    /// <summary>Says that nothing was taken.</summary>
    public static bool None(out LotPair<TUnits> pair)
    {
        pair = default;
        return false;
    }

    /// <summary>The lots as a chain.</summary>
    public LotChain In(LotSlab<TUnits> slab)
    {
        LotChain first = slab.Of(First);
        return Second.Amount.IsZero ? first : slab.Join(first, slab.Of(Second));
    }

    /// <summary>Puts them into a pool that knows chains only.</summary>
    public void Put<TPool>(TPool pool, LotSlab<TUnits> slab)
        where TPool : class, ILotPool<TUnits> => pool.Put(slab, In(slab), First.Amount + Second.Amount);
}

/// <summary>A pool of the general sweep: amounts of any width, one object each.</summary>
public abstract class LotPool : ILotPool<Amount>
{
    private protected LotPool(LotSlab<Amount> slab) => Slab = slab;

    /// <summary>What is in the pool, in base units.</summary>
    public abstract Amount Total { get; }

    private protected LotSlab<Amount> Slab { get; }

    /// <summary>Adds a lot as the latest to arrive. Lots without amount are refused.</summary>
    public void Put(Lot lot)
    {
        Invariant.Check(!lot.Amount.IsZero, $"a lot of nothing");
        _ = Total + lot.Amount;
        Put(Slab, Slab.Of(lot), lot.Amount);
    }

    /// <summary>Takes an amount, at most the total, and appends its lots in the order taken.</summary>
    public void Take(Amount amount, List<Lot> taken)
    {
        Invariant.Check(amount <= Total, $"{amount} taken of {Total}");
        if (!amount.IsZero)
        {
            Slab.MoveTo(Take(Slab, amount), taken);
        }
    }

    /// <summary>Takes everything and appends it in the order it came, whatever the policy: a coin spent as a whole.</summary>
    public void Drain(List<Lot> taken) => Slab.MoveTo(Drain(Slab), taken);

    /// <summary>Appends what is in the pool, without taking it, in the order it came.</summary>
    public void CopyTo(List<Lot> lots)
    {
        Amount total = Total;
        LotChain all = Drain(Slab);
        Slab.CopyTo(all, lots);
        if (!total.IsZero)
        {
            Put(Slab, all, total);
        }
    }

    private protected abstract void Put(LotSlab<Amount> slab, LotChain lots, Amount amount);

    private protected abstract LotChain Take(LotSlab<Amount> slab, Amount amount);

    private protected abstract LotChain Drain(LotSlab<Amount> slab);

    Amount ILotPool<Amount>.Idle
    {
        get => throw new NotSupportedException("a pool of the general sweep is always followed");
        set => throw new NotSupportedException("a pool of the general sweep is always followed");
    }

    void ILotPool<Amount>.Touch(LotSlab<Amount> slab, bool isSecond)
    {
    }

    bool ILotPool<Amount>.TryTake(Amount amount, out LotPair<Amount> taken) => LotPair<Amount>.None(out taken);

    void ILotPool<Amount>.Put(LotSlab<Amount> slab, in LotPair<Amount> lots) => lots.Put(this, slab);

    void ILotPool<Amount>.Put(LotSlab<Amount> slab, LotChain lots, Amount amount) => Put(slab, lots, amount);

    LotChain ILotPool<Amount>.Take(LotSlab<Amount> slab, Amount amount) => Take(slab, amount);

    LotChain ILotPool<Amount>.Drain(LotSlab<Amount> slab) => Drain(slab);
}

/// <summary>A pool of one kind as an object.</summary>
internal sealed class LotPool<TPool> : LotPool
    where TPool : struct, ILotPool<Amount>
{
    private TPool _pool;

    public LotPool(LotSlab<Amount> slab)
        : base(slab) => _pool = default;

    public override Amount Total => _pool.Total;

    private protected override void Put(LotSlab<Amount> slab, LotChain lots, Amount amount) => _pool.Put(slab, lots, amount);

    private protected override LotChain Take(LotSlab<Amount> slab, Amount amount) => _pool.Take(slab, amount);

    private protected override LotChain Drain(LotSlab<Amount> slab) => _pool.Drain(slab);
}
