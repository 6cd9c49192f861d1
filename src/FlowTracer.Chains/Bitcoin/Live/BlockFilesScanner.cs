using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>
/// Reads the blocks of a folder, each file from where it stopped before, as many files at once as there are cores and a
/// block of each at a time. Whatever is no whole block with its proof of work and its merkle root is passed over: a record
/// that a node died in, one that it is still writing, rubbish. What such a record's length swallowed is read; of records
/// whose header has its proof of work, and that are no blocks all the same, a file has few, and the reading of one that
/// has many is given up.
/// </summary>
/// <param name="folder">The folder.</param>
/// <param name="fingerprints">How what is found is named.</param>
/// <param name="open">Opens one of its files in another way than the folder does.</param>
internal sealed class BlockFilesScanner(
    BlockFolder folder, Fingerprints fingerprints, Func<string, BlockFileReader>? open = null)
{
    private const long ReportBytes = 8_000_000;
    private const long MostBrokenBytes = 16L * Block.MaxBytes;

    private readonly Func<string, BlockFileReader> _open = open ?? folder.OpenFile;
    private FileState[] _files = [];

    /// <summary>The files in their order, as of the last reading.</summary>
    public string[] Files => Array.ConvertAll(_files, static file => file.Path);

    /// <summary>How many records before the last whole block of their file are no blocks.</summary>
    public long UnreadableCount => _files.Sum(static file => file.UnreadableCount);

    /// <summary>Reads what is new: all of it the first time.</summary>
    /// <returns>The new blocks in the order of files and in them; null when files read before are gone, shorter, or no
    /// longer the first ones, so that everything must be read anew.</returns>
    /// <exception cref="InputException">A file cannot be read, or there is none left.</exception>
    public IReadOnlyList<ScannedBlock>? ReadOn(IProgress<BlockFilesProgress>? progress, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> paths = folder.Files();
        FileState[] files = new FileState[paths.Count];
        for (int i = 0; i < files.Length; i++)
        {
            string path = paths[i];
            FileInfo info = BlockFolder.Guard(path, () => new FileInfo(path));
            FileState before = i < _files.Length ? _files[i] : new FileState(path, 0, 0, default, 0);
            if (before.Path != path || (info.Exists && info.Length < before.ReadTo))
            {
                return null;
            }

            // What is written while the file is read changes its time again. A node writes to the last one.
            bool isChanged = i >= _files.Length || !info.Exists || before.Length != info.Length
                || before.WrittenAt != info.LastWriteTimeUtc || i == files.Length - 1;
            files[i] = before with
            {
                Length = info.Exists ? info.Length : 0,
                WrittenAt = info.LastWriteTimeUtc,
                IsChanged = isChanged,
            };
        }

        return paths.Count < _files.Length ? null : Read(files, new Meter(progress, files), cancellationToken);
    }

    private List<ScannedBlock> Read(FileState[] files, Meter meter, CancellationToken cancellationToken)
    {
        List<ScannedBlock>?[] found = new List<ScannedBlock>?[files.Length];
        ParallelOptions options = new()
        {
            CancellationToken = cancellationToken,
            MaxDegreeOfParallelism = Environment.ProcessorCount,
        };
        Faults.Unwrap(() => Parallel.For(0, files.Length, options, at =>
        {
            if (files[at].IsChanged)
            {
                files[at] = BlockFolder.Guard(files[at].Path, () => Read(files[at], at, meter, cancellationToken, out found[at]));
            }
        }));
        cancellationToken.ThrowIfCancellationRequested();
        _files = files;
        return [.. found.SelectMany(static blocks => blocks ?? [])];
    }

    private FileState Read(
        FileState file, int number, Meter meter, CancellationToken cancellationToken, out List<ScannedBlock>? found)
    {
        found = [];
        long readTo = file.ReadTo;
        long unreadable = file.UnreadableCount;
        int pending = 0;
        long broken = 0;
        using BlockFileReader reader = _open(file.Path);
        reader.Position = readTo;
        while (reader.TryReadNext(out BlockFileEntry entry))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (entry.Kind == BlockFileEntryKind.Block && TryScan(entry, number) is { } block)
            {
                found.Add(block);
                unreadable += pending;
                pending = 0;
                meter.Add(entry.Offset + entry.Length - readTo);
                readTo = entry.Offset + entry.Length;
            }
            else if (entry.Kind is BlockFileEntryKind.Block or BlockFileEntryKind.Torn)
            {
                pending++;
                broken += entry.Bytes.Length;
                RequireFew(broken, file);
                reader.Position = entry.Offset + 1;
            }
            else if (entry.Kind == BlockFileEntryKind.Workless)
            {
                pending++;
            }
        }

        meter.Add(file.Length - readTo);
        return file with { ReadTo = readTo, UnreadableCount = unreadable };
    }

    // They may lie in one another, so that what is read of them is many times what the file has.
    private static void RequireFew(long brokenBytes, FileState file)
    {
        if (brokenBytes > file.Length + MostBrokenBytes)
        {
            throw new InputException(file.Path, 0, 0, "it holds too many records that begin as blocks and are none");
        }
    }

    private ScannedBlock? TryScan(BlockFileEntry entry, int file)
    {
        Block block;
        try
        {
            block = Block.Parse(entry.Bytes);
        }
        catch (BitcoinFormatException)
        {
            return null;
        }

        if (!ProofOfWork.Holds(block.Hash, block.Header.Bits, folder.Chain)
            || MerkleTree.Root(block.TransactionIds, out bool repeatsBranch) != block.Header.MerkleRoot
            || repeatsBranch)
        {
            return null;
        }

        StoredBlock stored = new(
            block.Header, block.Hash, file, entry.Offset, block.TransactionCount, CoinbaseHeight.Of(block));
        return new ScannedBlock(stored, TransactionsOf(block), SpendsOf(block));
    }

    private ulong[] TransactionsOf(Block block)
    {
        ReadOnlySpan<Hash256> ids = block.TransactionIds;
        ulong[] entries = new ulong[ids.Length];
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i] = FingerprintPart.Pack(fingerprints.OfTransaction(ids[i]), i);
        }

        return entries;
    }

    private ulong[] SpendsOf(Block block)
    {
        int count = 0;
        for (int i = 1; i < block.TransactionCount; i++)
        {
            count += block[i].InputCount;
        }

        ulong[] entries = new ulong[count];
        int next = 0;
        for (int i = 1; i < block.TransactionCount; i++)
        {
            foreach (TxIn input in block[i].Inputs)
            {
                entries[next++] = FingerprintPart.Pack(fingerprints.OfCoin(input.OutPointBytes), i);
            }
        }

        return entries;
    }

    /// <param name="Path">The file.</param>
    /// <param name="ReadTo">Behind the last whole block: from here it is read on.</param>
    /// <param name="Length">How long it was.</param>
    /// <param name="WrittenAt">When it was last written.</param>
    /// <param name="UnreadableCount">Records before <paramref name="ReadTo"/> that are no blocks.</param>
    private sealed record FileState(string Path, long ReadTo, long Length, DateTime WrittenAt, long UnreadableCount)
    {
        public bool IsChanged { get; init; }
    }

    private sealed class Meter(IProgress<BlockFilesProgress>? progress, IEnumerable<FileState> files)
    {
        private readonly long _total = files.Where(static file => file.IsChanged).Sum(static file => file.Length - file.ReadTo);
        private long _read;

        public void Add(long bytes)
        {
            if (bytes <= 0)
            {
                return;
            }

            // A file that grew while it was read must not bring the sum over the total.
            long after = Math.Min(Interlocked.Add(ref _read, bytes), _total);
            long before = Math.Min(after - bytes, _total);
            if (after == _total || before / ReportBytes != after / ReportBytes)
            {
                progress?.Report(new BlockFilesProgress(after, _total));
            }
        }
    }
}
