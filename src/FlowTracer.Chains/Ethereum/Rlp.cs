using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum;

/// <summary>Recursive length prefix, Ethereum's encoding of what is hashed (Yellow Paper, appendix B): writing only.</summary>
internal static class Rlp
{
    private const byte ShortString = 0x80;
    private const byte ShortList = 0xc0;
    private const int MaxShortLength = 55;

    /// <summary>Appends a byte string.</summary>
    public static void WriteBytes(List<byte> destination, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != 1 || bytes[0] >= ShortString)
        {
            WritePrefix(destination, ShortString, bytes.Length);
        }

        destination.AddRange(bytes);
    }

    /// <summary>Appends a number, without leading zeros; zero is the empty string.</summary>
    public static void WriteNumber(List<byte> destination, Amount number)
    {
        Span<byte> bytes = stackalloc byte[Amount.ByteLength];
        number.WriteBigEndian(bytes);
        WriteBytes(destination, bytes.TrimStart((byte)0));
    }

    /// <summary>A list of what is already encoded.</summary>
    public static byte[] List(List<byte> items)
    {
        List<byte> list = new(items.Count + 1 + sizeof(int));
        WritePrefix(list, ShortList, items.Count);
        list.AddRange(items);
        return [.. list];
    }

    private static void WritePrefix(List<byte> destination, byte kind, int length)
    {
        if (length <= MaxShortLength)
        {
            destination.Add((byte)(kind + length));
            return;
        }

        Span<byte> bytes = stackalloc byte[sizeof(int)];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(bytes, length);
        ReadOnlySpan<byte> significant = bytes.TrimStart((byte)0);
        destination.Add((byte)(kind + MaxShortLength + significant.Length));
        destination.AddRange(significant);
    }
}
