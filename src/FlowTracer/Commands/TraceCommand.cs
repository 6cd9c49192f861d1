using System.CommandLine;
using System.Diagnostics;
using FlowTracer.App.Export;
using FlowTracer.App.Sources;
using FlowTracer.App.Traces;
using FlowTracer.Core.Model;
using FlowTracer.Core.Taint;
using FlowTracer.Core.Tracing;
using FlowTracer.Views;

namespace FlowTracer.Commands;

/// <summary><c>flowtracer trace</c>.</summary>
internal static class TraceCommand
{
    public static Command Create()
    {
        TraceOptions options = new();
        Option<string> policy = new("--policy", "-p")
        {
            Description = "How an account gives up money: " + string.Join(", ", TaintPolicies.All.Select(static p => p.Name)) + ".",
            DefaultValueFactory = static _ => TaintPolicies.Fifo.Name,
        };
        Option<string?> directory = new("--out", "-o") { Description = "Write exports into this folder." };
        Option<string> formats = new("--format", "-f")
        {
            Description = $"What to write there: {string.Join(", ", Exports.All.Select(static e => e.Format))}, separated by commas.",
            DefaultValueFactory = static _ => "json",
        };
        Option<bool> aggregate = new("--aggregate") { Description = "In graphs, merge hops of one pair and asset into one edge." };
        Option<bool> json = new("--json") { Description = "Print trace.json instead of tables." };
        Command command = new("trace", "Follows value from a theft to where it ends, and accounts for every unit of it.")
        {
            policy, directory, formats, aggregate, json,
        };
        options.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            Stopwatch clock = Stopwatch.StartNew();
            ITaintPolicy chosen = PolicyOf(parsed.GetValue(policy)!);
            IReadOnlyList<string> written = Exports.Parse(parsed.GetValue(formats)!);
            if (parsed.GetValue(directory) is "")
            {
                throw new InputException("--out names no folder");
            }

            if (parsed.GetValue(directory) is null && (parsed.GetResult(formats) is { Implicit: false } || parsed.GetValue(aggregate)))
            {
                throw new InputException("--format and --aggregate say how exports are written: they need --out FOLDER");
            }

            TraceRequest request = await options.ReadAsync(parsed, cancellationToken).ConfigureAwait(false);
            await using TraceCase opened = await Desk(cancellationToken).OpenAsync(request, cancellationToken).ConfigureAwait(false);
            LiveView.Begin(opened.Live);
            TraceReport report = await RunAsync(opened, chosen, cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(directory) is string folder)
            {
                await ExportWriter.WriteAsync(
                    folder, written, report, new ExportOptions(parsed.GetValue(aggregate)), cancellationToken).ConfigureAwait(false);
            }

            Show(report, opened.Live, parsed.GetValue(json));
            Took(report, parsed.GetValue(directory), clock);
            return LiveView.End(opened.Live);
        });
        return command.WithExamples(
            "trace ronin-bridge-2022",
            "trace ronin-bridge-2022 --policy haircut --out out --format json,graphml",
            "trace ronin-bridge-2022 --max-requests 20",
            "trace 0x098B716B8Aaf21512996dC57EB0615e2383E2f96 --data transfers.csv --asset ETH",
            "trace 0x098B716B8Aaf21512996dC57EB0615e2383E2f96 --source http://127.0.0.1:8545 --from 14442835",
            "trace 0x098B716B8Aaf21512996dC57EB0615e2383E2f96 --source http://127.0.0.1:8545 --from 14442835 --offline --json",
            "trace a1075db55d416d3ca199f55b6084e2115b9345e16c5cf302fc80e9d5fbf5d48d:0 --source https://explorer.example/api",
            "trace 1KFHE7w8BhaENAswwryaoccDb6qcT6DbYY --source http://127.0.0.1:8332 --chain bitcoin",
            "trace ronin-bridge-2022 --store case.db",
            "trace 0xA160cdAB225685dA1d56aa342Ad8841c3b53f291 --data transfers.csv --backward",
            "trace 0xc28fad5e8d5e0ce6a2eaf67b6687be5d58113e16be590824d6cfa1a94467d0b7 --data - --json < transfers.csv");
    }

    /// <summary>The policy of a name.</summary>
    /// <exception cref="InputException">There is none.</exception>
    public static ITaintPolicy PolicyOf(string name) => TaintPolicies.Find(name) ?? throw new InputException(
        $"unknown policy {new ParseError(name, 1, "expected " + string.Join(", ", TaintPolicies.All.Select(static p => p.Name)))}");

    /// <summary>The desk over the facts and labels of this machine.</summary>
    public static TraceDesk Desk(CancellationToken cancellationToken) =>
        new(TraceDesk.ShippedFixtures, Task.Run(() => LabelsCommand.Load(cancellationToken), cancellationToken));

    private static async Task<TraceReport> RunAsync(
        TraceCase opened, ITaintPolicy policy, CancellationToken cancellationToken)
    {
        using ProgressLine progress = new(opened.Live?.Meter);
        return await TraceDesk.RunAsync(opened, policy, progress, cancellationToken).ConfigureAwait(false);
    }

    private static void Show(TraceReport report, LiveSource? live, bool json)
    {
        if (json)
        {
            ITraceExporter exporter = Exports.Find("json");
            using Stream output = Console.OpenStandardOutput();
            exporter.Write(exporter.FileNames[0], report, new ExportOptions(Aggregate: false), output);
            foreach (string reading in TraceView.Readings(report.Trace))
            {
                Console.Error.WriteLine(reading);
            }

            return;
        }

        TraceView.Write(Terminal.Out(), report, live);
    }

    private static void Took(TraceReport report, string? folder, Stopwatch clock)
    {
        int addresses = report.Trace.Nodes.Count(static node => node.Kind is NodeKind.Address or NodeKind.Coin);
        bool areCoins = report.Trace.Question.Seeds[0].Asset.Chain.Family == ChainFamily.Utxo;
        string holders = (areCoins, addresses) switch { (true, 1) => "coin", (true, _) => "coins", (false, 1) => "address", _ => "addresses" };
        Console.Error.WriteLine(
            $"Traced {report.Trace.Hops.Length:N0} {(report.Trace.Hops.Length == 1 ? "hop" : "hops")} over {addresses:N0} {holders} in {clock.Elapsed.TotalSeconds:F2} s{(folder is null ? "" : $"; exports are in {folder}")}.");
    }
}
