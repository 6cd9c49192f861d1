using FlowTracer.App.Traces;

namespace FlowTracer.App.Export;

/// <summary>How a trace is written.</summary>
/// <param name="Aggregate">Whether hops of one pair of nodes and one asset are merged into one edge.</param>
public sealed record ExportOptions(bool Aggregate);

/// <summary>One format a trace can be written in. The same report gives the same bytes.</summary>
public interface ITraceExporter
{
    /// <summary>The name on the command line, lower case.</summary>
    string Format { get; }

    /// <summary>The names of the files it writes, in order.</summary>
    IReadOnlyList<string> FileNames { get; }

    /// <summary>Writes one of its files.</summary>
    /// <param name="fileName">One of <see cref="FileNames"/>.</param>
    /// <param name="report">What to write.</param>
    /// <param name="options">How.</param>
    /// <param name="output">Receives the bytes; left open.</param>
    void Write(string fileName, TraceReport report, ExportOptions options, Stream output);
}
