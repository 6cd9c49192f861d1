using System.Buffers.Binary;
using System.Numerics;

namespace FlowTracer.Core.Model;

/// <summary>
/// The hash of Ethereum: Keccak[c=512] with 32 bytes of output and the padding of the original submission (0x01), not
/// that of FIPS 202 (0x06); the base library's SHA3-256 gives other values. Ethereum Yellow Paper, section 3 and
/// appendix F.
/// </summary>
public static class Keccak256
{
    /// <summary>How many bytes a hash has.</summary>
    public const int DigestLength = 32;

    private const int RateBytes = 136;
    private const int LaneBytes = sizeof(ulong);
    private const int Lanes = 25;
    private const byte PaddingFirst = 0x01;
    private const byte PaddingLast = 0x80;

    // Step iota of each of the 24 rounds.
    private static ReadOnlySpan<ulong> RoundConstants =>
    [
        0x0000000000000001, 0x0000000000008082, 0x800000000000808A, 0x8000000080008000,
        0x000000000000808B, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
        0x000000000000008A, 0x0000000000000088, 0x0000000080008009, 0x000000008000000A,
        0x000000008000808B, 0x800000000000008B, 0x8000000000008089, 0x8000000000008003,
        0x8000000000008002, 0x8000000000000080, 0x000000000000800A, 0x800000008000000A,
        0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
    ];

    // Steps rho and pi as one walk through the 24 lanes other than (0,0): lane x + 5y, where it goes next, turned by
    // how much.
    private static ReadOnlySpan<byte> WalkLanes =>
        [10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1];

    private static ReadOnlySpan<byte> WalkRotations =>
        [1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44];

    /// <summary>The 32-byte hash of <paramref name="data"/>.</summary>
    public static byte[] Hash(ReadOnlySpan<byte> data)
    {
        byte[] digest = new byte[DigestLength];
        Hash(data, digest);
        return digest;
    }

    /// <summary>Writes the 32-byte hash of <paramref name="data"/>.</summary>
    /// <exception cref="ArgumentException">There is room for fewer than 32 bytes.</exception>
    public static void Hash(ReadOnlySpan<byte> data, Span<byte> digest32)
    {
        if (digest32.Length < DigestLength)
        {
            throw new ArgumentException($"A hash needs {DigestLength} bytes of room.", nameof(digest32));
        }

        Span<ulong> state = stackalloc ulong[Lanes];
        for (; data.Length >= RateBytes; data = data[RateBytes..])
        {
            Absorb(state, data[..RateBytes]);
        }

        // The last block may be the padding alone; where it has one free byte, both ends of the padding share it.
        Span<byte> last = stackalloc byte[RateBytes];
        data.CopyTo(last);
        last[data.Length] = PaddingFirst;
        last[^1] |= PaddingLast;
        Absorb(state, last);

        for (int i = 0; i < DigestLength / LaneBytes; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(digest32[(i * LaneBytes)..], state[i]);
        }
    }

    private static void Absorb(Span<ulong> state, ReadOnlySpan<byte> block)
    {
        for (int i = 0; i < RateBytes / LaneBytes; i++)
        {
            state[i] ^= BinaryPrimitives.ReadUInt64LittleEndian(block[(i * LaneBytes)..]);
        }

        Permute(state);
    }

    private static void Permute(Span<ulong> state)
    {
        foreach (ulong constant in RoundConstants)
        {
            MixColumns(state);
            Walk(state);
            MixRows(state);
            state[0] ^= constant;
        }
    }

    // Step theta.
    private static void MixColumns(Span<ulong> state)
    {
        Span<ulong> parity = stackalloc ulong[5];
        for (int x = 0; x < 5; x++)
        {
            parity[x] = state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20];
        }

        for (int x = 0; x < 5; x++)
        {
            ulong change = parity[(x + 4) % 5] ^ BitOperations.RotateLeft(parity[(x + 1) % 5], 1);
            for (int lane = x; lane < Lanes; lane += 5)
            {
                state[lane] ^= change;
            }
        }
    }

    private static void Walk(Span<ulong> state)
    {
        ulong moving = state[1];
        for (int i = 0; i < WalkLanes.Length; i++)
        {
            int lane = WalkLanes[i];
            (moving, state[lane]) = (state[lane], BitOperations.RotateLeft(moving, WalkRotations[i]));
        }
    }

    // Step chi.
    private static void MixRows(Span<ulong> state)
    {
        for (int row = 0; row < Lanes; row += 5)
        {
            Span<ulong> lanes = state.Slice(row, 5);
            ulong first = lanes[0];
            ulong second = lanes[1];
            lanes[0] ^= ~lanes[1] & lanes[2];
            lanes[1] ^= ~lanes[2] & lanes[3];
            lanes[2] ^= ~lanes[3] & lanes[4];
            lanes[3] ^= ~lanes[4] & first;
            lanes[4] ^= ~first & second;
        }
    }
}
