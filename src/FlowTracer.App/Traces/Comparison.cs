using System.Collections.Immutable;
using FlowTracer.Core.Model;
using FlowTracer.Core.Taint;
using FlowTracer.Core.Tracing;

namespace FlowTracer.App.Traces;

/// <summary>One sink of one seed under several policies.</summary>
/// <param name="Kind">What kind of end.</param>
/// <param name="Name">Actor, label or limit.</param>
/// <param name="Cells">One for each policy; null where the policy sends nothing there.</param>
/// <param name="Spread">
/// The largest amount less the smallest, over the policies that measure value; null when there are fewer than two.
/// </param>
public sealed record ComparisonRow(
    SinkKind Kind, string Name, ImmutableArray<SinkRow?> Cells, Amount? Spread);

/// <summary>A seed's sinks under several policies.</summary>
/// <param name="Seed">Index of the seed, from 0.</param>
/// <param name="Asset">What its amounts count.</param>
/// <param name="Stolen">What was stolen, by policy: an address' claims may depend on it.</param>
/// <param name="Rows">Kinds in their own order, then by name.</param>
public sealed record SeedComparison(
    int Seed, Asset Asset, ImmutableArray<Amount> Stolen, ImmutableArray<ComparisonRow> Rows);

/// <summary>One case under several policies, side by side.</summary>
/// <param name="Reports">One answer for each policy, in the order asked.</param>
/// <param name="Seeds">The table, by seed.</param>
public sealed record Comparison(ImmutableArray<TraceReport> Reports, ImmutableArray<SeedComparison> Seeds)
{
    /// <summary>Traces a case under each policy.</summary>
    public static async Task<Comparison> RunAsync(
        TraceCase opened, IReadOnlyList<ITaintPolicy> policies, CancellationToken cancellationToken)
    {
        ImmutableArray<TraceReport>.Builder reports = ImmutableArray.CreateBuilder<TraceReport>();
        foreach (ITaintPolicy policy in policies)
        {
            reports.Add(await TraceDesk.RunAsync(opened, policy, null, cancellationToken).ConfigureAwait(false));
        }

        ImmutableArray<TraceReport> all = reports.ToImmutable();
        return new Comparison(all, [.. opened.Question.Seeds.Select((seed, index) => Compare(all, index, seed.Asset))]);
    }

    private static SeedComparison Compare(ImmutableArray<TraceReport> reports, int seed, Asset asset)
    {
        SeedBalance[] balances = [.. reports.Select(report => report.Trace.Balance[seed])];
        bool[] countsValue = [.. reports.Select(static report => !report.Trace.Question.Policy.MeasuresReach)];
        IEnumerable<(SinkKind Kind, string Name)> keys = balances
            .SelectMany(static balance => balance.Sinks)
            .Select(static row => (row.Kind, row.Name))
            .Distinct()
            .OrderBy(static key => key.Kind)
            .ThenBy(static key => key.Name, StringComparer.Ordinal);
        return new SeedComparison(
            seed, asset, [.. balances.Select(static balance => balance.Stolen)], [.. keys.Select(Row)]);

        ComparisonRow Row((SinkKind Kind, string Name) key)
        {
            ImmutableArray<SinkRow?> cells =
                [.. balances.Select(balance => balance.Sinks.FirstOrDefault(row => (row.Kind, row.Name) == key))];
            Amount[] values = [.. cells.Where((_, i) => countsValue[i]).Select(static cell => cell?.Amount ?? Amount.Zero)];
            return new ComparisonRow(
                key.Kind, key.Name, cells, values.Length < 2 ? null : values.Max() - values.Min());
        }
    }
}
