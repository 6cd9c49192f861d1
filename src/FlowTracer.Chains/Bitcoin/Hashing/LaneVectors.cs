using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FlowTracer.Chains.Bitcoin.Hashing;

/// <summary>The operations of SHA-256 on a vector that holds one word of as many messages as it has lanes.</summary>
internal interface ILanes<TVector>
    where TVector : struct
{
    /// <summary>How many messages.</summary>
    static abstract int Count { get; }

    /// <summary>Whether this machine has the instructions.</summary>
    static abstract bool IsSupported { get; }

    static abstract TVector Load(ref uint source, int index);

    static abstract void Store(TVector value, ref uint destination, int index);

    static abstract TVector Broadcast(uint value);

    static abstract TVector Add(TVector a, TVector b);

    static abstract TVector Xor(TVector a, TVector b, TVector c);

    /// <summary>FIPS 180-4's Ch: the bits of f where e has ones, of g where it has zeros.</summary>
    static abstract TVector Choose(TVector e, TVector f, TVector g);

    /// <summary>FIPS 180-4's Maj: the bits that two of three have.</summary>
    static abstract TVector Majority(TVector a, TVector b, TVector c);

    static abstract TVector RotateRight(TVector value, [ConstantExpected] byte count);

    static abstract TVector ShiftRight(TVector value, [ConstantExpected] byte count);
}

/// <summary>Sixteen messages at once, with AVX-512, which rotates and takes any function of three bits in one
/// step.</summary>
internal readonly struct Lanes16 : ILanes<Vector512<uint>>
{
    // Truth tables for TernaryLogic: the result for the bits (a, b, c) is bit 4a + 2b + c.
    private const byte XorTable = 0x96;
    private const byte ChooseTable = 0xCA;
    private const byte MajorityTable = 0xE8;

    public static int Count => Vector512<uint>.Count;

    public static bool IsSupported => Avx512F.IsSupported && Vector512.IsHardwareAccelerated;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Load(ref uint source, int index) => Vector512.LoadUnsafe(ref source, (nuint)index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<uint> value, ref uint destination, int index) =>
        value.StoreUnsafe(ref destination, (nuint)index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Broadcast(uint value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Add(Vector512<uint> a, Vector512<uint> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Xor(Vector512<uint> a, Vector512<uint> b, Vector512<uint> c) =>
        Avx512F.TernaryLogic(a, b, c, XorTable);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Choose(Vector512<uint> e, Vector512<uint> f, Vector512<uint> g) =>
        Avx512F.TernaryLogic(e, f, g, ChooseTable);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Majority(Vector512<uint> a, Vector512<uint> b, Vector512<uint> c) =>
        Avx512F.TernaryLogic(a, b, c, MajorityTable);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> RotateRight(Vector512<uint> value, [ConstantExpected] byte count) =>
        Avx512F.RotateRight(value, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> ShiftRight(Vector512<uint> value, [ConstantExpected] byte count) => value >>> count;
}

/// <summary>Eight messages at once, with AVX2.</summary>
internal readonly struct Lanes8 : ILanes<Vector256<uint>>
{
    private const int WordBits = 32;

    public static int Count => Vector256<uint>.Count;

    public static bool IsSupported => Avx2.IsSupported;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Load(ref uint source, int index) => Vector256.LoadUnsafe(ref source, (nuint)index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<uint> value, ref uint destination, int index) =>
        value.StoreUnsafe(ref destination, (nuint)index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Broadcast(uint value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Add(Vector256<uint> a, Vector256<uint> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Xor(Vector256<uint> a, Vector256<uint> b, Vector256<uint> c) => a ^ b ^ c;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Choose(Vector256<uint> e, Vector256<uint> f, Vector256<uint> g) => g ^ (e & (f ^ g));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Majority(Vector256<uint> a, Vector256<uint> b, Vector256<uint> c) =>
        (a & b) | (c & (a | b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> RotateRight(Vector256<uint> value, [ConstantExpected] byte count) =>
        (value >>> count) | (value << (WordBits - count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> ShiftRight(Vector256<uint> value, [ConstantExpected] byte count) => value >>> count;
}
