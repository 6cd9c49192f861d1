using System.Security.Cryptography;

namespace FlowTracer.Chains.Bitcoin.Scripts;

/// <summary>RIPEMD-160 of SHA-256: how Bitcoin shortens public keys and scripts.</summary>
public static class Hash160
{
    /// <summary>How many bytes it has.</summary>
    public const int ByteLength = Ripemd160.DigestLength;

    /// <summary>Writes the 20-byte hash.</summary>
    /// <exception cref="ArgumentException">There is room for fewer.</exception>
    public static void Of(ReadOnlySpan<byte> data, Span<byte> destination)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(data, digest);
        Ripemd160.Hash(digest, destination);
    }
}
