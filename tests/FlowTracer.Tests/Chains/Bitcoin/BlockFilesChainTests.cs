using System.Text.Json;
using FlowTracer.Chains.Bitcoin;
using FlowTracer.Chains.Bitcoin.Live;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Chains.Bitcoin;

/// <summary>Which blocks of a folder count, whatever state its files are in.</summary>
public sealed class BlockFilesChainTests
{
    // A target an eighth of the easiest: eight times the work.
    private const uint HarderBits = 0x200FFFFF;

    private static readonly List<byte[]> Chain = [MadeBlocks.Genesis(), .. MadeBlocks.Extend(MadeBlocks.Genesis(), 0, 12, mark: 0)];

    [Fact]
    public async Task Fewer_blocks_with_more_work_count()
    {
        List<byte[]> hard = MadeBlocks.Extend(Chain[4], 4, 3, mark: 1, HarderBits);
        using MadeFolder folder = new();
        folder.Write(0, MadeFolder.Records([.. Chain, .. hard]));
        BlockFilesRpc rpc = await folder.OpenAsync();
        await new SlowBlockReading([.. Chain[..5], .. hard]).CompareAsync(rpc);
        Assert.Equal(["blocks beside the chain, left out: 8"], await LimitsAsync(rpc));
        TxHash stale = Block.Parse(Chain[8])[0].Id;
        Assert.Equal(JsonValueKind.Null, (await SlowBlockReading.AskAsync(rpc, BitcoinCalls.PlaceOf(stale))).ValueKind);
    }

    [Fact]
    public async Task Of_equal_chains_the_one_whose_tip_stands_first_counts_however_often_they_are_read()
    {
        List<byte[]> left = MadeBlocks.Extend(Chain[4], 4, 2, mark: 1);
        List<byte[]> right = MadeBlocks.Extend(Chain[4], 4, 2, mark: 2);
        for (int run = 0; run < 20; run++)
        {
            bool isLeftFirst = run % 2 == 0;
            using MadeFolder folder = new();
            List<byte[]> first = isLeftFirst ? left : right;
            List<byte[]> second = isLeftFirst ? right : left;

            // Files of different length, so that cores are done with them in no certain order.
            folder.Write(2, MadeFolder.Records([first[0], second[0]]));
            folder.Write(3, [.. new byte[run * 50_000], .. MadeFolder.Record(first[1])]);
            folder.Write(4, MadeFolder.Record(second[1]));
            folder.Write(10, MadeFolder.Records(Chain[..5]));
            await new SlowBlockReading([.. Chain[..5], .. first]).CompareAsync(await folder.OpenAsync());
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_file_torn_at_any_byte_gives_every_block_before_the_tear(bool isObfuscated)
    {
        byte[] file = MadeFolder.Records(Chain[..4]);
        int[] ends = [.. Enumerable.Range(1, 4).Select(static count => MadeFolder.Records(Chain[..count]).Length)];
        for (int length = 0; length <= file.Length; length++)
        {
            using MadeFolder folder = new(isObfuscated);
            folder.Write(0, file[..length]);
            int whole = ends.Count(end => end <= length);
            if (whole == 0)
            {
                await Assert.ThrowsAsync<InputException>(() => folder.OpenAsync(ChainId.BitcoinRegtest));
                continue;
            }

            BlockFilesRpc rpc = await folder.OpenAsync(ChainId.BitcoinRegtest);
            Assert.Equal((ulong)whole - 1, await SlowBlockReading.HeightAsync(rpc));

            // And the rest is found when it is there.
            folder.Append(0, file[length..]);
            Assert.Equal(3UL, await SlowBlockReading.HeightAsync(rpc));
        }
    }

    [Fact]
    public async Task A_file_that_grows_is_read_on_and_the_chain_may_change_over()
    {
        List<byte[]> chain = MadeBlocks.RandomChain(8, 20);
        using MadeFolder folder = new(isObfuscated: true);
        folder.Write(0, MadeFolder.Records(chain[..10]));
        BlockFilesRpc rpc = await folder.OpenAsync();
        await new SlowBlockReading(chain[..10]).CompareAsync(rpc);

        // In two pieces, with room set aside behind.
        byte[] record = MadeFolder.Record(chain[10]);
        folder.Append(0, record[..50]);
        Assert.Equal(9UL, await SlowBlockReading.HeightAsync(rpc));
        folder.Append(0, record[50..]);
        folder.Append(1, MadeFolder.Record(chain[11]));
        await new SlowBlockReading(chain[..12]).CompareAsync(rpc);

        // A branch that forks at 8 and becomes longer, then the first one again.
        List<byte[]> branch = MadeBlocks.Extend(chain[8], 8, 5, mark: 4);
        folder.Append(1, MadeFolder.Records(branch));
        await new SlowBlockReading([.. chain[..9], .. branch]).CompareAsync(rpc);
        folder.Append(1, MadeFolder.Records(chain[13..]));
        await new SlowBlockReading([.. chain[..9], .. branch]).CompareAsync(rpc);
        folder.Append(2, MadeFolder.Record(chain[12]));
        await new SlowBlockReading(chain).CompareAsync(rpc);
        Assert.Equal(["blocks beside the chain, left out: 5"], await LimitsAsync(rpc));
    }

    [Fact]
    public async Task A_block_written_into_room_that_was_set_aside_is_found()
    {
        using MadeFolder folder = new();
        byte[] file = [.. MadeFolder.Records(Chain[..3]), .. new byte[200_000]];
        folder.Write(0, file);
        BlockFilesRpc rpc = await folder.OpenAsync();
        Assert.Equal(2UL, await SlowBlockReading.HeightAsync(rpc));
        MadeFolder.Records(Chain[..5]).CopyTo(file, 0);
        folder.Write(0, file);
        Assert.Equal(4UL, await SlowBlockReading.HeightAsync(rpc));
    }

    [Fact]
    public async Task Rubbish_between_records_and_records_that_died_are_passed_over()
    {
        byte[] damaged = [.. Chain[5]];
        damaged[^20] ^= 1; // a transaction that the merkle root does not know
        byte[] workless = [.. Chain[5]];
        do
        {
            workless[76]++;
        }
        while (BlockHeader.Parse(workless).HasProofOfWork(ChainId.BitcoinRegtest));

        using MadeFolder folder = new();
        folder.Write(0,
        [
            .. MadeFolder.Records(Chain[..3]),
            .. "no block at all"u8,
            .. MadeFolder.Record(Chain[3])[..60], // swallows the beginning of the next
            .. MadeFolder.Record(Chain[3]),
            .. new byte[1000],
            .. MadeFolder.Record(damaged),
            .. MadeFolder.Record(workless),
            .. MadeFolder.RegtestMagic, 0x00, 0x09, 0x3D, 0x00, // a record of 4,000,000 bytes, longer than the file
            .. MadeFolder.Record(Chain[4]),
            .. MadeFolder.RegtestMagic, 0x90, 0, 0, 0, 1, 2, 3, // the last one is still being written
        ]);
        BlockFilesRpc rpc = await folder.OpenAsync();
        await new SlowBlockReading(Chain[..5]).CompareAsync(rpc);
        Assert.Equal(["records that are no whole block, left out: 4"], await LimitsAsync(rpc));
    }

    [Fact]
    public async Task A_file_of_random_bytes_is_no_block_file_and_harms_no_other()
    {
        byte[] noise = new byte[300_000];
        new Random(12).NextBytes(noise);
        using MadeFolder folder = new();
        folder.Write(0, noise);
        InputException fault = await Assert.ThrowsAsync<InputException>(() => folder.OpenAsync());
        Assert.Contains("blk00000.dat: it begins with no block of a known Bitcoin network", fault.Message);
        fault = await Assert.ThrowsAsync<InputException>(() => folder.OpenAsync(ChainId.BitcoinRegtest));
        Assert.Contains("no file in it holds a block of bitcoin-regtest", fault.Message);

        folder.Write(1, MadeFolder.Records(Chain));
        await new SlowBlockReading(Chain).CompareAsync(await folder.OpenAsync());
    }

    [Fact]
    public async Task What_cannot_be_used_is_said_in_one_line()
    {
        using MadeFolder folder = new();
        await RefusedAsync(folder.PathOf("nowhere"), null, "nowhere: there is no such folder");
        await RefusedAsync(folder.Path, null, "there is no block file");
        File.WriteAllBytes(folder.PathOf("blk.dat"), [1]);
        File.WriteAllBytes(folder.PathOf("blkindex.dat"), [1]);
        await RefusedAsync(folder.Path, null, "there is no block file");

        folder.Write(0, MadeFolder.Records(Chain));
        await RefusedAsync(folder.Path, ChainId.Bitcoin, "blk00000.dat: it holds blocks of bitcoin-regtest, not of bitcoin");
        Assert.Equal(ChainId.BitcoinRegtest, BlockFilesRpc.ChainOf(folder.Path));

        File.WriteAllBytes(folder.PathOf("xor.dat"), [1, 2, 3]);
        await RefusedAsync(folder.Path, null, "xor.dat: the key of a block file has 8 bytes, not 3");
        File.Delete(folder.PathOf("xor.dat"));

        // Another network of the same magic.
        byte[] other = MadeBlocks.Mine(Hash256.Zero, MadeBlocks.EasiestBits, 1, MadeBlocks.Coinbase(null, 1));
        folder.Write(0, MadeFolder.Records([other, .. MadeBlocks.Extend(other, 0, 2, mark: 0)]));
        await RefusedAsync(folder.Path, null, "it holds another network's first block");

        folder.Write(0, MadeFolder.Records(Chain));
        File.CreateSymbolicLink(folder.PathOf("blk00001.dat"), folder.PathOf("gone"));
        await RefusedAsync(folder.Path, null, "blk00001.dat: cannot be read");
    }

    [Fact]
    public async Task Heights_stated_in_coinbases_must_agree_along_a_run()
    {
        // Without its parent, so that only the coinbases say how high it is.
        byte[] lost = MadeBlocks.Mine(new Hash256([7, .. new byte[31]]), MadeBlocks.EasiestBits, 4, MadeBlocks.Coinbase(299, 0));
        List<byte[]> run = MadeBlocks.Extend(lost, 299, 3, mark: 0);
        using MadeFolder folder = new();
        folder.Write(0, MadeFolder.Records(run));
        BlockFilesRpc rpc = await folder.OpenAsync();
        Assert.Equal(302UL, await SlowBlockReading.HeightAsync(rpc));
        Assert.Equal(["only blocks 300 to 302 are there"], await LimitsAsync(rpc));

        // A block that states another height than its parent's next cannot stand on it, nor what stands on it.
        folder.Append(0, MadeFolder.Records(MadeBlocks.Extend(run[2], 400, 5, mark: 0)));
        Assert.Equal(302UL, await SlowBlockReading.HeightAsync(rpc));

        // Of two runs the one with more work counts, and the first block is no reason to prefer less.
        folder.Append(0, MadeFolder.Records(Chain[..3]));
        Assert.Equal(302UL, await SlowBlockReading.HeightAsync(rpc));
        folder.Append(0, MadeFolder.Records(Chain[3..]));
        Assert.Equal(12UL, await SlowBlockReading.HeightAsync(rpc));
    }

    [Fact]
    public async Task A_run_before_heights_were_stated_has_none()
    {
        byte[] parent = MadeBlocks.Mine(new Hash256([7, .. new byte[31]]), MadeBlocks.EasiestBits, 1, MadeBlocks.Coinbase(299, 0));
        using MadeFolder folder = new();
        folder.Write(0, MadeFolder.Record(parent));
        InputException fault = await Assert.ThrowsAsync<InputException>(() => folder.OpenAsync());
        Assert.Contains("no block's height can be known", fault.Message);

        // On this network all blocks state theirs, so one behind a block that does not is of no use either.
        folder.Append(0, MadeFolder.Records(MadeBlocks.Extend(parent, 299, 2, mark: 0)));
        await Assert.ThrowsAsync<InputException>(() => folder.OpenAsync());
    }

    [NeedsDataFact(RealBlocks.FolderName)]
    public async Task On_the_main_chain_the_first_block_that_must_state_its_height_names_the_one_before()
    {
        byte[] before = Assert.Single(RealBlocks.Read("bitcoinj_block227835.dat"));
        byte[] after = Assert.Single(RealBlocks.Read("bitcoinj_block227836.dat"));
        using MadeFolder folder = new();
        folder.Write(0, MadeFolder.Records([after, before], MadeFolder.MainMagic));
        BlockFilesRpc rpc = await folder.OpenAsync();
        Assert.Equal(227_836UL, await SlowBlockReading.HeightAsync(rpc));
        Assert.Equal(["only blocks 227835 to 227836 are there"], await LimitsAsync(rpc));
    }

    [Fact]
    public async Task Progress_ends_with_all_bytes_and_reading_can_be_stopped()
    {
        using MadeFolder folder = new();
        folder.Write(0, MadeFolder.Records(Chain[..6]));
        folder.Write(1, [.. MadeFolder.Records(Chain[6..]), .. new byte[20_000_000]]);
        Reports reports = new();
        await BlockFilesRpc.OpenAsync(folder.Path, null, reports, CancellationToken.None);
        long total = MadeFolder.Records(Chain).Length + 20_000_000;
        Assert.Equal(new BlockFilesProgress(total, total), reports.Last);

        using CancellationTokenSource stop = new();
        Stopper stopper = new(stop);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => BlockFilesRpc.OpenAsync(folder.Path, null, stopper, stop.Token));
    }

    // Bitcoin Core's own figure for the first block of the main chain is 0x100010001; half of all hashes meet the
    // private network's target, so a block takes two.
    [Theory]
    [InlineData(0x1D00FFFFU, 0x100010001L)]
    [InlineData(0x207FFFFFU, 2L)]
    [InlineData(0x200FFFFFU, 16L)]
    public void Work_is_how_many_hashes_a_target_takes(uint bits, long expected) => Assert.Equal(expected, BestChain.WorkOf(bits));

    private static async Task<string[]> LimitsAsync(BlockFilesRpc rpc)
    {
        JsonElement about = await SlowBlockReading.AskAsync(rpc, BitcoinCalls.AboutSource());
        return [.. about.GetProperty("Limits").EnumerateArray().Select(static limit => limit.GetString()!)];
    }

    private static async Task RefusedAsync(string folder, ChainId? chain, string expected)
    {
        InputException fault = await Assert.ThrowsAsync<InputException>(
            () => BlockFilesRpc.OpenAsync(folder, chain, null, CancellationToken.None));
        Assert.Contains(expected, fault.Message);
        Assert.DoesNotContain('\n', fault.Message);
    }

    private sealed class Reports : IProgress<BlockFilesProgress>
    {
        private readonly Lock _lock = new();

        public BlockFilesProgress Last { get; private set; }

        public void Report(BlockFilesProgress value)
        {
            lock (_lock)
            {
                Last = value.BytesRead > Last.BytesRead ? value : Last;
            }
        }
    }

    // Cancels at the first report, before the folder is indexed.
    private sealed class Stopper(CancellationTokenSource stop) : IProgress<BlockFilesProgress>
    {
        public void Report(BlockFilesProgress value) => stop.Cancel();
    }
}
