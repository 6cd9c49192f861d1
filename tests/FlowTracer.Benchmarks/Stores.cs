using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using FlowTracer.Benchmarks.Ledgers;
using FlowTracer.Core.Attributions;
using FlowTracer.Core.Bulk;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Taint;
using FlowTracer.Core.Tracing;
using FlowTracer.Store.Sqlite;

namespace FlowTracer.Benchmarks;

/// <summary>Fills a store with a made-up chain, and asks it: rows a second, bytes a transfer, look-ups, and a whole trace.</summary>
internal static class Stores
{
    private const int Seed = 1;
    private const int Million = 1_000_000;
    private const int RowsOfBlock = 200;
    private const int BlocksOfLoad = 500;
    private const int BatchOfAddresses = 1_000;
    private const int Batches = 20;
    private const int ReachedAddresses = 10_000;
    private const long FirstTime = 1_500_000_000;

    private static readonly string[] Steps = ["import", "ask", "trace"];

    /// <summary>
    /// <c>store [MILLIONS] [FILE] [STEPS]</c>: SQLite's figures; the file is made anew. Steps are <c>import</c>, <c>ask</c> and
    /// <c>trace</c>, all of them where none is named, and <c>postgres</c>, which loads the same rows into PostgreSQL.
    /// </summary>
    public static async Task<int> RunAsync(string[] args)
    {
        int size = (int)((args.Length > 0 ? double.Parse(args[0], CultureInfo.InvariantCulture) : 20) * Million);
        string folder = Directory.CreateTempSubdirectory("flowtracer-store-bench-").FullName;
        string[] steps = [.. args.Skip(1).Where(static arg => arg == "postgres" || Steps.Contains(arg))];
        string file = args.Skip(1).Except(steps).FirstOrDefault() ?? Path.Combine(folder, "store.db");
        bool Runs(string step) => steps.Length == 0 ? step != "postgres" : steps.Contains(step);
        try
        {
            AccountChain chain = AccountChain.Make(size, Seed);
            Console.WriteLine($"{Environment.ProcessorCount} cores, .NET {Environment.Version}, load {File.ReadAllText("/proc/loadavg").Split(' ')[0]}; {size:N0} transfers between {chain.Ledger.Holders.Count:N0} addresses");
            if (Runs("import"))
            {
                await FillAsync(chain, file);
            }

            if (Runs("postgres"))
            {
                PostgresLoads.Run(size, Enumerable.Range(0, size).Select(row => MovementOf(chain.Ledger, row)));
            }

            if (!Runs("ask") && !Runs("trace"))
            {
                return 0;
            }

            await using SqliteStore store = SqliteStore.Open(file, create: false);
            if (Runs("ask"))
            {
                await AskAsync(store, chain);
            }

            if (Runs("trace"))
            {
                await TraceAsync(store, chain);
            }

            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task FillAsync(AccountChain chain, string file)
    {
        File.Delete(file);
        await using SqliteStore store = SqliteStore.Open(file, create: true);
        Stopwatch clock = Stopwatch.StartNew();
        (TimeSpan making, TimeSpan busy) = (TimeSpan.Zero, TimeSpan.Zero);
        int rows = chain.Ledger.Rows;
        for (int start = 0; start < rows; start += RowsOfBlock * BlocksOfLoad)
        {
            TimeSpan before = clock.Elapsed;
            FlowLoad load = LoadOf(chain.Ledger, start, Math.Min(start + (RowsOfBlock * BlocksOfLoad), rows));
            making += clock.Elapsed - before;
            TimeSpan used = Environment.CpuUsage.TotalTime;
            await store.AppendAsync(load, default);
            busy += Environment.CpuUsage.TotalTime - used;
            if (start / (RowsOfBlock * BlocksOfLoad) % 20 == 19)
            {
                Console.Error.WriteLine($"{start + (RowsOfBlock * BlocksOfLoad):N0} in {clock.Elapsed.TotalSeconds:F0} s");
            }
        }

        await store.DisposeAsync();
        TimeSpan writing = clock.Elapsed - making;
        long bytes = new FileInfo(file).Length;
        Console.WriteLine($"imported at {rows / writing.TotalSeconds:N0} a second ({writing.TotalSeconds:F1} s of writing, {busy.TotalSeconds:F1} s of a core, {GC.GetTotalPauseDuration().TotalSeconds:F1} s of them waiting for the collector; {making.TotalSeconds:F1} s of making them up); {bytes / (double)rows:F1} bytes a transfer on disk, both directions indexed");
    }

    private static FlowLoad LoadOf(AccountLedger<Units64> ledger, int start, int end)
    {
        List<Movement> movements = new(end - start);
        for (int row = start; row < end; row++)
        {
            movements.Add(MovementOf(ledger, row));
        }

        ulong first = (ulong)(start / RowsOfBlock);
        ImmutableArray<FlowBlock> blocks =
        [
            .. from i in Enumerable.Range(0, (end - start + RowsOfBlock - 1) / RowsOfBlock)
               let number = first + (ulong)i
               select new FlowBlock(number, Hash(number), number == 0 ? default : Hash(number - 1), TimeOf(number), new string('0', 64)),
        ];
        return new FlowLoad(ChainId.Ethereum, new FlowOrigin("made up", new string('0', 64)), blocks, movements);
    }

    private static Movement MovementOf(AccountLedger<Units64> ledger, int row)
    {
        (int from, int to) = (ledger.From.Span[row], ledger.To.Span[row]);
        Amount amount = ledger.Amounts.Span[row].ToAmount();
        ulong block = (ulong)(row / RowsOfBlock);
        uint index = (uint)(row % RowsOfBlock);
        MovementKind kind = from < 0 ? MovementKind.Reward : to < 0 ? MovementKind.Fee : MovementKind.External;
        return Movement.Create(
            kind, Grade.Recorded, new Position(block, index, 1), new Stamp(block, null, index, TimeOf(block)), Hash(~(ulong)row), "made up",
            from < 0 ? [] : [new Leg(HolderOf(from), amount)], to < 0 ? [] : [new Leg(HolderOf(to), amount)]);
    }

    private static Holder HolderOf(int number)
    {
        Span<byte> bytes = stackalloc byte[20];
        Scatter((ulong)number, bytes);
        return Holder.Account(Address.FromAccountBytes(ChainId.Ethereum, bytes), Asset.Coin(ChainId.Ethereum));
    }

    private static TxHash Hash(ulong number)
    {
        Span<byte> bytes = stackalloc byte[32];
        Scatter(number, bytes);
        return TxHash.FromBytes(bytes);
    }

    // Addresses and hashes of a chain come in no order.
    private static void Scatter(ulong number, Span<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[32];
        Span<byte> name = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(name, number);
        SHA256.HashData(name, hash);
        hash[..bytes.Length].CopyTo(bytes);
    }

    private static long TimeOf(ulong block) => FirstTime + (12 * (long)block);

    private static async Task AskAsync(SqliteStore store, AccountChain chain)
    {
        // Those that gave or got in rows spread over the chain, hubs left out: what an investigator looks up.
        int rows = chain.Ledger.Rows;
        Dictionary<int, int> degrees = [];
        foreach (int holder in chain.Ledger.To.Span)
        {
            degrees[holder] = degrees.GetValueOrDefault(holder) + 1;
        }

        HistoryRequest[] requests =
        [
            .. Enumerable.Range(0, rows).Select(i => chain.Ledger.To.Span[(int)((long)i * 7919 % rows)])
                .Where(holder => holder >= 0 && degrees[holder] is > 1 and < 50).Distinct().Take((1 + Batches) * BatchOfAddresses)
                .Select(static holder => new HistoryRequest(HolderOf(holder), Position.Start, Direction.Forward)),
        ];
        double[] single = new double[BatchOfAddresses];
        await store.ReadAsync(requests[..BatchOfAddresses], default);
        for (int i = 0; i < single.Length; i++)
        {
            long start = Stopwatch.GetTimestamp();
            await store.ReadAsync([requests[i]], default);
            single[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        Array.Sort(single);
        Console.WriteLine(
            $"history of one address, warm: median {single[BatchOfAddresses / 2]:F3} ms, 99 % {single[BatchOfAddresses * 99 / 100]:F3} ms");
        foreach (string times in (string[])["asked for the first time", "asked again"])
        {
            double[] batches = new double[requests.Length / BatchOfAddresses];
            (int movements, TimeSpan used) = (0, Environment.CpuUsage.TotalTime);
            for (int i = 0; i < batches.Length; i++)
            {
                long start = Stopwatch.GetTimestamp();
                IReadOnlyList<History> histories = await store.ReadAsync(requests[(i * BatchOfAddresses)..((i + 1) * BatchOfAddresses)], default);
                batches[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                movements += histories.Sum(static history => history.Movements.Count);
            }

            Array.Sort(batches);
            Console.WriteLine(
                $"{BatchOfAddresses:N0} addresses with {movements / batches.Length:N0} movements in one call, {times}: least {batches[0]:F1} ms, median {batches[batches.Length / 2]:F1} ms of {batches.Length} batches, {(Environment.CpuUsage.TotalTime - used).TotalMilliseconds / batches.Length:F1} ms of a core each");
        }
    }

    private static async Task TraceAsync(SqliteStore store, AccountChain chain)
    {
        Movement theft = MovementOf(chain.Ledger, chain.TheftRow);
        foreach (FetchOptions fetch in (FetchOptions[])[FetchOptions.Nearby, FetchOptions.OneByOne])
        {
            await TraceAsync(new Counted(store), theft, fetch);
        }
    }

    private static async Task TraceAsync(Counted source, Movement theft, FetchOptions fetch)
    {
        TraceQuestion question = new(
            [TransferSeed.Create(theft, 0, theft.Outputs[0].Amount)], TaintPolicies.Find("haircut")!, Direction.Forward,
            Limits.None with { Addresses = ReachedAddresses }, []);
        Stopwatch clock = Stopwatch.StartNew();
        Core.Tracing.Trace trace = await new Tracer(source, new NoTags(), fetch).RunAsync(question, null, default);
        Console.WriteLine(
            $"trace of one theft over {ReachedAddresses:N0} active addresses ({trace.Nodes.Length:N0} with those where it is cut; {(fetch.LookAhead == 0 ? "one history at a time" : "looking ahead")}): {clock.Elapsed.TotalSeconds:F1} s, {source.Calls:N0} round trips for {source.Requests:N0} histories, {trace.Hops.Length:N0} hops");
    }

    private sealed class NoTags : ITagSource
    {
        public IReadOnlyList<Tag> TagsOf(Address address) => [];
    }

    private sealed class Counted(IHistorySource source) : IHistorySource
    {
        public int Calls { get; private set; }

        public long Requests { get; private set; }

        public Task<IReadOnlyList<History>> ReadAsync(IReadOnlyList<HistoryRequest> requests, CancellationToken cancellationToken)
        {
            Calls++;
            Requests += requests.Count;
            return source.ReadAsync(requests, cancellationToken);
        }

        public Task<IReadOnlyList<Movement>> FindTransactionAsync(ChainId chain, TxHash tx, CancellationToken cancellationToken) =>
            source.FindTransactionAsync(chain, tx, cancellationToken);

        public Task<IReadOnlyList<Holder>> HoldersOfAsync(
            Address address, Position at, Direction direction, CancellationToken cancellationToken) =>
            source.HoldersOfAsync(address, at, direction, cancellationToken);
    }
}
