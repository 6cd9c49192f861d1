using System.Numerics;

namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>
/// Thefts told on a real node, one method each. They may share a chain. ETH amounts are whole ETH unless the name says wei.
/// </summary>
internal static partial class Scenarios
{
    private static readonly BigInteger Ether = TestChain.Ether;

    /// <summary>All of them by name.</summary>
    public static IReadOnlyDictionary<string, Func<TestChain, Task<Scenario>>> All { get; } =
        new Dictionary<string, Func<TestChain, Task<Scenario>>>
        {
            ["plain hops"] = PlainHopsAsync,
            ["splitter"] = SplitterAsync,
            ["stored splitter"] = StoredSplitterAsync,
            ["swap"] = SwapAsync,
            ["swap for another"] = SwapForAnotherAsync,
            ["token swap"] = TokenSwapAsync,
            ["aggregator"] = AggregatorAsync,
            ["partial refund"] = PartialRefundAsync,
            ["wrap"] = WrapAsync,
            ["flash loan"] = FlashLoanAsync,
            ["mixer"] = MixerAsync,
            ["reverting inner call"] = RevertingInnerCallAsync,
            ["delegatecall"] = DelegatecallAsync,
            ["self-destruct"] = SelfDestructAsync,
            ["bridge"] = BridgeAsync,
            ["airdrop"] = AirdropAsync,
            ["coin airdrop"] = CoinAirdropAsync,
            ["no return value"] = NoReturnValueAsync,
            ["fee on transfer"] = chain => FeeOnTransferAsync(chain, silent: false),
            ["silent fee on transfer"] = chain => FeeOnTransferAsync(chain, silent: true),
            ["rebasing token"] = RebasingTokenAsync,
            ["bytes32 symbol"] = Bytes32SymbolAsync,
            ["equal symbols"] = EqualSymbolsAsync,
            ["poisoning"] = PoisoningAsync,
        };

    // A transfer costs 21,000 gas; at a base fee of 10 gwei and a tip of 2 that is 252,000 gwei. The failed transaction
    // uses all it needs to revert: its fee is read from its receipt, and it moves nothing.
    private static async Task<Scenario> PlainHopsAsync(TestChain chain)
    {
        BigInteger feeWei = 252_000 * TestChain.Gwei;
        GasPrice gas = new(10 * TestChain.Gwei, 2 * TestChain.Gwei);
        Story story = new("plain hops", chain);
        Deployed reverter = await story.DeployAsync("reverter", "Reverter");
        Theft theft = await story.StealAsync(10 * Ether);
        await story.PayAsync("to the mule", "thief", "mule", 4 * Ether, gas);
        await story.PayAsync("to the shop", "mule", "shop", 1 * Ether, gas);
        byte[] call = reverter.Code.Encode("payAndRevert", story["shop"]);
        Mined failed = story.Keep("failed", await chain.SendAsync(story["thief"], reverter.Address, 5 * Ether, call, gas, mayFail: true));
        BigInteger thiefHas = (6 * Ether) - feeWei - failed.FeeWei;
        Scenario scenario = story.End(
            theft,
            new Ending(story["thief"], null, thiefHas, thiefHas),
            new Ending(story["mule"], null, (3 * Ether) - feeWei, (3 * Ether) - feeWei),
            new Ending(story["shop"], null, 1 * Ether, 1 * Ether));
        return scenario with { FeeWei = (2 * feeWei) + failed.FeeWei };
    }

    private static async Task<Scenario> SplitterAsync(TestChain chain)
    {
        Story story = new("splitter", chain);
        Deployed splitter = await story.DeployAsync("splitter", "Splitter");
        Theft theft = await story.StealAsync(10 * Ether);
        string[] to = [story["five"], story["three"], story["two"]];
        await story.CallAsync("split", "thief", splitter, "split", 10 * Ether, to, new[] { 5 * Ether, 3 * Ether, 2 * Ether });
        return story.End(
            theft,
            new Ending(story["five"], null, 5 * Ether, 5 * Ether),
            new Ending(story["three"], null, 3 * Ether, 3 * Ether),
            new Ending(story["two"], null, 2 * Ether, 2 * Ether));
    }

    private static async Task<Scenario> StoredSplitterAsync(TestChain chain)
    {
        Story story = new("stored splitter", chain);
        await story.DeployAsync("splitter", "StoredSplitter", story["heir"]);
        Theft theft = await story.StealAsync(10 * Ether);
        story.Keep("forward", await chain.SendAsync(story["thief"], story["splitter"], 10 * Ether, []));
        return story.End(theft, new Ending(story["heir"], null, 10 * Ether, 10 * Ether));
    }

    // The inner call pays "lost" and reverts: "lost" never had it. The catcher then pays "found".
    private static async Task<Scenario> RevertingInnerCallAsync(TestChain chain)
    {
        Story story = new("reverting inner call", chain);
        Deployed reverter = await story.DeployAsync("reverter", "Reverter");
        Deployed catcher = await story.DeployAsync("catcher", "Catcher");
        Theft theft = await story.StealAsync(10 * Ether);
        await story.CallAsync("attempt", "thief", catcher, "attempt", 10 * Ether, reverter.Address, story["lost"], story["found"]);
        return story.End(
            theft,
            new Ending(story["found"], null, 10 * Ether, 10 * Ether),
            new Ending(story["lost"], null, 0, 0));
    }

    // The delegatecall shows a value of 10 ETH and moves none; the call inside it moves them.
    private static async Task<Scenario> DelegatecallAsync(TestChain chain)
    {
        Story story = new("delegatecall", chain);
        Deployed code = await story.DeployAsync("code", "DelegatedCode");
        Deployed delegator = await story.DeployAsync("delegator", "Delegator");
        Theft theft = await story.StealAsync(10 * Ether);
        await story.CallAsync("pay", "thief", delegator, "pay", 10 * Ether, code.Address, story["heir"]);
        return story.End(
            theft,
            new Ending(story["heir"], null, 10 * Ether, 10 * Ether),
            new Ending(story["code"], null, 0, 0));
    }

    private static async Task<Scenario> SelfDestructAsync(TestChain chain)
    {
        Story story = new("self-destruct", chain);
        Deployed bomb = await story.DeployAsync("bomb", "Bomb");
        Theft theft = await story.StealAsync(10 * Ether);
        story.Keep("arm", await chain.SendAsync(story["thief"], bomb.Address, 10 * Ether, []));
        await story.CallAsync("die", "stranger", bomb, "die", 0, story["heir"]);
        return story.End(
            theft,
            new Ending(story["heir"], null, 10 * Ether, 10 * Ether),
            new Ending(bomb.Address, null, 0, 0));
    }

    // The theft itself is an internal call: an operator has the bridge pay the thief, who is not the sender.
    private static async Task<Scenario> BridgeAsync(TestChain chain)
    {
        Story story = new("bridge", chain);
        Deployed bridge = await story.DeployAsync("bridge", "Bridge");
        await chain.FundAsync(story["depositor"], 100 * Ether);
        story.Keep("deposit", await chain.SendAsync(story["depositor"], bridge.Address, 100 * Ether, []));
        Mined mined = await story.CallAsync("withdrawal", "operator", bridge, "withdraw", 0, 1, story["thief"], 60 * Ether);
        await story.PayAsync("to the mule", "thief", "mule", 25 * Ether);
        return story.End(
            new Theft(mined.Hash, bridge.Address, story["thief"], null, 60 * Ether),
            new Ending(story["thief"], null, 35 * Ether, 35 * Ether),
            new Ending(story["mule"], null, 25 * Ether, 25 * Ether));
    }

    // Two deposits of 1 ETH, one through the router and one without it; then a relayer has 1 ETH paid out: 0.95 to "fresh",
    // 0.05 to itself. The trail ends in the pool, whatever comes out of it. The addresses are the real ones of the
    // 1 ETH pool and of the router, so that the labels the program ships know them.
    private static async Task<Scenario> MixerAsync(TestChain chain)
    {
        Story story = new("mixer", chain);
        Deployed pool = await chain.PlaceAsync("MixerPool", story.Name("pool", MixerPool));
        await chain.SetStorageAsync(pool.Address, 0, Ether);
        Deployed router = await chain.PlaceAsync("MixerRouter", story.Name("router", MixerRouter));
        Theft theft = await story.StealAsync(3 * Ether);
        await story.CallAsync("routed deposit", "thief", router, "deposit", Ether, pool.Address, Word(1), new byte[] { 1, 2, 3 });
        await story.CallAsync("direct deposit", "thief", pool, "deposit", Ether, Word(2));
        await story.CallAsync(
            "withdrawal", "relayer", router, "withdraw", 0,
            pool.Address, Array.Empty<byte>(), Word(0), Word(3), story["fresh"], story["relayer"], Ether / 20, 0);
        return story.End(
            theft,
            new Ending(story["thief"], null, Ether, Ether),
            new Ending(pool.Address, null, 2 * Ether, 2 * Ether, IsAllOfIt: false));
    }

    private static async Task<Scenario> AirdropAsync(TestChain chain)
    {
        Story story = new("airdrop", chain);
        Deployed token = await story.DeployAsync("token", "Token", "DROP", 6);
        Deployed airdrop = await story.DeployAsync("airdrop", "Airdrop");
        Theft theft = await story.StealAsync(token, 1000);
        string[] to = [.. Enumerable.Range(1, 50).Select(number => story[$"fan {number}"])];
        await story.CallAsync("approve", "thief", token, "approve", 0, airdrop.Address, 1000);
        await story.CallAsync("drop", "thief", airdrop, "dropToken", 0, token.Address, to, 20);
        return story.End(theft, [.. to.Select(fan => new Ending(fan, token, 20, 20)), new Ending(story["thief"], token, 0, 0)]);
    }

    private static async Task<Scenario> CoinAirdropAsync(TestChain chain)
    {
        Story story = new("coin airdrop", chain);
        Deployed airdrop = await story.DeployAsync("airdrop", "Airdrop");
        Theft theft = await story.StealAsync(10 * Ether);
        string[] to = [.. Enumerable.Range(1, 50).Select(number => story[$"fan {number}"])];
        await story.CallAsync("drop", "thief", airdrop, "dropCoins", 10 * Ether, to, Ether / 5);
        return story.End(theft, [.. to.Select(fan => new Ending(fan, null, Ether / 5, Ether / 5))]);
    }

    /// <summary>The address of Tornado Cash's 1 ETH pool.</summary>
    public const string MixerPool = "0x47ce0c6ed5b0ce3d3a51fdb1c52dc66a7c3c2936";

    /// <summary>The address of Tornado Cash's router.</summary>
    public const string MixerRouter = "0xd90e2f925da726b50c4ed8d0fb90ad053324f31b";

    private static string Word(int number) => Abi.Text(Abi.Word(number));
}
