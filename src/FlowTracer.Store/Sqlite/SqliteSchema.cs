using System.Globalization;
using FlowTracer.Core.Model;
using Microsoft.Data.Sqlite;

namespace FlowTracer.Store.Sqlite;

/// <summary>The tables (docs/store.md), and what an older file needs to become one of this version.</summary>
internal static class SqliteSchema
{
    /// <summary>The version this program writes, in the file's <c>user_version</c>.</summary>
    public const int Version = 2;

    /// <summary>The index of transactions by holder: a number for each.</summary>
    public const string ByHolder = "holder";

    /// <summary>The index of transactions by <see cref="Keys.IndexOf(TxHash)"/>.</summary>
    public const string ByHash = "hash";

    /// <summary>The index of the transactions of records by <see cref="Keys.IndexOf(Position)"/>.</summary>
    public const string ByPlace = "place";

    /// <summary>The index of addresses by <see cref="Keys.IndexOf(Address)"/>.</summary>
    public const string ByAddress = "address";

    /// <summary>The index of Bitcoin's holders by <see cref="Keys.IndexOf(OutPoint)"/>.</summary>
    public const string ByCoin = "coin";

    // "FlTr", in the file's application_id: what tells a store from any other database.
    private const int ApplicationId = 0x466C5472;

    private static readonly string Marks = string.Create(
        CultureInfo.InvariantCulture, $"PRAGMA application_id = {ApplicationId}; PRAGMA user_version = {Version};");

    // Numbers in place of names, and no row twice: a transfer is a row of transactions and two pairs of an index.
    private const string Tables = """
        CREATE TABLE chains(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
        CREATE TABLE origins(id INTEGER PRIMARY KEY, chain INTEGER NOT NULL, source TEXT NOT NULL, answer TEXT NOT NULL,
          unfinished INTEGER NOT NULL, movements INTEGER NOT NULL, facts BLOB NOT NULL, UNIQUE(chain, source, answer)) STRICT;
        CREATE TABLE blocks(chain INTEGER NOT NULL, number INTEGER NOT NULL, hash BLOB NOT NULL, parent BLOB NOT NULL,
          time INTEGER NOT NULL, answer TEXT NOT NULL, origin INTEGER NOT NULL, first INTEGER NOT NULL,
          PRIMARY KEY(chain, number)) STRICT, WITHOUT ROWID;
        CREATE TABLE texts(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
        CREATE TABLE addresses(id INTEGER PRIMARY KEY, chain INTEGER NOT NULL, key BLOB NOT NULL) STRICT;
        CREATE TABLE holders(id INTEGER PRIMARY KEY, chain INTEGER NOT NULL, address INTEGER, contract INTEGER, coin_tx BLOB,
          coin_index INTEGER, opening BLOB) STRICT;
        CREATE INDEX holders_by_address ON holders(address, contract) WHERE address IS NOT NULL;
        CREATE TABLE transactions(id INTEGER PRIMARY KEY, chain INTEGER NOT NULL, origin INTEGER NOT NULL, block INTEGER NOT NULL,
          tx_index INTEGER NOT NULL, step INTEGER NOT NULL, time INTEGER, hash BLOB, body BLOB NOT NULL) STRICT;
        CREATE TABLE runs(id INTEGER PRIMARY KEY, name TEXT NOT NULL, pairs INTEGER NOT NULL, last INTEGER NOT NULL) STRICT;
        CREATE TABLE chunks(id INTEGER PRIMARY KEY, run INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL,
          pairs BLOB NOT NULL) STRICT;
        CREATE INDEX chunks_by_key ON chunks(run, key, value);
        CREATE TABLE IF NOT EXISTS tokens(chain TEXT NOT NULL, contract BLOB NOT NULL, symbol TEXT, decimals INTEGER,
          PRIMARY KEY(chain, contract)) STRICT, WITHOUT ROWID;
        """;

    /// <summary>Makes the tables of a new file, or finds out whether a file there is can be used.</summary>
    /// <exception cref="InputException">It is no store, or a newer program's.</exception>
    public static void Prepare(SqliteConnection connection, string name, bool isNew)
    {
        long application = Number(connection, "PRAGMA application_id");
        long version = Number(connection, "PRAGMA user_version");
        if (application == 0 && version == 0 && Number(connection, "SELECT count(*) FROM sqlite_schema") == 0)
        {
            if (!isNew)
            {
                throw new InputException($"{name}: there is nothing in it: import or ingest something first");
            }

            Execute(connection, $"BEGIN IMMEDIATE; {Tables} {Marks} COMMIT");
        }
        else if (application != ApplicationId)
        {
            throw new InputException($"{name}: a database of another program, not a store");
        }
        else if (version == 1)
        {
            Migrate(connection);
        }
        else if (version != Version)
        {
            throw new InputException(string.Create(
                CultureInfo.InvariantCulture,
                $"{name}: a store of version {version}, and this program knows version {Version}: use the program that wrote it, or a newer one"));
        }
    }

    // All of it in one transaction: what is cut short leaves the file as it was.
    private static void Migrate(SqliteConnection connection)
    {
        Execute(connection, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE");
        try
        {
            // Another program may have done it while this one waited.
            if (Number(connection, "PRAGMA user_version") == 1)
            {
                SqliteVersion1.Rename(connection);
                Execute(connection, Tables);
                SqliteVersion1.Copy(connection);
                SqliteVersion1.Drop(connection);
                Execute(connection, Marks);
            }

            Execute(connection, "COMMIT");
        }
        catch
        {
            if (IsInTransaction(connection))
            {
                Execute(connection, "ROLLBACK");
            }

            throw;
        }
    }

    /// <summary>Runs statements that answer nothing.</summary>
    public static void Execute(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>The one number that a statement answers; 0 for none.</summary>
    public static long Number(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar() as long? ?? 0;
    }

    /// <summary>Whether a transaction is open; some faults end it.</summary>
    public static bool IsInTransaction(SqliteConnection connection) => SQLitePCL.raw.sqlite3_get_autocommit(connection.Handle) == 0;
}
