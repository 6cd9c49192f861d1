using System.Numerics;
using System.Text.Json;

namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>Each scenario really did on its chain what it says; asked of the node itself.</summary>
public sealed class ScenarioTests
{
    private const string Transfer = "Transfer(address,address,uint256)";

    public static TheoryData<string> Names => [.. Scenarios.All.Keys];

    [AnvilTheory]
    [MemberData(nameof(Names))]
    public async Task On_anvil_the_balances_are_those_of_the_sheet(string name)
    {
        await using AnvilNode node = await AnvilNode.StartAsync();
        await TheBalancesAreThoseOfTheSheetAsync(node.Chain, await Scenarios.All[name](node.Chain));
    }

    [HardhatFact]
    public async Task On_hardhat_the_balances_are_those_of_the_sheet()
    {
        await using HardhatNode node = await HardhatNode.StartAsync();
        foreach (Func<TestChain, Task<Scenario>> tell in Scenarios.All.Values)
        {
            await TheBalancesAreThoseOfTheSheetAsync(node.Chain, await tell(node.Chain));
        }
    }

    [AnvilFact]
    public async Task Scenarios_share_a_chain_without_touching_each_other()
    {
        await using AnvilNode node = await AnvilNode.StartAsync();
        List<Scenario> told = [];
        foreach (Func<TestChain, Task<Scenario>> tell in Scenarios.All.Values)
        {
            told.Add(await tell(node.Chain));
        }

        foreach (Scenario scenario in told)
        {
            await TheBalancesAreThoseOfTheSheetAsync(node.Chain, scenario);
        }
    }

    [AnvilFact]
    public async Task Plain_hops_pay_gas_and_the_failed_transaction_moves_nothing_else()
    {
        await using AnvilNode node = await AnvilNode.StartAsync();
        Scenario scenario = await Scenarios.All["plain hops"](node.Chain);
        Assert.Equal(252_000 * TestChain.Gwei, scenario.Transactions["to the mule"].FeeWei);
        Assert.False(scenario.Transactions["failed"].Succeeded);
        Assert.True(scenario.Transactions["failed"].FeeWei > 0);
    }

    [AnvilFact]
    public async Task A_routed_deposit_is_a_call_to_the_router_that_pays_the_pool_and_logs_its_leaf()
    {
        await using AnvilNode node = await AnvilNode.StartAsync();
        Scenario scenario = await Scenarios.All["mixer"](node.Chain);
        Assert.Equal(
            [
                (scenario.Accounts["thief"], Scenarios.MixerRouter, TestChain.Ether),
                (Scenarios.MixerRouter, Scenarios.MixerPool, TestChain.Ether),
            ],
            await CallsWithValueAsync(node.Chain, scenario.Transactions["routed deposit"]));
        string deposit = await node.Chain.KeccakAsync("Deposit(bytes32,uint32,uint256)");
        Assert.Equal([deposit], Topics(scenario.Transactions["direct deposit"]));
        Assert.Equal(TestChain.Ether, await node.Chain.BalanceAsync(Scenarios.MixerPool));
        Assert.Equal(95 * TestChain.Ether / 100, await node.Chain.BalanceAsync(scenario.Accounts["fresh"]));
        Assert.Equal(5 * TestChain.Ether / 100, await node.Chain.BalanceAsync(scenario.Accounts["relayer"]));
    }

    [AnvilFact]
    public async Task A_wrap_logs_a_deposit_and_no_transfer()
    {
        await using AnvilNode node = await AnvilNode.StartAsync();
        Scenario scenario = await Scenarios.All["wrap"](node.Chain);
        Assert.Equal([await node.Chain.KeccakAsync("Deposit(address,uint256)")], Topics(scenario.Transactions["wrap"]));
        Assert.Equal([await node.Chain.KeccakAsync("Withdrawal(address,uint256)")], Topics(scenario.Transactions["unwrap"]));
    }

    [AnvilFact]
    public async Task A_swap_logs_what_a_known_pool_logs()
    {
        await using AnvilNode node = await AnvilNode.StartAsync();
        Scenario scenario = await Scenarios.All["aggregator"](node.Chain);
        string swap = await node.Chain.KeccakAsync("Swap(address,uint256,uint256,uint256,uint256,address)");

        // The topic every explorer shows for this event.
        Assert.Equal("0xd78ad95fa46c994b6551d0da85fc275fe613ce37657fb8d5e3d130840159d822", swap);
        Assert.Equal(2, Topics(scenario.Transactions["swap"]).Count(topic => topic == swap));
    }

    [AnvilFact]
    public async Task The_calls_that_look_like_payments_are_in_the_traces()
    {
        await using AnvilNode node = await AnvilNode.StartAsync();
        Scenario reverting = await Scenarios.All["reverting inner call"](node.Chain);
        JsonElement traces = await node.Chain.Rpc.CallAsync("trace_transaction", reverting.Transactions["attempt"].Hash);
        Assert.Contains(traces.EnumerateArray(), one => one.TryGetProperty("error", out _));

        Scenario delegating = await Scenarios.All["delegatecall"](node.Chain);
        traces = await node.Chain.Rpc.CallAsync("trace_transaction", delegating.Transactions["pay"].Hash);
        JsonElement inner = traces.EnumerateArray()
            .Select(one => one.GetProperty("action"))
            .Single(action => action.GetProperty("callType").GetString() == "delegatecall");
        Assert.Equal(10 * TestChain.Ether, TestRpc.Number(inner.GetProperty("value")));
    }

    [AnvilFact]
    public async Task A_bridge_withdrawal_is_internal_only()
    {
        await using AnvilNode node = await AnvilNode.StartAsync();
        Scenario scenario = await Scenarios.All["bridge"](node.Chain);
        Assert.Equal(
            [(scenario.Theft.From, scenario.Accounts["thief"], 60 * TestChain.Ether)],
            await CallsWithValueAsync(node.Chain, scenario.Transactions["withdrawal"]));
    }

    [AnvilFact]
    public async Task Poison_names_the_thief_and_moves_nothing()
    {
        await using AnvilNode node = await AnvilNode.StartAsync();
        Scenario scenario = await Scenarios.All["poisoning"](node.Chain);
        string transfer = await node.Chain.KeccakAsync(Transfer);
        foreach (string name in new[] { "zero poison", "false poison", "false zero poison" })
        {
            JsonElement log = Assert.Single(scenario.Transactions[name].Logs);
            Assert.Equal(transfer, log.GetProperty("topics")[0].GetString());
            Assert.EndsWith(scenario.Accounts["thief"][2..], log.GetProperty("topics")[1].GetString());
        }
    }

    private static async Task TheBalancesAreThoseOfTheSheetAsync(TestChain chain, Scenario scenario)
    {
        Assert.True((await chain.ReceiptAsync(scenario.Theft.Transaction)).Succeeded);
        Assert.Equal(
            scenario.Theft.Amount,
            scenario.Endings.Aggregate(scenario.FeeWei + scenario.Vanished, (sum, ending) => sum + ending.Origin));
        foreach (Ending ending in scenario.Endings)
        {
            BigInteger has = await chain.HoldingAsync(ending.Holder, ending.Token);
            Assert.True(
                ending.IsAllOfIt ? has == ending.Amount : scenario.Name == "mixer" || has >= ending.Amount,
                $"{scenario.Name}: {ending.Holder} has {has}, not {ending.Amount}");
        }
    }

    private static string[] Topics(Mined mined) => [.. mined.Logs.Select(log => log.GetProperty("topics")[0].GetString()!)];

    private static async Task<(string From, string To, BigInteger Wei)[]> CallsWithValueAsync(TestChain chain, Mined mined)
    {
        JsonElement traces = await chain.Rpc.CallAsync("trace_transaction", mined.Hash);
        return
        [
            .. traces.EnumerateArray()
                .Select(trace => trace.GetProperty("action"))
                .Where(action => action.GetProperty("callType").GetString() == "call")
                .Select(action => (
                    action.GetProperty("from").GetString()!,
                    action.GetProperty("to").GetString()!,
                    TestRpc.Number(action.GetProperty("value"))))
                .Where(call => call.Item3 > 0),
        ];
    }
}
