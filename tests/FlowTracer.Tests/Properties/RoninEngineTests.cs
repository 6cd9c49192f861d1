using FlowTracer.App.Labels;
using FlowTracer.App.Traces;
using FlowTracer.Core.Attributions;
using FlowTracer.Core.Model;
using FlowTracer.Core.Taint;
using FlowTracer.Core.Tracing;
using FlowTracer.Tests.Export;
using FlowTracer.Tests.Reference;
using FlowTracer.Testing;

namespace FlowTracer.Tests.Properties;

/// <summary>
/// The real record: the engine as a user runs it, on the heist's file with the labels that ship, against the reference,
/// which reads the record by itself and is told only who stops and what is covered.
/// </summary>
public sealed class RoninEngineTests
{
    [Theory]
    [InlineData("fifo")]
    [InlineData("lifo")]
    [InlineData("pifo")]
    [InlineData("libr")]
    [InlineData("tiho")]
    [InlineData("haircut")]
    [InlineData("poison")]
    public async Task Both_seeds_end_at_the_same_sinks_to_the_unit(string policy)
    {
        TraceReport report = await Reports.RoninAsync(TaintPolicies.Find(policy));
        RefCase question = RoninLedger.Load();
        RefResult reference = SlowTrace.Run(question with { Stops = Stops(question), Covered = Covered(report) }, policy);
        for (int seed = 0; seed < 2; seed++)
        {
            SeedBalance actual = report.Trace.Balance[seed];
            RefSeedResult expected = reference.Seeds[seed];
            Assert.Equal((expected.Asset, expected.Stolen), (Text(actual.Asset), actual.Stolen.ToBigInteger()));
            Assert.Equal(
                expected.Sinks.Where(s => s.Amount > 0).Select(s => $"{s.Kind} {s.Name} {s.Amount} {s.Asset}").Order(StringComparer.Ordinal),
                actual.Sinks.Select(s => $"{s.Kind.Word()} {s.Name} {s.Amount} {Text(s.Asset)}").Order(StringComparer.Ordinal));
            Assert.NotEmpty(actual.Sinks);
        }
    }

    private static Dictionary<string, (string Kind, string Name)> Stops(RefCase question)
    {
        string fixtures = Repository.PathOf("fixtures");
        LabelStore store = new(Path.Combine(fixtures, "labels"), Path.Combine(fixtures, "none"));
        Assert.True(store.TryLoad(out LabelIndex? labels, out LabelError? error, CancellationToken.None), error?.ToString());
        Dictionary<string, (string, string)> stops = [];
        foreach (string name in question.Ledger.SelectMany(row => row.Inputs.Concat(row.Outputs)).Select(leg => RefHolder.Address(leg.Holder)).Distinct())
        {
            Assert.True(Address.TryParse(ChainId.Ethereum, name, out Address address, out _));
            IReadOnlyList<Tag> tags = labels.TagsOf(address);
            if (tags.Count > 0 && AttributionRules.Conclude(tags) is { Stop: SinkKind kind } stop)
            {
                stops[name] = (kind.Word(), stop.Actor.Length > 0 ? stop.Actor : stop.Label);
            }
        }

        Assert.Equal("mixer", stops[RoninLedger.TornadoCash].Item1);
        return stops;
    }

    private static HashSet<string> Covered(TraceReport report) =>
        [.. report.Heist!.Coverage.Select(c => $"{c.Address.ToString().ToLowerInvariant()}/{Text(c.Asset)}")];

    private static string Text(Asset asset) => asset.IsCoin ? "ETH" : asset.ToString().ToLowerInvariant();
}
