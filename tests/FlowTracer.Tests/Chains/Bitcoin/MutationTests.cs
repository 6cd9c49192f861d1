using System.Buffers;
using FlowTracer.Chains.Bitcoin;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Chains.Bitcoin;

/// <summary>
/// Bytes that went wrong, from fixed seeds: the decoder says so or reads what is there; it throws nothing else, and takes
/// no more memory than the input's length justifies.
/// </summary>
public sealed class MutationTests
{
    // Places and ids of the smallest transactions take about as many bytes as they do, and pooled arrays the same once
    // more; a refusal needs a little for the exception and its text.
    private const int BytesPerInputByte = 8;
    private const int FixedBytes = 65_536;

    [Fact]
    public void Mutated_blocks_and_transactions_are_refused_or_read()
    {
        byte[][] seeds =
        [
            SampleBlocks.Genesis(),
            SampleBlocks.Of(SampleBlocks.Coinbase(1), SampleBlocks.Payment(2, [1, 2], []), SampleBlocks.Payment(3)),
            SampleBlocks.Of([SampleBlocks.Coinbase(1), .. Enumerable.Range(2, 40).Select(i => SampleBlocks.Payment((byte)i))]),
        ];
        Random random = new(20260729);
        int read = 0;
        for (int run = 0; run < 30_000; run++)
        {
            read += DecodeBlock(Mutate(seeds[run % seeds.Length], random)) ? 1 : 0;
            read += DecodeTransaction(Mutate(SampleBlocks.Bip143(), random)) ? 1 : 0;
        }

        // Otherwise nothing behind the reader was tried.
        Assert.InRange(read, 5_000, 55_000);
    }

    [Fact]
    public void Random_bytes_are_refused_or_read()
    {
        Random random = new(20260730);
        for (int run = 0; run < 20_000; run++)
        {
            byte[] bytes = new byte[random.Next(400)];
            random.NextBytes(bytes);
            DecodeBlock(bytes);
            DecodeTransaction(bytes);
        }
    }

    [Fact]
    public void Huge_counts_take_neither_memory_nor_time()
    {
        byte[] genesis = SampleBlocks.Genesis();
        byte[] head = genesis[..BlockHeader.ByteLength];
        byte[] huge = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F];
        Assert.False(DecodeBlock([.. head, .. huge]));
        Assert.False(DecodeTransaction([1, 0, 0, 0, .. huge]));
        Assert.False(DecodeTransaction([1, 0, 0, 0, 0, 1, .. huge]));
        byte[] witness = SampleBlocks.Payment(1, [1]).Bytes.ToArray();
        Assert.False(DecodeTransaction([.. witness[..^7], .. huge, .. new byte[100]]));
        Assert.False(DecodeTransaction([.. witness[..^6], .. huge, .. new byte[100]]));
    }

    [NeedsDataFact(RealBlocks.FolderName)]
    public void Mutated_real_blocks_are_refused_or_read()
    {
        Random random = new(20260731);
        byte[][] blocks =
        [
            .. RealBlocks.Files()
                .Where(file => file.StartsWith("bitcoinj_block2", StringComparison.Ordinal) || file.StartsWith("electrumx", StringComparison.Ordinal))
                .SelectMany(RealBlocks.Read),
        ];
        Assert.True(blocks.Length >= 3);
        for (int run = 0; run < 3_000; run++)
        {
            DecodeBlock(Mutate(blocks[run % blocks.Length], random));
        }
    }

    private static byte[] Mutate(byte[] seed, Random random)
    {
        byte[] bytes = random.Next(5) switch
        {
            0 => seed[..random.Next(seed.Length + 1)],
            1 => [.. seed, .. new byte[random.Next(20)]],
            2 => Repeat(seed, random),
            _ => [.. seed],
        };
        byte[] sizes = [0, 1, 0xFC, 0xFD, 0xFE, 0xFF];
        for (int i = random.Next(4); i > 0 && bytes.Length > 0; i--)
        {
            int at = random.Next(bytes.Length);
            bytes[at] = random.Next(2) == 0 ? sizes[random.Next(sizes.Length)] : (byte)random.Next(256);
        }

        return bytes;
    }

    private static byte[] Repeat(byte[] seed, Random random)
    {
        int from = random.Next(seed.Length);
        int to = from + random.Next(Math.Min(seed.Length - from, 200));
        return [.. seed[..to], .. seed[from..]];
    }

    private static bool DecodeBlock(byte[] bytes) => Decode(bytes, static input =>
    {
        Block block = Block.Parse(input);
        block.Check(ChainId.BitcoinRegtest);
        for (int i = 0; i < block.TransactionCount; i++)
        {
            Walk(block[i]);
        }

        return block;
    });

    private static bool DecodeTransaction(byte[] bytes) => Decode(bytes, static input =>
    {
        Transaction transaction = Transaction.Parse(input);
        transaction.ComputeWitnessId();
        Walk(transaction);
        return transaction;
    });

    private static bool Decode(byte[] bytes, Func<byte[], object> decode)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        object? decoded = null;
        try
        {
            decoded = decode(bytes);
        }
        catch (BitcoinFormatException fault)
        {
            Assert.InRange(fault.Offset, 0, bytes.Length);
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(
            allocated <= FixedBytes + ((long)BytesPerInputByte * bytes.Length),
            $"{allocated} bytes for {bytes.Length}: {Convert.ToHexString(bytes.AsSpan(0, Math.Min(bytes.Length, 200)))}");
        if (decoded is null)
        {
            return false;
        }

        AssertSameBytes(decoded, bytes);
        return true;
    }

    private static void AssertSameBytes(object decoded, byte[] bytes)
    {
        ArrayBufferWriter<byte> written = new(bytes.Length);
        BitcoinWriter writer = new(written);
        if (decoded is Block block)
        {
            writer.Write(block);
        }
        else
        {
            writer.Write((Transaction)decoded);
        }

        Assert.True(written.WrittenSpan.SequenceEqual(bytes), Convert.ToHexString(bytes));
    }

    private static void Walk(Transaction transaction)
    {
        foreach (TxIn input in transaction.Inputs)
        {
            _ = input.IsCoinbase ? default : input.Spends;
        }

        foreach (TxOut output in transaction.Outputs)
        {
            output.TryGetAddress(ChainId.BitcoinRegtest, out _);
        }
    }
}
