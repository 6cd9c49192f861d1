namespace FlowTracer.Chains.Bitcoin;

/// <summary>
/// The time of a block that never runs backwards: the median of the times of it and the ten before (BIP 113). A single
/// header's time may lie before its parent's, by up to two hours in practice.
/// </summary>
public static class MedianTime
{
    /// <summary>How many times the median is of.</summary>
    public const int BlockCount = 11;

    /// <summary>The median, in seconds since 1970; where the number of times is even the later of the two.</summary>
    /// <param name="times">The times of the block and of up to ten before it, in any order.</param>
    /// <exception cref="ArgumentException">There is none, or there are more than <see cref="BlockCount"/>.</exception>
    public static uint Of(ReadOnlySpan<uint> times)
    {
        if (times.IsEmpty || times.Length > BlockCount)
        {
            throw new ArgumentException(
                $"The median is of 1 to {BlockCount} times, not {times.Length}.", nameof(times));
        }

        Span<uint> sorted = stackalloc uint[BlockCount];
        sorted = sorted[..times.Length];
        times.CopyTo(sorted);
        sorted.Sort();
        return sorted[sorted.Length / 2];
    }
}
