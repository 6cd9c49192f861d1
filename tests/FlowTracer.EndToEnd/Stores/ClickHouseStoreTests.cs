using System.Numerics;
using FlowTracer.Chains.Recorded;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Store.ClickHouse;
using FlowTracer.Testing;

namespace FlowTracer.EndToEnd.Stores;

/// <summary>What a store in ClickHouse answers: on a cluster of two shards, and on one server alone.</summary>
public sealed class ClickHouseStoreTests(ClickHouseCluster cluster) : IClassFixture<ClickHouseCluster>
{
    private static readonly ChainId Eth = ChainId.Ethereum;
    private static readonly FlowOrigin Node = new("http://node", new string('b', 64));

    [ClickHouseFact]
    public async Task The_ronin_record_is_answered_as_the_record_itself_is()
    {
        const string path = "fixtures/ethereum/ronin-2022/transfers.csv";
        IReadOnlyList<Movement> movements = TransfersCsv.Read(await File.ReadAllBytesAsync(Repository.PathOf(path)), path);
        await using ClickHouseStore store = await cluster.OpenAsync(cluster.NewDatabase());

        Assert.Equal(new FlowAppended(movements.Count, 0), await store.AppendAsync(StoreAnswers.Record(movements), CancellationToken.None));

        await StoreAnswers.AssertSameAsync(new RecordedSource(movements, []), store, movements);
        Assert.Empty(await store.CheckAsync(null, CancellationToken.None));
        Assert.NotEqual("0\n", await cluster.RunAsync(0, $"SELECT count() FROM {DatabaseOf(store)}.touches_local"));
        Assert.NotEqual("0\n", await cluster.RunAsync(1, $"SELECT count() FROM {DatabaseOf(store)}.touches_local"));
    }

    [ClickHouseFact]
    public async Task The_program_traces_from_a_cluster_what_it_traces_from_the_record()
    {
        const string path = "fixtures/ethereum/ronin-2022/transfers.csv";
        IReadOnlyList<Movement> movements = TransfersCsv.Read(await File.ReadAllBytesAsync(Repository.PathOf(path)), path);
        string database = cluster.NewDatabase();
        await using ClickHouseStore store = await cluster.OpenAsync(database);
        await store.AppendAsync(StoreAnswers.Record(movements), CancellationToken.None);
        using Program program = new();

        ProgramResult record = await program.RunAsync(["trace", "ronin-bridge-2022", "--json"]);
        ProgramResult kept = await program.RunAsync(["trace", "ronin-bridge-2022", "--json", "--store", cluster.Location(database)]);

        Assert.NotEmpty(record.Expect(0).Output);
        Assert.Equal(record.Output, kept.Expect(0).Output);
        await cluster.Second.KillAsync();
        ProgramResult broken = await program.RunAsync(["trace", "ronin-bridge-2022", "--store", cluster.Location(database)]);
        await cluster.Second.StartAsync();
        Assert.Contains(cluster.Second.Host, broken.Expect(3).Error, StringComparison.Ordinal);
        Assert.DoesNotContain("pass", broken.Error, StringComparison.Ordinal);
    }

    [ClickHouseFact]
    public async Task Random_ledgers_of_both_chains_in_several_loads_are_answered_as_records_are()
    {
        for (int number = 0; number < 4; number++)
        {
            await using ClickHouseStore store = await cluster.OpenAsync(cluster.NewDatabase(), isCluster: number % 2 == 0);
            foreach (ChainId chain in (ChainId[])[Eth, ChainId.Bitcoin])
            {
                // A block of 40 transactions has a coinbase with fees too large to stand with each of its holders.
                IReadOnlyList<Movement> movements = RandomMovements.Make(number, chain, 100, blocks: 8, perBlock: number == 0 ? 40 : 7);
                foreach (Movement[] part in movements.Chunk((movements.Count / 3) + 1))
                {
                    Assert.Equal(new FlowAppended(part.Length, 0), await store.AppendAsync(StoreAnswers.Record(part), CancellationToken.None));
                }

                await StoreAnswers.AssertSameAsync(new RecordedSource(movements, []), store, movements);
            }

            Assert.Empty(await store.CheckAsync(null, CancellationToken.None));
        }
    }

    [ClickHouseFact]
    public async Task A_frontier_is_one_request_however_many_holders_it_has()
    {
        IReadOnlyList<Movement> movements = RandomMovements.Make(7, ChainId.Bitcoin, 100, blocks: 100, perBlock: 20);
        await using ClickHouseStore store = await cluster.OpenAsync(cluster.NewDatabase());
        await store.AppendAsync(StoreAnswers.Record(movements), CancellationToken.None);
        List<HistoryRequest> requests = StoreAnswers.RequestsFor(movements);
        await store.ReadAsync(requests[..1], CancellationToken.None);

        long before = store.RoundTrips;
        IReadOnlyList<History> histories = await store.ReadAsync(requests, CancellationToken.None);

        Assert.True(requests.Count > 10_000, $"only {requests.Count}");
        Assert.Equal(1, store.RoundTrips - before);
        Assert.Equal(
            (await new RecordedSource(movements, []).ReadAsync(requests, CancellationToken.None)).Select(StoreAnswers.Text),
            histories.Select(StoreAnswers.Text));
    }

    [ClickHouseFact]
    public async Task A_load_repeated_in_whole_in_part_or_from_elsewhere_changes_nothing()
    {
        IReadOnlyList<Movement> movements = RandomMovements.Make(5, Eth, 100, blocks: 10);
        await using ClickHouseStore store = await cluster.OpenAsync(cluster.NewDatabase());
        await store.AppendAsync(StoreAnswers.Record(movements), CancellationToken.None);

        Movement[] part = [.. movements.Skip(3).Take(20)];
        Assert.Equal(new FlowAppended(0, movements.Count), await store.AppendAsync(StoreAnswers.Record(movements), CancellationToken.None));
        Assert.Equal(new FlowAppended(0, 20), await store.AppendAsync(StoreAnswers.Record(part), CancellationToken.None));
        Assert.Equal(new FlowAppended(0, 20), await store.AppendAsync(StoreAnswers.Record(part, "copy.csv"), CancellationToken.None));

        await StoreAnswers.AssertSameAsync(new RecordedSource(movements, []), store, movements);
        Assert.Equal(movements.Count, Assert.Single(await store.CoverageAsync(CancellationToken.None)).Movements);
        Assert.Empty(await store.CheckAsync(null, CancellationToken.None));
    }

    [ClickHouseFact]
    public async Task Other_facts_at_a_place_are_refused_with_the_transaction_and_both_origins()
    {
        Movement first = Pay(5, 1, 2, 10);
        await using ClickHouseStore store = await cluster.OpenAsync(cluster.NewDatabase());
        await store.AppendAsync(StoreAnswers.Record([first, Pay(6, 2, 3, 1)], "one.csv"), CancellationToken.None);

        InputException fault = await Assert.ThrowsAsync<InputException>(() =>
            store.AppendAsync(StoreAnswers.Record([Pay(4, 1, 2, 7), Pay(5, 1, 2, 11)], "two.csv"), CancellationToken.None));

        Assert.Contains(first.Tx!.Value.ToString(), fault.Message, StringComparison.Ordinal);
        Assert.Contains("from one.csv, than in two.csv", fault.Message, StringComparison.Ordinal);
        Assert.Empty(await store.FindTransactionAsync(Eth, Pay(4, 1, 2, 7).Tx!.Value, CancellationToken.None));
    }

    [ClickHouseFact]
    public async Task With_blocks_histories_are_complete_and_balances_follow_from_openings()
    {
        await using ClickHouseStore store = await cluster.OpenAsync(cluster.NewDatabase());
        FlowLoad load = new(Eth, Node, RandomMovements.Blocks(10, 5), [Pay(11, 1, 2, 30), Pay(12, 2, 3, 5), Pay(13, 1, 2, 1)])
        {
            Openings = [new FlowOpening(Of(1), 100)],
        };
        await store.AppendAsync(load, CancellationToken.None);

        IReadOnlyList<History> histories = await store.ReadAsync(
            [
                new HistoryRequest(Of(1), new Position(12, 0, 0), Direction.Forward),
                new HistoryRequest(Of(1), new Position(12, 0, 0), Direction.Backward),
                new HistoryRequest(Of(2), new Position(12, 0, 0), Direction.Forward),
                new HistoryRequest(Of(9), new Position(12, 0, 0), Direction.Forward),
            ],
            CancellationToken.None);

        // Account 1: 100 - 30 before block 12, then -1.
        Coverage all = new(true, RandomMovements.TimeOf(14), "all of blocks 10 to 14");
        Assert.Equal(((BigInteger?)70, (BigInteger?)69, 1, all), Figures(histories[0]));
        Assert.Equal(((BigInteger?)70, (BigInteger?)100, 1, all), Figures(histories[1]));
        Assert.Equal((null, null, 2, all), Figures(histories[2]));
        Assert.Equal((null, null, 0, all), Figures(histories[3]));
    }

    [ClickHouseFact]
    public async Task From_the_first_block_of_a_chain_on_nobody_had_anything_before()
    {
        await using ClickHouseStore store = await cluster.OpenAsync(cluster.NewDatabase());
        await store.AppendAsync(new FlowLoad(Eth, Node, RandomMovements.Blocks(0, 3), [Pay(1, 1, 2, 30)]), CancellationToken.None);

        History history = (await store.ReadAsync([new HistoryRequest(Of(2), Position.Start, Direction.Forward)], CancellationToken.None))[0];

        Assert.Equal(((BigInteger?)0, (BigInteger?)30, 1, new Coverage(true, RandomMovements.TimeOf(2), "all of blocks 0 to 2")), Figures(history));
    }

    [ClickHouseFact]
    public async Task A_coin_is_complete_where_the_store_has_what_made_it()
    {
        ChainId btc = ChainId.Bitcoin;
        TxHash tx = RandomMovements.Blocks(77, 1)[0].Hash;
        Holder old = Holder.Output(btc, new OutPoint(RandomMovements.Blocks(78, 1)[0].Hash, 1), default);
        Holder made = Holder.Output(btc, new OutPoint(tx, 0), default);
        Movement spend = Movement.Create(
            MovementKind.Transaction, Grade.Recorded, new Position(21, 1, 1), default, tx, "", [new Leg(old, 50)], [new Leg(made, 45)]);
        await using ClickHouseStore store = await cluster.OpenAsync(cluster.NewDatabase());
        await store.AppendAsync(new FlowLoad(btc, Node, RandomMovements.Blocks(20, 3), [spend]), CancellationToken.None);

        IReadOnlyList<History> histories = await store.ReadAsync(
            [
                new HistoryRequest(made, Position.Start, Direction.Forward), new HistoryRequest(made, Position.End, Direction.Forward),
                new HistoryRequest(old, Position.Start, Direction.Forward), new HistoryRequest(Holder.FeeOf(btc, tx), Position.Start, Direction.Forward),
            ],
            CancellationToken.None);

        Coverage all = new(true, RandomMovements.TimeOf(22), "all of blocks 20 to 22");
        Assert.Equal(((BigInteger?)0, (BigInteger?)45, 1, all), Figures(histories[0]));
        Assert.Equal(((BigInteger?)45, (BigInteger?)45, 0, all), Figures(histories[1]));
        Assert.Equal((null, null, 1, new Coverage(false, null, "the store, which begins with block 20, does not have what made it")), Figures(histories[2]));
        Assert.Equal(((BigInteger?)0, (BigInteger?)5, 1, all), Figures(histories[3]));
    }

    [ClickHouseFact]
    public async Task Blocks_follow_each_other_or_are_refused()
    {
        await using ClickHouseStore store = await cluster.OpenAsync(cluster.NewDatabase());
        await store.AppendAsync(new FlowLoad(Eth, Node, RandomMovements.Blocks(10, 5), []), CancellationToken.None);

        foreach ((string expected, FlowLoad load) in (IEnumerable<(string, FlowLoad)>)
            [
                ("does not follow block 14", new FlowLoad(Eth, Node, RandomMovements.Blocks(16, 2), [])),
                ("has another parent than block 14", new FlowLoad(Eth, Node, RandomMovements.Blocks(15, 2, "b", "b"), [])),
                ("roll back first", new FlowLoad(Eth, Node, RandomMovements.Blocks(13, 1, "b"), [])),
                ("does not follow block 15", new FlowLoad(Eth, Node, [.. RandomMovements.Blocks(15, 1), .. RandomMovements.Blocks(17, 1)], [])),
            ])
        {
            InputException fault = await Assert.ThrowsAsync<InputException>(() => store.AppendAsync(load, CancellationToken.None));
            Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        }

        await store.AppendAsync(new FlowLoad(Eth, Node, RandomMovements.Blocks(13, 4), []), CancellationToken.None);
        FlowCoverage coverage = Assert.Single(await store.CoverageAsync(CancellationToken.None));
        Assert.Equal((RandomMovements.Blocks(10, 1)[0], RandomMovements.Blocks(16, 1, "", "")[0]), (coverage.First, coverage.Last));
        Assert.Equal(RandomMovements.Blocks(12, 1)[0], await store.BlockAsync(Eth, 12, CancellationToken.None));
        Assert.Null(await store.BlockAsync(Eth, 17, CancellationToken.None));
        Assert.Empty(await store.CheckAsync(null, CancellationToken.None));
    }

    [ClickHouseFact]
    public async Task A_time_is_the_first_block_at_or_after_it()
    {
        await using ClickHouseStore store = await cluster.OpenAsync(cluster.NewDatabase());
        Assert.Null(await store.PositionAtAsync(Eth, 0, CancellationToken.None));
        await using ClickHouseStore later = await cluster.OpenAsync(DatabaseOf(store));
        await later.AppendAsync(new FlowLoad(Eth, Node, RandomMovements.Blocks(10, 5), []), CancellationToken.None);

        Assert.Equal(new Position(10, 0, 0), await later.PositionAtAsync(Eth, 0, CancellationToken.None));
        Assert.Equal(new Position(12, 0, 0), await later.PositionAtAsync(Eth, RandomMovements.TimeOf(12), CancellationToken.None));
        Assert.Equal(new Position(13, 0, 0), await later.PositionAtAsync(Eth, RandomMovements.TimeOf(12) + 1, CancellationToken.None));
        Assert.Equal(new Position(15, 0, 0), await later.PositionAtAsync(Eth, RandomMovements.TimeOf(15), CancellationToken.None));

        // Who has begun to read sees none of it.
        Assert.Null(await store.PositionAtAsync(Eth, 0, CancellationToken.None));
    }

    [ClickHouseFact]
    public async Task Origins_are_named_and_stay_unfinished_until_the_last_part()
    {
        await using ClickHouseStore store = await cluster.OpenAsync(cluster.NewDatabase());
        FlowLoad first = StoreAnswers.Record([Pay(5, 1, 2, 10)], "one.csv") with { HasMore = true };
        await store.AppendAsync(first, CancellationToken.None);
        Assert.Equal(first.Origin, Assert.Single(Assert.Single(await store.CoverageAsync(CancellationToken.None)).Unfinished));

        await store.AppendAsync(first with { Movements = [Pay(6, 1, 2, 10)], HasMore = false }, CancellationToken.None);
        await store.AppendAsync(StoreAnswers.Record([Pay(7, 1, 2, 10)], "two.csv"), CancellationToken.None);

        Assert.Empty(Assert.Single(await store.CoverageAsync(CancellationToken.None)).Unfinished);
        Assert.Equal(["one.csv"], (await store.OriginsOfAsync(Eth, Pay(6, 1, 2, 10).Tx!.Value, CancellationToken.None)).Select(static origin => origin.Source));
        Assert.Equal(["two.csv"], (await store.OriginsOfAsync(Eth, Pay(7, 1, 2, 10).Tx!.Value, CancellationToken.None)).Select(static origin => origin.Source));
        Assert.Empty(await store.OriginsOfAsync(Eth, Pay(8, 1, 2, 10).Tx!.Value, CancellationToken.None));
    }

    [ClickHouseFact]
    public async Task What_is_rolled_back_is_gone_and_can_be_loaded_again()
    {
        IReadOnlyList<Movement> movements = RandomMovements.Make(8, Eth, 100, blocks: 20);
        Movement[] kept = [.. movements.Where(static movement => movement.Position.Block <= 109)];
        FlowLoad load = new(Eth, Node, RandomMovements.Blocks(100, 20), movements) { Openings = [new FlowOpening(Of(1), 7)] };
        await using ClickHouseStore store = await cluster.OpenAsync(cluster.NewDatabase());
        await store.AppendAsync(load, CancellationToken.None);
        await using ClickHouseStore early = await cluster.OpenAsync(DatabaseOf(store));
        await AssertHasAsync(early, load, 119, movements);

        await store.RollBackAsync(Eth, 109, CancellationToken.None);

        await AssertHasAsync(store, load, 109, kept);
        await AssertHasAsync(early, load, 119, movements);
        await store.CleanUpAsync(seconds: 0, CancellationToken.None);
        await MutationsAsync(DatabaseOf(store));
        Assert.Equal($"{kept.Length}\n", await cluster.RunAsync(0, $"SELECT count() FROM {DatabaseOf(store)}.movements"));
        await AssertHasAsync(store, load, 109, kept);

        // Rows that an early reader counted are gone: it has to see the newer state.
        await AssertHasAsync(early, load, 109, kept);
        Assert.Equal(new FlowAppended(movements.Count - kept.Length, kept.Length), await store.AppendAsync(load, CancellationToken.None));
        await AssertHasAsync(store, load, 119, movements);

        InputException mixed = await Assert.ThrowsAsync<InputException>(
            () => store.AppendAsync(StoreAnswers.Record(movements), CancellationToken.None));
        Assert.Contains("into a store of its own", mixed.Message, StringComparison.Ordinal);

        await store.RollBackAsync(Eth, null, CancellationToken.None);
        Assert.Equal(new FlowCoverage(Eth, null, null, 0, []), Assert.Single(await store.CoverageAsync(CancellationToken.None)) with { Unfinished = [] });
        Assert.Empty(await store.CheckAsync(null, CancellationToken.None));
    }

    [ClickHouseFact]
    public async Task Names_of_tokens_stay_as_first_told_and_an_older_store_gets_their_table()
    {
        Asset[] tokens = [.. Enumerable.Range(1, 3).Select(static number => Asset.Token(RandomMovements.Account(Eth, number)))];
        TokenName[] told = [new(tokens[0], "ONE 😀", 18), new(tokens[1], null, 6)];
        FlowLoad load = new(Eth, Node, RandomMovements.Blocks(10, 2), [Pay(11, 1, 2, 30)]);
        string database = cluster.NewDatabase();
        await using (ClickHouseStore store = await cluster.OpenAsync(database))
        {
            await store.AppendAsync(load, CancellationToken.None);
        }

        // As version 1 left it.
        foreach (int shard in (int[])[0, 1])
        {
            await cluster.RunAsync(shard, $"DROP TABLE {database}.tokens");
            await cluster.RunAsync(shard, $"DROP TABLE {database}.tokens_local");
            await cluster.RunAsync(shard, $"TRUNCATE TABLE {database}.schema_version");
            await cluster.RunAsync(shard, $"INSERT INTO {database}.schema_version VALUES (1)");
        }

        await using (ClickHouseStore reader = await ClickHouseStore.OpenAsync(cluster.Location(database), create: false, CancellationToken.None))
        {
            Assert.Empty(await reader.NamesOfAsync(tokens, CancellationToken.None));
            Assert.Single(await reader.FindTransactionAsync(Eth, load.Movements[0].Tx!.Value, CancellationToken.None));
        }

        await using ClickHouseStore writer = await cluster.OpenAsync(database);
        await writer.AppendAsync(new FlowLoad(Eth, Node, RandomMovements.Blocks(12, 1), []) { Names = told }, CancellationToken.None);
        await writer.AppendAsync(
            new FlowLoad(Eth, Node, RandomMovements.Blocks(13, 1), []) { Names = [new TokenName(tokens[0], "OTHER", 1)] }, CancellationToken.None);
        await writer.RollBackAsync(Eth, 11, CancellationToken.None);
        await using ClickHouseStore again = await ClickHouseStore.OpenAsync(cluster.Location(database), create: false, CancellationToken.None);
        Assert.Equal(told, (await again.NamesOfAsync(tokens, CancellationToken.None)).OrderBy(static name => name.Token));
        Assert.Equal("2\n", await cluster.RunAsync(1, $"SELECT max(version) FROM {database}.schema_version"));
        Assert.Equal(11UL, Assert.Single(await again.CoverageAsync(CancellationToken.None)).Last!.Number);
    }

    private async Task MutationsAsync(string database)
    {
        for (int shard = 0; shard < 2; shard++)
        {
            while (await cluster.RunAsync(shard, $"SELECT count() FROM system.mutations WHERE database = '{database}' AND is_done = 0") != "0\n")
            {
                await Task.Delay(50);
            }
        }
    }

    private static async Task AssertHasAsync(ClickHouseStore store, FlowLoad load, ulong last, IReadOnlyList<Movement> movements)
    {
        List<HistoryRequest> requests = StoreAnswers.RequestsFor(load.Movements);
        IReadOnlyList<History> expected = await new RecordedSource(movements, []).ReadAsync(requests, CancellationToken.None);
        IReadOnlyList<History> given = await store.ReadAsync(requests, CancellationToken.None);
        Assert.Equal(
            expected.Select(static history => string.Join(' ', history.Movements.Select(StoreAnswers.Text))),
            given.Select(static history => string.Join(' ', history.Movements.Select(StoreAnswers.Text))));
        Assert.All(given, history => Assert.Equal($"all of blocks 100 to {last}", history.Coverage.Text));
        BigInteger told = 7 + movements.NetOf(Of(1));
        Assert.All(
            given.Where(static history => history.Request.Holder == Of(1) && history.Request.Direction == Direction.Forward),
            history => Assert.Equal(told, history.Closing));
        FlowCoverage coverage = Assert.Single(await store.CoverageAsync(CancellationToken.None));
        Assert.Equal((last, (long)movements.Count), (coverage.Last!.Number, coverage.Movements));
        Assert.Empty(await store.CheckAsync(null, CancellationToken.None));
    }

    private static string DatabaseOf(ClickHouseStore store) => ClickHouseAddress.Parse(store.Name).Database;

    private static (BigInteger? Opening, BigInteger? Closing, int Movements, Coverage Coverage) Figures(History history) =>
        (history.Opening, history.Closing, history.Movements.Count, history.Coverage);

    private static Holder Of(int account) => Holder.Account(RandomMovements.Account(Eth, account), Asset.Coin(Eth));

    private static Movement Pay(ulong block, int from, int to, ulong amount) => Movement.Create(
        MovementKind.External, Grade.Recorded, new Position(block, 0, 1), new Stamp(block, null, 0, RandomMovements.TimeOf(block)),
        RandomMovements.Blocks(block, 1, "tx")[0].Hash, "test", [new Leg(Of(from), amount)], [new Leg(Of(to), amount)]);
}
