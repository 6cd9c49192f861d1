using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using FlowTracer.Core.Model;

namespace FlowTracer.Store.Sqlite;

/// <summary>
/// What tells whether the movements of an origin are still what was stored: the sum, modulo 2^256, of the SHA-256 of each one's
/// <see cref="MovementBytes"/>. A
/// sum, because movements come and, when a block is rolled back, go.
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
        for (int i = 0; i < Words && !sum.IsEmpty; i++)
        {
            _sum[i] = BinaryPrimitives.ReadUInt64LittleEndian(sum[(i * sizeof(ulong))..]);
        }
    }

    /// <summary>The sum of some movements.</summary>
    public static byte[] Of(IEnumerable<Movement> movements)
    {
        FactsSum sum = new([]);
        foreach (Movement movement in movements)
        {
            sum.Add(movement);
        }

        return sum.ToArray();
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

    /// <summary>Counts a movement in.</summary>
    public void Add(Movement movement) => Count(movement, isAdded: true);

    /// <summary>Counts a movement out.</summary>
    public void Remove(Movement movement) => Count(movement, isAdded: false);

    private void Count(Movement movement, bool isAdded)
    {
        _bytes.ResetWrittenCount();
        MovementBytes.Write(movement, _bytes);
        Span<byte> hash = stackalloc byte[Bytes];
        SHA256.HashData(_bytes.WrittenSpan, hash);
        bool carry = false;
        for (int i = 0; i < Words; i++)
        {
            UInt128 change = (UInt128)BinaryPrimitives.ReadUInt64LittleEndian(hash[(i * sizeof(ulong))..]) + (carry ? 1u : 0u);
            UInt128 had = _sum[i];
            carry = isAdded ? had + change > ulong.MaxValue : had < change;
            _sum[i] = unchecked(isAdded ? (ulong)(had + change) : (ulong)(had - change));
        }
    }
}
