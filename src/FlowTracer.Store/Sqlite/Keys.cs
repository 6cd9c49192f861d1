using System.Numerics;
using FlowTracer.Core.Model;

namespace FlowTracer.Store.Sqlite;

/// <summary>How addresses, hashes and amounts stand in a row.</summary>
internal static class Keys
{
    /// <summary>Kind (for witness programs: kind and version), then the bytes; empty for none.</summary>
    public static byte[] Of(Address address)
    {
        if (address.IsNone)
        {
            return [];
        }

        int head = address.Kind == AddressKind.Witness ? 2 : 1;
        byte[] key = new byte[head + address.Length];
        key[0] = (byte)address.Kind;
        if (head == 2)
        {
            key[1] = (byte)address.WitnessVersion;
        }

        address.CopyTo(key.AsSpan(head));
        return key;
    }

    /// <summary>The address again.</summary>
    public static Address AddressOf(ChainId chain, ReadOnlySpan<byte> key) => key.IsEmpty ? default : (AddressKind)key[0] switch
    {
        AddressKind.Account => Address.FromAccountBytes(chain, key[1..]),
        AddressKind.PubKeyHash => Address.FromPubKeyHash(chain, key[1..]),
        AddressKind.ScriptHash => Address.FromScriptHash(chain, key[1..]),
        AddressKind.Witness => Address.FromWitness(chain, key[1], key[2..]),
        _ => throw new InvalidDataException($"no kind of address is {key[0]}"),
    };

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
