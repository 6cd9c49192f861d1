using System.Globalization;
using FlowTracer.App.Traces;
using FlowTracer.Core.Model;
using FlowTracer.Core.Tracing;

namespace FlowTracer.Views;

/// <summary>The certificate of a trace that its budget stopped: how much of each seed is not followed, at most.</summary>
internal static class BudgetView
{
    // As in the balance sheet: many seeds are read as one sum.
    private const int SeedsShown = 8;

    public static void Write(Terminal console, TraceReport report)
    {
        if (report.Trace.StoppedAfter is not int requests)
        {
            return;
        }

        console.Heading("NOT FOLLOWED: the budget was used up");
        console.Paragraph(string.Create(
            CultureInfo.InvariantCulture,
            $"It stopped after {requests} {(requests == 1 ? "request" : "requests")}; --max-requests {requests} gives this answer again, to the byte."));
        if (report.Trace.Balance.Length > SeedsShown)
        {
            OfAll(console, report);
            return;
        }

        foreach (SeedBalance sheet in report.Trace.Balance)
        {
            int places = sheet.NotFollowed.Sum(static row => row.Addresses);
            console.Bullet(string.Create(
                CultureInfo.InvariantCulture,
                $"seed {sheet.Seed + 1}: {Most(report, sheet.Asset, [sheet])}, at {places:N0} {(places == 1 ? "place" : "places")}."));
        }
    }

    private static void OfAll(Terminal console, TraceReport report)
    {
        foreach (IGrouping<Asset, SeedBalance> seeds in report.Trace.Balance.GroupBy(static sheet => sheet.Asset))
        {
            console.Bullet($"all seeds: {Most(report, seeds.Key, [.. seeds])}.");
        }
    }

    // Under poison nothing is measured but what was reached.
    private static string Most(TraceReport report, Asset asset, IReadOnlyList<SeedBalance> sheets)
    {
        if (report.Trace.Question.Policy.MeasuresReach)
        {
            return "reached and not followed";
        }

        Amount left = Sum(sheets.SelectMany(static sheet => sheet.NotFollowed).Select(static row => row.Amount));
        Amount stolen = Sum(sheets.Select(static sheet => sheet.Stolen));
        return $"at most {report.Assets[asset].Text(left)}, {Share.Percent(left, stolen)} of what was stolen, is not followed";
    }

    private static Amount Sum(IEnumerable<Amount> amounts) => amounts.Aggregate(Amount.Zero, static (sum, amount) => sum + amount);
}
