using System.Buffers.Binary;
using System.Numerics;

namespace FlowTracer.Chains.Bitcoin.Scripts;

/// <summary>
/// RIPEMD-160, which the base library does not have: H. Dobbertin, A. Bosselaers, B. Preneel, "RIPEMD-160: A
/// Strengthened Version of RIPEMD", 1996 (ISO/IEC 10118-3). Two lines of 80 steps over the same block, mixed at the
/// end; little-endian, padded as MD4 is.
/// </summary>
internal static class Ripemd160
{
    /// <summary>How many bytes a hash has.</summary>
    public const int DigestLength = 20;

    private const int BlockBytes = 64;
    private const int StateWords = 5;
    private const int StepsPerRound = 16;
    private const int Steps = 80;
    private const byte PaddingFirst = 0x80;

    private static ReadOnlySpan<uint> InitialState =>
        [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0];

    // Appendix A: the constants of the five rounds, which message word each step takes, and how far it turns.
    private static ReadOnlySpan<uint> LeftConstants => [0, 0x5A827999, 0x6ED9EBA1, 0x8F1BBCDC, 0xA953FD4E];

    private static ReadOnlySpan<uint> RightConstants => [0x50A28BE6, 0x5C4DD124, 0x6D703EF3, 0x7A6D76E9, 0];

    private static ReadOnlySpan<byte> LeftWords =>
    [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
        7, 4, 13, 1, 10, 6, 15, 3, 12, 0, 9, 5, 2, 14, 11, 8,
        3, 10, 14, 4, 9, 15, 8, 1, 2, 7, 0, 6, 13, 11, 5, 12,
        1, 9, 11, 10, 0, 8, 12, 4, 13, 3, 7, 15, 14, 5, 6, 2,
        4, 0, 5, 9, 7, 12, 2, 10, 14, 1, 3, 8, 11, 6, 15, 13,
    ];

    private static ReadOnlySpan<byte> RightWords =>
    [
        5, 14, 7, 0, 9, 2, 11, 4, 13, 6, 15, 8, 1, 10, 3, 12,
        6, 11, 3, 7, 0, 13, 5, 10, 14, 15, 8, 12, 4, 9, 1, 2,
        15, 5, 1, 3, 7, 14, 6, 9, 11, 8, 12, 2, 10, 0, 4, 13,
        8, 6, 4, 1, 3, 11, 15, 0, 5, 12, 2, 13, 9, 7, 10, 14,
        12, 15, 10, 4, 1, 5, 8, 7, 6, 2, 13, 14, 0, 3, 9, 11,
    ];

    private static ReadOnlySpan<byte> LeftTurns =>
    [
        11, 14, 15, 12, 5, 8, 7, 9, 11, 13, 14, 15, 6, 7, 9, 8,
        7, 6, 8, 13, 11, 9, 7, 15, 7, 12, 15, 9, 11, 7, 13, 12,
        11, 13, 6, 7, 14, 9, 13, 15, 14, 8, 13, 6, 5, 12, 7, 5,
        11, 12, 14, 15, 14, 15, 9, 8, 9, 14, 5, 6, 8, 6, 5, 12,
        9, 15, 5, 11, 6, 8, 13, 12, 5, 12, 13, 14, 11, 8, 5, 6,
    ];

    private static ReadOnlySpan<byte> RightTurns =>
    [
        8, 9, 9, 11, 13, 15, 15, 5, 7, 7, 8, 11, 14, 14, 12, 6,
        9, 13, 15, 7, 12, 8, 9, 11, 7, 7, 12, 7, 6, 15, 13, 11,
        9, 7, 15, 11, 8, 6, 6, 14, 12, 13, 5, 14, 13, 13, 7, 5,
        15, 5, 8, 11, 14, 14, 6, 14, 6, 9, 12, 9, 12, 5, 15, 8,
        8, 5, 12, 9, 12, 5, 14, 6, 8, 13, 6, 5, 15, 13, 11, 11,
    ];

    /// <summary>Writes the 20-byte hash of <paramref name="data"/>.</summary>
    /// <exception cref="ArgumentException">There is room for fewer than 20 bytes.</exception>
    public static void Hash(ReadOnlySpan<byte> data, Span<byte> digest20)
    {
        if (digest20.Length < DigestLength)
        {
            throw new ArgumentException($"A hash needs {DigestLength} bytes of room.", nameof(digest20));
        }

        Span<uint> state = stackalloc uint[StateWords];
        InitialState.CopyTo(state);
        ulong bitLength = (ulong)data.Length * 8;
        for (; data.Length >= BlockBytes; data = data[BlockBytes..])
        {
            Compress(state, data[..BlockBytes]);
        }

        CompressLast(state, data, bitLength);
        for (int i = 0; i < StateWords; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(digest20[(i * sizeof(uint))..], state[i]);
        }
    }

    private static void CompressLast(Span<uint> state, ReadOnlySpan<byte> rest, ulong bitLength)
    {
        Span<byte> padded = stackalloc byte[2 * BlockBytes];
        padded.Clear();
        rest.CopyTo(padded);
        padded[rest.Length] = PaddingFirst;
        int length = rest.Length + 1 + sizeof(ulong) <= BlockBytes ? BlockBytes : 2 * BlockBytes;
        BinaryPrimitives.WriteUInt64LittleEndian(padded[(length - sizeof(ulong))..], bitLength);
        for (int at = 0; at < length; at += BlockBytes)
        {
            Compress(state, padded.Slice(at, BlockBytes));
        }
    }

    private static void Compress(Span<uint> state, ReadOnlySpan<byte> block)
    {
        Span<uint> words = stackalloc uint[BlockBytes / sizeof(uint)];
        for (int i = 0; i < words.Length; i++)
        {
            words[i] = BinaryPrimitives.ReadUInt32LittleEndian(block[(i * sizeof(uint))..]);
        }

        Span<uint> left = stackalloc uint[StateWords];
        Span<uint> right = stackalloc uint[StateWords];
        state.CopyTo(left);
        state.CopyTo(right);

        // The right line takes the five functions in the reverse order.
        RunLine(left, words, LeftWords, LeftTurns, LeftConstants, isRight: false);
        RunLine(right, words, RightWords, RightTurns, RightConstants, isRight: true);
        unchecked
        {
            uint first = state[1] + left[2] + right[3];
            state[1] = state[2] + left[3] + right[4];
            state[2] = state[3] + left[4] + right[0];
            state[3] = state[4] + left[0] + right[1];
            state[4] = state[0] + left[1] + right[2];
            state[0] = first;
        }
    }

    private static void RunLine(
        Span<uint> line,
        ReadOnlySpan<uint> words,
        ReadOnlySpan<byte> order,
        ReadOnlySpan<byte> turns,
        ReadOnlySpan<uint> constants,
        bool isRight)
    {
        (uint a, uint b, uint c, uint d, uint e) = (line[0], line[1], line[2], line[3], line[4]);
        for (int step = 0; step < Steps; step++)
        {
            int round = step / StepsPerRound;
            uint mixed = Mix(isRight ? (Steps / StepsPerRound) - 1 - round : round, b, c, d);
            unchecked
            {
                uint sum = a + mixed + words[order[step]] + constants[round];
                uint turned = BitOperations.RotateLeft(sum, turns[step]) + e;
                (a, b, c, d, e) = (e, turned, b, BitOperations.RotateLeft(c, 10), d);
            }
        }

        (line[0], line[1], line[2], line[3], line[4]) = (a, b, c, d, e);
    }

    private static uint Mix(int function, uint x, uint y, uint z) => function switch
    {
        0 => x ^ y ^ z,
        1 => (x & y) | (~x & z),
        2 => (x | ~y) ^ z,
        3 => (x & z) | (y & ~z),
        _ => x ^ (y | ~z),
    };
}
