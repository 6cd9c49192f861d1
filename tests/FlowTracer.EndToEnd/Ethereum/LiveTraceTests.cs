using System.Text;

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
        using Desk desk = new();
        StringBuilder faults = new();
        foreach ((string name, Scenario scenario) in told.Told)
        {
            using LiveTrace trace = await Desk.TraceAsync(desk.Request(scenario.Theft, node.Url));
            if (FaultOf(scenario, trace) is string fault)
            {
                faults.AppendLine($"{name}: {fault}");
            }
        }

        Assert.True(faults.Length == 0, faults.ToString());
    }

    private static string? FaultOf(Scenario scenario, LiveTrace trace)
    {
        AtRest[] expected =
        [
            .. scenario.Endings.Where(ending => !ending.Origin.IsZero)
                .Select(ending => new AtRest(ending.Holder.ToLowerInvariant(), (ending.Token?.Address ?? "eth").ToLowerInvariant(), ending.Amount, ending.Origin))
                .OrderBy(rest => rest.Holder, StringComparer.Ordinal).ThenBy(rest => rest.Asset, StringComparer.Ordinal),
        ];
        if (!expected.SequenceEqual(trace.AtRest()))
        {
            return $"\n  expected {string.Join("\n           ", expected.AsEnumerable())}\n  came to  {string.Join("\n           ", trace.AtRest())}\n  {string.Join("; ", trace.Sheet())}; gaps {string.Join("; ", trace.Gaps())}";
        }

        if (trace.Sink("cut") != scenario.Vanished)
        {
            return $"cut {trace.Sink("cut")} where {scenario.Vanished} vanished";
        }

        return trace.Sink("fee") == scenario.FeeWei ? null : $"fee {trace.Sink("fee")} where {scenario.FeeWei} was paid";
    }
}
