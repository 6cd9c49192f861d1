using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Store.ClickHouse;
using FlowTracer.Store.Sqlite;

namespace FlowTracer.App.Stores;

/// <summary>Opens the store a user means.</summary>
public static class StoreOpener
{
    /// <summary>The store of a user who names none.</summary>
    public static string DefaultFile { get; } = Path.Combine(
        Environment.GetEnvironmentVariable("XDG_DATA_HOME") is { Length: > 0 } data ? data
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "share"),
        "flowtracer", "store.db");

    /// <summary>Opens a store.</summary>
    /// <param name="location">
    /// A file, or the address of a ClickHouse database (<see cref="ClickHouseAddress"/>); null or empty for
    /// <see cref="DefaultFile"/>.
    /// </param>
    /// <param name="create">Whether to make it where there is none.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="InputException">There is none, or it cannot be used.</exception>
    /// <exception cref="SourceException">It does not answer.</exception>
    public static async Task<IFlowStore> OpenAsync(string? location, bool create, CancellationToken cancellationToken)
    {
        if (location is not null && location.Contains("://", StringComparison.Ordinal))
        {
            return await ClickHouseStore.OpenAsync(location, create, cancellationToken).ConfigureAwait(false);
        }

        string file = string.IsNullOrEmpty(location) ? DefaultFile : location;
        if (Directory.Exists(file))
        {
            throw new InputException($"--store '{file}' is a folder; a store is a file");
        }

        if (create && Path.GetDirectoryName(Path.GetFullPath(file)) is string folder)
        {
            Directory.CreateDirectory(folder);
        }

        return await Task.Run(() => SqliteStore.Open(file, create), cancellationToken).ConfigureAwait(false);
    }
}
