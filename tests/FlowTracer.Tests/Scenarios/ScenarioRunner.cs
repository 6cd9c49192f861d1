namespace FlowTracer.Tests.Scenarios;

/// <summary>Holds an engine's answers against a scenario's expectations.</summary>
internal static class ScenarioRunner
{
    /// <summary>What is wrong, a line each with file, line, engine and policy; empty when the scenario holds.</summary>
    public static List<string> Problems(string file, Scenario scenario, IScenarioEngine engine)
    {
        ScenarioResult result = engine.Run(scenario);
        return scenario.Expectations
            .SelectMany(e => e.Policies, (e, policy) => (Expected: e, Policy: policy))
            .SelectMany(x => Differences(x.Expected, result.ByPolicy[x.Policy])
                .Select(d => $"{file}:{d.Line}: {engine.Name}, {x.Policy}: {d.Text}"))
            .ToList();
    }

    private static IEnumerable<ScenarioFact> Differences(ScenarioExpectation expectation, ScenarioOutcome outcome)
    {
        List<string> found = ScenarioFacts.Of(outcome).ToList();
        foreach (ScenarioFact fact in expectation.Facts.Where(f => !found.Contains(f.Text)))
        {
            string subject = ScenarioFacts.Subject(fact.Text);
            string instead = string.Join("; ", found.Where(f => ScenarioFacts.Subject(f) == subject));
            yield return new ScenarioFact($"expected '{fact.Text}', found '{instead}'", fact.Line);
        }

        foreach (string extra in found.Where(f => ScenarioFacts.AlwaysCompared.Contains(ScenarioFacts.Topic(f))))
        {
            if (!expectation.Facts.Any(f => f.Text == extra))
            {
                yield return new ScenarioFact($"not expected: '{extra}'", expectation.Line);
            }
        }
    }
}
