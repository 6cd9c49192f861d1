using FlowTracer.Core.Model;
using Microsoft.Data.Sqlite;

namespace FlowTracer.Store.Sqlite;

/// <summary>
/// Turns the tables of version 1 into this version's. It had a row for each movement, one for each holder of a movement, and hashes
/// and addresses in indexes of their own; what a row said of a movement is said as before.
/// </summary>
internal sealed class SqliteVersion1 : IDisposable
{
    private const int TransactionsAtOnce = 500_000;

    private static readonly string[] AllTables =
        ["chains", "origins", "blocks", "texts", "addresses", "holders", "transactions", "movements", "touches"];

    private readonly SqliteConnection _connection;
    private readonly SqliteNames _names;
    private readonly TransactionRows _rows;
    private readonly Statement _transactions;
    private readonly Statement _movements;
    private readonly Dictionary<(long Chain, ulong Block), long> _firsts = [];

    private SqliteVersion1(SqliteConnection connection)
    {
        _connection = connection;
        _names = new SqliteNames(connection);
        _rows = new TransactionRows(connection, _names);
        _transactions = new Statement(
            connection,
            """
            SELECT id, chain, origin, block, tx_index, step, movements, time, stamp, stamp_block, stamp_max, stamp_index, hash,
            EXISTS (SELECT 1 FROM old_blocks b WHERE b.chain = t.chain) FROM old_transactions t ORDER BY id
            """);
        _movements = new Statement(
            connection,
            """
            SELECT step, body FROM old_movements WHERE chain = ?1 AND block = ?2 AND tx_index = ?3 AND step >= ?4 AND step < ?4 + ?5
            AND tx = ?6 ORDER BY step
            """);
    }

    /// <summary>Puts its tables aside.</summary>
    public static void Rename(SqliteConnection connection)
    {
        SqliteSchema.Execute(connection, "DROP INDEX holders_by_address; DROP INDEX holders_by_coin; DROP INDEX transactions_by_hash");
        foreach (string table in AllTables)
        {
            SqliteSchema.Execute(connection, $"ALTER TABLE {table} RENAME TO old_{table}");
        }
    }

    /// <summary>Fills the new tables from those put aside.</summary>
    public static void Copy(SqliteConnection connection)
    {
        SqliteSchema.Execute(
            connection,
            """
            INSERT INTO chains SELECT id, name FROM old_chains;
            INSERT INTO origins SELECT id, chain, source, answer, unfinished, movements, facts FROM old_origins;
            INSERT INTO texts SELECT id, text FROM old_texts;
            INSERT INTO addresses SELECT id, chain, key FROM old_addresses;
            INSERT INTO holders SELECT id, chain, address, contract, coin_tx, coin_index, opening FROM old_holders
            """);
        using SqliteVersion1 old = new(connection);
        old._names.AddEntries();
        old.CopyTransactions();
        old.CopyBlocks();
    }

    /// <summary>Drops the tables put aside.</summary>
    public static void Drop(SqliteConnection connection)
    {
        foreach (string table in AllTables)
        {
            SqliteSchema.Execute(connection, $"DROP TABLE old_{table}");
        }
    }

    public void Dispose()
    {
        foreach (IDisposable one in (IDisposable[])[_rows, _names, _transactions, _movements])
        {
            one.Dispose();
        }
    }

    private void CopyTransactions()
    {
        while (_transactions.Read())
        {
            (long chain, Movement[] movements) = (_transactions.Long(1), Movements());
            bool isOfBlock = _transactions.Long(13) != 0;
            if (isOfBlock)
            {
                _firsts.TryAdd((chain, Math.Max(movements[0].Position.Block, movements[0].Stamp.Block ?? 0)), _rows.Next);
            }

            _rows.AddRow(movements, chain, _transactions.Long(2), isRecord: !isOfBlock);
            if (_rows.Next % TransactionsAtOnce == 0)
            {
                _rows.End();
                _names.Trim();
            }
        }

        _rows.End();
    }

    private Movement[] Movements()
    {
        Position at = new((ulong)_transactions.Long(3), (uint)_transactions.Long(4), 0);
        long? time = NumberOf(7);
        Stamp stamp = _transactions.IsNull(8)
            ? new Stamp(at.Block, null, at.TxIndex, time)
            : new Stamp((ulong?)NumberOf(9), (ulong?)NumberOf(10), (uint?)NumberOf(11), time);
        TxHash? tx = _transactions.IsNull(12) ? null : TxHash.FromBytes(_transactions.Blob(12));
        _movements.Set(1, _transactions.Long(1)).Set(2, (long)at.Block).Set(3, at.TxIndex).Set(4, _transactions.Long(5))
            .Set(5, _transactions.Long(6)).Set(6, _transactions.Long(0));
        List<Movement> movements = [];
        while (_movements.Read())
        {
            ByteCursor cursor = new(_movements.Blob(1));
            movements.Add(MovementBody.Read(ref cursor, at with { Step = (uint)_movements.Long(0) }, stamp, tx, _names));
            cursor.End();
        }

        return movements.Count == 0
            ? throw new InvalidDataException($"transaction {_transactions.Long(0)} has no movements")
            : [.. movements];
    }

    private long? NumberOf(int column) => _transactions.IsNull(column) ? null : _transactions.Long(column);

    // Of a block and all behind it, the first transaction: from the last block back.
    private void CopyBlocks()
    {
        using Statement read = new(
            _connection, "SELECT chain, number, hash, parent, time, answer, origin FROM old_blocks ORDER BY chain, number DESC");
        using Statement add = new(
            _connection, "INSERT INTO blocks(chain, number, hash, parent, time, answer, origin, first) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
        (long chain, long first) = (0, 0);
        while (read.Read())
        {
            (long of, long number) = (read.Long(0), read.Long(1));
            first = Math.Min(of == chain ? first : _rows.Next, _firsts.GetValueOrDefault((of, (ulong)number), _rows.Next));
            chain = of;
            add.Set(1, of).Set(2, number).Set(3, read.Blob(2)).Set(4, read.Blob(3)).Set(5, read.Long(4)).Set(6, read.Text(5))
                .Set(7, read.Long(6)).Set(8, first).Run();
        }
    }
}
