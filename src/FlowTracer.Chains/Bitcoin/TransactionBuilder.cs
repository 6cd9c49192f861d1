using System.Buffers;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Bitcoin;

/// <summary>
/// Puts a transaction's bytes together from its fields, as JSON sources give them; its id, computed from those bytes,
/// then shows whether the fields are the transaction's.
/// </summary>
/// <param name="version">The version.</param>
/// <param name="lockTime">The lock time.</param>
public sealed class TransactionBuilder(int version, uint lockTime)
{
    private readonly ArrayBufferWriter<byte> _inputs = new();
    private readonly ArrayBufferWriter<byte> _outputs = new();
    private readonly ArrayBufferWriter<byte> _witnesses = new();
    private ulong _inputCount;
    private ulong _outputCount;
    private bool _hasWitness;

    /// <summary>Adds the next input.</summary>
    /// <param name="spends">The output it spends; none for the input of a coinbase.</param>
    /// <param name="script">The unlocking script; in a coinbase any bytes.</param>
    /// <param name="sequence">The sequence number.</param>
    /// <param name="witness">The witness items, the bottom of the stack first; empty for none.</param>
    public TransactionBuilder AddInput(
        OutPoint? spends, ReadOnlySpan<byte> script, uint sequence, IReadOnlyList<byte[]> witness)
    {
        BitcoinWriter writer = new(_inputs);
        Span<byte> id = stackalloc byte[Hash256.ByteLength];
        (spends is { } coin ? Hash256.FromTxHash(coin.Tx) : Hash256.Zero).CopyTo(id);
        writer.WriteBytes(id);
        writer.WriteUInt32(spends?.Index ?? TxDecoder.NoOutputIndex);
        writer.WriteSized(script);
        writer.WriteUInt32(sequence);

        BitcoinWriter witnessWriter = new(_witnesses);
        witnessWriter.WriteCompactSize((ulong)witness.Count);
        foreach (byte[] item in witness)
        {
            witnessWriter.WriteSized(item);
        }

        _hasWitness |= witness.Count > 0;
        _inputCount++;
        return this;
    }

    /// <summary>Adds the next output.</summary>
    public TransactionBuilder AddOutput(ulong valueSats, ReadOnlySpan<byte> script)
    {
        BitcoinWriter writer = new(_outputs);
        writer.WriteUInt64(valueSats);
        writer.WriteSized(script);
        _outputCount++;
        return this;
    }

    /// <summary>The transaction.</summary>
    /// <exception cref="BitcoinFormatException">It has no inputs or outputs, or breaks another rule of
    /// form.</exception>
    public Transaction Build()
    {
        ArrayBufferWriter<byte> bytes = new();
        BitcoinWriter writer = new(bytes);
        writer.WriteUInt32(unchecked((uint)version));
        if (_hasWitness)
        {
            writer.WriteWitnessMarker();
        }

        writer.WriteCompactSize(_inputCount);
        writer.WriteBytes(_inputs.WrittenSpan);
        writer.WriteCompactSize(_outputCount);
        writer.WriteBytes(_outputs.WrittenSpan);
        if (_hasWitness)
        {
            writer.WriteBytes(_witnesses.WrittenSpan);
        }

        writer.WriteUInt32(lockTime);
        return Transaction.Parse(bytes.WrittenSpan.ToArray());
    }
}
