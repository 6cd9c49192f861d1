using FlowTracer.Core.Ports;

namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>
/// Transactions by the scripts they pay to, read from all blocks when first asked for: 8 bytes for each output (for each
/// script that a transaction pays to).
/// </summary>
internal sealed class ScriptIndex(Fingerprints fingerprints, BlockFilesCache cache)
{
    // So many blocks' outputs are held beside the index at once.
    private const int BlocksAtOnce = 4096;

    private readonly Lock _lock = new();
    private FingerprintIndex _entries = FingerprintIndex.Empty;
    private int _blockCount;

    /// <summary>How many bytes the entries take.</summary>
    public long ByteCount => _entries.ByteCount;

    /// <summary>The entries of all blocks of an index; of those that another has read since, too.</summary>
    /// <exception cref="SourceException">A block cannot be read.</exception>
    public FingerprintIndex Of(BlockFilesIndex index, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            while (_blockCount < index.Blocks.Count)
            {
                int first = _blockCount;
                FingerprintPart[] parts = new FingerprintPart[Math.Min(BlocksAtOnce, index.Blocks.Count - first)];
                ParallelOptions options = new()
                {
                    CancellationToken = cancellationToken,
                    MaxDegreeOfParallelism = Environment.ProcessorCount,
                };
                Faults.Unwrap(() => Parallel.For(0, parts.Length, options, i => parts[i] = Read(index, first + i)));
                _entries = _entries.With(parts);
                _blockCount += parts.Length;
            }

            return _entries;
        }
    }

    private FingerprintPart Read(BlockFilesIndex index, int ordinal)
    {
        StoredBlock stored = index.Blocks[ordinal];
        Block block = cache.Read(stored, index.Files[stored.File]);
        List<ulong> entries = new(2 * block.TransactionCount);
        for (int i = 0; i < block.TransactionCount; i++)
        {
            foreach (TxOut output in block[i].Outputs)
            {
                entries.Add(FingerprintPart.Pack(fingerprints.OfScript(output.Script), i));
            }
        }

        return new FingerprintPart([.. entries], index.FirstNumberOf(ordinal));
    }
}
