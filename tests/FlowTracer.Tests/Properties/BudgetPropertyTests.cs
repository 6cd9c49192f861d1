using System.Numerics;
using FlowTracer.Core.Model;
using FlowTracer.Core.Tracing;
using FlowTracer.Tests.Reference;
using FlowTracer.Tests.Tracing;

namespace FlowTracer.Tests.Properties;

/// <summary>What holds of every budget, on random ledgers (docs/accounting.md, "Budgets").</summary>
public sealed class BudgetPropertyTests
{
    private static readonly string[] OrderPolicies = ["fifo", "lifo", "pifo", "libr", "tiho"];

    [Fact]
    public void Every_budget_gives_a_sheet_that_adds_up_and_says_what_is_not_followed()
    {
        int stopped = 0;
        void Check(LedgerCase ledger)
        {
            EngineRunner engine = new(ledger.Case);
            foreach (string policy in SlowTrace.Policies)
            {
                foreach (Trace trace in Budgets(engine, policy))
                {
                    stopped += trace.StoppedAfter is null ? 0 : 1;
                    Assert.Equal(trace.StoppedAfter is not null, trace.Balance.Any(static sheet => sheet.NotFollowed.Any()));
                    Assert.All(policy == "poison" ? [] : trace.Balance, AddsUp);
                }
            }
        }

        LedgerCases.Check(100, Check);
        LedgerCases.CheckChains(100, Check);
        Assert.True(stopped > 1_000, $"{stopped} stopped");
    }

    [Fact]
    public void A_budget_that_is_not_used_up_gives_the_trace_without_one()
    {
        void Check(LedgerCase ledger)
        {
            EngineRunner engine = new(ledger.Case);
            foreach (string policy in SlowTrace.Policies)
            {
                Trace last = Budgets(engine, policy).Last();
                Assert.Null(last.StoppedAfter);
                Assert.Equal(TracerTests.Bytes(engine.Trace(policy, Budget.None)), TracerTests.Bytes(last));
            }
        }

        LedgerCases.Check(100, Check);
        LedgerCases.CheckChains(100, Check);
    }

    // Where a ledger is whole and nothing but the budget cuts, more requests only move value from the cut to other sinks: no
    // sink loses any, so that what ends elsewhere is at most what the certificate says. Seeds together, since under policies
    // that prefer a seed's money one seed's may stand in for another's; and none that claims what is another's.
    [Fact]
    public void No_sink_loses_what_a_smaller_budget_put_there()
    {
        int compared = 0;
        void Check(LedgerCase ledger)
        {
            RefCase question = ledger.Case with { Limits = RefLimits.None };
            EngineRunner engine = new(question);
            foreach (string policy in question.Seeds.Count == 1 ? SlowTrace.ValuePolicies : OrderPolicies)
            {
                Trace whole = engine.Trace(policy, Budget.None);
                if (!IsWhole(question, whole))
                {
                    continue;
                }

                foreach (Trace trace in Budgets(engine, policy))
                {
                    Bounds(trace, whole);
                    compared++;
                }
            }
        }

        LedgerCases.Check(1_500, Check);
        LedgerCases.CheckChains(300, Check);
        Assert.True(compared > 2_000, $"{compared} compared");
    }

    private static bool IsWhole(RefCase question, Trace trace) =>
        !question.Ledger.Exists(static row => row.Kind == "conversion")
        && (question.Seeds.Count == 1
            || (question.Seeds.TrueForAll(static seed => seed.Holder is null) && trace.Balance.All(static sheet => sheet.ClaimedEarlier.IsZero)))
        && !trace.Gaps.Any(static gap => gap.Kind == "unexplained-inflow")
        && !trace.Assumptions.Any(static assumption => assumption.Kind == "opening-unknown");

    private static void Bounds(Trace trace, Trace whole)
    {
        Dictionary<string, BigInteger> before = Sinks(trace);
        Dictionary<string, BigInteger> after = Sinks(whole);
        BigInteger notFollowed = before.GetValueOrDefault("Cut requests");
        before.Remove("Cut requests");
        Assert.All(before, sink => Assert.True(after.GetValueOrDefault(sink.Key) >= sink.Value, $"{sink.Key} lost some of {sink.Value}"));
        BigInteger elsewhere = after.Aggregate(
            BigInteger.Zero, (sum, sink) => sum + BigInteger.Max(0, sink.Value - before.GetValueOrDefault(sink.Key)));
        Assert.True(elsewhere <= notFollowed, $"{elsewhere} elsewhere, {notFollowed} not followed");
    }

    private static Dictionary<string, BigInteger> Sinks(Trace trace) => trace.Balance.SelectMany(static sheet => sheet.Sinks)
        .GroupBy(static row => $"{row.Kind} {row.Name}{(row.Kind == SinkKind.Cut ? "" : $" {row.Asset}")}")
        .ToDictionary(static rows => rows.Key, static rows => rows.Aggregate(BigInteger.Zero, static (sum, row) => sum + row.Amount.ToBigInteger()));

    private static void AddsUp(SeedBalance sheet) => Assert.Equal(
        sheet.Stolen.ToBigInteger(),
        sheet.Sinks.Aggregate(sheet.ClaimedEarlier.ToBigInteger(), static (sum, row) => sum + row.Amount.ToBigInteger()));

    // One after another until nothing is cut: as many as the ledger has holders, at most.
    private static IEnumerable<Trace> Budgets(EngineRunner engine, string policy)
    {
        for (int requests = 0; ; requests++)
        {
            Trace trace = engine.Trace(policy, new Budget(requests, null));
            yield return trace;
            if (trace.StoppedAfter is null)
            {
                yield break;
            }
        }
    }
}
