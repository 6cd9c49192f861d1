using FlowTracer.Core.Model;

namespace FlowTracer.Core.Taint;

/// <summary>
/// What a movement draws from: the lots of one account holder, or the inputs of one Bitcoin transaction. A policy is
/// how its pool orders or divides them. Every pool gives out exactly what was put in, unit for unit.
/// </summary>
public abstract class LotPool
{
    /// <summary>What is in the pool, in base units.</summary>
    public Amount Total { get; private set; }

    /// <summary>Adds a lot as the latest to arrive. Lots without amount are refused.</summary>
    public void Put(Lot lot)
    {
        Invariant.Check(!lot.Amount.IsZero, $"a lot of nothing");
        Total += lot.Amount;
        Add(lot);
    }

    /// <summary>Takes an amount, at most the total, and appends its lots in the order taken.</summary>
    public void Take(Amount amount, List<Lot> taken)
    {
        Invariant.Check(amount <= Total, $"{amount} taken of {Total}");
        if (amount.IsZero)
        {
            return;
        }

        Remove(amount, taken);
        Total -= amount;
    }

    /// <summary>Takes everything and appends it in the order it came, whatever the policy: a coin spent as a whole.</summary>
    public void Drain(List<Lot> taken)
    {
        CopyTo(taken);
        Clear();
        Total = Amount.Zero;
    }

    /// <summary>Appends what is in the pool, without taking it, in the order it came.</summary>
    public abstract void CopyTo(List<Lot> lots);

    /// <summary>Forgets everything.</summary>
    protected abstract void Clear();

    /// <summary>Adds a lot of more than nothing.</summary>
    protected abstract void Add(Lot lot);

    /// <summary>Takes an amount between one unit and the total.</summary>
    protected abstract void Remove(Amount amount, List<Lot> taken);
}
