using System.Text.Json;
using FlowTracer.EndToEnd.Ethereum;

namespace FlowTracer.EndToEnd.Bitcoin;

/// <summary>The node the Bitcoin tests stand on does what those tests take for granted.</summary>
public sealed class BcoinNodeTests
{
    [BcoinFact]
    public async Task Stories_of_all_kinds_are_mined_and_told_the_same_by_the_node()
    {
        await using BcoinNode node = await BcoinNode.StartAsync();
        BitcoinTestChain chain = await BitcoinTestChain.StartAsync(node);
        TestWallet[] people = [new("Ann"), new("Ben", WalletKind.ScriptHash), new("Cid", WalletKind.NestedWitness)];
        List<TestCoin> coins = [];
        foreach (TestWallet person in people)
        {
            coins.Add(await chain.FundAsync(person, 2 * BitcoinTestChain.Bitcoin));
        }

        TestTx join = await chain.CoinJoinAsync(coins, BitcoinTestChain.Bitcoin, 1_000);
        Assert.Equal(6, join.Outputs.Count);
        Assert.Equal(3_000UL, join.FeeSats);
        IReadOnlyList<TestTx> peels = await chain.PeelAsync(join.Outputs[0], 500, (new("shop"), 10_000_000), (new("pub"), 5_000_000));
        Assert.Equal(84_999_000UL, peels[^1].Outputs[1].Sats);
        TestTx merge = await chain.MergeAsync([peels[^1].Outputs[1], join.Outputs[4], join.Outputs[5]], new("hoard"), 250);

        JsonElement told = await node.CallAsync("getrawtransaction", merge.Id, true);
        Assert.Equal(merge.Hex, told.GetProperty("hex").GetString());
        Assert.Equal(chain.BlockOf(merge).Hash, told.GetProperty("blockhash").GetString());
        JsonElement block = await node.CallAsync("getblock", chain.BlockOf(merge).Hash, false);
        Assert.Equal(Convert.ToHexStringLower(chain.BlockOf(merge).Bytes), block.GetString());
        Assert.Equal(chain.Height, (await node.CallAsync("getblockcount")).GetInt32());
    }

    [BcoinFact]
    public async Task A_block_that_pays_out_too_much_is_refused()
    {
        await using BcoinNode node = await BcoinNode.StartAsync();
        BitcoinTestChain chain = await BitcoinTestChain.StartAsync(node);
        TestCoin coin = await chain.FundAsync(new("Ann"), 1_000);
        TestCoin twice = coin with { Sats = 2_000 };
        await Assert.ThrowsAnyAsync<Xunit.Sdk.XunitException>(() => chain.MineAsync(TestTx.Of([twice], (new TestWallet("Ben"), 2_000))));
    }

    [BcoinFact]
    public async Task A_branch_replaces_blocks_and_what_was_in_them_waits_no_more()
    {
        await using BcoinNode node = await BcoinNode.StartAsync();
        BitcoinTestChain chain = await BitcoinTestChain.StartAsync(node);
        TestCoin coin = await chain.FundAsync(new("Ann"), 1_000);
        TestTx first = TestTx.Of([coin], (new TestWallet("Ben"), 900));
        await chain.SendAsync(first);
        TestBlock block = await chain.MineAsync(first);
        TestTx other = TestTx.Of([coin], (new TestWallet("Cid"), 900));
        await chain.ReorganiseAsync(block.Height, [other]);
        Assert.Equal(block.Height + 1, chain.Height);
        JsonElement told = await node.CallAsync("getrawtransaction", other.Id, true);
        Assert.Equal(chain.Blocks[block.Height]!.Hash, told.GetProperty("blockhash").GetString());
        Assert.NotEqual(block.Hash, chain.Blocks[block.Height]!.Hash);
        await Assert.ThrowsAsync<TestRpcException>(() => node.CallAsync("getrawtransaction", first.Id, true));
    }

    [BcoinFact]
    public async Task Nobody_is_answered_without_the_password()
    {
        await using BcoinNode node = await BcoinNode.StartAsync();
        using HttpClient http = new();
        using HttpResponseMessage answer = await http.PostAsync(node.BareUrl, new StringContent("{}"));
        Assert.Equal(401, (int)answer.StatusCode);
    }
}
