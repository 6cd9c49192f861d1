using System.Globalization;
using FlowTracer.App.Traces;
using FlowTracer.Core.Model;
using FlowTracer.Core.Tracing;

namespace FlowTracer.Views;

/// <summary>Several policies side by side: sinks down, policies across, and how far they are apart.</summary>
internal static class CompareView
{
    public static void Write(Terminal console, Comparison comparison, bool amounts)
    {
        string[] policies = [.. comparison.Reports.Select(static report => report.Trace.Question.Policy.Name)];
        TraceReport first = comparison.Reports[0];
        console.Title(
            $"{(first.Heist is { } heist ? $"{heist.Name}, {heist.Date}" : first.Provenance.Subject)}: one case, {policies.Length} policies");
        List<string[]?> rows = [];
        foreach (SeedComparison seed in comparison.Seeds)
        {
            AssetName asset = first.Assets[seed.Asset];
            rows.Add([$"Seed {seed.Seed + 1}: {asset.Text(seed.Stolen[0])}"]);
            rows.AddRange(seed.Rows.Select(string[] (row) =>
            [
                $" {RowName(row)}",
                .. row.Cells.Select((cell, i) => Cell(cell, comparison.Reports[i], seed.Stolen[i], amounts)),
                row.Spread is Amount spread ? Compact(asset, spread) : "",
            ]));
        }

        console.Table(["", .. policies.Select(static policy => ">" + policy), ">spread"], rows, elastic: amounts ? null : 0);
        console.Line();
        console.Bullet(amounts ? "Amounts are in the seed's own units." : "Shares of what the seed stole, cut after two digits; exact amounts with --json.");
        console.Bullet("spread: the largest amount less the smallest, in the seed's own units. A row with a wide spread depends on the policy.");
        foreach (TraceReport stopped in comparison.Reports.Where(static report => report.Trace.StoppedAfter is not null))
        {
            console.Bullet($"{stopped.Trace.Question.Policy.Name} stopped after {stopped.Trace.StoppedAfter} requests: 'cut requests' is at most what it does not follow.");
        }

        if (comparison.Reports.Any(static report => report.Trace.Question.Policy.MeasuresReach))
        {
            console.Bullet("poison has no balance sheet: @ is how many marked addresses paid into the sink (held, edge: how many are in it).");
        }
    }

    private static string RowName(ComparisonRow row) => row.Kind switch
    {
        SinkKind.Held or SinkKind.Fee => row.Kind.Word(),
        SinkKind.Edge => row.Name.Length > 0 ? $"edge {row.Name}" : "edge",
        _ => $"{row.Kind.Word()} {row.Name}",
    };

    private static string Cell(SinkRow? cell, TraceReport report, Amount stolen, bool amounts)
    {
        if (report.Trace.Question.Policy.MeasuresReach)
        {
            return cell is null ? "-" : string.Create(CultureInfo.InvariantCulture, $"@{(cell.Kind is SinkKind.Held or SinkKind.Edge ? cell.Addresses : cell.Payers)}");
        }

        return cell is null ? "-"
            : amounts ? report.Assets[cell.Asset].Cut(cell.Amount, 8)
            : Share.Percent(cell.Amount, stolen, 2);
    }

    // Beside large amounts the digits behind the point say nothing.
    private static string Compact(AssetName asset, Amount amount)
    {
        string text = asset.Cut(amount, 2);
        int point = text.IndexOf('.', StringComparison.Ordinal);
        return point > 3 ? text[..point] : text;
    }
}
