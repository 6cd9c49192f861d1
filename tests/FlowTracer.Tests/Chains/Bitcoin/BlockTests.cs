using System.Buffers.Binary;
using System.Security.Cryptography;
using FlowTracer.Chains.Bitcoin;
using FlowTracer.Chains.Bitcoin.Scripts;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Chains.Bitcoin;

public sealed class BlockTests
{
    [Fact]
    public void The_first_block()
    {
        Block block = Block.Parse(SampleBlocks.Genesis());
        Assert.Equal("000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f", block.Hash.ToString());
        Assert.Equal("4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b", block.Header.MerkleRoot.ToString());
        Assert.True(block.Header.Previous.IsZero);
        Assert.Equal((1, 1231006505U, 0x1D00FFFFU, 2083236893U), (block.Header.Version, block.Header.Time, block.Header.Bits, block.Header.Nonce));
        Assert.Equal(BlockFaults.None, block.Check(ChainId.Bitcoin));
        Transaction coinbase = block[0];
        Assert.Equal(1, block.TransactionCount);
        Assert.Equal("4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b", coinbase.Id.ToString());
        Assert.True(coinbase.IsCoinbase);
        TxOut output = coinbase.OutputAt(0);
        Assert.Equal((50_00000000UL, ScriptKind.PubKey), (output.ValueSats, output.Kind));
        Assert.False(output.TryGetAddress(ChainId.Bitcoin, out _));
        Assert.True(ScriptAddress.TryGetKeyAddress(ChainId.Bitcoin, output.Script, out Address owner));
        Assert.Equal("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", owner.ToString());
    }

    [Fact]
    public void A_transaction_with_a_witness_has_two_names()
    {
        Transaction transaction = Transaction.Parse(SampleBlocks.Bip143());

        // Computed with Python's hashlib over the bytes without and with marker, flag and witness.
        Assert.Equal("e8151a2af31c368a35053ddd4bdb285a8595c769a3ad83e0fa02314a602d4609", transaction.Id.ToString());
        Assert.Equal(
            "c36c38370907df2324d9ce9d149d191192f338b37665a82e78e76a12c909b762", transaction.ComputeWitnessId().ToString());
        Assert.Equal((1, 17U, 2, 2, true), (transaction.Version, transaction.LockTime, transaction.InputCount, transaction.OutputCount, transaction.HasWitness));
        Assert.Equal((343, (3 * 233) + 343), (transaction.Length, transaction.WeightUnits));
        Assert.Equal(112340000UL, transaction.OutputAt(0).ValueSats);
        Assert.Throws<ArgumentOutOfRangeException>(() => transaction.OutputAt(2).ValueSats);
    }

    // Examples of Bitcoin Core's arith_uint256 tests; those it calls negative, zero or overflowing are no targets.
    [Theory]
    [InlineData(0x1D00FFFF, "00000000ffff0000000000000000000000000000000000000000000000000000")]
    [InlineData(0x02123400, "0000000000000000000000000000000000000000000000000000000000001234")]
    [InlineData(0x03123456, "0000000000000000000000000000000000000000000000000000000000123456")]
    [InlineData(0x04123456, "0000000000000000000000000000000000000000000000000000000012345600")]
    [InlineData(0x05009234, "0000000000000000000000000000000000000000000000000000000092340000")]
    [InlineData(0x20123456, "1234560000000000000000000000000000000000000000000000000000000000")]
    [InlineData(0x01123456, "0000000000000000000000000000000000000000000000000000000000000012")]
    [InlineData(0x00123456, null)]
    [InlineData(0x01003456, null)]
    [InlineData(0x04923456, null)]
    [InlineData(0x01FEDCBA, null)]
    [InlineData(0x04800000, null)]
    [InlineData(unchecked((int)0xFF123456), null)]
    [InlineData(0x22000100, null)]
    [InlineData(0x22000001, "0100000000000000000000000000000000000000000000000000000000000000")]
    public void A_target_has_a_compact_form(int bits, string? expected)
    {
        bool found = ProofOfWork.TryGetTarget(unchecked((uint)bits), out Hash256 target);
        Assert.Equal(expected, found ? target.ToString() : null);
    }

    [Fact]
    public void Work_is_missed_when_a_bit_of_the_header_changes()
    {
        byte[] bytes = SampleBlocks.Genesis();
        bytes[76] ^= 1;
        Assert.Equal(BlockFaults.ProofOfWork, Block.Parse(bytes).Check(ChainId.Bitcoin));
    }

    [Fact]
    public void A_target_that_a_chain_does_not_allow_is_no_work()
    {
        Hash256 tiny = new([1, .. new byte[31]]);
        Assert.True(ProofOfWork.Holds(tiny, 0x207FFFFF, ChainId.BitcoinRegtest));
        Assert.False(ProofOfWork.Holds(tiny, 0x207FFFFF, ChainId.Bitcoin));
        Assert.False(ProofOfWork.Holds(tiny, 0x1D010000, ChainId.BitcoinTestnet));
        Assert.True(ProofOfWork.Holds(tiny, 0x1E0377AE, ChainId.BitcoinSignet));
        Assert.Throws<ArgumentException>(() => ProofOfWork.Holds(tiny, 0x1D00FFFF, ChainId.Ethereum));
    }

    [Fact]
    public void A_list_with_its_end_repeated_has_the_same_root_and_is_found_out()
    {
        Transaction[] three = [SampleBlocks.Coinbase(1), SampleBlocks.Payment(2), SampleBlocks.Payment(3)];
        byte[] honest = SampleBlocks.Of(three);
        byte[] forged = SampleBlocks.Of([.. three, three[2]]);
        Assert.Equal(Block.Parse(honest).Hash, Block.Parse(forged).Hash);
        Assert.False(Block.Parse(honest).Check(ChainId.BitcoinRegtest).HasFlag(BlockFaults.RepeatedMerkleBranch));
        Assert.True(Block.Parse(forged).Check(ChainId.BitcoinRegtest).HasFlag(BlockFaults.RepeatedMerkleBranch));
    }

    [Fact]
    public void Six_leaves_and_eight_with_two_repeated_have_one_root()
    {
        Hash256[] leaves = [.. Enumerable.Range(1, 6).Select(i => new Hash256([(byte)i, .. new byte[31]]))];
        Hash256 root = MerkleTree.Root(leaves, out bool repeats);
        Assert.False(repeats);
        Assert.Equal(root, MerkleTree.Root([.. leaves, leaves[4], leaves[5]], out repeats));
        Assert.True(repeats);
    }

    [Fact]
    public void A_root_that_is_not_the_transactions_is_a_fault()
    {
        byte[] bytes = SampleBlocks.Of(SampleBlocks.Coinbase(1), SampleBlocks.Payment(2));
        bytes[36] ^= 1;
        Assert.True(Block.Parse(bytes).Check(ChainId.BitcoinRegtest).HasFlag(BlockFaults.MerkleRoot));
    }

    [Fact]
    public void Witnesses_are_committed_to()
    {
        Transaction paid = SampleBlocks.Payment(2, [1, 2, 3]);
        byte[] reserved = new byte[32];
        reserved[0] = 7;

        // BIP 141 by hand: the root over (zero, wtxid), then that and the reserved value.
        byte[] pair = new byte[64];
        paid.ComputeWitnessId().CopyTo(pair.AsSpan(32));
        byte[] commitment = Twice([.. Twice(pair), .. reserved]);
        byte[] script = [0x6A, 0x24, 0xAA, 0x21, 0xA9, 0xED, .. commitment];

        Assert.Equal(BlockFaults.None, Commitment(script, reserved, paid));
        Assert.Equal(BlockFaults.WitnessCommitment, Commitment(script, new byte[32], paid));
        Assert.Equal(BlockFaults.WitnessCommitment, Commitment(script, new byte[31], paid));
        Assert.Equal(BlockFaults.WitnessCommitment, Commitment(script, null, paid));
        Assert.Equal(BlockFaults.WitnessCommitment, Commitment(script, reserved, SampleBlocks.Payment(2, [1, 2, 4])));
        Assert.Equal(BlockFaults.UncommittedWitness, Commitment([0x51], null, paid));
        Assert.Equal(BlockFaults.None, Commitment([0x51], null, SampleBlocks.Payment(2)));
    }

    [Fact]
    public void Two_coinbases_of_one_id_are_listed()
    {
        RepeatedCoinbases repeated = new();
        foreach ((byte mark, int height) in ((byte, int)[])[(1, 10), (2, 11), (3, 12), (1, 13), (1, 14)])
        {
            repeated.Add(Block.Parse(SampleBlocks.Of(SampleBlocks.Coinbase(mark))), height);
        }

        TxHash id = SampleBlocks.Coinbase(1).Id;
        Assert.Equal([new RepeatedCoinbase(id, 10, 13), new RepeatedCoinbase(id, 13, 14)], repeated.Found);
        Assert.Equal([(91_812, 91_842), (91_722, 91_880)], RepeatedCoinbases.OnMainNetwork.Select(pair => (pair.FirstHeight, pair.Height)));
    }

    [Fact]
    public void The_median_of_times_is_the_middle_one()
    {
        Assert.Equal(6U, MedianTime.Of([11, 1, 10, 2, 9, 3, 8, 4, 7, 5, 6]));
        Assert.Equal(5U, MedianTime.Of([5]));
        Assert.Equal(5U, MedianTime.Of([5, 4]));
        Assert.Throws<ArgumentException>(() => MedianTime.Of([]));
        Assert.Throws<ArgumentException>(() => MedianTime.Of(new uint[12]));
    }

    [Fact]
    public void What_is_no_block_is_refused_with_its_place()
    {
        byte[] genesis = SampleBlocks.Genesis();
        Assert.Equal(genesis.Length, Refused([.. genesis, 0]).Offset);
        Assert.Equal(BlockHeader.ByteLength, Refused(genesis[..80]).Offset);
        Assert.Equal(0, Refused(genesis[..79]).Offset);
        Assert.Contains("no transactions", Refused([.. genesis[..80], 0]).Reason);
        Assert.Contains("do not fit", Refused([.. genesis[..80], 0xFE, 0xFF, 0xFF, 0xFF, 0xFF]).Reason);
        Assert.Contains("shortest form", Refused([.. genesis[..80], 0xFD, 1, 0, .. genesis[81..]]).Reason);
        Assert.Contains("no coinbase", Refused(SampleBlocks.Of(SampleBlocks.Payment(1))).Reason);
        Assert.Contains("second coinbase", Refused(SampleBlocks.Of(SampleBlocks.Coinbase(1), SampleBlocks.Coinbase(2))).Reason);
        Assert.Contains("at most", Refused(new byte[Block.MaxBytes + 1]).Reason);
    }

    [Fact]
    public void What_is_no_transaction_is_refused()
    {
        byte[] legacy = SampleBlocks.Payment(1).Bytes.ToArray();
        Assert.Equal(61, legacy.Length);
        Assert.Contains("without inputs", RefusedTransaction([.. legacy[..4], 0, 0, .. legacy[^4..]]).Reason);
        Assert.Contains("without inputs", RefusedTransaction([.. legacy[..4], 0, 2, .. legacy[4..]]).Reason);
        Assert.Contains("every input's is empty", RefusedTransaction([.. legacy[..4], 0, 1, .. legacy[4..^4], 0, .. legacy[^4..]]).Reason);

        byte[] rich = [.. legacy];
        BinaryPrimitives.WriteUInt64LittleEndian(rich.AsSpan(47), 2_100_000_000_000_001);
        Assert.Contains("21 million", RefusedTransaction(rich).Reason);
        BinaryPrimitives.WriteUInt64LittleEndian(rich.AsSpan(47), 2_100_000_000_000_000);
        Assert.Equal(2_100_000_000_000_000UL, Transaction.Parse(rich).OutputAt(0).ValueSats);
        for (int length = 0; length < legacy.Length; length++)
        {
            Assert.InRange(RefusedTransaction(legacy[..length]).Offset, 0, length);
        }
    }

    private static BlockFaults Commitment(byte[] script, byte[]? reserved, Transaction payment)
    {
        Transaction coinbase = new TransactionBuilder(1, 0)
            .AddInput(null, [1, 1], uint.MaxValue, reserved is null ? [] : [reserved])
            .AddOutput(50, script)
            .Build();
        BlockFaults work = BlockFaults.ProofOfWork;
        return Block.Parse(SampleBlocks.Of(coinbase, payment)).Check(ChainId.BitcoinRegtest) & ~work;
    }

    private static byte[] Twice(byte[] data) => SHA256.HashData(SHA256.HashData(data));

    private static BitcoinFormatException Refused(byte[] bytes) =>
        Assert.Throws<BitcoinFormatException>(() => Block.Parse(bytes));

    private static BitcoinFormatException RefusedTransaction(byte[] bytes) =>
        Assert.Throws<BitcoinFormatException>(() => Transaction.Parse(bytes));
}
