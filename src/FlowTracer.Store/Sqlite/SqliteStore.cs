using System.Globalization;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace FlowTracer.Store.Sqlite;

/// <summary>
/// A store in one file (docs/store.md). From its first question on it answers from one state of the file, whatever is written
/// meanwhile; an append or a roll back of its own begins a new one.
/// </summary>
public sealed class SqliteStore : IFlowStore
{
    private const int WaitSeconds = 2;
    private const int MillisecondsOfSecond = 1_000;

    private readonly SqliteConnection _connection;
    private readonly SemaphoreSlim _turn = new(1);
    private readonly SqliteNames _names;
    private readonly SqliteReader _reader;
    private bool _reads;

    private SqliteStore(SqliteConnection connection, string name)
    {
        (_connection, Name) = (connection, name);
        _names = new SqliteNames(connection);
        _reader = new SqliteReader(connection, _names);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <summary>Opens a store.</summary>
    /// <param name="file">Its file.</param>
    /// <param name="create">Whether to make it where there is none.</param>
    /// <exception cref="InputException">There is none, it is not a store, a newer program's, or cannot be opened.</exception>
    /// <exception cref="SourceException">It does not answer: another program holds it, or it is damaged.</exception>
    public static SqliteStore Open(string file, bool create)
    {
        bool exists = File.Exists(file);
        if (!exists && !create)
        {
            throw new InputException($"{file}: there is no such store: import or ingest something first");
        }

        SqliteConnection connection = new(new SqliteConnectionStringBuilder
        {
            DataSource = file,
            Mode = create ? SqliteOpenMode.ReadWriteCreate : SqliteOpenMode.ReadWrite,
            Pooling = false,
            DefaultTimeout = WaitSeconds,
        }.ToString());
        try
        {
            return Sqlite(file, "opening", () =>
            {
                connection.Open();
                _ = raw.sqlite3_busy_timeout(connection.Handle, WaitSeconds * MillisecondsOfSecond);

                // Written once, at the end of a transaction: what a crash of the program leaves is whole, and what a loss of power
                // leaves is a store without the last appends. 64 MiB of pages go from the log into the file together: a page that
                // several loads wrote goes once.
                SqliteSchema.Execute(
                    connection,
                    "PRAGMA cache_size = -262144; PRAGMA mmap_size = 1073741824; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 16384");
                SqliteSchema.Prepare(connection, file, create);
                return new SqliteStore(connection, file);
            });
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public Task<FlowAppended> AppendAsync(FlowLoad load, CancellationToken cancellationToken) =>
        WriteAsync("appending", writer => writer.Append(load, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task RollBackAsync(ChainId chain, ulong? last, CancellationToken cancellationToken) =>
        WriteAsync("rolling back", writer => writer.RollBack(chain, last, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<FlowCoverage>> CoverageAsync(CancellationToken cancellationToken) =>
        ReadAsync("coverage", _reader.Coverage, cancellationToken);

    /// <inheritdoc/>
    public Task<FlowBlock?> BlockAsync(ChainId chain, ulong number, CancellationToken cancellationToken) =>
        ReadAsync("reading a block", () => _reader.Block(chain, number), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<FlowOrigin>> OriginsOfAsync(ChainId chain, TxHash tx, CancellationToken cancellationToken) =>
        ReadAsync("reading origins", () => _reader.OriginsOf(chain, tx), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<TokenName>> NamesOfAsync(IReadOnlyCollection<Asset> tokens, CancellationToken cancellationToken) =>
        ReadAsync("reading names of tokens", () => SqliteTokens.Read(_connection, tokens), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> CheckAsync(IProgress<int>? progress, CancellationToken cancellationToken) =>
        ReadAsync("checking", () => new SqliteCheck(_connection, _names, _reader, progress).Run(cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<History>> ReadAsync(IReadOnlyList<HistoryRequest> requests, CancellationToken cancellationToken) =>
        ReadAsync("reading histories", () => _reader.Histories(requests, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Movement>> FindTransactionAsync(ChainId chain, TxHash tx, CancellationToken cancellationToken) =>
        ReadAsync("reading a transaction", () => _reader.Transaction(chain, tx), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Holder>> HoldersOfAsync(
        Address address, Position at, Direction direction, CancellationToken cancellationToken) =>
        ReadAsync("reading holders", () => _reader.HoldersOf(address), cancellationToken);

    /// <inheritdoc/>
    public Task<Position?> PositionAtAsync(ChainId chain, long timeSeconds, CancellationToken cancellationToken) =>
        ReadAsync("finding a time", () => _reader.PositionAt(chain, timeSeconds), cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _reader.Dispose();
        _names.Dispose();
        _connection.Dispose();
        _turn.Dispose();
        return ValueTask.CompletedTask;
    }

    private Task<T> ReadAsync<T>(string doing, Func<T> read, CancellationToken cancellationToken) => InTurnAsync(
        doing,
        () =>
        {
            if (!_reads)
            {
                SqliteSchema.Execute(_connection, "BEGIN");
                _reads = true;
            }

            _reader.Trim();
            return read();
        },
        cancellationToken);

    private Task<T> WriteAsync<T>(string doing, Func<SqliteWriter, T> write, CancellationToken cancellationToken) => InTurnAsync(
        doing,
        () =>
        {
            if (_reads)
            {
                SqliteSchema.Execute(_connection, "COMMIT");
                _reads = false;
            }

            _reader.Forget();
            _names.Trim();
            SqliteSchema.Execute(_connection, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE");
            try
            {
                using SqliteWriter writer = new(_connection, _names, _reader, Name);
                T result = write(writer);
                SqliteSchema.Execute(_connection, "COMMIT");
                return result;
            }
            catch
            {
                _names.Forget();

                // A full disk has rolled back already.
                if (SqliteSchema.IsInTransaction(_connection))
                {
                    SqliteSchema.Execute(_connection, "ROLLBACK");
                }

                throw;
            }
            finally
            {
                _reader.Forget();
            }
        },
        cancellationToken);

    // SQLite answers on the thread that asks; the caller's goes on.
    private async Task<T> InTurnAsync<T>(string doing, Func<T> work, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await Task.Run(() => Sqlite(Name, doing, work), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    private static T Sqlite<T>(string name, string doing, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (SqliteException fault)
        {
            throw Fault(name, doing, fault);
        }
        catch (InvalidDataException fault)
        {
            throw new SourceException(name, doing, $"the store is damaged: {fault.Message}; 'flowtracer store check' says more", fault);
        }
    }

    // Result codes: https://sqlite.org/rescode.html.
    private static Exception Fault(string name, string doing, SqliteException fault) => fault.SqliteErrorCode switch
    {
        8 => new InputException($"{name}: it cannot be written"),
        14 => new InputException($"{name}: it cannot be opened"),
        26 => new InputException($"{name}: not a store"),
        5 or 6 => new SourceException(name, doing, "another program is writing to it; try again when that is done", fault),
        13 => new SourceException(name, doing, "the disk is full; nothing of this was kept", fault),
        11 => new SourceException(name, doing, "the file is damaged; 'flowtracer store check' says more", fault),
        _ => new SourceException(
            name, doing, string.Create(CultureInfo.InvariantCulture, $"{fault.Message.ReplaceLineEndings(" ")} (code {fault.SqliteExtendedErrorCode})"), fault),
    };
}
