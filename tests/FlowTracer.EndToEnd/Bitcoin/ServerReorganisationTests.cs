using System.Text.Json;
using FlowTracer.Chains.Bitcoin.Live;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;

namespace FlowTracer.EndToEnd.Bitcoin;

/// <summary>Servers whose chain changes are asked about the chain as it is.</summary>
public sealed class ServerReorganisationTests
{
    [BcoinFact]
    public async Task What_a_branch_that_was_given_up_held_is_not_answered_any_more()
    {
        await using BcoinNode node = await BcoinNode.StartAsync();
        BitcoinTestChain chain = await BitcoinTestChain.StartAsync(node);
        TestCoin coin = await chain.FundAsync(new TestWallet("Ann"), 100_000_000);
        TestTx payment = TestTx.Of([coin], (new TestWallet("Ben"), 99_000_000));
        await chain.MineAsync(payment);
        int height = chain.Height;
        await using EsploraFace explorer = new(node);
        await using ElectrumFace electrum = new(node);
        using HttpPipeline pipeline = new(new FetchSettings(), new RpcMeter(), TimeProvider.System);
        await using ElectrumRpc server = new(electrum.Url, pipeline, mostTransactions: 100);
        BitcoinRpc[] sources = [new EsploraRpc(explorer.Url, pipeline, mostTransactions: 100), server];
        TxHash id = ServerStory.IdOf(payment.Id);
        foreach (BitcoinRpc source in sources)
        {
            await AssertAsync(source, BitcoinCalls.PlaceOf(id), place => place.GetProperty("height").GetInt32() == height);
            await AssertAsync(source, ServerStory.Spender(coin, (ulong)height - 1, (ulong)height), spender => spender.ValueEquals(payment.Hex));
            await AssertAsync(source, BitcoinCalls.HeaderAt((ulong)height), header => Is(header, chain.Blocks[height]!));
        }

        // Two empty blocks instead, and the payment after them.
        await chain.ReorganiseAsync(height);
        await chain.MineAsync(payment);

        ulong tip = (ulong)chain.Height;
        Assert.Equal((ulong)height + 2, tip);
        foreach (BitcoinRpc source in sources)
        {
            await AssertAsync(source, BitcoinCalls.PlaceOf(id), place => place.GetProperty("height").GetInt32() == height + 2);
            await AssertAsync(source, ServerStory.Spender(coin, (ulong)height - 1, (ulong)height), spender => spender.ValueKind == JsonValueKind.Null);
            await AssertAsync(source, ServerStory.Spender(coin, (ulong)height - 1, tip), spender => spender.ValueEquals(payment.Hex));
            await AssertAsync(source, BitcoinCalls.HeaderAt((ulong)height), header => Is(header, chain.Blocks[height]!));
        }
    }

    private static bool Is(JsonElement header, TestBlock block) => header.ValueEquals(Convert.ToHexStringLower(block.Header));

    private static async Task AssertAsync(BitcoinRpc source, RpcCall call, Func<JsonElement, bool> isRight)
    {
        RpcAnswer answer = await source.AskAsync(call, CancellationToken.None);
        Assert.Null(answer.Error);
        Assert.True(isRight(answer.Result), $"{source.Name}: {call.Shown}: {answer.Result}");
    }
}
