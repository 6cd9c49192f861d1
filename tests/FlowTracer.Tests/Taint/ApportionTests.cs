using System.Numerics;
using FlowTracer.Core.Model;
using FlowTracer.Core.Taint;

namespace FlowTracer.Tests.Taint;

/// <summary>Largest remainder, against hand arithmetic and a second way to compute it.</summary>
public sealed class ApportionTests
{
    [Theory]
    [InlineData(10, "1 1 1", "4 3 3")] // 3⅓ each: the unit over goes to the first of equals
    [InlineData(11, "1 1 1", "4 4 3")]
    [InlineData(10, "1 2 4", "1 3 6")] // 1 3/7, 2 6/7, 5 5/7: the two over go to the second and the third
    [InlineData(7, "5 3 2", "4 2 1")] // 3½, 2 1/10, 1 4/10
    [InlineData(1, "1 1", "1 0")]
    [InlineData(1, "1 2", "0 1")]
    [InlineData(0, "3 4", "0 0")]
    [InlineData(9, "0 3 0", "0 9 0")]
    [InlineData(100, "50 50", "50 50")]
    [InlineData(5, "7", "5")]
    [InlineData(1000, "1 1 1 1 1 1", "167 167 167 167 166 166")]
    public void By_hand(int total, string weights, string shares) =>
        Assert.Equal(shares, string.Join(' ', Shares((ulong)total, [.. weights.Split(' ').Select(Amount.Parse)])));

    [Fact]
    public void Amounts_of_256_bits_are_divided_to_the_unit()
    {
        // 2^256-1 = 3 × 85...: divisible by 3, so that three equal weights share it without remainder.
        Amount third = Amount.FromBigInteger(Amount.MaxValue.ToBigInteger() / 3);
        Assert.Equal([third, third, third], Shares(Amount.MaxValue, [third, third, third]));
    }

    [Fact]
    public void It_is_what_plain_arithmetic_says()
    {
        Random random = new(256);
        for (int i = 0; i < 5000; i++)
        {
            int bits = random.Next(1, 254);
            Amount[] weights = [.. Enumerable.Range(0, random.Next(1, 8)).Select(_ => AmountOf(random, random.Next(bits + 1)))];
            if (Array.TrueForAll(weights, w => w.IsZero))
            {
                weights[0] = Amount.One;
            }

            Amount total = AmountOf(random, random.Next(257));
            Amount[] shares = Shares(total, weights);
            Assert.Equal(Plain(total.ToBigInteger(), [.. weights.Select(w => w.ToBigInteger())]), shares.Select(s => s.ToBigInteger()));
            Assert.Equal(total.ToBigInteger(), shares.Aggregate(BigInteger.Zero, (sum, s) => sum + s.ToBigInteger()));
        }
    }

    // No more than the pool is ever taken: then no share exceeds its weight.
    [Fact]
    public void A_share_of_part_of_a_pool_is_at_most_its_lot()
    {
        Random random = new(1);
        for (int i = 0; i < 5000; i++)
        {
            Amount[] weights = [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => (Amount)(ulong)random.Next(6))];
            ulong sum = weights.Aggregate(0UL, (s, w) => s + (ulong)w.ToBigInteger());
            if (sum > 0)
            {
                Amount[] shares = Shares((ulong)random.NextInt64((long)sum + 1), weights);
                Assert.All(shares.Zip(weights), pair => Assert.True(pair.First <= pair.Second));
            }
        }
    }

    private static Amount[] Shares(Amount total, Amount[] weights)
    {
        Amount[] shares = new Amount[weights.Length];
        Apportion.LargestRemainder<Amount>(total, weights, weights.Aggregate(Amount.Zero, (sum, w) => sum + w), shares);
        return shares;
    }

    // One unit at a time to whoever lacks the most, as fractions of one denominator: no sorting, no floors.
    private static BigInteger[] Plain(BigInteger total, BigInteger[] weights)
    {
        BigInteger sum = weights.Aggregate(BigInteger.Zero, (s, w) => s + w);
        BigInteger[] shares = [.. weights.Select(w => BigInteger.Divide(total * w, sum))];
        bool[] rounded = new bool[weights.Length];
        for (BigInteger left = total - shares.Aggregate(BigInteger.Zero, (s, x) => s + x); left > 0; left--)
        {
            int most = -1;
            for (int i = 0; i < weights.Length; i++)
            {
                if (!rounded[i] && (most < 0 || (total * weights[i]) - (shares[i] * sum) > (total * weights[most]) - (shares[most] * sum)))
                {
                    most = i;
                }
            }

            shares[most]++;
            rounded[most] = true;
        }

        return shares;
    }

    private static Amount AmountOf(Random random, int bits)
    {
        byte[] bytes = new byte[32];
        random.NextBytes(bytes);
        return Amount.FromBigInteger(new BigInteger(bytes, isUnsigned: true) >> (256 - bits));
    }
}
