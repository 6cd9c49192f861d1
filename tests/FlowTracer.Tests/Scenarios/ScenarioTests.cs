using FlowTracer.Tests.Tracing;

namespace FlowTracer.Tests.Scenarios;

/// <summary>Every file in <c>fixtures/scenarios</c> against every engine.</summary>
public sealed class ScenarioTests
{
    /// <summary>Who has to answer.</summary>
    private static readonly IScenarioEngine[] Engines = [new SlowTraceEngine(), new EngineScenarioEngine()];

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
        List<string> problems = Engines.SelectMany(e => ScenarioRunner.Problems(file, scenario, e)).ToList();
        Assert.True(problems.Count == 0, string.Join('\n', problems));
    }
}
