using System.Text.Json;

namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>What <c>sources check</c> prints of a source is true.</summary>
public sealed class SourceCheckTests(SmallChain small) : IClassFixture<SmallChain>
{
    // Every property that a usable source has, with its kind.
    private static readonly Dictionary<string, JsonValueKind> Properties = new()
    {
        ["source"] = JsonValueKind.String,
        ["fault"] = JsonValueKind.Null,
        ["kind"] = JsonValueKind.String,
        ["client"] = JsonValueKind.String,
        ["chain"] = JsonValueKind.String,
        ["method"] = JsonValueKind.String,
        ["newest_block"] = JsonValueKind.Number,
        ["final_block"] = JsonValueKind.Number,
        ["latency_ms"] = JsonValueKind.Number,
        ["batch_size"] = JsonValueKind.Number,
        ["trace_filter_blocks"] = JsonValueKind.Number,
        ["logs_blocks"] = JsonValueKind.Number,
    };

    private static readonly string[] Abilities =
        ["trace_filter", "otterscan", "otterscan_internals", "explorer_lists", "trace_transaction", "call_tracer", "old_state", "logs", "block_receipts"];

    public static TheoryData<string, string, string> Kinds => new()
    {
        { "", "trace_filter and trace_transaction", "trace_filter otterscan otterscan_internals trace_transaction call_tracer old_state logs block_receipts" },
        { "trace_*", "ots_searchTransactionsBefore and debug_traceTransaction", "otterscan otterscan_internals call_tracer old_state logs block_receipts" },
        { "trace_* debug_*", "ots_searchTransactionsBefore and ots_getInternalOperations", "otterscan otterscan_internals old_state logs block_receipts" },
        { "trace_* ots_*", "old balances and debug_traceTransaction", "call_tracer old_state logs block_receipts" },
        { "trace_* ots_* debug_* eth_getBlockReceipts", "old balances, internal transfers derived", "old_state logs" },
        { "trace_* ots_* debug_* pruned", "reading blocks", "logs block_receipts" },
        { "trace_* ots_* debug_* eth_getLogs", "old balances, internal transfers derived", "old_state block_receipts" },
    };

    [AnvilTheory]
    [MemberData(nameof(Kinds))]
    public async Task A_node_has_what_it_does_not_refuse(string refused, string method, string abilities)
    {
        using LiveProgram program = new();
        await using FaultyNode node = new(small.Node.Url);
        foreach (string one in refused.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            _ = one == "pruned" ? node.Add(Fault.PrunedState(16)) : node.Without(one);
        }

        ProgramResult result = (await program.RunAsync("sources", "check", node.Url.ToString(), "--json")).Expect(0);

        using JsonDocument document = JsonDocument.Parse(result.Output);
        JsonElement report = Assert.Single(document.RootElement.GetProperty("sources").EnumerateArray());
        Assert.All(Properties, property => Assert.Equal(property.Value, report.GetProperty(property.Key).ValueKind));
        Assert.Equal(Properties.Keys.Concat(Abilities).Order(), report.EnumerateObject().Select(property => property.Name).Order());
        Assert.Equal(abilities.Split(' '), Abilities.Where(name => report.GetProperty(name).GetBoolean()));
        Assert.Equal(method, report.GetProperty("method").GetString());
        Assert.Equal(("node", "ethereum"), (report.GetProperty("kind").GetString(), report.GetProperty("chain").GetString()));
        Assert.StartsWith("anvil/", report.GetProperty("client").GetString(), StringComparison.OrdinalIgnoreCase);
        long head = await small.Node.Chain.HeadAsync();
        Assert.Equal((head, Math.Max(0, head - 64)), (report.GetProperty("newest_block").GetInt64(), report.GetProperty("final_block").GetInt64()));
        Assert.Equal(100, report.GetProperty("batch_size").GetInt32());
    }

    [AnvilFact]
    public async Task Limits_are_found()
    {
        using LiveProgram program = new();
        await using FaultyNode node = new FaultyNode(small.Node.Url)
            .Add(Fault.RangeLimit(20), "eth_getLogs").Add(Fault.RangeLimit(8), "trace_filter").Add(Fault.BatchLimit(12));
        node.Latency = TimeSpan.FromMilliseconds(40);

        using JsonDocument document = JsonDocument.Parse(
            (await program.RunAsync("sources", "check", node.Url.ToString(), "--json")).Expect(0).Output);

        // The largest powers of two within the limits; a batch is halved until it fits.
        JsonElement report = document.RootElement.GetProperty("sources")[0];
        Assert.Equal((16, 8), (report.GetProperty("logs_blocks").GetInt32(), report.GetProperty("trace_filter_blocks").GetInt32()));
        Assert.InRange(report.GetProperty("batch_size").GetInt32(), 1, 12);
        Assert.True(report.GetProperty("latency_ms").GetInt32() >= 40);
    }

    [AnvilFact]
    public async Task Several_at_once_and_those_that_cannot_be_used_among_them()
    {
        using LiveProgram program = new();
        program.Set("Fetch__Retries", "0");
        await using LoopbackServer page = new((_, _) => Task.FromResult(HttpAnswer.Text(200, "<html></html>", "text/html")));
        string[] urls = [small.Node.Url.ToString(), "http://127.0.0.1:1", page.Url.ToString()];

        ProgramResult text = await program.RunAsync(["sources", "check", .. urls]);
        ProgramResult json = await program.RunAsync(["sources", "check", .. urls, "--json"]);

        // What is no source at all weighs more than one that is away.
        text.Expect(2);
        json.Expect(2);
        Assert.Contains("trace_filter and trace_transaction", text.Output, StringComparison.Ordinal);
        Assert.Contains("refused the connection", text.Output, StringComparison.Ordinal);
        Assert.Contains("is neither a node of Ethereum or Bitcoin nor an explorer", text.Output, StringComparison.Ordinal);
        using JsonDocument document = JsonDocument.Parse(json.Output);
        JsonElement[] reports = [.. document.RootElement.GetProperty("sources").EnumerateArray()];
        Assert.Equal(
            ["node", null, null],
            reports.Select(report => report.TryGetProperty("kind", out JsonElement kind) ? kind.GetString() : null));
        Assert.Equal([true, false, false], reports.Select(report => report.GetProperty("fault").ValueKind == JsonValueKind.Null));
        (await program.RunAsync("sources", "check", "http://127.0.0.1:1")).Expect(3);
    }

    [HardhatFact]
    public async Task Hardhat_has_old_balances_and_nothing_else()
    {
        await using HardhatNode node = await HardhatNode.StartAsync();
        await Scenarios.All["splitter"](node.Chain);
        using LiveProgram program = new();

        using JsonDocument document = JsonDocument.Parse(
            (await program.RunAsync("sources", "check", node.Url.ToString(), "--json")).Expect(0).Output);

        JsonElement report = document.RootElement.GetProperty("sources")[0];
        Assert.Equal("old balances, internal transfers derived", report.GetProperty("method").GetString());
        Assert.Equal(["old_state", "logs"], Abilities.Where(name => report.GetProperty(name).GetBoolean()));
    }

    // script gives the program a terminal; what it would print is what a user sees.
    [AnvilFact("/usr/bin/script")]
    public async Task Progress_is_shown_on_a_terminal_and_goes_again()
    {
        using LiveProgram program = new();
        await using FaultyNode node = small.NodeOf("plain archive");
        node.Latency = TimeSpan.FromMilliseconds(100);
        string[] command = program.Trace(small.Told["plain hops"].Theft, node.Url);

        ProgramResult terminal = (await program.Program.ShellAsync(
            """exec script --quiet --return --echo never --command "'$FLOWTRACER' $* >/dev/null" /dev/null""", command)).Expect(0);
        ProgramResult pipe = (await program.RunAsync([.. command, "--refresh"])).Expect(0);

        string[] lines = terminal.Output.Split("\r\u001b[K");
        Assert.Contains(lines, line => System.Text.RegularExpressions.Regex.IsMatch(
            line, @"^round [0-9]+: [0-9]+ address(es)?, .*[0-9.]+% placed, [0-9,]+ requests, [0-9,]+ kept$"));
        Assert.StartsWith("3 holders are complete by: ", lines[^1], StringComparison.Ordinal);
        Assert.Contains("\nTraced ", lines[^1], StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', pipe.Error);
        Assert.DoesNotContain("round ", pipe.Error, StringComparison.Ordinal);
    }
}
