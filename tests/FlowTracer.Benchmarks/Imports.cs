using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;

namespace FlowTracer.Benchmarks;

/// <summary>
/// <c>import [ROWS]</c>: how fast the program imports made-up files, and how much memory it holds, at that many rows and at a
/// quarter of them (docs/import.md).
/// </summary>
internal static class Imports
{
    private const int DefaultRows = 2_000_000;
    private const int RowsOfBlock = 200;
    private const int RowsOfAccount = 8;

    private static readonly (string Name, Action<string, int> Write)[] Files =
    [
        ("transfers CSV", static (file, rows) => Write(File.Create(file), Transfers(rows))),
        ("the same, gzip", static (file, rows) => Write(new GZipStream(File.Create(file), CompressionLevel.Fastest), Transfers(rows))),
        ("Etherscan transactions", static (file, rows) => Write(File.Create(file), Etherscan(rows))),
    ];

    public static int Run(string[] arguments)
    {
        int most = arguments.Length > 0 ? int.Parse(arguments[0], CultureInfo.InvariantCulture) : DefaultRows;
        Console.WriteLine($"{Environment.ProcessorCount} cores, load {File.ReadAllText("/proc/loadavg").Split(' ')[0]}");
        Console.WriteLine("| file | rows | MB | check: s | rows a second | import: s | rows a second | most memory, MiB | store, bytes a row |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|");
        string folder = Directory.CreateTempSubdirectory("flowtracer-import-bench-").FullName;
        try
        {
            foreach ((string name, Action<string, int> write) in Files)
            {
                Measure(folder, name, write, most / 4);
                Measure(folder, name, write, most);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        return 0;
    }

    private static void Measure(string folder, string name, Action<string, int> write, int rows)
    {
        (string file, string store) = (Path.Combine(folder, "rows"), Path.Combine(folder, "store.db"));
        write(file, rows);
        File.Delete(store);
        (double check, _) = Timed(["import", file, "--dry-run"]);
        (double import, double mib) = Timed(["import", file, "--store", store]);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {name} | {rows:N0} | {new FileInfo(file).Length / 1e6:N0} | {check:F1} | {rows / check:N0} | {import:F1} | {rows / import:N0} | {mib:N0} | {new FileInfo(store).Length / (double)rows:F0} |"));
    }

    private static (double Seconds, double PeakMib) Timed(string[] arguments)
    {
        Stopwatch clock = Stopwatch.StartNew();
        double mib = WholeProcess.PeakMib(EndToEnd.Program.Executable, arguments);
        return (clock.Elapsed.TotalSeconds, mib);
    }

    private static void Write(Stream to, IEnumerable<string> lines)
    {
        using StreamWriter writer = new(to);
        foreach (string line in lines)
        {
            writer.Write(line);
            writer.Write('\n');
        }
    }

    // Payments between accounts drawn at random, each account in eight rows on average.
    private static IEnumerable<string> Transfers(int rows)
    {
        yield return "chain,block,block_max,time,tx_hash,tx_index,log_index,kind,from,to,asset,amount,grade,source,note";
        Random random = new(1);
        for (int i = 0; i < rows; i++)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"ethereum,{i / RowsOfBlock},,{Time(i):yyyy-MM-ddTHH:mm:ssZ},0x{Hash(i)},{i % RowsOfBlock},,external,0x{Account(random, rows)},0x{Account(random, rows)},ETH,{random.NextInt64(1, long.MaxValue)},recorded,made up,");
        }
    }

    private static IEnumerable<string> Etherscan(int rows)
    {
        yield return "\"Txhash\",\"Blockno\",\"UnixTimestamp\",\"DateTime\",\"From\",\"To\",\"ContractAddress\",\"Value_IN(ETH)\",\"Value_OUT(ETH)\",\"CurrentValue @ $1/Eth\",\"TxnFee(ETH)\",\"TxnFee(USD)\",\"Historical $Price/Eth\",\"Status\",\"ErrCode\",\"Method\"";
        Random random = new(1);
        for (int i = 0; i < rows; i++)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"\"0x{Hash(i)}\",\"{i / RowsOfBlock}\",\"{Time(i).ToUnixTimeSeconds()}\",\"x\",\"0x{Account(random, rows)}\",\"0x{Account(random, rows)}\",\"\",\"{random.Next(1, 1000)}.25\",\"0\",\"0\",\"0.00042\",\"0\",\"0\",\"\",\"\",\"Transfer\"");
        }
    }

    private static DateTimeOffset Time(int row) => DateTimeOffset.FromUnixTimeSeconds(1_500_000_000 + (12L * (row / RowsOfBlock)));

    // In no order, as hashes are.
    private static string Hash(int row) => Scattered((ulong)row + 1, 64);

    private static string Account(Random random, int rows) => Scattered(~(ulong)random.Next((rows * 2 / RowsOfAccount) + 1), 40);

    private static string Scattered(ulong number, int digits) =>
        $"{unchecked(number * 0x9E3779B97F4A7C15):x16}{number:x16}".PadRight(digits, '1')[..digits];
}
