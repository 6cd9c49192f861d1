using System.Buffers.Binary;
using FlowTracer.Chains.Bitcoin.Scripts;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Bitcoin;

/// <summary>One input of a transaction, as a view of its bytes.</summary>
public readonly ref struct TxIn
{
    private readonly ReadOnlySpan<byte> _outPoint;

    internal TxIn(int index, ReadOnlySpan<byte> outPoint, ReadOnlySpan<byte> script, uint sequence)
    {
        (Index, Sequence) = (index, sequence);
        _outPoint = outPoint;
        Script = script;
    }

    /// <summary>Its place among the inputs, from 0.</summary>
    public int Index { get; }

    /// <summary>True for the input of a coinbase, which spends no output.</summary>
    public bool IsCoinbase => TxDecoder.IsNoOutput(_outPoint);

    /// <summary>The output it spends.</summary>
    /// <exception cref="InvalidOperationException">It is the input of a coinbase.</exception>
    public OutPoint Spends => IsCoinbase
        ? throw new InvalidOperationException("A coinbase spends no output.")
        : new OutPoint(new Hash256(_outPoint[..Hash256.ByteLength]).ToTxHash(), OutputIndex);

    /// <summary>The script that unlocks the output; in a coinbase any bytes.</summary>
    public ReadOnlySpan<byte> Script { get; }

    /// <summary>The sequence number (BIP 68, BIP 125).</summary>
    public uint Sequence { get; }

    /// <summary>The 36 bytes that name what it spends: the id as stored and the index, little-endian.</summary>
    public ReadOnlySpan<byte> OutPointBytes => _outPoint;

    private uint OutputIndex => BinaryPrimitives.ReadUInt32LittleEndian(_outPoint[Hash256.ByteLength..]);
}

/// <summary>One output of a transaction, as a view of its bytes.</summary>
public readonly ref struct TxOut
{
    internal TxOut(int index, ulong valueSats, ReadOnlySpan<byte> script)
    {
        (Index, ValueSats) = (index, valueSats);
        Script = script;
    }

    /// <summary>Its place among the outputs, from 0.</summary>
    public int Index { get; }

    /// <summary>What it is worth, in satoshi: at most 21 million bitcoin, and so is the sum over a
    /// transaction.</summary>
    public ulong ValueSats { get; }

    /// <summary>The script that locks it.</summary>
    public ReadOnlySpan<byte> Script { get; }

    /// <summary>What kind of script that is.</summary>
    public ScriptKind Kind => ScriptClassifier.Classify(Script);

    /// <summary>The address of the script; false when it has none. See <see cref="ScriptAddress"/>.</summary>
    /// <exception cref="ArgumentException">The chain is not Bitcoin's.</exception>
    public bool TryGetAddress(ChainId chain, out Address address) => ScriptAddress.TryGet(chain, Script, out address);
}

/// <summary>The inputs of a transaction, in their order.</summary>
public ref struct TxInputs
{
    private readonly int _count;
    private ByteReader _reader;
    private int _next;

    internal TxInputs(ByteReader reader, int count)
    {
        _reader = reader;
        _count = count;
    }

    /// <summary>The input the enumeration is at.</summary>
    public TxIn Current { readonly get; private set; }

    /// <summary>Itself: a view is walked once.</summary>
    public readonly TxInputs GetEnumerator() => this;

    /// <summary>Goes to the next input; false behind the last.</summary>
    public bool MoveNext()
    {
        if (_next == _count)
        {
            return false;
        }

        ReadOnlySpan<byte> outPoint = _reader.ReadBytes(Hash256.ByteLength + sizeof(uint), "previous output");
        ReadOnlySpan<byte> script = _reader.ReadSized("input script");
        Current = new TxIn(_next++, outPoint, script, _reader.ReadUInt32("sequence"));
        return true;
    }
}

/// <summary>The outputs of a transaction, in their order.</summary>
public ref struct TxOutputs
{
    private readonly int _count;
    private ByteReader _reader;
    private int _next;

    internal TxOutputs(ByteReader reader, int count)
    {
        _reader = reader;
        _count = count;
    }

    /// <summary>The output the enumeration is at.</summary>
    public TxOut Current { readonly get; private set; }

    /// <summary>Itself: a view is walked once.</summary>
    public readonly TxOutputs GetEnumerator() => this;

    /// <summary>Goes to the next output; false behind the last.</summary>
    public bool MoveNext()
    {
        if (_next == _count)
        {
            return false;
        }

        ulong valueSats = _reader.ReadUInt64("output value");
        Current = new TxOut(_next++, valueSats, _reader.ReadSized("output script"));
        return true;
    }
}

/// <summary>
/// The witness stacks of a transaction, one for each input, in their order; none at all when it has no witness.
/// </summary>
public ref struct TxWitnesses
{
    private readonly int _count;
    private ByteReader _reader;
    private int _next;

    internal TxWitnesses(ByteReader reader, int count)
    {
        _reader = reader;
        _count = count;
    }

    /// <summary>The stack the enumeration is at.</summary>
    public InputWitness Current { readonly get; private set; }

    /// <summary>Itself: a view is walked once.</summary>
    public readonly TxWitnesses GetEnumerator() => this;

    /// <summary>Goes to the next input's stack; false behind the last.</summary>
    public bool MoveNext()
    {
        if (_next == _count)
        {
            return false;
        }

        int items = (int)_reader.ReadCompactSize("witness item count");
        Current = new InputWitness(_reader, items);
        for (int i = 0; i < items; i++)
        {
            _reader.ReadSized("witness item");
        }

        _next++;
        return true;
    }
}

/// <summary>The witness of one input: its items in their order, the bottom of the stack first.</summary>
public ref struct InputWitness
{
    private ByteReader _reader;
    private int _next;

    internal InputWitness(ByteReader reader, int count)
    {
        _reader = reader;
        Count = count;
    }

    /// <summary>How many items.</summary>
    public int Count { get; }

    /// <summary>The item the enumeration is at.</summary>
    public ReadOnlySpan<byte> Current { readonly get; private set; }

    /// <summary>Itself, at the beginning if it has not been walked.</summary>
    public readonly InputWitness GetEnumerator() => this;

    /// <summary>Goes to the next item; false behind the last.</summary>
    public bool MoveNext()
    {
        if (_next == Count)
        {
            return false;
        }

        Current = _reader.ReadSized("witness item");
        _next++;
        return true;
    }
}
