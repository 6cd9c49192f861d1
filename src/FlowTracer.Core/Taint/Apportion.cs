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
        (TUnits Remainder, int Place)[] remainders = new (TUnits, int)[weights.Length];
        TUnits left = total;
        for (int i = 0; i < weights.Length; i++)
        {
            shares[i] = TUnits.MulDivFloor(total, weights[i], sum, out TUnits remainder);
            remainders[i] = (remainder, i);
            left -= shares[i];
        }

        if (left.IsZero)
        {
            return;
        }

        Array.Sort(remainders, static (a, b) =>
        {
            int byRemainder = b.Remainder.CompareTo(a.Remainder);
            return byRemainder != 0 ? byRemainder : a.Place.CompareTo(b.Place);
        });
        for (int next = 0; !left.IsZero; next++)
        {
            shares[remainders[next].Place] += TUnits.One;
            left -= TUnits.One;
        }
    }
}
