using System.Globalization;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Store.ClickHouse;

/// <summary>One table: its columns in the order in which rows are written, its order on disk, and what a row's shard follows.</summary>
internal sealed record Table(string Name, string Columns, string Order, string Shard, int Granularity)
{
    /// <summary>The version it came with.</summary>
    public int Since { get; init; } = 1;
}

/// <summary>The tables of a store (docs/cluster.md says what each column holds), made on first use; an older store gets those that came since.</summary>
internal sealed class Schema(ClickHouseAddress address, ClickHouseClient client)
{
    /// <summary>Raised with every change to a table.</summary>
    public const int Version = 2;

    // A granule is the least that is read of a history: of rows with a movement each, about 64 KiB, which is also the least
    // that is compressed together.
    private const int HistoryGranule = 256;
    private const int OtherGranule = 8192;
    private const string VersionTable = "schema_version";
    private const string Place = "block UInt64, tx_index UInt32, step UInt32, load UInt64";

    /// <summary>The tables whose rows are of loads, and count only if the journal says so.</summary>
    public static IReadOnlyList<Table> OfLoads { get; } =
    [
        new("touches", $"holder String, chain String, {Place}, sign Int8, net FixedString(32), body String",
            "holder, block, tx_index, step, load", "sipHash64(holder)", HistoryGranule),
        new("movements", $"chain String, {Place}, facts FixedString(32), body String",
            "chain, block, tx_index, step, load", "sipHash64(chain, block)", HistoryGranule),
        new("transactions", $"tx FixedString(32), chain String, {Place}",
            "tx, chain, block, tx_index, step, load", "sipHash64(tx)", HistoryGranule),
        new("blocks", "chain String, block UInt64, load UInt64, hash FixedString(32), parent FixedString(32), time Int64, answer String",
            "chain, block, load", "sipHash64(chain, block)", OtherGranule),
        new("openings", "holder String, chain String, block UInt64, load UInt64, amount String",
            "holder, load", "sipHash64(holder)", HistoryGranule),
    ];

    // The journal is on the first shard. What tokens are called is no fact: it is of no load.
    private static IReadOnlyList<Table> Tables { get; } =
    [
        .. OfLoads,
        new("journal", Journal.Columns, "number, kind", "0", OtherGranule),
        new("tokens", "chain String, contract String, symbol Nullable(String), decimals Nullable(UInt8)",
            "chain, contract", "sipHash64(chain, contract)", OtherGranule) { Since = 2 },
    ];

    /// <summary>Whether the store has names of tokens: one of version 1, opened to read, has none.</summary>
    public bool HasNames { get; private set; }

    /// <summary>The database the tables are in.</summary>
    public string Database => address.Database;

    /// <summary>The name of a table where rows are read and written: of all shards.</summary>
    public string Of(string table) => $"{address.Database}.{table}";

    /// <summary>The name of the table a host keeps itself.</summary>
    public string LocalOf(string table) => address.Cluster is null ? Of(table) : Of(table + "_local");

    /// <summary>Finds the tables, or makes them.</summary>
    /// <exception cref="InputException">They are a newer program's, there are none and none are to be made, or there is no such cluster.</exception>
    /// <exception cref="SourceException">A server cannot be asked.</exception>
    public async Task PrepareAsync(bool create, CancellationToken cancellationToken)
    {
        if (address.Cluster is string cluster)
        {
            client.Hosts = await HostsOfAsync(cluster, cancellationToken).ConfigureAwait(false);
        }

        if (address.IsReplicated)
        {
            client.Settings = await ConsistencyAsync(cancellationToken).ConfigureAwait(false);
        }

        ulong version = await VersionAsync(cancellationToken).ConfigureAwait(false);
        if (version > Version)
        {
            throw new InputException(string.Create(
                CultureInfo.InvariantCulture,
                $"{address.Display}: its tables are of version {version}, newer than this program's {Version}: use a newer flowtracer"));
        }

        if (version == 0 && !create)
        {
            throw new InputException($"{address.Display}: there is no such store: import or ingest something first");
        }

        if (version < Version && create)
        {
            await CreateAsync(version, cancellationToken).ConfigureAwait(false);
        }

        HasNames = create || version == Version;
    }

    private async Task<IReadOnlyList<string>> HostsOfAsync(string cluster, CancellationToken cancellationToken)
    {
        List<string> hosts = [];
        await client.QueryAsync(
            "finding the cluster's hosts",
            $"SELECT DISTINCT host_name FROM system.clusters WHERE cluster = '{cluster}' ORDER BY host_name",
            async row => hosts.Add(await row.TextAsync().ConfigureAwait(false)),
            cancellationToken).ConfigureAwait(false);
        return hosts.Count > 0
            ? hosts
            : throw new InputException($"{address.Display}: the server's remote_servers name no cluster '{cluster}'");
    }

    // A row counts when two replicas have it, and is read only from one that has all such rows: else a journal that is ahead of the
    // facts it speaks of would make facts missing. Newer releases write in parallel unless told not to, and then promise no order.
    private async Task<IReadOnlyList<(string Name, string Value)>> ConsistencyAsync(CancellationToken cancellationToken)
    {
        const string parallel = "insert_quorum_parallel";
        string milliseconds = string.Create(CultureInfo.InvariantCulture, $"{1000L * address.TimeoutSeconds}");
        List<(string, string)> settings =
            [("insert_quorum", "2"), ("insert_quorum_timeout", milliseconds), ("select_sequential_consistency", "1")];
        await client.QueryAsync(
            "reading the server's settings",
            $"SELECT name FROM system.settings WHERE name = '{parallel}'",
            async row => settings.Add((await row.TextAsync().ConfigureAwait(false), "0")),
            cancellationToken).ConfigureAwait(false);
        return settings;
    }

    private async Task<ulong> VersionAsync(CancellationToken cancellationToken)
    {
        bool exists = false;
        await client.QueryAsync(
            "looking for the tables",
            $"SELECT toUInt64(count()) FROM system.tables WHERE database = '{address.Database}' AND name = '{VersionTable}'",
            async row => exists = await row.UInt64Async().ConfigureAwait(false) > 0,
            cancellationToken).ConfigureAwait(false);
        ulong version = 0;
        if (exists)
        {
            await client.QueryAsync(
                "reading the tables' version",
                $"SELECT toUInt64(max(version)) FROM {Of(VersionTable)}",
                async row => version = await row.UInt64Async().ConfigureAwait(false),
                cancellationToken).ConfigureAwait(false);
        }

        return version;
    }

    // On every host the version comes last, and on the one that is asked after all others: where it is, all tables are.
    private async Task CreateAsync(ulong had, CancellationToken cancellationToken)
    {
        foreach (string host in client.Hosts)
        {
            await RunAsync(host, $"CREATE DATABASE IF NOT EXISTS {address.Database}", cancellationToken).ConfigureAwait(false);
            foreach (Table table in Tables.Where(table => (ulong)table.Since > had))
            {
                await RunAsync(host, LocalSql(table), cancellationToken).ConfigureAwait(false);
                if (address.Cluster is string cluster)
                {
                    await RunAsync(
                        host,
                        $"CREATE TABLE IF NOT EXISTS {Of(table.Name)} ({table.Columns}) ENGINE = Distributed('{cluster}', '{address.Database}', '{table.Name}_local', {table.Shard})",
                        cancellationToken).ConfigureAwait(false);
                }
            }

            await RunAsync(
                host, $"CREATE TABLE IF NOT EXISTS {Of(VersionTable)} (version UInt64) ENGINE = MergeTree ORDER BY version", cancellationToken)
                .ConfigureAwait(false);
        }

        foreach (string host in client.Hosts.OrderBy(host => host == address.Server.Host))
        {
            await RunAsync(host, string.Create(CultureInfo.InvariantCulture, $"INSERT INTO {Of(VersionTable)} VALUES ({Version})"), cancellationToken)
                .ConfigureAwait(false);
        }
    }

    private Task RunAsync(string host, string sql, CancellationToken cancellationToken) =>
        client.RunAsync("making the tables", host, sql, cancellationToken);

    // Rows of one order are one row: an answer lost on the way can make a row come twice.
    private string LocalSql(Table table)
    {
        string engine = table.Name == "journal" ? "MergeTree" : "ReplacingMergeTree";
        string of = address.IsReplicated
            ? $"Replicated{engine}('/clickhouse/tables/{{shard}}/{address.Database}/{table.Name}', '{{replica}}')"
            : engine;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"CREATE TABLE IF NOT EXISTS {LocalOf(table.Name)} ({table.Columns}) ENGINE = {of} ORDER BY ({table.Order}) SETTINGS index_granularity = {table.Granularity}");
    }
}
