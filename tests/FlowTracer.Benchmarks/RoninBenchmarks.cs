using BenchmarkDotNet.Attributes;
using FlowTracer.App.Export;
using FlowTracer.App.Labels;
using FlowTracer.App.Traces;
using FlowTracer.Chains.Recorded;
using FlowTracer.Core.Taint;

namespace FlowTracer.Benchmarks;

/// <summary>The Ronin case, step by step, warm.</summary>
[MemoryDiagnoser]
public class RoninBenchmarks
{
    private byte[] _record = [];
    private TraceCase? _case;
    private TraceReport? _report;

    /// <summary>Reads what the measured steps start from.</summary>
    [GlobalSetup]
    public void Open()
    {
        _record = File.ReadAllBytes(Path.Combine(TraceDesk.ShippedFixtures, "ethereum", "ronin-2022", "transfers.csv"));
        _case = new TraceDesk(TraceDesk.ShippedFixtures, Labels())
            .OpenAsync(new TraceRequest { Subject = "ronin-bridge-2022" }, CancellationToken.None).GetAwaiter().GetResult();
        _report = Trace("fifo");
    }

    /// <summary>The engine alone: 2,081 transfers, two seeds.</summary>
    [Benchmark]
    [Arguments("fifo")]
    [Arguments("lifo")]
    [Arguments("pifo")]
    [Arguments("libr")]
    [Arguments("haircut")]
    [Arguments("poison")]
    public TraceReport Trace(string policy) =>
        TraceDesk.RunAsync(_case!, TaintPolicies.Find(policy)!, null, CancellationToken.None).GetAwaiter().GetResult();

    /// <summary>The CSV into movements.</summary>
    [Benchmark]
    public int ReadRecord() => TransfersCsv.Read(_record, "transfers.csv").Count;

    /// <summary>The built-in label packs.</summary>
    [Benchmark]
    public LabelIndex Labels() =>
        LabelStore.Default().TryLoad(out LabelIndex? index, out LabelError? error, CancellationToken.None)
            ? index
            : throw new InvalidOperationException(error.ToString());

    /// <summary>One export of a finished trace.</summary>
    [Benchmark]
    [Arguments("json")]
    [Arguments("graphml")]
    [Arguments("gexf")]
    [Arguments("csv")]
    [Arguments("dot")]
    public void Export(string format)
    {
        ITraceExporter exporter = Exports.Find(format);
        foreach (string file in exporter.FileNames)
        {
            exporter.Write(file, _report!, new ExportOptions(Aggregate: false), Stream.Null);
        }
    }
}
