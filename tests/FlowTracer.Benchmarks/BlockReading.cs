using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using FlowTracer.Chains.Bitcoin;
using FlowTracer.Chains.Bitcoin.Hashing;
using FlowTracer.Chains.Bitcoin.Live;
using FlowTracer.Core.Model;
using FlowTracer.Testing;

namespace FlowTracer.Benchmarks;

/// <summary>
/// <c>blocks [RUNS]</c>: parsing and hashing whole blocks from memory on one core, beside the hashing alone, over the
/// large blocks of the shared data; and indexing a folder of block files made of them.
/// </summary>
internal static class BlockReading
{
    /// <summary>The file of the first blocks of the main chain, as a node keeps them.</summary>
    public const string FirstBlocksName = "jeffchan_blk00000.dat";

    private const int DefaultRuns = 40;
    private const int IndexRuns = 7;
    private const int Copies = 40;
    private const string FolderName = "bitcoin-blocks";
    private const long SmallestLarge = 900_000;

    // The other is a list of headers.
    private static readonly string[] NotOneBlock = [FirstBlocksName, "bitcoinj_first-100k-blocks.dat"];

    public static async Task<int> RunAsync(string[] arguments)
    {
        string folder = Path.Combine(Repository.SharedData, FolderName);
        if (!Directory.Exists(folder))
        {
            Console.Error.WriteLine($"needs ../shared/data/{FolderName}, which is not here");
            return 1;
        }

        int runs = arguments.Length > 0 ? int.Parse(arguments[0], CultureInfo.InvariantCulture) : DefaultRuns;
        byte[][] blocks = SingleBlocks(folder, SmallestLarge);
        PrintMachine(blocks);
        ParseAndHash(blocks, runs);
        await IndexAsync(blocks);
        await IndexFirstAsync(Path.Combine(folder, FirstBlocksName));
        return 0;
    }

    /// <summary>The blocks of so many bytes and more whose file is the block's bytes.</summary>
    public static byte[][] SingleBlocks(string folder, long leastBytes) =>
    [
        .. Directory.GetFiles(folder)
            .Where(static path => Path.GetExtension(path) is ".raw" or ".blk" or ".dat")
            .Where(path => new FileInfo(path).Length >= leastBytes && !NotOneBlock.Contains(Path.GetFileName(path)))
            .Order(StringComparer.Ordinal)
            .Select(File.ReadAllBytes),
    ];

    private static void PrintMachine(byte[][] blocks)
    {
        const string cpuInfo = "/proc/cpuinfo";
        string model = File.Exists(cpuInfo)
            ? File.ReadLines(cpuInfo).FirstOrDefault(static line => line.StartsWith("model name", StringComparison.Ordinal)) ?? string.Empty
            : string.Empty;
        string load = File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown";
        Console.WriteLine(
            $"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}, {Environment.ProcessorCount} cores, {model.Split(':')[^1].Trim()}, load average {load}");
        Console.WriteLine(
            $"{blocks.Length} blocks, {blocks.Sum(static block => (long)block.Length):N0} bytes, {blocks.Sum(static block => Block.Parse(block).TransactionCount):N0} transactions");
        Console.WriteLine();
    }

    private static void ParseAndHash(byte[][] blocks, int runs)
    {
        Block[] parsed = [.. blocks.Select(static bytes => Block.Parse(bytes))];
        SplicedMessage[][] messages = [.. parsed.Select(Messages)];
        byte[][] stripped = [.. parsed.Zip(messages, Strip)];
        long bytes = blocks.Sum(static block => (long)block.Length);
        long transactions = parsed.Sum(static block => (long)block.TransactionCount);
        long hashed = stripped.Sum(static block => (long)block.Length);
        Hash256[] ids = new Hash256[parsed.Max(static block => block.TransactionCount)];
        byte[] digest = new byte[SHA256.HashSizeInBytes];

        (string Step, Action Work)[] steps =
        [
            ("parse, ids, merkle root", () => Each(blocks.Length, i => RequireRoot(Block.Parse(blocks[i])))),
            ("parse, ids", () => Each(blocks.Length, i => Block.Parse(blocks[i]))),
            ("the same hashes alone: ids, merkle root", () => Each(blocks.Length, i =>
            {
                Span<Hash256> own = ids.AsSpan(0, messages[i].Length);
                DoubleSha256.OfMessages(blocks[i], messages[i], own);
                MerkleTree.Root(own, out _);
            })),
            ("the same hashes, one `SHA256.HashData` after another", () => Each(blocks.Length, i => HashSerially(stripped[i], messages[i], ids))),
            ("one plain `SHA256.HashData` over the same bytes", () => Each(blocks.Length, i => SHA256.HashData(stripped[i], digest))),
        ];
        TimeSpan[][] times = Measure([.. steps.Select(static step => step.Work)], runs);
        Console.WriteLine("| on one core | ms: least, median | MB/s of blocks: best, median | transactions/s: best, median | times the hashes alone: least, median |");
        Console.WriteLine("|---|---|---|---|---|");
        const int hashesAlone = 2;
        for (int i = 0; i < steps.Length; i++)
        {
            (double least, double median) = (times[i][0].TotalSeconds, times[i][runs / 2].TotalSeconds);
            double leastTimes = least / times[hashesAlone][0].TotalSeconds;
            double medianTimes = median / times[hashesAlone][runs / 2].TotalSeconds;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {steps[i].Step} | {least * 1000:F1}, {median * 1000:F1} | {bytes / least / 1e6:F0}, {bytes / median / 1e6:F0} | {transactions / least:N0}, {transactions / median:N0} | {leastTimes:F2}, {medianTimes:F2} |"));
        }

        Console.WriteLine();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"Share of SHA-256 in the first row: {times[hashesAlone][0] / times[0][0]:P0} at the least times, {times[hashesAlone][runs / 2] / times[0][runs / 2]:P0} at the medians. Plain SHA-256: {hashed / times[^1][0].TotalSeconds / 1e6:F0} MB/s at best, over {hashed:N0} bytes."));
        Console.WriteLine();
    }

    private static async Task IndexAsync(byte[][] blocks)
    {
        string folder = Directory.CreateTempSubdirectory("flowtracer-bench-").FullName;
        try
        {
            // A made chain of the same transactions under other headers: only a block that is on a chain is indexed.
            MadeChain chain = new(blocks);
            for (int file = 0; file < Copies; file++)
            {
                await File.WriteAllBytesAsync(Path.Combine(folder, $"blk{file:D5}.dat"), chain.NextFile());
            }

            await IndexAsync("the large blocks, repeated", folder, chain.OutputScript);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task IndexFirstAsync(string file)
    {
        string folder = Directory.CreateTempSubdirectory("flowtracer-bench-").FullName;
        try
        {
            File.Copy(file, Path.Combine(folder, "blk00000.dat"));
            await IndexAsync("the first 4,313 blocks of the main chain", folder, [0x51]);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task IndexAsync(string what, string folder, byte[] script)
    {
        long bytes = Directory.GetFiles(folder).Sum(static file => new FileInfo(file).Length);
        await Task.Yield();
        await IndexOnceAsync(folder, script);
        Indexing[] runs = new Indexing[IndexRuns];
        for (int run = 0; run < IndexRuns; run++)
        {
            // What comes behind an await may run on top of what was awaited, and keep it alive.
            await Task.Yield();
            runs[run] = await IndexOnceAsync(folder, script);
        }

        Array.Sort(runs, static (left, right) => left.Time.CompareTo(right.Time));
        Indexing median = runs[IndexRuns / 2];
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"Indexing {what}, {bytes:N0} bytes, on {Environment.ProcessorCount} cores: {bytes / runs[0].Time.TotalSeconds / 1e6:F0} MB/s at best, {bytes / median.Time.TotalSeconds / 1e6:F0} at the median of {IndexRuns}. Bytes for each byte of file: {(double)median.Entries / bytes:F3} of entries, {(double)median.Held / bytes:F3} in all, {(double)median.Scripts / bytes:F3} more with scripts."));
    }

    // On its own, so that nothing of it is held when the next run begins.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<Indexing> IndexOnceAsync(string folder, byte[] script)
    {
        long before = GC.GetTotalMemory(forceFullCollection: true);
        long start = Stopwatch.GetTimestamp();
        BlockFilesRpc rpc = await BlockFilesRpc.OpenAsync(folder, null, null, CancellationToken.None);
        TimeSpan time = Stopwatch.GetElapsedTime(start);
        long held = GC.GetTotalMemory(forceFullCollection: true) - before;
        long entries = rpc.IndexByteCount;
        ulong height = (await rpc.AskAsync(BitcoinCalls.HeightNow(), CancellationToken.None)).Result.GetUInt64();
        await rpc.AskAsync(BitcoinCalls.HistoryOf(script, height), CancellationToken.None);
        return new Indexing(time, entries, held, rpc.IndexByteCount - entries);
    }

    // In turn, so that what else runs on the machine falls on all of them; the first few are not counted.
    private static TimeSpan[][] Measure(Action[] steps, int runs)
    {
        const int warming = 10;
        TimeSpan[][] times = Array.ConvertAll(steps, _ => new TimeSpan[runs]);
        for (int run = -warming; run < runs; run++)
        {
            for (int i = 0; i < steps.Length; i++)
            {
                long start = Stopwatch.GetTimestamp();
                steps[i]();
                TimeSpan time = Stopwatch.GetElapsedTime(start);
                if (run >= 0)
                {
                    times[i][run] = time;
                }
            }
        }

        foreach (TimeSpan[] step in times)
        {
            Array.Sort(step);
        }

        return times;
    }

    private static void Each(int count, Action<int> work)
    {
        for (int i = 0; i < count; i++)
        {
            work(i);
        }
    }

    private static void RequireRoot(Block block)
    {
        if (MerkleTree.Root(block.TransactionIds, out _) != block.Header.MerkleRoot)
        {
            throw new InvalidOperationException($"The block {block.Hash} is damaged.");
        }
    }

    private static SplicedMessage[] Messages(Block block)
    {
        ByteReader reader = new(block.Bytes.Span, BlockHeader.ByteLength);
        SplicedMessage[] messages = new SplicedMessage[reader.ReadCount(TxDecoder.MinBytes, "transactions")];
        for (int i = 0; i < messages.Length; i++)
        {
            messages[i] = TxDecoder.Read(ref reader).IdMessage;
        }

        return messages;
    }

    private static byte[] Strip(Block block, SplicedMessage[] messages)
    {
        byte[] stripped = new byte[messages.Sum(static message => message.Length)];
        int next = 0;
        foreach (SplicedMessage message in messages)
        {
            next += message.CopyTo(block.Bytes.Span, 0, stripped.AsSpan(next, message.Length));
        }

        return stripped;
    }

    private static void HashSerially(byte[] stripped, SplicedMessage[] messages, Hash256[] ids)
    {
        int next = 0;
        for (int i = 0; i < messages.Length; i++)
        {
            ids[i] = Twice(stripped.AsSpan(next, messages[i].Length));
            next += messages[i].Length;
        }

        for (int count = messages.Length; count > 1; count = (count + 1) / 2)
        {
            for (int i = 0; i < count; i += 2)
            {
                Hash256[] pair = [ids[i], ids[Math.Min(i + 1, count - 1)]];
                ids[i / 2] = Twice(MemoryMarshal.AsBytes(pair.AsSpan()));
            }
        }
    }

    private static Hash256 Twice(ReadOnlySpan<byte> data)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(data, digest);
        SHA256.HashData(digest, digest);
        return new Hash256(digest);
    }

    private readonly record struct Indexing(TimeSpan Time, long Entries, long Held, long Scripts);

    /// <summary>
    /// The blocks again and again under headers of the private test network, each on the one before and with a merkle root
    /// of its own, because its coinbase's lock time counts up.
    /// </summary>
    private sealed class MadeChain(byte[][] blocks)
    {
        private static ReadOnlySpan<byte> Magic => [0xFA, 0xBF, 0xB5, 0xDA];

        private Hash256 _parent = Start();
        private uint _number;

        /// <summary>A script that is paid.</summary>
        public byte[] OutputScript { get; } = Block.Parse(blocks[0])[1].OutputAt(0).Script.ToArray();

        public byte[] NextFile()
        {
            using MemoryStream file = new();
            if (_number == 0)
            {
                Write(file, FirstBlock());
            }

            foreach (byte[] block in blocks)
            {
                Write(file, Rename(block));
            }

            return file.ToArray();
        }

        private static Hash256 Start() => BlockHeader.Parse(FirstBlock()).ComputeHash();

        // The private network's first block: the main chain's transaction under a header of its own.
        private static byte[] FirstBlock() => Convert.FromHexString(
            "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3"
            + "888a51323a9fb8aa4b1e5e4adae5494dffff7f20020000000101000000010000000000000000000000000000000000000000000000000000"
            + "000000000000ffffffff4d04ffff001d0104455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e2062"
            + "72696e6b206f66207365636f6e64206261696c6f757420666f722062616e6b73ffffffff0100f2052a01000000434104678afdb0fe554827"
            + "1967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5f"
            + "ac00000000");

        private static void Write(MemoryStream file, byte[] block)
        {
            file.Write(Magic);
            file.Write(BitConverter.GetBytes(block.Length));
            file.Write(block);
        }

        private byte[] Rename(byte[] block)
        {
            byte[] bytes = [.. block];
            BitConverter.TryWriteBytes(bytes.AsSpan(Messages(Block.Parse(block))[0].End - sizeof(uint)), ++_number);
            Hash256 root = MerkleTree.Root(Block.Parse(bytes).TransactionIds, out _);
            BlockHeader header = BlockHeader.Parse(bytes) with { Previous = _parent, MerkleRoot = root, Bits = 0x207FFFFF };
            while (!header.HasProofOfWork(ChainId.BitcoinRegtest))
            {
                header = header with { Nonce = unchecked(header.Nonce + 1) };
            }

            header.WriteTo(bytes);
            _parent = header.ComputeHash();
            return bytes;
        }
    }
}
