using System.Numerics;

namespace FlowTracer.Tests.Scenarios;

/// <summary>
/// Facts as lines of text: the parser writes them from the file, the runner from an engine's answer, and a scenario holds
/// when both lists are the same. A fact's topic is its first word.
/// </summary>
internal static class ScenarioFacts
{
    public const string Clean = "clean";

    /// <summary>Topics that are compared even where a file lists no fact of theirs: silence means there are none.</summary>
    public static readonly string[] AlwaysCompared = ["seed", "sink", "gap", "unknown-opening", "collision"];

    public static string Seed(string id, BigInteger stolen, BigInteger claimedEarlier) =>
        $"seed {id} stolen {stolen} claimed-earlier {claimedEarlier}";

    public static string Sink(string seed, string kind, string name, string asset, BigInteger amount) =>
        $"sink {seed} {kind} \"{name}\" {amount} {asset}";

    public static string Gap(ScenarioHolder holder, BigInteger amount) => $"gap {holder} {amount}";

    public static string UnknownOpening(ScenarioHolder holder) => $"unknown-opening {holder}";

    public static string Collision(string seed, string earlier, ScenarioHolder holder, BigInteger amount) =>
        $"collision {seed} {earlier} {holder} {amount}";

    public static string Reached(string seed, IEnumerable<string> addresses) =>
        $"reached {seed}: {string.Join(' ', addresses.Order(StringComparer.Ordinal))}";

    public static string Hops(int count) => $"hops {count}";

    public static string Lots(ScenarioHolder holder, IEnumerable<ScenarioLot> lots) =>
        $"lots {holder}: {string.Join(" + ", lots.Select(Lot))}";

    public static string Topic(string fact) => fact[..fact.IndexOf(' ', StringComparison.Ordinal)];

    /// <summary>A fact's words up to the first amount, so that a wrong one can show what was found instead.</summary>
    public static string Subject(string fact) =>
        string.Join(' ', fact.Split(' ').TakeWhile(w => !char.IsAsciiDigit(w[0]) && w[^1] != ':').Take(3));

    /// <summary>Every fact of an outcome, zero sinks left out.</summary>
    public static IEnumerable<string> Of(ScenarioOutcome outcome)
    {
        foreach (ScenarioSeedOutcome seed in outcome.Seeds)
        {
            yield return Seed(seed.Id, seed.Stolen, seed.ClaimedEarlier);
            yield return Reached(seed.Id, seed.Reached);
            foreach ((string kind, string name, string asset, BigInteger amount) in seed.Sinks.Where(s => s.Amount > 0))
            {
                yield return Sink(seed.Id, kind, name, asset, amount);
            }
        }

        foreach ((ScenarioHolder holder, BigInteger amount) in outcome.UnexplainedInflows)
        {
            yield return Gap(holder, amount);
        }

        foreach (ScenarioHolder holder in outcome.UnknownOpenings)
        {
            yield return UnknownOpening(holder);
        }

        foreach ((string seed, string earlier, ScenarioHolder holder, BigInteger amount) in outcome.Collisions)
        {
            yield return Collision(seed, earlier, holder, amount);
        }

        foreach ((ScenarioHolder holder, IReadOnlyList<ScenarioLot> lots) in outcome.Lots)
        {
            yield return Lots(holder, lots);
        }

        yield return Hops(outcome.Hops);
    }

    private static string Lot(ScenarioLot lot)
    {
        string seeds = lot.Seeds.Count == 0 ? Clean : string.Join(',', lot.Seeds.Order(StringComparer.Ordinal));
        return lot.Seeds.Count == 0 ? $"{seeds} {lot.Amount}" : $"{seeds} {lot.Amount} origin {lot.Origin}";
    }
}
