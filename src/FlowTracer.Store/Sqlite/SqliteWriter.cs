using System.Globalization;
using System.Runtime.InteropServices;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using Microsoft.Data.Sqlite;

namespace FlowTracer.Store.Sqlite;

/// <summary>One append or roll back, inside a transaction that is open.</summary>
internal sealed class SqliteWriter : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteNames _names;
    private readonly SqliteReader _reader;
    private readonly string _name;
    private readonly PairIndex _places;
    private readonly TransactionRows _rows;

    public SqliteWriter(SqliteConnection connection, SqliteNames names, SqliteReader reader, string name)
    {
        (_connection, _names, _reader, _name) = (connection, names, reader, name);
        _places = new PairIndex(connection, SqliteSchema.ByPlace);
        _rows = new TransactionRows(connection, names);
    }

    /// <summary>Adds a load.</summary>
    public FlowAppended Append(FlowLoad load, CancellationToken cancellationToken)
    {
        long chain = _names.IdOf(load.Chain);
        long origin = OriginOf(chain, load.Origin, load.HasMore);
        ulong? skipTo = AddBlocks(load, chain, origin);
        List<Movement> added = load.Blocks.IsEmpty
            ? NewOfRecord(load)
            : [.. load.Movements.Where(movement => skipTo is null || BlockOf(movement) > skipTo)];

        // What the digest costs, another core pays meanwhile.
        Task<FactsSum> facts = Task.Run(() => FactsSum.Of(added), cancellationToken);
        long[] holders = _names.Add(HoldersOf(added, load.Openings));
        _rows.Add(CollectionsMarshal.AsSpan(added), holders, chain, origin, isRecord: load.Blocks.IsEmpty, cancellationToken);
        SetOpenings(load.Openings);
        SqliteTokens.Add(_connection, load.Names);
        FactsSum sum = FactsOf(origin);
        sum.Add(facts.GetAwaiter().GetResult());
        Finish(origin, load.HasMore, added.Count, sum);
        return new FlowAppended(added.Count, load.Movements.Count - added.Count);
    }

    /// <summary>Removes the blocks after one.</summary>
    public bool RollBack(ChainId chain, ulong? last, CancellationToken cancellationToken)
    {
        if (_names.Find(chain) is not long id || _reader.EndsOf(chain).Last is null)
        {
            return false;
        }

        long before = last is ulong kept ? Keys.Of(kept) : -1;
        using Statement first = new(_connection, "SELECT min(first) FROM blocks WHERE chain = ?1 AND number > ?2");
        if (first.Set(1, id).Set(2, before).Number() is long start)
        {
            foreach ((long origin, List<Movement> removed) in Remove(id, start, last, cancellationToken))
            {
                FactsSum facts = FactsOf(origin);
                facts.Remove(FactsSum.Of(removed));
                Finish(origin, hasMore: false, -removed.Count, facts);
            }
        }

        using Statement delete = new(_connection, "DELETE FROM blocks WHERE chain = ?1 AND number > ?2");
        delete.Set(1, id).Set(2, before).Run();
        if (last is null)
        {
            // The next first block is another, and what holders had before it too.
            using Statement forget = new(_connection, "UPDATE holders SET opening = NULL WHERE chain = ?1");
            forget.Set(1, id).Run();
        }

        return true;
    }

    public void Dispose()
    {
        _places.Dispose();
        _rows.Dispose();
    }

    // A gain that nothing explains stands before its block, and names it in its stamp.
    private static ulong BlockOf(Movement movement) => movement.Stamp.Block ?? movement.Position.Block;

    // Those that movements touch, then those of openings.
    private static List<Holder> HoldersOf(List<Movement> movements, IReadOnlyList<FlowOpening> openings)
    {
        List<Holder> holders = new(2 * movements.Count);
        foreach (Movement movement in movements)
        {
            Touches.Add(movement, holders);
        }

        holders.AddRange(openings.Select(static opening => opening.Holder));
        return holders;
    }

    private Dictionary<long, List<Movement>> Remove(long chain, long start, ulong? last, CancellationToken cancellationToken)
    {
        Dictionary<long, List<Movement>> removed = [];
        List<(long Id, Movement[] Movements)> rows = [];
        using Statement read = new(
            _connection, $"SELECT {SqliteReader.TransactionColumns}, id, origin FROM transactions WHERE id >= ?1 AND chain = ?2");
        read.Set(1, start).Set(2, chain);
        while (read.Read())
        {
            cancellationToken.ThrowIfCancellationRequested();
            Movement[] movements = _reader.Read(read);
            if (last is null || movements[0].Position.Block > last || BlockOf(movements[0]) > last)
            {
                rows.Add((read.Long(7), movements));
                (CollectionsMarshal.GetValueRefOrAddDefault(removed, read.Long(8), out _) ??= []).AddRange(movements);
            }
        }

        _rows.Remove(rows);
        return removed;
    }

    private long OriginOf(long chain, FlowOrigin origin, bool hasMore)
    {
        using Statement find = new(_connection, "SELECT id FROM origins WHERE chain = ?1 AND source = ?2 AND answer = ?3");
        if (find.Set(1, chain).Set(2, origin.Source).Set(3, origin.Answer).Number() is long known)
        {
            return known;
        }

        using Statement add = new(
            _connection,
            "INSERT INTO origins(chain, source, answer, unfinished, movements, facts) VALUES(?1, ?2, ?3, ?4, 0, ?5) RETURNING id");
        return add.Set(1, chain).Set(2, origin.Source).Set(3, origin.Answer).Set(4, hasMore ? 1 : 0).Set(5, new FactsSum([]).ToArray())
            .Number()!.Value;
    }

    private FactsSum FactsOf(long origin)
    {
        using Statement read = new(_connection, "SELECT facts FROM origins WHERE id = ?1");
        return read.Set(1, origin).Read() ? new FactsSum(read.Blob(0)) : throw new InvalidDataException($"no origin has number {origin}");
    }

    private void Finish(long origin, bool hasMore, long added, FactsSum facts)
    {
        using Statement update = new(
            _connection, "UPDATE origins SET unfinished = ?2, movements = movements + ?3, facts = ?4 WHERE id = ?1");
        update.Set(1, origin).Set(2, hasMore ? 1 : 0).Set(3, added).Set(4, facts.ToArray()).Run();
    }

    private void SetOpenings(IReadOnlyList<FlowOpening> openings)
    {
        using Statement set = new(_connection, "UPDATE holders SET opening = ?2 WHERE id = ?1 AND opening IS NULL");
        foreach (FlowOpening opening in openings)
        {
            set.Set(1, _names.IdOf(opening.Holder)).Set(2, Keys.Of(opening.Amount)).Run();
        }
    }

    // Up to which block all is there already; null for none.
    private ulong? AddBlocks(FlowLoad load, long chain, long origin)
    {
        (FlowBlock? first, FlowBlock? last) = _reader.EndsOf(load.Chain);
        if (load.Blocks.IsEmpty)
        {
            return last is null ? null : throw new InputException(
                $"{_name}: it has whole blocks of {load.Chain}, and {load.Origin.Source} is a record: import it into a store of its own");
        }

        if (last is null && _reader.Coverage().Any(of => of.Chain == load.Chain && of.Movements > 0))
        {
            throw new InputException($"{_name}: it has records of {load.Chain}: ingest whole blocks into a store of its own");
        }

        using Statement add = new(
            _connection, "INSERT INTO blocks(chain, number, hash, parent, time, answer, origin, first) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
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
                add.Set(1, chain).Set(2, Keys.Of(block.Number)).Set(3, Keys.Of(block.Hash)).Set(4, Keys.Of(block.Parent))
                    .Set(5, block.TimeSeconds).Set(6, block.Answer).Set(7, origin).Set(8, _rows.Next).Run();
            }

            before = block;
        }

        return skipTo;
    }

    private void RefuseOther(FlowLoad load, FlowBlock block)
    {
        if (_reader.Block(load.Chain, block.Number) is { } stored && stored.Hash != block.Hash)
        {
            throw new InputException(
                $"{_name}: block {block.Number} of {load.Chain} is {stored.Hash.ToString(load.Chain.Family)} there and {block.Hash.ToString(load.Chain.Family)} in {load.Origin.Source}: the chain was reorganised, roll back first");
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
        throw new InputException($"{_name}: {why} ({load.Chain}, {load.Origin.Source})");
    }

    // A record's transactions are known by their hash; what has none, by its place.
    private List<Movement> NewOfRecord(FlowLoad load)
    {
        Dictionary<TxHash, List<long>> stored = _reader.Find(
            load.Chain, load.Movements.Select(static movement => movement.Tx).OfType<TxHash>().Distinct());
        foreach (IGrouping<TxHash, Movement> tx in load.Movements.Where(IsStored).GroupBy(static movement => movement.Tx!.Value))
        {
            Compare(load, tx.Key, tx, stored[tx.Key].SelectMany(_reader.Transaction));
        }

        List<Movement> added = [];
        List<Movement> unknown = [.. load.Movements.Where(movement => !IsStored(movement))];
        Dictionary<Position, Movement> places = PlacesOf(load.Chain, unknown);
        foreach (Movement movement in unknown)
        {
            if (places.TryAdd(movement.Position, movement))
            {
                added.Add(movement);
            }
            else if (movement.Tx is not null || !FactsSum.Of([movement]).Equals(FactsSum.Of([places[movement.Position]])))
            {
                throw new InputException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{_name}: the place {movement.Position} of {load.Chain} holds other facts than {load.Origin.Source}: import it into a store of its own"));
            }
        }

        return added;

        bool IsStored(Movement movement) => movement.Tx is TxHash tx && stored.ContainsKey(tx);
    }

    private Dictionary<Position, Movement> PlacesOf(ChainId chain, List<Movement> movements)
    {
        Dictionary<Position, Movement> places = [];
        foreach (long tx in _places.Find([.. movements.Select(static movement => Keys.IndexOf(movement.Position)).Order()])
            .Select(static pair => pair.Value).Distinct())
        {
            foreach (Movement movement in _reader.Transaction(tx).Where(movement => movement.Chain == chain))
            {
                places[movement.Position] = movement;
            }
        }

        return places;
    }

    private void Compare(FlowLoad load, TxHash tx, IEnumerable<Movement> given, IEnumerable<Movement> stored)
    {
        if (!FactsSum.Of(given).Equals(FactsSum.Of(stored)))
        {
            string there = string.Join(", ", _reader.OriginsOf(load.Chain, tx).Select(static origin => origin.Source));
            throw new InputException(
                $"{_name}: transaction {tx.ToString(load.Chain.Family)} has other facts there, from {there}, than in {load.Origin.Source}: import files that tell of the same transactions together");
        }
    }
}
