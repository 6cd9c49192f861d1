using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using FlowTracer.Benchmarks.Ledgers;
using FlowTracer.Core.Bulk;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Taint;

namespace FlowTracer.Benchmarks;

/// <summary>
/// Times traces over whole made-up ledgers. Beside each time stands the floor: the bytes that the trace must read at least,
/// at the memory bandwidth measured in the same run.
/// </summary>
internal static class WholeLedgers
{
    private const int Seed = 1;
    private const int Million = 1_000_000;

    // A row's columns, and the line of memory that each of its two holders is on.
    private const int BytesOfRow = 16;
    private const int BytesOfLine = 64;

    private static readonly string[] Policies = ["haircut", "fifo", "lifo", "tiho", "libr", "poison"];

    /// <summary><c>bulk [account|coin] [MILLIONS] [RUNS]</c>: the table of one chain and size.</summary>
    public static int Run(string[] args)
    {
        bool isCoin = args is ["coin", ..];
        string[] numbers = args is ["coin" or "account", .. string[] rest] ? rest : args;
        int size = (numbers.Length > 0 ? int.Parse(numbers[0], CultureInfo.InvariantCulture) : 10) * Million;
        int runs = numbers.Length > 1 ? int.Parse(numbers[1], CultureInfo.InvariantCulture) : 5;
        double bandwidth = Bandwidth();
        Console.WriteLine(
            $"{Environment.ProcessorCount} cores, .NET {Environment.Version}, load {File.ReadAllText("/proc/loadavg").Split(' ')[0]}, one core reads {bandwidth / 1e9:F1} GB/s");
        Warm();
        ILedgerCase chain = isCoin ? new CoinCase(CoinChain.Make(size, Seed)) : new AccountCase(AccountChain.Make(size, Seed));
        Console.WriteLine($"{(isCoin ? "coins" : "accounts")}: {chain.Rows:N0} movements, {chain.Bytes / (double)chain.Rows:F1} bytes each with links forward, {chain.Places:N0} {(isCoin ? "coins" : "holders")}");
        Console.WriteLine();
        Console.WriteLine("| policy | taint | ms: least, median | M movements/s | rows read | reached | most lots | bytes/movement | floor ms | times floor |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|");
        foreach (string policy in Policies)
        {
            foreach (string taint in new[] { "sparse", "dense", "1,000 seeds" })
            {
                if (policy == "haircut" && taint == "1,000 seeds" && size > Million)
                {
                    Console.WriteLine("| haircut | 1,000 seeds | not run at this size: see 1 million | | | | | | | |");
                    continue;
                }

                Row(chain, policy, taint, runs, bandwidth);
            }
        }

        Console.WriteLine();
        Console.WriteLine($"time to the first hop of the sparse theft, FIFO: {FirstResult(chain):F1} ms");
        return 0;
    }

    /// <summary>
    /// <c>bulk-lots [LOTS] [HOPS]</c>: FIFO's worst cases. One wallet collects as many lots, stolen and clean by turns, and passes
    /// its money on as many times: all of it, all but one unit, or half of it back and forth.
    /// </summary>
    public static int RunLots(int lots, int hops)
    {
        Warm();
        Console.WriteLine("| what is passed on | lots | hops | ms | ns/hop | ns/(hop·lot) | most lots |");
        Console.WriteLine("|---|---|---|---|---|---|---|");
        foreach ((string name, int kept) in new[] { ("all", 0), ("all but one unit", 1), ("half, there and back", 2) })
        {
            AccountLedger<Units64> ledger = Fragments(lots, hops, kept);
            BulkQuestion question = new(TaintPolicies.Fifo, Direction.Forward, [BulkSeed.OfOutput(0, 0, (ulong)lots)]);
            (double least, _, BulkTrace trace) = Time(() => BulkTracer.Run(ledger, question, CancellationToken.None), 3);
            (double before, _, _) = Time(() => BulkTracer.Run(Fragments(lots, 0, 0), question, CancellationToken.None), 3);
            double ns = (least - before) * 1e6 / hops;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"| {name} | {lots:N0} | {hops:N0} | {least:F1} | {ns:F0} | {ns / lots:F2} | {trace.MostLots:N0} |"));
        }

        return 0;
    }

    // Holder 0 is the thief, 1 an honest payer, 2 collects, and the money goes on from there.
    private static AccountLedger<Units64> Fragments(int lots, int hops, int kept)
    {
        AccountLedgerBuilder<Units64> builder = new(lots + hops + 2);
        for (int holder = 0; holder < hops + 3; holder++)
        {
            builder.AddHolder(holder);
        }

        builder.Issue(0, new Units64((ulong)lots));
        builder.Issue(1, new Units64((ulong)lots));
        for (int lot = 0; lot < lots; lot++)
        {
            builder.Transfer(lot % 2, 2, new Units64(2));
        }

        ulong held = 2 * (ulong)lots;
        for (int hop = 0; hop < hops; hop++)
        {
            (int from, int to, ulong amount) = kept == 2
                ? (2 + (hop % 2), 3 - (hop % 2), (ulong)lots)
                : (2 + hop, 3 + hop, held - (ulong)kept);
            builder.Transfer(from, to, new Units64(amount));
            held = kept == 1 ? held - 1 : held;
        }

        return builder.Build();
    }

    /// <summary><c>bulk-edges TRANSFERS SEED FILE</c>: an account ledger as plain columns, for other programs.</summary>
    public static int WriteEdges(int transfers, int seed, string file)
    {
        AccountChain chain = AccountChain.Make(transfers, seed);
        AccountLedger<Units64> ledger = chain.Ledger;
        using (BinaryWriter writer = new(File.Create(file)))
        {
            writer.Write("FTEDGES1"u8);
            writer.Write((long)ledger.Rows);
            writer.Write((long)ledger.Holders.Count);
            foreach (int holder in ledger.From.Span)
            {
                writer.Write(holder);
            }

            foreach (int holder in ledger.To.Span)
            {
                writer.Write(holder);
            }

            foreach (Units64 amount in ledger.Amounts.Span)
            {
                writer.Write(amount.Value);
            }
        }

        Console.WriteLine(JsonSerializer.Serialize(new { transfers, holders = ledger.Holders.Count, seed_row = 0 }));
        return 0;
    }

    /// <summary><c>bulk-run TRANSFERS SEED POLICY sparse|dense</c>: one trace, the fastest of five, as a line of JSON.</summary>
    public static int RunOne(int transfers, int seed, string policy, string taint)
    {
        Warm();
        AccountCase chain = new(AccountChain.Make(transfers, seed));
        BulkQuestion question = chain.Question(TaintPolicies.Find(policy)!, taint);
        (double least, _, BulkTrace trace) = Time(() => chain.Run(question), 5);
        BulkSheet sheet = trace.Sheets[0];
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            policy,
            milliseconds = least,
            transfers,
            rows_followed = trace.RowsRead,
            tainted_holders = sheet.Sinks.Where(sink => sink.Sink.Kind == SinkKind.Held).Sum(sink => sink.Places),
            stolen = sheet.Stolen.ToString(),
            placed = sheet.Sinks.Aggregate(BigInteger.Zero, (sum, sink) => sum + sink.Amount.ToBigInteger()).ToString(CultureInfo.InvariantCulture),
            held = sheet.Sinks.Where(sink => sink.Sink.Kind == SinkKind.Held).Select(sink => sink.Amount.ToString()).FirstOrDefault() ?? "0",
        }));
        return 0;
    }

    private static void Row(ILedgerCase chain, string policy, string taint, int runs, double bandwidth)
    {
        BulkQuestion question = chain.Question(TaintPolicies.Find(policy)!, taint);
        long before = GC.GetTotalAllocatedBytes(precise: true);
        BulkTrace trace = chain.Run(question);
        long allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
        (double least, double median, _) = Time(() => chain.Run(question), policy == "haircut" && taint.StartsWith('1') ? 1 : runs);
        double floor = trace.RowsRead * (double)(BytesOfRow + (2 * BytesOfLine)) / bandwidth * 1000;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {policy} | {taint} | {least:F1}, {median:F1} | {trace.RowsRead / median / 1000:F1} | {trace.RowsRead:N0} | {trace.HoldersReached:N0} | {trace.MostLots:N0} | {allocated / (double)chain.Rows:F1} | {floor:F1} | {median / floor:F1} |"));
    }

    private static (double Least, double Median, BulkTrace Trace) Time(Func<BulkTrace> run, int runs)
    {
        List<double> times = [];
        BulkTrace? trace = null;
        for (int i = 0; i < runs; i++)
        {
            GC.Collect();
            Stopwatch watch = Stopwatch.StartNew();
            trace = run();
            times.Add(watch.Elapsed.TotalMilliseconds);
        }

        times.Sort();
        return (times[0], times[times.Count / 2], trace!);
    }

    // What a whole chain's code needs once compiled, and no more: a small ledger under every policy.
    private static void Warm()
    {
        AccountCase accounts = new(AccountChain.Make(200_000, Seed));
        CoinCase coins = new(CoinChain.Make(50_000, Seed));
        for (int i = 0; i < 4; i++)
        {
            foreach (string policy in Policies)
            {
                accounts.Run(accounts.Question(TaintPolicies.Find(policy)!, "dense"));
                coins.Run(coins.Question(TaintPolicies.Find(policy)!, "dense"));
            }
        }
    }

    private static double FirstResult(ILedgerCase chain)
    {
        using CancellationTokenSource enough = new();
        Stopwatch watch = Stopwatch.StartNew();
        double first = 0;
        BulkQuestion question = chain.Question(TaintPolicies.Fifo, "sparse") with
        {
            Hops = _ =>
            {
                first = first == 0 ? watch.Elapsed.TotalMilliseconds : first;
            },
        };
        chain.Run(question);
        return first;
    }

    // Reads 1 GiB some times over on one core, as wide as the machine reads, and takes the best.
    private static double Bandwidth()
    {
        ulong[] memory = new ulong[1 << 27];
        memory.AsSpan().Fill(1);
        double best = 0;
        ulong sum = 0;
        for (int i = 0; i < 5; i++)
        {
            Stopwatch watch = Stopwatch.StartNew();
            Vector<ulong> sums = Vector<ulong>.Zero;
            for (int at = 0; at < memory.Length; at += Vector<ulong>.Count)
            {
                sums += new Vector<ulong>(memory, at);
            }

            sum += Vector.Sum(sums);
            best = Math.Max(best, memory.Length * (double)sizeof(ulong) / watch.Elapsed.TotalSeconds);
        }

        return sum == 0 ? 0 : best;
    }

    private interface ILedgerCase
    {
        int Rows { get; }

        int Places { get; }

        long Bytes { get; }

        BulkQuestion Question(ITaintPolicy policy, string taint);

        BulkTrace Run(BulkQuestion question);
    }

    private sealed class AccountCase(AccountChain chain) : ILedgerCase
    {
        public int Rows => chain.Ledger.Rows;

        public int Places => chain.Ledger.Holders.Count;

        // Whether one can scan is found when a ledger is made, as links are.
        public long Bytes => !chain.Ledger.IsEverOverdrawn ? (Rows * 24L) + (Places * 8L) : 0;

        public BulkQuestion Question(ITaintPolicy policy, string taint) => new(policy, Direction.Forward, taint switch
        {
            "sparse" => [Of(chain.TheftRow)],
            "dense" => [Of(0)],
            _ => [.. chain.LootRows.ToArray().Select(Of)],
        });

        public BulkTrace Run(BulkQuestion question) => BulkTracer.Run(chain.Ledger, question, CancellationToken.None);

        private BulkSeed Of(int row) => BulkSeed.OfOutput(row, 0, chain.Ledger.Amounts.Span[row].ToAmount());
    }

    private sealed class CoinCase(CoinChain chain) : ILedgerCase
    {
        public int Rows => chain.Ledger.Rows;

        public int Places => chain.Ledger.Coins;

        public long Bytes => (Rows * 9L) + (chain.Ledger.Inputs.Length * 4L) + (Places * 16L);

        public BulkQuestion Question(ITaintPolicy policy, string taint) => new(policy, Direction.Forward, taint switch
        {
            "sparse" => [Of(chain.Theft)],
            "dense" => [Of(chain.Treasury)],
            _ => [.. Enumerable.Range(chain.FirstLoot, CoinChain.Branches).Select(Of)],
        });

        public BulkTrace Run(BulkQuestion question) => BulkTracer.Run(chain.Ledger, question, CancellationToken.None);

        private BulkSeed Of(int coin)
        {
            ReadOnlySpan<int> starts = chain.Ledger.OutputStarts.Span;
            int row = chain.Ledger.MakerOf(coin);
            return BulkSeed.OfOutput(row, coin - starts[row], chain.Ledger.Values.Span[coin].ToAmount());
        }
    }
}
