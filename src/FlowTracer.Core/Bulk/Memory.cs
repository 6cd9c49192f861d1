using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace FlowTracer.Core.Bulk;

/// <summary>Asks for memory before it is needed: what a trace touches lies scattered, and is known some rows ahead.</summary>
internal static class Memory
{
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
}
