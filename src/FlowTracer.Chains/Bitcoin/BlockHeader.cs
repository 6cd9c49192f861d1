using System.Buffers.Binary;
using FlowTracer.Chains.Bitcoin.Hashing;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Bitcoin;

/// <summary>
/// The 80 bytes that a block's hash is of: version, parent, merkle root, time, target, nonce, little-endian.
/// </summary>
/// <param name="Version">The version, or the bits of BIP 9.</param>
/// <param name="Previous">The parent's hash; zero in a genesis block.</param>
/// <param name="MerkleRoot">What the transactions' ids must add up to.</param>
/// <param name="Time">
/// What the miner gave as its clock, seconds since 1970 in UTC. It may lie before the parent's: order blocks by height,
/// and see <see cref="MedianTime"/>.
/// </param>
/// <param name="Bits">The target in its compact form; see <see cref="ProofOfWork"/>.</param>
/// <param name="Nonce">What the miner varied.</param>
public readonly record struct BlockHeader(
    int Version, Hash256 Previous, Hash256 MerkleRoot, uint Time, uint Bits, uint Nonce)
{
    /// <summary>How many bytes it has.</summary>
    public const int ByteLength = 80;

    /// <summary>Reads the first 80 bytes.</summary>
    /// <exception cref="BitcoinFormatException">There are fewer.</exception>
    public static BlockHeader Parse(ReadOnlySpan<byte> bytes)
    {
        ByteReader reader = new(bytes);
        return Read(ref reader);
    }

    /// <summary>The double SHA-256 of the 80 bytes: the block's name. Computed on each call.</summary>
    public Hash256 ComputeHash()
    {
        Span<byte> bytes = stackalloc byte[ByteLength];
        WriteTo(bytes);
        return DoubleSha256.Of(bytes);
    }

    /// <summary>Whether the hash meets the target that the header states, and that target is one the chain
    /// allows.</summary>
    /// <exception cref="ArgumentException">The chain is not Bitcoin's.</exception>
    public bool HasProofOfWork(ChainId chain) => ProofOfWork.Holds(ComputeHash(), Bits, chain);

    /// <summary>Writes the 80 bytes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is room for fewer.</exception>
    public void WriteTo(Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, ByteLength, nameof(destination));
        BinaryPrimitives.WriteInt32LittleEndian(destination, Version);
        Previous.CopyTo(destination[4..]);
        MerkleRoot.CopyTo(destination[36..]);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[68..], Time);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[72..], Bits);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[76..], Nonce);
    }

    internal static BlockHeader Read(ref ByteReader reader)
    {
        const string what = "block header";
        ReadOnlySpan<byte> bytes = reader.ReadBytes(ByteLength, what);
        return new BlockHeader(
            BinaryPrimitives.ReadInt32LittleEndian(bytes),
            new Hash256(bytes.Slice(4, Hash256.ByteLength)),
            new Hash256(bytes.Slice(36, Hash256.ByteLength)),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[68..]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[72..]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[76..]));
    }
}
