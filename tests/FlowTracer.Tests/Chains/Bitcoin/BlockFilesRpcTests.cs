using System.Text.Json;
using FlowTracer.Chains.Bitcoin;
using FlowTracer.Chains.Bitcoin.Live;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Tests.Chains.Bitcoin;

/// <summary>What a folder of block files answers, against <see cref="SlowBlockReading"/>.</summary>
public sealed class BlockFilesRpcTests
{
    // With few bits nearly every fingerprint is that of many things.
    [Theory]
    [InlineData(1, false, Fingerprints.MostBits)]
    [InlineData(2, true, Fingerprints.MostBits)]
    [InlineData(3, false, 3)]
    [InlineData(4, true, 1)]
    public async Task Answers_are_those_of_a_slow_reading(int seed, bool isObfuscated, int bits)
    {
        List<byte[]> chain = MadeBlocks.RandomChain(seed, 40);
        Random random = new(seed);
        using MadeFolder folder = new(isObfuscated);
        byte[][] records =
        [
            .. chain,
            .. MadeBlocks.Extend(chain[20], 20, 5, mark: 1), // a stale branch
            .. chain[3..7], // copies
            .. MadeBlocks.Extend(MadeBlocks.Extend(chain[30], 30, 1, mark: 2)[0], 31, 3, mark: 3), // without their parent
        ];
        random.Shuffle(records);
        for (int file = 0; file < 4; file++)
        {
            folder.Write(file, MadeFolder.Records(records.Where((_, i) => i % 4 == file)));
        }

        BlockFilesRpc rpc = await BlockFilesRpc.OpenAsync(folder.Path, null, new Fingerprints(bits), null, CancellationToken.None);
        SlowBlockReading slow = new(chain);
        Assert.True(slow.CoinCount > 200, $"{slow.CoinCount} coins");
        await slow.CompareAsync(rpc);
        Assert.Equal(
            "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206",
            (await SlowBlockReading.AskAsync(rpc, BitcoinCalls.GenesisHash())).GetString());
    }

    [NeedsDataFact(RealBlocks.FolderName)]
    public async Task The_first_439_blocks_answer_as_a_slow_reading_does()
    {
        using MadeFolder folder = new();
        byte[][] blocks = [.. RealBlocks.Read("bitcoinj_first-100k-blocks.dat")];
        folder.Write(0, MadeFolder.Records(blocks[200..], MadeFolder.MainMagic));
        folder.Write(1, MadeFolder.Records(blocks[..200].Reverse(), MadeFolder.MainMagic));
        BlockFilesRpc rpc = await folder.OpenAsync();
        Assert.Equal(ChainId.Bitcoin, rpc.Chain);
        await new SlowBlockReading(blocks).CompareAsync(rpc, mostScripts: 60);

        // The first payment of bitcoin to somebody else, in block 170, spends the coin of block 9.
        OutPoint coin = new(IdOf("0437cd7f8525ceed2324359c2d0ba26006d92d856a9c20fa0241106ee5a597c9"), 0);
        JsonElement spender = await SlowBlockReading.AskAsync(rpc, BitcoinCalls.SpenderOf(new SpenderQuestion(coin, [], 9, 438)));
        Assert.Equal(
            "f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16",
            Transaction.Parse(Convert.FromHexString(spender.GetString()!)).Id.ToString());
    }

    [NeedsDataFact(RealBlocks.FolderName)]
    public async Task The_first_4313_blocks_answer_as_a_slow_reading_does()
    {
        using MadeFolder folder = new(isObfuscated: true);
        byte[][] blocks = [.. RealBlocks.Read("jeffchan_blk00000.dat")];
        folder.Write(0, MadeFolder.Records(blocks, MadeFolder.MainMagic));
        BlockFilesRpc rpc = await folder.OpenAsync(ChainId.Bitcoin);
        await new SlowBlockReading(blocks).CompareAsync(rpc, mostScripts: 5);
    }

    [NeedsDataFact(RealBlocks.FolderName)]
    public async Task Blocks_of_another_publisher_join_the_first_block()
    {
        using MadeFolder folder = new();
        byte[][] blocks = [.. RealBlocks.Read("btcd_blocks1-256.bz2")];
        folder.Write(0, MadeFolder.Records(blocks, MadeFolder.MainMagic));

        // Blocks of version 1 state no height.
        InputException fault = await Assert.ThrowsAsync<InputException>(() => folder.OpenAsync());
        Assert.Contains("no block's height can be known", fault.Message);

        folder.Write(7, MadeFolder.Record(SampleBlocks.Genesis(), MadeFolder.MainMagic));
        await new SlowBlockReading([SampleBlocks.Genesis(), .. blocks]).CompareAsync(await folder.OpenAsync(), mostScripts: 10);
    }

    [Fact]
    public async Task A_run_that_does_not_reach_the_first_block_says_what_it_cannot_know()
    {
        List<byte[]> chain = MadeBlocks.RandomChain(5, 40);
        using MadeFolder folder = new();
        folder.Write(0, MadeFolder.Records(chain[20..]));
        BlockFilesRpc rpc = await folder.OpenAsync();
        await new SlowBlockReading(chain[20..], first: 20).CompareAsync(rpc);

        JsonElement about = await SlowBlockReading.AskAsync(rpc, BitcoinCalls.AboutSource());
        Assert.Equal("block files", about.GetProperty("Kind").GetString());
        Assert.Equal(["only blocks 20 to 39 are there"], about.GetProperty("Limits").EnumerateArray().Select(static limit => limit.GetString()));

        Block last = Block.Parse(chain[39]);
        OutPoint coin = new(last[0].Id, 0);
        Assert.Equal(
            "the block files hold the blocks 20 to 39; missing: 10 to 19",
            await SlowBlockReading.RefusedAsync(rpc, BitcoinCalls.SpenderOf(new SpenderQuestion(coin, [], 10, 39))));
        Assert.Equal(
            "the block files hold the blocks 20 to 39; missing: 19 and 40 to 50",
            await SlowBlockReading.RefusedAsync(rpc, BitcoinCalls.SpenderOf(new SpenderQuestion(coin, [], 19, 50))));
        Assert.Equal(
            "the block files hold the blocks 20 to 39; missing: 40",
            await SlowBlockReading.RefusedAsync(rpc, BitcoinCalls.FeesAt(40)));

        TxHash absent = Block.Parse(chain[3])[0].Id;
        foreach (RpcCall call in (RpcCall[])[BitcoinCalls.HeaderAt(19), BitcoinCalls.RawOf(absent), BitcoinCalls.PlaceOf(absent)])
        {
            Assert.Equal("only blocks 20 to 39 are there", await SlowBlockReading.RefusedAsync(rpc, call));
        }

        Assert.Contains("do not hold the transaction", await SlowBlockReading.RefusedAsync(rpc, BitcoinCalls.SpendsOf(absent)));
    }

    [Fact]
    public async Task What_a_part_of_the_blocks_lacks_the_next_source_is_asked_for()
    {
        List<byte[]> chain = MadeBlocks.RandomChain(5, 40);
        using MadeFolder part = new();
        part.Write(0, MadeFolder.Records(chain[20..]));
        using MadeFolder whole = new();
        whole.Write(0, MadeFolder.Records(chain));
        FailoverRpc both = new([await part.OpenAsync(), await whole.OpenAsync()], TimeProvider.System);

        Block early = Block.Parse(chain[3]);
        RpcAnswer header = await both.AskAsync(BitcoinCalls.HeaderAt(3), CancellationToken.None);
        Assert.Equal(Convert.ToHexStringLower(chain[3][..80]), header.Result.GetString());
        RpcAnswer raw = await both.AskAsync(BitcoinCalls.RawOf(early[0].Id), CancellationToken.None);
        Assert.Equal(Convert.ToHexStringLower(early[0].Bytes), raw.Result.GetString());
        RpcAnswer place = await both.AskAsync(BitcoinCalls.PlaceOf(early[0].Id), CancellationToken.None);
        Assert.Equal(3, place.Result.GetProperty("height").GetInt32());

        // Behind the end there is nothing to go on for: the part ends where the whole does.
        RpcAnswer none = await both.AskAsync(BitcoinCalls.HeaderAt(40), CancellationToken.None);
        Assert.Equal((null, JsonValueKind.Null), (none.Error, none.Result.ValueKind));
    }

    [NeedsDataFact(RealBlocks.FolderName)]
    public async Task Block_574200_alone_knows_who_spends_what_inside_it()
    {
        byte[] bytes = Assert.Single(RealBlocks.Read("btcd_0000000000000000001602407ac49862a7bca9d00f7f402db20b7be2f5de59d2.blk"));
        using MadeFolder folder = new();
        folder.Write(0, MadeFolder.Record(bytes, MadeFolder.MainMagic));
        BlockFilesRpc rpc = await folder.OpenAsync();
        Assert.Equal(574_200UL, await SlowBlockReading.HeightAsync(rpc));
        JsonElement about = await SlowBlockReading.AskAsync(rpc, BitcoinCalls.AboutSource());
        Assert.Equal(["only blocks 574200 to 574200 are there"], about.GetProperty("Limits").EnumerateArray().Select(static limit => limit.GetString()));

        Block block = Block.Parse(bytes);
        int spentInside = 0;
        for (int i = 0; i < block.TransactionCount; i++)
        {
            for (uint index = 0; index < block[i].OutputCount; index++)
            {
                SpenderQuestion question = new(new OutPoint(block[i].Id, index), [], 574_200, 574_200);
                JsonElement spender = await SlowBlockReading.AskAsync(rpc, BitcoinCalls.SpenderOf(question));
                spentInside += spender.ValueKind == JsonValueKind.String ? 1 : 0;
            }
        }

        // As the issue that asked for this counts them.
        Assert.Equal(971, spentInside);
    }

    [Fact]
    public async Task Many_questions_at_once_get_the_answers_they_get_alone()
    {
        List<byte[]> chain = MadeBlocks.RandomChain(6, 120);
        using MadeFolder folder = new();
        folder.Write(0, MadeFolder.Records(chain[..100]));
        BlockFilesRpc rpc = await folder.OpenAsync();
        List<RpcCall> calls = [];
        foreach (Block block in chain[..100].Select(static bytes => Block.Parse(bytes)))
        {
            for (int i = 0; i < block.TransactionCount; i++)
            {
                calls.Add(BitcoinCalls.PlaceOf(block[i].Id));
                calls.Add(BitcoinCalls.SpendsOf(block[i].Id));
                calls.Add(BitcoinCalls.SpenderOf(new SpenderQuestion(new OutPoint(block[i].Id, 0), [], 0, 99)));
                calls.Add(BitcoinCalls.HistoryOf(block[i].OutputAt(0).Script.ToArray(), 99));
            }
        }

        string[] alone = [.. (await OneByOneAsync(rpc, calls)).Select(static answer => answer.Result.GetRawText())];
        BlockFilesRpc fresh = await folder.OpenAsync();
        Task<RpcAnswer>[] together = [.. calls.Select(call => fresh.AskAsync(call, CancellationToken.None))];
        foreach (byte[] block in chain[100..])
        {
            folder.Append(0, MadeFolder.Record(block));
            await SlowBlockReading.HeightAsync(fresh);
        }

        Assert.Equal(alone, (await Task.WhenAll(together)).Select(static answer => answer.Result.GetRawText()));
        await new SlowBlockReading(chain).CompareAsync(fresh);
    }

    [Fact]
    public async Task A_block_that_is_no_longer_there_is_a_fault_of_the_source()
    {
        List<byte[]> chain = MadeBlocks.RandomChain(7, 50);
        using MadeFolder folder = new();
        folder.Write(0, MadeFolder.Records(chain));
        BlockFilesRpc rpc = await folder.OpenAsync();
        folder.Write(0, new byte[MadeFolder.Records(chain).Length]);
        SourceException fault = await Assert.ThrowsAsync<SourceException>(
            () => rpc.AskAsync(BitcoinCalls.RawOf(Block.Parse(chain[9])[0].Id), CancellationToken.None));
        Assert.Contains("blk00000.dat has changed", fault.Message);

        File.Delete(folder.PathOf("blk00000.dat"));
        fault = await Assert.ThrowsAsync<SourceException>(
            () => rpc.AskAsync(BitcoinCalls.RawOf(Block.Parse(chain[9])[0].Id), CancellationToken.None));
        Assert.Contains("blk00000.dat cannot be read", fault.Message);
        fault = await Assert.ThrowsAsync<SourceException>(() => rpc.AskAsync(BitcoinCalls.HeightNow(), CancellationToken.None));
        Assert.Contains("no block file", fault.Message);

        // What comes back is read anew.
        folder.Write(3, MadeFolder.Records(chain[..30]));
        await new SlowBlockReading(chain[..30]).CompareAsync(rpc);
    }

    private static async Task<List<RpcAnswer>> OneByOneAsync(BlockFilesRpc rpc, List<RpcCall> calls)
    {
        List<RpcAnswer> answers = [];
        foreach (RpcCall call in calls)
        {
            answers.Add(await rpc.AskAsync(call, CancellationToken.None));
        }

        return answers;
    }

    private static TxHash IdOf(string text)
    {
        Assert.True(TxHash.TryParse(ChainFamily.Utxo, text, out TxHash id, out _));
        return id;
    }
}
