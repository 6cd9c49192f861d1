using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace FlowTracer.Chains.Bitcoin.Hashing;

/// <summary>
/// SHA-256 of the SHA-256, which names everything on Bitcoin. Many at once go through the widest vectors the machine
/// has.
/// </summary>
internal static class DoubleSha256
{
    /// <summary>Of one piece of data.</summary>
    public static Hash256 Of(ReadOnlySpan<byte> data)
    {
        Span<byte> digest = stackalloc byte[Hash256.ByteLength];
        SHA256.HashData(data, digest);
        SHA256.HashData(digest, digest);
        return new Hash256(digest);
    }

    /// <summary>Of each message.</summary>
    /// <param name="source">What the messages' places are in.</param>
    /// <param name="messages">Places that lie in the source.</param>
    /// <param name="hashes">As many.</param>
    public static void OfMessages(
        ReadOnlySpan<byte> source, ReadOnlySpan<SplicedMessage> messages, Span<Hash256> hashes)
    {
        if (Lanes16.IsSupported)
        {
            LaneHasher<Lanes16, Vector512<uint>>.HashMessages(source, messages, hashes);
            LaneHasher<Lanes16, Vector512<uint>>.HashDigests(hashes);
        }
        else if (Lanes8.IsSupported)
        {
            LaneHasher<Lanes8, Vector256<uint>>.HashMessages(source, messages, hashes);
            LaneHasher<Lanes8, Vector256<uint>>.HashDigests(hashes);
        }
        else
        {
            SerialHasher.HashMessages(source, messages, hashes);
            SerialHasher.HashDigests(hashes);
        }
    }

    /// <summary>Of each two neighbours, 64 bytes; the result may take the place of the first ones.</summary>
    public static void OfPairs(ReadOnlySpan<Hash256> pairs, Span<Hash256> parents)
    {
        if (Lanes16.IsSupported)
        {
            LaneHasher<Lanes16, Vector512<uint>>.HashPairs(pairs, parents);
        }
        else if (Lanes8.IsSupported)
        {
            LaneHasher<Lanes8, Vector256<uint>>.HashPairs(pairs, parents);
        }
        else
        {
            SerialHasher.HashPairs(pairs, parents);
        }
    }
}
