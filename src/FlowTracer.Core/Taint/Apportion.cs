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
    /// <param name="weights">The weights; their sum is more than zero and fits 256 bits.</param>
    /// <param name="sum">The sum of the weights.</param>
    /// <param name="shares">Receives one share for each weight.</param>
    public static void LargestRemainder(Amount total, ReadOnlySpan<Amount> weights, Amount sum, Span<Amount> shares)
    {
        Amount[] remainders = new Amount[weights.Length];
        Amount left = total;
        for (int i = 0; i < weights.Length; i++)
        {
            shares[i] = Amount.MulDivFloor(total, weights[i], sum, out remainders[i]);
            left -= shares[i];
        }

        if (left.IsZero)
        {
            return;
        }

        int[] order = new int[weights.Length];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        Array.Sort(order, (a, b) =>
        {
            int byRemainder = remainders[b].CompareTo(remainders[a]);
            return byRemainder != 0 ? byRemainder : a.CompareTo(b);
        });
        for (int next = 0; !left.IsZero; next++)
        {
            shares[order[next]] += Amount.One;
            left -= Amount.One;
        }
    }
}
