using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace FlowTracer.Chains.Bitcoin.Hashing;

/// <summary>The same hashes with the base library, one call each: for long messages, and machines without wide
/// vectors.</summary>
internal static class SerialHasher
{
    /// <summary>The single SHA-256 of each message.</summary>
    public static void HashMessages(
        ReadOnlySpan<byte> source, ReadOnlySpan<SplicedMessage> messages, Span<Hash256> digests)
    {
        Span<byte> targets = MemoryMarshal.AsBytes(digests);
        for (int i = 0; i < messages.Length; i++)
        {
            HashMessage(source, messages[i], targets.Slice(i * Hash256.ByteLength, Hash256.ByteLength));
        }
    }

    /// <summary>The single SHA-256 of one message.</summary>
    public static void HashMessage(ReadOnlySpan<byte> source, SplicedMessage message, Span<byte> digest)
    {
        if (message.IsOnePiece)
        {
            SHA256.HashData(source[message.Start..message.End], digest);
            return;
        }

        byte[] copy = ArrayPool<byte>.Shared.Rent(message.Length);
        int length = message.CopyTo(source, 0, copy);
        SHA256.HashData(copy.AsSpan(0, length), digest);
        ArrayPool<byte>.Shared.Return(copy);
    }

    /// <summary>Puts the SHA-256 of each digest in its place.</summary>
    public static void HashDigests(Span<Hash256> digests)
    {
        Span<byte> bytes = MemoryMarshal.AsBytes(digests);
        for (int at = 0; at < bytes.Length; at += Hash256.ByteLength)
        {
            Span<byte> digest = bytes.Slice(at, Hash256.ByteLength);
            SHA256.HashData(digest, digest);
        }
    }

    /// <summary>The double SHA-256 of each two neighbours; the result may take the place of the first ones.</summary>
    public static void HashPairs(ReadOnlySpan<Hash256> pairs, Span<Hash256> parents)
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(pairs);
        Span<byte> digest = stackalloc byte[Hash256.ByteLength];
        for (int i = 0; i < pairs.Length / 2; i++)
        {
            SHA256.HashData(bytes.Slice(2 * i * Hash256.ByteLength, 2 * Hash256.ByteLength), digest);
            SHA256.HashData(digest, digest);
            parents[i] = new Hash256(digest);
        }
    }
}
