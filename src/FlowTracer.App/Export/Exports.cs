using System.Collections.Immutable;
using FlowTracer.Core.Model;

namespace FlowTracer.App.Export;

/// <summary>The formats, by name.</summary>
public static class Exports
{
    /// <summary>All of them, in the order help shows them.</summary>
    public static ImmutableArray<ITraceExporter> All { get; } =
    [
        new TraceJsonExporter(), new GraphMlExporter(), new GexfExporter(), new CsvExporter(), new DotExporter(),
    ];

    /// <summary>Their names, as help and errors list them.</summary>
    public static string Names { get; } = string.Join(", ", All.Select(static exporter => exporter.Format));

    /// <summary>The format of a name.</summary>
    /// <exception cref="InputException">There is none; the message lists those there are.</exception>
    public static ITraceExporter Find(string format) =>
        All.FirstOrDefault(exporter => exporter.Format == format)
        ?? throw new InputException($"unknown format '{format}': it is one of {Names}");

    /// <summary>Reads a list like <c>json,graphml</c>; a name given twice counts once.</summary>
    /// <exception cref="InputException">A name is unknown or missing.</exception>
    public static IReadOnlyList<string> Parse(string list) =>
        [.. list.Split(',', StringSplitOptions.TrimEntries).Select(static name => Find(name).Format).Distinct()];
}
