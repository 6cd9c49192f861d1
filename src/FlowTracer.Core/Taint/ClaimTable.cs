using FlowTracer.Core.Model;

namespace FlowTracer.Core.Taint;

/// <summary>
/// The claims of one run. Claim 0 is clean and claim n the n-th seed (from 1). Under poison money can be claimed by
/// several seeds at once: such sets are claims of their own, numbered as they arise.
/// </summary>
public sealed class ClaimTable
{
    private readonly List<int[]> _seeds = [[]];
    private readonly Dictionary<(int, int), int> _unions = [];
    private readonly Dictionary<string, int> _sets = [];

    /// <summary>A table for a number of seeds.</summary>
    public ClaimTable(int seedCount)
    {
        _sets[string.Empty] = Lot.Clean;
        for (int seed = 0; seed < seedCount; seed++)
        {
            Add([seed]);
        }
    }

    /// <summary>The claim of one seed, by its index from 0.</summary>
    public static int OfSeed(int seed) => seed + 1;

    /// <summary>The seed of a claim of one seed: every claim but clean is one, except under poison.</summary>
    public static int SeedOf(int claim) => claim - 1;

    /// <summary>The seeds of a claim, ascending; none for clean money.</summary>
    public ReadOnlySpan<int> SeedsOf(int claim) => _seeds[claim];

    /// <summary>The claim of all seeds of two claims.</summary>
    public int Union(int first, int second)
    {
        if (first == second || second == Lot.Clean)
        {
            return first;
        }

        if (first == Lot.Clean)
        {
            return second;
        }

        (int, int) key = first < second ? (first, second) : (second, first);
        if (!_unions.TryGetValue(key, out int union))
        {
            union = _unions[key] = Add([.. _seeds[first].Union(_seeds[second]).Order()]);
        }

        return union;
    }

    /// <summary>The claim of a claim's seeds less another's; clean when none is left.</summary>
    public int Minus(int claim, int other) =>
        other == Lot.Clean ? claim : claim == other ? Lot.Clean : Add([.. _seeds[claim].Except(_seeds[other])]);

    /// <summary>The claim of those of a claim's seeds that are among some; clean when none is.</summary>
    public int Only(int claim, IEnumerable<int> seeds) => Add([.. _seeds[claim].Intersect(seeds)]);

    private int Add(int[] seeds)
    {
        string key = string.Join(',', seeds);
        if (!_sets.TryGetValue(key, out int claim))
        {
            claim = _sets[key] = _seeds.Count;
            _seeds.Add(seeds);
            Invariant.Check(claim < int.MaxValue, $"too many sets of claims");
        }

        return claim;
    }
}
