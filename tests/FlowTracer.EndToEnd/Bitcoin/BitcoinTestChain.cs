using System.Text.Json;

namespace FlowTracer.EndToEnd.Bitcoin;

/// <summary>A block that a test mined.</summary>
/// <param name="Height">Its height.</param>
/// <param name="Hash">Its hash, as people write it.</param>
/// <param name="Header">Its 80 bytes.</param>
/// <param name="Transactions">All of them, the coinbase first.</param>
internal sealed record TestBlock(int Height, string Hash, byte[] Header, IReadOnlyList<TestTx> Transactions)
{
    /// <summary>All its bytes.</summary>
    public byte[] Bytes => new TestBytes().Raw(Header).Size(Transactions.Count)
        .Raw([.. Transactions.SelectMany(transaction => transaction.Bytes)]).ToArray();
}

/// <summary>
/// The chain of a test node. The blocks are made here, ten minutes apart, with the transactions in the order a test
/// names them, and the node judges them: a block it refuses fails the test. It depends on nothing but the story, so that
/// ids are the same in every run. The first 440 blocks pay <see cref="Miner"/>; witnesses are in force from 432 on.
/// </summary>
internal sealed class BitcoinTestChain
{
    /// <summary>The height at which a test's own story begins.</summary>
    public const int Beginning = 440;

    /// <summary>One bitcoin in satoshi.</summary>
    public const ulong Bitcoin = 100_000_000;

    // Three windows of 144 blocks: one to begin, one that signals, one that is locked in (BIP 9).
    private const int FirstWitness = 432;
    private const int HalvingBlocks = 150;
    private const int MaturityBlocks = 100;
    private const uint EasiestBits = 0x207FFFFF;
    // 2020-09-13T12:26:40Z: P2SH is in force by the clock of the blocks (BIP 16).
    private const uint FirstTime = 1_600_000_000;
    private const uint BlockSeconds = 600;

    private readonly BcoinNode _node;
    private readonly List<TestBlock?> _blocks = [null];
    private readonly string _genesis;
    private int _nextReward = 1;
    private int _branches;

    private BitcoinTestChain(BcoinNode node, string genesis) => (_node, _genesis) = (node, genesis);

    /// <summary>Who gets the new coins.</summary>
    public static TestWallet Miner { get; } = new("the miner");

    /// <summary>The newest block's height.</summary>
    public int Height => _blocks.Count - 1;

    /// <summary>The first block's hash.</summary>
    public string Genesis => _genesis;

    /// <summary>All blocks by height; null for the first, which no test made.</summary>
    public IReadOnlyList<TestBlock?> Blocks => _blocks;

    /// <summary>Begins a chain on a node that has none.</summary>
    public static async Task<BitcoinTestChain> StartAsync(BcoinNode node)
    {
        string genesis = (await node.CallAsync("getblockhash", 0)).GetString()!;
        BitcoinTestChain chain = new(node, genesis);
        await chain.MineEmptyAsync(Beginning);
        return chain;
    }

    /// <summary>The block that holds a transaction.</summary>
    public TestBlock BlockOf(TestTx transaction) => _blocks.Single(block => block?.Transactions.Contains(transaction) ?? false)!;

    /// <summary>Mines one block with transactions in this order after the coinbase.</summary>
    public async Task<TestBlock> MineAsync(params IReadOnlyList<TestTx> transactions)
    {
        TestBlock block = Next(transactions);
        await SubmitAsync([block]);
        return block;
    }

    /// <summary>Mines so many blocks with nothing but the coinbase.</summary>
    public async Task MineEmptyAsync(int count)
    {
        List<TestBlock> blocks = [.. Enumerable.Range(0, count).Select(_ => Next([]))];
        if (count > 0)
        {
            await SubmitAsync(blocks);
        }
    }

    /// <summary>Mines a block that gives somebody one coin from nowhere else than a miner's reward.</summary>
    public async Task<TestCoin> FundAsync(TestWallet owner, ulong sats)
    {
        TestTx payment = TestTx.Of(Rewards(sats, out ulong worth), [.. Paid(owner, sats, worth)]);
        await MineAsync(payment);
        return payment.Outputs[0];
    }

    /// <summary>Puts a transaction among those that wait for a block, and returns once the node has it there.</summary>
    public async Task SendAsync(TestTx transaction)
    {
        await _node.CallAsync("sendrawtransaction", transaction.Hex);
        // It answers before it has judged the transaction.
        for (int looks = 0; ; looks++)
        {
            JsonElement waiting = await _node.CallAsync("getrawmempool");
            if (waiting.EnumerateArray().Any(id => id.GetString() == transaction.Id))
            {
                return;
            }

            Assert.True(looks < 100, $"The node does not take {transaction.Id}.");
            await Task.Delay(20);
        }
    }

    /// <summary>
    /// A chain of payments out of one coin, each a block: every recipient gets its amount, the rest goes on to a fresh
    /// address.
    /// </summary>
    /// <param name="from">What is peeled.</param>
    /// <param name="feeSats">What each payment pays.</param>
    /// <param name="peels">The recipients in their order.</param>
    /// <returns>The payments; the last one's second output is what is left.</returns>
    public async Task<IReadOnlyList<TestTx>> PeelAsync(TestCoin from, ulong feeSats, params (TestWallet To, ulong Sats)[] peels)
    {
        List<TestTx> payments = [];
        foreach ((TestWallet to, ulong sats) in peels)
        {
            TestWallet change = new($"{from.Owner!.Name}'", from.Owner.Kind);
            TestTx payment = TestTx.Of([from], (to, sats), (change, from.Sats - sats - feeSats));
            await MineAsync(payment);
            payments.Add(payment);
            from = payment.Outputs[1];
        }

        return payments;
    }

    /// <summary>Puts coins together into one, in a block.</summary>
    public async Task<TestTx> MergeAsync(IReadOnlyList<TestCoin> coins, TestWallet to, ulong feeSats)
    {
        TestTx merge = TestTx.Of(coins, (to, coins.Aggregate(0UL, (sum, coin) => sum + coin.Sats) - feeSats));
        await MineAsync(merge);
        return merge;
    }

    /// <summary>
    /// A transaction in the shape of a CoinJoin, in a block: each participant's coin comes out as one output of the common
    /// amount, all of these first, and as change, in the participants' order.
    /// </summary>
    public async Task<TestTx> CoinJoinAsync(IReadOnlyList<TestCoin> coins, ulong commonSats, ulong feeSatsEach)
    {
        IEnumerable<TestOutput> mixed = coins.Select(
            coin => (TestOutput)(new TestWallet($"{coin.Owner!.Name}, mixed", coin.Owner.Kind), commonSats));
        IEnumerable<TestOutput> change = coins.Where(coin => coin.Sats > commonSats + feeSatsEach).Select(
            coin => (TestOutput)(new TestWallet($"{coin.Owner!.Name}, rest", coin.Owner.Kind), coin.Sats - commonSats - feeSatsEach));
        TestTx join = TestTx.Of(coins, [.. mixed, .. change]);
        await MineAsync(join);
        return join;
    }

    /// <summary>
    /// Takes back the block at a height and all above, and mines others instead: one with each list of transactions, and
    /// as many empty ones as make the branch one block longer than what it replaces.
    /// </summary>
    public async Task ReorganiseAsync(int fromHeight, params IReadOnlyList<TestTx>[] blocks)
    {
        int until = Math.Max(Height + 1, fromHeight + blocks.Length - 1);
        await _node.CallAsync("invalidateblock", _blocks[fromHeight]!.Hash);
        _blocks.RemoveRange(fromHeight, _blocks.Count - fromHeight);
        _branches++;
        foreach (IReadOnlyList<TestTx> transactions in blocks)
        {
            await MineAsync(transactions);
        }

        await MineEmptyAsync(until - Height);
    }

    /// <summary>Unix seconds of the block at a height from 1 on.</summary>
    public static uint TimeOf(int height) => FirstTime + ((uint)height * BlockSeconds);

    /// <summary>What a block of that height creates, in satoshi.</summary>
    public static ulong Subsidy(int height) => (50 * Bitcoin) >> (height / HalvingBlocks);

    // Ripe coins of the miner's, in their order, until they are worth so much.
    private List<TestCoin> Rewards(ulong sats, out ulong worth)
    {
        List<TestCoin> coins = [];
        for (worth = 0; worth < sats; worth += coins[^1].Sats)
        {
            Assert.True(_nextReward + MaturityBlocks <= Height, "The miner has no more ripe coins.");
            coins.Add(_blocks[_nextReward++]!.Transactions[0].Outputs[0]);
        }

        return coins;
    }

    private static List<TestOutput> Paid(TestWallet owner, ulong sats, ulong worth) => worth == sats
        ? [(owner, sats)]
        : [(owner, sats), (Miner, worth - sats)];

    private async Task SubmitAsync(IReadOnlyList<TestBlock> blocks)
    {
        IReadOnlyList<JsonElement> verdicts = await _node.Rpc.BatchAsync(
            [.. blocks.Select(block => ("submitblock", new object?[] { Convert.ToHexStringLower(block.Bytes) }))]);
        Assert.All(verdicts, verdict => Assert.Equal("null", verdict.GetRawText()));
        Assert.Equal(blocks[^1].Hash, (await _node.CallAsync("getbestblockhash")).GetString());
    }

    private TestBlock Next(IReadOnlyList<TestTx> transactions)
    {
        int height = _blocks.Count;
        TestTx coinbase = Coinbase(height, transactions);
        IReadOnlyList<TestTx> all = [coinbase, .. transactions];
        byte[] root = TestBytes.MerkleRoot([.. all.Select(one => TestBytes.Stored(one.Id))]);
        byte[] header = Mine(_blocks[^1]?.Hash ?? _genesis, root, TimeOf(height));
        TestBlock block = new(height, TestBytes.Shown(TestBytes.Hash(header)), header, all);
        _blocks.Add(block);
        return block;
    }

    // The height (BIP 34), and which branch it is of, so that no two coinbases are the same (BIP 30). The commitment to the
    // witnesses (BIP 141) is the last output; the coinbase's own witness counts as zeros.
    private TestTx Coinbase(int height, IReadOnlyList<TestTx> transactions)
    {
        byte[] script = [3, (byte)(height & 0xFF), (byte)(height >> 8), 0, 1, (byte)_branches];
        byte[] root = TestBytes.MerkleRoot([new byte[32], .. transactions.Select(one => TestBytes.Hash(one.Bytes))]);
        byte[] commitment = TestBytes.Hash([.. root, .. new byte[32]]);
        TestOutput note = TestOutput.Note([0xAA, 0x21, 0xA9, 0xED, .. commitment]);
        ulong fees = transactions.Aggregate(0UL, (sum, one) => sum + one.FeeSats);
        bool hasWitness = height >= FirstWitness;
        return TestTx.Coinbase(script, [(Miner, Subsidy(height) + fees), .. hasWitness ? [note] : Array.Empty<TestOutput>()], hasWitness);
    }

    private static byte[] Mine(string parent, byte[] root, uint time)
    {
        // Top bits as BIP 9 asks, and the bit that stands for witnesses (BIP 141).
        const uint version = 0x20000002;
        for (uint nonce = 0; ; nonce++)
        {
            byte[] header = new TestBytes().UInt32(version).Raw(TestBytes.Stored(parent)).Raw(root)
                .UInt32(time).UInt32(EasiestBits).UInt32(nonce).ToArray();
            // The easiest target is 7fffff and zeros: the first bit of the hash as written decides, but for one in 2^23.
            if (TestBytes.Hash(header)[^1] < 0x7F)
            {
                return header;
            }
        }
    }
}
