using System.Numerics;
using FlowTracer.App.Traces;
using FlowTracer.Core.Tracing;
using FlowTracer.Tests.Reference;
using FlowTracer.Tests.Tracing;

namespace FlowTracer.Tests.Properties;

/// <summary>The engine against the slow reference, to the unit, on random ledgers that shrink when they differ.</summary>
public sealed class EnginePropertyTests
{
    [Fact]
    public void Engine_and_reference_agree_on_2000_random_ledgers_under_every_policy() =>
        LedgerCases.Check(2000, ledger => TheyAgree(ledger.Case, SlowTrace.Policies));

    [Fact]
    public void Engine_and_reference_agree_on_2000_random_Bitcoin_ledgers_under_every_policy() =>
        LedgerCases.CheckChains(2000, ledger => TheyAgree(ledger.Case, SlowTrace.Policies));

    [Fact]
    public void Engine_and_reference_agree_in_whatever_orders_lots_leave_and_takers_are_served()
    {
        LedgerCases.CheckChains(150, ledger => TheyAgree(ledger.Case, SlowTrace.OrderPolicies));
        LedgerCases.Check(50, ledger => TheyAgree(ledger.Case, SlowTrace.OrderPolicies));
    }

    private static void TheyAgree(RefCase question, IEnumerable<string> policies)
    {
        EngineRunner engine = new(question);
        foreach (string policy in policies)
        {
            string expected = Text(SlowTrace.Run(question, policy));
            string actual = Text(engine.Run(policy, FetchOptions.Default));
            Assert.True(expected == actual, $"{policy}\n--- reference\n{expected}--- engine\n{actual}");
        }
    }

    // The engine checks this itself and stops when it does not hold; here it is added up once more from the outside.
    [Fact]
    public void Every_unit_of_every_seed_is_accounted_for()
    {
        LedgerCases.Check(300, AddsUp);
        LedgerCases.CheckChains(300, AddsUp);
    }

    private static void AddsUp(LedgerCase ledger)
    {
        EngineRunner engine = new(ledger.Case);
        foreach (string policy in SlowTrace.ValuePolicies)
        {
            foreach (RefSeedResult seed in engine.Run(policy, FetchOptions.Default).Seeds)
            {
                BigInteger ended = seed.Sinks.Aggregate(BigInteger.Zero, (sum, sink) => sum + sink.Amount);
                Assert.Equal(seed.Stolen, seed.ClaimedEarlier + ended);
                Assert.All(seed.Sinks, sink => Assert.Equal(seed.Asset, sink.Asset));
            }
        }
    }

    // What a coin holds of all seeds and of clean money is its value: no output is tainted above it, none loses any.
    [Fact]
    public void No_coin_holds_more_or_less_than_its_value() => LedgerCases.CheckChains(500, ledger =>
    {
        Dictionary<string, BigInteger> values = ledger.Case.Ledger.SelectMany(row => row.Outputs.Concat(row.Inputs))
            .GroupBy(leg => leg.Holder).ToDictionary(coin => coin.Key, coin => coin.First().Amount);
        EngineRunner engine = new(ledger.Case);
        foreach (string policy in SlowTrace.ValuePolicies)
        {
            foreach ((string coin, List<RefLot> lots) in engine.Run(policy, FetchOptions.Default).Lots)
            {
                Assert.Equal(values[coin], lots.Aggregate(BigInteger.Zero, (sum, lot) => sum + lot.Amount));
                Assert.All(lots.Where(lot => lot.Seeds.Count > 0), lot => Assert.Equal(lot.Amount, lot.Origin));
            }
        }
    });

    [Fact]
    public void A_run_that_ends_with_any_block_is_the_beginning_of_the_whole_run()
    {
        int splits = 0;
        foreach (RefCase whole in Chains(400).Where(static one => one.Limits.Degree is null))
        {
            foreach (string policy in SlowTrace.Policies)
            {
                string[] hops = [.. new EngineRunner(whole).Run(policy, FetchOptions.Default).Hops.Select(Text)];
                foreach (int until in BlockEnds(whole))
                {
                    RefCase part = whole with { Limits = whole.Limits with { UntilOrder = until } };
                    RefResult result = new EngineRunner(part).Run(policy, FetchOptions.Default);
                    Assert.Equal(hops.Take(result.Hops.Count), result.Hops.Select(Text));
                    Assert.All(result.Hops, hop => Assert.True(hop.Order <= until));
                    Assert.Equal(
                        new EngineRunner(whole).Run(policy, FetchOptions.Default).Hops.Count(hop => hop.Order <= until), result.Hops.Count);
                    splits++;
                }
            }
        }

        Assert.True(splits > 1_000, $"{splits} splits");
    }

    // Where the order of a coin's own lots does not matter (stolen or clean money goes first), the coins that hold stolen money
    // at the split are all that a second run needs to know. A seed put at a stop is left out: what is still there at the split
    // counts as ended there in both runs.
    [Fact]
    public void A_run_taken_up_again_at_any_block_comes_to_the_same_sheet()
    {
        int splits = 0;
        foreach (RefCase whole in Chains(1_500).Where(static one => one.Seeds is [{ Holder: null } seed] && !one.FollowFees && !one.Stops.ContainsKey(Receiver(one, seed))))
        {
            RefCase unlimited = whole with { Limits = RefLimits.None };
            foreach (string policy in new[] { "pifo", "tiho", "libr" })
            {
                string expected = Sheet(new EngineRunner(unlimited).Run(policy, FetchOptions.Default).Seeds.SelectMany(static seed => seed.Sinks));
                foreach (int until in BlockEnds(unlimited))
                {
                    RefCase first = unlimited with { Limits = new RefLimits(UntilOrder: until) };
                    RefResult before = new EngineRunner(first).Run(policy, FetchOptions.Default);
                    List<RefSeed> left = [.. before.Lots.Select(coin => SeedOf(coin.Key, coin.Value, unlimited)).OfType<RefSeed>()];
                    IEnumerable<RefSink> after = left.Count == 0 ? []
                        : new EngineRunner(unlimited with { Seeds = left }).Run(policy, FetchOptions.Default).Seeds.SelectMany(static seed => seed.Sinks);
                    Assert.Equal(expected, Sheet(before.Seeds[0].Sinks.Where(static sink => sink.Kind is not ("held" or "edge" or "cut")).Concat(after)));
                    splits++;
                }
            }
        }

        Assert.True(splits > 300, $"{splits} splits");
    }

    private static IEnumerable<RefCase> Chains(int count) => Enumerable.Range(0, count).Select(RandomChains.MakeAny)
        .Where(static one => !one.Backward && one.Limits.UntilOrder is null);

    private static string Receiver(RefCase question, RefSeed seed) =>
        RefHolder.Address(question.Ledger.Single(row => row.Order == seed.Order).Outputs[seed.Output].Holder);

    // The last row of each block from the one with the last seed on.
    private static IEnumerable<int> BlockEnds(RefCase question)
    {
        int seeded = question.Seeds.Max(static seed => seed.Order);
        return question.Ledger.GroupBy(static row => row.Block).Select(static block => block.Max(row => row.Order)).Where(end => end >= seeded);
    }

    private static RefSeed? SeedOf(string coin, List<RefLot> lots, RefCase question)
    {
        BigInteger stolen = lots.Where(static lot => lot.Seeds.Count > 0).Aggregate(BigInteger.Zero, static (sum, lot) => sum + lot.Amount);
        RefMovement? made = question.Ledger.Find(row => row.Outputs.Exists(leg => leg.Holder == coin));
        return stolen.IsZero ? null : RefSeed.OfTransfer(coin, made!.Order, made.Outputs.FindIndex(leg => leg.Holder == coin), stolen);
    }

    private static string Sheet(IEnumerable<RefSink> sinks) => string.Join('\n', sinks.Where(static sink => sink.Amount > 0)
        .GroupBy(static sink => (sink.Kind, sink.Name)).OrderBy(static sink => sink.Key)
        .Select(static sink => $"{sink.Key} {sink.Aggregate(BigInteger.Zero, static (sum, one) => sum + one.Amount)}"));

    private static string Text(RefHop hop) =>
        $"{hop.Order} {hop.Tx} {string.Join(',', hop.From)} > {string.Join(',', hop.To)} {hop.Amount}: {string.Join(" + ", RefLots.Merged(hop.Lots).Select(static lot => $"{string.Join(',', lot.Seeds)} {lot.Amount}"))}";

    [Fact]
    public void How_histories_are_fetched_changes_nothing()
    {
        LedgerCases.Check(40, FetchingIsFree);
        LedgerCases.CheckChains(40, FetchingIsFree);
    }

    private static readonly FetchOptions[] Ways =
    [
        new(1, 1), new(3, 5), FetchOptions.OneByOne, FetchOptions.Nearby, new(2, 2, 1) { LeastAhead = 1 }, new(9, 1, 2) { LeastAhead = 3 },
    ];

    // A scout may ask from earlier than the sweep comes to need.
    [Fact]
    public void How_histories_are_fetched_changes_nothing_where_a_source_tells_less_of_an_earlier_question() => LedgerCases.Check(
        1000, static ledger => FetchingIsFree(
            new EngineRunner(ledger.Case, source => new ShortSighted(source, (ulong)ledger.Case.Ledger.Count / 2)), [FetchOptions.OneByOne]));

    private static void FetchingIsFree(LedgerCase ledger) => FetchingIsFree(new EngineRunner(ledger.Case), Ways);

    private static void FetchingIsFree(EngineRunner engine, FetchOptions[] ways)
    {
        foreach (string policy in SlowTrace.Policies)
        {
            string expected = Text(engine.Run(policy, FetchOptions.Default));
            string facts = FactsDigest.Of(engine.Trace(policy, FetchOptions.Default));
            foreach (FetchOptions fetch in ways)
            {
                Assert.Equal(expected, Text(engine.Run(policy, fetch)));
                Assert.Equal(facts, FactsDigest.Of(engine.Trace(policy, fetch)));
            }
        }
    }

    // A shrinker that makes cases which mean nothing would hide the fault it is to show.
    [Fact]
    public void Smaller_cases_are_cases()
    {
        for (int number = 0; number < 100; number++)
        {
            LedgerCase large = number % 2 == 0 ? LedgerCases.Make(number) : LedgerCases.MakeChain(number);
            foreach (LedgerCase small in LedgerCases.Shrink(large))
            {
                RefCheck.Case(small.Case, "fifo");
                Assert.NotEqual(large.ToString(), small.ToString());
            }
        }
    }

    [Fact]
    public void A_fault_is_shown_on_few_rows()
    {
        // A property that is false of any ledger in which a fee is paid: two rows can show it, the seed's and the fee.
        Exception failure = Assert.ThrowsAny<Exception>(() =>
            LedgerCases.Check(1000, ledger => Assert.DoesNotContain(ledger.Case.Ledger, row => row.Kind == "fee")));
        Assert.Matches("Shrunk:\\s+RandomLedgers.MakeAny\\([0-9]+\\), [12] rows left", failure.Message);
    }

    /// <summary>Everything an answer says, but for the wording.</summary>
    internal static string Text(RefResult result)
    {
        StringWriter text = new();
        foreach (RefSeedResult seed in result.Seeds)
        {
            text.WriteLine($"seed {seed.Id} {seed.Asset} stolen {seed.Stolen} earlier {seed.ClaimedEarlier} reached {string.Join(' ', seed.Reached)}");
            foreach (RefSink sink in seed.Sinks.Where(s => s.Amount > 0).OrderBy(s => (s.Kind, s.Name, s.Asset)))
            {
                text.WriteLine($"  {sink.Kind} {sink.Name} {sink.Amount} {sink.Asset}");
            }
        }

        foreach ((string holder, List<RefLot> lots) in result.Lots.Where(l => l.Value.Count > 0))
        {
            text.WriteLine($"lots {holder}: {string.Join(" + ", RefLots.Merged(lots).Select(l => $"{string.Join(',', l.Seeds)} {l.Amount} {(result.Policy == "poison" ? 0 : l.Origin)}"))}");
        }

        foreach ((string holder, BigInteger amount) in result.Gaps)
        {
            text.WriteLine($"gap {holder} {amount}");
        }

        text.WriteLine($"unknown {string.Join(' ', result.UnknownOpenings.Keys)}");
        foreach (RefCollision c in result.Collisions.OrderBy(c => (c.Seed, c.Earlier)))
        {
            text.WriteLine($"collision {c}");
        }

        text.WriteLine($"hops {string.Join(' ', result.Hops.Select(h => $"{h.Order}:{h.Amount}"))}");
        return text.ToString();
    }
}
