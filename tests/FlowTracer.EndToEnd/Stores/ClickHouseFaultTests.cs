using FlowTracer.Chains.Recorded;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Store.ClickHouse;
using FlowTracer.Testing;

namespace FlowTracer.EndToEnd.Stores;

/// <summary>What goes wrong with a cluster: who is told what, and that nothing is half there.</summary>
public sealed class ClickHouseFaultTests(ClickHouseCluster cluster) : IClassFixture<ClickHouseCluster>, IAsyncLifetime
{
    private static readonly ChainId Eth = ChainId.Ethereum;

    public Task InitializeAsync() => Task.CompletedTask;

    // A test that failed half-way leaves the others their cluster.
    public Task DisposeAsync() => cluster.ReviveAsync();

    [ClickHouseFact]
    public async Task A_shard_killed_in_the_middle_of_a_load_leaves_nothing_and_a_second_run_completes_it()
    {
        IReadOnlyList<Movement> movements = RandomMovements.Make(21, ChainId.Bitcoin, 100, blocks: 40, perBlock: 30);
        FlowLoad load = new(ChainId.Bitcoin, StoreAnswers.Origin, RandomMovements.Blocks(100, 40), movements);
        string database = cluster.NewDatabase();
        await using ClickHouseStore store = await cluster.OpenAsync(database);

        // Bytes on the way to the second shard: within the first table, and within the last.
        foreach (long bytes in (long[])[20_000, 300_000])
        {
            cluster.Gate.Arm(onAnswers: false, bytes, breaks: true, cluster.Second.KillAsync);
            SourceException fault = await Assert.ThrowsAsync<SourceException>(() => store.AppendAsync(load, CancellationToken.None));
            Assert.False(cluster.Gate.IsArmed);
            Assert.Contains(cluster.Second.Host, fault.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', fault.Message);

            await cluster.Second.StartAsync();
            await using ClickHouseStore reader = await cluster.OpenAsync(database);
            Assert.Empty(await reader.CoverageAsync(CancellationToken.None));
            Assert.All(
                await reader.ReadAsync(StoreAnswers.RequestsFor(movements), CancellationToken.None),
                static history => Assert.Empty(history.Movements));
            Assert.Empty(await reader.FindTransactionAsync(ChainId.Bitcoin, movements[0].Tx!.Value, CancellationToken.None));
            Assert.Empty(await reader.CheckAsync(null, CancellationToken.None));
        }

        Assert.NotEqual("0\n", await cluster.RunAsync(0, $"SELECT count() FROM {database}.movements"));
        Assert.Equal(new FlowAppended(movements.Count, 0), await store.AppendAsync(load, CancellationToken.None));
        await AssertMovementsAsync(store, movements);
        await store.CleanUpAsync(seconds: 0, CancellationToken.None);
        await AssertMovementsAsync(store, movements);
        Assert.Empty(await store.CheckAsync(null, CancellationToken.None));
    }

    [ClickHouseFact]
    public async Task A_shard_killed_in_the_middle_of_a_read_is_named_and_the_question_can_be_asked_again()
    {
        IReadOnlyList<Movement> movements = RandomMovements.Make(22, ChainId.Bitcoin, 100, blocks: 40, perBlock: 30);
        await using ClickHouseStore store = await cluster.OpenAsync(cluster.NewDatabase());
        await store.AppendAsync(StoreAnswers.Record(movements), CancellationToken.None);
        await AssertMovementsAsync(store, movements);

        cluster.Gate.Arm(onAnswers: true, bytes: 20_000, breaks: true, cluster.Second.KillAsync);
        SourceException fault = await Assert.ThrowsAsync<SourceException>(() => AssertMovementsAsync(store, movements));
        Assert.False(cluster.Gate.IsArmed);
        Assert.Contains(cluster.Second.Host, fault.Message, StringComparison.Ordinal);
        SourceException away = await Assert.ThrowsAsync<SourceException>(() => AssertMovementsAsync(store, movements));
        Assert.Contains(cluster.Second.Host, away.Message, StringComparison.Ordinal);

        await cluster.Second.StartAsync();
        await AssertMovementsAsync(store, movements);
    }

    [ClickHouseFact]
    public async Task A_second_writer_is_noticed_before_anything_counts()
    {
        string database = cluster.NewDatabase();
        await using ClickHouseStore store = await cluster.OpenAsync(database);
        await using ClickHouseStore other = await cluster.OpenAsync(database);
        IReadOnlyList<Movement> movements = RandomMovements.Make(23, Eth, 100, blocks: 40);
        Movement[] others = [.. RandomMovements.Make(24, ChainId.Bitcoin, 100, blocks: 2)];

        cluster.Gate.Arm(onAnswers: false, bytes: 5_000, breaks: false, () => other.AppendAsync(StoreAnswers.Record(others), CancellationToken.None));
        InputException fault = await Assert.ThrowsAsync<InputException>(() => store.AppendAsync(StoreAnswers.Record(movements), CancellationToken.None));

        Assert.Contains("another program is writing", fault.Message, StringComparison.Ordinal);
        await using ClickHouseStore reader = await cluster.OpenAsync(database);
        Assert.Equal(ChainId.Bitcoin, Assert.Single(await reader.CoverageAsync(CancellationToken.None)).Chain);
        await AssertMovementsAsync(reader, others);
        Assert.Empty(await reader.CheckAsync(null, CancellationToken.None));
    }

    // At another moment each time: the other's load counts before the first has read what is there, meanwhile, or when it writes.
    [ClickHouseFact]
    public async Task Whenever_a_second_writer_comes_no_load_counts_on_what_is_no_longer_so()
    {
        IReadOnlyList<Movement> movements = RandomMovements.Make(26, Eth, 100, blocks: 6);
        FlowLoad[] halves = [.. movements.Chunk((movements.Count + 1) / 2).Select(static half => StoreAnswers.Record(half))];
        int refused = 0;
        foreach (long bytes in (long[])[1, 300, 600, 1_200, 2_400])
        {
            string database = cluster.NewDatabase();
            await using ClickHouseStore store = await cluster.OpenAsync(database);
            await using ClickHouseStore other = await cluster.OpenAsync(database);
            Task<bool>? second = null;
            cluster.Gate.Arm(onAnswers: true, bytes, breaks: false, () => Task.WhenAny(second = IsAppendedAsync(other, halves[1]), Task.Delay(2_000)));
            bool[] appended = [await IsAppendedAsync(store, halves[0]), await second!];
            for (int i = 0; i < halves.Length; i++)
            {
                Assert.True(appended[i] || await IsAppendedAsync(store, halves[i]));
                refused += appended[i] ? 0 : 1;
            }

            Assert.False(cluster.Gate.IsArmed);
            await using ClickHouseStore reader = await cluster.OpenAsync(database);
            await AssertMovementsAsync(reader, movements);
            Assert.Equal(movements.Count, Assert.Single(await reader.CoverageAsync(CancellationToken.None)).Movements);
            Assert.Empty(await reader.CheckAsync(null, CancellationToken.None));
        }

        Assert.NotEqual(0, refused);

        static async Task<bool> IsAppendedAsync(ClickHouseStore to, FlowLoad half)
        {
            try
            {
                await to.AppendAsync(half, CancellationToken.None);
                return true;
            }
            catch (InputException fault) when (fault.Message.Contains("another program is writing", StringComparison.Ordinal))
            {
                return false;
            }
        }
    }

    [ClickHouseFact]
    public async Task The_turn_to_commit_is_waited_for_and_put_aside_when_whoever_has_it_is_gone()
    {
        string database = cluster.NewDatabase();
        await using ClickHouseStore store = await cluster.OpenAsync(database);
        IReadOnlyList<Movement> movements = RandomMovements.Make(27, Eth, 100, blocks: 4);
        FlowLoad[] halves = [.. movements.Chunk((movements.Count + 1) / 2).Select(static half => StoreAnswers.Record(half))];

        await cluster.RunAsync(0, $"CREATE TABLE {database}.committing (by_somebody UInt8) ENGINE = Memory");
        Task<FlowAppended> waiting = store.AppendAsync(halves[0], CancellationToken.None);
        Assert.NotSame(waiting, await Task.WhenAny(waiting, Task.Delay(3_000)));
        await cluster.RunAsync(0, $"DROP TABLE {database}.committing");
        await waiting;

        await cluster.RunAsync(0, $"CREATE TABLE {database}.committing (by_one_killed UInt8) ENGINE = Memory");
        store.Patience = TimeSpan.FromSeconds(1);
        await store.AppendAsync(halves[1], CancellationToken.None);
        Assert.Equal(
            "committing_by_one_killed\n",
            await cluster.RunAsync(0, $"SELECT name FROM system.tables WHERE database = '{database}' AND name LIKE 'committing%'"));
        await AssertMovementsAsync(store, movements);
        Assert.Empty(await store.CheckAsync(null, CancellationToken.None));
    }

    [Fact]
    public async Task A_server_that_stops_in_the_middle_of_an_answer_is_not_waited_for_for_ever()
    {
        await using LineServer server = new(static (client, line) => line.Length > 0
            ? Task.CompletedTask
            : client.SendRawAsync("HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 90\r\n\r\n"));
        string location = $"{server.BareAddress.Replace("tcp", "http", StringComparison.Ordinal)}/flowtracer?timeout=1";

        SourceException fault = await Assert.ThrowsAsync<SourceException>(() => ClickHouseStore.OpenAsync(location, create: false, CancellationToken.None));

        Assert.Contains("no answer in 1 seconds", fault.Message, StringComparison.Ordinal);
    }

    [ClickHouseFact]
    public async Task A_check_names_what_is_damaged()
    {
        string database = cluster.NewDatabase();
        await using ClickHouseStore store = await cluster.OpenAsync(database, isCluster: false);
        IReadOnlyList<Movement> movements = RandomMovements.Make(25, Eth, 100, blocks: 5);
        await store.AppendAsync(new FlowLoad(Eth, StoreAnswers.Origin, RandomMovements.Blocks(100, 5), movements), CancellationToken.None);
        Assert.Empty(await store.CheckAsync(null, CancellationToken.None));

        await DamageAsync("movements", "facts = reverse(facts)");
        await DamageAsync("touches", "sign = -sign");
        await DamageAsync("transactions", "step = step + 1");
        await cluster.RunAsync(0, $"INSERT INTO {database}.blocks SELECT chain, block + 7, load, hash, parent, time, answer FROM {database}.blocks WHERE block = 104");

        IReadOnlyList<string> faults = await store.CheckAsync(null, CancellationToken.None);
        Assert.Equal(
            [
                "block 111 of ethereum does not follow the one before it",
                "the last block of ethereum is not the one the journal has",
                $"the movement at {movements[0].Position} of ethereum is not what was stored",
                "load 1 from transfers.csv has other facts than were loaded",
                "the touches of load 1 do not fit its movements",
                "the transactions of load 1 do not fit its movements",
            ],
            faults);

        // The first row of a table, rewritten.
        async Task DamageAsync(string table, string change)
        {
            string columns = await cluster.RunAsync(0, $"SELECT name FROM system.columns WHERE database = '{database}' AND table = '{table}'");
            string name = change[..change.IndexOf(' ', StringComparison.Ordinal)];
            string value = change[(change.IndexOf('=', StringComparison.Ordinal) + 1)..];
            string[] read = [.. columns.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(column => column == name ? $"{value} AS changed" : column)];
            string order = table == "movements" ? "chain, block, tx_index, step" : read[0];
            await cluster.RunAsync(0, $"CREATE TABLE {database}.copy AS {database}.{table} ENGINE = Memory");
            await cluster.RunAsync(0, $"INSERT INTO {database}.copy SELECT {string.Join(", ", read)} FROM {database}.{table} ORDER BY {order} LIMIT 1");
            await cluster.RunAsync(0, $"INSERT INTO {database}.copy SELECT * FROM {database}.{table} ORDER BY {order} LIMIT 1, 1000000");
            await cluster.RunAsync(0, $"TRUNCATE TABLE {database}.{table}");
            await cluster.RunAsync(0, $"INSERT INTO {database}.{table} SELECT * FROM {database}.copy");
            await cluster.RunAsync(0, $"DROP TABLE {database}.copy");
        }
    }

    [ClickHouseFact]
    public async Task A_location_that_cannot_be_used_is_told_why_and_never_with_its_password()
    {
        string database = cluster.NewDatabase();
        SourceException password = await Assert.ThrowsAsync<SourceException>(() => OpenAsync(cluster.Location(database, password: "wrong-secret")));
        Assert.Contains("refused access", password.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", password.ToString(), StringComparison.Ordinal);

        InputException unknown = await Assert.ThrowsAsync<InputException>(
            () => OpenAsync(cluster.Location(database, isCluster: false, options: "cluster=elsewhere")));
        Assert.Contains("no cluster 'elsewhere'", unknown.Message, StringComparison.Ordinal);

        SourceException nobody = await Assert.ThrowsAsync<SourceException>(() => OpenAsync("http://tracer:secret@127.0.0.3:9/traces"));
        Assert.Contains("http://127.0.0.3:9", nobody.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", nobody.ToString(), StringComparison.Ordinal);

        InputException missing = await Assert.ThrowsAsync<InputException>(
            () => ClickHouseStore.OpenAsync(cluster.Location(database), create: false, CancellationToken.None));
        Assert.Contains("there is no such store", missing.Message, StringComparison.Ordinal);

        await (await cluster.OpenAsync(database)).DisposeAsync();
        await cluster.RunAsync(0, $"INSERT INTO {database}.schema_version VALUES (3)");
        InputException newer = await Assert.ThrowsAsync<InputException>(() => OpenAsync(cluster.Location(database)));
        Assert.Contains("version 3, newer than this program's 2", newer.Message, StringComparison.Ordinal);
    }

    private static Task<ClickHouseStore> OpenAsync(string location) => ClickHouseStore.OpenAsync(location, create: true, CancellationToken.None);

    private static async Task AssertMovementsAsync(ClickHouseStore store, IReadOnlyList<Movement> movements)
    {
        List<HistoryRequest> requests = StoreAnswers.RequestsFor(movements);
        IReadOnlyList<History> given = await store.ReadAsync(requests, CancellationToken.None);
        IReadOnlyList<History> expected = await new RecordedSource(movements, []).ReadAsync(requests, CancellationToken.None);
        Assert.Equal(
            expected.Select(static history => string.Join(' ', history.Movements.Select(StoreAnswers.Text))),
            given.Select(static history => string.Join(' ', history.Movements.Select(StoreAnswers.Text))));
    }
}
