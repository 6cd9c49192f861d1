namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>The second client: an archive node that neither indexes nor traces.</summary>
public sealed class LiveHardhatTests
{
    [HardhatFact]
    public async Task Every_scenario_comes_to_its_sheet()
    {
        await using HardhatNode node = await HardhatNode.StartAsync();
        Dictionary<string, Scenario> told = [];
        foreach ((string name, Func<TestChain, Task<Scenario>> tell) in Scenarios.All)
        {
            told[name] = await tell(node.Chain);
        }

        // Whom the splitter pays stands in its storage alone, and Hardhat runs no transaction again: the way on is not seen.
        Assert.True(told.Remove("stored splitter", out Scenario? stored));
        Sheets.AssertNone(await Sheets.FaultsAsync(told, node.Url));
        using Desk desk = new();
        using LiveTrace trace = await Desk.TraceAsync(desk.Request(stored.Theft, node.Url));
        Assert.Equal([("cut", "unresolved", 10 * TestChain.Ether)], trace.Sheet());
        Assert.Empty(trace.Gaps());
    }
}
