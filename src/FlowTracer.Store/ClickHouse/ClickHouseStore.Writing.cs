using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Store.ClickHouse;

/// <summary>Loads and roll backs: rows first, on all shards; then the row of the journal that makes them count.</summary>
public sealed partial class ClickHouseStore
{
    private const int CleanAfterSeconds = 3600;
    private readonly string _writer = Guid.NewGuid().ToString("N");

    /// <inheritdoc/>
    public async Task<FlowAppended> AppendAsync(FlowLoad load, CancellationToken cancellationToken)
    {
        LoadRows rows = LoadRows.Of(load);
        _state = null;
        StoreState state = await StateAsync(cancellationToken).ConfigureAwait(false);
        if (await IsThereAsync(rows, state, cancellationToken).ConfigureAwait(false))
        {
            return new FlowAppended(0, load.Movements.Count);
        }

        RefuseMixture(load, state.Of(load.Chain));
        IReadOnlyList<FlowBlock> blocks = await NewBlocksAsync(load, state, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<StoredMovement> added = await NewMovementsAsync(rows, state, blocks, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<FlowOpening> openings = await NewOpeningsAsync(load, state, cancellationToken).ConfigureAwait(false);
        ulong number = await BeginAsync(load.Chain, cancellationToken).ConfigureAwait(false);
        await AddNamesAsync(load.Names, cancellationToken).ConfigureAwait(false);
        await WriteRowsAsync(load.Chain.ToString(), number, added, blocks, openings, cancellationToken).ConfigureAwait(false);
        await EndAsync(
            new Entry(number, EntryKind.Commit, _writer, load.Chain, After(state.Of(load.Chain), load, blocks, added.Count))
            {
                Digest = rows.Digest,
                Origin = load.Origin,
                HasMore = load.HasMore,
                Added = (ulong)added.Count,
                Mark = added.Aggregate(0UL, static (mark, stored) => mark ^ stored.Mark),
                Highest = added.Count == 0 ? 0 : added[^1].Movement.Position.Block,
            },
            state.Top, cancellationToken).ConfigureAwait(false);
        return new FlowAppended(added.Count, load.Movements.Count - added.Count);
    }

    /// <inheritdoc/>
    public async Task RollBackAsync(ChainId chain, ulong? last, CancellationToken cancellationToken)
    {
        _state = null;
        StoreState state = await StateAsync(cancellationToken).ConfigureAwait(false);
        ChainState had = state.Of(chain);
        if (!had.HasBlocks || last >= had.Last)
        {
            return;
        }

        ulong? kept = last >= had.First ? last : null;
        ulong movements = kept is ulong to ? await CountUpToAsync(chain, to, state, cancellationToken).ConfigureAwait(false) : 0;
        ChainState left = ChainState.Empty;
        if (kept is ulong number)
        {
            FlowBlock head = await BlockAsync(chain, number, cancellationToken).ConfigureAwait(false)
                ?? throw new SourceException(Name, "rolling back", FormattableString.Invariant($"block {number} of {chain} is missing; 'flowtracer store check' says more"));
            left = had with { Last = head.Number, LastHash = head.Hash, LastTimeSeconds = head.TimeSeconds, Movements = movements };
        }

        ulong entry = await BeginAsync(chain, cancellationToken).ConfigureAwait(false);
        await EndAsync(new Entry(entry, EntryKind.RollBack, _writer, chain, left) { Kept = kept }, state.Top, cancellationToken).ConfigureAwait(false);
        await CleanUpAsync(CleanAfterSeconds, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Begins to delete the rows that no longer count, of roll backs and broken-off loads longer ago than some seconds; ClickHouse
    /// does it in the background. Readers who began before that ask again.
    /// </summary>
    internal async Task CleanUpAsync(int seconds, CancellationToken cancellationToken)
    {
        StoreState state = await StateAsync(cancellationToken).ConfigureAwait(false);
        List<Entry> old = await _journal.FindAsync(
            FormattableString.Invariant($"kind IN (1, 4) AND number <= {state.Top} AND at <= now() - {seconds}"), cancellationToken).ConfigureAwait(false);
        List<Entry> worthless = [.. old.Where(entry => !state.Cleaned.Contains(entry.Number)
            && (entry.Kind == EntryKind.RollBack || state.Abandoned.Contains(entry.Number)))];
        worthless.RemoveAll(entry => entry.Kind == EntryKind.Start && worthless.Exists(other => other.Kind == EntryKind.RollBack && other.Number == entry.Number));
        foreach (Entry entry in worthless)
        {
            await _journal.WriteAsync(new Entry(entry.Number, EntryKind.CleanUp, _writer, entry.Chain, ChainState.Empty), cancellationToken).ConfigureAwait(false);
            string gone = entry.Kind == EntryKind.Start
                ? FormattableString.Invariant($"load = {entry.Number}")
                : FormattableString.Invariant($"load < {entry.Number} AND chain = '{entry.Chain}'{(entry.Kept is ulong kept ? $" AND block > {kept}" : "")}");
            foreach ((string host, Table table) in _client.Hosts.SelectMany(_ => Schema.OfLoads, static (host, table) => (host, table)))
            {
                await _client.RunAsync("cleaning up", host, $"ALTER TABLE {_schema.LocalOf(table.Name)} DELETE WHERE {gone}", cancellationToken)
                    .ConfigureAwait(false);
            }
        }

        _state = null;
    }

    // The same load, and no roll back since: there is nothing to do.
    private async Task<bool> IsThereAsync(LoadRows rows, StoreState state, CancellationToken cancellationToken)
    {
        List<Entry> same = await _journal.FindAsync(
            $"kind = 2 AND digest = toFixedString(unhex('{Convert.ToHexString(rows.Digest)}'), 32)", cancellationToken).ConfigureAwait(false);
        return same.Exists(commit => commit.Number <= state.Top
            && !state.RollBacks.Any(back => back.Chain == commit.Chain && back.Number > commit.Number));
    }

    // What is complete and what is not would be mixed.
    private void RefuseMixture(FlowLoad load, ChainState has)
    {
        if (load.Blocks.IsEmpty ? has.HasBlocks : has.HasRecords)
        {
            throw new InputException(load.Blocks.IsEmpty
                ? $"{Name}: it has whole blocks of {load.Chain}, and {load.Origin.Source} is a record: import it into a store of its own"
                : $"{Name}: it has records of {load.Chain}: ingest whole blocks into a store of its own");
        }
    }

    private async Task<IReadOnlyList<FlowBlock>> NewBlocksAsync(FlowLoad load, StoreState state, CancellationToken cancellationToken)
    {
        ChainState has = state.Of(load.Chain);
        Dictionary<ulong, TxHash> known = [];
        if (has.HasBlocks && !load.Blocks.IsEmpty && load.Blocks[0].Number <= has.Last)
        {
            await ReadBlocksAsync(
                load.Chain, FormattableString.Invariant($"block BETWEEN {load.Blocks[0].Number} AND {load.Blocks[^1].Number}"),
                block => known[block.Number] = block.Hash, cancellationToken).ConfigureAwait(false);
        }

        List<FlowBlock> added = [];
        FlowBlock? before = null;
        foreach (FlowBlock block in load.Blocks)
        {
            (ulong Number, TxHash Hash)? previous = before is not null ? (before.Number, before.Hash)
                : has.HasBlocks && !known.ContainsKey(block.Number) ? (has.Last, has.LastHash)
                : null;
            RefuseGap(load, block, previous);
            if (!known.TryGetValue(block.Number, out TxHash there))
            {
                added.Add(block);
            }
            else if (there != block.Hash)
            {
                throw new InputException(
                    $"{Name}: block {block.Number} of {load.Chain} is {there.ToString(load.Chain.Family)} there and {block.Hash.ToString(load.Chain.Family)} in {load.Origin.Source}: the chain was reorganised, roll back first");
            }

            before = block;
        }

        return added;
    }

    private void RefuseGap(FlowLoad load, FlowBlock block, (ulong Number, TxHash Hash)? before)
    {
        if (before is not (ulong number, TxHash hash) || (block.Number == number + 1 && block.Parent == hash))
        {
            return;
        }

        throw new InputException($"{Name}: block {block.Number} of {load.Chain} in {load.Origin.Source} " + (block.Number == number + 1
            ? $"has another parent than block {number}: the chain was reorganised, roll back first"
            : $"does not follow block {number}"));
    }

    // Behind the last block there is nothing to compare with.
    private async Task<IReadOnlyList<StoredMovement>> NewMovementsAsync(
        LoadRows rows, StoreState state, IReadOnlyList<FlowBlock> blocks, CancellationToken cancellationToken)
    {
        FlowLoad load = rows.Load;
        ChainState has = state.Of(load.Chain);
        if (has.Movements == 0 || load.Movements.Count == 0 || (!load.Blocks.IsEmpty && blocks.Count == load.Blocks.Length))
        {
            return rows.Movements;
        }

        Dictionary<Position, (byte[] Facts, ulong Load)> known = await FactsAsync(rows, state, cancellationToken).ConfigureAwait(false);
        List<StoredMovement> added = [];
        foreach (StoredMovement stored in rows.Movements)
        {
            if (!known.TryGetValue(stored.Movement.Position, out (byte[] Facts, ulong Load) there))
            {
                added.Add(stored);
            }
            else if (!there.Facts.AsSpan().SequenceEqual(stored.Facts))
            {
                List<Entry> origin = await _journal.FindAsync(
                    FormattableString.Invariant($"kind = 2 AND number = {there.Load}"), cancellationToken).ConfigureAwait(false);
                throw new InputException(Conflict(stored.Movement, origin[0].Origin.Source, load.Origin.Source));
            }
        }

        return added;
    }

    private string Conflict(Movement movement, string there, string here)
    {
        string what = movement.Tx is TxHash tx ? $"transaction {tx.ToString(movement.Chain.Family)}" : "what happened";
        return $"{Name}: {what} at {movement.Position} of {movement.Chain} has other facts there, from {there}, than in {here}";
    }

    private async Task<Dictionary<Position, (byte[] Facts, ulong Load)>> FactsAsync(
        LoadRows rows, StoreState state, CancellationToken cancellationToken)
    {
        SentTable places = new(
            "places", "block UInt64, tx_index UInt32, step UInt32",
            new RowsContent<StoredMovement>(rows.Movements, static (sink, stored) => sink.Place(stored.Movement.Position)));
        Dictionary<Position, (byte[] Facts, ulong Load)> known = [];
        string sql = $"""
            SELECT block, tx_index, step, facts, load FROM {_schema.Of("movements")}
            WHERE chain = '{rows.Load.Chain}' AND (block, tx_index, step) IN (SELECT block, tx_index, step FROM places) AND {state.Visible}
            """;
        await _client.QueryAsync(
            "comparing with what is there", sql,
            async row => known[await row.PlaceAsync().ConfigureAwait(false)] =
                (await row.BytesAsync(32).ConfigureAwait(false), await row.UInt64Async().ConfigureAwait(false)),
            [places], cancellationToken).ConfigureAwait(false);
        return known;
    }

    // The first that was told stays.
    private async Task<IReadOnlyList<FlowOpening>> NewOpeningsAsync(FlowLoad load, StoreState state, CancellationToken cancellationToken)
    {
        if (load.Openings.Count == 0)
        {
            return [];
        }

        SentTable asked = new("asked", "holder String", new RowsContent<FlowOpening>(
            load.Openings, static (sink, opening) => sink.Blob(HolderKey.Of(opening.Holder))));
        HashSet<Holder> known = [];
        await _client.QueryAsync(
            "comparing openings",
            $"SELECT DISTINCT holder FROM {_schema.Of("openings")} WHERE holder IN (SELECT holder FROM asked) AND {state.Visible}",
            async row => known.Add(HolderKey.Read(await row.BlobAsync().ConfigureAwait(false))),
            [asked], cancellationToken).ConfigureAwait(false);
        return [.. load.Openings.Where(opening => known.Add(opening.Holder))];
    }

    private async Task<ulong> BeginAsync(ChainId chain, CancellationToken cancellationToken)
    {
        for (bool isAgain = false; ; isAgain = true)
        {
            ulong number = await _journal.LastNumberAsync(cancellationToken).ConfigureAwait(false) + 1;
            await _journal.WriteAsync(new Entry(number, EntryKind.Start, _writer, chain, ChainState.Empty), cancellationToken).ConfigureAwait(false);
            try
            {
                await _journal.RefuseOthersAsync(number, _writer, Name, cancellationToken).ConfigureAwait(false);
                return number;
            }
            catch (InputException) when (_address.IsReplicated && !isAgain)
            {
                // A start that was refused for want of a replica comes to count when that replica is back, and has this number.
            }
        }
    }

    private async Task EndAsync(Entry entry, ulong top, CancellationToken cancellationToken)
    {
        await _turn.TakeAsync(
            async () =>
            {
                await _journal.RefuseNewerAsync(top, Name, CancellationToken.None).ConfigureAwait(false);
                await _journal.WriteAsync(entry, CancellationToken.None).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
        _state = null;
    }

    private async Task WriteRowsAsync(
        string chain, ulong number, IReadOnlyList<StoredMovement> movements, IReadOnlyList<FlowBlock> blocks,
        IReadOnlyList<FlowOpening> openings, CancellationToken cancellationToken)
    {
        await WriteAsync("movements", movements, (sink, stored) => LoadRows.WriteMovement(sink, stored, chain, number), cancellationToken).ConfigureAwait(false);
        await WriteAsync(
            "transactions", movements.Select(static stored => stored.Movement).Where(static movement => movement.Tx is not null),
            (sink, movement) => LoadRows.WriteTransaction(sink, movement, chain, number), cancellationToken).ConfigureAwait(false);
        await WriteAsync(
            "touches", movements.SelectMany(static stored => stored.Holders, static (stored, holder) => (Stored: stored, Holder: holder)),
            (sink, touch) => LoadRows.WriteTouch(sink, touch.Holder, touch.Stored, chain, number), cancellationToken).ConfigureAwait(false);
        await WriteAsync("blocks", blocks, (sink, block) => LoadRows.WriteBlock(sink, block, chain, number), cancellationToken).ConfigureAwait(false);
        await WriteAsync("openings", openings, (sink, opening) => LoadRows.WriteOpening(sink, opening, chain, number), cancellationToken).ConfigureAwait(false);
    }

    private Task WriteAsync<T>(string table, IEnumerable<T> rows, Action<ByteSink, T> write, CancellationToken cancellationToken) =>
        rows.Any() ? _client.InsertAsync(_schema.Of(table), rows, write, cancellationToken) : Task.CompletedTask;

    private async Task<ulong> CountUpToAsync(ChainId chain, ulong last, StoreState state, CancellationToken cancellationToken)
    {
        ulong count = 0;
        await _client.QueryAsync(
            "counting movements",
            FormattableString.Invariant(
                $"SELECT toUInt64(count()) FROM (SELECT DISTINCT block, tx_index, step FROM {_schema.Of("movements")} WHERE chain = '{chain}' AND block <= {last} AND {state.Visible})"),
            async row => count = await row.UInt64Async().ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        return count;
    }

    private static ChainState After(ChainState had, FlowLoad load, IReadOnlyList<FlowBlock> blocks, int added)
    {
        ChainState counted = had with { Movements = had.Movements + (ulong)added, HasRecords = had.HasRecords || load.Blocks.IsEmpty };
        return blocks.Count == 0 ? counted : counted with
        {
            HasBlocks = true,
            First = had.HasBlocks ? had.First : blocks[0].Number,
            Last = blocks[^1].Number,
            LastHash = blocks[^1].Hash,
            LastTimeSeconds = blocks[^1].TimeSeconds,
        };
    }
}
