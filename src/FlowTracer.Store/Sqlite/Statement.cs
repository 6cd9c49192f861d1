using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace FlowTracer.Store.Sqlite;

/// <summary>
/// A statement that is run many times, compiled once. Its parameters are ?1, ?2 …, its columns count from 0. Straight on SQLite's
/// own calls: a command and a reader for each row cost more than the row.
/// </summary>
/// <remarks>A fault is a <see cref="SqliteException"/>, as from the rest of the connection.</remarks>
internal sealed class Statement : IDisposable
{
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;
    private bool _isOpen;

    public Statement(SqliteConnection connection, string sql)
    {
        _database = connection.Handle!;
        Require(raw.sqlite3_prepare_v3(_database, sql, raw.SQLITE_PREPARE_PERSISTENT, out _statement));
    }

    /// <summary>Sets a parameter to a number; null for nothing.</summary>
    public Statement Set(int parameter, long? value)
    {
        if (value is not long number)
        {
            return SetNothing(parameter);
        }

        Close();
        Require(raw.sqlite3_bind_int64(_statement, parameter, number));
        return this;
    }

    /// <summary>Sets a parameter to nothing.</summary>
    public Statement SetNothing(int parameter)
    {
        Close();
        Require(raw.sqlite3_bind_null(_statement, parameter));
        return this;
    }

    /// <summary>Sets a parameter to bytes.</summary>
    public Statement Set(int parameter, ReadOnlySpan<byte> value)
    {
        Close();
        Require(raw.sqlite3_bind_blob(_statement, parameter, value));
        return this;
    }

    /// <summary>Sets a parameter to a text.</summary>
    public Statement Set(int parameter, string value)
    {
        Close();
        Require(raw.sqlite3_bind_text(_statement, parameter, value));
        return this;
    }

    /// <summary>Runs it to its end.</summary>
    public void Run()
    {
        while (Read())
        {
        }
    }

    /// <summary>The number it answers; null for none.</summary>
    public long? Number()
    {
        long? number = Read() && !IsNull(0) ? Long(0) : null;
        Close();
        return number;
    }

    /// <summary>Goes to the next row; false behind the last one.</summary>
    public bool Read()
    {
        _isOpen = true;
        int result = raw.sqlite3_step(_statement);
        if (result == raw.SQLITE_ROW)
        {
            return true;
        }

        Close();
        if (result != raw.SQLITE_DONE)
        {
            Require(result);
        }

        return false;
    }

    /// <summary>What is made of its first row; the default where it has none. The rows are left in any case.</summary>
    /// <exception cref="InvalidDataException">The row was not written so.</exception>
    public T? First<T>(Func<Statement, T> read)
    {
        try
        {
            return Read() ? read(this) : default;
        }
        catch (Exception fault) when (fault is ArgumentException or OverflowException or IndexOutOfRangeException)
        {
            throw new InvalidDataException($"a row cannot be read: {fault.Message}", fault);
        }
        finally
        {
            Close();
        }
    }

    /// <summary>Whether a column of the row has nothing.</summary>
    public bool IsNull(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_NULL;

    /// <summary>A number of the row.</summary>
    public long Long(int column) => raw.sqlite3_column_int64(_statement, column);

    /// <summary>Bytes of the row, until it is left.</summary>
    public ReadOnlySpan<byte> Blob(int column) => raw.sqlite3_column_blob(_statement, column);

    /// <summary>A text of the row.</summary>
    public string Text(int column) => raw.sqlite3_column_text(_statement, column).utf8_to_string();

    /// <summary>Leaves its rows.</summary>
    public void Close()
    {
        if (_isOpen)
        {
            // Its code is the step's, which has been looked at.
            _ = raw.sqlite3_reset(_statement);
            _isOpen = false;
        }
    }

    public void Dispose() => _statement.Dispose();

    private void Require(int result)
    {
        if (result != raw.SQLITE_OK)
        {
            SqliteException.ThrowExceptionForRC(result, _database);
        }
    }
}
