using FlowTracer.Tests.Reference;

namespace FlowTracer.Tests.Scenarios;

/// <summary>Answers scenarios by the reference accounting.</summary>
internal sealed class SlowTraceEngine : IScenarioEngine
{
    public string Name => "reference";

    public ScenarioResult Run(Scenario scenario)
    {
        RefCase question = Case(scenario);
        return new ScenarioResult(scenario.Policies.ToDictionary(p => p, p => Outcome(SlowTrace.Run(question, p))));
    }

    internal static RefCase Case(Scenario scenario) => new(
        scenario.Rows.Select(Movement).ToList(),
        scenario.Seeds
            .Select(s => new RefSeed(s.Id, s.Row.Order, s.Output, s.Holder?.ToString(), s.Amount))
            .ToList(),
        scenario.Stops.ToDictionary(s => s.Key, s => (s.Value.Kind, s.Value.Name)),
        scenario.Covered.Select(h => h.ToString()).ToHashSet(),
        new RefLimits(
            scenario.Limits.Hops,
            scenario.Limits.Addresses,
            scenario.Limits.SmallestLot.ToDictionary(),
            scenario.Limits.Until?.Order,
            scenario.Limits.Degree),
        scenario.Backward);

    private static RefMovement Movement(ScenarioRow row) => new(
        row.Order,
        row.Inputs.Select(l => (l.Holder.ToString(), l.Amount)).ToList(),
        row.Outputs.Select(l => (l.Holder.ToString(), l.Amount)).ToList(),
        row.Kind switch
        {
            ScenarioRowKind.Swap => "conversion",
            ScenarioRowKind.Transfer => "transfer",
            ScenarioRowKind.Fee => "fee",
            ScenarioRowKind.Reward => "reward",
            _ => "unresolved",
        },
        row.Label);

    internal static ScenarioOutcome Outcome(RefResult result) => new(
        result.Seeds.Select(s => new ScenarioSeedOutcome(
            s.Id,
            s.Stolen,
            s.ClaimedEarlier,
            s.Sinks.Select(k => (k.Kind, k.Name, k.Asset, k.Amount)).ToList(),
            s.Reached)).ToList(),
        result.Gaps.Select(g => (Holder(g.Key), g.Value)).ToList(),
        result.UnknownOpenings.Keys.Select(Holder).ToList(),
        result.Collisions.Select(c => (c.Seed, c.Earlier, Holder(c.Holder), c.Amount)).ToList(),
        result.Lots.ToDictionary(
            l => Holder(l.Key),
            l => (IReadOnlyList<ScenarioLot>)RefLots.Merged(l.Value).Select(x => new ScenarioLot(x.Seeds, x.Amount, x.Origin)).ToList()),
        result.Hops.Count);

    private static ScenarioHolder Holder(string text) => new(RefHolder.Address(text), RefHolder.Asset(text));
}
