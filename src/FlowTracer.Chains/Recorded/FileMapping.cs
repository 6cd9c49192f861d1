using System.Buffers;
using System.IO.MemoryMappedFiles;
using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace FlowTracer.Chains.Recorded;

/// <summary>The bytes of a file as memory that can only be read. All code that trusts an address is in here.</summary>
internal sealed unsafe class FileMapping : IDisposable
{
    private readonly MemoryMappedViewAccessor _view;
    private byte* _start;

    /// <summary>Maps a whole file, which must not be empty. The handle may be closed then.</summary>
    /// <exception cref="IOException">It cannot be mapped.</exception>
    public FileMapping(SafeFileHandle file)
    {
        using MemoryMappedFile mapped = MemoryMappedFile.CreateFromFile(
            file, mapName: null, capacity: 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        _view = mapped.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);

        // Held until disposal, so that no collection of garbage unmaps what a span still shows.
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
    }

    /// <summary>Elements from an offset in bytes on, which the caller knows to lie in the file.</summary>
    public ReadOnlyMemory<T> Memory<T>(long offset, int count)
        where T : struct => new Column<T>(this, offset, count).Memory;

    /// <summary>The same, for at once.</summary>
    /// <exception cref="ObjectDisposedException">The mapping is disposed of.</exception>
    public Span<T> Span<T>(long offset, int count)
        where T : struct
    {
        ObjectDisposedException.ThrowIf(_start == null, typeof(LedgerFile));
        return new Span<T>(_start + offset, count);
    }

    /// <summary>From now on no span is handed out, and those that were must not be used. What is pinned stays until it no longer is.</summary>
    public void Dispose()
    {
        if (_start != null)
        {
            _start = null;
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
        }
    }

    private sealed class Column<T>(FileMapping mapping, long offset, int count) : MemoryManager<T>
        where T : struct
    {
        public override Span<T> GetSpan() => mapping.Span<T>(offset, count);

        public override MemoryHandle Pin(int elementIndex = 0)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)count, nameof(elementIndex));
            byte* start = null;
            mapping._view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            return new MemoryHandle(start + offset + ((long)elementIndex * Unsafe.SizeOf<T>()), default, this);
        }

        public override void Unpin() => mapping._view.SafeMemoryMappedViewHandle.ReleasePointer();

        // The mapping is the owner.
        protected override void Dispose(bool disposing)
        {
        }
    }
}
