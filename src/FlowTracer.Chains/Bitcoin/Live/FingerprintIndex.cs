using System.Collections.Immutable;

namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>Fingerprints of one block, each with the transaction's index in the block.</summary>
/// <param name="Entries">See <see cref="Pack"/>; in any order.</param>
/// <param name="FirstNumber">The number of the block's first transaction.</param>
internal readonly record struct FingerprintPart(ulong[] Entries, uint FirstNumber)
{
    private const int IndexBits = 64 - Fingerprints.MostBits;

    /// <summary>40 bits of fingerprint and 24 of index: a block has at most 66,000 transactions.</summary>
    public static ulong Pack(ulong fingerprint, int index) => (fingerprint << IndexBits) | (uint)index;

    /// <summary>The fingerprint, and the transaction's number among all.</summary>
    public (ulong Fingerprint, uint Number) this[int at] =>
        (Entries[at] >> IndexBits, FirstNumber + (uint)(Entries[at] & ((1UL << IndexBits) - 1)));
}

/// <summary>
/// Finds transactions by fingerprint: eight bytes an entry, sorted, in 256 arrays by the fingerprint's first byte. New
/// entries come as a layer of their own; a layer is merged with the one below once it is half as large, so there are few.
/// Immutable.
/// </summary>
internal sealed class FingerprintIndex
{
    private const int ShardCount = 256;
    private const int NumberBits = 32;

    // The largest first. A shard holds the fingerprint's other 32 bits, then the number's 32, ascending.
    private readonly ImmutableArray<ulong[][]> _layers;

    private FingerprintIndex(ImmutableArray<ulong[][]> layers) => _layers = layers;

    /// <summary>An index of nothing.</summary>
    public static FingerprintIndex Empty { get; } = new([]);

    /// <summary>How many bytes the entries take.</summary>
    public long ByteCount => _layers.Sum(SizeOf) * sizeof(ulong);

    /// <summary>With more entries. An entry that comes twice counts once.</summary>
    /// <param name="parts">Taken out one by one as they are copied, so that they do not stay in memory beside the copy.</param>
    public FingerprintIndex With(FingerprintPart[] parts)
    {
        ulong[][] layer = Build(parts);
        if (SizeOf(layer) == 0)
        {
            return this;
        }

        ImmutableArray<ulong[][]> layers = _layers;
        while (!layers.IsEmpty && SizeOf(layers[^1]) <= 2 * SizeOf(layer))
        {
            layer = Merge(layers[^1], layer);
            layers = layers.RemoveAt(layers.Length - 1);
        }

        return new FingerprintIndex(layers.Add(layer));
    }

    /// <summary>The numbers of the transactions with a fingerprint, ascending.</summary>
    public List<uint> Find(ulong fingerprint)
    {
        List<uint> found = [];
        ulong rest = fingerprint & uint.MaxValue;
        ulong first = rest << NumberBits;
        foreach (ulong[][] layer in _layers)
        {
            ulong[] shard = layer[ShardOf(fingerprint)];
            int at = Array.BinarySearch(shard, first);
            for (at = at < 0 ? ~at : at; at < shard.Length && shard[at] >> NumberBits == rest; at++)
            {
                found.Add((uint)(shard[at] & uint.MaxValue));
            }
        }

        found.Sort();
        return found;
    }

    private static ulong[][] Build(FingerprintPart[] parts)
    {
        int[] counts = new int[ShardCount];
        foreach (FingerprintPart part in parts)
        {
            for (int i = 0; i < part.Entries.Length; i++)
            {
                counts[ShardOf(part[i].Fingerprint)]++;
            }
        }

        ulong[][] shards = Array.ConvertAll(counts, static count => count == 0 ? [] : new ulong[count]);
        Span<int> next = stackalloc int[ShardCount];
        next.Clear();
        for (int at = 0; at < parts.Length; at++)
        {
            FingerprintPart part = parts[at];
            parts[at] = new FingerprintPart([], 0);
            for (int i = 0; i < part.Entries.Length; i++)
            {
                (ulong fingerprint, uint number) = part[i];
                int shard = ShardOf(fingerprint);
                shards[shard][next[shard]++] = ((fingerprint & uint.MaxValue) << NumberBits) | number;
            }
        }

        Parallel.For(0, ShardCount, shard => shards[shard] = Sort(shards[shard]));
        return shards;
    }

    private static ulong[][] Merge(ulong[][] below, ulong[][] above)
    {
        ulong[][] merged = new ulong[ShardCount][];
        Parallel.For(0, ShardCount, shard => merged[shard] = Sort([.. below[shard], .. above[shard]]));
        return merged;
    }

    private static ulong[] Sort(ulong[] entries)
    {
        Array.Sort(entries);
        int kept = 0;
        for (int i = 0; i < entries.Length; i++)
        {
            if (kept == 0 || entries[i] != entries[kept - 1])
            {
                entries[kept++] = entries[i];
            }
        }

        return kept == entries.Length ? entries : entries[..kept];
    }

    private static int ShardOf(ulong fingerprint) => (int)(fingerprint >> NumberBits);

    private static long SizeOf(ulong[][] layer) => layer.Sum(static shard => (long)shard.Length);
}
