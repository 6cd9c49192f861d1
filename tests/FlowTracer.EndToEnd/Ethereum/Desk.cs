using System.Text;
using FlowTracer.App.Export;
using FlowTracer.App.Labels;
using FlowTracer.App.Sources;
using FlowTracer.App.Traces;
using FlowTracer.Chains.Rpc;

namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>The program's desk in this process, with a cache folder of its own.</summary>
internal sealed class Desk : IDisposable
{
    private static readonly Task<LabelIndex> Labels = Task.Run(static () =>
        LabelStore.Default().TryLoad(out LabelIndex? index, out LabelError? error, CancellationToken.None)
            ? index
            : throw new InvalidOperationException(error.ToString()));

    /// <summary>Where its answers are kept.</summary>
    public TemporaryFolder Cache { get; } = new();

    /// <summary>Traces, and returns <c>trace.json</c>.</summary>
    public static async Task<LiveTrace> TraceAsync(TraceRequest request) => new(await JsonAsync(request));

    /// <summary>Traces, and returns the text of <c>trace.json</c>.</summary>
    /// <param name="request">What to trace, where.</param>
    /// <param name="fetch">How patiently; as set on this machine unless given.</param>
    public static async Task<string> JsonAsync(TraceRequest request, FetchSettings? fetch = null)
    {
        TraceReport report = await ReportAsync(request, fetch);
        ITraceExporter exporter = Exports.Find("json");
        using MemoryStream output = new();
        exporter.Write(exporter.FileNames[0], report, new ExportOptions(Aggregate: false), output);
        return Encoding.UTF8.GetString(output.ToArray());
    }

    /// <summary>Traces.</summary>
    public static async Task<TraceReport> ReportAsync(TraceRequest request, FetchSettings? fetch = null)
    {
        await using TraceCase opened = await OpenAsync(request, fetch);
        return await TraceDesk.RunAsync(opened, request.Policy, null, CancellationToken.None);
    }

    /// <summary>Opens a case.</summary>
    public static Task<TraceCase> OpenAsync(TraceRequest request, FetchSettings? fetch = null) =>
        new TraceDesk(TraceDesk.ShippedFixtures, Labels, fetch is null ? null : new SourceSettings { Fetch = fetch })
            .OpenAsync(request, CancellationToken.None);

    /// <summary>What was stolen by a scenario's theft, to be traced at a node up to its newest block.</summary>
    public TraceRequest Request(Theft theft, params Uri[] nodes) => Request(theft.Transaction, nodes) with
    {
        To = theft.To,
        Asset = theft.Token?.Address ?? "ETH",
    };

    /// <summary>An address or transaction, to be traced at a node up to its newest block.</summary>
    public TraceRequest Request(string subject, params Uri[] nodes) => new()
    {
        Subject = subject,
        Source = new SourceRequest { Sources = [.. nodes.Select(node => node.ToString())], Confirmations = 0, CacheFolder = Cache.Path },
    };

    public void Dispose() => Cache.Dispose();
}
