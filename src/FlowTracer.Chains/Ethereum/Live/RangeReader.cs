namespace FlowTracer.Chains.Ethereum.Live;

/// <summary>
/// Reads a range of blocks from a node that refuses ranges that are too wide or hold too much. A refused range is split
/// at the roundest binary boundary in it, so that ranges of different accounts and runs are the same questions; where
/// there is little, ranges stay wide.
/// </summary>
internal static class RangeReader
{
    /// <summary>All items of the blocks <paramref name="first"/> to <paramref name="last"/>, in the order of ranges.</summary>
    /// <param name="first">First block.</param>
    /// <param name="last">Last block.</param>
    /// <param name="widest">The most blocks to ask for at once: a power of two, or zero for no limit.</param>
    /// <param name="read">
    /// Reads one range (first and last block); null when the node refuses it. One block it may not refuse: it throws.
    /// </param>
    public static async Task<List<T>> ReadAsync<T>(
        ulong first, ulong last, ulong widest, Func<ulong, ulong, Task<IReadOnlyList<T>?>> read)
    {
        if (first > last)
        {
            return [];
        }

        List<(ulong First, ulong Last)> ranges = [];
        for (ulong start = first; ;)
        {
            ulong end = widest == 0 ? last : Math.Min(last, start - (start % widest) + (widest - 1));
            ranges.Add((start, end));
            if (end == last)
            {
                break;
            }

            start = end + 1;
        }

        List<T>[] parts = await Task.WhenAll(ranges.Select(range => ReadOneAsync(range.First, range.Last, read)))
            .ConfigureAwait(false);
        return [.. parts.SelectMany(static part => part)];
    }

    // The first half before the second: a node that refuses everything is found out in as many calls as there are halvings.
    private static async Task<List<T>> ReadOneAsync<T>(
        ulong first, ulong last, Func<ulong, ulong, Task<IReadOnlyList<T>?>> read)
    {
        if (await read(first, last).ConfigureAwait(false) is IReadOnlyList<T> items)
        {
            return [.. items];
        }

        ulong boundary = Boundary(first, last);
        List<T> all = await ReadOneAsync(first, boundary - 1, read).ConfigureAwait(false);
        all.AddRange(await ReadOneAsync(boundary, last, read).ConfigureAwait(false));
        return all;
    }

    /// <summary>The number in (first, last] with the most trailing zero bits.</summary>
    internal static ulong Boundary(ulong first, ulong last)
    {
        ulong boundary = last;
        while ((boundary & (boundary - 1)) > first)
        {
            boundary &= boundary - 1;
        }

        return boundary;
    }
}
