using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Store.Sqlite;

namespace FlowTracer.Tests.Stores;

/// <summary>A file with damaged rows: the question that meets one ends, and the store goes on.</summary>
public sealed class SqliteDamageTests : StoreFileTests
{
    // A statement that is left in the middle of its rows holds its state of the file: what another program writes then is in the way of
    // the next append, and never leaves the log.
    [Theory]
    [InlineData("UPDATE chunks SET pairs = x'80' WHERE run = (SELECT id FROM runs WHERE name = 'holder')", "the store is damaged: a chunk ends too early")]
    [InlineData("UPDATE holders SET opening = zeroblob(33)", "the store is damaged: a row cannot be read")]
    [InlineData("UPDATE blocks SET hash = x'00'", "the store is damaged: a row cannot be read")]
    [InlineData("INSERT INTO chains(name) VALUES('nowhere')", "the store is damaged: no chain has number 2")]
    public async Task A_damaged_row_is_told_of_and_leaves_the_store_in_use(string damage, string told)
    {
        await using (SqliteStore filled = SqliteStore.Open(File, create: true))
        {
            await filled.AppendAsync(Load(0, 3), default);
        }

        Run(damage);
        await using SqliteStore store = SqliteStore.Open(File, create: false);
        SourceException fault = await Assert.ThrowsAsync<SourceException>(async () =>
        {
            await store.ReadAsync([new HistoryRequest(StoreFacts.Somebody, Position.Start, Direction.Forward)], default);
            await store.CoverageAsync(default);
        });
        Assert.Contains(told, fault.Message, StringComparison.Ordinal);

        Run("INSERT INTO texts(text) VALUES('by another program')");
        await store.RollBackAsync(ChainId.Bitcoin, null, default);
        Assert.Equal(0L, Run("PRAGMA wal_checkpoint(TRUNCATE)"));
    }

    [Theory]
    [InlineData("UPDATE holders SET opening = zeroblob(33)", "1 holders of an opening that is no amount")]
    [InlineData("UPDATE holders SET opening = x'0001'", "1 holders of an opening that is no amount")]
    [InlineData("UPDATE blocks SET answer = 'nothing' WHERE number = 2", "1 blocks without the digest of their answer")]
    [InlineData("UPDATE blocks SET hash = x'00' WHERE number = 3", "1 blocks without a hash")]
    public async Task What_is_stated_of_holders_and_blocks_is_checked(string damage, string found)
    {
        await using (SqliteStore filled = SqliteStore.Open(File, create: true))
        {
            await filled.AppendAsync(Load(0, 3), default);
            Assert.Empty(await filled.CheckAsync(null, default));
        }

        Run(damage);
        await using SqliteStore store = SqliteStore.Open(File, create: false);
        Assert.Contains(found, await store.CheckAsync(null, default));
    }

    // What a transaction pays as its fee, nothing in its row names: it is looked up.
    [Fact]
    public async Task A_fee_that_is_not_there_is_a_fault_the_check_names()
    {
        (TxHash before, TxHash tx) = (StoreFacts.Hash(100, 0), StoreFacts.Hash(101, 0));
        Leg given = new(Holder.Output(ChainId.Bitcoin, new OutPoint(before, 0), default), 5);
        Leg got = new(Holder.Output(ChainId.Bitcoin, new OutPoint(tx, 0), default), 4);
        Movement paying = Movement.Create(
            MovementKind.Transaction, Grade.Recorded, new Position(1, 1, 1), new Stamp(1, null, 1, StoreFacts.FirstTime + 12), tx, "a payment",
            [given], [got]);
        await using (SqliteStore filled = SqliteStore.Open(File, create: true))
        {
            await filled.AppendAsync(new FlowLoad(ChainId.Bitcoin, StoreFacts.Origin("node"), StoreFacts.Blocks(1, 1), [paying]), default);
            Assert.Empty(await filled.CheckAsync(null, default));
        }

        Run("DELETE FROM holders WHERE coin_index = 4294967295");
        await using SqliteStore store = SqliteStore.Open(File, create: false);
        Assert.Contains("the transaction at 1/1/1 cannot be read: no holder has number 3", await store.CheckAsync(null, default));
    }

    private static FlowLoad Load(ulong first, ulong last) => new(
        ChainId.Ethereum, StoreFacts.Origin("node"), StoreFacts.Blocks(first, last),
        [
            .. Enumerable.Range((int)first, (int)(last - first) + 1).Select(static n => Movement.Create(
                MovementKind.Reward, Grade.Recorded, new Position((ulong)n, 0, 1), new Stamp((ulong)n, null, 0, StoreFacts.FirstTime + (12 * n)),
                null, "a reward", [], [new Leg(StoreFacts.Somebody, 1)])),
        ])
    {
        Openings = [new FlowOpening(StoreFacts.Somebody, 7)],
    };
}
