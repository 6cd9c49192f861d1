using Microsoft.Data.Sqlite;

namespace FlowTracer.Store.Sqlite;

/// <summary>
/// Pairs one behind the other, ascending: those of a run, or some in memory. A chunk that does not end as it is filed is an
/// <see cref="InvalidDataException"/>.
/// </summary>
internal sealed class PairCursor : IDisposable
{
    private readonly Statement? _chunks;
    private readonly Pair[] _pairs;
    private int _count;
    private int _at = -1;

    /// <summary>The pairs of a run.</summary>
    public PairCursor(SqliteConnection connection, long run)
    {
        _chunks = new Statement(connection, "SELECT key, value, pairs FROM chunks WHERE run = ?1 ORDER BY key, value");
        _chunks.Set(1, run);
        _pairs = new Pair[PairChunk.MostPairs];
    }

    /// <summary>Pairs in memory.</summary>
    public PairCursor(List<Pair> pairs) => (_pairs, _count) = ([.. pairs], pairs.Count);

    public Pair Current => _pairs[_at];

    public bool MoveNext() => ++_at < _count || Take();

    public void Dispose() => _chunks?.Dispose();

    // The pairs of the next chunk, at its first one.
    private bool Take()
    {
        if (_chunks is null || !_chunks.Read())
        {
            return false;
        }

        ReadOnlySpan<byte> chunk = _chunks.Blob(2);
        if (chunk.Length > PairChunk.MostBytes)
        {
            throw new InvalidDataException("a chunk is too long");
        }

        if (chunk.IsEmpty)
        {
            throw new InvalidDataException("a chunk is empty");
        }

        (_at, _count) = (0, 0);
        Pair pair = default;
        for (int from = 0; from < chunk.Length; _pairs[_count++] = pair)
        {
            pair = PairChunk.Read(chunk, ref from, pair);
        }

        return pair == new Pair(_chunks.Long(0), _chunks.Long(1))
            ? true
            : throw new InvalidDataException("a chunk does not end with the entry it is filed under");
    }
}

/// <summary>Writes the pairs of a run, which come ascending.</summary>
internal sealed class PairWriter(Statement addChunk, long run)
{
    private readonly byte[] _chunk = new byte[PairChunk.MostBytes];
    private int _length;
    private Pair _pair;

    /// <summary>How many there are.</summary>
    public long Pairs { get; private set; }

    /// <summary>The largest value of them.</summary>
    public long Last { get; private set; }

    public void Add(Pair pair)
    {
        if (_length + PairChunk.MostBytesOfPair > PairChunk.MostBytes)
        {
            End();
        }

        _length += PairChunk.Write(_chunk.AsSpan(_length), _pair, pair);
        _pair = pair;
        Pairs++;
        Last = Math.Max(Last, pair.Value);
    }

    /// <summary>Writes what is left. A chunk stands under its last pair.</summary>
    public void End()
    {
        if (_length > 0)
        {
            addChunk.Set(1, run).Set(2, _pair.Key).Set(3, _pair.Value).Set(4, _chunk.AsSpan(0, _length)).Run();
        }

        (_length, _pair) = (0, default);
    }
}
