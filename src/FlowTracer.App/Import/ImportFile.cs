using System.Buffers.Binary;
using FlowTracer.Chains.Recorded;
using FlowTracer.Core.Model;

namespace FlowTracer.App.Import;

/// <summary>A file to import: what it is, by its content.</summary>
/// <param name="Path">Where it is, as the user named it.</param>
/// <param name="Format">What it holds.</param>
/// <param name="Sha256">The digest of its bytes, packed as they may be, in lower-case hexadecimal.</param>
/// <param name="Length">How many bytes that are.</param>
public sealed record ImportFile(string Path, ImportFormat Format, string Sha256, long Length)
{
    private static readonly byte[] GzipMagic = [0x1F, 0x8B];

    /// <summary>Its name without the folder, which is nobody else's business.</summary>
    public string Name => System.IO.Path.GetFileName(Path);

    /// <summary>Looks at a file: reads all of it for its digest, and as much as tells its format.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="stated">The format as the user says it; null to recognise it.</param>
    /// <param name="onRead">Told how many bytes are read.</param>
    /// <exception cref="InputException">There is no such file, or it is of no format that can be imported.</exception>
    internal static ImportFile Inspect(string path, ImportFormat? stated, Action<int> onRead)
    {
        try
        {
            using DigestedFile bytes = new(path, onRead);
            string digest = bytes.Digest();
            return new ImportFile(path, stated ?? FormatOf(path), digest, new FileInfo(path).Length);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"cannot read {new ParseError(path, 1, fault.Message)}");
        }
    }

    /// <summary>Reads its text to the end, and holds the file against the digest.</summary>
    /// <param name="read">Makes something of the text, as it is asked for.</param>
    /// <param name="onRead">Told how many bytes are read.</param>
    /// <exception cref="InputException">The text is damaged, or the file is no longer the one that was looked at.</exception>
    internal IEnumerable<T> Read<T>(Func<CheckedText, IEnumerable<T>> read, Action<int> onRead)
    {
        using DigestedFile bytes = new(Path, onRead);
        using Stream unpacked = Unpacked(Path, bytes);
        using CheckedText text = new(unpacked, Path);
        foreach (T item in read(text))
        {
            yield return item;
        }

        if (bytes.Digest() != Sha256)
        {
            throw new InputException(Path, 0, 0, "changed while it was read: import it again when nobody writes to it");
        }
    }

    private static Stream Unpacked(string path, Stream bytes)
    {
        Span<byte> ends = stackalloc byte[sizeof(uint)];
        using FileStream file = File.OpenRead(path);
        if (file.Length < ends.Length || file.ReadAtLeast(ends, ends.Length) < ends.Length || !ends.StartsWith(GzipMagic))
        {
            return bytes;
        }

        file.Seek(-ends.Length, SeekOrigin.End);
        file.ReadExactly(ends);
        return new WholeGzip(bytes, BinaryPrimitives.ReadUInt32LittleEndian(ends));
    }

    private static ImportFormat FormatOf(string path)
    {
        using DigestedFile bytes = new(path, static _ => { });
        using Stream unpacked = Unpacked(path, bytes);
        using CheckedText text = new(unpacked, path);
        int first = FirstByte(text);
        return first switch
        {
            -1 => throw new InputException(path, 1, 0, "the file is empty"),
            '{' => ImportFormat.Esplora,
            '[' => throw new InputException(path, 1, 1, "a JSON array: Esplora's transactions are imported one a line (jq -c '.[]' makes lines of an array)"),
            _ => FormatOfHeader(path),
        };
    }

    // Behind a byte order mark and empty lines.
    private static int FirstByte(CheckedText text)
    {
        int next;
        do
        {
            next = text.ReadByte();
        }
        while (next is 0xEF or 0xBB or 0xBF or ' ' or '\t' or '\r' or '\n');
        return next;
    }

    private static ImportFormat FormatOfHeader(string path)
    {
        using DigestedFile bytes = new(path, static _ => { });
        using Stream unpacked = Unpacked(path, bytes);
        using CheckedText text = new(unpacked, path);
        string[] header = CsvRecords.Read(text, path).Select(static record => record.Fields).FirstOrDefault() ?? [];
        if (header.Intersect(["TokenId", "Token ID"]).Any())
        {
            throw new InputException(path, 1, 0, "an export of NFTs: they have no amounts that could be followed");
        }

        return header.Intersect(["tx_hash", "amount", "grade"]).Any() ? ImportFormat.Transfers
            : header.Intersect(["TokenValue", "TokenSymbol"]).Any() ? ImportFormat.EtherscanTokens
            : header.Intersect(["ParentTxFrom", "TxTo"]).Any() ? ImportFormat.EtherscanInternal
            : header.Any(static column => column.StartsWith("TxnFee(", StringComparison.Ordinal)) ? ImportFormat.EtherscanTransactions
            : throw new InputException(
                path, 1, 0, $"none of the formats that can be imported (docs/import.md) starts with {new ParseError(string.Join(',', header), 1, "--format says which it is, if it is one")}");
    }
}
