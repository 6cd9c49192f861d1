using System.Numerics;
using FlowTracer.Chains.Ethereum.Live;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>
/// A node without old state and without an index shows transactions' own values and token logs: the sheet is of these, and
/// says so by calling the rest an edge.
/// </summary>
public sealed class LivePrunedTests(ToldChain told) : IClassFixture<ToldChain>
{
    private static readonly string[] NothingTraced = ["trace_*", "ots_*", "debug_*"];
    private static readonly BigInteger Ether = TestChain.Ether;

    [AnvilTheory]
    [InlineData("plain hops")]
    [InlineData("no return value")]
    [InlineData("bytes32 symbol")]
    [InlineData("equal symbols")]
    [InlineData("poisoning")]
    [InlineData("airdrop")]
    [InlineData("fee on transfer")]
    public async Task What_transactions_and_logs_tell_is_seen_whole(string name)
    {
        Scenario scenario = told.Told[name];
        using LiveTrace trace = await TraceAsync(scenario, NothingTraced);
        Sheets.AssertNone(Sheets.FaultOf(scenario, trace) ?? string.Empty);

        // Of coins anything may have come and gone unseen; of tokens the logs tell all.
        BigInteger rest = trace.AtRest().Aggregate(BigInteger.Zero, (sum, one) => sum + one.Origin);
        Assert.Equal(scenario.Theft.Token is null ? rest : 0, trace.Sink("edge"));
        Assert.Equal(scenario.Theft.Token is null ? 0 : rest, trace.Sink("held"));
    }

    [AnvilFact]
    public async Task What_contracts_pay_on_ends_at_the_contract_as_an_edge()
    {
        using LiveTrace splitter = await TraceAsync(told.Told["splitter"], NothingTraced);
        string contract = told.Told["splitter"].Accounts["splitter"].ToLowerInvariant();
        Assert.Equal([new AtRest(contract, "eth", 10 * Ether, 10 * Ether)], splitter.AtRest());
        Assert.Equal(10 * Ether, splitter.Sink("edge"));
        Assert.Equal(0, splitter.Sink("held"));

        // The bomb's heir is not seen, and what it had before is not known either: all that can be said is an edge.
        using LiveTrace bomb = await TraceAsync(told.Told["self-destruct"], NothingTraced);
        Assert.Equal([new AtRest(told.Told["self-destruct"].Accounts["bomb"].ToLowerInvariant(), "eth", 10 * Ether, 10 * Ether)], bomb.AtRest());
        Assert.Equal(10 * Ether, bomb.Sink("edge"));
        Assert.Equal(0, bomb.Sink("held"));
    }

    [AnvilTheory]
    [InlineData("splitter")]
    [InlineData("stored splitter")]
    [InlineData("swap")]
    [InlineData("delegatecall")]
    [InlineData("reverting inner call")]
    [InlineData("bridge")]
    public async Task With_a_call_tracer_what_own_transactions_do_inside_is_seen(string name)
    {
        Scenario scenario = told.Told[name];
        using LiveTrace trace = await TraceAsync(scenario, ["trace_*", "ots_*"]);
        Sheets.AssertNone(Sheets.FaultOf(scenario, trace) ?? string.Empty);
        BigInteger coins = trace.AtRest().Where(rest => rest.Asset == "eth").Aggregate(BigInteger.Zero, (sum, one) => sum + one.Origin);
        Assert.Equal(coins, trace.Sink("edge"));
    }

    [AnvilFact]
    public async Task The_limit_of_blocks_read_one_by_one_is_kept_and_stated()
    {
        Scenario scenario = told.Told["plain hops"];
        await using FaultyNode faulty = new FaultyNode(told.Node.Url).Without(NothingTraced).Add(Fault.PrunedState(10));
        ulong theft = (ulong)scenario.Transactions["theft"].Block;
        History history = Assert.Single(await ReadAsync(faulty.Url, new LiveLimits(20_000, 2), ThiefFrom(scenario, theft)));

        // The theft and, a block later, what goes to the mule; the payment that fails lies beyond.
        Assert.All(history.Movements, movement => Assert.InRange(movement.Position.Block, theft, theft + 1));
        Assert.Equal(3, history.Movements.Count);
        Assert.False(history.Coverage.IsComplete);
        Assert.Contains($"of blocks {theft} to {theft + 1}", history.Coverage.Text, StringComparison.Ordinal);
    }

    // Together the first of them is read from the theft on (backward: the last from the first block on), and of what comes a
    // transaction later there is nothing then.
    [AnvilTheory]
    [InlineData(Direction.Forward)]
    [InlineData(Direction.Backward)]
    public async Task What_is_told_of_an_account_that_is_too_long_does_not_hang_on_what_else_is_asked(Direction direction)
    {
        Scenario scenario = told.Told["plain hops"];
        ulong theft = (ulong)scenario.Transactions["theft"].Block;
        LiveLimits limits = new(1, 20_000);
        HistoryRequest[] requests = [.. Enumerable.Range(0, 4).Select(later => ThiefFrom(scenario, theft + (ulong)later) with { Direction = direction })];
        List<string> alone = [];
        foreach (HistoryRequest request in requests)
        {
            alone.Add(Text(Assert.Single(await ReadAsync(told.Node.Url, limits, request))));
        }

        Assert.Equal(alone, (await ReadAsync(told.Node.Url, limits, requests)).Select(Text));
        Assert.Equal(alone, (await ReadAsync(told.Node.Url, limits, [.. requests.Reverse()])).Reverse().Select(Text));
        Assert.Contains(alone, static text => text.Contains("it has more than 1 transactions", StringComparison.Ordinal));
        Assert.True(alone.Distinct().Count() > 1);

        static string Text(History history) =>
            $"{history.Opening} {history.Closing} {history.Coverage.Text}: {string.Join(", ", history.Movements.Select(static movement => movement.Position))}";
    }

    private static HistoryRequest ThiefFrom(Scenario scenario, ulong block)
    {
        Assert.True(Address.TryParse(ChainId.Ethereum, scenario.Accounts["thief"], out Address thief, out _));
        return new HistoryRequest(Holder.Account(thief, Asset.Coin(ChainId.Ethereum)), new Position(block, 0, 0), Direction.Forward);
    }

    private static async Task<IReadOnlyList<History>> ReadAsync(Uri url, LiveLimits limits, params HistoryRequest[] requests)
    {
        using HttpPipeline pipeline = new(new FetchSettings(), new RpcMeter(), TimeProvider.System);
        await using JsonRpcNode node = new(NodeUrl.Parse(url.ToString()), pipeline);
        NodeProbe probe = new(node);
        ChainView view = await probe.LookAsync(ChainId.Ethereum, 0, null, CancellationToken.None);
        NodeAbilities abilities = await probe.AbilitiesAsync(view, null, CancellationToken.None);
        using EthereumSource source = new(node, abilities, view, _ => Task.FromResult(view), static () => false, limits);
        return await source.ReadAsync(requests, CancellationToken.None);
    }

    private async Task<LiveTrace> TraceAsync(Scenario scenario, string[] refused)
    {
        await using FaultyNode node = new FaultyNode(told.Node.Url).Without(refused).Add(Fault.PrunedState(10));
        using Desk desk = new();
        return await Desk.TraceAsync(desk.Request(scenario.Theft, node.Url));
    }
}
