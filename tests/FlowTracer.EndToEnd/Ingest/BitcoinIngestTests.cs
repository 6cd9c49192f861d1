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
}
