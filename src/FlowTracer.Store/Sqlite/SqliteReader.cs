using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using Microsoft.Data.Sqlite;

namespace FlowTracer.Store.Sqlite;

/// <summary>What a file says.</summary>
internal sealed class SqliteReader : IDisposable
{
    private const int MostKept = 1_000_000;

    /// <summary>What <see cref="Read"/> takes, of movements m and transactions t.</summary>
    public const string MovementColumns = "m.block, m.tx_index, m.step, m.body, t.hash, t.time, t.stamp, t.stamp_block, t.stamp_max, t.stamp_index, t.id";

    private readonly SqliteNames _names;
    private readonly Statement _history;
    private readonly Statement _transactions;
    private readonly Statement _movements;
    private readonly Statement _opening;
    private readonly Statement _holders;
    private readonly Statement _origins;
    private readonly Statement _origin;
    private readonly Statement _block;
    private readonly Statement _ends;
    private readonly Statement _after;
    private readonly Statement _chains;

    // A movement that several holders share is one and the same, as every source gives it.
    private readonly Dictionary<(long Chain, Position At), Movement> _known = [];
    private readonly Dictionary<ChainId, (FlowBlock? First, FlowBlock? Last)> _blocks = [];

    public SqliteReader(SqliteConnection connection, SqliteNames names)
    {
        _names = names;
        _history = new Statement(
            connection,
            $"""
            SELECT {MovementColumns} FROM touches k CROSS JOIN movements m ON m.chain = ?2 AND m.block = k.block
            AND m.tx_index = k.tx_index AND m.step = k.step CROSS JOIN transactions t ON t.id = m.tx
            WHERE k.holder = ?1 ORDER BY k.block, k.tx_index, k.step
            """,
            2);
        _transactions = new Statement(
            connection,
            "SELECT id, block, tx_index, step, movements FROM transactions WHERE substr(hash, 1, 8) = ?1 AND hash = ?2 AND chain = ?3 ORDER BY id",
            3);
        _movements = new Statement(
            connection,
            $"""
            SELECT {MovementColumns} FROM movements m CROSS JOIN transactions t ON t.id = m.tx WHERE m.chain = ?1 AND m.block = ?2
            AND m.tx_index = ?3 AND m.step >= ?4 AND m.step < ?4 + ?5 ORDER BY m.step
            """,
            5);
        _opening = new Statement(connection, "SELECT opening FROM holders WHERE id = ?1", 1);
        _holders = new Statement(connection, "SELECT id FROM holders WHERE address = ?1", 1);
        _origins = new Statement(
            connection, "SELECT source, answer FROM origins WHERE chain = ?1 AND unfinished = 1 ORDER BY id", 1);
        _origin = new Statement(
            connection,
            """
            SELECT DISTINCT o.source, COALESCE(b.answer, o.answer) FROM transactions t JOIN origins o ON o.id = t.origin
            LEFT JOIN blocks b ON b.chain = t.chain AND b.number = t.block AND b.origin = o.id
            WHERE substr(t.hash, 1, 8) = ?1 AND t.hash = ?2 AND t.chain = ?3 ORDER BY t.id
            """,
            3);
        _block = new Statement(connection, "SELECT number, hash, parent, time, answer FROM blocks WHERE chain = ?1 AND number = ?2", 2);
        _ends = new Statement(connection, "SELECT min(number), max(number) FROM blocks WHERE chain = ?1", 1);
        _after = new Statement(connection, "SELECT number FROM blocks WHERE chain = ?1 AND time >= ?2 ORDER BY number LIMIT 1", 2);
        _chains = new Statement(
            connection, "SELECT c.id, sum(o.movements) FROM chains c LEFT JOIN origins o ON o.chain = c.id GROUP BY c.id", 0);
    }

    /// <summary>What is read again, because it may have changed.</summary>
    public void Forget()
    {
        _known.Clear();
        _blocks.Clear();
    }

    public History History(HistoryRequest request)
    {
        Holder holder = request.Holder;
        (FlowBlock? first, FlowBlock? last) = EndsOf(holder.Chain);
        long? id = _names.Find(holder);
        List<Movement> all = id is long known ? HistoryOf(known, _names.IdOf(holder.Chain)) : [];
        if (last is null)
        {
            return Core.Ports.History.Within(request, all, BigInteger.Zero, Core.Ports.Coverage.OfRecord);
        }

        if (holder.Chain.Family == ChainFamily.Utxo)
        {
            return HistoryOfCoin(request, all, first!, last);
        }

        BigInteger? before = id is long of && OpeningOf(of) is byte[] told ? Keys.Sum(told)
            : first!.Number == 0 ? BigInteger.Zero
            : null;
        return Core.Ports.History.Within(request, all, before, CoverageOf(first!, last)) with
        {
            Closing = request.Direction == Direction.Forward ? before + all.NetOf(holder) : before,
        };
    }

    public IReadOnlyList<Movement> Transaction(ChainId chain, TxHash tx)
    {
        if (_names.Find(chain) is not long chainId)
        {
            return [];
        }

        List<(long Id, object[] Range)> found = [];
        byte[] hash = Keys.Of(tx);
        using (SqliteDataReader rows = _transactions.Set(1, hash[..8]).Set(2, hash).Set(3, chainId).Rows())
        {
            while (rows.Read())
            {
                found.Add((rows.GetInt64(0), [chainId, rows.GetInt64(1), rows.GetInt64(2), rows.GetInt64(3), rows.GetInt64(4)]));
            }
        }

        List<Movement> movements = [];
        foreach ((long id, object[] range) in found)
        {
            for (int i = 0; i < range.Length; i++)
            {
                _movements.Set(i + 1, range[i]);
            }

            using SqliteDataReader rows = _movements.Rows();
            while (rows.Read())
            {
                if (rows.GetInt64(10) == id)
                {
                    movements.Add(Read(rows, chainId));
                }
            }
        }

        return movements;
    }

    public IReadOnlyList<Holder> HoldersOf(Address address)
    {
        if (_names.Find(address) is not long id)
        {
            return [];
        }

        List<long> ids = [];
        using (SqliteDataReader rows = _holders.Set(1, id).Rows())
        {
            while (rows.Read())
            {
                ids.Add(rows.GetInt64(0));
            }
        }

        return [.. ids.Select(_names.HolderOf).Order()];
    }

    public Position? PositionAt(ChainId chain, long timeSeconds)
    {
        if (EndsOf(chain).Last is not { } last)
        {
            return null;
        }

        long? block = _after.Set(1, _names.IdOf(chain)).Set(2, timeSeconds).Number();
        return new Position(block is long found ? (ulong)found : last.Number + 1, 0, 0);
    }

    public FlowBlock? Block(ChainId chain, ulong number) => _names.Find(chain) is long id ? Block(id, Keys.Of(number)) : null;

    public IReadOnlyList<FlowOrigin> OriginsOf(ChainId chain, TxHash tx)
    {
        List<FlowOrigin> origins = [];
        if (_names.Find(chain) is long id)
        {
            byte[] hash = Keys.Of(tx);
            using SqliteDataReader rows = _origin.Set(1, hash[..8]).Set(2, hash).Set(3, id).Rows();
            while (rows.Read())
            {
                origins.Add(new FlowOrigin(rows.GetString(0), rows.GetString(1)));
            }
        }

        return origins;
    }

    public IReadOnlyList<FlowCoverage> Coverage()
    {
        List<(ChainId Chain, long Id, long Movements)> chains = [];
        using (SqliteDataReader rows = _chains.Rows())
        {
            while (rows.Read())
            {
                chains.Add((_names.ChainOf(rows.GetInt64(0)), rows.GetInt64(0), rows.IsDBNull(1) ? 0 : rows.GetInt64(1)));
            }
        }

        return [.. chains.OrderBy(static chain => chain.Chain).Select(chain =>
            new FlowCoverage(chain.Chain, EndsOf(chain.Chain).First, EndsOf(chain.Chain).Last, chain.Movements, Unfinished(chain.Id)))];
    }

    /// <summary>The first and the last block of a chain; null where there is none.</summary>
    public (FlowBlock? First, FlowBlock? Last) EndsOf(ChainId chain)
    {
        if (_blocks.TryGetValue(chain, out (FlowBlock?, FlowBlock?) known))
        {
            return known;
        }

        if (_names.Find(chain) is not long id)
        {
            return default;
        }

        (long First, long Last)? ends = null;
        using (SqliteDataReader rows = _ends.Set(1, id).Rows())
        {
            if (rows.Read() && !rows.IsDBNull(0))
            {
                ends = (rows.GetInt64(0), rows.GetInt64(1));
            }
        }

        return _blocks[chain] = ends is var (first, last) ? (Block(id, first), Block(id, last)) : default;
    }

    /// <summary>The movement of a row of <see cref="MovementColumns"/>.</summary>
    public Movement Read(SqliteDataReader row, long chain)
    {
        Position position = new((ulong)row.GetInt64(0), (uint)row.GetInt64(1), (uint)row.GetInt64(2));
        if (_known.TryGetValue((chain, position), out Movement? known))
        {
            return known;
        }

        if (_known.Count >= MostKept)
        {
            _known.Clear();
        }

        long? time = row.IsDBNull(5) ? null : row.GetInt64(5);
        Stamp stamp = row.IsDBNull(6)
            ? new Stamp(position.Block, null, position.TxIndex, time)
            : new Stamp(
                row.IsDBNull(7) ? null : (ulong)row.GetInt64(7), row.IsDBNull(8) ? null : (ulong)row.GetInt64(8),
                row.IsDBNull(9) ? null : (uint)row.GetInt64(9), time);
        TxHash? tx = row.IsDBNull(4) ? null : TxHash.FromBytes(row.GetFieldValue<byte[]>(4));
        return _known[(chain, position)] = MovementBody.Read(row.GetFieldValue<byte[]>(3), position, stamp, tx, _names);
    }

    public void Dispose()
    {
        foreach (Statement statement in (Statement[])[_history, _transactions, _movements, _opening, _holders, _origins, _origin, _block, _ends, _after, _chains])
        {
            statement.Dispose();
        }
    }

    private List<Movement> HistoryOf(long holder, long chain)
    {
        List<Movement> all = [];
        using SqliteDataReader rows = _history.Set(1, holder).Set(2, chain).Rows();
        while (rows.Read())
        {
            all.Add(Read(rows, chain));
        }

        return all;
    }

    // A coin has nothing before it is made; one that is spent here and was made before, had its value.
    private static History HistoryOfCoin(HistoryRequest request, List<Movement> all, FlowBlock first, FlowBlock last)
    {
        bool isMadeHere = all.Exists(movement => movement.NetOf(request.Holder).Sign > 0);
        BigInteger? before = isMadeHere || first.Number == 0 ? BigInteger.Zero : null;
        Coverage coverage = isMadeHere ? CoverageOf(first, last) : new Coverage(
            false, null, string.Create(CultureInfo.InvariantCulture, $"the store, which begins with block {first.Number}, does not have what made it"));
        return Core.Ports.History.Within(request, all, before, coverage) with
        {
            Closing = request.Direction == Direction.Backward ? BigInteger.Zero : before + all.NetOf(request.Holder),
        };
    }

    private static Coverage CoverageOf(FlowBlock first, FlowBlock last) => new(
        true, last.TimeSeconds, string.Create(CultureInfo.InvariantCulture, $"all of blocks {first.Number} to {last.Number}"));

    private byte[]? OpeningOf(long holder)
    {
        using SqliteDataReader rows = _opening.Set(1, holder).Rows();
        return rows.Read() && !rows.IsDBNull(0) ? rows.GetFieldValue<byte[]>(0) : null;
    }

    private FlowBlock? Block(long chain, long number)
    {
        using SqliteDataReader rows = _block.Set(1, chain).Set(2, number).Rows();
        return rows.Read()
            ? new FlowBlock(
                (ulong)rows.GetInt64(0), TxHash.FromBytes(rows.GetFieldValue<byte[]>(1)), TxHash.FromBytes(rows.GetFieldValue<byte[]>(2)),
                rows.GetInt64(3), rows.GetString(4))
            : null;
    }

    private ImmutableArray<FlowOrigin> Unfinished(long chain)
    {
        ImmutableArray<FlowOrigin>.Builder origins = ImmutableArray.CreateBuilder<FlowOrigin>();
        using SqliteDataReader rows = _origins.Set(1, chain).Rows();
        while (rows.Read())
        {
            origins.Add(new FlowOrigin(rows.GetString(0), rows.GetString(1)));
        }

        return origins.ToImmutable();
    }
}
