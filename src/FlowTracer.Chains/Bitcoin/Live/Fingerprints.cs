using System.Buffers.Binary;

namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>
/// Short numbers that stand for transactions, coins and scripts in a <see cref="FingerprintIndex"/>. Two things may have
/// the same one: whoever finds something by it reads the block and compares.
/// </summary>
/// <param name="bits">How many bits count, 1 to <see cref="MostBits"/>: fewer only to see what collisions do.</param>
internal readonly struct Fingerprints(int bits)
{
    /// <summary>How many bits a fingerprint has: among a thousand million, one look-up in a thousand meets a second.</summary>
    public const int MostBits = 40;

    private const int UnusedBits = 64 - MostBits;
    private const ulong OddFraction = 0x9E3779B97F4A7C15; // 2^64 divided by the golden ratio: spreads small numbers

    private readonly ulong _mask = ((1UL << bits) - 1) << (MostBits - bits);

    /// <summary>Of a transaction by its id: the id is a hash, so any part of it will do.</summary>
    public ulong OfTransaction(Hash256 id)
    {
        Span<byte> bytes = stackalloc byte[Hash256.ByteLength];
        id.CopyTo(bytes);
        return Narrow(BinaryPrimitives.ReadUInt64LittleEndian(bytes));
    }

    /// <summary>Of a coin by the 36 bytes that name it: the id as stored and the index, little-endian.</summary>
    public ulong OfCoin(ReadOnlySpan<byte> outPoint)
    {
        ulong id = BinaryPrimitives.ReadUInt64LittleEndian(outPoint);
        uint index = BinaryPrimitives.ReadUInt32LittleEndian(outPoint[Hash256.ByteLength..]);
        return Narrow(unchecked((id ^ (index * OddFraction)) * OddFraction));
    }

    /// <summary>Of a script, by FNV-1a (Fowler, Noll and Vo) of 64 bits, spread once more.</summary>
    public ulong OfScript(ReadOnlySpan<byte> script)
    {
        const ulong basis = 0xCBF29CE484222325;
        const ulong prime = 0x100000001B3;
        ulong hash = basis;
        foreach (byte part in script)
        {
            hash = unchecked((hash ^ part) * prime);
        }

        return Narrow(unchecked((hash ^ (hash >> 32)) * OddFraction));
    }

    private ulong Narrow(ulong hash) => (hash >> UnusedBits) & _mask;
}
