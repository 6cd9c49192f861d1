using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>
/// What is kept in memory of a folder of block files: 8 bytes for each transaction, 8 for each coin spent, and about 250
/// for each block. Blocks beside the best chain are entered too and left out of the answers, so a chain that
/// becomes the best one later costs nothing. Immutable: new blocks make a new index that shares what it can.
/// </summary>
internal sealed class BlockFilesIndex
{
    private readonly BlockFolder _folder;
    private readonly Dictionary<Hash256, int> _ordinals;
    private readonly StoredBlock[] _blocks;

    // A block's first transaction by the block's ordinal, and behind the last how many there are.
    private readonly uint[] _firstNumbers;

    private BlockFilesIndex(
        BlockFolder folder,
        string[] files,
        StoredBlock[] blocks,
        Dictionary<Hash256, int> ordinals,
        FingerprintIndex transactions,
        FingerprintIndex spends)
    {
        (_folder, Files, _blocks, _ordinals) = (folder, files, blocks, ordinals);
        (Transactions, Spends) = (transactions, spends);
        _firstNumbers = new uint[blocks.Length + 1];
        for (int i = 0; i < blocks.Length; i++)
        {
            long next = (long)_firstNumbers[i] + blocks[i].TransactionCount;
            _firstNumbers[i + 1] = next <= uint.MaxValue
                ? (uint)next
                : throw new InputException(folder.Path, 0, 0, $"there are more than {uint.MaxValue} transactions in it");
        }

        Chain = BestChain.Find(blocks, ordinals, folder.Chain) ?? throw new InputException(
            folder.Path,
            0,
            0,
            blocks.Length == 0
                ? $"no file in it holds a block of {folder.Chain}"
                : "no block's height can be known: the chain's first block is not in it, and none states its height (BIP 34)");
    }

    /// <summary>The files' paths; a block names its file by its place.</summary>
    public string[] Files { get; }

    /// <summary>The blocks in the order in which they were read.</summary>
    public IReadOnlyList<StoredBlock> Blocks => _blocks;

    /// <summary>Those that count.</summary>
    public BestChain Chain { get; }

    /// <summary>Transactions by id.</summary>
    public FingerprintIndex Transactions { get; }

    /// <summary>Transactions by the coins they spend.</summary>
    public FingerprintIndex Spends { get; }

    /// <summary>The index of a folder with its first blocks.</summary>
    /// <exception cref="InputException">No block's height can be known, or a block is of another network.</exception>
    public static BlockFilesIndex Of(BlockFolder folder, string[] files, IReadOnlyList<ScannedBlock> scanned) =>
        Extend(folder, files, [], [], FingerprintIndex.Empty, FingerprintIndex.Empty, scanned);

    /// <summary>With blocks that came since. Those that are in it already are left out.</summary>
    /// <exception cref="InputException">A block is of another network.</exception>
    public BlockFilesIndex With(string[] files, IReadOnlyList<ScannedBlock> scanned) =>
        Extend(_folder, files, _blocks, _ordinals, Transactions, Spends, scanned);

    /// <summary>The number of a block's first transaction among all.</summary>
    public uint FirstNumberOf(int ordinal) => _firstNumbers[ordinal];

    /// <summary>The block and the index in it of a transaction by its number.</summary>
    public (int Ordinal, int Index) PlaceOf(uint number)
    {
        int at = Array.BinarySearch(_firstNumbers, number);
        int ordinal = at < 0 ? ~at - 1 : at;
        return (ordinal, (int)(number - _firstNumbers[ordinal]));
    }

    private static BlockFilesIndex Extend(
        BlockFolder folder,
        string[] files,
        StoredBlock[] blocks,
        Dictionary<Hash256, int> ordinals,
        FingerprintIndex transactions,
        FingerprintIndex spends,
        IReadOnlyList<ScannedBlock> scanned)
    {
        ordinals = new Dictionary<Hash256, int>(ordinals);
        List<StoredBlock> all = [.. blocks];
        List<FingerprintPart> transactionParts = [];
        List<FingerprintPart> spendParts = [];
        long number = blocks.Sum(static block => (long)block.TransactionCount);
        foreach (ScannedBlock block in scanned)
        {
            RequireOwn(folder, files, block.Block);
            if (ordinals.TryAdd(block.Block.Hash, all.Count))
            {
                uint first = (uint)Math.Min(number, uint.MaxValue);
                transactionParts.Add(new FingerprintPart(block.Transactions, first));
                spendParts.Add(new FingerprintPart(block.Spends, first));
                all.Add(block.Block);
                number += block.Block.TransactionCount;
            }
        }

        return new BlockFilesIndex(
            folder, files, [.. all], ordinals, transactions.With([.. transactionParts]), spends.With([.. spendParts]));
    }

    private static void RequireOwn(BlockFolder folder, string[] files, StoredBlock block)
    {
        if (block.Header.Previous.IsZero && block.Hash != KnownGenesis.HashOf(folder.Chain))
        {
            throw new InputException(
                files[block.File], 0, 0, $"it holds another network's first block, {block.Hash}, not that of {folder.Chain}");
        }
    }
}
