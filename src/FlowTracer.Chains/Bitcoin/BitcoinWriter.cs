using System.Buffers;
using System.Buffers.Binary;

namespace FlowTracer.Chains.Bitcoin;

/// <summary>
/// Writes Bitcoin's serialisation field by field: the opposite of the decoders, and a check on them, since what was
/// read must come out as the same bytes.
/// </summary>
public sealed class BitcoinWriter(IBufferWriter<byte> output)
{
    private const byte TwoByteSize = 0xFD;
    private const byte FourByteSize = 0xFE;
    private const byte EightByteSize = 0xFF;

    /// <summary>A block: header, number of transactions, transactions.</summary>
    public void Write(Block block)
    {
        block.Header.WriteTo(output.GetSpan(BlockHeader.ByteLength));
        output.Advance(BlockHeader.ByteLength);
        WriteCompactSize((ulong)block.TransactionCount);
        for (int i = 0; i < block.TransactionCount; i++)
        {
            Write(block[i]);
        }
    }

    /// <summary>A transaction, with marker, flag and witness where it has one (BIP 144).</summary>
    public void Write(Transaction transaction)
    {
        WriteUInt32(unchecked((uint)transaction.Version));
        if (transaction.HasWitness)
        {
            WriteWitnessMarker();
        }

        WriteCompactSize((ulong)transaction.InputCount);
        foreach (TxIn input in transaction.Inputs)
        {
            output.Write(input.OutPointBytes);
            WriteSized(input.Script);
            WriteUInt32(input.Sequence);
        }

        WriteCompactSize((ulong)transaction.OutputCount);
        foreach (TxOut coin in transaction.Outputs)
        {
            WriteUInt64(coin.ValueSats);
            WriteSized(coin.Script);
        }

        foreach (InputWitness stack in transaction.Witnesses)
        {
            WriteCompactSize((ulong)stack.Count);
            foreach (ReadOnlySpan<byte> item in stack)
            {
                WriteSized(item);
            }
        }

        WriteUInt32(transaction.LockTime);
    }

    /// <summary>The marker and flag that announce a witness (BIP 144).</summary>
    internal void WriteWitnessMarker() => output.Write<byte>([0, 1]);

    /// <summary>Bytes as they are.</summary>
    internal void WriteBytes(ReadOnlySpan<byte> bytes) => output.Write(bytes);

    /// <summary>The number of bytes and the bytes.</summary>
    internal void WriteSized(ReadOnlySpan<byte> bytes)
    {
        WriteCompactSize((ulong)bytes.Length);
        output.Write(bytes);
    }

    /// <summary>Four bytes.</summary>
    internal void WriteUInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(output.GetSpan(sizeof(uint)), value);
        output.Advance(sizeof(uint));
    }

    /// <summary>Eight bytes.</summary>
    internal void WriteUInt64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(output.GetSpan(sizeof(ulong)), value);
        output.Advance(sizeof(ulong));
    }

    /// <summary>A number in the shortest of its four forms.</summary>
    internal void WriteCompactSize(ulong value)
    {
        Span<byte> bytes = output.GetSpan(1 + sizeof(ulong));
        int length;
        switch (value)
        {
            case < TwoByteSize:
                bytes[0] = (byte)value;
                length = 1;
                break;
            case <= ushort.MaxValue:
                bytes[0] = TwoByteSize;
                BinaryPrimitives.WriteUInt16LittleEndian(bytes[1..], (ushort)value);
                length = 1 + sizeof(ushort);
                break;
            case <= uint.MaxValue:
                bytes[0] = FourByteSize;
                BinaryPrimitives.WriteUInt32LittleEndian(bytes[1..], (uint)value);
                length = 1 + sizeof(uint);
                break;
            default:
                bytes[0] = EightByteSize;
                BinaryPrimitives.WriteUInt64LittleEndian(bytes[1..], value);
                length = 1 + sizeof(ulong);
                break;
        }

        output.Advance(length);
    }
}
