using BenchmarkDotNet.Attributes;
using FlowTracer.App.Export;
using FlowTracer.App.Labels;
using FlowTracer.App.Traces;
using FlowTracer.Chains.Recorded;
using FlowTracer.Core.Taint;

namespace FlowTracer.Benchmarks;

/// <summary>The Ronin case, opened.</summary>
public abstract class RoninCase
{
    private protected TraceCase Case { get; private set; } = null!;

    /// <summary>Reads the facts and labels.</summary>
    [GlobalSetup]
    public void Open() => Case = new TraceDesk(TraceDesk.ShippedFixtures, Task.FromResult(LoadLabels()))
        .OpenAsync(new TraceRequest { Subject = "ronin-bridge-2022" }, CancellationToken.None).GetAwaiter().GetResult();

    private protected static LabelIndex LoadLabels() =>
        LabelStore.Default().TryLoad(out LabelIndex? index, out LabelError? error, CancellationToken.None)
            ? index
            : throw new InvalidOperationException(error.ToString());

    private protected TraceReport RunTrace(string policy) =>
        TraceDesk.RunAsync(Case, TaintPolicies.Find(policy)!, null, CancellationToken.None).GetAwaiter().GetResult();
}

/// <summary>The engine alone: 2,081 transfers, two seeds.</summary>
[MemoryDiagnoser]
public class RoninTrace : RoninCase
{
    /// <summary>The policy.</summary>
    [Params("fifo", "lifo", "pifo", "libr", "tiho", "haircut", "poison")]
    public string Policy { get; set; } = "";

    /// <summary>One trace.</summary>
    [Benchmark]
    public TraceReport Trace() => RunTrace(Policy);
}

/// <summary>Reading what a trace starts from.</summary>
[MemoryDiagnoser]
public class RoninRead
{
    private readonly byte[] _record =
        File.ReadAllBytes(Path.Combine(TraceDesk.ShippedFixtures, "ethereum", "ronin-2022", "transfers.csv"));

    /// <summary>The CSV into movements.</summary>
    [Benchmark]
    public int Record() => TransfersCsv.Read(_record, "transfers.csv").Count;

    /// <summary>The built-in label packs.</summary>
    [Benchmark]
    public bool Labels() => LabelStore.Default().TryLoad(out _, out _, CancellationToken.None);
}

/// <summary>One export of a finished trace.</summary>
[MemoryDiagnoser]
public class RoninExport : RoninCase
{
    private TraceReport? _report;

    /// <summary>The format.</summary>
    [Params("json", "graphml", "gexf", "csv", "dot")]
    public string Format { get; set; } = "";

    /// <summary>Into nothing.</summary>
    [Benchmark]
    public void Export()
    {
        _report ??= RunTrace("fifo");
        ITraceExporter exporter = Exports.Find(Format);
        foreach (string file in exporter.FileNames)
        {
            exporter.Write(file, _report, new ExportOptions(Aggregate: false), Stream.Null);
        }
    }
}
