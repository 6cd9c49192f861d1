using System.Buffers;
using System.Buffers.Binary;
using FlowTracer.Chains.Bitcoin;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Chains.Bitcoin;

/// <summary>A miner for the private test network, whose target one hash in two meets.</summary>
internal static class MadeBlocks
{
    public const uint EasiestBits = 0x207FFFFF;

    /// <summary>The private test network's first block: the main chain's transaction under a header of its own.</summary>
    public static byte[] Genesis()
    {
        byte[] bytes = SampleBlocks.Genesis();
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(68), 1_296_688_602);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(72), EasiestBits);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(76), 2);
        return bytes;
    }

    public static Hash256 HashOf(byte[] block) => BlockHeader.Parse(block).ComputeHash();

    /// <summary>A coinbase that begins with the height (BIP 34), or with none.</summary>
    public static Transaction Coinbase(int? height, int mark, params byte[][] scripts)
    {
        byte[] script = [.. height is { } number ? Push(number) : [0x00], 4, .. BitConverter.GetBytes(mark)];
        TransactionBuilder builder = new TransactionBuilder(1, 0).AddInput(null, script, uint.MaxValue, []);
        foreach (byte[] paid in scripts.Length == 0 ? [[0x51]] : scripts)
        {
            builder.AddOutput(25_00000000, paid);
        }

        return builder.Build();
    }

    /// <summary>A block on a parent, with as much work as its target asks for.</summary>
    public static byte[] Mine(Hash256 parent, uint bits, int version, params Transaction[] transactions)
    {
        Hash256 root = MerkleTree.Root([.. transactions.Select(static tx => tx.IdAsStored)], out _);
        BlockHeader header = new(version, parent, root, 1_300_000_000, bits, 0);
        while (!header.HasProofOfWork(ChainId.BitcoinRegtest))
        {
            header = header with { Nonce = header.Nonce + 1 };
        }

        ArrayBufferWriter<byte> bytes = new();
        header.WriteTo(bytes.GetSpan(BlockHeader.ByteLength));
        bytes.Advance(BlockHeader.ByteLength);
        BitcoinWriter writer = new(bytes);
        writer.WriteCompactSize((ulong)transactions.Length);
        foreach (Transaction transaction in transactions)
        {
            writer.Write(transaction);
        }

        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Blocks with a coinbase alone on a parent, which is not among them.</summary>
    public static List<byte[]> Extend(byte[] parent, int parentHeight, int count, int mark, uint bits = EasiestBits)
    {
        List<byte[]> blocks = [];
        for (int i = 1; i <= count; i++)
        {
            parent = Mine(HashOf(parent), bits, 4, Coinbase(parentHeight + i, mark));
            blocks.Add(parent);
        }

        return blocks;
    }

    /// <summary>
    /// A chain from the first block on, whose transactions spend coins at random, of the same block too. The coinbases of
    /// the blocks 5 and 9 are the same bytes (BIP 30), so are those of 6 and 11.
    /// </summary>
    public static List<byte[]> RandomChain(int seed, int count)
    {
        Random random = new(seed);
        List<byte[]> chain = [Genesis()];
        Dictionary<OutPoint, ulong> coins = [];
        byte[][] scripts = [[0x51], [0x52, 0x87], [], [0x6A, 1, 7], [0, 20, .. new byte[20]], [0x51, 32, .. new byte[32]]];
        for (int height = 1; height < count; height++)
        {
            int? repeated = height is 5 or 9 ? 5 : height is 6 or 11 ? 6 : null;
            List<Transaction> block = [];
            Add(repeated is null
                ? Coinbase(height, random.Next(), scripts[random.Next(scripts.Length)], scripts[random.Next(scripts.Length)])
                : Coinbase(null, repeated.Value, scripts[0], scripts[1]));
            for (int i = random.Next(6); i > 0; i--)
            {
                Add(Payment(random, coins, scripts));
            }

            chain.Add(Mine(HashOf(chain[^1]), EasiestBits, repeated is null ? 4 : 1, [.. block]));

            void Add(Transaction transaction)
            {
                block.Add(transaction);
                foreach (TxOut output in transaction.Outputs)
                {
                    coins[new OutPoint(transaction.Id, (uint)output.Index)] = output.ValueSats;
                }
            }
        }

        return chain;
    }

    private static Transaction Payment(Random random, Dictionary<OutPoint, ulong> coins, byte[][] scripts)
    {
        TransactionBuilder builder = new(2, (uint)random.Next());
        ulong given = 0;
        for (int i = random.Next(1, 4); i > 0 && coins.Count > 0; i--)
        {
            OutPoint coin = coins.Keys.Order().ElementAt(random.Next(coins.Count));
            given += coins[coin];
            coins.Remove(coin);
            builder.AddInput(coin, [1, 2], uint.MaxValue, random.Next(2) == 0 ? [] : [[3, 4, 5]]);
        }

        int outputs = random.Next(1, 4);
        for (int i = 0; i < outputs; i++)
        {
            builder.AddOutput((ulong)random.NextInt64((long)given / outputs + 1), scripts[random.Next(scripts.Length)]);
        }

        return builder.Build();
    }

    private static byte[] Push(int height)
    {
        if (height is >= 1 and <= 16)
        {
            return [(byte)(0x50 + height)];
        }

        List<byte> bytes = [];
        for (int left = height; left > 0; left >>= 8)
        {
            bytes.Add((byte)(left & 0xFF));
        }

        if ((bytes[^1] & 0x80) != 0)
        {
            bytes.Add(0);
        }

        return [(byte)bytes.Count, .. bytes];
    }
}
