using FlowTracer.Core.Ports;

namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>Reads blocks back from their files, and keeps the few that were used last.</summary>
/// <param name="folder">Where they are.</param>
/// <param name="name">The source's name, for faults.</param>
internal sealed class BlockFilesCache(BlockFolder folder, string name)
{
    /// <summary>How many blocks are kept: some 50 MB of them at their largest in practice.</summary>
    public const int Capacity = 32;

    private readonly Lock _lock = new();
    private readonly Dictionary<Hash256, LinkedListNode<Block>> _nodes = [];
    private readonly LinkedList<Block> _newestFirst = [];

    /// <summary>A block.</summary>
    /// <param name="stored">Where it is.</param>
    /// <param name="file">The file's path.</param>
    /// <exception cref="SourceException">It cannot be read, or something else is there now.</exception>
    public Block Get(StoredBlock stored, string file)
    {
        lock (_lock)
        {
            if (_nodes.TryGetValue(stored.Hash, out LinkedListNode<Block>? node))
            {
                _newestFirst.Remove(node);
                _newestFirst.AddFirst(node);
                return node.Value;
            }
        }

        Block block = Read(stored, file);
        lock (_lock)
        {
            // Two that ask at the same time both read it.
            if (!_nodes.ContainsKey(stored.Hash))
            {
                _nodes.Add(stored.Hash, _newestFirst.AddFirst(block));
            }

            if (_nodes.Count > Capacity)
            {
                _nodes.Remove(_newestFirst.Last!.Value.Hash);
                _newestFirst.RemoveLast();
            }
        }

        return block;
    }

    /// <summary>The same, without keeping it.</summary>
    /// <exception cref="SourceException">It cannot be read, or something else is there now.</exception>
    public Block Read(StoredBlock stored, string file)
    {
        try
        {
            using BlockFileReader reader = folder.OpenFile(file);
            reader.Position = stored.Offset;
            if (reader.TryReadNext(out BlockFileEntry entry)
                && entry.Kind == BlockFileEntryKind.Block
                && Block.Parse(entry.Bytes) is { } block
                && block.Hash == stored.Hash
                && MerkleTree.Root(block.TransactionIds, out _) == stored.Header.MerkleRoot)
            {
                return block;
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new SourceException(name, $"block {stored.Hash}", $"{file} cannot be read: {fault.Message}", fault);
        }
        catch (BitcoinFormatException)
        {
            // Told below: it was a block when the files were read first.
        }

        throw new SourceException(name, $"block {stored.Hash}", $"{file} has changed where the block was; start over");
    }
}
