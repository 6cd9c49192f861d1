using System.IO.Compression;
using FlowTracer.Chains.Recorded;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Store.Sqlite;

namespace FlowTracer.Tests.Stores;

/// <summary>
/// A file that the program of version 1 wrote, before there was a version 2, from <see cref="Loads"/>: it answers as the loads do.
/// </summary>
public sealed class SqliteMigrationTests : StoreFileTests
{
    private const string Doubt = "one of two payments alike";

    [Fact]
    public async Task A_file_of_version_1_answers_as_before()
    {
        await UnpackAsync();
        await using SqliteStore store = SqliteStore.Open(File, create: false);
        await SameAsync(store);
        Assert.Empty(await store.CheckAsync(null, default));
        Assert.Equal(
            ["ethereum 5-9 20", "ethereum-10 - 5", "bitcoin-regtest 1-2 3"],
            (await store.CoverageAsync(default)).Select(static of => $"{of.Chain} {of.First?.Number}-{of.Last?.Number} {of.Movements}"));
    }

    [Fact]
    public async Task It_is_a_file_of_this_version_then()
    {
        await UnpackAsync();
        await SqliteStore.Open(File, create: false).DisposeAsync();
        await using SqliteStore store = SqliteStore.Open(File, create: true);
        foreach (FlowLoad load in Loads())
        {
            Assert.Equal(new FlowAppended(0, load.Movements.Count), await store.AppendAsync(load, default));
        }

        await store.RollBackAsync(ChainId.Ethereum, 7, default);
        Assert.Equal(12, (await store.CoverageAsync(default))[0].Movements);
        Assert.Empty(await store.CheckAsync(null, default));
        await store.AppendAsync(Loads().ElementAt(2), default);
        await SameAsync(store);
    }

    [Fact]
    public async Task A_copy_that_cannot_be_finished_leaves_it_as_it_was()
    {
        await UnpackAsync();
        Run("UPDATE movements SET body = x'01' WHERE block = 7 AND step = 8");

        SourceException fault = Assert.Throws<SourceException>(() => SqliteStore.Open(File, create: true));
        Assert.Contains("the store is damaged", fault.Message, StringComparison.Ordinal);

        // 4 movements in each of five blocks, 3 of Bitcoin, 5 of the record.
        Assert.Equal(2801L, Run("SELECT user_version + 100 * (SELECT count(*) FROM movements) FROM pragma_user_version"));
    }

    [Fact]
    public async Task Names_of_tokens_that_are_there_already_stay()
    {
        await UnpackAsync();
        Run(
            """
            CREATE TABLE tokens(chain TEXT NOT NULL, contract BLOB NOT NULL, symbol TEXT, decimals INTEGER,
              PRIMARY KEY(chain, contract)) STRICT, WITHOUT ROWID;
            INSERT INTO tokens VALUES('ethereum', x'010000000000000000000000000000000000007000', 'ABC', 6);
            """);

        await using SqliteStore store = SqliteStore.Open(File, create: false);
        Asset token = Asset.Token(Address.FromAccountBytes(ChainId.Ethereum, Convert.FromHexString("0000000000000000000000000000000000007000")));
        Assert.Equal(new TokenName(token, "ABC", 6), Assert.Single(await store.NamesOfAsync([token], default)));
        await SameAsync(store);
    }

    private async Task UnpackAsync()
    {
        await using FileStream packed = System.IO.File.OpenRead(TestFiles.Fixture("stores", "version-1", "store.db.gz"));
        await using GZipStream zip = new(packed, CompressionMode.Decompress);
        await using FileStream file = System.IO.File.Create(File);
        await zip.CopyToAsync(file);
    }

    private static async Task SameAsync(SqliteStore store)
    {
        MemoryStore memory = new();
        foreach (FlowLoad load in Loads())
        {
            await memory.AppendAsync(load, default);
        }

        foreach (ChainId chain in (ChainId[])[ChainId.Ethereum, ChainId.Account(10), ChainId.BitcoinRegtest])
        {
            IReadOnlyList<Movement> movements = memory.MovementsOf(chain);
            Assert.Equal(Facts(await StoreFacts.Answers(memory, movements)), Facts(await StoreFacts.Answers(store, movements)));
        }
    }

    // The sentence for a person is each store's own.
    private static string Facts(string answers) => string.Join(
        '\n', answers.Split('\n').Select(static line => line.Split(", Text = ")[0]));

    private static IEnumerable<FlowLoad> Loads()
    {
        string csv = TestFiles.Fixture("stores", "version-1", "record.csv");
        yield return new FlowLoad(
            ChainId.Account(10), StoreFacts.Origin("record.csv"), [], TransfersCsv.Read(System.IO.File.ReadAllBytes(csv), "record.csv"));
        yield return Transfers(5, 6) with { Openings = [new FlowOpening(Account(5), 1_000), new FlowOpening(Account(90), 3)] };
        yield return Transfers(7, 9);
        yield return Coins();
    }

    // Block n: in one transaction with gaps in its steps, n gives n + 1 wei to n + 1 and pays 7 for it; then a gain nothing explains,
    // which stands before its block.
    private static FlowLoad Transfers(ulong first, ulong last) => new(
        ChainId.Ethereum, StoreFacts.Origin("node"), StoreFacts.Blocks(first, last),
        [
            .. Enumerable.Range((int)first, (int)(last - first) + 1).SelectMany(static i =>
            {
                ulong n = (ulong)i;
                Stamp stamp = new(n, null, 4, StoreFacts.FirstTime + (12 * i));
                TxHash tx = StoreFacts.Hash(1_000 + n, 0);
                Asset token = Asset.Token(Address.FromAccountBytes(ChainId.Ethereum, [.. Enumerable.Repeat((byte)0xCC, 20)]));
                return (Movement[])[
                    Movement.Create(
                        MovementKind.Unresolved, Grade.Derived, new Position(n - 1, 0xC000_0000, 1), stamp with { TxIndex = null }, null,
                        "a gain", [], [new Leg(Account(90), n)]),
                    Movement.Create(
                        MovementKind.Fee, Grade.Recorded, new Position(n, 4, 1), stamp, tx, "node", [new Leg(Account(n), 7)], []),
                    Movement.Create(
                        MovementKind.External, Grade.Recorded, new Position(n, 4, 3), stamp, tx, "node",
                        [new Leg(Account(n), n + 1)], [new Leg(Account(n + 1), n + 1)]),
                    Movement.Create(
                        MovementKind.Swap, Grade.Derived, new Position(n, 4, 8), stamp, tx, "netted",
                        [new Leg(Account(n), 2)], [new Leg(Holder.Account(Account(n).Address, token), Amount.MaxValue)], Doubt),
                ];
            }),
        ]);

    // Block 1 makes a coin of 50; block 2 spends it to 30 and 15, with data, a fee of 5 and a coinbase that takes it in.
    private static FlowLoad Coins()
    {
        ChainId chain = ChainId.BitcoinRegtest;
        (TxHash first, TxHash spend, TxHash second) = (StoreFacts.Hash(1, 1), StoreFacts.Hash(2, 1), StoreFacts.Hash(3, 1));
        Holder made = Holder.Output(chain, new OutPoint(first, 0), Address.FromWitness(chain, 1, [.. Enumerable.Repeat((byte)7, 32)]));
        Holder paid = Holder.Output(chain, new OutPoint(spend, 0), Address.FromPubKeyHash(chain, [.. Enumerable.Repeat((byte)8, 20)]));
        Holder change = Holder.Output(chain, new OutPoint(spend, 1), default);
        Holder issued = Holder.Output(chain, new OutPoint(second, 0), made.Address);
        Movement Of(MovementKind kind, Position at, uint index, TxHash tx, Leg[] inputs, Leg[] outputs, bool carriesData = false) => Movement.Create(
            kind, Grade.Recorded, at, new Stamp(at.Block, null, index, StoreFacts.FirstTime + (12 * (long)at.Block)), tx, "blocks",
            [.. inputs], [.. outputs], null, carriesData);
        return new FlowLoad(
            chain, StoreFacts.Origin("blk00000.dat"), StoreFacts.Blocks(1, 2, 1),
            [
                Of(MovementKind.Reward, Position.OfCoinbase(1), 0, first, [], [new Leg(made, 50)]),
                Of(MovementKind.Transaction, new Position(2, 1, 1), 1, spend, [new Leg(made, 50)], [new Leg(paid, 30), new Leg(change, 15)], true),
                Of(MovementKind.Reward, Position.OfCoinbase(2), 0, second, [new Leg(Holder.FeeOf(chain, spend), 5)], [new Leg(issued, 55)]),
            ]);
    }

    private static Holder Account(ulong number)
    {
        byte[] bytes = new byte[20];
        BitConverter.TryWriteBytes(bytes, number + 1);
        return Holder.Account(Address.FromAccountBytes(ChainId.Ethereum, bytes), Asset.Coin(ChainId.Ethereum));
    }
}
