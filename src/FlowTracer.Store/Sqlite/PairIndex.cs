using Microsoft.Data.Sqlite;

namespace FlowTracer.Store.Sqlite;

/// <summary>
/// An index of the file, as sorted runs of <see cref="Pair"/>s in chunks. What a load adds becomes a run; it takes in the smaller ones,
/// so that each run is some times larger than the next. So a load writes behind one another what would else go to as many pages as it
/// has rows, a pair costs half its bytes, and there are few runs to look into: their number grows with the logarithm of the pairs.
/// </summary>
internal sealed class PairIndex : IDisposable
{
    // A run of up to this many times what comes is taken into it.
    private const long Takes = 2;

    // About so many pairs are in a chunk: whether to go from chunk to chunk or to look each one up.
    private const int PairsOfChunk = 300;
    private const int KeysOfChunk = 8;

    private readonly SqliteConnection _connection;
    private readonly string _name;
    private readonly Statement _runs;
    private readonly Statement _seek;
    private readonly Statement _addRun;
    private readonly Statement _setRun;
    private readonly Statement _addChunk;
    private readonly Statement _dropRun;
    private readonly Statement _dropChunks;

    /// <summary>The index of a name.</summary>
    public PairIndex(SqliteConnection connection, string name)
    {
        (_connection, _name) = (connection, name);
        _runs = new Statement(connection, "SELECT id, pairs, last FROM runs WHERE name = ?1 ORDER BY pairs");
        _seek = new Statement(connection, "SELECT key, pairs FROM chunks WHERE run = ?1 AND key >= ?2 ORDER BY key, value");
        _addRun = new Statement(connection, "INSERT INTO runs(name, pairs, last) VALUES(?1, 0, 0) RETURNING id");
        _setRun = new Statement(connection, "UPDATE runs SET pairs = ?2, last = ?3 WHERE id = ?1");
        _addChunk = new Statement(connection, "INSERT INTO chunks(run, key, value, pairs) VALUES(?1, ?2, ?3, ?4)");
        _dropRun = new Statement(connection, "DELETE FROM runs WHERE id = ?1");
        _dropChunks = new Statement(connection, "DELETE FROM chunks WHERE run = ?1");
    }

    /// <summary>The pairs of some keys, sorted.</summary>
    /// <param name="keys">The keys, ascending; one may stand there twice.</param>
    public List<Pair> Find(ReadOnlySpan<long> keys)
    {
        List<Pair> found = [];
        foreach (Run run in Runs())
        {
            Find(run, keys, found);
        }

        found.Sort();
        return found;
    }

    /// <summary>For each of some things, the values under its key: whoever asks looks whether they are its own.</summary>
    public IEnumerable<(T Of, long Value)> Candidates<T>(IEnumerable<T> things, Func<T, long> keyOf)
    {
        T[] all = [.. things];
        long[] keys = Array.ConvertAll(all, keyOf.Invoke);
        Array.Sort(keys, all);
        List<Pair> found = Find(keys);
        int from = 0;
        for (int at = 0; at < all.Length; at++)
        {
            while (from < found.Count && found[from].Key < keys[at])
            {
                from++;
            }

            for (int i = from; i < found.Count && found[i].Key == keys[at]; i++)
            {
                yield return (all[at], found[i].Value);
            }
        }
    }

    /// <summary>Adds pairs that are not there yet, in any order; sorts them.</summary>
    public void Add(List<Pair> pairs)
    {
        pairs.Sort();
        AddSorted(pairs);
    }

    /// <summary>Adds pairs that are not there yet, ascending.</summary>
    public void AddSorted(List<Pair> pairs)
    {
        if (pairs.Count == 0)
        {
            return;
        }

        long sum = pairs.Count;
        List<Run> taken = [];
        foreach (Run run in Runs())
        {
            if (run.Pairs > Takes * sum)
            {
                break;
            }

            taken.Add(run);
            sum += run.Pairs;
        }

        Replace(taken, pairs, []);
    }

    /// <summary>Removes pairs, in any order; sorts them.</summary>
    /// <exception cref="InvalidDataException">One of them is not there.</exception>
    public void Remove(List<Pair> pairs)
    {
        if (pairs.Count == 0)
        {
            return;
        }

        pairs.Sort();
        long least = pairs.Min(static pair => pair.Value);
        int removed = 0;
        foreach (Run run in Runs().Where(run => run.Last >= least))
        {
            removed += Replace([run], [], pairs);
        }

        if (removed != pairs.Count)
        {
            throw new InvalidDataException($"the index of {_name} has {removed} of {pairs.Count} entries");
        }
    }

    /// <summary>Counts all pairs, and looks whether they are in their order and where they should be.</summary>
    /// <exception cref="InvalidDataException">They are not.</exception>
    public void Check(PairSum sum, CancellationToken cancellationToken)
    {
        foreach (Run run in Runs())
        {
            cancellationToken.ThrowIfCancellationRequested();
            using PairCursor cursor = new(_connection, run.Id);
            (long count, long last) = (0, 0);
            for (Pair? before = null; cursor.MoveNext(); before = cursor.Current)
            {
                if (before is Pair one && one.CompareTo(cursor.Current) >= 0)
                {
                    throw new InvalidDataException("its entries are out of order");
                }

                sum.Add(cursor.Current);
                last = Math.Max(last, cursor.Current.Value);
                count++;
            }

            if ((count, last) != (run.Pairs, run.Last))
            {
                throw new InvalidDataException($"a run has {count} entries up to {last}, and should have {run.Pairs} up to {run.Last}");
            }
        }
    }

    public void Dispose()
    {
        foreach (Statement statement in (Statement[])[_runs, _seek, _addRun, _setRun, _addChunk, _dropRun, _dropChunks])
        {
            statement.Dispose();
        }
    }

    private List<Run> Runs()
    {
        List<Run> runs = [];
        _runs.Set(1, _name);
        while (_runs.Read())
        {
            runs.Add(new Run(_runs.Long(0), _runs.Long(1), _runs.Long(2)));
        }

        return runs;
    }

    private void Find(Run run, ReadOnlySpan<long> keys, List<Pair> found)
    {
        try
        {
            Walk(run, keys, found);
        }
        finally
        {
            _seek.Close();
        }
    }

    private void Walk(Run run, ReadOnlySpan<long> keys, List<Pair> found)
    {
        // Many keys: each chunk holds one of them, and the next one is nearer than any other.
        bool walks = (long)keys.Length * KeysOfChunk * PairsOfChunk > run.Pairs;
        int at = 0;
        bool isThere = false;
        while (at < keys.Length)
        {
            if (!isThere)
            {
                _seek.Set(1, run.Id).Set(2, keys[at]);
            }

            isThere = _seek.Read();
            if (!isThere)
            {
                return;
            }

            long last = _seek.Long(0);
            if (keys[at] <= last)
            {
                at = Collect(_seek.Blob(1), keys, at, found);
            }

            isThere = walks || (at < keys.Length && keys[at] <= last);
        }
    }

    // What of a chunk is of the keys; to which key it came. The chunk's last key may go on in the next one.
    private static int Collect(ReadOnlySpan<byte> chunk, ReadOnlySpan<long> keys, int at, List<Pair> found)
    {
        Pair pair = default;
        for (int from = 0; from < chunk.Length;)
        {
            pair = PairChunk.Read(chunk, ref from, pair);
            while (keys[at] < pair.Key)
            {
                if (++at == keys.Length)
                {
                    return at;
                }
            }

            if (keys[at] == pair.Key)
            {
                found.Add(pair);
            }
        }

        return at;
    }

    // Writes runs, and what is new, as one run, without some pairs; how many of these there were.
    private int Replace(List<Run> runs, List<Pair> added, List<Pair> removed)
    {
        long id = _addRun.Set(1, _name).Number()!.Value;
        PairWriter writer = new(_addChunk, id);
        PairCursor[] sources = [.. runs.Select(run => new PairCursor(_connection, run.Id)), new PairCursor(added)];
        int missed;
        try
        {
            missed = Merge(sources, removed, writer);
        }
        finally
        {
            foreach (PairCursor source in sources)
            {
                source.Dispose();
            }
        }

        writer.End();
        _setRun.Set(1, id).Set(2, writer.Pairs).Set(3, writer.Last).Run();
        foreach (long old in runs.Select(static run => run.Id).Concat(writer.Pairs == 0 ? [id] : []))
        {
            _dropChunks.Set(1, old).Run();
            _dropRun.Set(1, old).Run();
        }

        return missed;
    }

    // Of those removed, how many there were.
    private static int Merge(PairCursor[] sources, List<Pair> removed, PairWriter writer)
    {
        PairCursor[] left = [.. sources.Where(static source => source.MoveNext())];
        int count = left.Length;
        int missed = 0;
        while (count > 0)
        {
            int least = 0;
            for (int i = 1; i < count; i++)
            {
                least = left[i].Current.CompareTo(left[least].Current) < 0 ? i : least;
            }

            PairCursor source = left[least];
            if (removed.Count > 0 && removed.BinarySearch(source.Current) >= 0)
            {
                missed++;
            }
            else
            {
                writer.Add(source.Current);
            }

            if (!source.MoveNext())
            {
                left[least] = left[--count];
            }
        }

        return missed;
    }

    private readonly record struct Run(long Id, long Pairs, long Last);
}
