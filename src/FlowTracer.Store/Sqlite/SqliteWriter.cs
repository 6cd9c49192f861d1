using System.Globalization;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using Microsoft.Data.Sqlite;

namespace FlowTracer.Store.Sqlite;

/// <summary>One append or roll back, inside a transaction that is open.</summary>
internal sealed class SqliteWriter(SqliteConnection connection, SqliteNames names, SqliteReader reader, string name) : IDisposable
{
    private const long Placed = 0;

    // What belongs to a block after ?2: a gain that nothing explains stands before its block, and names it in its stamp.
    private const string Moved = "movements m CROSS JOIN transactions t ON t.id = m.tx";
    private const string After = "m.chain = ?1 AND m.block >= ?2 AND (m.block > ?2 OR t.stamp_block > ?2)";

    private readonly Statement _addTransaction = new(
        connection,
        """
        INSERT INTO transactions(chain, hash, origin, block, tx_index, step, movements, time, stamp, stamp_block, stamp_max, stamp_index)
        VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) RETURNING id
        """,
        12);

    private readonly Statement _addMovement = new(
        connection, "INSERT INTO movements(chain, block, tx_index, step, tx, body) VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING", 6);

    private readonly Statement _addTouch = new(connection, "INSERT INTO touches(holder, block, tx_index, step) VALUES(?1, ?2, ?3, ?4)", 4);

    private readonly Statement _addBlock = new(
        connection, "INSERT INTO blocks(chain, number, hash, parent, time, answer, origin) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)", 7);

    private readonly Statement _setOpening = new(connection, "UPDATE holders SET opening = ?2 WHERE id = ?1 AND opening IS NULL", 2);

    private readonly List<(long Holder, Position At)> _touches = [];
    private readonly List<long> _touched = [];
    private long _added;
    private long _known;

    /// <summary>Adds a load.</summary>
    public FlowAppended Append(FlowLoad load, CancellationToken cancellationToken)
    {
        long chain = names.IdOf(load.Chain);
        long origin = OriginOf(chain, load.Origin, load.HasMore, out FactsSum facts);
        ulong? skipTo = AddBlocks(load, chain, origin);
        for (int i = 0; i < load.Movements.Count;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int end = EndOfTransaction(load.Movements, i);
            if ((load.Movements[i].Stamp.Block ?? load.Movements[i].Position.Block) <= skipTo)
            {
                _known += end - i;
            }
            else
            {
                AddTransaction(load, chain, origin, i, end, facts);
            }

            i = end;
        }

        AddTouches();
        foreach (FlowOpening opening in load.Openings)
        {
            _setOpening.Set(1, names.IdOf(opening.Holder)).Set(2, Keys.Of(opening.Amount)).Run();
        }

        SqliteTokens.Add(connection, load.Names);
        Finish(origin, load.HasMore, _added, facts);
        return new FlowAppended(_added, _known);
    }

    /// <summary>Removes the blocks after one.</summary>
    public bool RollBack(ChainId chain, ulong? last, CancellationToken cancellationToken)
    {
        if (names.Find(chain) is not long id || reader.EndsOf(chain).Last is null)
        {
            return false;
        }

        long after = last is ulong kept ? Keys.Of(kept) : -1;
        Dictionary<long, (long Movements, FactsSum Facts)> origins = [];
        foreach ((Movement movement, long origin) in MovementsAfter(id, after))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!origins.TryGetValue(origin, out (long Movements, FactsSum Facts) removed))
            {
                removed = (0, FactsOf(origin));
            }

            removed.Facts.Remove(movement);
            origins[origin] = (removed.Movements + 1, removed.Facts);
            _touched.Clear();
            MovementBody.Write(movement, names, _touched);
            foreach (long holder in _touched)
            {
                _touches.Add((holder, movement.Position));
            }
        }

        RemoveTouches();
        foreach ((long origin, (long count, FactsSum facts)) in origins)
        {
            Finish(origin, hasMore: false, -count, facts);
        }

        foreach (string sql in (string[])[
            $"DELETE FROM transactions WHERE id IN (SELECT m.tx FROM {Moved} WHERE {After})",
            "DELETE FROM movements WHERE chain = ?1 AND block >= ?2 AND NOT EXISTS (SELECT 1 FROM transactions t WHERE t.id = tx)",
            "DELETE FROM blocks WHERE chain = ?1 AND number > ?2"])
        {
            using Statement delete = new(connection, sql, 2);
            delete.Set(1, id).Set(2, after).Run();
        }

        return true;
    }

    public void Dispose()
    {
        foreach (Statement statement in (Statement[])[_addTransaction, _addMovement, _addTouch, _addBlock, _setOpening])
        {
            statement.Dispose();
        }
    }

    private long OriginOf(long chain, FlowOrigin origin, bool hasMore, out FactsSum facts)
    {
        using Statement find = new(connection, "SELECT id FROM origins WHERE chain = ?1 AND source = ?2 AND answer = ?3", 3);
        if (find.Set(1, chain).Set(2, origin.Source).Set(3, origin.Answer).Number() is long known)
        {
            facts = FactsOf(known);
            return known;
        }

        facts = new FactsSum([]);
        using Statement add = new(
            connection,
            "INSERT INTO origins(chain, source, answer, unfinished, movements, facts) VALUES(?1, ?2, ?3, ?4, 0, ?5) RETURNING id",
            5);
        return add.Set(1, chain).Set(2, origin.Source).Set(3, origin.Answer).Set(4, hasMore ? 1 : 0).Set(5, facts.ToArray()).Number()!.Value;
    }

    private FactsSum FactsOf(long origin)
    {
        using Statement read = new(connection, "SELECT facts FROM origins WHERE id = ?1", 1);
        using SqliteDataReader rows = read.Set(1, origin).Rows();
        return rows.Read() ? new FactsSum(rows.GetFieldValue<byte[]>(0)) : throw new InvalidDataException($"no origin has number {origin}");
    }

    private void Finish(long origin, bool hasMore, long added, FactsSum facts)
    {
        using Statement update = new(
            connection, "UPDATE origins SET unfinished = ?2, movements = movements + ?3, facts = ?4 WHERE id = ?1", 4);
        update.Set(1, origin).Set(2, hasMore ? 1 : 0).Set(3, added).Set(4, facts.ToArray()).Run();
    }

    // Up to which block all is there already; null for none.
    private ulong? AddBlocks(FlowLoad load, long chain, long origin)
    {
        (FlowBlock? first, FlowBlock? last) = reader.EndsOf(load.Chain);
        if (load.Blocks.IsEmpty)
        {
            return last is null ? null : throw new InputException(
                $"{name}: it has whole blocks of {load.Chain}, and {load.Origin.Source} is a record: import it into a store of its own");
        }

        if (last is null && reader.Coverage().Any(of => of.Chain == load.Chain && of.Movements > 0))
        {
            throw new InputException($"{name}: it has records of {load.Chain}: ingest whole blocks into a store of its own");
        }

        FlowBlock? before = null;
        ulong? skipTo = null;
        foreach (FlowBlock block in load.Blocks)
        {
            if (last is not null && block.Number >= first!.Number && block.Number <= last.Number)
            {
                RefuseOther(load, block);
                skipTo = block.Number;
            }
            else
            {
                RefuseGap(load, block, before ?? last);
                _addBlock.Set(1, chain).Set(2, Keys.Of(block.Number)).Set(3, Keys.Of(block.Hash)).Set(4, Keys.Of(block.Parent))
                    .Set(5, block.TimeSeconds).Set(6, block.Answer).Set(7, origin).Run();
            }

            before = block;
        }

        return skipTo;
    }

    private void RefuseOther(FlowLoad load, FlowBlock block)
    {
        if (reader.Block(load.Chain, block.Number) is { } stored && stored.Hash != block.Hash)
        {
            throw new InputException(
                $"{name}: block {block.Number} of {load.Chain} is {stored.Hash.ToString(load.Chain.Family)} there and {block.Hash.ToString(load.Chain.Family)} in {load.Origin.Source}: the chain was reorganised, roll back first");
        }
    }

    private void RefuseGap(FlowLoad load, FlowBlock block, FlowBlock? before)
    {
        if (before is null || (block.Number == before.Number + 1 && block.Parent == before.Hash))
        {
            return;
        }

        string why = block.Number == before.Number + 1
            ? $"block {block.Number} has another parent than block {before.Number} there: the chain was reorganised, roll back first"
            : $"block {block.Number} does not follow block {before.Number}, the last one there";
        throw new InputException($"{name}: {why} ({load.Chain}, {load.Origin.Source})");
    }

    private static int EndOfTransaction(IReadOnlyList<Movement> movements, int start)
    {
        Movement first = movements[start];
        int end = start + 1;
        while (end < movements.Count && movements[end] is var next && next.Tx == first.Tx && next.Stamp == first.Stamp
            && next.Position == first.Position with { Step = first.Position.Step + (uint)(end - start) })
        {
            end++;
        }

        return end;
    }

    private void AddTransaction(FlowLoad load, long chain, long origin, int start, int end, FactsSum facts)
    {
        Movement first = load.Movements[start];
        if (load.Blocks.IsEmpty && first.Tx is TxHash tx && reader.Transaction(load.Chain, tx) is { Count: > 0 } stored)
        {
            Compare(load, start, end, stored, tx);
            return;
        }

        long id = Add(first, chain, origin, end - start);
        for (int i = start; i < end; i++)
        {
            Movement movement = load.Movements[i];
            _touched.Clear();
            _addMovement.Set(1, chain).Set(2, Keys.Of(movement.Position.Block)).Set(3, (long)movement.Position.TxIndex)
                .Set(4, (long)movement.Position.Step).Set(5, id).Set(6, MovementBody.Write(movement, names, _touched));
            if (_addMovement.Run() == 0)
            {
                // Without a hash, the place alone tells whether it is the same.
                AddAgain(load, chain, movement, id);
                continue;
            }

            foreach (long holder in _touched)
            {
                _touches.Add((holder, movement.Position));
            }

            facts.Add(movement);
            _added++;
        }
    }

    private long Add(Movement first, long chain, long origin, int count)
    {
        (Position at, Stamp stamp) = (first.Position, first.Stamp);
        bool isPlaced = stamp.Block == at.Block && stamp.BlockMax is null && stamp.TxIndex == at.TxIndex;
        _addTransaction.Set(1, chain).Set(2, first.Tx is TxHash tx ? Keys.Of(tx) : null).Set(3, origin)
            .Set(4, Keys.Of(at.Block)).Set(5, (long)at.TxIndex).Set(6, (long)at.Step).Set(7, count).Set(8, stamp.TimeSeconds)
            .Set(9, isPlaced ? null : Placed)
            .Set(10, isPlaced || stamp.Block is null ? null : Keys.Of(stamp.Block.Value))
            .Set(11, isPlaced || stamp.BlockMax is null ? null : Keys.Of(stamp.BlockMax.Value))
            .Set(12, isPlaced || stamp.TxIndex is null ? null : (long)stamp.TxIndex.Value);
        return _addTransaction.Number()!.Value;
    }

    private void Compare(FlowLoad load, int start, int end, IReadOnlyList<Movement> stored, TxHash tx)
    {
        Movement[] given = [.. load.Movements.Skip(start).Take(end - start)];
        if (!FactsSum.Of(given).AsSpan().SequenceEqual(FactsSum.Of(stored)))
        {
            string there = string.Join(", ", reader.OriginsOf(load.Chain, tx).Select(static origin => origin.Source));
            throw new InputException(
                $"{name}: transaction {tx.ToString(load.Chain.Family)} has other facts there, from {there}, than in {load.Origin.Source}: import files that tell of the same transactions together");
        }

        _known += given.Length;
    }

    private void AddAgain(FlowLoad load, long chain, Movement movement, long transaction)
    {
        using Statement read = new(
            connection, "SELECT body FROM movements WHERE chain = ?1 AND block = ?2 AND tx_index = ?3 AND step = ?4", 4);
        using SqliteDataReader rows = read.Set(1, chain).Set(2, Keys.Of(movement.Position.Block)).Set(3, (long)movement.Position.TxIndex)
            .Set(4, (long)movement.Position.Step).Rows();
        byte[]? body = rows.Read() ? rows.GetFieldValue<byte[]>(0) : null;
        if (movement.Tx is not null || body is null || !body.AsSpan().SequenceEqual(MovementBody.Write(movement, names, [])))
        {
            throw new InputException(string.Create(
                CultureInfo.InvariantCulture,
                $"{name}: the place {movement.Position} of {load.Chain} holds other facts than {load.Origin.Source}: import it into a store of its own"));
        }

        using Statement drop = new(connection, "DELETE FROM transactions WHERE id = ?1", 1);
        drop.Set(1, transaction).Run();
        _known++;
    }

    // In the order of their table, so that each of its pages is come to once.
    private void AddTouches()
    {
        _touches.Sort();
        foreach ((long holder, Position at) in _touches)
        {
            _addTouch.Set(1, holder).Set(2, Keys.Of(at.Block)).Set(3, (long)at.TxIndex).Set(4, (long)at.Step).Run();
        }
    }

    private void RemoveTouches()
    {
        using Statement remove = new(connection, "DELETE FROM touches WHERE holder = ?1 AND block = ?2 AND tx_index = ?3 AND step = ?4", 4);
        _touches.Sort();
        foreach ((long holder, Position at) in _touches)
        {
            remove.Set(1, holder).Set(2, Keys.Of(at.Block)).Set(3, (long)at.TxIndex).Set(4, (long)at.Step).Run();
        }
    }

    private List<(Movement Movement, long Origin)> MovementsAfter(long chain, long block)
    {
        using Statement read = new(
            connection,
            $"""
            SELECT {SqliteReader.MovementColumns}, t.origin FROM {Moved} WHERE {After} ORDER BY m.block, m.tx_index, m.step
            """,
            2);
        List<(Movement, long)> found = [];
        using SqliteDataReader rows = read.Set(1, chain).Set(2, block).Rows();
        while (rows.Read())
        {
            found.Add((reader.Read(rows, chain), rows.GetInt64(11)));
        }

        return found;
    }
}
