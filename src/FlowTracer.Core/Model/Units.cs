using System.Numerics;

namespace FlowTracer.Core.Model;

/// <summary>
/// A whole number of base units, in a width that fits the data: <see cref="Amount"/> for whatever a chain can state, the
/// narrow ones where a ledger's own sums fit them. Nothing rounds and nothing wraps.
/// </summary>
/// <typeparam name="T">The number itself.</typeparam>
public interface IUnits<T> : IEquatable<T>, IComparable<T>,
    IAdditionOperators<T, T, T>, ISubtractionOperators<T, T, T>, IComparisonOperators<T, T, bool>
    where T : struct, IUnits<T>
{
    /// <summary>No units.</summary>
    static abstract T Zero { get; }

    /// <summary>One unit.</summary>
    static abstract T One { get; }

    /// <summary>True for no units.</summary>
    bool IsZero { get; }

    /// <summary>floor(a·b ÷ divisor), the product taken in full, and what is left of it.</summary>
    /// <exception cref="OverflowException">The quotient does not fit.</exception>
    static abstract T MulDivFloor(T a, T b, T divisor, out T remainder);

    /// <summary>The same number.</summary>
    /// <exception cref="OverflowException">It does not fit.</exception>
    static abstract T Of(Amount amount);

    /// <summary>The same number.</summary>
    Amount ToAmount();
}

/// <summary>Up to 2^64-1 units.</summary>
public readonly record struct Units64(ulong Value) : IUnits<Units64>
{
    /// <inheritdoc/>
    public static Units64 Zero => default;

    /// <inheritdoc/>
    public static Units64 One => new(1);

    /// <inheritdoc/>
    public bool IsZero => Value == 0;

    public static Units64 operator +(Units64 left, Units64 right) => new(left.Value + right.Value);

    public static Units64 operator -(Units64 left, Units64 right) => new(left.Value - right.Value);

    public static bool operator <(Units64 left, Units64 right) => left.Value < right.Value;

    public static bool operator <=(Units64 left, Units64 right) => left.Value <= right.Value;

    public static bool operator >(Units64 left, Units64 right) => left.Value > right.Value;

    public static bool operator >=(Units64 left, Units64 right) => left.Value >= right.Value;

    /// <inheritdoc/>
    public static Units64 MulDivFloor(Units64 a, Units64 b, Units64 divisor, out Units64 remainder)
    {
        ulong high = Math.BigMul(a.Value, b.Value, out ulong low);
        if (high == 0)
        {
            (ulong whole, ulong left) = Math.DivRem(low, divisor.Value);
            remainder = new Units64(left);
            return new Units64(whole);
        }

        UInt128 product = new(high, low);
        ulong quotient = (ulong)(product / divisor.Value);

        // What is left is less than the divisor, so the low words alone tell it.
        remainder = new Units64(unchecked(low - (quotient * divisor.Value)));
        return new Units64(quotient);
    }

    /// <inheritdoc/>
    public static Units64 Of(Amount amount) => amount.TryGetUInt64(out ulong units)
        ? new Units64(units)
        : throw new OverflowException($"The amount {amount} is over 2^64-1.");

    /// <inheritdoc/>
    public Amount ToAmount() => Value;

    public int CompareTo(Units64 other) => Value.CompareTo(other.Value);
}

/// <summary>Up to 2^128-1 units: more wei than there will be.</summary>
public readonly record struct Units128(UInt128 Value) : IUnits<Units128>
{
    /// <inheritdoc/>
    public static Units128 Zero => default;

    /// <inheritdoc/>
    public static Units128 One => new(UInt128.One);

    /// <inheritdoc/>
    public bool IsZero => Value == UInt128.Zero;

    public static Units128 operator +(Units128 left, Units128 right) => new(left.Value + right.Value);

    public static Units128 operator -(Units128 left, Units128 right) => new(left.Value - right.Value);

    public static bool operator <(Units128 left, Units128 right) => left.Value < right.Value;

    public static bool operator <=(Units128 left, Units128 right) => left.Value <= right.Value;

    public static bool operator >(Units128 left, Units128 right) => left.Value > right.Value;

    public static bool operator >=(Units128 left, Units128 right) => left.Value >= right.Value;

    /// <inheritdoc/>
    public static Units128 MulDivFloor(Units128 a, Units128 b, Units128 divisor, out Units128 remainder)
    {
        if (((a.Value | b.Value) >> 64) == UInt128.Zero)
        {
            UInt128 product = a.Value * b.Value;
            (UInt128 quotient, UInt128 left) = UInt128.DivRem(product, divisor.Value);
            remainder = new Units128(left);
            return new Units128(quotient);
        }

        Amount wide = Amount.MulDivFloor(a.ToAmount(), b.ToAmount(), divisor.ToAmount(), out Amount rest);
        remainder = Of(rest);
        return Of(wide);
    }

    /// <inheritdoc/>
    public static Units128 Of(Amount amount) => new(amount.ToUInt128());

    /// <inheritdoc/>
    public Amount ToAmount() => Amount.FromUInt128(Value);

    public int CompareTo(Units128 other) => Value.CompareTo(other.Value);
}
