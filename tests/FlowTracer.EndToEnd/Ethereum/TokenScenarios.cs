using System.Numerics;

namespace FlowTracer.EndToEnd.Ethereum;

/// <content>Where the loot is a token that is not what it seems.</content>
internal static partial class Scenarios
{
    private static async Task<Scenario> NoReturnValueAsync(TestChain chain)
    {
        Story story = new("no return value", chain);
        Deployed token = await story.DeployAsync("token", "NoReturnToken");
        Theft theft = await story.StealAsync(token, 1000);
        await story.CallAsync("to the mule", "thief", token, "transfer", 0, story["mule"], 400);
        return story.End(theft, new Ending(story["thief"], token, 600, 600), new Ending(story["mule"], token, 400, 400));
    }

    // 10 % stays with the collector: of 1000 from the victim 900 arrive, of 400 of those 360. When silent, the logs state
    // 1000 and 400 (and the theft counts as they do), and only balances tell that 100 and 40 are missing; nothing says where they are.
    private static async Task<Scenario> FeeOnTransferAsync(TestChain chain, bool silent)
    {
        Story story = new(silent ? "silent fee on transfer" : "fee on transfer", chain);
        Deployed token = await story.DeployAsync("token", "FeeToken", "FEE", 1000, story["collector"], silent);
        Theft theft = await story.StealAsync(token, 1000, arrives: silent ? 1000 : 900);
        await story.CallAsync("to the mule", "thief", token, "transfer", 0, story["mule"], 400);
        Ending thief = new(story["thief"], token, 500, 500);
        Ending mule = new(story["mule"], token, 360, 360);
        return silent
            ? story.End(theft, thief, mule) with { Vanished = 140 }
            : story.End(theft, thief, mule, new Ending(story["collector"], token, 40, 40, IsAllOfIt: false));
    }

    // The thief gets 1000 and hands on 400. Then every balance loses a tenth and nothing is logged: 540 and 360 are left.
    private static async Task<Scenario> RebasingTokenAsync(TestChain chain)
    {
        Story story = new("rebasing token", chain);
        Deployed token = await story.DeployAsync("token", "RebasingToken");
        Theft theft = await story.StealAsync(token, 1000);
        await story.CallAsync("to the mule", "thief", token, "transfer", 0, story["mule"], 400);
        await story.CallAsync("rebase", "keeper", token, "rebase", 0, 900);
        Scenario scenario = story.End(
            theft,
            new Ending(story["thief"], token, 540, 540),
            new Ending(story["mule"], token, 360, 360));
        return scenario with { Vanished = 100 };
    }

    private static async Task<Scenario> Bytes32SymbolAsync(TestChain chain)
    {
        Story story = new("bytes32 symbol", chain);
        Deployed token = await story.DeployAsync("token", "Bytes32Token");
        Theft theft = await story.StealAsync(token, 1000);
        await story.CallAsync("to the mule", "thief", token, "transfer", 0, story["mule"], 400);
        return story.End(theft, new Ending(story["thief"], token, 600, 600), new Ending(story["mule"], token, 400, 400));
    }

    // The mule gets 400 of the stolen token and, from a stranger, 5000 of another token with the same symbol, and hands
    // 5000 of the other one on: none of that is loot.
    private static async Task<Scenario> EqualSymbolsAsync(TestChain chain)
    {
        Story story = new("equal symbols", chain);
        Deployed token = await story.DeployAsync("token", "Token", "SAME", 18);
        Deployed other = await story.DeployAsync("other token", "Token", "SAME", 18);
        Theft theft = await story.StealAsync(token, 1000);
        await story.CallAsync("to the mule", "thief", token, "transfer", 0, story["mule"], 400);
        await story.CallAsync("gift", "stranger", other, "mint", 0, story["mule"], 5000);
        await story.CallAsync("gift passed on", "mule", other, "transfer", 0, story["friend"], 5000);
        return story.End(
            theft,
            new Ending(story["thief"], token, 600, 600),
            new Ending(story["mule"], token, 400, 400),
            new Ending(story["friend"], token, 0, 0));
    }

    // Three logs name the thief as a sender to a lookalike address: one of nothing in the stolen token (anybody can make
    // it), one of 1000 in a token that lies, and one of nothing in that. The loot has not moved.
    private static async Task<Scenario> PoisoningAsync(TestChain chain)
    {
        Story story = new("poisoning", chain);
        Deployed token = await story.DeployAsync("token", "Token", "REAL", 18);
        Deployed lying = await story.DeployAsync("lying token", "LyingToken", "REAL");
        Theft theft = await story.StealAsync(token, 1000);
        await story.CallAsync("to the mule", "thief", token, "transfer", 0, story["mule"], 400);
        string lookalike = story.Name("lookalike", story["mule"][..6] + story["stranger"][6..38] + story["mule"][38..]);
        await story.CallAsync("zero poison", "poisoner", token, "transferFrom", 0, story["thief"], lookalike, BigInteger.Zero);
        await story.CallAsync("false poison", "poisoner", lying, "pretend", 0, story["thief"], lookalike, 1000);
        await story.CallAsync("false zero poison", "poisoner", lying, "pretend", 0, story["thief"], lookalike, 0);
        return story.End(
            theft,
            new Ending(story["thief"], token, 600, 600),
            new Ending(story["mule"], token, 400, 400),
            new Ending(lookalike, token, 0, 0));
    }
}
