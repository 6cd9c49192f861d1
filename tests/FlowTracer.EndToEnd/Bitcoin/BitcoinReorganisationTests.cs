using System.Numerics;
using FlowTracer.App.Sources;
using FlowTracer.App.Traces;
using FlowTracer.Core.Model;
using FlowTracer.EndToEnd.Ethereum;

namespace FlowTracer.EndToEnd.Bitcoin;

/// <summary>A chain that is reorganised while a trace is under way: the answer is that of one chain.</summary>
public sealed class BitcoinReorganisationTests
{
    [BcoinTheory]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(24)]
    [InlineData(32)]
    public async Task The_answer_is_that_of_the_chain_as_it_is_in_the_end(int atRequest)
    {
        await using BcoinNode node = await BcoinNode.StartAsync();
        BitcoinTestChain chain = await BitcoinTestChain.StartAsync(node);
        TestCoin stolen = await chain.FundAsync(new TestWallet("a thief"), 500_000_000);
        IReadOnlyList<TestTx> peels = await chain.PeelAsync(
            stolen, 10_000, (new TestWallet("one"), 100_000_000), (new TestWallet("two"), 100_000_000), (new TestWallet("three"), 100_000_000));

        // On the other branch the second payment goes to somebody else.
        TestTx other = TestTx.Of([peels[0].Outputs[1]], (new TestWallet("else"), 399_980_000));
        await using EsploraFace explorer = new(node);
        int heightOfSecond = chain.BlockOf(peels[1]).Height;
        Task? reorganised = null;
        explorer.Misbehave = (number, _, answer) =>
        {
            if (number == atRequest)
            {
                reorganised = chain.ReorganiseAsync(heightOfSecond, [other]);
                reorganised.GetAwaiter().GetResult();
            }

            return answer;
        };
        using TemporaryFolder cache = new();
        TraceRequest request = new()
        {
            Subject = stolen.ToString(),
            Chain = ChainId.BitcoinRegtest,
            Source = new SourceRequest { Sources = [explorer.Address], Confirmations = 0, CacheFolder = cache.Path },
        };
        using LiveTrace trace = await Desk.TraceAsync(request);
        Assert.NotNull(reorganised);
        Assert.Equal(100_000_000 + 399_980_000, trace.Sink("held"));
        Assert.Equal(20_000, trace.Sink("fee"));
        Assert.Equal(500_000_000, trace.Sheet().Aggregate(BigInteger.Zero, static (sum, row) => sum + row.Amount));
        string head = trace.Root.GetProperty("run").GetProperty("as_of").GetProperty("block_hash").GetString()!;
        Assert.Equal(chain.Blocks[chain.Height]!.Hash, head);
    }

    [BcoinFact]
    public async Task A_seed_that_the_reorganisation_removed_is_said_to_be_gone()
    {
        await using BcoinNode node = await BcoinNode.StartAsync();
        BitcoinTestChain chain = await BitcoinTestChain.StartAsync(node);
        TestCoin victims = await chain.FundAsync(new TestWallet("a victim"), 500_000_000);
        TestTx theft = TestTx.Of([victims], (new TestWallet("a thief"), 499_990_000));
        TestBlock block = await chain.MineAsync(theft);
        TestTx saved = TestTx.Of([victims], (new TestWallet("a safe"), 499_990_000));
        await using EsploraFace explorer = new(node);
        explorer.Misbehave = (number, path, answer) =>
        {
            if (path.Contains("outspend", StringComparison.Ordinal) && chain.Height == block.Height)
            {
                chain.ReorganiseAsync(block.Height, [saved]).GetAwaiter().GetResult();
            }

            return answer;
        };
        using TemporaryFolder cache = new();
        InputException fault = await Assert.ThrowsAsync<InputException>(() => Desk.TraceAsync(new TraceRequest
        {
            Subject = $"{theft.Id}:0",
            Chain = ChainId.BitcoinRegtest,
            Source = new SourceRequest { Sources = [explorer.Address], Confirmations = 0, CacheFolder = cache.Path },
        }));
        Assert.Contains("reorganised", fault.Message, StringComparison.Ordinal);
    }
}
