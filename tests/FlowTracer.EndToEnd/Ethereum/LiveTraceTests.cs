namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>One Anvil on which all scenarios have been told.</summary>
public sealed class ToldChain : IAsyncLifetime
{
    private AnvilNode? _node;

    internal AnvilNode Node => _node!;

    internal Dictionary<string, Scenario> Told { get; } = [];

    public async Task InitializeAsync()
    {
        if (NodePackages.MissingReason(NodePackages.Anvil) is not null)
        {
            return;
        }

        _node = await AnvilNode.StartAsync();
        foreach ((string name, Func<TestChain, Task<Scenario>> tell) in Scenarios.All)
        {
            Told[name] = await tell(_node.Chain);
        }
    }

    public async Task DisposeAsync()
    {
        if (_node is not null)
        {
            await _node.DisposeAsync();
        }
    }
}

/// <summary>The built program traces every scenario from a real node, whatever the node offers, to the sheet of hand arithmetic.</summary>
public sealed class LiveTraceTests(ToldChain told) : IClassFixture<ToldChain>
{
    public static TheoryData<string> Kinds => [.. SourceKinds.All.Keys];

    [AnvilTheory]
    [MemberData(nameof(Kinds))]
    public async Task Every_scenario_comes_to_its_sheet(string kind)
    {
        await using FaultyNode node = new FaultyNode(told.Node.Url).Without(SourceKinds.All[kind]);
        Sheets.AssertNone(await Sheets.FaultsAsync(told.Told, node.Url));
    }
}
