using System.Numerics;

namespace FlowTracer.Tests.Reference;

/// <summary>
/// What must hold on any ledger. <see cref="SlowTrace"/> itself checks at the end of each run that every seed's origin is
/// at its sinks, so that merely running is a test too.
/// </summary>
public sealed class ReferencePropertyTests
{
    private const int Cases = 2000;

    [Fact]
    public void Every_unit_is_accounted_for_on_2000_random_ledgers_under_every_policy()
    {
        for (int number = 0; number < Cases; number++)
        {
            RefCase question = RandomLedgers.MakeAny(number, seedsAtStops: number % 2 == 0);
            foreach (string policy in SlowTrace.Policies)
            {
                RefResult result = SlowTrace.Run(question, policy);
                BalancesAgreeWithTheLedger(question, result, number);
            }
        }
    }

    [Fact]
    public void Without_swaps_origin_is_the_amount()
    {
        RandomLedgerOptions options = new(Conversions: false, Addresses: 5, Seeds: 3);
        for (int number = 0; number < 200; number++)
        {
            RefCase question = RandomLedgers.Make(number, options);
            IEnumerable<RefLot> lots = SlowTrace.ValuePolicies
                .SelectMany(p => SlowTrace.Run(question, p).Lots.Values.SelectMany(l => l))
                .Where(l => l.Seeds.Count > 0);
            Assert.All(lots, lot => Assert.Equal(lot.Amount, lot.Origin));
        }
    }

    [Fact]
    public void Without_limits_no_policy_reaches_an_address_that_poison_does_not()
    {
        for (int number = 0; number < 300; number++)
        {
            // One seed: an address seed claims unmarked money only, and with two seeds poison leaves less of that.
            RandomLedgerOptions options = new(Seeds: 1, Limits: false, Backward: number % 3 == 0);
            RefCase question = RandomLedgers.Make(number, options);
            RefResult poison = SlowTrace.Run(question, "poison");
            foreach (string policy in SlowTrace.ValuePolicies)
            {
                RefResult result = SlowTrace.Run(question, policy);
                for (int i = 0; i < result.Seeds.Count; i++)
                {
                    Assert.Subset(poison.Seeds[i].Reached.ToHashSet(), result.Seeds[i].Reached.ToHashSet());
                }
            }
        }
    }

    [Fact]
    public void The_generator_makes_what_it_promises()
    {
        List<RefCase> cases = Enumerable.Range(0, 300).Select(n => RandomLedgers.MakeAny(n)).ToList();
        List<RefResult> fifo = cases.Select(c => SlowTrace.Run(c, "fifo")).ToList();
        List<string> sinks = fifo.SelectMany(r => r.Seeds).SelectMany(s => s.Sinks).Select(s => $"{s.Kind} {s.Name}").ToList();
        string[] wanted =
        [
            "held ", "edge ", "fee ", "cut hops", "cut addresses", "cut smallest-lot", "cut time-window", "cut degree",
            "cut unresolved", "cut dust", "edge issuance",
        ];
        Assert.All(wanted, w => Assert.Contains(w, sinks));
        Assert.Contains(sinks, s => s.StartsWith("mixer", StringComparison.Ordinal));
        Assert.Contains(fifo, r => r.Gaps.Count > 0);
        Assert.Contains(fifo, r => r.UnknownOpenings.Count > 0);
        Assert.Contains(fifo, r => r.Collisions.Count > 0);
        Assert.Contains(cases, c => c.Ledger.Exists(m => m.IsSelfTransfer));
    }

    /// <summary>
    /// However lots were drawn, a watched holder has in the end what the ledger's net says, plus what was found missing:
    /// unexplained inflows, and an opening the record nets below zero. Going back in time all nets end at zero.
    /// </summary>
    private static void BalancesAgreeWithTheLedger(RefCase question, RefResult result, int number)
    {
        if (question.Limits.UntilOrder is not null)
        {
            return;
        }

        foreach ((string holder, List<RefLot> lots) in result.Lots)
        {
            BigInteger has = lots.Aggregate(BigInteger.Zero, (sum, l) => sum + l.Amount);
            BigInteger net = question.Backward ? 0 : Net(question.Ledger, holder);
            BigInteger expected = net + result.Gaps.GetValueOrDefault(holder) - result.UnknownOpenings.GetValueOrDefault(holder);
            Assert.True(has == expected, $"ledger {number}, {result.Policy}, {holder}: has {has}, ledger says {expected}");
        }
    }

    private static BigInteger Net(List<RefMovement> ledger, string holder)
    {
        BigInteger net = 0;
        foreach (RefMovement m in ledger)
        {
            m.Outputs.Where(o => o.Holder == holder).ToList().ForEach(o => net += o.Amount);
            m.Inputs.Where(i => i.Holder == holder).ToList().ForEach(i => net -= i.Amount);
        }

        return net;
    }
}
