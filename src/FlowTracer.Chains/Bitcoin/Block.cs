using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Bitcoin;

/// <summary>
/// A Bitcoin block: its header, and where its transactions are in the bytes it was read from. Reading checks the form
/// and names every transaction; <see cref="Check"/> says whether what was read holds together. The bytes belong to the
/// block from then on: whoever changes them breaks it.
/// </summary>
public sealed class Block
{
    /// <summary>The longest block the network allows, in bytes (BIP 141: four million units of weight).</summary>
    public const int MaxBytes = 4_000_000;

    private readonly DecodedBytes _decoded;

    private Block(BlockHeader header, DecodedBytes decoded)
    {
        (Header, _decoded) = (header, decoded);
        Hash = header.ComputeHash();
    }

    /// <summary>The header.</summary>
    public BlockHeader Header { get; }

    /// <summary>The block's name.</summary>
    public Hash256 Hash { get; }

    /// <summary>All its bytes, as they were read.</summary>
    public ReadOnlyMemory<byte> Bytes => _decoded.Memory;

    /// <summary>At least one: the first is the coinbase, and no other is one.</summary>
    public int TransactionCount => _decoded.Count;

    /// <summary>The transactions' ids as stored, in their order.</summary>
    public ReadOnlySpan<Hash256> TransactionIds => _decoded.Ids;

    /// <summary>A transaction by its place in the block, from 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer.</exception>
    public Transaction this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)TransactionCount, nameof(index));
            return new Transaction(_decoded, index);
        }
    }

    /// <summary>Reads a block, alone in its bytes, and computes the transactions' ids.</summary>
    /// <exception cref="BitcoinFormatException">The bytes are no block, or something follows it.</exception>
    public static Block Parse(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length > MaxBytes)
        {
            throw new BitcoinFormatException(MaxBytes, $"a block has at most {MaxBytes} bytes, not {bytes.Length}");
        }

        ByteReader reader = new(bytes.Span);
        BlockHeader header = BlockHeader.Read(ref reader);
        TxRecord[] records = new TxRecord[reader.ReadCount(TxDecoder.MinBytes, "transactions")];
        for (int i = 0; i < records.Length; i++)
        {
            records[i] = TxDecoder.Read(ref reader);
            RequireCoinbaseFirst(bytes.Span, records[i], isFirst: i == 0);
        }

        reader.ExpectEnd("block");
        return new Block(header, new DecodedBytes(bytes, records));
    }

    /// <summary>
    /// Checks what a block states about itself: proof of work, merkle root, and the commitment to its witnesses.
    /// Whether its parent is known, its coins exist and its scripts are satisfied are questions to a full node.
    /// </summary>
    /// <exception cref="ArgumentException">The chain is not Bitcoin's.</exception>
    public BlockFaults Check(ChainId chain)
    {
        BlockFaults faults = ProofOfWork.Holds(Hash, Header.Bits, chain) ? BlockFaults.None : BlockFaults.ProofOfWork;
        if (MerkleTree.Root(TransactionIds, out bool repeatsBranch) != Header.MerkleRoot)
        {
            faults |= BlockFaults.MerkleRoot;
        }

        if (repeatsBranch)
        {
            faults |= BlockFaults.RepeatedMerkleBranch;
        }

        return faults | WitnessCommitment.Check(_decoded);
    }

    /// <summary>The witness ids (BIP 141) in the order of the transactions, the coinbase's too. Hashed on each
    /// call.</summary>
    public Hash256[] ComputeWitnessIds() => _decoded.ComputeWitnessIds();

    // A stack of money out of nothing in the middle of a block would be a seed nobody paid.
    private static void RequireCoinbaseFirst(ReadOnlySpan<byte> bytes, in TxRecord record, bool isFirst)
    {
        bool isCoinbase = record.InputCount == 1
            && TxDecoder.IsNoOutput(bytes.Slice(record.BodyStart + 1, Hash256.ByteLength + sizeof(uint)));
        if (isCoinbase != isFirst)
        {
            ByteReader.Throw(record.Start, isFirst ? "the first transaction is no coinbase" : "a second coinbase");
        }
    }
}
