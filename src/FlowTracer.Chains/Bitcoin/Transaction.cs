using System.Buffers.Binary;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Bitcoin;

/// <summary>
/// A Bitcoin transaction: a place in the bytes it was read from, whose form was checked then. Inputs, outputs and
/// witnesses are read from those bytes as they are walked, and nothing is copied. The bytes belong to the transaction
/// from then on: whoever changes them breaks it.
/// </summary>
public readonly struct Transaction
{
    private readonly DecodedBytes _source;
    private readonly int _index;

    internal Transaction(DecodedBytes source, int index) => (_source, _index) = (source, index);

    /// <summary>The name of the transaction: over everything but the witness.</summary>
    public TxHash Id => IdAsStored.ToTxHash();

    /// <summary>The same, as merkle trees and inputs store it.</summary>
    public Hash256 IdAsStored => _source.Ids[_index];

    /// <summary>Its version.</summary>
    public int Version => BinaryPrimitives.ReadInt32LittleEndian(_source.Bytes[Record.Start..]);

    /// <summary>The block or time before which it could not be mined (BIP 65).</summary>
    public uint LockTime => BinaryPrimitives.ReadUInt32LittleEndian(_source.Bytes[Record.LockTimeStart..]);

    /// <summary>Whether any input has a witness.</summary>
    public bool HasWitness => Record.HasWitness;

    /// <summary>Whether it creates coins: its one input spends no output.</summary>
    public bool IsCoinbase => Record.InputCount == 1
        && TxDecoder.IsNoOutput(_source.Bytes.Slice(Record.BodyStart + 1, Hash256.ByteLength + sizeof(uint)));

    /// <summary>At least one.</summary>
    public int InputCount => Record.InputCount;

    /// <summary>At least one.</summary>
    public int OutputCount => Record.OutputCount;

    /// <summary>How many bytes it has.</summary>
    public int Length => Record.End - Record.Start;

    /// <summary>Its weight (BIP 141): three for each byte but those of the witness, and one for each byte.</summary>
    public int WeightUnits => (3 * Record.StrippedLength) + Length;

    /// <summary>Its bytes, with the witness.</summary>
    public ReadOnlySpan<byte> Bytes => _source.Bytes[Record.Start..Record.End];

    /// <summary>To be walked with <c>foreach</c>.</summary>
    public TxInputs Inputs
    {
        get
        {
            ByteReader reader = new(_source.Bytes, Record.BodyStart);
            reader.ReadCompactSize("input count");
            return new TxInputs(reader, Record.InputCount);
        }
    }

    /// <summary>To be walked with <c>foreach</c>.</summary>
    public TxOutputs Outputs
    {
        get
        {
            ByteReader reader = new(_source.Bytes, Record.OutputsStart);
            reader.ReadCompactSize("output count");
            return new TxOutputs(reader, Record.OutputCount);
        }
    }

    /// <summary>What the outputs are worth together, in satoshi. Walks them.</summary>
    public ulong OutputSats
    {
        get
        {
            ulong sum = 0;
            foreach (TxOut output in Outputs)
            {
                sum += output.ValueSats;
            }

            return sum;
        }
    }

    /// <summary>To be walked with <c>foreach</c>: a stack for each input, or none.</summary>
    public TxWitnesses Witnesses =>
        new(new ByteReader(_source.Bytes, Record.WitnessStart), HasWitness ? Record.InputCount : 0);

    private ref readonly TxRecord Record => ref _source.Record(_index);

    /// <summary>Reads a transaction, alone in its bytes, with or without a witness (BIP 144).</summary>
    /// <exception cref="BitcoinFormatException">The bytes are no transaction, or more than one.</exception>
    public static Transaction Parse(ReadOnlyMemory<byte> bytes)
    {
        ByteReader reader = new(bytes.Span);
        TxRecord record = TxDecoder.Read(ref reader);
        reader.ExpectEnd("transaction");
        return new Transaction(new DecodedBytes(bytes, [record]), 0);
    }

    /// <summary>The hash over everything, the witness too (BIP 141); the id where there is none. Computed on each
    /// call.</summary>
    public Hash256 ComputeWitnessId() => _source.ComputeWitnessId(_index);

    /// <summary>The output at an index; walks to it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer outputs.</exception>
    public TxOut OutputAt(uint index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, (uint)OutputCount);
        TxOutputs outputs = Outputs;
        for (uint i = 0; i <= index; i++)
        {
            outputs.MoveNext();
        }

        return outputs.Current;
    }
}
