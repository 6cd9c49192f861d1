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

    // In the reference's ledger a coinbase comes after its block, so rows get new numbers.
    internal static RefCase Case(Scenario scenario)
    {
        List<ScenarioRow> rows = scenario.Rows.OrderBy(r => r.Block).ThenBy(r => r.Kind == ScenarioRowKind.Coinbase).ToList();
        Dictionary<ScenarioRow, int> orders = rows.Select((row, i) => (row, i + 1)).ToDictionary();
        return new RefCase(
            rows.Select(row => Movement(row, orders[row])).ToList(),
            scenario.Seeds
                .Select(s => new RefSeed(s.Id, orders[s.Row], s.Output, s.Holder is { } own ? Text(own, scenario.IsBitcoin) : null, s.Amount))
                .ToList(),
            scenario.Stops.ToDictionary(s => s.Key, s => (s.Value.Kind, s.Value.Name)),
            scenario.Covered.Select(h => scenario.IsBitcoin ? $"{h.OfAddress}/{h.Asset}" : h.ToString()).ToHashSet(),
            new RefLimits(
                scenario.Limits.Hops,
                scenario.Limits.Addresses,
                scenario.Limits.SmallestLot.ToDictionary(),
                scenario.Limits.Until is { } until ? orders[until] : null,
                scenario.Limits.Degree),
            scenario.Backward,
            scenario.FollowFees);
    }

    private static RefMovement Movement(ScenarioRow row, int order)
    {
        bool isBitcoin = ScenarioParser.IsBitcoin(row.Kind);
        return new RefMovement(
            order,
            row.Inputs.Select(l => (Text(l.Holder, isBitcoin), l.Amount)).ToList(),
            row.Outputs.Select(l => (Text(l.Holder, isBitcoin), l.Amount)).ToList(),
            row.Kind switch
            {
                ScenarioRowKind.Swap => "conversion",
                ScenarioRowKind.Transfer => "transfer",
                ScenarioRowKind.Fee => "fee",
                ScenarioRowKind.Reward => "reward",
                ScenarioRowKind.Transaction => "transaction",
                ScenarioRowKind.Coinbase => "coinbase",
                _ => "unresolved",
            },
            row.Label,
            (int)row.Block);
    }

    // Bob.1 is the reference's Bob@Bob.1.
    private static string Text(ScenarioHolder holder, bool isBitcoin) => isBitcoin
        ? $"{holder.OfAddress}@{holder}"
        : holder.ToString();

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

    private static ScenarioHolder Holder(string text) =>
        new(text[..text.LastIndexOf('/')].Split('@')[^1], RefHolder.Asset(text));
}
