using FlowTracer.App.Ingest;
using FlowTracer.Core.Model;
using FlowTracer.EndToEnd.Bitcoin;
using FlowTracer.EndToEnd.Ethereum;
using FlowTracer.Tests.Stores;

namespace FlowTracer.EndToEnd.Ingest;

/// <summary>What is ingested of a Bitcoin chain is what a live trace sees, from a node and from its block files.</summary>
public sealed class BitcoinIngestTests(BitcoinTheft told) : IClassFixture<BitcoinTheft>
{
    private static readonly ChainId Regtest = ChainId.BitcoinRegtest;

    [BcoinTheory]
    [InlineData("node")]
    [InlineData("files")]
    [InlineData("core")]
    public async Task Every_coin_and_transaction_is_that_of_the_live_source(string kind)
    {
        await using CoreFace core = new(told.Node, new CoreKind());
        string source = kind == "core" ? core.Url.ToString() : told.Sources[kind];
        MemoryStore store = new();
        IngestReport report = await IngestDesk.IngestAsync(Regtest, source, store, new IngestRequest { Confirmations = 0 });
        Assert.Equal(told.Chain.Height + 1, report.Blocks);
        // The coin of the first block can be spent by nobody, and no node finds its transaction.
        Sheets.AssertNone(string.Join('\n', (await IngestDesk.DifferencesAsync(Regtest, told.Sources["files"], store, 1))
            .Where(static difference => !difference.StartsWith("4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b", StringComparison.Ordinal))));
    }

    // Without an index of transactions and without previous outputs in its blocks: what the store has of the blocks before is enough.
    [BcoinFact]
    public async Task A_node_that_states_no_values_is_not_asked_for_them_from_the_first_block_on()
    {
        await using CoreFace core = new(told.Node, new CoreKind { HasTxIndex = false, Version = 22 });
        MemoryStore store = new();
        MemoryStore files = new();
        IngestReport report = await IngestDesk.IngestAsync(Regtest, core.Url.ToString(), store, new IngestRequest { Confirmations = 0 });
        await IngestDesk.IngestAsync(Regtest, told.Sources["files"], files, new IngestRequest { Confirmations = 0 });
        Assert.Equal(0, report.UnknownCoins);
        Assert.False(core.Calls.ContainsKey("getrawtransaction"));
        Assert.Equal(files.BlocksOf(Regtest), store.BlocksOf(Regtest));
        Assert.Equal(files.MovementsOf(Regtest), store.MovementsOf(Regtest), MemoryStore.AreSame);
    }

    // From the middle of the chain on: coins made before are asked for, and counted where nobody knows them.
    [BcoinTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Coins_older_than_the_store_are_asked_for_or_counted(bool hasIndex)
    {
        await using CoreFace core = new(told.Node, new CoreKind { HasTxIndex = hasIndex, Version = 22 });
        IngestRequest request = new() { From = (ulong)told.Chain.BlockOf(told.Peels[2]).Height, Confirmations = 0 };
        MemoryStore store = new();
        MemoryStore files = new();
        MemoryStore whole = new();
        IngestReport report = await IngestDesk.IngestAsync(Regtest, core.Url.ToString(), store, request);
        await IngestDesk.IngestAsync(Regtest, told.Sources["files"], files, request);

        await IngestDesk.IngestAsync(Regtest, told.Sources["files"], whole, new IngestRequest { Confirmations = 0 });
        IReadOnlyList<Movement> known = files.MovementsOf(Regtest);
        if (hasIndex)
        {
            Assert.Equal(0, report.UnknownCoins);
            Assert.Equal(files.BlocksOf(Regtest), store.BlocksOf(Regtest));
            Assert.Equal(known, store.MovementsOf(Regtest), MemoryStore.AreSame);
            return;
        }

        // Without an index a node still finds what has an unspent output, one of the first four.
        HashSet<Holder> spent = [.. InputsOf(whole.MovementsOf(Regtest))];
        ILookup<TxHash, Holder> made = whole.MovementsOf(Regtest).SelectMany(static movement => movement.Outputs)
            .Select(static leg => leg.Holder).ToLookup(static coin => coin.Coin.Tx);
        HashSet<Holder> here = [.. known.SelectMany(static movement => movement.Outputs).Select(static leg => leg.Holder)];
        HashSet<Holder> lost =
        [
            .. InputsOf(known).Where(coin => !here.Contains(coin) && made[coin.Coin.Tx].Where(static one => one.Coin.Index < 4).All(spent.Contains)),
        ];
        Assert.NotEmpty(lost);
        Assert.Equal(lost.Count, report.UnknownCoins);
        Assert.Equal(
            known.Where(movement => InputsOf([movement]).Any(lost.Contains)).Select(static movement => movement.Tx),
            store.MovementsOf(Regtest).Where(static movement => movement.Kind == MovementKind.Unresolved).Select(static movement => movement.Tx).Distinct());
    }

    // As Bitcoin Core writes its files from version 28 on: every byte under exclusive or with the eight of xor.dat.
    [BcoinFact]
    public async Task Obfuscated_block_files_come_to_the_same()
    {
        byte[] key = [0x1B, 0, 0xC0, 0xFF, 0xEE, 7, 0x99, 0x42];
        using TemporaryFolder folder = new();
        byte[] plain = await File.ReadAllBytesAsync(Path.Combine(told.Sources["files"], "blk00000.dat"));
        await File.WriteAllBytesAsync(folder.PathOf("blk00000.dat"), [.. plain.Select((one, at) => (byte)(one ^ key[at % key.Length]))]);
        await File.WriteAllBytesAsync(folder.PathOf("xor.dat"), key);
        MemoryStore obfuscated = new();
        MemoryStore files = new();
        await IngestDesk.IngestAsync(Regtest, folder.Path, obfuscated, new IngestRequest { Confirmations = 0 });
        await IngestDesk.IngestAsync(Regtest, told.Sources["files"], files, new IngestRequest { Confirmations = 0 });
        Assert.Equal(files.BlocksOf(Regtest), obfuscated.BlocksOf(Regtest));
        Assert.Equal(files.MovementsOf(Regtest), obfuscated.MovementsOf(Regtest), MemoryStore.AreSame);
    }

    [BcoinFact]
    public async Task A_node_and_its_block_files_come_to_the_same_digests()
    {
        MemoryStore node = new();
        MemoryStore files = new();
        await IngestDesk.IngestAsync(Regtest, told.Sources["node"], node, new IngestRequest { Confirmations = 0 });
        await IngestDesk.IngestAsync(Regtest, told.Sources["files"], files, new IngestRequest { Confirmations = 0 });
        Assert.Equal(files.BlocksOf(Regtest), node.BlocksOf(Regtest));
    }

    [BcoinFact]
    public async Task A_reorganisation_is_rolled_back_and_goes_on()
    {
        await using BcoinNode node = await BcoinNode.StartAsync();
        BitcoinTestChain chain = await BitcoinTestChain.StartAsync(node);
        TestCoin stolen = await chain.FundAsync(new TestWallet("a thief"), 500_000_000);
        IReadOnlyList<TestTx> peels = await chain.PeelAsync(
            stolen, 10_000, (new TestWallet("one"), 100_000_000), (new TestWallet("two"), 100_000_000));
        MemoryStore store = new();
        await IngestDesk.IngestAsync(Regtest, node.Url.ToString(), store, new IngestRequest { From = 430, Confirmations = 0 });
        TestTx other = TestTx.Of([peels[0].Outputs[1]], (new TestWallet("else"), 399_980_000));
        int height = chain.BlockOf(peels[1]).Height;
        ulong before = (ulong)chain.Height;
        await chain.ReorganiseAsync(height, [other]);
        IngestReport report = await IngestDesk.IngestAsync(Regtest, node.Url.ToString(), store, new IngestRequest { Confirmations = 0 });
        Assert.Equal(before - (ulong)height + 1, report.RolledBack);
        Assert.Equal(chain.Blocks[chain.Height]!.Hash, store.BlocksOf(Regtest)[^1].Hash.ToString());
        MemoryStore undisturbed = new();
        await IngestDesk.IngestAsync(Regtest, node.Url.ToString(), undisturbed, new IngestRequest { From = 430, Confirmations = 0 });
        Assert.Equal(undisturbed.BlocksOf(Regtest), store.BlocksOf(Regtest));
        Assert.Equal(undisturbed.MovementsOf(Regtest), store.MovementsOf(Regtest), MemoryStore.AreSame);
    }

    private static IEnumerable<Holder> InputsOf(IEnumerable<Movement> movements) => movements
        .Where(static movement => movement.Kind == MovementKind.Transaction)
        .SelectMany(static movement => movement.Inputs).Select(static leg => leg.Holder);
}
