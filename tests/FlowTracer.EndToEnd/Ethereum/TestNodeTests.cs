using System.Numerics;
using System.Text.Json;

namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>The nodes the other tests stand on do what those tests take for granted.</summary>
public sealed class TestNodeTests
{
    // The Solidity documentation's example: baz(uint32,bool) with 69 and true, less the selector.
    private const string Baz =
        "0x0000000000000000000000000000000000000000000000000000000000000045" +
        "0000000000000000000000000000000000000000000000000000000000000001";

    // The Solidity documentation's example: f(uint256,uint32[],bytes10,bytes), here with the static bytes10 left out, so
    // that offsets are one word less: 0x60 and 0xc0.
    private const string Dynamic =
        "0x0000000000000000000000000000000000000000000000000000000000000123" +
        "0000000000000000000000000000000000000000000000000000000000000060" +
        "00000000000000000000000000000000000000000000000000000000000000c0" +
        "0000000000000000000000000000000000000000000000000000000000000002" +
        "0000000000000000000000000000000000000000000000000000000000000456" +
        "0000000000000000000000000000000000000000000000000000000000000789" +
        "000000000000000000000000000000000000000000000000000000000000000d" +
        "48656c6c6f2c20776f726c642100000000000000000000000000000000000000";

    [Fact]
    public void Arguments_are_encoded_as_the_specification_shows()
    {
        Assert.Equal(Baz, Abi.Text(Abi.Encode("baz(uint32,bool)", [69, true])));
        Assert.Equal(Dynamic, Abi.Text(Abi.Encode(
            "f(uint256,uint32[],bytes)",
            [0x123, new object[] { 0x456, 0x789 }, "Hello, world!"u8.ToArray()])));
    }

    [AnvilFact]
    public void A_node_that_is_not_installed_is_named_with_what_to_do()
    {
        Assert.EndsWith("no-node: run npm ci in tests/FlowTracer.EndToEnd/nodes", NodePackages.MissingReason("/no/such/no-node"));
        Assert.Null(NodePackages.MissingReason(NodePackages.Anvil));
    }

    [AnvilFact]
    public async Task Nothing_of_a_node_is_left_when_it_is_done()
    {
        Uri url;
        await using (AnvilNode node = await AnvilNode.StartAsync())
        {
            url = node.Url;
        }

        using TestRpc rpc = new(url);
        await Assert.ThrowsAsync<HttpRequestException>(() => rpc.CallAsync("eth_chainId"));
    }

    [AnvilFact]
    public async Task Blocks_are_final_when_64_follow()
    {
        await using AnvilNode node = await AnvilNode.StartAsync();
        await node.Chain.FundAsync(TestChain.Account("payee"), 1);
        await node.Chain.MineAsync(64);
        JsonElement final = await node.Chain.Rpc.CallAsync("eth_getBlockByNumber", "finalized", false);
        Assert.Equal("0x1", final.GetProperty("number").GetString());
    }

    [AnvilFact]
    public async Task Anvil_moves_coins_without_a_fee_and_knows_its_past()
    {
        await using AnvilNode node = await AnvilNode.StartAsync();
        await It_moves_coins_without_a_fee_and_knows_its_past(node);
        JsonElement traces = await node.Chain.Rpc.CallAsync("trace_filter", new { fromBlock = "0x1", toBlock = "0x2" });
        Assert.Equal(2, traces.GetArrayLength());
    }

    [HardhatFact]
    public async Task Hardhat_moves_coins_without_a_fee_and_knows_its_past_but_has_no_traces()
    {
        await using HardhatNode node = await HardhatNode.StartAsync();
        await It_moves_coins_without_a_fee_and_knows_its_past(node);
        foreach (string method in new[] { "trace_filter", "trace_block", "ots_getApiLevel" })
        {
            await Assert.ThrowsAsync<TestRpcException>(() => node.Chain.Rpc.CallAsync(method));
        }
    }

    [AnvilFact]
    public async Task Anvil_says_which_hardfork_it_was_asked_for()
    {
        await using AnvilNode node = await AnvilNode.StartAsync("prague");
        JsonElement info = await node.Chain.Rpc.CallAsync("anvil_nodeInfo");
        Assert.Equal("Prague", info.GetProperty("hardFork").GetString(), ignoreCase: true);
    }

    [AnvilFact]
    public async Task A_reorganisation_keeps_the_numbers_and_changes_the_hashes()
    {
        await using AnvilNode node = await AnvilNode.StartAsync();
        TestChain chain = node.Chain;
        string kept = TestChain.Account("kept");
        string lost = TestChain.Account("lost");
        await chain.FundAsync(kept, 1);
        await chain.FundAsync(lost, 2);
        string first = await HashAsync(chain, 1);
        string second = await HashAsync(chain, 2);

        await chain.ReorganiseAsync(1);

        Assert.Equal(2, await chain.HeadAsync());
        Assert.Equal(first, await HashAsync(chain, 1));
        Assert.NotEqual(second, await HashAsync(chain, 2));
        Assert.Equal(1, await chain.BalanceAsync(kept));
        Assert.Equal(0, await chain.BalanceAsync(lost));
    }

    [AnvilFact]
    public async Task Many_questions_in_one_batch_get_their_own_answers()
    {
        await using AnvilNode node = await AnvilNode.StartAsync();
        await node.Chain.MineAsync(3);
        IReadOnlyList<JsonElement> answers = await node.Chain.Rpc.BatchAsync(
            [("eth_chainId", []), ("eth_getBlockByNumber", ["0x2", false]), ("eth_blockNumber", [])]);
        Assert.Equal("0x1", answers[0].GetString());
        Assert.Equal("0x2", answers[1].GetProperty("number").GetString());
        Assert.Equal("0x3", answers[2].GetString());
    }

    private static async Task It_moves_coins_without_a_fee_and_knows_its_past(ITestNode node)
    {
        TestChain chain = node.Chain;
        string alice = TestChain.Account("alice");
        string bob = TestChain.Account("bob");
        Assert.Equal("0x1", (await chain.Rpc.CallAsync("eth_chainId")).GetString());

        await chain.FundAsync(alice, 5);
        Mined mined = await chain.SendAsync(alice, bob, 3);

        Assert.Equal(2, mined.Block);
        Assert.Equal(BigInteger.Zero, mined.FeeWei);
        Assert.Equal([5, 2], [await chain.BalanceAsync(alice, 1), await chain.BalanceAsync(alice, 2)]);
        Assert.Equal([0, 3], [await chain.BalanceAsync(bob, 1), await chain.BalanceAsync(bob)]);
        JsonElement block = await chain.Rpc.CallAsync("eth_getBlockByNumber", "0x2", false);
        Assert.Equal(TestChain.GenesisTime + (2 * TestChain.BlockSeconds), TestRpc.Number(block.GetProperty("timestamp")));
    }

    private static async Task<string> HashAsync(TestChain chain, int block) =>
        (await chain.Rpc.CallAsync("eth_getBlockByNumber", TestRpc.Hex(block), false)).GetProperty("hash").GetString()!;
}
