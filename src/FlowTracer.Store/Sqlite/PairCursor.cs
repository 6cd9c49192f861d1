using System.Collections;
using Microsoft.Data.Sqlite;

namespace FlowTracer.Store.Sqlite;

/// <summary>The pairs of a run, ascending. A chunk that does not end as it is filed is an <see cref="InvalidDataException"/>.</summary>
internal sealed class PairCursor : IEnumerator<Pair>
{
    private readonly Statement _chunks;
    private byte[] _chunk = new byte[PairChunk.MostBytes];
    private int _length;
    private int _at;
    private Pair _pair;

    public PairCursor(SqliteConnection connection, long run)
    {
        _chunks = new Statement(connection, "SELECT key, value, pairs FROM chunks WHERE run = ?1 ORDER BY key, value");
        _chunks.Set(1, run);
    }

    public Pair Current => _pair;

    object IEnumerator.Current => Current;

    public bool MoveNext()
    {
        if (_at == _length)
        {
            if (!_chunks.Read())
            {
                return false;
            }

            Take(_chunks.Blob(2));
        }

        _pair = PairChunk.Read(_chunk.AsSpan(0, _length), ref _at, _pair);
        if (_at == _length && _pair != new Pair(_chunks.Long(0), _chunks.Long(1)))
        {
            throw new InvalidDataException("a chunk does not end with the entry it is filed under");
        }

        return true;
    }

    public void Reset() => throw new NotSupportedException();

    public void Dispose() => _chunks.Dispose();

    private void Take(ReadOnlySpan<byte> chunk)
    {
        if (chunk.Length > _chunk.Length)
        {
            throw new InvalidDataException("a chunk is too long");
        }

        if (chunk.IsEmpty)
        {
            throw new InvalidDataException("a chunk is empty");
        }

        chunk.CopyTo(_chunk);
        (_length, _at, _pair) = (chunk.Length, 0, default);
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
