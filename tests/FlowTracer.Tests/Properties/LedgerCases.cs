using System.Numerics;
using FlowTracer.Tests.Reference;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.FSharp.Core;

namespace FlowTracer.Tests.Properties;

/// <summary>A random ledger with a question about it, which prints itself when a property fails.</summary>
internal sealed record LedgerCase(string Generator, int Number, RefCase Case)
{
    public override string ToString()
    {
        StringWriter text = new();
        text.WriteLine($"{Generator}.MakeAny({Number}), {Case.Ledger.Count} rows left{(Case.Backward ? ", backward" : "")}{(Case.FollowFees ? ", fees followed" : "")}; {Case.Limits}");
        foreach (RefMovement row in Case.Ledger)
        {
            text.WriteLine($"  {row.Order}{(row.IsBitcoin ? $" in {row.Block}" : "")} {row.Kind}: {Legs(row.Inputs)} → {Legs(row.Outputs)}");
        }

        Case.Seeds.ForEach(seed => text.WriteLine($"  {seed}"));
        text.WriteLine($"  stops {string.Join(' ', Case.Stops)}; covered {string.Join(' ', Case.Covered.Order(StringComparer.Ordinal))}");
        return text.ToString();
    }

    private static string Legs(List<(string Holder, BigInteger Amount)> legs) =>
        string.Join(" + ", legs.Select(leg => $"{leg.Holder} {leg.Amount}"));
}

/// <summary>
/// Random ledgers for FsCheck, which shrink by what a case can do without: rows that no seed names, stops, coverage and
/// limits, and seeds as long as there is one.
/// </summary>
internal static class LedgerCases
{
    private const int Numbers = 10_000_000;

    public static Arbitrary<LedgerCase> Any { get; } = Arb.From(Gen.Select(Gen.Choose(0, Numbers), Make), Shrink);

    /// <summary>Bitcoin's ledgers.</summary>
    public static Arbitrary<LedgerCase> AnyChain { get; } = Arb.From(Gen.Select(Gen.Choose(0, Numbers), MakeChain), Shrink);

    /// <summary>Checks a property on as many cases, the same ones in every run.</summary>
    public static void Check(int cases, Action<LedgerCase> property) => Check(cases, Any, property);

    /// <summary>Checks a property on as many Bitcoin ledgers, the same ones in every run.</summary>
    public static void CheckChains(int cases, Action<LedgerCase> property) => Check(cases, AnyChain, property);

    private static void Check(int cases, Arbitrary<LedgerCase> any, Action<LedgerCase> property)
    {
        Replay replay = new(new Rnd(20220323, 14442835), FSharpOption<int>.None);
        Config config = Config.QuickThrowOnFailure.WithMaxTest(cases).WithReplay(FSharpOption<Replay>.Some(replay));
        FsCheck.Check.One(config, Prop.ForAll(any, property));
    }

    public static LedgerCase Make(int number) =>
        new(nameof(RandomLedgers), number, RandomLedgers.MakeAny(number, seedsAtStops: number % 2 == 0));

    public static LedgerCase MakeChain(int number) => new(nameof(RandomChains), number, RandomChains.MakeAny(number));

    /// <summary>Smaller cases: first half of the rows at once, then fewer, at last one by one.</summary>
    public static IEnumerable<LedgerCase> Shrink(LedgerCase large)
    {
        RefCase question = large.Case;
        HashSet<int> named = [.. question.Seeds.Where(seed => seed.Holder is null || question.IsBitcoin).Select(seed => seed.Order)];
        if (question.IsBitcoin && question.Limits.UntilOrder is int until)
        {
            // A window ends with a block, at a row of it.
            named.Add(until);
        }

        int[] free = [.. question.Ledger.Where(row => !named.Contains(row.Order)).Select(row => row.Order)];
        for (int size = (free.Length + 1) / 2; size > 0; size /= 2)
        {
            foreach (int[] gone in free.Chunk(size))
            {
                yield return large with { Case = question with { Ledger = [.. question.Ledger.Where(row => !gone.Contains(row.Order))] } };
            }
        }

        foreach (RefSeed seed in question.Seeds.Where(_ => question.Seeds.Count > 1))
        {
            yield return large with { Case = question with { Seeds = [.. question.Seeds.Where(other => other != seed)] } };
        }

        foreach (RefCase simpler in Simpler(question))
        {
            yield return large with { Case = simpler };
        }
    }

    private static IEnumerable<RefCase> Simpler(RefCase question)
    {
        if (question.Limits != RefLimits.None)
        {
            yield return question with { Limits = RefLimits.None };
        }

        foreach (string stop in question.Stops.Keys)
        {
            yield return question with { Stops = question.Stops.Where(s => s.Key != stop).ToDictionary() };
        }

        if (question.FollowFees)
        {
            yield return question with { FollowFees = false };
        }

        if (question.Covered.Count > 0)
        {
            yield return question with { Covered = [] };
        }
    }
}
