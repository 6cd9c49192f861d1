using FlowTracer.Chains.Recorded;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Store.Sqlite;
using FlowTracer.Tests.Properties;
using FlowTracer.Tests.Tracing;
using Microsoft.Data.Sqlite;

namespace FlowTracer.Tests.Stores;

/// <summary>The store in one file, against the record it was filled from.</summary>
public sealed class SqliteStoreTests : StoreFileTests
{
    [Fact]
    public async Task The_Ronin_record_comes_out_as_it_went_in()
    {
        IReadOnlyList<Movement> record = Ronin();
        await FillAsync(record, 100);

        await using SqliteStore store = SqliteStore.Open(File, create: false);
        Assert.Equal(await StoreFacts.Answers(new RecordedSource(record, []), record), await StoreFacts.Answers(store, record));
        Assert.Empty(await store.CheckAsync(null, default));
        FlowCoverage covered = Assert.Single(await store.CoverageAsync(default));
        Assert.Equal((ChainId.Ethereum, null, (long)record.Count), (covered.Chain, covered.Last, covered.Movements));
        Assert.Empty(covered.Unfinished);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Random_ledgers_come_out_as_they_went_in(bool isBitcoin)
    {
        int number = 0;
        void Check(LedgerCase ledger) => CheckAsync(new EngineRunner(ledger.Case).Movements, $"{number++}.db").GetAwaiter().GetResult();
        if (isBitcoin)
        {
            LedgerCases.CheckChains(60, Check);
        }
        else
        {
            LedgerCases.Check(60, Check);
        }

        async Task CheckAsync(IReadOnlyList<Movement> movements, string name)
        {
            if (movements.Count == 0)
            {
                return;
            }

            await using SqliteStore store = SqliteStore.Open(PathOf(name), create: true);
            foreach (FlowLoad load in StoreFacts.Loads(movements, 3, StoreFacts.Origin(name)))
            {
                await store.AppendAsync(load, default);
            }

            Assert.Equal(await StoreFacts.Answers(new RecordedSource(movements, []), movements), await StoreFacts.Answers(store, movements));
            Assert.Empty(await store.CheckAsync(null, default));
        }
    }

    [Fact]
    public async Task A_load_repeated_changes_nothing()
    {
        IReadOnlyList<Movement> record = Ronin();
        await FillAsync(record, 500);
        string before = Dump();
        await using SqliteStore store = SqliteStore.Open(File, create: false);
        foreach (FlowLoad load in StoreFacts.Loads(record, 333, StoreFacts.Origin("ronin")))
        {
            Assert.Equal(new FlowAppended(0, load.Movements.Count), await store.AppendAsync(load, default));
        }

        Assert.Equal(before, Dump());
    }

    [Fact]
    public async Task A_part_that_is_missing_is_told_until_it_comes()
    {
        FlowLoad[] loads = [.. StoreFacts.Loads(Ronin(), 1000, StoreFacts.Origin("ronin"))];
        await using SqliteStore store = SqliteStore.Open(File, create: true);
        await store.AppendAsync(loads[0], default);
        Assert.Equal(StoreFacts.Origin("ronin"), Assert.Single(Assert.Single(await store.CoverageAsync(default)).Unfinished));
        foreach (FlowLoad load in loads)
        {
            await store.AppendAsync(load, default);
        }

        Assert.Empty(Assert.Single(await store.CoverageAsync(default)).Unfinished);
        Assert.Empty(await store.CheckAsync(null, default));
    }

    [Fact]
    public async Task Other_facts_of_a_transaction_are_refused_and_change_nothing()
    {
        IReadOnlyList<Movement> record = Ronin();
        await FillAsync(record, 5000);
        string before = Dump();
        Movement first = record.First(movement => movement.Tx is not null && movement.Kind == MovementKind.External);
        Movement other = Movement.Create(
            first.Kind, first.Grade, first.Position, first.Stamp, first.Tx, first.Source,
            [first.Inputs[0] with { Amount = first.Inputs[0].Amount + Amount.One }], [first.Outputs[0] with { Amount = first.Outputs[0].Amount + Amount.One }]);
        await using SqliteStore store = SqliteStore.Open(File, create: false);

        InputException refused = await Assert.ThrowsAsync<InputException>(
            () => store.AppendAsync(new FlowLoad(ChainId.Ethereum, StoreFacts.Origin("other"), [], [record[^1], other]), default));

        Assert.Equal(
            $"{File}: transaction 0x{first.Tx} has other facts there, from file ronin, than in file other: import files that tell of the same transactions together",
            refused.Message);
        Assert.Equal(before, Dump());
    }

    [Fact]
    public async Task Blocks_rolled_back_leave_the_file_as_if_they_had_never_come()
    {
        // Block n holds one payment of n + 1 wei from account n to account n + 1: what each has is told by hand.
        await using SqliteStore store = SqliteStore.Open(File, create: true);
        await store.AppendAsync(Paying(0, 9), default);
        string ten = Rows();
        await store.AppendAsync(Paying(10, 19), default);
        Assert.Equal([], await store.CheckAsync(null, default));
        History history = (await store.ReadAsync([new HistoryRequest(Account(11), Position.Start, Direction.Forward)], default))[0];
        Assert.Equal((0, -1), (history.Opening, history.Closing));
        Assert.True(history.Coverage.IsComplete);
        Assert.Equal(StoreFacts.FirstTime + (19 * 12), history.Coverage.UpToTimeSeconds);

        await store.RollBackAsync(ChainId.Ethereum, 9, default);

        Assert.Equal(ten, Rows());
        Assert.Equal([], await store.CheckAsync(null, default));
        history = (await store.ReadAsync([new HistoryRequest(Account(10), Position.Start, Direction.Forward)], default))[0];
        Assert.Equal(10, history.Closing);
        await store.AppendAsync(Paying(10, 12, fork: 1), default);
        Assert.Equal(StoreFacts.Hash(12, 1), Assert.Single(await store.CoverageAsync(default)).Last!.Hash);
        await store.RollBackAsync(ChainId.Ethereum, null, default);
        Assert.Null(Assert.Single(await store.CoverageAsync(default)).Last);
    }

    [Fact]
    public async Task Blocks_that_do_not_follow_are_refused()
    {
        await using SqliteStore store = SqliteStore.Open(File, create: true);
        await store.AppendAsync(Paying(5, 9), default);
        Assert.Contains("block 11 does not follow block 9", await Refused(store, Paying(11, 12)), StringComparison.Ordinal);
        Assert.Contains("another parent than block 9", await Refused(store, Paying(10, 12) with { Blocks = StoreFacts.Blocks(10, 12).SetItem(0, StoreFacts.Blocks(10, 10)[0] with { Parent = StoreFacts.Hash(9, 1) }) }), StringComparison.Ordinal);
        Assert.Contains("block 9 of ethereum is 0x", await Refused(store, Paying(9, 10, fork: 1)), StringComparison.Ordinal);
        Assert.Contains("is a record: import it into a store of its own", await Refused(store, Paying(10, 10) with { Blocks = [] }), StringComparison.Ordinal);
        Assert.Equal(new FlowAppended(1, 5), await store.AppendAsync(Paying(5, 10), default));
    }

    [Fact]
    public async Task What_a_holder_had_before_the_first_block_is_what_was_told()
    {
        await using SqliteStore store = SqliteStore.Open(File, create: true);
        await store.AppendAsync(Paying(5, 9) with { Openings = [new FlowOpening(Account(5), 100)] }, default);
        IReadOnlyList<History> histories = await store.ReadAsync(
            [
                new HistoryRequest(Account(5), Position.Start, Direction.Forward), new HistoryRequest(Account(6), Position.Start, Direction.Forward),
                new HistoryRequest(Account(5), Position.End, Direction.Backward),
            ],
            default);

        // Account 5 had 100 and gave 6 in block 5; of account 6 nobody told anything.
        Assert.Equal((100, 94), (histories[0].Opening, histories[0].Closing));
        Assert.Equal((null, null), (histories[1].Opening, histories[1].Closing));
        Assert.Equal((94, 100), (histories[2].Opening, histories[2].Closing));
    }

    [Theory]
    [InlineData("UPDATE transactions SET body = CAST(substr(body, 1, length(body) - 1) || x'07' AS BLOB) WHERE block = 7", "are not the 5 that were stored")]
    [InlineData("UPDATE transactions SET hash = randomblob(32) WHERE block = 7", "are not the 5 that were stored")]
    [InlineData("UPDATE transactions SET body = x'01' WHERE block = 7", "the transaction at 7/0/1 cannot be read")]
    [InlineData("UPDATE transactions SET block = 77 WHERE block = 7", "1 transactions of blocks that are not there")]
    [InlineData("DELETE FROM transactions WHERE block = 7", "are not the 5 that were stored")]
    [InlineData("UPDATE transactions SET origin = 99", "5 transactions of no origin")]
    [InlineData("DELETE FROM chunks WHERE run = (SELECT id FROM runs WHERE name = 'hash')", "the index by hash: a run has 0 entries up to 0, and should have 5 up to 5")]
    [InlineData("DELETE FROM runs WHERE name = 'hash'", "1 chunks of no index")]
    [InlineData("DELETE FROM runs WHERE name = 'address'", "the index by address has 0 entries where there should be 6")]
    [InlineData("UPDATE chunks SET pairs = CAST(substr(pairs, 1, length(pairs) - 1) || x'01' AS BLOB) WHERE run = (SELECT id FROM runs WHERE name = 'holder')", "the index by holder: a chunk does not end with the entry it is filed under")]
    [InlineData("UPDATE chunks SET value = 6, pairs = CAST(substr(pairs, 1, length(pairs) - 1) || x'06' AS BLOB) WHERE run = (SELECT id FROM runs WHERE name = 'hash'); UPDATE runs SET last = 6 WHERE name = 'hash'", "the index by hash leads elsewhere than it should")]
    [InlineData("UPDATE addresses SET key = x'01' WHERE id = 3", "a holder cannot be read")]
    [InlineData("DELETE FROM addresses WHERE id = 3", "1 holders of no address")]
    [InlineData("UPDATE blocks SET first = 4 WHERE number >= 7", "1 transactions before the first of their block")]
    [InlineData("UPDATE blocks SET first = 2 WHERE number = 7", "1 blocks that begin after the next")]
    [InlineData("DELETE FROM blocks WHERE number = 7", "1 blocks that do not follow the one before")]
    public async Task Damage_is_found(string damage, string found)
    {
        await using (SqliteStore store = SqliteStore.Open(File, create: true))
        {
            await store.AppendAsync(Paying(5, 9), default);
        }

        Run(damage);
        await using SqliteStore damaged = SqliteStore.Open(File, create: false);
        Assert.Contains(await damaged.CheckAsync(null, default), fault => fault.Contains(found, StringComparison.Ordinal));
    }

    // One movement, external and recorded, of text 1: and then 2^31-1 legs, three givers of two legs, nothing, an amount of 33 bytes, a holder
    // that is none.
    [Theory]
    [InlineData("021101ffffffff0701")]
    [InlineData("0211010203")]
    [InlineData("02")]
    [InlineData("021101000102210000")]
    [InlineData("0211010001ff7f0101")]
    [InlineData("02ff01000102ff01")]
    public async Task A_body_that_was_not_written_so_is_damage_and_no_bug(string body)
    {
        await using (SqliteStore store = SqliteStore.Open(File, create: true))
        {
            await store.AppendAsync(Paying(5, 9), default);
        }

        Run($"UPDATE transactions SET body = x'{body}'");
        await using SqliteStore damaged = SqliteStore.Open(File, create: false);
        SourceException fault = await Assert.ThrowsAsync<SourceException>(() =>
            damaged.ReadAsync([new HistoryRequest(Account(5), Position.Start, Direction.Forward)], default));
        Assert.Contains("the store is damaged", fault.Message, StringComparison.Ordinal);
        Assert.NotEmpty(await damaged.CheckAsync(null, default));
    }

    [Fact]
    public async Task What_was_told_of_holders_goes_with_the_last_block()
    {
        await using SqliteStore store = SqliteStore.Open(File, create: true);
        await store.AppendAsync(Paying(5, 9) with { Openings = [new FlowOpening(Account(5), 100)] }, default);
        await store.RollBackAsync(ChainId.Ethereum, null, default);
        await store.AppendAsync(Paying(6, 9), default);
        History history = Assert.Single(await store.ReadAsync([new HistoryRequest(Account(5), Position.Start, Direction.Forward)], default));
        Assert.Null(history.Opening);
    }

    [Fact]
    public async Task Files_that_are_no_store_are_refused_with_a_reason()
    {
        Assert.Equal($"{File}: there is no such store: import or ingest something first", Assert.Throws<InputException>(() => SqliteStore.Open(File, create: false)).Message);
        Run("CREATE TABLE other(a)");
        Assert.Equal($"{File}: a database of another program, not a store", Assert.Throws<InputException>(() => SqliteStore.Open(File, create: true)).Message);
        System.IO.File.Delete(File);
        await SqliteStore.Open(File, create: true).DisposeAsync();
        Run("PRAGMA user_version = 7");
        Assert.Contains("a store of version 7", Assert.Throws<InputException>(() => SqliteStore.Open(File, create: true)).Message, StringComparison.Ordinal);
        await System.IO.File.WriteAllTextAsync(File, new string('x', 5000));
        Assert.Equal($"{File}: not a store", Assert.Throws<InputException>(() => SqliteStore.Open(File, create: true)).Message);
    }

    [Fact]
    public async Task Two_writers_do_not_write_at_once_and_a_reader_sees_one_state()
    {
        await using SqliteStore reader = SqliteStore.Open(File, create: true);
        await reader.AppendAsync(Paying(0, 3), default);
        Assert.Equal(3UL, Assert.Single(await reader.CoverageAsync(default)).Last!.Number);
        await using SqliteStore writer = SqliteStore.Open(File, create: false);
        await writer.AppendAsync(Paying(4, 5), default);
        Assert.Equal(3UL, Assert.Single(await reader.CoverageAsync(default)).Last!.Number);

        using SqliteConnection other = new($"Data Source={File};Pooling=False");
        await other.OpenAsync();
        using SqliteCommand begin = other.CreateCommand();
        begin.CommandText = "BEGIN IMMEDIATE";
        await begin.ExecuteNonQueryAsync();
        SourceException busy = await Assert.ThrowsAsync<SourceException>(() => writer.AppendAsync(Paying(6, 6), default));
        Assert.Equal($"{File}: appending: another program is writing to it; try again when that is done", busy.Message);
    }

    private static IReadOnlyList<Movement> Ronin()
    {
        string path = TestFiles.Fixture("ethereum", "ronin-2022", "transfers.csv");
        return TransfersCsv.Read(System.IO.File.ReadAllBytes(path), path);
    }

    private static Holder Account(ulong number)
    {
        byte[] bytes = new byte[20];
        BitConverter.TryWriteBytes(bytes, number + 1);
        return Holder.Account(Address.FromAccountBytes(ChainId.Ethereum, bytes), Asset.Coin(ChainId.Ethereum));
    }

    private static FlowLoad Paying(ulong first, ulong last, byte fork = 0) => new(
        ChainId.Ethereum, StoreFacts.Origin("node"), StoreFacts.Blocks(first, last, fork),
        [
            .. from i in Enumerable.Range((int)first, (int)(last - first) + 1)
               let n = (ulong)i
               let amount = (Amount)(n + 1)
               select Movement.Create(
                   MovementKind.External, Grade.Recorded, new Position(n, 0, 1), new Stamp(n, null, 0, StoreFacts.FirstTime + (12 * (long)n)),
                   StoreFacts.Hash(1_000 + n, fork), "a payment", [new Leg(Account(n), amount)], [new Leg(Account(n + 1), amount)]),
        ]);

    private async Task FillAsync(IReadOnlyList<Movement> movements, int most)
    {
        await using SqliteStore store = SqliteStore.Open(File, create: true);
        foreach (FlowLoad load in StoreFacts.Loads(movements, most, StoreFacts.Origin("ronin")))
        {
            Assert.Equal(new FlowAppended(load.Movements.Count, 0), await store.AppendAsync(load, default));
        }
    }

    private static async Task<string> Refused(SqliteStore store, FlowLoad load) =>
        (await Assert.ThrowsAsync<InputException>(() => store.AppendAsync(load, default))).Message;

    // Everything in the file, names too.
    private string Dump() => Select("chains", "origins", "blocks", "texts", "addresses", "holders", "transactions", "runs", "chunks");

    // Names that are known stay known, and runs of an index lie as they were merged: what is in them is checked by their sums.
    private string Rows() => Select("origins", "blocks", "transactions");

    private string Select(params string[] tables)
    {
        using SqliteConnection connection = new($"Data Source={File};Pooling=False");
        connection.Open();
        List<string> lines = [];
        foreach (string table in tables)
        {
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = $"SELECT * FROM {table}";
            using SqliteDataReader rows = command.ExecuteReader();
            while (rows.Read())
            {
                lines.Add(table + " " + string.Join(" ", Enumerable.Range(0, rows.FieldCount).Select(i =>
                    rows.IsDBNull(i) ? "-" : rows.GetValue(i) is byte[] bytes ? Convert.ToHexString(bytes) : rows.GetValue(i))));
            }
        }

        return string.Join('\n', lines.Order(StringComparer.Ordinal));
    }
}
