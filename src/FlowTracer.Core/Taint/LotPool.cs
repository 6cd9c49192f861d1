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

    /// <summary>Adds lots as the latest to arrive, in their order.</summary>
    /// <param name="slab">Where the run's lots are.</param>
    /// <param name="lots">What arrives; none of it is nothing.</param>
    /// <param name="amount">What it comes to.</param>
    void Put(LotSlab<TUnits> slab, LotChain lots, TUnits amount);

    /// <summary>Takes an amount between one unit and the total: its lots in the order taken.</summary>
    LotChain Take(LotSlab<TUnits> slab, TUnits amount);

    /// <summary>Takes everything in the order it came, whatever the policy: a coin spent as a whole.</summary>
    LotChain Drain(LotSlab<TUnits> slab);
}

/// <summary>A pool of millions of the same kind.</summary>
/// <typeparam name="TUnits">The width of the numbers.</typeparam>
/// <typeparam name="TPool">The kind.</typeparam>
internal interface IHolderPool<TUnits, TPool> : ILotPool<TUnits>
    where TUnits : struct, IUnits<TUnits>
    where TPool : struct, IHolderPool<TUnits, TPool>
{
    /// <summary>
    /// What a holder has that no claim has reached: no lots are kept of it. It is set to nothing before the first lots are put.
    /// </summary>
    TUnits Idle { get; set; }

    /// <summary>Asks for the memory of what leaves first and of what came last, in two steps: what is last tells what is first.</summary>
    void Touch(LotSlab<TUnits> slab, bool isSecond);

    /// <summary>
    /// The same as <see cref="ILotPool{TUnits}.Take"/> and then <see cref="ILotPool{TUnits}.Put"/> there, where the kind of pool
    /// can do both at once, and keeps what is idle as it keeps clean lots. False, with nothing taken, where it cannot.
    /// </summary>
    /// <param name="slab">Where the run's lots are.</param>
    /// <param name="amount">Between one unit and the total.</param>
    /// <param name="receiver">Another pool, which may be idle.</param>
    /// <param name="isTainted">Whether any of it was.</param>
    bool TryGive(LotSlab<TUnits> slab, TUnits amount, ref TPool receiver, out bool isTainted);
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

    /// <summary>The same pool over a copy of its slab.</summary>
    internal abstract LotPool On(LotSlab<Amount> slab);

    private protected abstract void Put(LotSlab<Amount> slab, LotChain lots, Amount amount);

    private protected abstract LotChain Take(LotSlab<Amount> slab, Amount amount);

    private protected abstract LotChain Drain(LotSlab<Amount> slab);

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

    internal override LotPool On(LotSlab<Amount> slab) => new LotPool<TPool>(slab) { _pool = _pool };

    private protected override void Put(LotSlab<Amount> slab, LotChain lots, Amount amount) => _pool.Put(slab, lots, amount);

    private protected override LotChain Take(LotSlab<Amount> slab, Amount amount) => _pool.Take(slab, amount);

    private protected override LotChain Drain(LotSlab<Amount> slab) => _pool.Drain(slab);
}
