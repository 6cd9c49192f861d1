using System.Security.Cryptography;

namespace FlowTracer.EndToEnd.Bitcoin;

/// <summary>An output that a test made.</summary>
/// <param name="TxId">Its transaction, as people write it.</param>
/// <param name="Index">Its index there.</param>
/// <param name="Sats">What it is worth.</param>
/// <param name="Script">What locks it.</param>
/// <param name="Owner">Who can spend it; null for a script of nobody's.</param>
internal sealed record TestCoin(string TxId, uint Index, ulong Sats, byte[] Script, TestWallet? Owner)
{
    /// <summary><c>txid:index</c>.</summary>
    public override string ToString() => $"{TxId}:{Index}";
}

/// <summary>An output to be made.</summary>
/// <param name="Script">What locks it.</param>
/// <param name="Sats">What it is worth.</param>
/// <param name="Owner">Who can spend it.</param>
internal readonly record struct TestOutput(byte[] Script, ulong Sats, TestWallet? Owner)
{
    /// <summary>An output to somebody.</summary>
    public static implicit operator TestOutput((TestWallet To, ulong Sats) payment) =>
        new(payment.To.Script, payment.Sats, payment.To);

    /// <summary>An output that carries a note and is worth nothing.</summary>
    public static TestOutput Note(byte[] data) => new([0x6A, (byte)data.Length, .. data], 0, null);
}

/// <summary>
/// A transaction that a test makes, written and named here without any of the program's code, so that what is known of it
/// is an independent witness. It depends on what it is made of alone: the same story has the same ids in every run.
/// </summary>
internal sealed class TestTx
{
    private readonly byte[]? _coinbaseScript;

    private TestTx(IReadOnlyList<TestCoin> inputs, IReadOnlyList<TestOutput> outputs, byte[]? coinbaseScript, bool hasWitness)
    {
        (Inputs, _coinbaseScript) = (inputs, coinbaseScript);
        Stripped = Write(outputs, hasWitness: false);
        Bytes = hasWitness ? Write(outputs, hasWitness: true) : Stripped;
        Id = TestBytes.Shown(TestBytes.Hash(Stripped));
        Outputs = [.. outputs.Select((output, index) => new TestCoin(Id, (uint)index, output.Sats, output.Script, output.Owner))];
    }

    /// <summary>What it spends; empty for a coinbase.</summary>
    public IReadOnlyList<TestCoin> Inputs { get; }

    /// <summary>What it makes.</summary>
    public IReadOnlyList<TestCoin> Outputs { get; }

    /// <summary>Its bytes, with the witness.</summary>
    public byte[] Bytes { get; }

    /// <summary>Its bytes without the witness: what its id is of.</summary>
    public byte[] Stripped { get; }

    /// <summary>Its id, as people write it.</summary>
    public string Id { get; }

    /// <summary>Its bytes in hex.</summary>
    public string Hex => Convert.ToHexStringLower(Bytes);

    /// <summary>What it pays in satoshi; 0 for a coinbase.</summary>
    public ulong FeeSats => _coinbaseScript is null ? Sum(Inputs.Select(coin => coin.Sats)) - Sum(Outputs.Select(coin => coin.Sats)) : 0;

    /// <summary>Spends coins; what is not paid out is the fee.</summary>
    public static TestTx Of(IReadOnlyList<TestCoin> from, params TestOutput[] to) =>
        Sum(from.Select(coin => coin.Sats)) >= Sum(to.Select(output => output.Sats))
            ? new TestTx(from, to, null, from.Any(coin => coin.Owner!.Witness.Count > 0))
            : throw new ArgumentException("A transaction pays out more than it spends.");

    /// <summary>Makes new coins.</summary>
    /// <param name="script">What the miner writes: the height, at least.</param>
    /// <param name="to">The outputs.</param>
    /// <param name="hasWitness">Whether it carries the reserved value that a commitment to witnesses needs (BIP 141).</param>
    public static TestTx Coinbase(byte[] script, IReadOnlyList<TestOutput> to, bool hasWitness) => new([], to, script, hasWitness);

    private static ulong Sum(IEnumerable<ulong> amounts) => amounts.Aggregate(0UL, (sum, next) => sum + next);

    private byte[] Write(IReadOnlyList<TestOutput> outputs, bool hasWitness)
    {
        TestBytes bytes = new();
        bytes.UInt32(2);
        if (hasWitness)
        {
            bytes.Raw([0, 1]);
        }

        if (_coinbaseScript is not null)
        {
            bytes.Size(1).Raw(new byte[32]).UInt32(uint.MaxValue).Sized(_coinbaseScript).UInt32(uint.MaxValue);
        }
        else
        {
            bytes.Size(Inputs.Count);
            foreach (TestCoin coin in Inputs)
            {
                bytes.Raw(TestBytes.Stored(coin.TxId)).UInt32(coin.Index).Sized(coin.Owner!.ScriptSig).UInt32(0xFFFFFFFE);
            }
        }

        bytes.Size(outputs.Count);
        foreach (TestOutput output in outputs)
        {
            bytes.UInt64(output.Sats).Sized(output.Script);
        }

        if (hasWitness)
        {
            WriteWitness(bytes);
        }

        return bytes.UInt32(0).ToArray();
    }

    private void WriteWitness(TestBytes bytes)
    {
        IEnumerable<IReadOnlyList<byte[]>> stacks = _coinbaseScript is null
            ? Inputs.Select(coin => coin.Owner!.Witness)
            : [[new byte[32]]];
        foreach (IReadOnlyList<byte[]> stack in stacks)
        {
            bytes.Size(stack.Count);
            foreach (byte[] item in stack)
            {
                bytes.Sized(item);
            }
        }
    }
}

/// <summary>Bitcoin's serialisation, as far as tests write it.</summary>
internal sealed class TestBytes
{
    private readonly List<byte> _bytes = [];

    /// <summary>Double SHA-256.</summary>
    public static byte[] Hash(byte[] bytes) => SHA256.HashData(SHA256.HashData(bytes));

    /// <summary>A hash as people write it.</summary>
    public static string Shown(byte[] stored) => Convert.ToHexStringLower([.. stored.Reverse()]);

    /// <summary>A hash as it is stored.</summary>
    public static byte[] Stored(string shown) => [.. Convert.FromHexString(shown).Reverse()];

    /// <summary>The root of the merkle tree over hashes as stored.</summary>
    public static byte[] MerkleRoot(IReadOnlyList<byte[]> leaves)
    {
        List<byte[]> level = [.. leaves];
        while (level.Count > 1)
        {
            if (level.Count % 2 == 1)
            {
                level.Add(level[^1]);
            }

            level = [.. level.Chunk(2).Select(pair => Hash([.. pair[0], .. pair[1]]))];
        }

        return level[0];
    }

    public TestBytes Raw(byte[] bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public TestBytes UInt32(uint value) => Raw([.. Little(value, 4)]);

    public TestBytes UInt64(ulong value) => Raw([.. Little(value, 8)]);

    /// <summary>A compact size.</summary>
    public TestBytes Size(int value) => value < 0xFD ? Raw([(byte)value]) : Raw([0xFD, .. Little((ulong)value, 2)]);

    /// <summary>Bytes after their number.</summary>
    public TestBytes Sized(byte[] bytes) => Size(bytes.Length).Raw(bytes);

    public byte[] ToArray() => _bytes.ToArray();

    private static IEnumerable<byte> Little(ulong value, int count) =>
        Enumerable.Range(0, count).Select(at => (byte)((value >> (8 * at)) & 0xFF));
}
