using System.Buffers.Binary;

namespace FlowTracer.Chains.Bitcoin;

/// <summary>
/// Finds the parts of a transaction and checks its form, so that later reads cannot fail: BIP 144 for the layout, and
/// of the rules that hold for every mined transaction those that need nothing else: it has inputs and outputs, its
/// values and their sum are within 21 million bitcoin, a witness is announced only where there is one, and a previous
/// output that is none stands only in a transaction with one input.
/// </summary>
internal static class TxDecoder
{
    /// <summary>What any transaction has at least: one input and one output with empty scripts.</summary>
    public const int MinBytes = sizeof(uint) + 1 + MinInputBytes + 1 + MinOutputBytes + sizeof(uint);

    /// <summary>All the coins there can be, in satoshi.</summary>
    public const ulong MaxSupplySats = 21_000_000UL * 100_000_000;

    /// <summary>The index in a previous output that is none.</summary>
    public const uint NoOutputIndex = uint.MaxValue;

    private const int MinInputBytes = Hash256.ByteLength + sizeof(uint) + 1 + sizeof(uint);
    private const int MinOutputBytes = sizeof(ulong) + 1;
    private const byte WitnessMarker = 0;
    private const byte WitnessFlag = 1;

    /// <summary>Reads one transaction from where the reader is.</summary>
    /// <exception cref="BitcoinFormatException">There is none, or its form is not allowed.</exception>
    public static TxRecord Read(ref ByteReader reader)
    {
        int start = reader.Position;
        reader.ReadUInt32("version");
        bool hasWitness = reader.Peek("input count") == WitnessMarker;
        if (hasWitness)
        {
            ReadFlag(ref reader);
        }

        int bodyStart = reader.Position;
        int inputCount = reader.ReadCount(MinInputBytes, "inputs");
        SkipInputs(ref reader, inputCount);
        int outputsStart = reader.Position;
        int outputCount = reader.ReadCount(MinOutputBytes, "outputs");
        SkipOutputs(ref reader, outputCount);
        int witnessStart = reader.Position;
        if (hasWitness)
        {
            SkipWitness(ref reader, inputCount);
        }

        reader.ReadUInt32("lock time");
        return new TxRecord(start, bodyStart, outputsStart, witnessStart, reader.Position, inputCount, outputCount);
    }

    /// <summary>Whether 36 bytes stand for no previous output: what a coinbase spends.</summary>
    public static bool IsNoOutput(ReadOnlySpan<byte> outPoint) =>
        BinaryPrimitives.ReadUInt32LittleEndian(outPoint[Hash256.ByteLength..]) == NoOutputIndex
        && !outPoint[..Hash256.ByteLength].ContainsAnyExcept((byte)0);

    // A count of zero inputs is the marker of BIP 144, so what follows must be its flag.
    private static void ReadFlag(ref ByteReader reader)
    {
        int at = reader.Position;
        reader.ReadByte("witness marker");
        byte flag = reader.ReadByte("witness flag");
        if (flag != WitnessFlag)
        {
            ByteReader.Throw(at, $"a transaction without inputs, or of an unknown kind ({flag})");
        }
    }

    private static void SkipInputs(ref ByteReader reader, int count)
    {
        for (int i = 0; i < count; i++)
        {
            int at = reader.Position;
            ReadOnlySpan<byte> outPoint = reader.ReadBytes(Hash256.ByteLength + sizeof(uint), "previous output");
            if (count > 1 && IsNoOutput(outPoint))
            {
                ByteReader.Throw(at, "an input beside others spends no output");
            }

            reader.ReadSized("input script");
            reader.ReadUInt32("sequence");
        }
    }

    private static void SkipOutputs(ref ByteReader reader, int count)
    {
        ulong total = 0;
        for (int i = 0; i < count; i++)
        {
            int at = reader.Position;
            ulong value = reader.ReadUInt64("output value");
            if (value > MaxSupplySats || (total += value) > MaxSupplySats)
            {
                ByteReader.Throw(at, $"an output of {value} satoshi brings the sum over 21 million bitcoin");
            }

            reader.ReadSized("output script");
        }
    }

    private static void SkipWitness(ref ByteReader reader, int inputCount)
    {
        int at = reader.Position;
        bool isEmpty = true;
        for (int i = 0; i < inputCount; i++)
        {
            // Each item has at least the byte of its size, so a count that is too large soon meets the end.
            ulong items = reader.ReadCompactSize("witness item count");
            isEmpty &= items == 0;
            for (ulong item = 0; item < items; item++)
            {
                reader.ReadSized("witness item");
            }
        }

        if (isEmpty)
        {
            ByteReader.Throw(at, "a witness is announced, and every input's is empty");
        }
    }
}
