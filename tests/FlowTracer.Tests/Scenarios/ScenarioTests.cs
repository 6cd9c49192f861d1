namespace FlowTracer.Tests.Scenarios;

/// <summary>Every file in <c>fixtures/scenarios</c> against every engine.</summary>
public sealed class ScenarioTests
{
    /// <summary>Who has to answer. The real engine joins by one more entry.</summary>
    private static readonly IScenarioEngine[] Engines = [new SlowTraceEngine()];

    public static TheoryData<string> Files()
    {
        TheoryData<string> files = [];
        foreach (string path in Directory.GetFiles(TestFiles.Fixture("scenarios"), "*.txt").Order(StringComparer.Ordinal))
        {
            files.Add(Path.GetFileName(path));
        }

        return files;
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Scenario_holds(string file)
    {
        Scenario scenario = ScenarioParser.Parse(file, File.ReadAllText(TestFiles.Fixture("scenarios", file)));
        List<string> problems = [];
        foreach (IScenarioEngine engine in Engines)
        {
            ScenarioResult result = engine.Run(scenario);
            foreach (ScenarioExpectation expectation in scenario.Expectations)
            {
                foreach (string policy in expectation.Policies)
                {
                    problems.AddRange(Differences(expectation, result.ByPolicy[policy])
                        .Select(d => $"{file}:{d.Line}: {engine.Name}, {policy}: {d.Text}"));
                }
            }
        }

        Assert.True(problems.Count == 0, string.Join('\n', problems));
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
