using System.Buffers.Binary;
using System.Runtime.InteropServices;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Bitcoin;

/// <summary>
/// A 32-byte hash as Bitcoin stores it: of a block, a node of a merkle tree, a transaction with its witness. People
/// write its bytes in the reverse order, and so does <see cref="ToString"/>; as a number (for proof of work) the last
/// byte stored is the most significant.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public readonly struct Hash256 : IEquatable<Hash256>, IComparable<Hash256>
{
    /// <summary>How many bytes it has.</summary>
    public const int ByteLength = 32;

    private const int WordBytes = sizeof(ulong);

    // The bytes as stored, eight to a word. Whoever fills an array of hashes as bytes relies on there being nothing
    // else.
    private readonly ulong _word0;
    private readonly ulong _word1;
    private readonly ulong _word2;
    private readonly ulong _word3;

    /// <summary>From 32 bytes in the order in which they are stored.</summary>
    /// <exception cref="ArgumentException">There are not 32.</exception>
    public Hash256(ReadOnlySpan<byte> stored)
    {
        if (stored.Length != ByteLength)
        {
            throw new ArgumentException($"A hash has {ByteLength} bytes, not {stored.Length}.", nameof(stored));
        }

        this = MemoryMarshal.Read<Hash256>(stored);
    }

    /// <summary>32 zero bytes: the parent of a genesis block, the previous output of a coinbase.</summary>
    public static Hash256 Zero => default;

    /// <summary>True for 32 zero bytes.</summary>
    public bool IsZero => (_word0 | _word1 | _word2 | _word3) == 0;

    public static bool operator ==(Hash256 left, Hash256 right) => left.Equals(right);

    public static bool operator !=(Hash256 left, Hash256 right) => !left.Equals(right);

    /// <summary>Reads 64 hexadecimal digits in the order in which people write them; false for anything else.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Hash256 hash)
    {
        bool parsed = TxHash.TryParse(ChainFamily.Utxo, text, out TxHash reversed, out _);
        hash = parsed ? FromTxHash(reversed) : default;
        return parsed;
    }

    /// <summary>The same hash, as it is stored.</summary>
    public static Hash256 FromTxHash(TxHash hash)
    {
        Span<byte> bytes = stackalloc byte[ByteLength];
        hash.CopyTo(bytes);
        bytes.Reverse();
        return new Hash256(bytes);
    }

    /// <summary>The same hash as the name of a transaction.</summary>
    public TxHash ToTxHash()
    {
        Span<byte> bytes = stackalloc byte[ByteLength];
        WriteReversed(bytes);
        return TxHash.FromBytes(bytes);
    }

    /// <summary>Writes the 32 bytes in the order in which they are stored.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is room for fewer.</exception>
    public void CopyTo(Span<byte> destination) => MemoryMarshal.Write(destination, in this);

    /// <summary>By the number the bytes are.</summary>
    public int CompareTo(Hash256 other)
    {
        Span<byte> left = stackalloc byte[ByteLength];
        Span<byte> right = stackalloc byte[ByteLength];
        WriteReversed(left);
        other.WriteReversed(right);
        return left.SequenceCompareTo(right);
    }

    public bool Equals(Hash256 other) =>
        ((_word0 ^ other._word0) | (_word1 ^ other._word1) | (_word2 ^ other._word2) | (_word3 ^ other._word3)) == 0;

    public override bool Equals(object? obj) => obj is Hash256 other && Equals(other);

    // A hash is evenly spread as it is; the zeros of a block's are in the last word.
    public override int GetHashCode() => (_word0 ^ _word2).GetHashCode();

    /// <summary>64 lower-case digits in the order in which people write them.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[ByteLength];
        WriteReversed(bytes);
        return Convert.ToHexStringLower(bytes);
    }

    private void WriteReversed(Span<byte> bytes)
    {
        WriteWordReversed(bytes, _word3);
        WriteWordReversed(bytes[WordBytes..], _word2);
        WriteWordReversed(bytes[(2 * WordBytes)..], _word1);
        WriteWordReversed(bytes[(3 * WordBytes)..], _word0);
    }

    private static void WriteWordReversed(Span<byte> bytes, ulong word) =>
        MemoryMarshal.Write(bytes, BinaryPrimitives.ReverseEndianness(word));
}
