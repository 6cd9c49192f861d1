using FlowTracer.Core.Model;

namespace FlowTracer.Core.Taint;

/// <summary>Division of whole units in proportion (largest remainder, also called Hamilton's method).</summary>
public static class Apportion
{
    /// <summary>
    /// Gives each weight floor(total × weight ÷ sum), and the units left over one each to the largest remainders, ties
    /// to the earlier weight. The shares add up to the total exactly.
    /// </summary>
    /// <param name="total">What to divide.</param>
    /// <param name="weights">The weights; their sum is more than zero and fits the width.</param>
    /// <param name="sum">The sum of the weights.</param>
    /// <param name="shares">Receives one share for each weight.</param>
    public static void LargestRemainder<TUnits>(
        TUnits total, ReadOnlySpan<TUnits> weights, TUnits sum, Span<TUnits> shares)
        where TUnits : struct, IUnits<TUnits>
    {
        TUnits[] room = new TUnits[2 * weights.Length];
        LargestRemainder(total, weights, sum, shares, room);
    }

    /// <summary>The same, in room for twice as many numbers as there are weights.</summary>
    internal static void LargestRemainder<TUnits>(
        TUnits total, ReadOnlySpan<TUnits> weights, TUnits sum, Span<TUnits> shares, Span<TUnits> room)
        where TUnits : struct, IUnits<TUnits>
    {
        Span<TUnits> remainders = room[..weights.Length];
        TUnits left = total;
        for (int i = 0; i < weights.Length; i++)
        {
            shares[i] = TUnits.MulDivFloor(total, weights[i], sum, out remainders[i]);
            left -= shares[i];
        }

        if (left.IsZero)
        {
            return;
        }

        // There are fewer units over than weights: the last remainder to get one is found without sorting all.
        int over = 0;
        for (TUnits counted = TUnits.Zero; counted < left; counted += TUnits.One)
        {
            over++;
        }

        Span<TUnits> copy = room.Slice(weights.Length, weights.Length);
        remainders.CopyTo(copy);
        TUnits least = Largest(copy, over, out int larger);
        int equals = over - larger;
        for (int i = 0; i < shares.Length; i++)
        {
            if (remainders[i] > least || (remainders[i] == least && equals-- > 0))
            {
                shares[i] += TUnits.One;
            }
        }
    }

    // The n-th largest number (from 1), and how many are larger: Hoare's selection, with the middle one as the pivot.
    private static TUnits Largest<TUnits>(Span<TUnits> numbers, int nth, out int larger)
        where TUnits : struct, IUnits<TUnits>
    {
        larger = 0;
        while (true)
        {
            TUnits pivot = numbers[numbers.Length / 2];
            int above = 0;
            int end = numbers.Length;
            for (int i = 0; i < end;)
            {
                if (numbers[i] > pivot)
                {
                    (numbers[above], numbers[i]) = (numbers[i++], numbers[above++]);
                }
                else if (numbers[i] < pivot)
                {
                    (numbers[i], numbers[--end]) = (numbers[end], numbers[i]);
                }
                else
                {
                    i++;
                }
            }

            if (nth - larger <= above)
            {
                numbers = numbers[..above];
            }
            else if (nth - larger <= end)
            {
                larger += above;
                return pivot;
            }
            else
            {
                larger += end;
                numbers = numbers[end..];
            }
        }
    }
}
