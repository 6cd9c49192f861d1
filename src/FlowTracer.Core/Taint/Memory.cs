using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using FlowTracer.Core.Model;

namespace FlowTracer.Core.Taint;

/// <summary>
/// What a trace of a whole ledger touches lies scattered over more memory than any cache holds. Advice to the processor and to
/// the system, which changes no result.
/// </summary>
internal static partial class Memory
{
    private const int HugePages = 14;
    private const int HugePageBytes = 1 << 21;
    private const int LineBytes = 64;

    /// <summary>
    /// An array that will be read here and there. On Linux a large one is asked for in pages of 2 MiB, so that finding where a
    /// place lies does not cost more than reading it.
    /// </summary>
    public static T[] Scattered<T>(int length)
        where T : struct => Advised(new T[length]);

    /// <summary>The same, where no item lies in more lines of the cache than it must.</summary>
    public static unsafe Aligned<T> Lined<T>(int length)
        where T : struct
    {
        // Items that hold references lie where the collector looks for them.
        Invariant.Check(!RuntimeHelpers.IsReferenceOrContainsReferences<T>(), $"{typeof(T)} holds references");
        T[] room = Advised(GC.AllocateArray<T>(length + (LineBytes / Unsafe.SizeOf<T>()) + 1, pinned: true));
        nuint first = (nuint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(room));
        return new Aligned<T>(room, length, (nint)(((first + LineBytes - 1) & ~(nuint)(LineBytes - 1)) - first));
    }

    private static unsafe T[] Advised<T>(T[] items)
        where T : struct
    {
        nuint bytes = (nuint)items.Length * (nuint)Unsafe.SizeOf<T>();
        if (bytes >= 4 * HugePageBytes && OperatingSystem.IsLinux())
        {
            nuint first = (nuint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(items));
            nuint start = (first + HugePageBytes - 1) & ~(nuint)(HugePageBytes - 1);
            nuint end = (first + bytes) & ~(nuint)(HugePageBytes - 1);

            // Where the system does not follow the advice, nothing is lost but time.
            _ = Advise(start, end - start, HugePages);
        }

        return items;
    }

    /// <summary>Starts to load what is there. Changes nothing, wherever it may point.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Prefetch<T>(ref T place)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(Unsafe.AsPointer(ref place));
        }
    }

    /// <summary>The same for a place of an array, where there is one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PrefetchAt<T>(T[] items, int index)
    {
        if (index >= 0 && index < items.Length)
        {
            Prefetch(ref items[index]);
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nuint address, nuint length, int advice);
}

/// <summary>Items that begin at a line of the cache.</summary>
/// <param name="room">What holds them; it does not move.</param>
/// <param name="length">How many.</param>
/// <param name="shift">How many bytes from the room's beginning.</param>
internal readonly struct Aligned<T>(T[] room, int length, nint shift)
    where T : struct
{
    public int Length => length;

    public ref T this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)length);
            return ref Unsafe.Add(ref Unsafe.AddByteOffset(ref MemoryMarshal.GetArrayDataReference(room), shift), index);
        }
    }
}
