using System.Buffers;
using FlowTracer.Chains.Bitcoin;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Chains.Bitcoin;

/// <summary>Literal blocks and made ones.</summary>
internal static class SampleBlocks
{
    /// <summary>The first block of the main chain, as its nodes have it built in.</summary>
    public const string GenesisHex =
        "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3"
        + "888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c0101000000010000000000000000000000000000000000000000000000000000"
        + "000000000000ffffffff4d04ffff001d0104455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e2062"
        + "72696e6b206f66207365636f6e64206261696c6f757420666f722062616e6b73ffffffff0100f2052a01000000434104678afdb0fe554827"
        + "1967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5f"
        + "ac00000000";

    /// <summary>The signed native P2WPKH example of BIP 143: a legacy and a witness input.</summary>
    public const string Bip143Hex =
        "01000000000102fff7f7881a8099afa6940d42d1e7f6362bec38171ea3edf433541db4e4ad969f00000000494830450221008b9d1dc26ba6"
        + "a9cb62127b02742fa9d754cd3bebf337f7a55d114c8e5cdd30be022040529b194ba3f9281a99f2b1c0a19c0489bc22ede944ccf4ecbab4cc"
        + "618ef3ed01eeffffffef51e1b804cc89d182d279655c3aa89e815b1b309fe287d9b2b55d57b90ec68a0100000000ffffffff02202cb20600"
        + "0000001976a9148280b37df378db99f66f85c95a783a76ac7a6d5988ac9093510d000000001976a9143bde42dbee7e4dbe6a21b2d50ce2f0"
        + "167faa815988ac000247304402203609e17b84f6a7d30c80bfa610b5b4542f32a8a0d5447a12fb1366d7f01cc44a0220573a954c45183315"
        + "61406f90300e8f3358f51928d43c212a8caed02de67eebee0121025476c2e83188368da1ff3e292e7acafcdb3566bb0ad253f62fc70f07ae"
        + "ee635711000000";

    public static byte[] Genesis() => Convert.FromHexString(GenesisHex);

    public static byte[] Bip143() => Convert.FromHexString(Bip143Hex);

    public static Transaction Coinbase(byte mark, params byte[][] scripts)
    {
        TransactionBuilder builder = new TransactionBuilder(1, 0).AddInput(null, [mark, mark], uint.MaxValue, []);
        foreach (byte[] script in scripts.Length == 0 ? [[0x51]] : scripts)
        {
            builder.AddOutput(50_00000000, script);
        }

        return builder.Build();
    }

    /// <summary>A payment of one satoshi that differs from others by its mark.</summary>
    public static Transaction Payment(byte mark, params byte[][] witness)
    {
        TxHash id = TxHash.FromBytes(Enumerable.Repeat(mark, TxHash.ByteLength).ToArray());
        return new TransactionBuilder(2, 0)
            .AddInput(new OutPoint(id, mark), [], 0xFFFFFFFD, witness)
            .AddOutput(1, [0x51])
            .Build();
    }

    /// <summary>The bytes of a block with the root its transactions have, and no work in it.</summary>
    public static byte[] Of(params Transaction[] transactions)
    {
        ArrayBufferWriter<byte> bytes = new();
        BitcoinWriter writer = new(bytes);
        Hash256 root = MerkleTree.Root([.. transactions.Select(tx => tx.IdAsStored)], out _);
        new BlockHeader(4, Hash256.Zero, root, 1_600_000_000, 0x207FFFFF, 0).WriteTo(bytes.GetSpan(BlockHeader.ByteLength));
        bytes.Advance(BlockHeader.ByteLength);
        writer.WriteCompactSize((ulong)transactions.Length);
        foreach (Transaction transaction in transactions)
        {
            writer.Write(transaction);
        }

        return bytes.WrittenSpan.ToArray();
    }
}
