using System.Numerics;
using FlowTracer.Tests.Reference;

namespace FlowTracer.Tests.Tracing;

/// <summary>The engine against the slow reference, to the unit.</summary>
public sealed class EngineAgainstReferenceTests
{
    private const int Cases = 3000;

    [Fact]
    public void They_agree_on_3000_random_ledgers_under_every_policy()
    {
        for (int number = 0; number < Cases; number++)
        {
            RefCase question = RandomLedgers.MakeAny(number, seedsAtStops: number % 2 == 0);
            foreach (string policy in SlowTrace.Policies)
            {
                string expected = Text(SlowTrace.Run(question, policy));
                string actual = Text(EngineRunner.Run(question, policy));
                Assert.True(expected == actual, $"ledger {number} under {policy}\n--- reference\n{expected}--- engine\n{actual}");
            }
        }
    }

    /// <summary>Everything an answer says, but for the wording.</summary>
    private static string Text(RefResult result)
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
