namespace FlowTracer.Chains.Bitcoin;

/// <summary>What a stretch of a block file is.</summary>
public enum BlockFileEntryKind : byte
{
    /// <summary>A record: the bytes of a block, as its length says. Whether they are a block, <see cref="Block.Parse"/>
    /// tells.</summary>
    Block = 1,

    /// <summary>Zeros: room that the node set aside and has not filled.</summary>
    Unused = 2,

    /// <summary>The beginning of a record whose rest is not there: the node died, or is still writing.</summary>
    Torn = 3,

    /// <summary>Bytes that are no record.</summary>
    Unknown = 4,

    /// <summary>The beginning of a record whose header has no proof of work, so that its length is not believed, with what
    /// follows it up to where a record may begin again.</summary>
    Workless = 5,
}

/// <summary>A stretch of a block file. The entries of a file cover it whole, in order, and do not overlap.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Offset">Where it begins in the file; for a block that is its record's magic, eight bytes
/// before.</param>
/// <param name="Length">How many bytes of the file it takes.</param>
/// <param name="Bytes">The block, in an array of its own; nothing for other kinds.</param>
public readonly record struct BlockFileEntry(
    BlockFileEntryKind Kind, long Offset, long Length, ReadOnlyMemory<byte> Bytes);
