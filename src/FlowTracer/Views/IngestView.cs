using System.Globalization;
using FlowTracer.App.Ingest;
using FlowTracer.App.Sources;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Ports;

namespace FlowTracer.Views;

/// <summary>What a user is told of an ingest.</summary>
internal static class IngestView
{
    /// <summary>Says what is read and where it goes, on standard error.</summary>
    public static void Begin(OpenBlocks opened, IFlowStore store)
    {
        foreach (string warning in opened.Warnings)
        {
            Console.Error.WriteLine($"flowtracer: {warning}");
        }

        Console.Error.WriteLine($"{opened.Source.Name}: {opened.Source.Method}, into {store.Name}");
    }

    /// <summary>Says what was done and what it cost, on standard error.</summary>
    public static void End(IngestReport report, OpenBlocks opened)
    {
        RpcCounts counts = opened.Meter.Snapshot();
        string blocks = report.Last is null ? "no new block"
            : $"blocks {report.First:N0} to {report.Last:N0}, {report.Added:N0} movements, {report.Known:N0} known before";
        string back = report.RolledBack == 0 ? string.Empty : $"; {report.RolledBack:N0} blocks taken back by reorganisations";
        Console.Error.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"Wrote {blocks}{back}, in {report.Elapsed.TotalSeconds:F2} s ({report.Blocks / Math.Max(report.Elapsed.TotalSeconds, 0.001):N1} blocks/s); {counts.Calls:N0} calls in {counts.HttpRequests:N0} requests, {counts.BytesReceived:N0} bytes."));
        if (report.UnknownCoins > 0)
        {
            Console.Error.WriteLine(
                $"flowtracer: {report.UnknownCoins:N0} coins spent there come from before the store's first block, and the source does not find them: what spends them is unresolved. A node with txindex=1, or a store from block 0 on, knows them.");
        }

        Console.Error.WriteLine("Stages: " + string.Join("; ", report.Stages.Select(static stage => string.Create(
            CultureInfo.InvariantCulture,
            $"{stage.Name} {stage.Items:N0}, {stage.Working.TotalSeconds:F2} s at work, {stage.Waiting.TotalSeconds:F2} s waiting"))));
    }

    /// <summary>The same as JSON on standard output.</summary>
    public static void WriteJson(IngestReport report, OpenBlocks opened, IFlowStore store) => JsonOutput.Write(json =>
    {
        RpcCounts counts = opened.Meter.Snapshot();
        json.WriteStartObject();
        json.WriteString("chain", opened.Source.Chain.ToString());
        json.WriteString("source", opened.Source.Name);
        json.WriteString("method", opened.Source.Method);
        json.WriteString("store", store.Name);
        Number("first", report.First);
        Number("last", report.Last);
        json.WriteNumber("blocks", report.Blocks);
        json.WriteNumber("movements", report.Added);
        json.WriteNumber("known", report.Known);
        json.WriteNumber("rolled_back", report.RolledBack);
        json.WriteNumber("unknown_coins", report.UnknownCoins);
        json.WriteNumber("elapsed_ms", (long)report.Elapsed.TotalMilliseconds);
        json.WriteNumber("calls", counts.Calls);
        json.WriteNumber("requests", counts.HttpRequests);
        json.WriteNumber("bytes", counts.BytesReceived);
        json.Objects("stages", report.Stages, stage =>
        {
            json.WriteString("name", stage.Name);
            json.WriteNumber("items", stage.Items);
            json.WriteNumber("working_ms", (long)stage.Working.TotalMilliseconds);
            json.WriteNumber("waiting_ms", (long)stage.Waiting.TotalMilliseconds);
        });
        json.WriteEndObject();

        void Number(string name, ulong? value)
        {
            if (value is ulong number)
            {
                json.WriteNumber(name, number);
            }
            else
            {
                json.WriteNull(name);
            }
        }
    });
}
