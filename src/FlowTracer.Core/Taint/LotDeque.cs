using FlowTracer.Core.Model;

namespace FlowTracer.Core.Taint;

/// <summary>Lots in order of arrival, taken from either end. Neighbours that count as one lot are one.</summary>
internal sealed class LotDeque
{
    private Lot[] _ring = [];
    private int _head;

    public int Count { get; private set; }

    public Lot this[int index] => At(index);

    /// <summary>Adds the latest lot; returns whether it became part of the one before it.</summary>
    public bool Append(Lot lot)
    {
        if (Count > 0 && At(Count - 1).Merges(lot))
        {
            ref Lot last = ref At(Count - 1);
            last = last.Plus(lot);
            return true;
        }

        AppendApart(lot);
        return false;
    }

    /// <summary>Adds the latest lot as one of its own.</summary>
    public void AppendApart(Lot lot)
    {
        if (Count == _ring.Length)
        {
            Grow();
        }

        Count++;
        At(Count - 1) = lot;
    }

    /// <summary>Takes up to <paramref name="amount"/> from the oldest (or newest) lots; returns what is still wanting.</summary>
    public Amount Take(Amount amount, bool newestFirst, List<Lot> taken)
    {
        while (!amount.IsZero && Count > 0)
        {
            ref Lot lot = ref At(newestFirst ? Count - 1 : 0);
            if (lot.Amount > amount)
            {
                Lot part = lot.Part(amount);
                lot = lot.Without(part);
                taken.Add(part);
                return Amount.Zero;
            }

            amount -= lot.Amount;
            taken.Add(lot);
            Count--;
            if (!newestFirst)
            {
                _head = (_head + 1) & (_ring.Length - 1);
            }
        }

        return amount;
    }

    /// <summary>Forgets all lots.</summary>
    public void Clear() => (Count, _head) = (0, 0);

    private ref Lot At(int index) => ref _ring[(_head + index) & (_ring.Length - 1)];

    private void Grow()
    {
        Lot[] larger = new Lot[Math.Max(4, _ring.Length * 2)];
        for (int i = 0; i < Count; i++)
        {
            larger[i] = At(i);
        }

        (_ring, _head) = (larger, 0);
    }
}
