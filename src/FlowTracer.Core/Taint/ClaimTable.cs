using System.Numerics;
using FlowTracer.Core.Model;

namespace FlowTracer.Core.Taint;

/// <summary>
/// The claims of one run. Claim 0 is clean and claim n the n-th seed (from 1). Under poison money can be claimed by
/// several seeds at once: such sets are claims of their own, numbered behind those as they arise.
/// </summary>
public sealed class ClaimTable
{
    private const int WordBits = 64;

    private readonly int[] _seeds;
    private readonly List<ulong[]> _sets = [];
    private readonly List<int[]?> _seedsOfSets = [];
    private readonly Dictionary<ulong[], int> _claims = new(new SameBits());
    private readonly Dictionary<(int, int), int> _unions = [];

    /// <summary>A table for a number of seeds.</summary>
    public ClaimTable(int seedCount) => _seeds = [.. Enumerable.Range(0, seedCount)];

    /// <summary>The claim of one seed, by its index from 0.</summary>
    public static int OfSeed(int seed) => seed + 1;

    /// <summary>The seed of a claim of one seed: every claim but clean is one, except under poison.</summary>
    public static int SeedOf(int claim) => claim - 1;

    /// <summary>The seeds of a claim, ascending; none for clean money.</summary>
    public ReadOnlySpan<int> SeedsOf(int claim)
    {
        if (claim <= _seeds.Length)
        {
            return claim == Lot.Clean ? [] : _seeds.AsSpan(SeedOf(claim), 1);
        }

        int set = claim - _seeds.Length - 1;
        return _seedsOfSets[set] ??= [.. _seeds.Where(seed => Has(_sets[set], seed))];
    }

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
            ulong[] bits = BitsOf(first);
            AddTo(bits, second);
            union = _unions[key] = ClaimOf(bits);
        }

        return union;
    }

    /// <summary>The claim of a claim's seeds less another's; clean when none is left.</summary>
    public int Minus(int claim, int other)
    {
        if (other == Lot.Clean || claim == other)
        {
            return other == Lot.Clean ? claim : Lot.Clean;
        }

        ulong[] bits = BitsOf(claim);
        ulong[] less = BitsOf(other);
        for (int i = 0; i < bits.Length; i++)
        {
            bits[i] &= ~less[i];
        }

        return ClaimOf(bits);
    }

    /// <summary>The claim of those of a claim's seeds that are among some; clean when none is.</summary>
    public int Only(int claim, IEnumerable<int> seeds)
    {
        ulong[] of = BitsOf(claim);
        ulong[] bits = new ulong[of.Length];
        foreach (int seed in seeds)
        {
            bits[seed / WordBits] |= of[seed / WordBits] & (1UL << (seed % WordBits));
        }

        return ClaimOf(bits);
    }

    private static bool Has(ulong[] bits, int seed) => (bits[seed / WordBits] & (1UL << (seed % WordBits))) != 0;

    private ulong[] BitsOf(int claim)
    {
        ulong[] bits = new ulong[(_seeds.Length + WordBits - 1) / WordBits];
        AddTo(bits, claim);
        return bits;
    }

    private void AddTo(ulong[] bits, int claim)
    {
        if (claim > _seeds.Length)
        {
            ulong[] set = _sets[claim - _seeds.Length - 1];
            for (int i = 0; i < bits.Length; i++)
            {
                bits[i] |= set[i];
            }
        }
        else if (claim != Lot.Clean)
        {
            bits[SeedOf(claim) / WordBits] |= 1UL << (SeedOf(claim) % WordBits);
        }
    }

    private int ClaimOf(ulong[] bits)
    {
        int count = 0;
        int last = 0;
        for (int i = 0; i < bits.Length; i++)
        {
            count += BitOperations.PopCount(bits[i]);
            last = bits[i] == 0 ? last : (i * WordBits) + BitOperations.Log2(bits[i]);
        }

        if (count < 2)
        {
            return count == 0 ? Lot.Clean : OfSeed(last);
        }

        if (!_claims.TryGetValue(bits, out int claim))
        {
            claim = _claims[bits] = _seeds.Length + 1 + _sets.Count;
            _sets.Add(bits);
            _seedsOfSets.Add(null);
            Invariant.Check(claim < int.MaxValue, $"too many sets of claims");
        }

        return claim;
    }

    private sealed class SameBits : IEqualityComparer<ulong[]>
    {
        public bool Equals(ulong[]? left, ulong[]? right) => left.AsSpan().SequenceEqual(right);

        public int GetHashCode(ulong[] bits)
        {
            ulong hash = 0;
            foreach (ulong word in bits)
            {
                hash = unchecked((BitOperations.RotateLeft(hash, 31) ^ word) * 0x9E3779B97F4A7C15); // 2^64 divided by the golden ratio
            }

            return unchecked((int)(hash >> 32));
        }
    }
}
