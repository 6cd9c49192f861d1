using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FlowTracer.Chains.Bitcoin.Hashing;

/// <summary>
/// SHA-256 (FIPS 180-4) of many messages at once, one in each lane of a vector. The base library hashes one message a
/// call, and a call into the operating system's library costs more than hashing a transaction; a block asks for
/// thousands of short hashes, which here share every instruction.
/// State and words lie transposed: word i of lane k is at i·Count + k.
/// </summary>
internal static class LaneSha256<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    /// <summary>Room for a block's message schedule.</summary>
    public static int WordsLength => Rounds * TLanes.Count;

    /// <summary>Room for the state.</summary>
    public static int StateLength => Sha256Constants.StateWords * TLanes.Count;

    private const int Rounds = 64;

    private static ReadOnlySpan<byte> ByteSwap => [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12];

    /// <summary>Sets every lane to the initial hash value.</summary>
    public static void Start(Span<uint> state)
    {
        for (int i = 0; i < Sha256Constants.StateWords; i++)
        {
            state.Slice(i * TLanes.Count, TLanes.Count).Fill(Sha256Constants.InitialState[i]);
        }
    }

    /// <summary>Sets one lane to the initial hash value.</summary>
    public static void StartLane(Span<uint> state, int lane)
    {
        for (int i = 0; i < Sha256Constants.StateWords; i++)
        {
            state[(i * TLanes.Count) + lane] = Sha256Constants.InitialState[i];
        }
    }

    /// <summary>Sets the same word in every lane.</summary>
    public static void SetWord(Span<uint> words, int index, uint value) =>
        words.Slice(index * TLanes.Count, TLanes.Count).Fill(value);

    /// <summary>Writes a lane's hash, 32 bytes.</summary>
    public static void WriteDigest(ReadOnlySpan<uint> state, int lane, Span<byte> digest)
    {
        for (int i = 0; i < Sha256Constants.StateWords; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(digest[(i * sizeof(uint))..], state[(i * TLanes.Count) + lane]);
        }
    }

    /// <summary>Lays the first words of one message a lane beside each other, four lanes by four words at a
    /// time.</summary>
    /// <param name="messages">The messages, a <paramref name="stride"/> apart.</param>
    /// <param name="stride">Bytes from one message to the next; all of them are taken.</param>
    /// <param name="words">Where they go.</param>
    public static void Transpose(ReadOnlySpan<byte> messages, int stride, Span<uint> words)
    {
        _ = messages[(TLanes.Count * stride) - 1];
        _ = words[(TLanes.Count * stride / sizeof(uint)) - 1];
        Vector128<byte> swap = Vector128.Create(ByteSwap);
        ref byte source = ref MemoryMarshal.GetReference(messages);
        ref uint target = ref MemoryMarshal.GetReference(words);
        for (int lane = 0; lane < TLanes.Count; lane += 4)
        {
            for (int at = 0; at < stride; at += Vector128<byte>.Count)
            {
                int from = (lane * stride) + at;
                Vector128<uint> row0 = LoadRow(ref source, from, swap);
                Vector128<uint> row1 = LoadRow(ref source, from + stride, swap);
                Vector128<uint> row2 = LoadRow(ref source, from + (2 * stride), swap);
                Vector128<uint> row3 = LoadRow(ref source, from + (3 * stride), swap);

                Vector128<ulong> low01 = Sse2.UnpackLow(row0, row1).AsUInt64();
                Vector128<ulong> low23 = Sse2.UnpackLow(row2, row3).AsUInt64();
                Vector128<ulong> high01 = Sse2.UnpackHigh(row0, row1).AsUInt64();
                Vector128<ulong> high23 = Sse2.UnpackHigh(row2, row3).AsUInt64();

                int to = (at / sizeof(uint) * TLanes.Count) + lane;
                StoreColumn(Sse2.UnpackLow(low01, low23), ref target, to);
                StoreColumn(Sse2.UnpackHigh(low01, low23), ref target, to + TLanes.Count);
                StoreColumn(Sse2.UnpackLow(high01, high23), ref target, to + (2 * TLanes.Count));
                StoreColumn(Sse2.UnpackHigh(high01, high23), ref target, to + (3 * TLanes.Count));
            }
        }
    }

    /// <summary>Takes one block of 64 bytes in every lane: its sixteen words come first in
    /// <paramref name="words"/>.</summary>
    public static void Compress(Span<uint> state, Span<uint> words)
    {
        _ = state[StateLength - 1];
        _ = words[WordsLength - 1];
        ref uint w = ref MemoryMarshal.GetReference(words);
        ref uint s = ref MemoryMarshal.GetReference(state);
        ref uint k = ref MemoryMarshal.GetReference(Sha256Constants.Rounds);
        ExtendSchedule(ref w);

        int n = TLanes.Count;
        TVector a = TLanes.Load(ref s, 0);
        TVector b = TLanes.Load(ref s, n);
        TVector c = TLanes.Load(ref s, 2 * n);
        TVector d = TLanes.Load(ref s, 3 * n);
        TVector e = TLanes.Load(ref s, 4 * n);
        TVector f = TLanes.Load(ref s, 5 * n);
        TVector g = TLanes.Load(ref s, 6 * n);
        TVector h = TLanes.Load(ref s, 7 * n);

        // Eight rounds at a time: the letters come back to their places, so that none has to be moved.
        for (int i = 0; i < Rounds; i += 8)
        {
            TVector t = First(h, e, f, g, ref w, ref k, i);
            d = TLanes.Add(d, t);
            h = TLanes.Add(t, Second(a, b, c));
            t = First(g, d, e, f, ref w, ref k, i + 1);
            c = TLanes.Add(c, t);
            g = TLanes.Add(t, Second(h, a, b));
            t = First(f, c, d, e, ref w, ref k, i + 2);
            b = TLanes.Add(b, t);
            f = TLanes.Add(t, Second(g, h, a));
            t = First(e, b, c, d, ref w, ref k, i + 3);
            a = TLanes.Add(a, t);
            e = TLanes.Add(t, Second(f, g, h));
            t = First(d, a, b, c, ref w, ref k, i + 4);
            h = TLanes.Add(h, t);
            d = TLanes.Add(t, Second(e, f, g));
            t = First(c, h, a, b, ref w, ref k, i + 5);
            g = TLanes.Add(g, t);
            c = TLanes.Add(t, Second(d, e, f));
            t = First(b, g, h, a, ref w, ref k, i + 6);
            f = TLanes.Add(f, t);
            b = TLanes.Add(t, Second(c, d, e));
            t = First(a, f, g, h, ref w, ref k, i + 7);
            e = TLanes.Add(e, t);
            a = TLanes.Add(t, Second(b, c, d));
        }

        TLanes.Store(TLanes.Add(TLanes.Load(ref s, 0), a), ref s, 0);
        TLanes.Store(TLanes.Add(TLanes.Load(ref s, n), b), ref s, n);
        TLanes.Store(TLanes.Add(TLanes.Load(ref s, 2 * n), c), ref s, 2 * n);
        TLanes.Store(TLanes.Add(TLanes.Load(ref s, 3 * n), d), ref s, 3 * n);
        TLanes.Store(TLanes.Add(TLanes.Load(ref s, 4 * n), e), ref s, 4 * n);
        TLanes.Store(TLanes.Add(TLanes.Load(ref s, 5 * n), f), ref s, 5 * n);
        TLanes.Store(TLanes.Add(TLanes.Load(ref s, 6 * n), g), ref s, 6 * n);
        TLanes.Store(TLanes.Add(TLanes.Load(ref s, 7 * n), h), ref s, 7 * n);
    }

    // FIPS 180-4, 6.2.2 step 1: W[t] = s1(W[t-2]) + W[t-7] + s0(W[t-15]) + W[t-16].
    private static void ExtendSchedule(ref uint w)
    {
        int n = TLanes.Count;
        for (int t = Sha256Constants.BlockWords; t < Rounds; t++)
        {
            TVector back2 = TLanes.Load(ref w, (t - 2) * n);
            TVector back15 = TLanes.Load(ref w, (t - 15) * n);
            TVector small1 = TLanes.Xor(
                TLanes.RotateRight(back2, 17), TLanes.RotateRight(back2, 19), TLanes.ShiftRight(back2, 10));
            TVector small0 = TLanes.Xor(
                TLanes.RotateRight(back15, 7), TLanes.RotateRight(back15, 18), TLanes.ShiftRight(back15, 3));
            TVector sum = TLanes.Add(
                TLanes.Add(small1, TLanes.Load(ref w, (t - 7) * n)),
                TLanes.Add(small0, TLanes.Load(ref w, (t - 16) * n)));
            TLanes.Store(sum, ref w, t * n);
        }
    }

    // T1 of step 3: h + S1(e) + Ch(e, f, g) + K[i] + W[i].
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector First(TVector h, TVector e, TVector f, TVector g, ref uint w, ref uint k, int i)
    {
        TVector big1 = TLanes.Xor(
            TLanes.RotateRight(e, 6), TLanes.RotateRight(e, 11), TLanes.RotateRight(e, 25));
        TVector input = TLanes.Add(TLanes.Load(ref w, i * TLanes.Count), TLanes.Broadcast(Unsafe.Add(ref k, i)));
        return TLanes.Add(TLanes.Add(h, input), TLanes.Add(big1, TLanes.Choose(e, f, g)));
    }

    // T2 of step 3: S0(a) + Maj(a, b, c).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Second(TVector a, TVector b, TVector c)
    {
        TVector big0 = TLanes.Xor(
            TLanes.RotateRight(a, 2), TLanes.RotateRight(a, 13), TLanes.RotateRight(a, 22));
        return TLanes.Add(big0, TLanes.Majority(a, b, c));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> LoadRow(ref byte source, int from, Vector128<byte> swap) =>
        Ssse3.Shuffle(Vector128.LoadUnsafe(ref source, (nuint)from), swap).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreColumn(Vector128<ulong> column, ref uint target, int to) =>
        column.AsUInt32().StoreUnsafe(ref target, (nuint)to);
}
