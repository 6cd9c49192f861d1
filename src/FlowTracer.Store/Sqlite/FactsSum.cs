using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using FlowTracer.Core.Model;

namespace FlowTracer.Store.Sqlite;

/// <summary>
/// What tells whether the movements of an origin are still what was stored: the sum, modulo 2^256, of the SHA-256 of each. A
/// sum, because movements come and, when a block is rolled back, go.
/// </summary>
internal sealed class FactsSum
{
    private const int Words = 4;
    private const int Bytes = Words * sizeof(ulong);

    private readonly ulong[] _sum = new ulong[Words];

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
    public void Add(Movement movement)
    {
        Span<byte> hash = stackalloc byte[Bytes];
        Hash(movement, hash);
        bool carry = false;
        for (int i = 0; i < Words; i++)
        {
            Change(i, BinaryPrimitives.ReadUInt64LittleEndian(hash[(i * sizeof(ulong))..]), ref carry, isAdded: true);
        }
    }

    /// <summary>Counts a movement out.</summary>
    public void Remove(Movement movement)
    {
        Span<byte> hash = stackalloc byte[Bytes];
        Hash(movement, hash);
        bool borrow = false;
        for (int i = 0; i < Words; i++)
        {
            Change(i, BinaryPrimitives.ReadUInt64LittleEndian(hash[(i * sizeof(ulong))..]), ref borrow, isAdded: false);
        }
    }

    private void Change(int word, ulong by, ref bool carry, bool isAdded)
    {
        UInt128 change = (UInt128)by + (carry ? 1u : 0u);
        UInt128 had = _sum[word];
        carry = isAdded ? had + change > ulong.MaxValue : had < change;
        _sum[word] = unchecked(isAdded ? (ulong)(had + change) : (ulong)(had - change));
    }

    private static void Hash(Movement movement, Span<byte> hash)
    {
        using MemoryStream text = new();
        using (BinaryWriter writer = new(text, Encoding.UTF8, leaveOpen: true))
        {
            Write(writer, movement);
        }

        SHA256.HashData(text.GetBuffer().AsSpan(0, (int)text.Length), hash);
    }

    private static void Write(BinaryWriter writer, Movement movement)
    {
        writer.Write((byte)movement.Kind);
        writer.Write((byte)movement.Grade);
        writer.Write(movement.Position.Block);
        writer.Write(movement.Position.TxIndex);
        writer.Write(movement.Position.Step);
        writer.Write($"{movement.Stamp.Block} {movement.Stamp.BlockMax} {movement.Stamp.TxIndex} {movement.Stamp.TimeSeconds}");
        writer.Write(movement.Tx is TxHash tx ? Keys.Of(tx) : []);
        writer.Write(movement.Source);
        writer.Write(movement.Doubt ?? string.Empty);
        writer.Write(movement.CarriesData);
        Write(writer, movement.Inputs);
        Write(writer, movement.Outputs);
    }

    private static void Write(BinaryWriter writer, ImmutableArray<Leg> legs)
    {
        writer.Write(legs.Length);
        foreach (Leg leg in legs)
        {
            writer.Write(Keys.Of(leg.Holder.Address));
            writer.Write(Keys.Of(leg.Holder.Asset.Contract));
            writer.Write(Keys.Of(leg.Holder.Coin.Tx));
            writer.Write(leg.Holder.Coin.Index);
            byte[] amount = Keys.Of(leg.Amount);
            writer.Write((byte)amount.Length);
            writer.Write(amount);
        }
    }
}
