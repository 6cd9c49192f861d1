namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>A block in a folder of block files, and where it is.</summary>
/// <param name="Header">Its header.</param>
/// <param name="Hash">Its name.</param>
/// <param name="File">The file's place in the order of files.</param>
/// <param name="Offset">Where its record begins in the file.</param>
/// <param name="TransactionCount">How many transactions it has.</param>
/// <param name="StatedHeight">See <see cref="CoinbaseHeight"/>.</param>
internal sealed record StoredBlock(
    BlockHeader Header, Hash256 Hash, int File, long Offset, int TransactionCount, int? StatedHeight);

/// <summary>A block as it was read, with what is to be entered in the indexes.</summary>
/// <param name="Block">The block.</param>
/// <param name="Transactions">A <see cref="FingerprintPart"/>'s entries, one for each transaction.</param>
/// <param name="Spends">The same, one for each coin spent.</param>
internal sealed record ScannedBlock(StoredBlock Block, ulong[] Transactions, ulong[] Spends);

/// <summary>How far reading block files has come.</summary>
/// <param name="BytesRead">Bytes of the files read so far.</param>
/// <param name="BytesTotal">Bytes there are to be read.</param>
public readonly record struct BlockFilesProgress(long BytesRead, long BytesTotal);
