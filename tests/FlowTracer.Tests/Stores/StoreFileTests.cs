using Microsoft.Data.Sqlite;

namespace FlowTracer.Tests.Stores;

/// <summary>Tests of a store in a file, which goes with them; others can change it behind the store's back.</summary>
public abstract class StoreFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("flowtracer-store-").FullName;

    /// <summary>The file, which need not be there.</summary>
    protected string File => PathOf("store.db");

    /// <summary>Another one beside it.</summary>
    protected string PathOf(string name) => Path.Combine(_folder, name);

    /// <summary>Runs statements on the file; the first column of the first row, where there is one.</summary>
    protected object? Run(string sql)
    {
        using SqliteConnection connection = new($"Data Source={File};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    public void Dispose()
    {
        Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }
}
