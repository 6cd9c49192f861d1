using FlowTracer.App.Traces;
using FlowTracer.Core.Model;
using FlowTracer.Core.Tracing;

namespace FlowTracer.App.Export;

/// <summary>A report with the names that every format gives its parts.</summary>
internal sealed class TraceView(TraceReport report)
{
    private readonly Dictionary<string, string> _labelsOfActors = LabelsOfActors(report.Trace);

    private readonly Dictionary<Asset, (string Text, AssetName Name)> _assets = [];

    public TraceReport Report { get; } = report;

    public Trace Trace => Report.Trace;

    /// <summary>Whether the balance sheet adds up; under a policy that measures reach there is none.</summary>
    public bool AddsUp => !Trace.Question.Policy.MeasuresReach;

    /// <summary>A seed's id, the same in every file.</summary>
    public static string SeedId(int seed) => $"seed-{ExportText.Number(seed + 1)}";

    /// <summary>A hop's id, the same in every file.</summary>
    public static string HopId(int hop) => $"hop-{ExportText.Number(hop + 1)}";

    /// <summary>How people read an asset.</summary>
    public AssetName NameOf(Asset asset) => Known(asset).Name;

    /// <summary>An asset as the transfers CSV writes it: the coin's symbol or the token's contract.</summary>
    public string TextOf(Asset asset) => Known(asset).Text;

    /// <summary>
    /// Who a row of the balance sheet is about. A row is named by its actor where a label states one, and otherwise by the
    /// label (or the limit); where it is an actor, the label is the one of the first address found to be that actor's.
    /// </summary>
    public (string? Actor, string? Label) NameOf(SinkRow row) =>
        row.Name.Length == 0 ? (null, null)
        : row.Kind <= SinkKind.Burn && _labelsOfActors.TryGetValue(row.Name, out string? label) ? (row.Name, label)
        : (null, row.Name);

    /// <summary>What the sheet does not account for: zero, or the trace would not have been given.</summary>
    public static Amount ResidualOf(SeedBalance sheet)
    {
        Amount rest = sheet.Stolen - sheet.ClaimedEarlier;
        foreach (SinkRow row in sheet.Sinks)
        {
            rest -= row.Amount;
        }

        return rest;
    }

    /// <summary>A row's part of what was stolen, e.g. <c>0.123456</c>; null where amounts do not add up.</summary>
    public string? ShareOf(SeedBalance sheet, SinkRow row) => AddsUp ? Share.Fraction(row.Amount, sheet.Stolen) : null;

    /// <summary>A short name for a drawing: the label, or the ends of the address, coin or transaction.</summary>
    public static string ShortNameOf(TraceNode node)
    {
        if (node.Attribution is { Label.Length: > 0 } attribution)
        {
            return ExportText.Clean(attribution.Label);
        }

        string name = node.Address.IsNone ? node.Id[(node.Chain.ToString().Length + 1)..] : node.Address.ToString();
        const int kept = 8;
        return name.Length <= (2 * kept) + 4 ? name : $"{name[..kept]}…{name[^6..]}";
    }

    /// <summary>What becomes of value at a node: where a label or limit ends it, or what its rest is; null when it passes.</summary>
    public static SinkKind? EndOf(TraceNode node) =>
        node.Sink ?? (node.Holdings.IsEmpty ? null : node.Holdings[0].Sink);

    // A contract's checksum costs a hash, and thousands of hops move a few assets.
    private (string Text, AssetName Name) Known(Asset asset) => _assets.TryGetValue(asset, out (string, AssetName) known)
        ? known
        : _assets[asset] = (asset.ToString(), Report.Assets[asset]);

    private static Dictionary<string, string> LabelsOfActors(Trace trace)
    {
        Dictionary<string, string> labels = new(StringComparer.Ordinal);
        foreach (TraceNode node in trace.Nodes)
        {
            if (node.Attribution is { Actor.Length: > 0, Stop: not null } attribution)
            {
                labels.TryAdd(attribution.Actor, attribution.Label);
            }
        }

        return labels;
    }
}
