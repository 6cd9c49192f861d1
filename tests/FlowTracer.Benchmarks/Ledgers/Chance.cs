using System.Numerics;

namespace FlowTracer.Benchmarks.Ledgers;

/// <summary>
/// Draws from SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014). Whole
/// numbers only, so that a seed gives the same draws on every machine; distributions are therefore stated by powers of two,
/// with a straight line for the curve between one power and the next.
/// </summary>
internal sealed class Chance(ulong seed)
{
    private const int FractionBits = 16;
    private const int FractionMask = (1 << FractionBits) - 1;

    private ulong _state = seed;

    /// <summary>64 bits.</summary>
    public ulong Next()
    {
        unchecked
        {
            ulong z = _state += 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }

    /// <summary>From 0 to less than a bound, each as likely to within one part in 2^32 ÷ bound.</summary>
    public int Below(int bound) => (int)(((Next() >> 32) * (ulong)bound) >> 32);

    /// <summary>True so many times in a hundred.</summary>
    public bool Percent(int share) => Below(100) < share;

    /// <summary>At least <paramref name="least"/>; x times that or more with probability x^-(100 ÷ stretch). Cut off at <paramref name="most"/>.</summary>
    /// <param name="least">Units of whatever is drawn, below 2^47.</param>
    /// <param name="most">In the same units.</param>
    /// <param name="stretch">A hundred times the inverse of the tail's exponent.</param>
    public ulong Pareto(ulong least, ulong most, int stretch)
    {
        // -log2 of a uniform number: its leading zeros, then the bits behind its first one, counted down.
        ulong uniform = Next() | 1;
        int zeros = BitOperations.LeadingZeroCount(uniform);
        int behind = (int)((uniform << zeros << 1) >> (64 - FractionBits));
        long exponent = ((long)zeros << FractionBits) + (FractionMask - behind);
        return TimesPowerOfTwo(least, exponent * stretch / 100, most);
    }

    /// <summary>
    /// A place from 0 to less than a count: the k-th about as often as k^-(1 + 100 ÷ stretch), after Zipf; what falls beyond
    /// the last goes evenly to all.
    /// </summary>
    public int Rank(int count, int stretch)
    {
        ulong rank = Pareto(1, int.MaxValue, stretch);
        return rank <= (ulong)count ? (int)rank - 1 : Below(count);
    }

    /// <summary>As often above the median as below; log2 of it is a sum of four uniform numbers, nearly normal.</summary>
    /// <param name="median">Units of whatever is drawn, below 2^47.</param>
    /// <param name="most">In the same units: what is above is cut off.</param>
    /// <param name="deviation">The standard deviation of log2, in hundredths.</param>
    public ulong LogNormal(ulong median, ulong most, int deviation)
    {
        ulong bits = Next();
        long sum = (long)((bits & FractionMask) + ((bits >> 16) & FractionMask) + ((bits >> 32) & FractionMask) + (bits >> 48));

        // Four of variance 1/12 deviate by 1/sqrt(3) = 100/173.
        return TimesPowerOfTwo(median, (sum - (2 * FractionMask)) * deviation * 173 / 10_000, most);
    }

    private static ulong TimesPowerOfTwo(ulong number, long exponent, ulong most)
    {
        const int greatest = 64;
        UInt128 mantissa = (UInt128)number * (ulong)((1 << FractionBits) + (exponent & FractionMask));
        int power = (int)Math.Clamp(exponent >> FractionBits, -greatest, greatest);
        UInt128 product = power < 0 ? mantissa >> (FractionBits - power) : mantissa << power >> FractionBits;
        return (ulong)UInt128.Min(product, most);
    }
}
