using System.Globalization;
using System.Security.Cryptography;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Store.ClickHouse;

/// <summary>What a row of the journal says happened; numbers of their own bits, so that some of them together are a number too.</summary>
internal enum EntryKind : byte
{
    /// <summary>A load's rows are being written: until its commit they count for nothing.</summary>
    Start = 1,

    /// <summary>All of a load's rows are there.</summary>
    Commit = 2,

    /// <summary>Blocks of a chain are gone.</summary>
    RollBack = 4,

    /// <summary>The rows an earlier entry made worthless are being deleted.</summary>
    CleanUp = 8,
}

/// <summary>What a store has of a chain after an entry.</summary>
/// <param name="HasBlocks">Whether it has blocks; without, the next three mean nothing.</param>
/// <param name="First">The first.</param>
/// <param name="Last">The last.</param>
/// <param name="LastHash">Its hash.</param>
/// <param name="LastTimeSeconds">Its Unix time.</param>
/// <param name="Movements">How many movements.</param>
/// <param name="HasRecords">Whether there ever was a load without blocks.</param>
internal sealed record ChainState(
    bool HasBlocks, ulong First, ulong Last, TxHash LastHash, long LastTimeSeconds, ulong Movements, bool HasRecords)
{
    public static ChainState Empty { get; } = new(false, 0, 0, default, 0, 0, false);
}

/// <summary>One row of the journal.</summary>
/// <param name="Number">The load's or the roll back's number: they count up together.</param>
/// <param name="Kind">What happened.</param>
/// <param name="Writer">Tells writers apart, by chance.</param>
/// <param name="Chain">The chain it happened to.</param>
/// <param name="State">What the chain has since; of commits and roll backs.</param>
internal sealed record Entry(ulong Number, EntryKind Kind, string Writer, ChainId Chain, ChainState State)
{
    /// <summary>SHA-256 over all of a load: a load repeated has the same.</summary>
    public byte[] Digest { get; init; } = new byte[SHA256.HashSizeInBytes];

    public FlowOrigin Origin { get; init; } = new("", "");

    public bool HasMore { get; init; }

    /// <summary>Movements it added.</summary>
    public ulong Added { get; init; }

    /// <summary>The digests of their facts, their first eight bytes each, under exclusive or.</summary>
    public ulong Mark { get; init; }

    /// <summary>The highest block of a movement it added.</summary>
    public ulong Highest { get; init; }

    /// <summary>The last block a roll back left; null for none.</summary>
    public ulong? Kept { get; init; }
}

/// <summary>
/// The journal: every load and every roll back is a row of it, and is there from the moment that row is. One row tells all a
/// store has of its chain, so that what is visible is known from few rows however long the journal is.
/// </summary>
internal sealed class Journal(Schema schema, ClickHouseClient client)
{
    /// <summary>The columns of the table.</summary>
    public const string Columns =
        "number UInt64, kind UInt8, writer String, chain String, digest FixedString(32), source String, answer String,"
        + " has_more UInt8, added UInt64, mark UInt64, highest UInt64, keeps UInt8, kept UInt64,"
        + " has_blocks UInt8, first UInt64, last UInt64, last_hash FixedString(32), last_time Int64, movements UInt64, has_records UInt8,"
        + " at DateTime DEFAULT now()";

    private readonly string _table = schema.Of("journal");
    private readonly string _fields = string.Join(", ", Columns.Split(", ").Select(static column => column.Trim().Split(' ')[0]).SkipLast(1));

    /// <summary>What is visible now.</summary>
    public async Task<StoreState> ReadStateAsync(CancellationToken cancellationToken)
    {
        string sql = $"""
            SELECT {_fields} FROM {_table} WHERE
            number GLOBAL IN (SELECT max(number) FROM {_table} WHERE kind IN (2, 4) GROUP BY chain)
            OR number GLOBAL IN (SELECT number FROM {_table} GROUP BY number HAVING groupBitOr(kind) NOT IN (2, 3))
            """;
        return new StoreState(await ReadAsync(sql, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Rows that fulfil a condition, by number.</summary>
    public async Task<List<Entry>> FindAsync(string condition, CancellationToken cancellationToken) =>
        await ReadAsync($"SELECT {_fields} FROM {_table} WHERE {condition} ORDER BY number, kind", cancellationToken).ConfigureAwait(false);

    /// <summary>The highest number of all.</summary>
    public async Task<ulong> LastNumberAsync(CancellationToken cancellationToken)
    {
        ulong last = 0;
        await client.QueryAsync(
            "reading the journal", $"SELECT toUInt64(max(number)) FROM {_table}",
            async row => last = await row.UInt64Async().ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        return last;
    }

    /// <summary>Refuses to go on where another writer has begun with the same number, or a later one.</summary>
    public Task RefuseOthersAsync(ulong number, string writer, string name, CancellationToken cancellationToken) =>
        RefuseAsync(string.Create(CultureInfo.InvariantCulture, $"number >= {number} AND writer != '{writer}'"), name, cancellationToken);

    /// <summary>Refuses to go on where something counts that did not in the state a load was made for.</summary>
    /// <param name="top">The highest number that counted then: whoever commits looks here first, so that they count up.</param>
    /// <param name="name">The store, for the message.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public Task RefuseNewerAsync(ulong top, string name, CancellationToken cancellationToken) =>
        RefuseAsync(string.Create(CultureInfo.InvariantCulture, $"number > {top} AND kind IN (2, 4)"), name, cancellationToken);

    /// <summary>Writes a row: from then on, what it says is so.</summary>
    public Task WriteAsync(Entry entry, CancellationToken cancellationToken) =>
        client.InsertAsync($"{_table} ({_fields})", [entry], Write, cancellationToken);

    private async Task RefuseAsync(string condition, string name, CancellationToken cancellationToken)
    {
        if ((await FindAsync(condition, cancellationToken).ConfigureAwait(false)).Count > 0)
        {
            throw new InputException($"{name}: another program is writing to it; try again when that is done");
        }
    }

    private async Task<List<Entry>> ReadAsync(string sql, CancellationToken cancellationToken)
    {
        List<Entry> entries = [];
        await client.QueryAsync(
            "reading the journal", sql, async row => entries.Add(await ReadAsync(row).ConfigureAwait(false)), cancellationToken).ConfigureAwait(false);
        return entries;
    }

    private static void Write(ByteSink sink, Entry entry)
    {
        sink.UInt64(entry.Number);
        sink.Byte((byte)entry.Kind);
        sink.Text(entry.Writer);
        sink.Text(entry.Chain.ToString());
        sink.Bytes(entry.Digest);
        sink.Text(entry.Origin.Source);
        sink.Text(entry.Origin.Answer);
        sink.Byte(Flag(entry.HasMore));
        sink.UInt64(entry.Added);
        sink.UInt64(entry.Mark);
        sink.UInt64(entry.Highest);
        sink.Byte(Flag(entry.Kept is not null));
        sink.UInt64(entry.Kept ?? 0);
        sink.Byte(Flag(entry.State.HasBlocks));
        sink.UInt64(entry.State.First);
        sink.UInt64(entry.State.Last);
        sink.Hash(entry.State.LastHash);
        sink.Int64(entry.State.LastTimeSeconds);
        sink.UInt64(entry.State.Movements);
        sink.Byte(Flag(entry.State.HasRecords));
    }

    private static async ValueTask<Entry> ReadAsync(RowReader row)
    {
        ulong number = await row.UInt64Async().ConfigureAwait(false);
        EntryKind kind = (EntryKind)await row.ByteAsync().ConfigureAwait(false);
        string writer = await row.TextAsync().ConfigureAwait(false);
        ChainId chain = ChainOf(await row.TextAsync().ConfigureAwait(false));
        byte[] digest = await row.BytesAsync(SHA256.HashSizeInBytes).ConfigureAwait(false);
        FlowOrigin origin = new(await row.TextAsync().ConfigureAwait(false), await row.TextAsync().ConfigureAwait(false));
        bool hasMore = await row.ByteAsync().ConfigureAwait(false) != 0;
        (ulong added, ulong mark, ulong highest) = (
            await row.UInt64Async().ConfigureAwait(false), await row.UInt64Async().ConfigureAwait(false), await row.UInt64Async().ConfigureAwait(false));
        (bool keeps, ulong kept) = (await row.ByteAsync().ConfigureAwait(false) != 0, await row.UInt64Async().ConfigureAwait(false));
        ChainState state = new(
            await row.ByteAsync().ConfigureAwait(false) != 0,
            await row.UInt64Async().ConfigureAwait(false),
            await row.UInt64Async().ConfigureAwait(false),
            await row.HashAsync().ConfigureAwait(false),
            await row.Int64Async().ConfigureAwait(false),
            await row.UInt64Async().ConfigureAwait(false),
            await row.ByteAsync().ConfigureAwait(false) != 0);
        return new Entry(number, kind, writer, chain, state)
        {
            Digest = digest, Origin = origin, HasMore = hasMore, Added = added, Mark = mark, Highest = highest, Kept = keeps ? kept : null,
        };
    }

    private static ChainId ChainOf(string text) => ChainId.TryParse(text, out ChainId chain)
        ? chain
        : throw new InvalidDataException($"the journal names a chain there is not: {text}");

    private static byte Flag(bool value) => value ? (byte)1 : (byte)0;
}
