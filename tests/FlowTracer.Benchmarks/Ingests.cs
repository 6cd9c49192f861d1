using System.Globalization;
using FlowTracer.App.Ingest;
using FlowTracer.App.Sources;
using FlowTracer.Core.Model;
using FlowTracer.EndToEnd.Bitcoin;
using FlowTracer.EndToEnd.Ethereum;
using FlowTracer.Store.Sqlite;

namespace FlowTracer.Benchmarks;

/// <summary><c>ingest</c>: whole blocks from Anvil by kind of source, from bcoin and from block files, and what each stage takes.</summary>
internal static class Ingests
{
    // Steps of as many payments, a block each.
    private const int Blocks = 60;
    private const int PaymentsOfBlock = 100;

    public static async Task<int> RunAsync()
    {
        if ((NodePackages.MissingReason(NodePackages.Anvil) ?? NodePackages.MissingReason(NodePackages.Bcoin)) is string reason)
        {
            Console.Error.WriteLine(reason);
            return 1;
        }

        Console.WriteLine($"{Environment.ProcessorCount} cores, load {File.ReadAllText("/proc/loadavg").Split(' ')[0]}");
        Console.WriteLine("| source | blocks | movements | s | blocks a second | movements a second | calls | at work (waiting), s: fetch | decode | open | write |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|---|");
        await using AnvilNode anvil = await AnvilNode.StartAsync();
        await LiveCost.LayersAsync(anvil.Chain, Blocks, PaymentsOfBlock);
        foreach (string kind in (string[])["trace_filter, --trust-traces", .. SourceKinds.All.Keys])
        {
            await using FaultyNode node = new FaultyNode(anvil.Url).Without(SourceKinds.All.GetValueOrDefault(kind, []));
            await MeasureAsync($"Anvil, {kind}", ChainId.Ethereum, node.Url.ToString(), audits: !kind.EndsWith("--trust-traces", StringComparison.Ordinal));
        }

        BitcoinTheft told = new();
        await told.InitializeAsync();
        try
        {
            await MeasureAsync("bcoin", ChainId.BitcoinRegtest, told.Sources["node"], audits: true);
            await MeasureAsync("its block files", ChainId.BitcoinRegtest, told.Sources["files"], audits: true);
        }
        finally
        {
            await told.DisposeAsync();
        }

        return 0;
    }

    // Twice, so that no figure is of compiling.
    private static async Task MeasureAsync(string name, ChainId chain, string source, bool audits)
    {
        await OnceAsync(chain, source, audits);
        (IngestReport report, long calls) = await OnceAsync(chain, source, audits);
        double seconds = report.Elapsed.TotalSeconds;
        string stages = string.Join(" | ", report.Stages.Select(static stage => string.Create(
            CultureInfo.InvariantCulture, $"{stage.Working.TotalSeconds:F2} ({stage.Waiting.TotalSeconds:F2})")));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {name} | {report.Blocks:N0} | {report.Added:N0} | {seconds:F2} | {report.Blocks / seconds:N0} | {report.Added / seconds:N0} | {calls:N0} | {stages} |"));
    }

    private static async Task<(IngestReport Report, long Calls)> OnceAsync(ChainId chain, string source, bool audits)
    {
        string folder = Directory.CreateTempSubdirectory("flowtracer-ingest-bench-").FullName;
        try
        {
            await using OpenBlocks opened = await new SourceOpener(new SourceSettings(), TimeProvider.System)
                .OpenBlocksAsync([source], chain, audits, CancellationToken.None);
            await using SqliteStore store = SqliteStore.Open(Path.Combine(folder, "store.db"), create: true);
            IngestReport report = await new Ingestion(opened.Source, store, TimeProvider.System)
                .RunAsync(new IngestRequest { Confirmations = 0 }, null, CancellationToken.None);
            return (report, opened.Meter.Snapshot().Calls);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
