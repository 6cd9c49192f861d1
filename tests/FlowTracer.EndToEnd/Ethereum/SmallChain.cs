using FlowTracer.Chains.Rpc;

namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>One Anvil with a few scenarios, and blocks enough between and after them for ranges to matter.</summary>
public sealed class SmallChain : IAsyncLifetime
{
    /// <summary>The scenarios that stand for all: ETH, a contract that hands on, a token whose fee goes elsewhere.</summary>
    public static IReadOnlyList<string> Stories { get; } = ["plain hops", "splitter", "fee on transfer"];

    private AnvilNode? _node;

    internal AnvilNode Node => _node!;

    internal Dictionary<string, Scenario> Told { get; } = [];

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
}
