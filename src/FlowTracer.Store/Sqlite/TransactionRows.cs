using System.Buffers;
using FlowTracer.Core.Model;
using Microsoft.Data.Sqlite;

namespace FlowTracer.Store.Sqlite;

/// <summary>Writes and removes transactions, with what the indexes have of them.</summary>
internal sealed class TransactionRows : IDisposable
{
    private const int RowsUncancelled = 1_000;

    private readonly SqliteNames _names;
    private readonly Entries _touches;
    private readonly Entries _hashes;
    private readonly Entries _places;
    private readonly Statement _add;
    private readonly Statement _remove;
    private readonly ArrayBufferWriter<byte> _body = new();
    private readonly List<Holder> _touched = [];

    public TransactionRows(SqliteConnection connection, SqliteNames names)
    {
        _names = names;
        _touches = new Entries(new PairIndex(connection, SqliteSchema.ByHolder), []);
        _hashes = new Entries(new PairIndex(connection, SqliteSchema.ByHash), []);
        _places = new Entries(new PairIndex(connection, SqliteSchema.ByPlace), []);
        _add = new Statement(
            connection,
            "INSERT INTO transactions(id, chain, origin, block, tx_index, step, time, hash, body) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
        _remove = new Statement(connection, "DELETE FROM transactions WHERE id = ?1");
        using Statement last = new(connection, "SELECT max(id) FROM transactions");
        Next = (last.Number() ?? 0) + 1;
    }

    /// <summary>The number that the next transaction gets: they are numbered as they come.</summary>
    public long Next { get; private set; }

    /// <summary>Writes movements of a chain, which touch holders of these numbers.</summary>
    public void Add(
        ReadOnlySpan<Movement> movements, Span<long> holders, long chain, long origin, bool isRecord, CancellationToken cancellationToken)
    {
        while (!movements.IsEmpty)
        {
            int count = CountOfTransaction(movements);
            int touches = CountOfTouches(movements[..count]);
            AddRow(movements[..count], holders[..touches], chain, origin, isRecord);
            movements = movements[count..];
            holders = holders[touches..];
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
            Index(movements[0], NumbersOf(movements), id, isRecord: false);
        }

        _touches.Index.Remove(_touches.New);
        _hashes.Index.Remove(_hashes.New);
    }

    /// <summary>Writes one transaction; its index entries wait for <see cref="End"/>.</summary>
    public void AddRow(ReadOnlySpan<Movement> movements, long chain, long origin, bool isRecord) =>
        AddRow(movements, NumbersOf(movements), chain, origin, isRecord);

    /// <summary>Writes the entries of the indexes.</summary>
    public void End()
    {
        // The most of them, another core sorts meanwhile.
        Task sorting = Task.Run(_touches.New.Sort);
        _hashes.Index.Add(_hashes.New);
        _places.Index.Add(_places.New);
        sorting.GetAwaiter().GetResult();
        _touches.Index.AddSorted(_touches.New);
        foreach (Entries entries in (Entries[])[_touches, _hashes, _places])
        {
            entries.New.Clear();
        }
    }

    public void Dispose()
    {
        foreach (IDisposable one in (IDisposable[])[_touches.Index, _hashes.Index, _places.Index, _add, _remove])
        {
            one.Dispose();
        }
    }

    // One transaction, one stamp, one place, steps that ascend.
    private static int CountOfTransaction(ReadOnlySpan<Movement> movements)
    {
        Movement first = movements[0];
        int count = 1;
        while (count < movements.Length && movements[count] is var next && next.Tx == first.Tx && next.Stamp == first.Stamp
            && next.Position.Step > movements[count - 1].Position.Step && next.Position with { Step = first.Position.Step } == first.Position)
        {
            count++;
        }

        return count;
    }

    private static int CountOfTouches(ReadOnlySpan<Movement> movements)
    {
        int count = 0;
        foreach (Movement movement in movements)
        {
            count += Touches.Count(movement);
        }

        return count;
    }

    private long[] NumbersOf(ReadOnlySpan<Movement> movements)
    {
        _touched.Clear();
        foreach (Movement movement in movements)
        {
            Touches.Add(movement, _touched);
        }

        return _names.Add(_touched);
    }

    private void AddRow(ReadOnlySpan<Movement> movements, Span<long> holders, long chain, long origin, bool isRecord)
    {
        Movement first = movements[0];
        Position at = first.Position;
        _body.ResetWrittenCount();
        TransactionBody.Write(movements, holders, _names, _body);
        _add.Set(1, Next).Set(2, chain).Set(3, origin).Set(4, Keys.Of(at.Block)).Set(5, at.TxIndex).Set(6, at.Step)
            .Set(7, first.Stamp.TimeSeconds).Set(9, _body.WrittenSpan);
        SetHash(first.Tx).Run();
        Index(first, holders, Next++, isRecord);
    }

    private Statement SetHash(TxHash? tx)
    {
        if (tx is not TxHash hash)
        {
            return _add.SetNothing(8);
        }

        Span<byte> bytes = stackalloc byte[TxHash.ByteLength];
        hash.CopyTo(bytes);
        return _add.Set(8, bytes);
    }

    // What the indexes have of a transaction; sorts the numbers of its holders.
    private void Index(Movement first, Span<long> holders, long id, bool isRecord)
    {
        holders.Sort();
        long before = 0;
        foreach (long holder in holders)
        {
            if (holder != before)
            {
                _touches.New.Add(new Pair(holder, id));
            }

            before = holder;
        }

        if (first.Tx is TxHash tx)
        {
            _hashes.New.Add(new Pair(Keys.IndexOf(tx), id));
        }

        if (isRecord)
        {
            _places.New.Add(new Pair(Keys.IndexOf(first.Position), id));
        }
    }

    private sealed record Entries(PairIndex Index, List<Pair> New);
}
