using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using FlowTracer.Chains.Bitcoin;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Chains.Bitcoin;

public sealed partial class RealBlockTests
{
    [NeedsDataFact(RealBlocks.FolderName)]
    public void Every_block_decodes_holds_together_and_comes_out_as_the_same_bytes()
    {
        int files = 0;
        foreach (string file in RealBlocks.Files())
        {
            int blocks = 0;
            foreach (byte[] bytes in RealBlocks.Read(file))
            {
                Block block = Block.Parse(bytes);
                Assert.True(block.Check(ChainId.Bitcoin) == BlockFaults.None, $"{file}: {block.Hash} {block.Check(ChainId.Bitcoin)}");
                ArrayBufferWriter<byte> written = new(bytes.Length);
                new BitcoinWriter(written).Write(block);
                Assert.True(written.WrittenSpan.SequenceEqual(bytes), $"{file}: {block.Hash}");
                if (HashInName().Match(file) is { Success: true } name)
                {
                    Assert.StartsWith(name.Value, block.Hash.ToString());
                }

                blocks++;
            }

            Assert.True(blocks > 0, file);
            files++;
        }

        Assert.Equal(29, files);
    }

    [NeedsDataFact(RealBlocks.FolderName)]
    public void A_node_s_answer_agrees_with_the_block_in_it()
    {
        const string file = "electrumx_bitcoin_mainnet_951658.json";
        Block block = Block.Parse(Assert.Single(RealBlocks.Read(file)));
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(RealBlocks.PathOf(file)));
        JsonElement root = json.RootElement;

        Assert.Equal(root.GetProperty("hash").GetString(), block.Hash.ToString());
        Assert.Equal(root.GetProperty("previousblockhash").GetString(), block.Header.Previous.ToString());
        Assert.Equal(root.GetProperty("version").GetInt32(), block.Header.Version);
        Assert.Equal(root.GetProperty("time").GetUInt32(), block.Header.Time);
        Assert.Equal(root.GetProperty("nonce").GetUInt32(), block.Header.Nonce);
        Assert.Equal(root.GetProperty("bits").GetString(), block.Header.Bits.ToString("x8"));
        Assert.True(ProofOfWork.TryGetTarget(block.Header.Bits, out Hash256 target));
        Assert.Equal(root.GetProperty("target").GetString(), target.ToString());
        Assert.Equal(root.GetProperty("size").GetInt32(), block.Bytes.Length);
        Assert.Equal(
            root.GetProperty("tx").EnumerateArray().Select(id => id.GetString()), Transactions(block).Select(tx => tx.Id.ToString()));

        // A block's weight is that of its transactions, and four for each byte of header and count.
        int weight = (4 * (BlockHeader.ByteLength + 3)) + Transactions(block).Sum(tx => tx.WeightUnits);
        Assert.Equal(root.GetProperty("weight").GetInt32(), weight);
    }

    [NeedsDataFact(RealBlocks.FolderName)]
    public void Published_fields_of_block_131025_are_those_decoded()
    {
        Block block = Block.Parse(Assert.Single(RealBlocks.Read("bitcoinruby_rawblock-131025.bin")));
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(RealBlocks.PathOf("bitcoinruby_rawblock-131025.json")));
        JsonElement root = json.RootElement;
        Assert.Equal(root.GetProperty("hash").GetString(), block.Hash.ToString());
        Assert.Equal(root.GetProperty("mrkl_root").GetString(), block.Header.MerkleRoot.ToString());
        Assert.Equal(root.GetProperty("size").GetInt32(), block.Bytes.Length);
        Assert.Equal(root.GetProperty("n_tx").GetInt32(), block.TransactionCount);

        int index = 0;
        foreach (JsonElement expected in root.GetProperty("tx").EnumerateArray())
        {
            Transaction transaction = block[index++];
            Assert.Equal(expected.GetProperty("hash").GetString(), transaction.Id.ToString());
            Assert.Equal(expected.GetProperty("ver").GetInt32(), transaction.Version);
            Assert.Equal(expected.GetProperty("lock_time").GetUInt32(), transaction.LockTime);
            Assert.Equal(expected.GetProperty("size").GetInt32(), transaction.Length);
            Assert.Equal(transaction.IsCoinbase, index == 1);
            AssertInputs(expected.GetProperty("in"), transaction);
            AssertValues(expected.GetProperty("out"), transaction);
        }
    }

    [NeedsDataFact(RealBlocks.FolderName)]
    public void Published_ids_add_up_to_published_roots_and_hashes()
    {
        foreach (string file in (string[])["bitcoinruby_056b.json", "bitcoinruby_rawblock-131025.json", "nbitcoin_Block1.json"])
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllText(RealBlocks.PathOf(file), Encoding.UTF8));
            JsonElement root = json.RootElement;
            Hash256[] ids = [.. root.GetProperty("tx").EnumerateArray().Select(tx => Hash(tx.GetProperty("hash")))];
            Assert.Equal(Hash(root.GetProperty("mrkl_root")), MerkleTree.Root(ids, out bool repeats));
            Assert.False(repeats);

            BlockHeader header = new(
                root.GetProperty("ver").GetInt32(),
                Hash(root.GetProperty("prev_block")),
                Hash(root.GetProperty("mrkl_root")),
                root.GetProperty("time").GetUInt32(),
                root.GetProperty("bits").GetUInt32(),
                root.GetProperty("nonce").GetUInt32());
            Assert.Equal(Hash(root.GetProperty("hash")), header.ComputeHash());
            Assert.True(header.HasProofOfWork(ChainId.Bitcoin));
        }
    }

    [NeedsDataFact(RealBlocks.FolderName)]
    public void The_first_4313_blocks_are_one_chain_whose_times_do_not_always_rise()
    {
        Block[] blocks = [.. RealBlocks.Read("jeffchan_blk00000.dat").Select(bytes => Block.Parse(bytes))];
        Assert.Equal(4313, blocks.Length);
        RepeatedCoinbases repeated = new();
        int falls = 0;
        uint lastMedian = 0;
        for (int height = 0; height < blocks.Length; height++)
        {
            Hash256 parent = height == 0 ? Hash256.Zero : blocks[height - 1].Hash;
            Assert.Equal(parent, blocks[height].Header.Previous);
            falls += height > 0 && blocks[height].Header.Time < blocks[height - 1].Header.Time ? 1 : 0;
            uint[] times = [.. blocks[Math.Max(0, height - 10)..(height + 1)].Select(block => block.Header.Time)];
            uint median = MedianTime.Of(times);
            Assert.True(median >= lastMedian, $"height {height}");
            lastMedian = median;
            repeated.Add(blocks[height], height);
        }

        // Counted from the same file with a few lines of Python.
        Assert.Equal(FallsInTheFirstBlocks, falls);
        Assert.Empty(repeated.Found);
    }

    [NeedsDataFact(RealBlocks.FolderName)]
    public void Block_574200_holds_the_transactions_it_is_known_for()
    {
        Block block = Block.Parse(Assert.Single(RealBlocks.Read(
            "btcd_0000000000000000001602407ac49862a7bca9d00f7f402db20b7be2f5de59d2.blk")));
        Dictionary<TxHash, int> places = [];
        for (int i = 0; i < block.TransactionCount; i++)
        {
            places.Add(block[i].Id, i);
        }

        int spentInside = 0;
        for (int i = 1; i < block.TransactionCount; i++)
        {
            foreach (TxIn input in block[i].Inputs)
            {
                spentInside += places.ContainsKey(input.Spends.Tx) ? 1 : 0;
            }
        }

        Assert.Equal(971, spentInside);
        Assert.Contains(places.Keys, id => id.ToString().StartsWith("fab6334b", StringComparison.Ordinal));
        Assert.Contains(places.Keys, id => id.ToString().StartsWith("1403abb5", StringComparison.Ordinal));
    }

    private const int FallsInTheFirstBlocks = 3;

    private static IEnumerable<Transaction> Transactions(Block block) =>
        Enumerable.Range(0, block.TransactionCount).Select(i => block[i]);

    private static Hash256 Hash(JsonElement text)
    {
        Assert.True(Hash256.TryParse(text.GetString(), out Hash256 hash));
        return hash;
    }

    private static void AssertInputs(JsonElement expected, Transaction transaction)
    {
        Assert.Equal(expected.GetArrayLength(), transaction.InputCount);
        foreach (TxIn input in transaction.Inputs)
        {
            JsonElement source = expected[input.Index].GetProperty("prev_out");
            if (!input.IsCoinbase)
            {
                Assert.Equal(source.GetProperty("hash").GetString(), input.Spends.Tx.ToString());
                Assert.Equal(source.GetProperty("n").GetUInt32(), input.Spends.Index);
            }
            else
            {
                Assert.Equal(expected[0].GetProperty("coinbase").GetString(), Convert.ToHexStringLower(input.Script));
            }
        }
    }

    private static void AssertValues(JsonElement expected, Transaction transaction)
    {
        Assert.Equal(expected.GetArrayLength(), transaction.OutputCount);
        foreach (TxOut output in transaction.Outputs)
        {
            // Written with eight digits behind the point, so without it they are satoshi.
            string value = expected[output.Index].GetProperty("value").GetString()!;
            Assert.Equal(ulong.Parse(value.Replace(".", string.Empty, StringComparison.Ordinal)), output.ValueSats);
        }
    }

    [GeneratedRegex("0{8}[0-9a-f]{56,}")]
    private static partial Regex HashInName();
}
