using System.Globalization;
using FlowTracer.Core.Model;
using Microsoft.Data.Sqlite;

namespace FlowTracer.Store.Sqlite;

/// <summary>The tables (docs/store.md), and what an older file needs to become one of this version.</summary>
internal static class SqliteSchema
{
    /// <summary>The version this program writes, in the file's <c>user_version</c>.</summary>
    public const int Version = 1;

    // "FlTr", in the file's application_id: what tells a store from any other database.
    private const int ApplicationId = 0x466C5472;

    // Numbers in place of names, and no row twice: a transfer is a row of movements, two of touches and half a transaction.
    // Both big tables lie in the order they are read in, which is their key.
    private const string Tables = """
        CREATE TABLE chains(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
        CREATE TABLE origins(id INTEGER PRIMARY KEY, chain INTEGER NOT NULL, source TEXT NOT NULL, answer TEXT NOT NULL,
          unfinished INTEGER NOT NULL, movements INTEGER NOT NULL, facts BLOB NOT NULL, UNIQUE(chain, source, answer)) STRICT;
        CREATE TABLE blocks(chain INTEGER NOT NULL, number INTEGER NOT NULL, hash BLOB NOT NULL, parent BLOB NOT NULL,
          time INTEGER NOT NULL, answer TEXT NOT NULL, origin INTEGER NOT NULL, PRIMARY KEY(chain, number)) STRICT, WITHOUT ROWID;
        CREATE TABLE texts(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
        CREATE TABLE addresses(id INTEGER PRIMARY KEY, chain INTEGER NOT NULL, key BLOB NOT NULL, UNIQUE(key, chain)) STRICT;
        CREATE TABLE holders(id INTEGER PRIMARY KEY, chain INTEGER NOT NULL, address INTEGER, contract INTEGER, coin_tx BLOB,
          coin_index INTEGER, opening BLOB) STRICT;
        CREATE INDEX holders_by_address ON holders(address, contract) WHERE address IS NOT NULL;
        CREATE INDEX holders_by_coin ON holders(coin_tx, coin_index) WHERE coin_tx IS NOT NULL;
        CREATE TABLE transactions(id INTEGER PRIMARY KEY, chain INTEGER NOT NULL, hash BLOB, origin INTEGER NOT NULL,
          block INTEGER NOT NULL, tx_index INTEGER NOT NULL, step INTEGER NOT NULL, movements INTEGER NOT NULL, time INTEGER,
          stamp INTEGER, stamp_block INTEGER, stamp_max INTEGER, stamp_index INTEGER) STRICT;
        CREATE INDEX transactions_by_hash ON transactions(substr(hash, 1, 8)) WHERE hash IS NOT NULL;
        CREATE TABLE movements(chain INTEGER NOT NULL, block INTEGER NOT NULL, tx_index INTEGER NOT NULL, step INTEGER NOT NULL,
          tx INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY(chain, block, tx_index, step)) STRICT, WITHOUT ROWID;
        CREATE TABLE touches(holder INTEGER NOT NULL, block INTEGER NOT NULL, tx_index INTEGER NOT NULL, step INTEGER NOT NULL,
          PRIMARY KEY(holder, block, tx_index, step)) STRICT, WITHOUT ROWID;
        CREATE TABLE tokens(chain TEXT NOT NULL, contract BLOB NOT NULL, symbol TEXT, decimals INTEGER,
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

            Execute(connection, string.Create(
                CultureInfo.InvariantCulture,
                $"BEGIN IMMEDIATE; {Tables} PRAGMA application_id = {ApplicationId}; PRAGMA user_version = {Version}; COMMIT"));
        }
        else if (application != ApplicationId)
        {
            throw new InputException($"{name}: a database of another program, not a store");
        }
        else if (version != Version)
        {
            throw new InputException(string.Create(
                CultureInfo.InvariantCulture,
                $"{name}: a store of version {version}, and this program knows version {Version}: use the program that wrote it, or a newer one"));
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
