using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>
/// A folder of Bitcoin Core's block files (<c>blk00000.dat</c> and on, <c>xor.dat</c> beside them) as a source. The files
/// are read whole once, on all cores, and indexed in memory: 8 bytes for each transaction and for each coin spent, about
/// 250 for each block, and another 8 for each output once a script's history is asked for. Measured: 0.05 bytes for each
/// byte of block file, and 0.03 more with the third index, over blocks of a megabyte and more; 1.3 over the first year's
/// blocks, which hold their coinbase and little else (docs/performance.md). While reading, about twice as much is needed.
/// <para>
/// What counts is the chain with the most work; see <see cref="BestChain"/>. A file may be one that a node is writing:
/// each question for the height reads on from where the last one stopped. A folder that lacks the first blocks serves
/// too, from the height its blocks state on, and says what it cannot know.
/// </para>
/// Any number of questions may be asked at the same time.
/// </summary>
public sealed class BlockFilesRpc : BitcoinRpc
{
    private readonly BlockFolder _folder;
    private readonly Fingerprints _fingerprints;
    private readonly BlockFilesCache _cache;
    private readonly Lock _reading = new();
    private BlockFilesScanner _scanner;
    private bool _isBehind;
    private volatile BlockFilesAnswers _now;

    private BlockFilesRpc(
        BlockFolder folder, Fingerprints fingerprints, IProgress<BlockFilesProgress>? progress, CancellationToken cancellationToken)
    {
        (_folder, _fingerprints) = (folder, fingerprints);
        _cache = new BlockFilesCache(folder, Name);
        (_scanner, _now) = ReadAll(progress, cancellationToken);
    }

    /// <inheritdoc/>
    public override string Name => $"block files in {_folder.Path}";

    /// <summary>Whose blocks they are.</summary>
    public ChainId Chain => _folder.Chain;

    /// <summary>How many bytes the indexes of transactions, coins and scripts take.</summary>
    public long IndexByteCount =>
        _now.Index.Transactions.ByteCount + _now.Index.Spends.ByteCount + _now.Scripts.ByteCount;

    /// <summary>The chain of a folder, by what its first file begins with.</summary>
    /// <exception cref="InputException">There is no such folder, it has no block files, they cannot be read, or they are
    /// of no network known here.</exception>
    public static ChainId ChainOf(string folder) => BlockFolder.Open(folder, null).Chain;

    /// <summary>Reads a folder.</summary>
    /// <param name="folder">The folder; what messages name.</param>
    /// <param name="chain">Whose blocks are expected; null for those that are there.</param>
    /// <param name="progress">Told how many bytes were read of how many, every few megabytes; from any thread.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <exception cref="InputException">There is no such folder, it has no block files, one of them or
    /// <c>xor.dat</c> cannot be read, they are of another network, or no block's height can be known.</exception>
    public static Task<BlockFilesRpc> OpenAsync(
        string folder, ChainId? chain, IProgress<BlockFilesProgress>? progress, CancellationToken cancellationToken) =>
        OpenAsync(folder, chain, new Fingerprints(Fingerprints.MostBits), progress, cancellationToken);

    /// <summary>The same with other fingerprints.</summary>
    internal static Task<BlockFilesRpc> OpenAsync(
        string folder,
        ChainId? chain,
        Fingerprints fingerprints,
        IProgress<BlockFilesProgress>? progress,
        CancellationToken cancellationToken) =>
        Task.Run(
            () => new BlockFilesRpc(BlockFolder.Open(folder, chain), fingerprints, progress, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    protected override Task<ulong> HeightAsync(CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            ReadOn(cancellationToken);
            return (ulong)_now.Index.Chain.TipHeight;
        },
        cancellationToken);

    /// <inheritdoc/>
    protected override Task<Hash256> GenesisAsync(CancellationToken cancellationToken) =>
        Task.FromResult(KnownGenesis.HashOf(_folder.Chain));

    /// <inheritdoc/>
    protected override Task<AboutSource> AboutAsync(CancellationToken cancellationToken)
    {
        BlockFilesAnswers now = _now;
        BlockFilesIndex index = now.Index;
        List<string> limits = [];
        if (now.Part is { } part)
        {
            limits.Add(part);
        }

        if (index.Blocks.Count > index.Chain.Length)
        {
            limits.Add($"blocks beside the chain, left out: {index.Blocks.Count - index.Chain.Length}");
        }

        if (_scanner.UnreadableCount is > 0 and long unreadable)
        {
            limits.Add($"records that are no whole block, left out: {unreadable}");
        }

        return Task.FromResult(new AboutSource(
            "block files", string.Empty, "an index of all blocks, in memory", limits));
    }

    /// <inheritdoc/>
    protected override Task<BlockHeader?> HeaderAsync(ulong height, CancellationToken cancellationToken) =>
        Task.FromResult(_now.Header(height));

    /// <inheritdoc/>
    protected override Task<byte[]?> RawAsync(TxHash id, CancellationToken cancellationToken) =>
        Task.Run(() => _now.Raw(id), cancellationToken);

    /// <inheritdoc/>
    protected override Task<TxPlace?> PlaceAsync(TxHash id, CancellationToken cancellationToken) =>
        Task.Run(() => _now.Place(id), cancellationToken);

    /// <inheritdoc/>
    protected override Task<IReadOnlyList<SpentOutput>> SpendsAsync(TxHash id, CancellationToken cancellationToken) =>
        Task.Run(() => _now.Spends(id, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    protected override Task<TxHash?> SpenderAsync(SpenderQuestion question, CancellationToken cancellationToken) =>
        Task.Run(() => _now.Spender(question), cancellationToken);

    /// <inheritdoc/>
    protected override Task<IReadOnlyList<TxHash>> HistoryAsync(
        byte[] script, ulong upTo, CancellationToken cancellationToken) =>
        Task.Run(() => _now.History(script, upTo, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    protected override Task<BlockFees> FeesAsync(ulong height, CancellationToken cancellationToken) =>
        Task.Run(() => _now.Fees(height, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    protected override Task<WholeBlock?> BlockAsync(ulong height, CancellationToken cancellationToken) =>
        Task.Run(() => _now.Whole(height, cancellationToken), cancellationToken);

    // One at a time; questions asked meanwhile are answered from what was there before.
    private void ReadOn(CancellationToken cancellationToken)
    {
        lock (_reading)
        {
            try
            {
                if (_isBehind || _scanner.ReadOn(null, cancellationToken) is not { } scanned)
                {
                    (_scanner, _now) = ReadAll(null, cancellationToken);
                }
                else if (scanned.Count > 0)
                {
                    // Until they are entered: what the scanner has read it does not read again.
                    _isBehind = true;
                    _now = new BlockFilesAnswers(
                        _now.Index.With(_scanner.Files, scanned), _fingerprints, _now.Scripts, _cache);
                }

                _isBehind = false;
            }
            catch (InputException fault)
            {
                throw new SourceException(Name, "height", fault.Message, fault);
            }
        }
    }

    private (BlockFilesScanner Scanner, BlockFilesAnswers Answers) ReadAll(
        IProgress<BlockFilesProgress>? progress, CancellationToken cancellationToken)
    {
        BlockFilesScanner scanner = new(_folder, _fingerprints);
        IReadOnlyList<ScannedBlock>? scanned = scanner.ReadOn(progress, cancellationToken);
        Invariant.Check(scanned is not null, $"a first reading found that something had changed since the last");
        BlockFilesIndex index = BlockFilesIndex.Of(_folder, scanner.Files, scanned);
        return (scanner, new BlockFilesAnswers(index, _fingerprints, new ScriptIndex(_fingerprints, _cache), _cache));
    }
}
