using System.Buffers;
using FlowTracer.Core.Model;
using Microsoft.Data.Sqlite;

namespace FlowTracer.Store.Sqlite;

/// <summary>Writes and removes transactions, with what the indexes have of them.</summary>
internal sealed class TransactionRows : IDisposable
{
    private const int RowsUncancelled = 1_000;

    private readonly SqliteNames _names;
    private readonly Dictionary<string, PairIndex> _indexes;
    private readonly Statement _add;
    private readonly Statement _remove;
    private readonly ArrayBufferWriter<byte> _body = new();
    private readonly Dictionary<string, List<Pair>> _new;

    public TransactionRows(SqliteConnection connection, SqliteNames names)
    {
        _names = names;
        string[] indexes = [SqliteSchema.ByHolder, SqliteSchema.ByHash, SqliteSchema.ByPlace];
        _indexes = indexes.ToDictionary(static name => name, name => new PairIndex(connection, name));
        _new = indexes.ToDictionary(static name => name, static _ => new List<Pair>());
        _add = new Statement(
            connection,
            "INSERT INTO transactions(id, chain, origin, block, tx_index, step, time, hash, body) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
        _remove = new Statement(connection, "DELETE FROM transactions WHERE id = ?1");
        using Statement last = new(connection, "SELECT max(id) FROM transactions");
        Next = (last.Number() ?? 0) + 1;
    }

    /// <summary>The number that the next transaction gets: they are numbered as they come.</summary>
    public long Next { get; private set; }

    /// <summary>Writes movements, whose holders have their numbers.</summary>
    public void Add(ArraySegment<Movement> movements, long chain, long origin, bool isRecord, CancellationToken cancellationToken)
    {
        while (movements.Count > 0)
        {
            int count = CountOfTransaction(movements);
            AddRow(movements[..count], chain, origin, isRecord);
            movements = movements[count..];
            if (Next % RowsUncancelled == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }
        }

        End();
    }

    /// <summary>Removes transactions of blocks.</summary>
    public void Remove(IReadOnlyList<(long Id, Movement[] Movements)> rows)
    {
        foreach ((long id, Movement[] movements) in rows)
        {
            _remove.Set(1, id).Run();
            Index(movements, id, isRecord: false);
        }

        foreach ((string name, PairIndex index) in _indexes)
        {
            index.Remove(_new[name]);
            _new[name].Clear();
        }
    }

    /// <summary>Writes one transaction; its index entries wait for <see cref="End"/>.</summary>
    public void AddRow(ArraySegment<Movement> movements, long chain, long origin, bool isRecord)
    {
        Movement first = movements[0];
        Position at = first.Position;
        _body.ResetWrittenCount();
        TransactionBody.Write(movements, _names, _body);
        _add.Set(1, Next).Set(2, chain).Set(3, origin).Set(4, Keys.Of(at.Block)).Set(5, at.TxIndex).Set(6, at.Step)
            .Set(7, first.Stamp.TimeSeconds).SetNothing(8).Set(9, _body.WrittenSpan);
        if (first.Tx is TxHash tx)
        {
            Span<byte> hash = stackalloc byte[TxHash.ByteLength];
            tx.CopyTo(hash);
            _add.Set(8, hash);
        }

        _add.Run();
        Index(movements, Next++, isRecord);
    }

    /// <summary>Writes the entries of the indexes.</summary>
    public void End()
    {
        foreach ((string name, PairIndex index) in _indexes)
        {
            index.Add(_new[name]);
            _new[name].Clear();
        }
    }

    /// <summary>What the indexes have of a transaction.</summary>
    public static IEnumerable<(string Index, Pair Pair)> Entries(
        ArraySegment<Movement> movements, long id, bool isRecord, SqliteNames names)
    {
        HashSet<long> holders = [];
        foreach (Holder holder in movements.SelectMany(Touches.Of))
        {
            if (names.IdOf(holder) is long one && holders.Add(one))
            {
                yield return (SqliteSchema.ByHolder, new Pair(one, id));
            }
        }

        if (movements[0].Tx is TxHash tx)
        {
            yield return (SqliteSchema.ByHash, new Pair(Keys.IndexOf(tx), id));
        }

        if (isRecord)
        {
            yield return (SqliteSchema.ByPlace, new Pair(Keys.IndexOf(movements[0].Position), id));
        }
    }

    public void Dispose()
    {
        foreach (IDisposable one in (IDisposable[])[.. _indexes.Values, _add, _remove])
        {
            one.Dispose();
        }
    }

    // One transaction, one stamp, one place, steps that ascend.
    private static int CountOfTransaction(ArraySegment<Movement> movements)
    {
        Movement first = movements[0];
        int count = 1;
        while (count < movements.Count && movements[count] is var next && next.Tx == first.Tx && next.Stamp == first.Stamp
            && next.Position.Step > movements[count - 1].Position.Step && next.Position with { Step = first.Position.Step } == first.Position)
        {
            count++;
        }

        return count;
    }

    private void Index(ArraySegment<Movement> movements, long id, bool isRecord)
    {
        foreach ((string index, Pair pair) in Entries(movements, id, isRecord, _names))
        {
            _new[index].Add(pair);
        }
    }
}
