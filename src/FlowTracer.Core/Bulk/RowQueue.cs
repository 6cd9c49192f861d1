using System.Numerics;

namespace FlowTracer.Core.Bulk;

/// <summary>
/// The steps still to be taken, each once, as a set of bits with a summary of its words above it, and one of those above that:
/// adding one and finding the next cost a few words, whether ten wait or millions.
/// </summary>
internal sealed class RowQueue
{
    private const int WordBits = 64;

    private readonly ulong[][] _levels;

    public RowQueue(int steps)
    {
        List<ulong[]> levels = [];
        int words = steps;
        do
        {
            words = Math.Max(1, (int)(((long)words + WordBits - 1) / WordBits));
            levels.Add(new ulong[words]);
        }
        while (words > 1);
        _levels = [.. levels];
    }

    /// <summary>Adds a step, if it does not wait already.</summary>
    public void Add(int step)
    {
        foreach (ulong[] level in _levels)
        {
            ref ulong word = ref level[step / WordBits];
            bool wasEmpty = word == 0;
            word |= 1UL << (step % WordBits);
            if (!wasEmpty)
            {
                return;
            }

            step /= WordBits;
        }
    }

    /// <summary>The first step that waits; -1 when none does.</summary>
    public int First()
    {
        int at = 0;
        for (int level = _levels.Length - 1; level >= 0; level--)
        {
            ulong word = _levels[level][at];
            if (word == 0)
            {
                return -1;
            }

            at = (at * WordBits) + BitOperations.TrailingZeroCount(word);
        }

        return at;
    }

    /// <summary>Takes a step out.</summary>
    public void Remove(int step)
    {
        foreach (ulong[] level in _levels)
        {
            ref ulong word = ref level[step / WordBits];
            word &= ~(1UL << (step % WordBits));
            if (word != 0)
            {
                return;
            }

            step /= WordBits;
        }
    }
}
