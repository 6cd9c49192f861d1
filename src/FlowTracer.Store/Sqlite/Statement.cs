using Microsoft.Data.Sqlite;

namespace FlowTracer.Store.Sqlite;

/// <summary>A statement that is run many times, compiled once. Its parameters are ?1, ?2 … in the order given.</summary>
internal sealed class Statement : IDisposable
{
    private readonly SqliteCommand _command;

    public Statement(SqliteConnection connection, string sql, int parameters)
    {
        _command = connection.CreateCommand();
        _command.CommandText = sql;
        for (int i = 1; i <= parameters; i++)
        {
            _command.Parameters.Add(new SqliteParameter { ParameterName = $"?{i}" });
        }
    }

    /// <summary>Sets one parameter, counted from 1; null for nothing.</summary>
    public Statement Set(int parameter, object? value)
    {
        _command.Parameters[parameter - 1].Value = value ?? DBNull.Value;
        return this;
    }

    /// <summary>Runs it; how many rows it changed.</summary>
    public int Run() => _command.ExecuteNonQuery();

    /// <summary>The number it answers; null for none.</summary>
    public long? Number() => _command.ExecuteScalar() as long?;

    /// <summary>Its rows.</summary>
    public SqliteDataReader Rows() => _command.ExecuteReader();

    public void Dispose() => _command.Dispose();
}
