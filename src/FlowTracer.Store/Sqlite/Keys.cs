using System.Buffers.Binary;
using System.Numerics;
using FlowTracer.Core.Model;

namespace FlowTracer.Store.Sqlite;

/// <summary>How addresses, hashes and amounts stand in a row.</summary>
internal static class Keys
{
    /// <summary>How long the bytes of an address are at most: kind, version and witness program.</summary>
    public const int MostBytes = 2 + Address.MaxLength;

    // Six bytes: 2^48 of them, so that a lookup among a billion meets a stranger once in a hundred thousand times.
    private const int IndexBits = 48;
    private const long IndexMask = (1L << IndexBits) - 1;

    // 2^64 over the golden ratio, which scatters what differs in few bits (Knuth, The Art of Computer Programming 3, 6.4).
    private const ulong Scatter = 0x9E3779B97F4A7C15;
    private const int IndexOfBlock = 20;

    /// <summary>Writes kind (for witness programs: kind and version), then the bytes; how many these are.</summary>
    public static int Write(Address address, Span<byte> key)
    {
        int head = address.Kind == AddressKind.Witness ? 2 : 1;
        key[0] = (byte)address.Kind;
        if (head == 2)
        {
            key[1] = (byte)address.WitnessVersion;
        }

        address.CopyTo(key[head..]);
        return head + address.Length;
    }

    /// <summary>What an index has of an address: its bytes, mixed. Whoever looks it up compares the whole.</summary>
    public static long IndexOf(Address address)
    {
        Span<byte> bytes = stackalloc byte[Address.MaxLength];
        bytes.Clear();
        address.CopyTo(bytes);
        return Mix(bytes);
    }

    /// <summary>What an index has of a hash: its bytes, mixed.</summary>
    public static long IndexOf(TxHash hash)
    {
        Span<byte> bytes = stackalloc byte[TxHash.ByteLength];
        hash.CopyTo(bytes);
        return Mix(bytes);
    }

    /// <summary>What an index has of a coin: what it has of its transaction and its own number, added.</summary>
    public static long IndexOf(OutPoint coin) => (IndexOf(coin.Tx) + coin.Index) & IndexMask;

    /// <summary>What an index has of a place in a record: block and transaction, the first in the high bits.</summary>
    public static long IndexOf(Position at) => (long)(((at.Block << IndexOfBlock) ^ at.TxIndex) & long.MaxValue);

    /// <summary>The address again.</summary>
    public static Address AddressOf(ChainId chain, ReadOnlySpan<byte> key) => key.IsEmpty ? default : (AddressKind)key[0] switch
    {
        AddressKind.Account => Address.FromAccountBytes(chain, key[1..]),
        AddressKind.PubKeyHash => Address.FromPubKeyHash(chain, key[1..]),
        AddressKind.ScriptHash => Address.FromScriptHash(chain, key[1..]),
        AddressKind.Witness => Address.FromWitness(chain, key[1], key[2..]),
        _ => throw new InvalidDataException($"no kind of address is {key[0]}"),
    };

    // All bytes count: a record made by hand has addresses that differ only in their last ones.
    private static long Mix(ReadOnlySpan<byte> words)
    {
        ulong mixed = 0;
        for (; words.Length > 0; words = words[sizeof(ulong)..])
        {
            mixed = unchecked((mixed ^ BinaryPrimitives.ReadUInt64BigEndian(words)) * Scatter);
            mixed ^= mixed >> (8 * sizeof(uint));
        }

        return (long)(mixed & IndexMask);
    }

    /// <summary>The bytes of a hash.</summary>
    public static byte[] Of(TxHash hash)
    {
        byte[] bytes = new byte[TxHash.ByteLength];
        hash.CopyTo(bytes);
        return bytes;
    }

    /// <summary>Big-endian without leading zeros.</summary>
    public static byte[] Of(Amount amount)
    {
        Span<byte> bytes = stackalloc byte[Amount.ByteLength];
        amount.WriteBigEndian(bytes);
        int first = bytes.IndexOfAnyExcept((byte)0);
        return bytes[(first < 0 ? Amount.ByteLength : first)..].ToArray();
    }

    /// <summary>The amount again.</summary>
    public static Amount AmountOf(ReadOnlySpan<byte> bytes) => Amount.FromBigEndian(bytes);

    /// <summary>A block number or index: SQLite's integers have a sign, and the order must stay.</summary>
    public static long Of(ulong number) => number <= long.MaxValue
        ? (long)number
        : throw new InputException($"block {number} is beyond what a store can hold");

    /// <summary>The same as an amount that may be negative, for sums.</summary>
    public static BigInteger Sum(byte[]? opening) => opening is null ? BigInteger.Zero : AmountOf(opening).ToBigInteger();
}
