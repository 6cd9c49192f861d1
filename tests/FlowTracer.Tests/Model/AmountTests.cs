using System.Globalization;
using System.Numerics;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Model;

/// <summary>Every operation is held against System.Numerics.BigInteger, which shares no code with Amount.</summary>
public sealed class AmountTests
{
    private const string MaxText = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
    private const int RandomCases = 5_000;

    private static readonly BigInteger Limit = BigInteger.One << 256;

    private static readonly BigInteger[] Edges =
    [
        0, 1, 2, 9, 10, uint.MaxValue, (BigInteger)uint.MaxValue + 1, ulong.MaxValue - 1, ulong.MaxValue,
        BigInteger.Pow(2, 64), BigInteger.Pow(2, 64) + 1, BigInteger.Pow(2, 96), BigInteger.Pow(2, 128) - 1,
        BigInteger.Pow(2, 128), BigInteger.Pow(2, 128) + 1, BigInteger.Pow(2, 192) - 1, BigInteger.Pow(2, 192),
        BigInteger.Pow(10, 18), BigInteger.Pow(10, 19), BigInteger.Pow(10, 77),
        BigInteger.Pow(2, 255) - 1, BigInteger.Pow(2, 255), BigInteger.Pow(2, 256) - 2, BigInteger.Pow(2, 256) - 1,
    ];

    [Fact]
    public void Constants_are_what_they_say()
    {
        Assert.Equal("0", Amount.Zero.ToString());
        Assert.Equal("1", Amount.One.ToString());
        Assert.Equal(MaxText, Amount.MaxValue.ToString());
        Assert.True(default(Amount).IsZero);
        Assert.False(Amount.One.IsZero);
        Assert.False(Amount.FromBigInteger(BigInteger.Pow(2, 192)).IsZero);
    }

    [Fact]
    public void Conversions_return_the_same_number()
    {
        foreach (BigInteger number in SomeNumbers())
        {
            Amount amount = Amount.FromBigInteger(number);
            Assert.Equal(number, amount.ToBigInteger());
            Assert.Equal(number.IsZero, amount.IsZero);
            Assert.Equal(number <= ulong.MaxValue, amount.TryGetUInt64(out ulong small));
            Assert.Equal(number <= ulong.MaxValue ? (ulong)number : 0, small);
            if (number <= ulong.MaxValue)
            {
                Amount widened = (ulong)number;
                Assert.Equal(amount, widened);
            }

            if (number < BigInteger.Pow(2, 128))
            {
                Assert.Equal(amount, Amount.FromUInt128((UInt128)number));
            }
        }
    }

    [Fact]
    public void Numbers_outside_the_range_are_refused()
    {
        Assert.Throws<OverflowException>(() => Amount.FromBigInteger(-1));
        Assert.Throws<OverflowException>(() => Amount.FromBigInteger(Limit));
        Assert.Throws<OverflowException>(() => Amount.FromBigInteger(Limit << 300));
    }

    [Fact]
    public void Big_endian_bytes_are_the_EVMs_word()
    {
        byte[] word = new byte[32];
        word[0] = 0x80;
        word[30] = 0x01;
        word[31] = 0x02;
        Amount amount = Amount.FromBigEndian(word);

        Assert.Equal(BigInteger.Pow(2, 255) + 258, amount.ToBigInteger());
        byte[] written = new byte[32];
        amount.WriteBigEndian(written);
        Assert.Equal(word, written);
        Assert.Equal<Amount>(258UL, Amount.FromBigEndian([1, 2]));
        Assert.Equal(Amount.Zero, Amount.FromBigEndian([]));
        Assert.Throws<ArgumentException>(() => Amount.FromBigEndian(new byte[33]));
        Assert.Throws<ArgumentException>(() => amount.WriteBigEndian(new byte[31]));
    }

    [Fact]
    public void Sum_and_difference_agree_with_BigInteger_or_throw()
    {
        foreach ((BigInteger a, BigInteger b) in SomePairs())
        {
            Amount left = Amount.FromBigInteger(a);
            Amount right = Amount.FromBigInteger(b);
            if (a + b < Limit)
            {
                Assert.Equal(a + b, (left + right).ToBigInteger());
            }
            else
            {
                Assert.Throws<OverflowException>(() => left + right);
            }

            if (a >= b)
            {
                Assert.Equal(a - b, (left - right).ToBigInteger());
            }
            else
            {
                Assert.Throws<OverflowException>(() => left - right);
            }
        }
    }

    [Fact]
    public void A_wrap_is_told_in_words()
    {
        OverflowException below = Assert.Throws<OverflowException>(() => (Amount)3 - 5);
        OverflowException above = Assert.Throws<OverflowException>(() => Amount.MaxValue + 1);
        Assert.Contains("5 cannot be taken from 3", below.Message, StringComparison.Ordinal);
        Assert.Contains("over 2^256-1", above.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Order_and_equality_agree_with_BigInteger()
    {
        foreach ((BigInteger a, BigInteger b) in SomePairs())
        {
            Amount left = Amount.FromBigInteger(a);
            Amount right = Amount.FromBigInteger(b);
            Assert.Equal(Math.Sign(a.CompareTo(b)), Math.Sign(left.CompareTo(right)));
            Assert.Equal(a == b, left == right);
            Assert.Equal(a != b, left != right);
            Assert.Equal(a < b, left < right);
            Assert.Equal(a <= b, left <= right);
            Assert.Equal(a > b, left > right);
            Assert.Equal(a >= b, left >= right);
            Assert.Equal(BigInteger.Min(a, b), Amount.Min(left, right).ToBigInteger());
            Assert.Equal(BigInteger.Max(a, b), Amount.Max(left, right).ToBigInteger());
            Assert.Equal(a == b, left.Equals((object)right));
            Assert.Equal(left.GetHashCode(), Amount.FromBigInteger(a).GetHashCode());
        }
    }

    [Fact]
    public void Hash_codes_spread_where_only_one_limb_differs()
    {
        for (int limb = 0; limb < 4; limb++)
        {
            HashSet<int> codes = [];
            for (int i = 0; i < 1_000; i++)
            {
                codes.Add(Amount.FromBigInteger((BigInteger)i << (64 * limb)).GetHashCode());
            }

            Assert.InRange(codes.Count, 990, 1_000);
        }
    }

    [Fact]
    public void MulDivFloor_agrees_with_BigInteger_on_edges()
    {
        foreach (BigInteger a in Edges)
        {
            foreach (BigInteger b in Edges)
            {
                foreach (BigInteger divisor in Edges)
                {
                    CheckMulDiv(a, b, divisor);
                }
            }
        }
    }

    [Fact]
    public void MulDivFloor_agrees_with_BigInteger_on_random_widths()
    {
        Random random = new(20220323);
        for (int i = 0; i < 4 * RandomCases; i++)
        {
            CheckMulDiv(NextNumber(random), NextNumber(random), NextNumber(random));
        }
    }

    [Fact]
    public void MulDivFloor_corrects_an_estimate_that_is_one_too_large()
    {
        // Digits of all ones and zeros are where Algorithm D's trial digit misses; random numbers hardly ever reach it.
        Random random = new(77);
        uint[] digits = [0, 1, 0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFFFFE, 0xFFFFFFFF];
        for (int i = 0; i < 4 * RandomCases; i++)
        {
            CheckMulDiv(FromDigits(), FromDigits(), FromDigits());
        }

        BigInteger FromDigits()
        {
            BigInteger number = 0;
            for (int n = random.Next(1, 9); n > 0; n--)
            {
                number = (number << 32) | digits[random.Next(digits.Length)];
            }

            return number;
        }
    }

    // Hand arithmetic: 7·3 = 21 = 5·4 + 1; and (2^256-1)^2 = (2^256-1)·(2^256-1) exactly.
    [Fact]
    public void MulDivFloor_rounds_down_and_returns_what_is_left()
    {
        Assert.Equal<Amount>(4UL, Amount.MulDivFloor(7, 3, 5, out Amount remainder));
        Assert.Equal(Amount.One, remainder);
        Amount max = Amount.MaxValue;
        Assert.Equal(max, Amount.MulDivFloor(max, max, max, out remainder));
        Assert.True(remainder.IsZero);
    }

    [Fact]
    public void MulDivFloor_refuses_a_zero_divisor_and_a_quotient_too_wide()
    {
        Assert.Throws<DivideByZeroException>(() => Amount.MulDivFloor(1, 1, Amount.Zero));
        Assert.Throws<DivideByZeroException>(() => Amount.MulDivFloor(Amount.Zero, Amount.Zero, Amount.Zero));
        Amount max = Amount.MaxValue;
        Assert.Throws<OverflowException>(() => Amount.MulDivFloor(max, 2, 1));
        Assert.Throws<OverflowException>(() => Amount.MulDivFloor(max, max, max - 1));
    }

    [Fact]
    public void ProductsEqual_agrees_with_BigInteger()
    {
        Random random = new(11);
        for (int i = 0; i < RandomCases; i++)
        {
            // (p·q)·(r·s) = (p·r)·(q·s): equal products of different factors; then one off by one.
            BigInteger p = NextNumber(random, 128), q = NextNumber(random, 127);
            BigInteger r = NextNumber(random, 128), s = NextNumber(random, 127);
            CheckProducts(p * q, r * s, p * r, q * s);
            CheckProducts((p * q) + 1, r * s, p * r, q * s);
            CheckProducts(p, q, q, p);
            CheckProducts(p, q, p, q);
            CheckProducts(NextNumber(random), NextNumber(random), NextNumber(random), NextNumber(random));
        }

        CheckProducts(0, Limit - 1, 0, 5);
        CheckProducts(Limit - 1, Limit - 1, Limit - 1, Limit - 2);

        // Equal modulo 2^256 only: 2^255·2 = 2^256 and 0.
        CheckProducts(BigInteger.Pow(2, 255), 2, 0, 1);
    }

    [Fact]
    public void Decimal_text_returns_the_same_number()
    {
        Span<char> buffer = stackalloc char[78];
        foreach (BigInteger number in SomeNumbers())
        {
            string text = number.ToString(CultureInfo.InvariantCulture);
            Amount amount = Amount.FromBigInteger(number);
            Assert.Equal(text, amount.ToString());
            Assert.Equal(text, $"{amount}");
            Assert.Equal(amount, Amount.Parse(text));
            Assert.Equal(amount, Amount.Parse("000" + text));

            Assert.True(amount.TryFormat(buffer, out int written));
            Assert.Equal(text, buffer[..written].ToString());
            Assert.False(amount.TryFormat(buffer[..(text.Length - 1)], out written));
            Assert.Equal(0, written);
        }
    }

    [Theory]
    [InlineData("", 1, "missing")]
    [InlineData("-1", 1, "amounts are not negative")]
    [InlineData("-", 1, "amounts are not negative")]
    [InlineData("+1", 1, "without a sign")]
    [InlineData("1.5", 2, "base units are whole numbers")]
    [InlineData(".5", 1, "base units are whole numbers")]
    [InlineData("1e18", 2, "base units are whole numbers")]
    [InlineData("1E18", 2, "base units are whole numbers")]
    [InlineData("1,000", 2, "column 2")]
    [InlineData(" 1", 1, "column 1")]
    [InlineData("1 ", 2, "column 2")]
    [InlineData("1\0", 2, "column 2")]
    [InlineData("12-3", 3, "column 3")]
    [InlineData("0x10", 2, "column 2")]
    [InlineData("12٣", 3, "column 3")] // an Arabic-Indic three is a digit to char.IsDigit
    public void Decimal_text_that_is_no_amount_is_refused_with_its_reason(string text, int column, string reason)
    {
        Assert.False(Amount.TryParse(text, out Amount value, out ParseError error));
        Assert.True(value.IsZero);
        Assert.Equal(text, error.Text);
        Assert.Equal(column, error.Column);
        Assert.Contains(reason, error.Reason, StringComparison.Ordinal);
        FormatException thrown = Assert.Throws<FormatException>(() => Amount.Parse(text));
        Assert.Contains(reason, thrown.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("115792089237316195423570985008687907853269984665640564039457584007913129639936")] // 2^256
    [InlineData("999999999999999999999999999999999999999999999999999999999999999999999999999999")]
    [InlineData("1000000000000000000000000000000000000000000000000000000000000000000000000000000")]
    public void Decimal_text_over_the_range_is_refused(string text)
    {
        Assert.False(Amount.TryParse(text, out _, out ParseError error));
        Assert.Contains("over 2^256-1", error.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Leading_zeros_do_not_count_towards_the_range()
    {
        Assert.Equal(Amount.MaxValue, Amount.Parse(new string('0', 500) + MaxText));
        Assert.Equal(Amount.Zero, Amount.Parse("000"));
    }

    [Fact]
    public void Hexadecimal_quantities_are_read()
    {
        foreach (BigInteger number in SomeNumbers())
        {
            string digits = number.ToString("x", CultureInfo.InvariantCulture).TrimStart('0');
            string text = "0x" + (digits.Length == 0 ? "0" : digits);
            Assert.True(Amount.TryParseHex(text, out Amount amount));
            Assert.Equal(number, amount.ToBigInteger());
            Assert.True(Amount.TryParseHex("0x" + digits.ToUpperInvariant().PadLeft(64, '0'), out amount));
            Assert.Equal(number, amount.ToBigInteger());
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("0x")]
    [InlineData("10")]
    [InlineData("0X10")]
    [InlineData("0x1g")]
    [InlineData("0x-1")]
    [InlineData("0x 1")]
    [InlineData("0x1\0")]
    [InlineData("-0x1")]
    [InlineData("0x00000000000000000000000000000000000000000000000000000000000000000")] // 65 digits
    public void Text_that_is_no_quantity_is_refused(string text) => Assert.False(Amount.TryParseHex(text, out _));

    [Fact]
    public void Arithmetic_allocates_nothing()
    {
        Amount ether = Amount.Parse("173600000000000000000000");
        Amount pool = Amount.Parse("1000000000000000000000001");
        char[] buffer = new char[78];
        Amount sum = Work();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            sum = Work();
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.False(sum.IsZero);

        Amount Work()
        {
            Amount result = Amount.MulDivFloor(ether, ether, pool, out Amount rest) + rest - Amount.Min(rest, pool);
            result.TryFormat(buffer, out int written);
            bool read = Amount.TryParse(buffer.AsSpan(0, written), out Amount again, out _);
            bool same = Amount.ProductsEqual(again, pool, pool, result) && again.GetHashCode() == result.GetHashCode();
            return read && same ? again : default;
        }
    }

    private static void CheckMulDiv(BigInteger a, BigInteger b, BigInteger divisor)
    {
        Amount left = Amount.FromBigInteger(a);
        Amount right = Amount.FromBigInteger(b);
        Amount by = Amount.FromBigInteger(divisor);
        if (divisor.IsZero)
        {
            Assert.Throws<DivideByZeroException>(() => Amount.MulDivFloor(left, right, by));
            return;
        }

        BigInteger quotient = BigInteger.DivRem(a * b, divisor, out BigInteger rest);
        if (quotient >= Limit)
        {
            Assert.Throws<OverflowException>(() => Amount.MulDivFloor(left, right, by));
            return;
        }

        Assert.Equal(quotient, Amount.MulDivFloor(left, right, by, out Amount remainder).ToBigInteger());
        Assert.Equal(rest, remainder.ToBigInteger());
    }

    private static void CheckProducts(BigInteger a, BigInteger b, BigInteger c, BigInteger d) =>
        Assert.Equal(
            a * b == c * d,
            Amount.ProductsEqual(
                Amount.FromBigInteger(a),
                Amount.FromBigInteger(b),
                Amount.FromBigInteger(c),
                Amount.FromBigInteger(d)));

    private static IEnumerable<BigInteger> SomeNumbers()
    {
        Random random = new(1);
        return Edges.Concat(Enumerable.Range(0, RandomCases).Select(_ => NextNumber(random)));
    }

    private static IEnumerable<(BigInteger Left, BigInteger Right)> SomePairs()
    {
        Random random = new(2);
        return Edges.SelectMany(a => Edges.Select(b => (a, b)))
            .Concat(Enumerable.Range(0, RandomCases).Select(_ => (NextNumber(random), NextNumber(random))));
    }

    // Mixed widths: a uniform 256-bit number would hardly ever be a short one.
    private static BigInteger NextNumber(Random random, int maxBits = 256)
    {
        byte[] bytes = new byte[33];
        random.NextBytes(bytes.AsSpan(0, 32));
        return new BigInteger(bytes) >> (256 - random.Next(maxBits + 1));
    }
}
