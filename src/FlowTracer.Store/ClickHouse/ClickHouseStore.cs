using System.Globalization;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Store.ClickHouse;

/// <summary>
/// A store in ClickHouse, on one server or a cluster (docs/cluster.md). From its first question on it answers from one state of
/// the journal, whatever is written meanwhile; an append or a roll back of its own begins a new one.
/// </summary>
public sealed partial class ClickHouseStore : IFlowStore
{
    private readonly ClickHouseAddress _address;
    private readonly ClickHouseClient _client;
    private readonly Schema _schema;
    private readonly Journal _journal;
    private readonly CommitTurn _turn;
    private StoreState? _state;

    private ClickHouseStore(ClickHouseAddress address)
    {
        _address = address;
        _client = new ClickHouseClient(address);
        _schema = new Schema(address, _client);
        _journal = new Journal(_schema, _client);
        _turn = new CommitTurn(_schema, _client);
    }

    /// <inheritdoc/>
    public string Name => _address.Display;

    /// <summary>How long a writer that has the turn to commit is waited for; see <see cref="CommitTurn.Patience"/>.</summary>
    internal TimeSpan Patience
    {
        get => _turn.Patience;
        set => _turn.Patience = value;
    }

    /// <summary>How many requests were sent so far.</summary>
    public long RoundTrips => _client.RoundTrips;

    /// <summary>Opens a store.</summary>
    /// <param name="location">See <see cref="ClickHouseAddress"/>.</param>
    /// <param name="create">Whether to make its database and tables where there are none.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="InputException">The location cannot be used, there are no tables, or they are a newer program's.</exception>
    /// <exception cref="SourceException">A server does not answer, or refuses.</exception>
    public static async Task<ClickHouseStore> OpenAsync(string location, bool create, CancellationToken cancellationToken)
    {
        ClickHouseStore store = new(ClickHouseAddress.Parse(location));
        try
        {
            await store._schema.PrepareAsync(create, cancellationToken).ConfigureAwait(false);
            return store;
        }
        catch
        {
            await store.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<History>> ReadAsync(IReadOnlyList<HistoryRequest> requests, CancellationToken cancellationToken)
    {
        if (requests.Count == 0)
        {
            return [];
        }

        while (true)
        {
            StoreState state = await StateAsync(cancellationToken).ConfigureAwait(false);
            HistoryQuery query = new(_schema, state, requests);
            string call = FormattableString.Invariant($"reading the histories of {requests.Count} holders");
            await _client.QueryAsync(call, query.Sql, query.ReadAsync, [query.Sent], cancellationToken).ConfigureAwait(false);

            // Rows this state counts may have been deleted since: then they were rolled back, and there is a newer state.
            if (query.Cleaned == (ulong)state.Cleaned.Count)
            {
                return Decoded(call, query.ToHistories);
            }

            _state = null;
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Movement>> FindTransactionAsync(ChainId chain, TxHash tx, CancellationToken cancellationToken) =>
        (await FindTransactionsAsync(chain, [tx], cancellationToken).ConfigureAwait(false))[0];

    /// <inheritdoc/>
    public async Task<IReadOnlyList<IReadOnlyList<Movement>>> FindTransactionsAsync(
        ChainId chain, IReadOnlyList<TxHash> txs, CancellationToken cancellationToken)
    {
        StoreState state = await StateAsync(cancellationToken).ConfigureAwait(false);
        SentTable asked = new("asked", "tx FixedString(32)", new RowsContent<TxHash>(txs, static (sink, tx) => sink.Hash(tx)));
        const string place = "chain, block, tx_index, step";
        string sql = $"""
            SELECT body FROM {_schema.Of("movements")} WHERE ({place}) GLOBAL IN (
            SELECT {place} FROM {_schema.Of("transactions")} WHERE tx IN (SELECT tx FROM asked) AND chain = '{chain}' AND {state.Visible})
            AND {state.Visible}
            """;
        Dictionary<TxHash, SortedDictionary<Position, Movement>> found = [];
        await _client.QueryAsync(
            FormattableString.Invariant($"looking for {txs.Count} transactions"), sql,
            async row =>
            {
                Movement movement = MovementBytes.Read(await row.BlobAsync().ConfigureAwait(false));
                TxHash tx = movement.Tx ?? throw new InvalidDataException("a movement has lost its transaction");
                SortedDictionary<Position, Movement> movements = found.TryGetValue(tx, out SortedDictionary<Position, Movement>? known)
                    ? known : found[tx] = [];
                movements[movement.Position] = movement;
            },
            [asked], cancellationToken).ConfigureAwait(false);
        return [.. txs.Select(tx => found.TryGetValue(tx, out SortedDictionary<Position, Movement>? movements)
            ? (IReadOnlyList<Movement>)[.. movements.Values] : [])];
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Holder>> HoldersOfAsync(
        Address address, Position at, Direction direction, CancellationToken cancellationToken)
    {
        StoreState state = await StateAsync(cancellationToken).ConfigureAwait(false);
        (byte[] first, byte[] last) = HolderKey.RangeOf(address);
        string sql = $"""
            SELECT DISTINCT holder FROM {_schema.Of("touches")}
            WHERE holder >= unhex('{Convert.ToHexString(first)}') AND holder <= unhex('{Convert.ToHexString(last)}') AND {state.Visible}
            """;
        SortedSet<Holder> holders = [];
        await _client.QueryAsync(
            $"reading what {address} held", sql,
            async row => holders.Add(HolderKey.Read(await row.BlobAsync().ConfigureAwait(false))), cancellationToken).ConfigureAwait(false);
        holders.RemoveWhere(static holder => holder.IsFee);
        return [.. holders];
    }

    /// <inheritdoc/>
    public async Task<Position?> PositionAtAsync(ChainId chain, long timeSeconds, CancellationToken cancellationToken)
    {
        StoreState state = await StateAsync(cancellationToken).ConfigureAwait(false);
        if (!state.Of(chain).HasBlocks)
        {
            return null;
        }

        ulong? block = null;
        await _client.QueryAsync(
            "finding the block of a time",
            FormattableString.Invariant(
                $"SELECT block FROM {_schema.Of("blocks")} WHERE chain = '{chain}' AND time >= {timeSeconds} AND {state.Visible} ORDER BY block LIMIT 1"),
            async row => block = await row.UInt64Async().ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        return new Position(block ?? (state.Of(chain).Last + 1), 0, 0);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<FlowCoverage>> CoverageAsync(CancellationToken cancellationToken)
    {
        StoreState state = await StateAsync(cancellationToken).ConfigureAwait(false);
        List<FlowCoverage> coverage = [];
        foreach (ChainId chain in state.Chains)
        {
            ChainState has = state.Of(chain);
            (FlowBlock? first, FlowBlock? last) = has.HasBlocks
                ? (await BlockAsync(chain, has.First, cancellationToken).ConfigureAwait(false),
                    await BlockAsync(chain, has.Last, cancellationToken).ConfigureAwait(false))
                : default;
            List<Entry> unfinished = await _journal.FindAsync(
                string.Create(CultureInfo.InvariantCulture, $"""
                    kind = 2 AND chain = '{chain}' AND has_more = 1 AND number GLOBAL IN (
                    SELECT max(number) FROM {_schema.Of("journal")} WHERE kind = 2 AND chain = '{chain}' AND number <= {state.Top} GROUP BY source, answer)
                    """), cancellationToken).ConfigureAwait(false);
            coverage.Add(new FlowCoverage(
                chain, first, last, checked((long)has.Movements), [.. unfinished.Select(static entry => entry.Origin).Distinct()]));
        }

        return coverage;
    }

    /// <inheritdoc/>
    public async Task<FlowBlock?> BlockAsync(ChainId chain, ulong number, CancellationToken cancellationToken)
    {
        FlowBlock? found = null;
        await ReadBlocksAsync(
            chain, FormattableString.Invariant($"block = {number}"), block => found = block, cancellationToken).ConfigureAwait(false);
        return found;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<FlowOrigin>> OriginsOfAsync(ChainId chain, TxHash tx, CancellationToken cancellationToken)
    {
        StoreState state = await StateAsync(cancellationToken).ConfigureAwait(false);
        List<Entry> loads = await _journal.FindAsync(
            $"kind = 2 AND number GLOBAL IN (SELECT load FROM {_schema.Of("transactions")} WHERE tx = toFixedString(unhex('{tx}'), 32) AND chain = '{chain}' AND {state.Visible})",
            cancellationToken).ConfigureAwait(false);
        return [.. loads.Select(static entry => entry.Origin).Distinct()];
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<StoreState> StateAsync(CancellationToken cancellationToken) =>
        _state ??= await _journal.ReadStateAsync(cancellationToken).ConfigureAwait(false);

    private async Task ReadBlocksAsync(ChainId chain, string condition, Action<FlowBlock> read, CancellationToken cancellationToken)
    {
        StoreState state = await StateAsync(cancellationToken).ConfigureAwait(false);
        await _client.QueryAsync(
            "reading blocks",
            $"SELECT block, hash, parent, time, answer FROM {_schema.Of("blocks")} WHERE chain = '{chain}' AND {condition} AND {state.Visible} ORDER BY block",
            async row => read(new FlowBlock(
                await row.UInt64Async().ConfigureAwait(false),
                await row.HashAsync().ConfigureAwait(false),
                await row.HashAsync().ConfigureAwait(false),
                await row.Int64Async().ConfigureAwait(false),
                await row.TextAsync().ConfigureAwait(false))),
            cancellationToken).ConfigureAwait(false);
    }

    private T Decoded<T>(string call, Func<T> decode)
    {
        try
        {
            return decode();
        }
        catch (InvalidDataException fault)
        {
            throw new SourceException(Name, call, $"the store is damaged: {fault.Message}; 'flowtracer store check' says more", fault) { IsAnswered = true };
        }
    }
}
