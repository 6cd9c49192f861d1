using FlowTracer.Tests.Reference;
using FlowTracer.Tests.Scenarios;

namespace FlowTracer.Tests.Tracing;

/// <summary>Answers scenarios by the engine.</summary>
internal sealed class EngineScenarioEngine : IScenarioEngine
{
    public string Name => "engine";

    public ScenarioResult Run(Scenario scenario)
    {
        RefCase question = SlowTraceEngine.Case(scenario);
        return new ScenarioResult(scenario.Policies.ToDictionary(
            p => p, p => SlowTraceEngine.Outcome(EngineRunner.Run(question, p))));
    }
}
