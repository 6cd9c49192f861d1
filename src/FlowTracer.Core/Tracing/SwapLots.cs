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
    public static List<Lot> Convert(List<Lot> lots, Amount paid, Amount received)
    {
        Lot.MergeNeighbours(lots);
        Amount[] weights = new Amount[lots.Count];
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = lots[i].Amount;
        }

        Amount[] shares = new Amount[weights.Length];
        Apportion.LargestRemainder(received, weights, paid, shares);
        List<Lot> dust = [];
        for (int i = 0; i < shares.Length; i++)
        {
            lots[i] = lots[i] with { Amount = shares[i] };
        }

        for (int i = 0; i < shares.Length; i++)
        {
            if (!shares[i].IsZero || lots[i].Origin.IsZero)
            {
                continue;
            }

            int heir = Neighbour(lots, i);
            if (heir < 0)
            {
                dust.Add(lots[i]);
            }
            else
            {
                lots[heir] = lots[heir] with { Origin = lots[heir].Origin + lots[i].Origin };
            }
        }

        lots.RemoveAll(static lot => lot.Amount.IsZero);
        return dust;
    }

    private static int Neighbour(List<Lot> lots, int index)
    {
        for (int i = index - 1; i >= 0; i--)
        {
            if (lots[i].Claim == lots[index].Claim && !lots[i].Amount.IsZero)
            {
                return i;
            }
        }

        return lots.FindIndex(index + 1, lot => lot.Claim == lots[index].Claim && !lot.Amount.IsZero);
    }
}
