using System.Buffers.Binary;
using System.Numerics;

namespace FlowTracer.Core.Model;

/// <summary>
/// An amount of an asset in its base units (wei, satoshi, token units): a whole number from 0 to 2^256-1, the range of
/// the EVM's uint256. Nothing rounds and nothing wraps: what does not fit throws <see cref="OverflowException"/>.
/// </summary>
public readonly partial struct Amount : IUnits<Amount>, ISpanFormattable
{
    /// <summary>How many bytes <see cref="WriteBigEndian"/> writes.</summary>
    public const int ByteLength = 32;

    private const int LimbCount = 4;
    private const int LimbBits = 64;
    private const int LimbBytes = sizeof(ulong);

    // 64-bit limbs, the least significant first.
    private readonly ulong _limb0;
    private readonly ulong _limb1;
    private readonly ulong _limb2;
    private readonly ulong _limb3;

    private Amount(ulong limb0, ulong limb1 = 0, ulong limb2 = 0, ulong limb3 = 0) =>
        (_limb0, _limb1, _limb2, _limb3) = (limb0, limb1, limb2, limb3);

    private Amount(ReadOnlySpan<ulong> limbs)
        : this(limbs[0], limbs[1], limbs[2], limbs[3])
    {
    }

    /// <summary>Nothing.</summary>
    public static Amount Zero => default;

    /// <summary>One base unit.</summary>
    public static Amount One => new(1);

    /// <summary>2^256-1.</summary>
    public static Amount MaxValue => new(ulong.MaxValue, ulong.MaxValue, ulong.MaxValue, ulong.MaxValue);

    /// <summary>True for no units.</summary>
    public bool IsZero => (_limb0 | _limb1 | _limb2 | _limb3) == 0;

    private bool FitsUInt64 => (_limb1 | _limb2 | _limb3) == 0;

    /// <summary>Every 64-bit number is an amount.</summary>
    public static implicit operator Amount(ulong units) => new(units);

    /// <summary>The sum.</summary>
    /// <exception cref="OverflowException">It is over 2^256-1.</exception>
    public static Amount operator +(Amount left, Amount right)
    {
        ulong carry = 0;
        ulong limb0 = AddWithCarry(left._limb0, right._limb0, ref carry);
        ulong limb1 = AddWithCarry(left._limb1, right._limb1, ref carry);
        ulong limb2 = AddWithCarry(left._limb2, right._limb2, ref carry);
        ulong limb3 = AddWithCarry(left._limb3, right._limb3, ref carry);
        if (carry != 0)
        {
            throw new OverflowException($"The sum of the amounts {left} and {right} is over 2^256-1.");
        }

        return new Amount(limb0, limb1, limb2, limb3);
    }

    /// <summary>The difference.</summary>
    /// <exception cref="OverflowException"><paramref name="right"/> is more than <paramref name="left"/>.</exception>
    public static Amount operator -(Amount left, Amount right)
    {
        ulong borrow = 0;
        ulong limb0 = SubtractWithBorrow(left._limb0, right._limb0, ref borrow);
        ulong limb1 = SubtractWithBorrow(left._limb1, right._limb1, ref borrow);
        ulong limb2 = SubtractWithBorrow(left._limb2, right._limb2, ref borrow);
        ulong limb3 = SubtractWithBorrow(left._limb3, right._limb3, ref borrow);
        if (borrow != 0)
        {
            throw new OverflowException($"The amount {right} cannot be taken from {left}: amounts are not negative.");
        }

        return new Amount(limb0, limb1, limb2, limb3);
    }

    public static bool operator ==(Amount left, Amount right) => left.Equals(right);

    public static bool operator !=(Amount left, Amount right) => !left.Equals(right);

    public static bool operator <(Amount left, Amount right) => left.CompareTo(right) < 0;

    public static bool operator <=(Amount left, Amount right) => left.CompareTo(right) <= 0;

    public static bool operator >(Amount left, Amount right) => left.CompareTo(right) > 0;

    public static bool operator >=(Amount left, Amount right) => left.CompareTo(right) >= 0;

    /// <summary>The smaller of two.</summary>
    public static Amount Min(Amount left, Amount right) => left <= right ? left : right;

    /// <summary>The larger of two.</summary>
    public static Amount Max(Amount left, Amount right) => left >= right ? left : right;

    /// <summary>The same number.</summary>
    public static Amount FromUInt128(UInt128 units) =>
        new((ulong)(units & ulong.MaxValue), (ulong)(units >> LimbBits));

    /// <summary>The same number.</summary>
    /// <exception cref="OverflowException">It is negative or over 2^256-1.</exception>
    public static Amount FromBigInteger(BigInteger units)
    {
        Span<byte> bytes = stackalloc byte[ByteLength];
        if (units.Sign < 0 || !units.TryWriteBytes(bytes, out int written, isUnsigned: true, isBigEndian: true))
        {
            throw new OverflowException("The number is no amount: it is outside 0..2^256-1.");
        }

        return FromBigEndian(bytes[..written]);
    }

    /// <summary>Reads up to 32 bytes, the most significant first; none at all are zero.</summary>
    /// <exception cref="ArgumentException">There are more than 32.</exception>
    public static Amount FromBigEndian(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > ByteLength)
        {
            throw new ArgumentException(
                $"An amount has at most {ByteLength} bytes, not {bytes.Length}.", nameof(bytes));
        }

        Span<byte> padded = stackalloc byte[ByteLength];
        bytes.CopyTo(padded[(ByteLength - bytes.Length)..]);
        return new Amount(
            BinaryPrimitives.ReadUInt64BigEndian(padded[(3 * LimbBytes)..]),
            BinaryPrimitives.ReadUInt64BigEndian(padded[(2 * LimbBytes)..]),
            BinaryPrimitives.ReadUInt64BigEndian(padded[LimbBytes..]),
            BinaryPrimitives.ReadUInt64BigEndian(padded));
    }

    /// <summary>floor(a·b ÷ divisor), the product taken in full (512 bits).</summary>
    /// <exception cref="DivideByZeroException">The divisor is zero.</exception>
    /// <exception cref="OverflowException">The quotient is over 2^256-1.</exception>
    public static Amount MulDivFloor(Amount a, Amount b, Amount divisor) => MulDivFloor(a, b, divisor, out _);

    /// <summary>floor(a·b ÷ divisor) and what is left of a·b, which is less than the divisor.</summary>
    /// <exception cref="DivideByZeroException">The divisor is zero.</exception>
    /// <exception cref="OverflowException">The quotient is over 2^256-1.</exception>
    public static Amount MulDivFloor(Amount a, Amount b, Amount divisor, out Amount remainder)
    {
        if (divisor.IsZero)
        {
            throw new DivideByZeroException("An amount cannot be divided by zero.");
        }

        // A lot that is the whole pool is common, and needs no arithmetic.
        if (b == divisor || a == divisor)
        {
            remainder = Zero;
            return b == divisor ? a : b;
        }

        return a.FitsUInt64 && b.FitsUInt64 && divisor.FitsUInt64
            ? MulDivNarrow(a._limb0, b._limb0, divisor._limb0, out remainder)
            : MulDivWide(a, b, divisor, out remainder);
    }

    /// <summary>a·b = c·d, exactly: the question whether a/c and d/b are the same ratio.</summary>
    public static bool ProductsEqual(Amount a, Amount b, Amount c, Amount d)
    {
        if ((a == c && b == d) || (a == d && b == c))
        {
            return true;
        }

        if (a.FitsUInt64 && b.FitsUInt64 && c.FitsUInt64 && d.FitsUInt64)
        {
            ulong leftHigh = Math.BigMul(a._limb0, b._limb0, out ulong leftLow);
            ulong rightHigh = Math.BigMul(c._limb0, d._limb0, out ulong rightLow);
            return leftLow == rightLow && leftHigh == rightHigh;
        }

        Span<ulong> left = stackalloc ulong[2 * LimbCount];
        Span<ulong> right = stackalloc ulong[2 * LimbCount];
        Multiply(a, b, left);
        Multiply(c, d, right);
        return left.SequenceEqual(right);
    }

    static Amount IUnits<Amount>.Of(Amount amount) => amount;

    Amount IUnits<Amount>.ToAmount() => this;

    /// <summary>The number in 128 bits.</summary>
    /// <exception cref="OverflowException">It does not fit.</exception>
    public UInt128 ToUInt128() => (_limb2 | _limb3) == 0
        ? new UInt128(_limb1, _limb0)
        : throw new OverflowException($"The amount {this} is over 2^128-1.");

    /// <summary>The number, when it fits 64 bits.</summary>
    public bool TryGetUInt64(out ulong units)
    {
        units = FitsUInt64 ? _limb0 : 0;
        return FitsUInt64;
    }

    /// <summary>The same number.</summary>
    public BigInteger ToBigInteger()
    {
        Span<byte> bytes = stackalloc byte[ByteLength];
        WriteBigEndian(bytes);
        return new BigInteger(bytes, isUnsigned: true, isBigEndian: true);
    }

    /// <summary>Writes 32 bytes, the most significant first: the EVM's form.</summary>
    /// <exception cref="ArgumentException">There is room for fewer.</exception>
    public void WriteBigEndian(Span<byte> destination32)
    {
        if (destination32.Length < ByteLength)
        {
            throw new ArgumentException($"An amount needs {ByteLength} bytes of room.", nameof(destination32));
        }

        BinaryPrimitives.WriteUInt64BigEndian(destination32, _limb3);
        BinaryPrimitives.WriteUInt64BigEndian(destination32[LimbBytes..], _limb2);
        BinaryPrimitives.WriteUInt64BigEndian(destination32[(2 * LimbBytes)..], _limb1);
        BinaryPrimitives.WriteUInt64BigEndian(destination32[(3 * LimbBytes)..], _limb0);
    }

    public int CompareTo(Amount other)
    {
        if (_limb3 != other._limb3)
        {
            return _limb3.CompareTo(other._limb3);
        }

        if (_limb2 != other._limb2)
        {
            return _limb2.CompareTo(other._limb2);
        }

        return _limb1 != other._limb1 ? _limb1.CompareTo(other._limb1) : _limb0.CompareTo(other._limb0);
    }

    public bool Equals(Amount other) =>
        ((_limb0 ^ other._limb0) | (_limb1 ^ other._limb1) | (_limb2 ^ other._limb2) | (_limb3 ^ other._limb3)) == 0;

    public override bool Equals(object? obj) => obj is Amount other && Equals(other);

    // Not HashCode.Combine: that differs from run to run, and no figure should get the chance to depend on it.
    public override int GetHashCode()
    {
        unchecked
        {
            const ulong oddMultiplier = 0x9E3779B97F4A7C15; // 2^64 divided by the golden ratio
            ulong hash = _limb0 * oddMultiplier;
            hash = (BitOperations.RotateLeft(hash, 29) ^ _limb1) * oddMultiplier;
            hash = (BitOperations.RotateLeft(hash, 29) ^ _limb2) * oddMultiplier;
            hash = (BitOperations.RotateLeft(hash, 29) ^ _limb3) * oddMultiplier;
            return (int)(hash >> 32);
        }
    }

    private static ulong AddWithCarry(ulong left, ulong right, ref ulong carry)
    {
        unchecked
        {
            ulong sum = left + right;
            ulong total = sum + carry;
            carry = (sum < left ? 1UL : 0UL) | (total < sum ? 1UL : 0UL);
            return total;
        }
    }

    private static ulong SubtractWithBorrow(ulong left, ulong right, ref ulong borrow)
    {
        unchecked
        {
            ulong difference = left - right;
            ulong total = difference - borrow;
            borrow = (left < right ? 1UL : 0UL) | (difference < borrow ? 1UL : 0UL);
            return total;
        }
    }

    private static Amount MulDivNarrow(ulong a, ulong b, ulong divisor, out Amount remainder)
    {
        ulong high = Math.BigMul(a, b, out ulong low);
        if (high == 0)
        {
            remainder = low % divisor;
            return low / divisor;
        }

        (UInt128 quotient, UInt128 rest) = UInt128.DivRem(new UInt128(high, low), divisor);
        remainder = FromUInt128(rest);
        return FromUInt128(quotient);
    }

    private static Amount MulDivWide(Amount a, Amount b, Amount divisor, out Amount remainder)
    {
        Span<ulong> product = stackalloc ulong[2 * LimbCount];
        Multiply(a, b, product);

        // One digit more than the product has: Algorithm D wants a zero on top.
        Span<uint> dividend = stackalloc uint[(4 * LimbCount) + 1];
        WideArithmetic.ToDigits(product, dividend);
        dividend = dividend[..(WideArithmetic.SignificantLength(dividend) + 1)];

        Span<uint> divisorDigits = stackalloc uint[2 * LimbCount];
        divisor.CopyDigitsTo(divisorDigits);
        divisorDigits = divisorDigits[..WideArithmetic.SignificantLength(divisorDigits)];

        if (dividend.Length <= divisorDigits.Length)
        {
            remainder = FromDigits(dividend);
            return Zero;
        }

        Span<uint> quotient = stackalloc uint[(4 * LimbCount) + 1];
        if (divisorDigits.Length == 1)
        {
            dividend.CopyTo(quotient);
            remainder = WideArithmetic.DivideInPlace(quotient, divisorDigits[0]);
        }
        else
        {
            WideArithmetic.Divide(dividend, divisorDigits, quotient[..(dividend.Length - divisorDigits.Length)]);
            remainder = FromDigits(dividend);
        }

        if (WideArithmetic.SignificantLength(quotient) > 2 * LimbCount)
        {
            throw new OverflowException($"The amount {a} times {b} divided by {divisor} is over 2^256-1.");
        }

        return FromDigits(quotient);
    }

    private static void Multiply(Amount a, Amount b, Span<ulong> product)
    {
        Span<ulong> left = stackalloc ulong[LimbCount];
        Span<ulong> right = stackalloc ulong[LimbCount];
        a.CopyLimbsTo(left);
        b.CopyLimbsTo(right);
        WideArithmetic.Multiply(
            left[..WideArithmetic.SignificantLength(left)], right[..WideArithmetic.SignificantLength(right)], product);
    }

    private static Amount FromDigits(ReadOnlySpan<uint> digits)
    {
        Span<uint> padded = stackalloc uint[2 * LimbCount];
        digits[..WideArithmetic.SignificantLength(digits)].CopyTo(padded);
        return new Amount(
            padded[0] | ((ulong)padded[1] << 32),
            padded[2] | ((ulong)padded[3] << 32),
            padded[4] | ((ulong)padded[5] << 32),
            padded[6] | ((ulong)padded[7] << 32));
    }

    private void CopyLimbsTo(Span<ulong> limbs) =>
        (limbs[0], limbs[1], limbs[2], limbs[3]) = (_limb0, _limb1, _limb2, _limb3);

    private void CopyDigitsTo(Span<uint> digits)
    {
        Span<ulong> limbs = stackalloc ulong[LimbCount];
        CopyLimbsTo(limbs);
        WideArithmetic.ToDigits(limbs, digits);
    }
}
