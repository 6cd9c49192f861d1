namespace FlowTracer.Store.Sqlite;

/// <summary>Two numbers, in the order of the first, then the second: a holder and a transaction of its, say.</summary>
internal readonly record struct Pair(long Key, long Value) : IComparable<Pair>
{
    public int CompareTo(Pair other)
    {
        int byKey = Key.CompareTo(other.Key);
        return byKey != 0 ? byKey : Value.CompareTo(other.Value);
    }
}

/// <summary>
/// Ascending pairs in few bytes: each pair's key less the one before it (at first, itself), then its value, or, where the key is the
/// same, its value less the one before it. Numbers are LEB128.
/// </summary>
internal static class PairChunk
{
    /// <summary>Two of these fit a page of the file.</summary>
    public const int MostBytes = 1980;

    /// <summary>A pair takes a byte twice at least.</summary>
    public const int MostPairs = MostBytes / 2;

    /// <summary>A pair takes ten bytes twice at most.</summary>
    public const int MostBytesOfPair = 20;

    /// <summary>Writes a pair behind another; how many bytes it takes.</summary>
    public static int Write(Span<byte> to, Pair before, Pair pair)
    {
        long keyStep = pair.Key - before.Key;
        int length = Write(to, keyStep);
        return length + Write(to[length..], keyStep == 0 ? pair.Value - before.Value : pair.Value);
    }

    /// <summary>Reads the pair behind another, and moves on.</summary>
    /// <exception cref="InvalidDataException">There is none there.</exception>
    public static Pair Read(ReadOnlySpan<byte> from, ref int at, Pair before)
    {
        long keyStep = Read(from, ref at);
        long value = Read(from, ref at);
        return keyStep == 0 ? before with { Value = unchecked(before.Value + value) } : new Pair(unchecked(before.Key + keyStep), value);
    }

    private static int Write(Span<byte> to, long number)
    {
        int length = 0;
        for (; number > 0x7F; number >>= 7)
        {
            to[length++] = (byte)((number & 0x7F) | 0x80);
        }

        to[length++] = (byte)number;
        return length;
    }

    private static long Read(ReadOnlySpan<byte> from, ref int at)
    {
        long number = 0;
        for (int shift = 0; shift < 63 && at < from.Length; shift += 7)
        {
            byte next = from[at++];
            number |= (long)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return number;
            }
        }

        throw new InvalidDataException("a chunk ends too early");
    }
}
