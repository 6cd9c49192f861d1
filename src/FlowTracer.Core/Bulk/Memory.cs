using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace FlowTracer.Core.Bulk;

/// <summary>
/// What a trace of a whole ledger touches lies scattered over more memory than any cache holds. Advice to the processor and to
/// the system, which changes no result.
/// </summary>
internal static partial class Memory
{
    private const int HugePages = 14;
    private const int HugePageBytes = 1 << 21;

    /// <summary>
    /// An array that will be read here and there. On Linux a large one is asked for in pages of 2 MiB, so that finding where a
    /// place lies does not cost more than reading it.
    /// </summary>
    public static unsafe T[] Scattered<T>(int length)
        where T : struct
    {
        T[] items = new T[length];
        nuint bytes = (nuint)length * (nuint)Unsafe.SizeOf<T>();
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
