using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using FlowTracer.Core.Model;
using Microsoft.Win32.SafeHandles;

namespace FlowTracer.Chains.Recorded;

/// <summary>A column to be written.</summary>
internal abstract class ColumnSource(string name, int elementBytes, int count)
{
    public string Name => name;

    public int ElementBytes => elementBytes;

    public int Count => count;

    public static ColumnSource Of<T>(string name, ReadOnlyMemory<T> items)
        where T : struct => new Typed<T>(name, items);

    /// <summary>Some of its bytes: all of a column may be more than a span can hold.</summary>
    public abstract ReadOnlySpan<byte> Bytes(int first, int elements);

    private sealed class Typed<T>(string name, ReadOnlyMemory<T> items) : ColumnSource(name, Unsafe.SizeOf<T>(), items.Length)
        where T : struct
    {
        public override ReadOnlySpan<byte> Bytes(int first, int elements) => MemoryMarshal.AsBytes(items.Span.Slice(first, elements));
    }
}

/// <summary>Writes columns to a file that has its name only when it is complete.</summary>
internal static class LedgerFileWriter
{
    private const int ChunkElements = 1 << 16;

    /// <summary>Writes a file, in place of one of that name.</summary>
    /// <exception cref="InputException">It cannot be written, e.g. because the disk is full; nothing is left of it.</exception>
    public static void Write(
        string path, LedgerKind kind, int amountBytes, IReadOnlyList<ColumnSource> columns, CancellationToken cancellationToken)
    {
        LedgerFile.CheckByteOrder();
        string full = Path.GetFullPath(path);
        string temporary = Path.Combine(Path.GetDirectoryName(full) ?? full, $".{Path.GetFileName(full)}.{Path.GetRandomFileName()}.part");
        try
        {
            WriteAll(temporary, kind, amountBytes, columns, cancellationToken);
            File.Move(temporary, full, overwrite: true);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"cannot write {path}: {fault.Message.ReplaceLineEndings(" ")}");
        }
        catch (ArgumentOutOfRangeException fault) when (fault.TargetSite?.DeclaringType == typeof(RandomAccess))
        {
            // How the runtime reports EFBIG, alone of all errors of a write: a limit of the user, or of a file system.
            throw new InputException($"cannot write {path}: the file would be larger than is allowed there");
        }
        finally
        {
            Discard(temporary);
        }
    }

    private static void WriteAll(
        string temporary, LedgerKind kind, int amountBytes, IReadOnlyList<ColumnSource> columns, CancellationToken cancellationToken)
    {
        List<LedgerColumn> places = Place(columns);
        LedgerHeader header = new(kind, amountBytes, places);

        // All of the room is asked for at once, and the last byte comes first: a full disk, or a file larger than is allowed, is
        // found before anything is written.
        using SafeFileHandle file = File.OpenHandle(
            temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, FileOptions.None, header.FileBytes);
        RandomAccess.Write(file, [0], header.FileBytes - 1);
        for (int i = 0; i < columns.Count; i++)
        {
            places[i] = places[i] with { Digest = WriteColumn(file, columns[i], places[i].Offset, cancellationToken) };
        }

        RandomAccess.Write(file, header.Encode(), 0);

        // To the disk before the name: a machine that stops must not leave a name without its bytes.
        RandomAccess.FlushToDisk(file);
    }

    private static List<LedgerColumn> Place(IReadOnlyList<ColumnSource> columns)
    {
        List<LedgerColumn> placed = [];
        long offset = LedgerHeader.PageBytes;
        foreach (ColumnSource column in columns)
        {
            placed.Add(new LedgerColumn(column.Name, column.ElementBytes, column.Count, offset, []));
            offset = LedgerHeader.EndOf(offset, column.ElementBytes, column.Count);
        }

        return placed;
    }

    // Writes a column, and returns the SHA-256 of its bytes.
    private static byte[] WriteColumn(SafeFileHandle file, ColumnSource column, long offset, CancellationToken cancellationToken)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (int first = 0; first < column.Count;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int elements = Math.Min(column.Count - first, ChunkElements);
            ReadOnlySpan<byte> bytes = column.Bytes(first, elements);
            hash.AppendData(bytes);
            RandomAccess.Write(file, bytes, offset + ((long)first * column.ElementBytes));
            first += elements;
        }

        return hash.GetHashAndReset();
    }

    // Nothing is there under that name when all went well; otherwise another failure is the one to report.
    private static void Discard(string temporary)
    {
        try
        {
            File.Delete(temporary);
        }
        catch (IOException)
        {
            // The file stays under its temporary name, which says what it is.
        }
        catch (UnauthorizedAccessException)
        {
            // As above.
        }
    }
}
