using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace FlowTracer.Chains.Bitcoin;

/// <summary>
/// Reads the fields of Bitcoin's serialisation, little-endian, from a span. No length or count is believed before it is
/// compared with the bytes that are left, so nothing read from the input can make the caller allocate or loop for
/// longer than the input is long. Offsets in faults are from the beginning of the span.
/// </summary>
internal ref struct ByteReader(ReadOnlySpan<byte> bytes, int position = 0)
{
    private const byte TwoByteSize = 0xFD;
    private const byte FourByteSize = 0xFE;

    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>The next byte to be read.</summary>
    public int Position { get; private set; } = position;

    /// <summary>How many bytes are left.</summary>
    public readonly int Left => _bytes.Length - Position;

    /// <summary>The next byte, which stays.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly byte Peek(string what)
    {
        if (Left < 1)
        {
            ThrowTooShort(1, what);
        }

        return _bytes[Position];
    }

    /// <summary>One byte.</summary>
    public byte ReadByte(string what)
    {
        byte value = Peek(what);
        Position++;
        return value;
    }

    /// <summary>Four bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint ReadUInt32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(ReadBytes(sizeof(uint), what));

    /// <summary>Eight bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong ReadUInt64(string what) => BinaryPrimitives.ReadUInt64LittleEndian(ReadBytes(sizeof(ulong), what));

    /// <summary>So many bytes, as they are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<byte> ReadBytes(int count, string what)
    {
        if ((uint)count > (uint)Left)
        {
            ThrowTooShort((ulong)count, what);
        }

        ReadOnlySpan<byte> value = _bytes.Slice(Position, count);
        Position += count;
        return value;
    }

    /// <summary>A compact size (one byte; or FD, FE, FF and two, four, eight bytes) in its only allowed, shortest
    /// form.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong ReadCompactSize(string what)
    {
        if ((uint)Position < (uint)_bytes.Length && _bytes[Position] < TwoByteSize)
        {
            return _bytes[Position++];
        }

        return ReadLongSize(what);
    }

    /// <summary>A compact size and so many bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<byte> ReadSized(string what)
    {
        ulong size = ReadCompactSize(what);
        if (size > (ulong)Left)
        {
            ThrowTooShort(size, what);
        }

        ReadOnlySpan<byte> value = _bytes.Slice(Position, (int)size);
        Position += (int)size;
        return value;
    }

    /// <summary>How many items follow, of at least so many bytes each; at least one of them.</summary>
    public int ReadCount(int minItemBytes, string what)
    {
        int at = Position;
        ulong count = ReadCompactSize(what);
        if (count == 0)
        {
            Throw(at, $"there are no {what}");
        }

        if (count > (ulong)(Left / minItemBytes))
        {
            Throw(at, $"{count} {what} do not fit the {Left} bytes left");
        }

        return (int)count;
    }

    /// <summary>Refuses what follows the end.</summary>
    public readonly void ExpectEnd(string what)
    {
        if (Left != 0)
        {
            Throw(Position, $"{Left} bytes follow the end of the {what}");
        }
    }

    [DoesNotReturn]
    internal static void Throw(int offset, string reason) => throw new BitcoinFormatException(offset, reason);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private ulong ReadLongSize(string what)
    {
        int at = Position;
        byte first = ReadByte(what);
        (ulong size, ulong smallest) = first switch
        {
            < TwoByteSize => (first, 0UL),
            TwoByteSize => (BinaryPrimitives.ReadUInt16LittleEndian(ReadBytes(sizeof(ushort), what)), TwoByteSize),
            FourByteSize => (ReadUInt32(what), ushort.MaxValue + 1UL),
            _ => (ReadUInt64(what), uint.MaxValue + 1UL),
        };
        if (size < smallest)
        {
            Throw(at, $"the size of the {what} is not written in its shortest form");
        }

        return size;
    }

    [DoesNotReturn]
    private readonly void ThrowTooShort(ulong needed, string what) =>
        Throw(Position, $"{what}: {needed} bytes are needed and {Left} are left");
}
