using System.Collections.Concurrent;
using FlowTracer.Chains.Rpc;

namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>One Anvil with a few scenarios, and blocks enough between and after them for ranges to matter.</summary>
public sealed class SmallChain : IAsyncLifetime
{
    /// <summary>The scenarios that stand for all: ETH, a contract that hands on, a token whose fee goes elsewhere.</summary>
    public static IReadOnlyList<string> Stories { get; } = ["plain hops", "splitter", "fee on transfer"];

    private readonly ConcurrentDictionary<(string Story, string Kind), Task<(string Json, int Requests)>> _healthy = new();
    private AnvilNode? _node;

    internal AnvilNode Node => _node!;

    internal Dictionary<string, Scenario> Told { get; } = [];

    /// <summary>What a healthy node of a kind comes to, with the HTTP requests it takes.</summary>
    internal Task<(string Json, int Requests)> HealthyAsync(string story, string kind) =>
        _healthy.GetOrAdd((story, kind), key => TraceHealthyAsync(Told[key.Story], key.Kind));

    internal FaultyNode NodeOf(string kind, Action<FaultyNode>? fault = null)
    {
        FaultyNode node = new(Node.Url);
        fault?.Invoke(node);
        return node.Without(SourceKinds.All[kind]);
    }

    /// <summary>Repeats as often as the program does, and waits hardly at all.</summary>
    internal static FetchSettings Quick { get; } = new() { FirstDelayMs = 1, LongestDelayMs = 5_000 };

    public async Task InitializeAsync()
    {
        if (NodePackages.MissingReason(NodePackages.Anvil) is not null)
        {
            return;
        }

        _node = await AnvilNode.StartAsync();
        foreach (string name in Stories)
        {
            Told[name] = await Scenarios.All[name](_node.Chain);
            await _node.Chain.MineAsync(20);
        }
    }

    public async Task DisposeAsync()
    {
        if (_node is not null)
        {
            await _node.DisposeAsync();
        }
    }

    private async Task<(string Json, int Requests)> TraceHealthyAsync(Scenario scenario, string kind)
    {
        await using FaultyNode node = NodeOf(kind);
        using Desk desk = new();
        string json = await Desk.JsonAsync(desk.Request(scenario.Theft, node.Url), Quick);
        return (json, node.Requests);
    }
}
