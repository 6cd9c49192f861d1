using System.Numerics;

namespace FlowTracer.Core.Model;

/// <summary>
/// Products and quotients of numbers wider than a machine word, on caller-owned memory. Limbs and digits are least
/// significant first. Carries are taken by hand, so words wrap on purpose: hence the explicit <c>unchecked</c>.
/// </summary>
internal static class WideArithmetic
{
    private const int DigitBits = 32;

    /// <summary>How many limbs stay once the leading zero ones are dropped.</summary>
    internal static int SignificantLength(ReadOnlySpan<ulong> limbs) => limbs.LastIndexOfAnyExcept(0UL) + 1;

    /// <summary>How many digits stay once the leading zero ones are dropped.</summary>
    internal static int SignificantLength(ReadOnlySpan<uint> digits) => digits.LastIndexOfAnyExcept(0U) + 1;

    /// <summary>Writes a·b to limbs that are all zero and at least as many as those of both factors.</summary>
    internal static void Multiply(ReadOnlySpan<ulong> a, ReadOnlySpan<ulong> b, Span<ulong> product)
    {
        unchecked
        {
            for (int i = 0; i < a.Length; i++)
            {
                ulong carry = 0;
                for (int j = 0; j < b.Length; j++)
                {
                    // At most (2^64-1)^2 + 2(2^64-1) = 2^128-1, so the high word never overflows.
                    ulong high = Math.BigMul(a[i], b[j], out ulong low);
                    low += carry;
                    high += low < carry ? 1UL : 0UL;
                    ulong sum = product[i + j] + low;
                    carry = high + (sum < low ? 1UL : 0UL);
                    product[i + j] = sum;
                }

                product[i + b.Length] = carry;
            }
        }
    }

    /// <summary>limbs := limbs · factor + addend; returns what did not fit.</summary>
    internal static ulong MultiplyAdd(Span<ulong> limbs, ulong factor, ulong addend)
    {
        unchecked
        {
            ulong carry = addend;
            for (int i = 0; i < limbs.Length; i++)
            {
                ulong high = Math.BigMul(limbs[i], factor, out ulong low);
                low += carry;
                carry = high + (low < carry ? 1UL : 0UL);
                limbs[i] = low;
            }

            return carry;
        }
    }

    /// <summary>Splits 64-bit limbs into 32-bit digits: twice as many.</summary>
    internal static void ToDigits(ReadOnlySpan<ulong> limbs, Span<uint> digits)
    {
        for (int i = 0; i < limbs.Length; i++)
        {
            digits[2 * i] = (uint)(limbs[i] & uint.MaxValue);
            digits[(2 * i) + 1] = (uint)(limbs[i] >> DigitBits);
        }
    }

    /// <summary>digits := digits / divisor; returns the remainder.</summary>
    internal static uint DivideInPlace(Span<uint> digits, uint divisor)
    {
        ulong remainder = 0;
        for (int i = digits.Length - 1; i >= 0; i--)
        {
            ulong part = (remainder << DigitBits) | digits[i];
            digits[i] = (uint)(part / divisor);
            remainder = part % divisor;
        }

        return (uint)remainder;
    }

    /// <summary>
    /// Division with remainder, Knuth's Algorithm D (The Art of Computer Programming, vol. 2, 4.3.1) in base 2^32:
    /// there a quotient digit needs one 64-bit division, where base 2^64 would need a 128-bit one, which is done in
    /// software.
    /// </summary>
    /// <param name="dividend">The dividend with one zero digit on top; becomes the remainder.</param>
    /// <param name="divisor">At least two digits, the top one not zero; is overwritten.</param>
    /// <param name="quotient">dividend.Length - divisor.Length digits.</param>
    internal static void Divide(Span<uint> dividend, Span<uint> divisor, Span<uint> quotient)
    {
        int shift = BitOperations.LeadingZeroCount(divisor[^1]);
        ShiftLeft(divisor, shift);
        ShiftLeft(dividend, shift);
        for (int j = dividend.Length - divisor.Length - 1; j >= 0; j--)
        {
            Span<uint> window = dividend.Slice(j, divisor.Length + 1);
            uint digit = EstimateDigit(window, divisor);
            if (SubtractProduct(window, divisor, digit))
            {
                // The estimate was one too large (it happens about twice in 2^32 digits).
                digit--;
                AddBack(window, divisor);
            }

            quotient[j] = digit;
        }

        ShiftRight(dividend, shift);
    }

    // Step D3: at most one too large when it returns.
    private static uint EstimateDigit(ReadOnlySpan<uint> window, ReadOnlySpan<uint> divisor)
    {
        ulong top = ((ulong)window[^1] << DigitBits) | window[^2];
        ulong estimate = top / divisor[^1];
        ulong rest = top % divisor[^1];
        while (estimate > uint.MaxValue
            || estimate * divisor[^2] > ((rest << DigitBits) | window[^3]))
        {
            estimate--;
            rest += divisor[^1];
            if (rest > uint.MaxValue)
            {
                break;
            }
        }

        return (uint)estimate;
    }

    // Step D4; true when the result went below zero and wrapped.
    private static bool SubtractProduct(Span<uint> window, ReadOnlySpan<uint> divisor, uint digit)
    {
        unchecked
        {
            ulong carry = 0;
            uint borrow = 0;
            for (int i = 0; i < divisor.Length; i++)
            {
                ulong product = ((ulong)divisor[i] * digit) + carry;
                carry = product >> DigitBits;
                borrow = Subtract(ref window[i], (uint)product, borrow);
            }

            return Subtract(ref window[^1], (uint)carry, borrow) != 0;
        }
    }

    private static uint Subtract(ref uint minuend, uint subtrahend, uint borrow)
    {
        unchecked
        {
            ulong difference = (ulong)minuend - subtrahend - borrow;
            minuend = (uint)difference;
            return (uint)(difference >> 63);
        }
    }

    private static void AddBack(Span<uint> window, ReadOnlySpan<uint> divisor)
    {
        unchecked
        {
            ulong carry = 0;
            for (int i = 0; i < divisor.Length; i++)
            {
                carry += (ulong)window[i] + divisor[i];
                window[i] = (uint)carry;
                carry >>= DigitBits;
            }

            window[^1] += (uint)carry;
        }
    }

    private static void ShiftLeft(Span<uint> digits, int bits)
    {
        if (bits == 0)
        {
            return;
        }

        for (int i = digits.Length - 1; i > 0; i--)
        {
            digits[i] = (digits[i] << bits) | (digits[i - 1] >> (DigitBits - bits));
        }

        digits[0] <<= bits;
    }

    private static void ShiftRight(Span<uint> digits, int bits)
    {
        if (bits == 0)
        {
            return;
        }

        for (int i = 0; i < digits.Length - 1; i++)
        {
            digits[i] = (digits[i] >> bits) | (digits[i + 1] << (DigitBits - bits));
        }

        digits[^1] >>= bits;
    }
}
