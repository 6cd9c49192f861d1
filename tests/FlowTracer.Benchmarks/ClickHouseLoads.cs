using System.Diagnostics;
using System.Globalization;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.EndToEnd.Stores;
using FlowTracer.Store.ClickHouse;
using FlowTracer.Testing;

namespace FlowTracer.Benchmarks;

/// <summary>
/// Loads made-up movements into two shards on this machine, and asks for frontiers (docs/cluster.md): rates, bytes on disk by
/// table, and the time of one question.
/// </summary>
internal static class ClickHouseLoads
{
    private const int BlockMovements = 200;
    private const int LoadBlocks = 500;
    private const int FrontierHolders = 10_000;
    private const int MovementsPerAccount = 8;

    /// <summary>As many movements of each chain.</summary>
    public static async Task<int> RunAsync(int movements)
    {
        ClickHouseCluster cluster = new();
        await cluster.InitializeAsync();
        try
        {
            await MeasureAsync(cluster, ChainId.Ethereum, Transfers(movements));
            await MeasureAsync(cluster, ChainId.Bitcoin, Transactions(movements));
        }
        finally
        {
            await cluster.DisposeAsync();
        }

        return 0;
    }

    private static async Task MeasureAsync(ClickHouseCluster cluster, ChainId chain, List<Movement> movements)
    {
        string database = cluster.NewDatabase();
        await using ClickHouseStore store = await cluster.OpenAsync(database);
        Stopwatch watch = Stopwatch.StartNew();
        foreach (Movement[] part in movements.Chunk(BlockMovements * LoadBlocks))
        {
            ulong first = part[0].Position.Block;
            int count = (int)(part[^1].Position.Block - first) + 1;
            await store.AppendAsync(
                new FlowLoad(chain, new FlowOrigin("made up", new string('0', 64)), RandomMovements.Blocks(first, count), part), CancellationToken.None);
        }

        double seconds = watch.Elapsed.TotalSeconds;
        Say($"{chain}: {movements.Count} movements in {seconds:F1} s, {movements.Count / seconds:F0} a second");
        const string sizes = "SELECT table, sum(rows), sum(bytes_on_disk), round(sum(bytes_on_disk) / sum(rows), 1) FROM system.parts WHERE active AND database = '";
        for (int shard = 0; shard < 2; shard++)
        {
            Say($"shard {shard + 1}: table, rows, bytes, bytes a row\n{await cluster.RunAsync(shard, $"{sizes}{database}' GROUP BY table ORDER BY table")}");
        }

        Random random = new(5);
        Holder[] holders = [.. movements.SelectMany(static movement => movement.Outputs).Select(static leg => leg.Holder).Distinct()];
        random.Shuffle(holders);
        foreach (int count in (int[])[1, 100, FrontierHolders, FrontierHolders])
        {
            HistoryRequest[] requests = [.. holders.Take(count).Select(static holder => new HistoryRequest(holder, Position.Start, Direction.Forward))];
            watch.Restart();
            IReadOnlyList<History> histories = await store.ReadAsync(requests, CancellationToken.None);
            Say($"{requests.Length} holders of {holders.Length}: {histories.Sum(static history => history.Movements.Count)} movements in {watch.ElapsedMilliseconds} ms");
        }

        watch.Restart();
        IReadOnlyList<string> faults = await store.CheckAsync(null, CancellationToken.None);
        Say($"check: {faults.Count} faults in {watch.Elapsed.TotalSeconds:F1} s");
    }

    private static List<Movement> Transfers(int count)
    {
        Random random = new(1);
        ChainId chain = ChainId.Ethereum;
        int accounts = Math.Max(2, 2 * count / MovementsPerAccount);
        Asset[] assets = [Asset.Coin(chain), .. Enumerable.Range(0, 20).Select(i => Asset.Token(RandomMovements.Account(chain, 1_000_000_000 + i)))];
        List<Movement> movements = new(count);
        for (int i = 0; i < count; i++)
        {
            Asset asset = assets[Math.Max(0, random.Next(40) - 19)];
            Holder from = Holder.Account(AnyAccount(random, accounts), asset);
            Holder to = Holder.Account(AnyAccount(random, accounts), asset);
            Amount amount = (ulong)random.NextInt64(1, long.MaxValue);
            Position at = new((ulong)(i / BlockMovements), (uint)(i % BlockMovements), 1);
            movements.Add(Movement.Create(
                asset.IsCoin ? MovementKind.External : MovementKind.Token, Grade.Recorded, at,
                new Stamp(at.Block, null, at.TxIndex, RandomMovements.TimeOf(at.Block)), AnyHash(random), "node",
                [new Leg(from, amount)], [new Leg(to, amount)]));
        }

        return movements;
    }

    // Two coins in, two out, a fee: about what Bitcoin's own transactions have.
    private static List<Movement> Transactions(int count)
    {
        Random random = new(2);
        ChainId chain = ChainId.Bitcoin;
        List<Leg> unspent = [];
        List<Movement> movements = new(count);
        for (int i = 0; i < count; i++)
        {
            TxHash tx = AnyHash(random);
            Leg[] inputs = [.. Enumerable.Range(0, 2).Select(_ => Take(random, unspent, chain))];
            ulong most = 0;
            _ = Movement.Sum([.. inputs]).TryGetUInt64(out most);
            ulong first = (ulong)random.NextInt64(1, (long)(most / 2));
            Leg[] outputs = [NewCoin(random, chain, tx, 0, first), NewCoin(random, chain, tx, 1, most - first - 100)];
            unspent.AddRange(outputs);
            Position at = new((ulong)(i / BlockMovements), (uint)(i % BlockMovements) + 1, 1);
            movements.Add(Movement.Create(
                MovementKind.Transaction, Grade.Recorded, at, new Stamp(at.Block, null, at.TxIndex, RandomMovements.TimeOf(at.Block)), tx, "node",
                [.. inputs], [.. outputs]));
        }

        return movements;
    }

    private static Leg Take(Random random, List<Leg> unspent, ChainId chain)
    {
        if (unspent.Count < 1000)
        {
            return NewCoin(random, chain, AnyHash(random), 0, 5_000_000_000);
        }

        int at = random.Next(unspent.Count);
        Leg taken = unspent[at];
        unspent[at] = unspent[^1];
        unspent.RemoveAt(unspent.Count - 1);
        return taken.Amount < (Amount)100_000 ? NewCoin(random, chain, AnyHash(random), 0, 5_000_000_000) : taken;
    }

    private static Leg NewCoin(Random random, ChainId chain, TxHash tx, uint index, ulong sats)
    {
        byte[] program = new byte[Address.HashLength];
        random.NextBytes(program);
        return new Leg(Holder.Output(chain, new OutPoint(tx, index), Address.FromWitness(chain, 0, program)), sats);
    }

    private static Address AnyAccount(Random random, int accounts)
    {
        byte[] bytes = new byte[Address.HashLength];
        new Random(random.Next(accounts)).NextBytes(bytes);
        return Address.FromAccountBytes(ChainId.Ethereum, bytes);
    }

    private static TxHash AnyHash(Random random)
    {
        byte[] bytes = new byte[TxHash.ByteLength];
        random.NextBytes(bytes);
        return TxHash.FromBytes(bytes);
    }

    private static void Say(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
