using System.Globalization;
using System.Numerics;

namespace FlowTracer.EndToEnd.Ethereum;

/// <content>
/// Where the loot changes its asset. The pools keep 0.3 %: for an amount in, the amount out is
/// floor(997 · in · have_out ÷ (1000 · have_in + 997 · in)); for an amount out, the amount in is
/// floor(1000 · have_in · out ÷ (997 · (have_out − out))) + 1.
/// </content>
internal static partial class Scenarios
{
    // 10 ETH into a pool of 1,000 WETH and 2,000,000 TOK: 9970 · 2,000,000 ÷ 1,009,970 = 19,743.16… TOK.
    private static readonly BigInteger TokensFor10Ether = Wei("19743160687941225977009");

    // 10,000 USD into 1,000,000 USD and 500,000 MID: 4,935.79… MID; those into 500,000 MID and 1,000 WETH: 9.746… WETH.
    private static readonly BigInteger WeiFor10000Dollars = Wei("9746045359743426011");

    // 1,000 TOK out of 1,000 WETH and 2,000,000 TOK: 1,000,000 ÷ (997 · 1,999) = 0.50175… WETH.
    private static readonly BigInteger CostOf1000TokensWei = Wei("501755391236239986");

    private static async Task<Scenario> SwapAsync(TestChain chain)
    {
        Story story = new("swap", chain);
        Market market = await MarketAsync(story);
        Theft theft = await story.StealAsync(10 * Ether);
        await story.CallAsync(
            "swap", "thief", market.Router, "swapETHForTokens", 10 * Ether, new[] { market.Pool.Address }, story["thief"]);
        return story.End(
            theft,
            new Ending(story["thief"], market.Token, TokensFor10Ether, 10 * Ether),
            new Ending(story["thief"], null, 0, 0));
    }

    private static async Task<Scenario> SwapForAnotherAsync(TestChain chain)
    {
        Story story = new("swap for another", chain);
        Market market = await MarketAsync(story);
        Theft theft = await story.StealAsync(10 * Ether);
        await story.CallAsync(
            "swap", "thief", market.Router, "swapETHForTokens", 10 * Ether, new[] { market.Pool.Address }, story["mule"]);
        return story.End(
            theft,
            new Ending(story["mule"], market.Token, TokensFor10Ether, 10 * Ether),
            new Ending(story["thief"], market.Token, 0, 0));
    }

    private static async Task<Scenario> PartialRefundAsync(TestChain chain)
    {
        Story story = new("partial refund", chain);
        Market market = await MarketAsync(story);
        Theft theft = await story.StealAsync(10 * Ether);
        await story.CallAsync(
            "swap", "thief", market.Router, "swapETHForExactTokens", 10 * Ether,
            market.Pool.Address, market.Token.Address, 1000 * Ether, story["thief"]);
        BigInteger kept = (10 * Ether) - CostOf1000TokensWei;
        return story.End(
            theft,
            new Ending(story["thief"], market.Token, 1000 * Ether, CostOf1000TokensWei),
            new Ending(story["thief"], null, kept, kept));
    }

    // 100 of one token for the other in a pool of 1,000 and 1,000: floor(997 · 100 · 1000 ÷ (1,000,000 + 99,700)) = 90.
    private static async Task<Scenario> TokenSwapAsync(TestChain chain)
    {
        Story story = new("token swap", chain);
        Deployed weth = await story.DeployAsync("weth", "Weth");
        Deployed router = await story.DeployAsync("router", "Router", weth.Address);
        Deployed stolen = await story.DeployAsync("stolen token", "Token", "AAA", 0);
        Deployed other = await story.DeployAsync("other token", "Token", "BBB", 0);
        Deployed pool = await story.DeployAsync("pool", "Pool", other.Address, stolen.Address);
        await MintAsync(chain, stolen, pool, 1000);
        await MintAsync(chain, other, pool, 1000);
        await chain.InvokeAsync(TestChain.Faucet, pool, "sync", 0);
        Theft theft = await story.StealAsync(stolen, 100);
        await story.CallAsync("approve", "thief", stolen, "approve", 0, router.Address, 100);
        await story.CallAsync(
            "swap", "thief", router, "swapTokensForTokens", 0, stolen.Address, 100, new[] { pool.Address }, story["thief"]);
        return story.End(
            theft,
            new Ending(story["thief"], other, 90, 100),
            new Ending(story["thief"], stolen, 0, 0));
    }

    // USD to MID to WETH to ETH, through an aggregator that holds the dollars and the ETH for a moment.
    private static async Task<Scenario> AggregatorAsync(TestChain chain)
    {
        BigInteger dollar = 1_000_000;
        Story story = new("aggregator", chain);
        Deployed weth = await story.DeployAsync("weth", "Weth");
        Deployed router = await story.DeployAsync("router", "Router", weth.Address);
        Deployed aggregator = await story.DeployAsync("aggregator", "Aggregator", router.Address);
        Deployed usd = await story.DeployAsync("usd", "Token", "USD", 6);
        Deployed mid = await story.DeployAsync("mid", "Token", "MID", 18);
        Deployed first = await story.DeployAsync("first pool", "Pool", usd.Address, mid.Address);
        Deployed second = await story.DeployAsync("second pool", "Pool", mid.Address, weth.Address);
        await MintAsync(chain, usd, first, 1_000_000 * dollar);
        await MintAsync(chain, mid, first, 500_000 * Ether);
        await MintAsync(chain, mid, second, 500_000 * Ether);
        await WrapForAsync(chain, weth, second, 1000 * Ether);
        await chain.InvokeAsync(TestChain.Faucet, first, "sync", 0);
        await chain.InvokeAsync(TestChain.Faucet, second, "sync", 0);
        Theft theft = await story.StealAsync(usd, 10_000 * dollar);
        await story.CallAsync("approve", "thief", usd, "approve", 0, aggregator.Address, 10_000 * dollar);
        await story.CallAsync(
            "swap", "thief", aggregator, "swapForETH", 0,
            usd.Address, 10_000 * dollar, new[] { first.Address, second.Address }, story["thief"]);
        return story.End(
            theft,
            new Ending(story["thief"], null, WeiFor10000Dollars, 10_000 * dollar),
            new Ending(aggregator.Address, null, 0, 0));
    }

    // 10 ETH wrapped; 4 WETH to a mule, who unwraps them.
    private static async Task<Scenario> WrapAsync(TestChain chain)
    {
        Story story = new("wrap", chain);
        Deployed weth = await story.DeployAsync("weth", "Weth");
        Theft theft = await story.StealAsync(10 * Ether);
        await story.CallAsync("wrap", "thief", weth, "deposit", 10 * Ether);
        await story.CallAsync("to the mule", "thief", weth, "transfer", 0, story["mule"], 4 * Ether);
        await story.CallAsync("unwrap", "mule", weth, "withdraw", 0, 4 * Ether);
        return story.End(
            theft,
            new Ending(story["thief"], weth, 6 * Ether, 6 * Ether),
            new Ending(story["mule"], null, 4 * Ether, 4 * Ether));
    }

    // The loot sits in a contract that borrows 500 ETH and 7,000 TOK for the length of a transaction: that leaves nothing.
    private static async Task<Scenario> FlashLoanAsync(TestChain chain)
    {
        Story story = new("flash loan", chain);
        Deployed token = await story.DeployAsync("token", "Token", "TOK", 18);
        Deployed lender = await story.DeployAsync("lender", "FlashLender");
        Deployed borrower = await story.DeployAsync("borrower", "FlashBorrower");
        await chain.SendAsync(TestChain.Faucet, lender.Address, 500 * Ether, []);
        await MintAsync(chain, token, lender, 7000 * Ether);
        Theft theft = await story.StealAsync(10 * Ether);
        story.Keep("park", await chain.SendAsync(story["thief"], borrower.Address, 10 * Ether, []));
        await story.CallAsync("loan", "thief", lender, "lend", 0, borrower.Address, 500 * Ether, token.Address, 7000 * Ether);
        await story.CallAsync("pay out", "thief", borrower, "pay", 0, story["mule"], 4 * Ether);
        return story.End(
            theft,
            new Ending(borrower.Address, null, 6 * Ether, 6 * Ether),
            new Ending(story["mule"], null, 4 * Ether, 4 * Ether),
            new Ending(borrower.Address, token, 0, 0));
    }

    private static async Task<Market> MarketAsync(Story story)
    {
        Deployed weth = await story.DeployAsync("weth", "Weth");
        Deployed router = await story.DeployAsync("router", "Router", weth.Address);
        Deployed token = await story.DeployAsync("token", "Token", "TOK", 18);
        Deployed pool = await story.DeployAsync("pool", "Pool", weth.Address, token.Address);
        await MintAsync(story.Chain, token, pool, 2_000_000 * Ether);
        await WrapForAsync(story.Chain, weth, pool, 1000 * Ether);
        await story.Chain.InvokeAsync(TestChain.Faucet, pool, "sync", 0);
        return new Market(router, pool, token);
    }

    private static Task<Mined> MintAsync(TestChain chain, Deployed token, Deployed to, BigInteger amount) =>
        chain.InvokeAsync(TestChain.Faucet, token, "mint", 0, to.Address, amount);

    private static async Task WrapForAsync(TestChain chain, Deployed weth, Deployed to, BigInteger wei)
    {
        await chain.InvokeAsync(TestChain.Faucet, weth, "deposit", wei);
        await chain.InvokeAsync(TestChain.Faucet, weth, "transfer", 0, to.Address, wei);
    }

    private static BigInteger Wei(string digits) => BigInteger.Parse(digits, CultureInfo.InvariantCulture);

    private sealed record Market(Deployed Router, Deployed Pool, Deployed Token);
}
