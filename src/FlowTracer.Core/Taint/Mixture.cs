using System.Runtime.InteropServices;
using FlowTracer.Core.Model;

namespace FlowTracer.Core.Taint;

/// <summary>The lots of a haircut pool that more than one seed claims: one for each claim, in the place of the earliest.</summary>
internal sealed class Mixture<TUnits>
    where TUnits : struct, IUnits<TUnits>
{
    // A theft of thousands of outputs has thousands of claims: beyond a few, the place of each is looked up, not searched.
    private const int Few = 16;

    private readonly List<Lot<TUnits>> _lots;
    private readonly Dictionary<int, int> _places;

    /// <summary>An empty one.</summary>
    public Mixture() => (_lots, _places) = ([], []);

    private Mixture(Mixture<TUnits> other) => (_lots, _places) = ([.. other._lots], new Dictionary<int, int>(other._places));

    /// <summary>A copy that goes on by itself.</summary>
    public Mixture<TUnits> Copy() => new(this);

    public void Add(Lot<TUnits> lot)
    {
        int place = PlaceOf(lot.Claim);
        if (place >= 0)
        {
            _lots[place] = _lots[place].Plus(lot);
            return;
        }

        _lots.Add(lot);
        if (_places.Count > 0)
        {
            _places.Add(lot.Claim, _lots.Count - 1);
        }
        else if (_lots.Count > Few)
        {
            Index();
        }
    }

    /// <summary>Takes less than all: of each lot its share.</summary>
    public void Take(LotSlab<TUnits> slab, TUnits amount, TUnits total, ref LotChain taken)
    {
        Span<Lot<TUnits>> lots = CollectionsMarshal.AsSpan(_lots);
        Span<TUnits> room = slab.Scratch(4 * lots.Length);
        Span<TUnits> weights = room[..lots.Length];
        Span<TUnits> shares = room.Slice(lots.Length, lots.Length);
        for (int i = 0; i < lots.Length; i++)
        {
            weights[i] = lots[i].Amount;
        }

        Apportion.LargestRemainder(amount, weights, total, shares, room[(2 * lots.Length)..]);
        int kept = 0;
        for (int i = 0; i < lots.Length; i++)
        {
            Lot<TUnits> rest = lots[i];
            if (!shares[i].IsZero)
            {
                Lot<TUnits> part = rest.Part(shares[i]);
                slab.Append(ref taken, part);
                rest = rest.Without(part);
            }

            if (!rest.Amount.IsZero)
            {
                lots[kept++] = rest;
            }
        }

        if (kept < lots.Length)
        {
            _lots.RemoveRange(kept, _lots.Count - kept);
            Index();
        }
    }

    /// <summary>Takes all.</summary>
    public void Drain(LotSlab<TUnits> slab, ref LotChain taken)
    {
        foreach (Lot<TUnits> lot in _lots)
        {
            slab.Append(ref taken, lot);
        }

        _lots.Clear();
        _places.Clear();
    }

    private int PlaceOf(int claim)
    {
        if (_places.Count > 0)
        {
            return _places.GetValueOrDefault(claim, -1);
        }

        return _lots.FindIndex(lot => lot.Claim == claim);
    }

    private void Index()
    {
        _places.Clear();
        for (int i = 0; _lots.Count > Few && i < _lots.Count; i++)
        {
            _places.Add(_lots[i].Claim, i);
        }
    }
}
