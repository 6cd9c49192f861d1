using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using FlowTracer.Core.Model;

namespace FlowTracer.Store.Sqlite;

/// <summary>
/// What tells whether the movements of an origin are still what was stored: the sum, modulo 2^256, of the SHA-256 of each one's
/// <see cref="MovementBytes"/>. A sum, because movements come and, when a block is rolled back, go; and because it is the same
/// whichever is counted first, so that movements can be counted beside their writing.
/// </summary>
internal sealed class FactsSum
{
    private const int Words = 4;
    private const int Bytes = Words * sizeof(ulong);

    private readonly ulong[] _sum = new ulong[Words];
    private readonly ArrayBufferWriter<byte> _bytes = new();

    /// <summary>A sum that is to go on; none is zero.</summary>
    public FactsSum(ReadOnlySpan<byte> sum)
    {
        if (!sum.IsEmpty)
        {
            Read(sum, _sum);
        }
    }

    /// <summary>The sum of some movements.</summary>
    public static FactsSum Of(IEnumerable<Movement> movements)
    {
        FactsSum sum = new([]);
        foreach (Movement movement in movements)
        {
            sum.Add(movement);
        }

        return sum;
    }

    /// <summary>The sum, as 32 bytes, the least significant first.</summary>
    public byte[] ToArray()
    {
        byte[] bytes = new byte[Bytes];
        for (int i = 0; i < Words; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(i * sizeof(ulong)), _sum[i]);
        }

        return bytes;
    }

    /// <summary>Whether it is the sum of the same movements.</summary>
    public bool Equals(FactsSum other) => _sum.AsSpan().SequenceEqual(other._sum);

    /// <summary>Counts a movement in.</summary>
    public void Add(Movement movement)
    {
        _bytes.ResetWrittenCount();
        MovementBytes.Write(movement, _bytes);
        Span<byte> hash = stackalloc byte[Bytes];
        SHA256.HashData(_bytes.WrittenSpan, hash);
        Span<ulong> words = stackalloc ulong[Words];
        Read(hash, words);
        Add(words);
    }

    /// <summary>Counts in what another counted.</summary>
    public void Add(FactsSum other) => Add(other._sum);

    /// <summary>Counts out what another counted.</summary>
    public void Remove(FactsSum other)
    {
        ulong borrow = 0;
        for (int i = 0; i < Words; i++)
        {
            UInt128 less = (UInt128)other._sum[i] + borrow;
            borrow = _sum[i] < less ? 1u : 0u;
            _sum[i] = unchecked((ulong)(_sum[i] - less));
        }
    }

    private static void Read(ReadOnlySpan<byte> bytes, Span<ulong> words)
    {
        for (int i = 0; i < Words; i++)
        {
            words[i] = BinaryPrimitives.ReadUInt64LittleEndian(bytes[(i * sizeof(ulong))..]);
        }
    }

    private void Add(ReadOnlySpan<ulong> words)
    {
        ulong carry = 0;
        for (int i = 0; i < Words; i++)
        {
            UInt128 sum = (UInt128)_sum[i] + words[i] + carry;
            _sum[i] = unchecked((ulong)sum);
            carry = (ulong)(sum >> 64);
        }
    }
}
