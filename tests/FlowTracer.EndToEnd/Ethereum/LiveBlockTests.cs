using System.Numerics;
using FlowTracer.App.Traces;
using FlowTracer.Core.Model;
using FlowTracer.Core.Taint;

namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>What is hard about one block: many transactions in it, the fee recipient, and odd ways to move coins.</summary>
public sealed class LiveBlockTests
{
    private static readonly BigInteger Ether = TestChain.Ether;

    public static TheoryData<string> Kinds => [.. SourceKinds.All.Keys];

    // Everybody who pays in that block has 5 ETH of his own before, which leave last here: tainted money leaves first.
    [AnvilTheory]
    [MemberData(nameof(Kinds))]
    public async Task Seven_transactions_of_one_block_are_told_apart(string kind)
    {
        await using AnvilNode anvil = await AnvilNode.StartAsync();
        Story story = new("one block", anvil.Chain);
        Deployed splitter = await story.DeployAsync("splitter", "Splitter");
        foreach (string payer in (string[])["mule", "shop", "friend", "stranger"])
        {
            await anvil.Chain.FundAsync(story[payer], 5 * Ether);
        }

        Theft theft = await story.StealAsync(10 * Ether);
        Sending Split(string from, params (string To, BigInteger Wei)[] parts) => new(
            story[from], splitter.Address, parts.Aggregate(BigInteger.Zero, (sum, part) => sum + part.Wei),
            splitter.Code.Encode("split", parts.Select(part => story[part.To]).ToArray(), parts.Select(part => part.Wei).ToArray()),
            GasLimit: 1_000_000);
        await anvil.Chain.SendTogetherAsync(
            new Sending(story["thief"], story["mule"], 3 * Ether),
            new Sending(story["mule"], story["shop"], Ether),
            Split("thief", ("x", Ether), ("y", Ether)),
            Split("mule", ("z", Ether)),
            new Sending(story["shop"], story["friend"], Ether / 2),
            new Sending(story["friend"], story["thief"], Ether / 5),
            Split("stranger", ("clean", 4 * Ether)));
        Scenario scenario = story.End(
            theft,
            Coins(story["thief"], 52 * Ether / 10), Coins(story["mule"], Ether), Coins(story["shop"], Ether / 2),
            Coins(story["friend"], 3 * Ether / 10), Coins(story["x"], Ether), Coins(story["y"], Ether), Coins(story["z"], Ether));
        using LiveTrace trace = await TraceAsync(anvil, kind, scenario, TaintPolicies.Find("pifo")!);
        Sheets.AssertNone(Sheets.FaultOf(scenario, trace) ?? string.Empty);
        Assert.Empty(trace.Gaps());
    }

    // Two payments through one contract to a recipient that only its storage names, in one block: balances tell the sum.
    [AnvilTheory]
    [MemberData(nameof(Kinds))]
    public async Task Two_payments_through_one_forwarder_in_a_block_are_never_counted_twice(string kind)
    {
        await using AnvilNode anvil = await AnvilNode.StartAsync();
        Story story = new("forwarder", anvil.Chain);
        await story.DeployAsync("forwarder", "StoredSplitter", story["heir"]);
        await anvil.Chain.FundAsync(story["stranger"], 5 * Ether);
        Theft theft = await story.StealAsync(10 * Ether);
        await anvil.Chain.SendTogetherAsync(
            new Sending(story["thief"], story["forwarder"], 3 * Ether, [], GasLimit: 1_000_000),
            new Sending(story["stranger"], story["forwarder"], 2 * Ether, [], GasLimit: 1_000_000));
        Scenario scenario = story.End(theft, Coins(story["thief"], 7 * Ether), Coins(story["heir"], 3 * Ether));
        using LiveTrace trace = await TraceAsync(anvil, kind, scenario, TaintPolicies.Fifo);
        if (kind.StartsWith("plain", StringComparison.Ordinal))
        {
            Assert.Equal(
                [("held", "", 7 * Ether), ("cut", "unresolved", 3 * Ether)], trace.Sheet().OrderByDescending(row => row.Amount));
            Assert.Empty(trace.Gaps());
            return;
        }

        Sheets.AssertNone(Sheets.FaultOf(scenario, trace) ?? string.Empty);
        Assert.Empty(trace.Gaps());
    }

    // The proposer gets 1 ETH of the loot, then a stranger's tip of 2 gwei a gas (42,000 gwei), pays 0.5 ETH for nothing and
    // 0.1 ETH with gas whose tip comes back to it: 21,000 gas at 12 gwei leave, 21,000 at 2 return.
    [AnvilTheory]
    [MemberData(nameof(Kinds))]
    public async Task A_fee_recipients_tips_explain_its_balance(string kind)
    {
        await using AnvilNode anvil = await AnvilNode.StartAsync();
        Story story = new("proposer", anvil.Chain);
        GasPrice gas = new(10 * TestChain.Gwei, 2 * TestChain.Gwei);
        await anvil.Chain.FundAsync(story["stranger"], 5 * Ether);
        await anvil.Chain.Rpc.CallAsync("anvil_setCoinbase", story["proposer"]);
        Theft theft = await story.StealAsync(10 * Ether);
        await story.PayAsync("to the proposer", "thief", "proposer", Ether);
        await story.PayAsync("tip", "stranger", "friend", Ether, gas);
        await story.PayAsync("free", "proposer", "shop", Ether / 2);
        await story.PayAsync("paid", "proposer", "shop", Ether / 10, gas);
        BigInteger fee = 21_000 * 12 * TestChain.Gwei;
        Assert.Equal(
            (4 * Ether / 10) - fee + (2 * 42_000 * TestChain.Gwei), await anvil.Chain.BalanceAsync(story["proposer"]));
        Scenario scenario = story.End(
            theft,
            Coins(story["thief"], 9 * Ether), Coins(story["shop"], 6 * Ether / 10), Coins(story["proposer"], (4 * Ether / 10) - fee))
            with
        { FeeWei = fee };
        using LiveTrace trace = await TraceAsync(anvil, kind, scenario, TaintPolicies.Fifo);
        Sheets.AssertNone(Sheets.FaultOf(scenario, trace) ?? string.Empty);
        Assert.Empty(trace.Gaps());
    }

    [AnvilTheory]
    [MemberData(nameof(Kinds))]
    public async Task Odd_moves_come_to_their_sheet(string kind)
    {
        await using AnvilNode anvil = await AnvilNode.StartAsync();
        Story story = new("odd", anvil.Chain);
        Deployed selfHeir = await story.DeployAsync("self heir", "SelfHeir");
        Deployed factory = await story.DeployAsync("factory", "VaultFactory");
        Theft theft = await story.StealAsync(10 * Ether);
        story.Keep("arm", await anvil.Chain.SendAsync(story["thief"], selfHeir.Address, Ether, []));
        await story.CallAsync("die", "stranger", selfHeir, "die", 0);
        Mined created = await anvil.Chain.SendAsync(story["thief"], null, 2 * Ether, Contracts.Named("Vault").Create());
        await story.CallAsync("create", "thief", factory, "create", Ether);
        await story.CallAsync("create2", "thief", factory, "create2", Ether, Abi.Text(Abi.Word(7)));
        const string identity = "0x0000000000000000000000000000000000000004";
        await anvil.Chain.SendAsync(story["thief"], identity, Ether, []);
        await story.PayAsync("to itself", "thief", "thief", Ether);
        for (int i = 0; i < 3; i++)
        {
            await story.PayAsync($"spam {i}", "spammer", "thief", 0);
        }

        Deployed vault = new(created.Contract!, Contracts.Named("Vault"));
        await story.CallAsync("open", "thief", vault, "send", 0, story["shop"], Ether / 2);
        Scenario scenario = story.End(
            theft,
            Coins(story["thief"], 4 * Ether), Coins(selfHeir.Address, Ether), Coins(vault.Address, 3 * Ether / 2),
            Coins(story["shop"], Ether / 2), Coins(Created(factory.Address, 1), Ether), Coins(Created2(factory.Address, 7), Ether),
            Coins(identity, Ether));
        using LiveTrace trace = await TraceAsync(anvil, kind, scenario, TaintPolicies.Fifo);
        if (kind.StartsWith("plain", StringComparison.Ordinal))
        {
            // Nothing names the vaults that the factory makes: what went into them is cut off, to the wei.
            Assert.Equal(2 * Ether, trace.Sink("cut"));
            Assert.Equal(8 * Ether, trace.AtRest().Aggregate(BigInteger.Zero, (sum, rest) => sum + rest.Origin));
            Assert.Empty(trace.Gaps());
            return;
        }

        Sheets.AssertNone(Sheets.FaultOf(scenario, trace) ?? string.Empty);
        Assert.Empty(trace.Gaps());
    }

    // The thief has 3 ETH of loot. Before the block in which it pays 5 to the shop, 2 ETH come from nowhere: the shop got
    // the 3 and those 2. The 1 ETH of loot that comes back later is what goes to the friend, and nothing is left.
    [AnvilTheory]
    [MemberData(nameof(Kinds))]
    public async Task What_comes_from_nowhere_is_there_before_its_block_spends_it(string kind)
    {
        await using AnvilNode anvil = await AnvilNode.StartAsync();
        Story story = new("nowhere", anvil.Chain);
        Theft theft = await story.StealAsync(4 * Ether);
        await story.PayAsync("to the mule", "thief", "mule", Ether);
        await anvil.Chain.SetBalanceAsync(story["thief"], 5 * Ether);
        await story.PayAsync("to the shop", "thief", "shop", 5 * Ether);
        await story.PayAsync("back", "mule", "thief", Ether);
        await story.PayAsync("to the friend", "thief", "friend", Ether);
        Scenario scenario = story.End(theft, Coins(story["shop"], 3 * Ether), Coins(story["friend"], Ether));
        using LiveTrace trace = await TraceAsync(anvil, kind, scenario, TaintPolicies.Fifo);
        Sheets.AssertNone(Sheets.FaultOf(scenario, trace) ?? string.Empty);
    }

    // As before, but the 2 ETH come within the block, by two payments through a forwarder that balances cannot tell apart.
    [AnvilTheory]
    [MemberData(nameof(Kinds))]
    public async Task What_comes_unseen_is_there_before_its_block_spends_it(string kind)
    {
        await using AnvilNode anvil = await AnvilNode.StartAsync();
        Story story = new("unseen", anvil.Chain);
        await story.DeployAsync("forwarder", "StoredSplitter", story["thief"]);
        await anvil.Chain.FundAsync(story["stranger"], 5 * Ether);
        await anvil.Chain.FundAsync(story["friend"], 5 * Ether);
        Theft theft = await story.StealAsync(4 * Ether);
        await story.PayAsync("to the mule", "thief", "mule", Ether);

        // The node takes no payment of more than there is; when the block is made there is enough.
        await anvil.Chain.SetBalanceAsync(story["thief"], 5 * Ether);
        await anvil.Chain.SendTogetherAsync(
            () => anvil.Chain.SetBalanceAsync(story["thief"], 3 * Ether),
            new Sending(story["stranger"], story["forwarder"], Ether, [], GasLimit: 1_000_000),
            new Sending(story["friend"], story["forwarder"], Ether, [], GasLimit: 1_000_000),
            new Sending(story["thief"], story["shop"], 5 * Ether));
        await story.PayAsync("back", "mule", "thief", Ether);
        await story.PayAsync("on", "thief", "mule", Ether);
        Scenario scenario = story.End(theft, Coins(story["shop"], 3 * Ether), Coins(story["mule"], Ether));
        using LiveTrace trace = await TraceAsync(anvil, kind, scenario, TaintPolicies.Fifo);
        Sheets.AssertNone(Sheets.FaultOf(scenario, trace) ?? string.Empty);
        Assert.Empty(trace.Gaps());
    }

    // keccak256(rlp([creator, nonce])) for a nonce below 128; EIP-161: a contract's first nonce is 1.
    private static string Created(string creator, byte nonce) =>
        Last20(Keccak256.Hash([0xd6, 0x94, .. Abi.Bytes(creator), nonce]));

    // EIP-1014: keccak256(0xff ++ creator ++ salt ++ keccak256(code)).
    private static string Created2(string creator, BigInteger salt) => Last20(Keccak256.Hash(
        [0xff, .. Abi.Bytes(creator), .. Abi.Word(salt), .. Keccak256.Hash(Contracts.Named("Vault").Create())]));

    private static string Last20(byte[] hash) => Abi.Text(hash.AsSpan(12));

    private static Ending Coins(string holder, BigInteger wei) => new(holder, null, wei, wei);

    private static async Task<LiveTrace> TraceAsync(AnvilNode anvil, string kind, Scenario scenario, ITaintPolicy policy)
    {
        await using FaultyNode node = new FaultyNode(anvil.Url).Without(SourceKinds.All[kind]);
        using Desk desk = new();
        TraceRequest request = desk.Request(scenario.Theft, node.Url) with { Policy = policy };
        return await Desk.TraceAsync(request);
    }
}
