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

        Assert.Equal(string.Empty, await Sheets.FaultsAsync(told, node.Url));
    }
}
