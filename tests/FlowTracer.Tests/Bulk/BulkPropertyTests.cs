using FlowTracer.Core.Bulk;
using FlowTracer.Core.Tracing;
using FlowTracer.Tests.Properties;
using FlowTracer.Tests.Reference;
using FlowTracer.Tests.Tracing;

namespace FlowTracer.Tests.Bulk;

/// <summary>The sweep over columns against the general one, to the unit and hop by hop, on random ledgers that shrink.</summary>
public sealed class BulkPropertyTests
{
    [Theory]
    [InlineData(Pace.Follow)]
    [InlineData(Pace.Scan)]
    public void Both_sweeps_agree_on_1000_random_ledgers_under_every_policy(Pace pace) =>
        LedgerCases.Check(1000, ledger => TheyAgree(ledger.Case, SlowTrace.Policies, pace));

    [Fact]
    public void Both_sweeps_agree_on_1000_random_Bitcoin_ledgers_under_every_policy() =>
        LedgerCases.CheckChains(1000, ledger => TheyAgree(ledger.Case, SlowTrace.Policies, Pace.Auto));

    [Fact]
    public void Both_sweeps_agree_in_whatever_orders_lots_leave_and_takers_are_served()
    {
        LedgerCases.CheckChains(100, ledger => TheyAgree(ledger.Case, SlowTrace.OrderPolicies, Pace.Auto));
        LedgerCases.Check(50, ledger => TheyAgree(ledger.Case, SlowTrace.OrderPolicies, Pace.Auto));
    }

    private static void TheyAgree(RefCase question, IEnumerable<string> policies, Pace pace)
    {
        EngineRunner engine = new(question);
        foreach (string policy in policies)
        {
            string expected = EnginePropertyTests.Text(engine.Run(policy, FetchOptions.Default));
            string actual = EnginePropertyTests.Text(engine.RunBulk(policy, pace));
            Assert.True(expected == actual, $"{policy}\n--- general\n{expected}--- bulk\n{actual}");
        }
    }
}
