namespace FlowTracer.Store.Sqlite;

/// <summary>What tells whether an index has the pairs it should: how many, and the sum modulo 2^64 of a mix of each. Whatever their order.</summary>
internal sealed class PairSum : IEquatable<PairSum>
{
    private ulong _sum;

    /// <summary>How many.</summary>
    public long Count { get; private set; }

    /// <summary>Counts a pair in.</summary>
    public void Add(Pair pair)
    {
        Count++;
        _sum = unchecked(_sum + Mix(Mix((ulong)pair.Key) + (ulong)pair.Value));
    }

    public bool Equals(PairSum? other) => other is not null && Count == other.Count && _sum == other._sum;

    public override bool Equals(object? obj) => Equals(obj as PairSum);

    public override int GetHashCode() => HashCode.Combine(Count, _sum);

    // SplitMix64's last steps: every bit of the number changes half of the result's.
    private static ulong Mix(ulong number)
    {
        unchecked
        {
            number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9;
            number = (number ^ (number >> 27)) * 0x94D049BB133111EB;
            return number ^ (number >> 31);
        }
    }
}
