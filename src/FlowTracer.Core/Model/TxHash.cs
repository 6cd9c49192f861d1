using System.Buffers.Binary;

namespace FlowTracer.Core.Model;

/// <summary>
/// The name of a transaction: 32 bytes in the order in which people and nodes write them. Bitcoin hashes in the reverse
/// order and turns the bytes round to show them; whoever decodes raw Bitcoin data turns them before making a TxHash.
/// </summary>
public readonly struct TxHash : IEquatable<TxHash>, IComparable<TxHash>
{
    /// <summary>How many bytes it has.</summary>
    public const int ByteLength = 32;

    private const int HexLength = 2 * ByteLength;
    private const int WordBytes = sizeof(ulong);

    // Big-endian words, the first bytes in the first word, so that comparing words is comparing text.
    private readonly ulong _word0;
    private readonly ulong _word1;
    private readonly ulong _word2;
    private readonly ulong _word3;

    private TxHash(ReadOnlySpan<byte> bytes)
    {
        _word0 = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _word1 = BinaryPrimitives.ReadUInt64BigEndian(bytes[WordBytes..]);
        _word2 = BinaryPrimitives.ReadUInt64BigEndian(bytes[(2 * WordBytes)..]);
        _word3 = BinaryPrimitives.ReadUInt64BigEndian(bytes[(3 * WordBytes)..]);
    }

    public static bool operator ==(TxHash left, TxHash right) => left.Equals(right);

    public static bool operator !=(TxHash left, TxHash right) => !left.Equals(right);

    /// <summary>From 32 bytes in the order in which they are shown.</summary>
    /// <exception cref="ArgumentException">There are not 32.</exception>
    public static TxHash FromBytes(ReadOnlySpan<byte> displayOrder) => displayOrder.Length == ByteLength
        ? new TxHash(displayOrder)
        : throw new ArgumentException(
            $"A transaction hash has {ByteLength} bytes, not {displayOrder.Length}.", nameof(displayOrder));

    /// <summary>Reads 64 hexadecimal digits of any case, on account chains behind <c>0x</c>, else alone.</summary>
    /// <returns>False, with the fault and its column, for anything else.</returns>
    public static bool TryParse(ChainFamily family, ReadOnlySpan<char> text, out TxHash hash, out ParseError error)
    {
        hash = default;
        bool prefixed = text.StartsWith(Hex.Prefix);
        if (prefixed != (family == ChainFamily.Account))
        {
            error = new TextFault(1, prefixed
                ? "a Bitcoin transaction id is 64 hexadecimal digits without 0x"
                : "a transaction hash on an account chain begins with 0x").In(text);
            return false;
        }

        ReadOnlySpan<char> digits = prefixed ? text[Hex.Prefix.Length..] : text;
        Span<byte> bytes = stackalloc byte[ByteLength];
        if (!Hex.TryDecode(digits, bytes))
        {
            error = FaultIn(digits, text.Length - digits.Length).In(text);
            return false;
        }

        hash = new TxHash(bytes);
        error = default;
        return true;
    }

    /// <summary>Writes the 32 bytes in the order in which they are shown.</summary>
    /// <exception cref="ArgumentException">There is room for fewer.</exception>
    public void CopyTo(Span<byte> destination)
    {
        if (destination.Length < ByteLength)
        {
            throw new ArgumentException($"A transaction hash needs {ByteLength} bytes of room.", nameof(destination));
        }

        BinaryPrimitives.WriteUInt64BigEndian(destination, _word0);
        BinaryPrimitives.WriteUInt64BigEndian(destination[WordBytes..], _word1);
        BinaryPrimitives.WriteUInt64BigEndian(destination[(2 * WordBytes)..], _word2);
        BinaryPrimitives.WriteUInt64BigEndian(destination[(3 * WordBytes)..], _word3);
    }

    /// <summary>The order of the text form.</summary>
    public int CompareTo(TxHash other)
    {
        if (_word0 != other._word0)
        {
            return _word0.CompareTo(other._word0);
        }

        if (_word1 != other._word1)
        {
            return _word1.CompareTo(other._word1);
        }

        return _word2 != other._word2 ? _word2.CompareTo(other._word2) : _word3.CompareTo(other._word3);
    }

    public bool Equals(TxHash other) =>
        ((_word0 ^ other._word0) | (_word1 ^ other._word1) | (_word2 ^ other._word2) | (_word3 ^ other._word3)) == 0;

    public override bool Equals(object? obj) => obj is TxHash other && Equals(other);

    // A hash is evenly spread as it is.
    public override int GetHashCode() => (_word0 ^ _word3).GetHashCode();

    /// <summary>Lower case, with <c>0x</c> on account chains.</summary>
    public string ToString(ChainFamily family) => family == ChainFamily.Account ? Hex.Prefix + ToString() : ToString();

    /// <summary>64 lower-case digits without a prefix.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[ByteLength];
        CopyTo(bytes);
        return Convert.ToHexStringLower(bytes);
    }

    private static TextFault FaultIn(ReadOnlySpan<char> digits, int prefixLength)
    {
        if (digits.Length != HexLength)
        {
            return new TextFault(1, $"a transaction hash has {HexLength} hexadecimal digits, not {digits.Length}");
        }

        int column = prefixLength + digits.IndexOfAnyExcept(Hex.Digits) + 1;
        return new TextFault(column, $"what stands at column {column} is not a hexadecimal digit");
    }
}
