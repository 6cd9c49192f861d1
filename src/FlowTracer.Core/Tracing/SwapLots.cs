using FlowTracer.Core.Model;
using FlowTracer.Core.Taint;

namespace FlowTracer.Core.Tracing;

/// <summary>Lots that change their asset and keep their origin.</summary>
internal static class SwapLots
{
    /// <summary>
    /// Replaces the amounts of <paramref name="lots"/> (which add up to <paramref name="paid"/>) by shares of
    /// <paramref name="received"/>, by largest remainder; neighbours that count as one lot share as one. A lot left with nothing gives its origin to the nearest
    /// earlier lot of its claim that has an amount, else to the nearest later one.
    /// </summary>
    /// <returns>Lots that had no such neighbour: their origin with no amount to carry it.</returns>
    public static List<Lot<TUnits>> Convert<TUnits>(List<Lot<TUnits>> lots, TUnits paid, TUnits received)
        where TUnits : struct, IUnits<TUnits>
    {
        Neighbours.Merge(lots, static (lot, next) => lot.Merges(next), static (lot, next) => lot.Plus(next));
        TUnits[] weights = new TUnits[lots.Count];
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = lots[i].Amount;
        }

        TUnits[] shares = new TUnits[weights.Length];
        Apportion.LargestRemainder<TUnits>(received, weights, paid, shares);
        for (int i = 0; i < shares.Length; i++)
        {
            lots[i] = lots[i] with { Amount = shares[i] };
        }

        List<Lot<TUnits>> dust = Bequeath(lots);
        lots.RemoveAll(static lot => lot.Amount.IsZero);
        return dust;
    }

    // One way through for the heirs before a lot and one back for those behind it, however many lots come to nothing.
    private static List<Lot<TUnits>> Bequeath<TUnits>(List<Lot<TUnits>> lots)
        where TUnits : struct, IUnits<TUnits>
    {
        Dictionary<int, int> later = [];
        int[] heirs = new int[lots.Count];
        for (int i = lots.Count - 1; i >= 0; i--)
        {
            heirs[i] = later.GetValueOrDefault(lots[i].Claim, -1);
            if (!lots[i].Amount.IsZero)
            {
                later[lots[i].Claim] = i;
            }
        }

        List<Lot<TUnits>> dust = [];
        Dictionary<int, int> earlier = [];
        for (int i = 0; i < lots.Count; i++)
        {
            if (!lots[i].Amount.IsZero)
            {
                earlier[lots[i].Claim] = i;
            }
            else if (!lots[i].Origin.IsZero)
            {
                int heir = earlier.GetValueOrDefault(lots[i].Claim, heirs[i]);
                if (heir < 0)
                {
                    dust.Add(lots[i]);
                }
                else
                {
                    lots[heir] = lots[heir] with { Origin = lots[heir].Origin + lots[i].Origin };
                }
            }
        }

        return dust;
    }
}
