using System.Text;
using FlowTracer.App.Traces;
using FlowTracer.Core.Model;
using FlowTracer.Core.Tracing;

namespace FlowTracer.App.Export;

/// <summary>
/// <c>trace.dot</c> for Graphviz: a drawing for a page, so hops of one pair and asset are always one edge. What ends where
/// shows by colour and by shape, so that it survives a black-and-white print and a colour-blind reader.
/// </summary>
internal sealed class DotExporter : ITraceExporter
{
    private const int Places = 4;

    public string Format => "dot";

    public IReadOnlyList<string> FileNames { get; } = ["trace.dot"];

    public void Write(string fileName, TraceReport report, ExportOptions options, Stream output)
    {
        TraceView view = new(report);
        using StreamWriter dot = new(output, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true);
        dot.NewLine = "\n";
        dot.WriteLine("digraph trace {");
        dot.WriteLine("  graph [rankdir=LR];");
        dot.WriteLine("  node [style=filled, fontname=\"Helvetica\", fontsize=10];");
        dot.WriteLine("  edge [fontname=\"Helvetica\", fontsize=9];");
        foreach (TraceNode node in view.Trace.Nodes)
        {
            (string shape, string colour) = LookOf(node);
            dot.WriteLine(
                $"  {Quoted(node.Id)} [label={Quoted(TraceView.ShortNameOf(node))}, shape={shape}, fillcolor=\"{colour}\", tooltip={Quoted(node.Id)}];");
        }

        foreach (FlowEdge edge in FlowEdge.Of(view.Trace.Hops, aggregate: true))
        {
            dot.WriteLine(
                $"  {Quoted(view.Trace.Nodes[edge.From].Id)} -> {Quoted(view.Trace.Nodes[edge.To].Id)} [label={Quoted(LabelOf(view, edge))}];");
        }

        dot.WriteLine("}");
    }

    private static string LabelOf(TraceView view, FlowEdge edge)
    {
        AssetName name = view.NameOf(edge.Asset);
        string amount = edge.Amount <= Amount.MaxValue.ToBigInteger()
            ? name.Cut(Amount.FromBigInteger(edge.Amount), Places)
            : Above(name);
        string count = edge.Hops.Count == 1 ? string.Empty : $" ({ExportText.Number(edge.Hops.Count)}×)";
        return $"{amount} {name.Symbol}{count}";
    }

    // Only a worthless token's hops add up to more than an amount can state.
    private static string Above(AssetName name) => $"> {name.Cut(Amount.MaxValue, Places)}";

    // Colours after Okabe and Ito, which people with any colour vision tell apart.
    private static (string Shape, string Colour) LookOf(TraceNode node) => (node.Role, TraceView.EndOf(node)) switch
    {
        (NodeRole.Source, _) => ("house", "#FFFFFF"),
        (_, SinkKind.Mixer) => ("octagon", "#D55E00"),
        (_, SinkKind.Exchange) => ("box3d", "#56B4E9"),
        (_, SinkKind.Bridge) => ("cds", "#CC79A7"),
        (_, SinkKind.Service) => ("component", "#F0E442"),
        (_, SinkKind.Burn) => ("invtriangle", "#999999"),
        (_, SinkKind.Fee) => ("note", "#DDDDDD"),
        (NodeRole.Seed, _) => ("doubleoctagon", "#E69F00"),
        (_, SinkKind.Held) => ("cylinder", "#009E73"),
        (_, SinkKind.Edge) => ("tab", "#BBE5D5"),
        (_, SinkKind.Cut) => ("hexagon", "#FFFFFF"),
        (NodeRole.Transaction, _) => ("diamond", "#FFFFFF"),
        _ => ("ellipse", "#FFFFFF"),
    };

    // In a quoted text Graphviz reads backslashes as escapes and ampersands as HTML entities.
    private static string Quoted(string text) =>
        "\"" + ExportText.Clean(text)
            .Replace("&", "&amp;", StringComparison.Ordinal)
            .Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\"", "\\\"", StringComparison.Ordinal) + "\"";
}
