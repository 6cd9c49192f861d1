using System.Buffers.Binary;
using System.Runtime.InteropServices;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Bitcoin;

/// <summary>
/// Splits a block file of Bitcoin Core (<c>blk00000.dat</c> and on) into blocks. A record is the network's magic (four
/// bytes), the block's length (four, little-endian) and the block. Blocks stand in the order in which they arrived,
/// with those of stale branches between them. Since version 28 the whole file is combined by XOR with the eight bytes
/// of <c>xor.dat</c>, repeated from the file's beginning; zeros set aside but not yet written are zeros in the file
/// itself.
/// </summary>
public sealed class BlockFileReader : IDisposable
{
    /// <summary>How many bytes <c>xor.dat</c> has.</summary>
    public const int KeyLength = sizeof(ulong);

    /// <summary>What the key's file is called.</summary>
    internal const string KeyFileName = "xor.dat";

    private const int RecordHeaderLength = 2 * sizeof(uint);
    private const int HeadersLength = RecordHeaderLength + BlockHeader.ByteLength;
    private const int ScanBytes = 64 * 1024;
    private const int ZeroBytes = 4 * 1024;

    private static readonly ChainId[] Chains =
        [ChainId.Bitcoin, ChainId.BitcoinTestnet, ChainId.BitcoinSignet, ChainId.BitcoinRegtest];

    private readonly Stream _stream;
    private readonly ChainId _chain;
    private readonly uint _magic;
    private readonly byte[] _key;

    // What was searched last: records that are no blocks may begin every few bytes, and it is read once for all of them.
    private byte[] _window = [];
    private long _windowAt;
    private int _windowLength;

    /// <summary>Reads from a stream, which it closes in the end.</summary>
    /// <param name="stream">The file; it can be read at any position.</param>
    /// <param name="chain">Whose magic the records have.</param>
    /// <param name="key">The eight bytes of <c>xor.dat</c>; none for a plain file.</param>
    /// <exception cref="ArgumentException">The key has another length, or the chain is not Bitcoin's.</exception>
    public BlockFileReader(Stream stream, ChainId chain, ReadOnlySpan<byte> key = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!key.IsEmpty && key.Length != KeyLength)
        {
            throw new ArgumentException($"The key has {KeyLength} bytes, not {key.Length}.", nameof(key));
        }

        (_stream, _chain, _magic) = (stream, chain, MagicOf(chain));
        _key = key.IsEmpty ? new byte[KeyLength] : key.ToArray();
    }

    /// <summary>
    /// Where the next entry begins. Whoever finds that a record is no block (a node died while writing it, and wrote on
    /// behind) sets this to the byte behind that record's beginning, so that what its length swallowed is found.
    /// </summary>
    public long Position { get; set; }

    /// <summary>Opens a block file, which may be one that a node still writes, with the key that lies beside
    /// it.</summary>
    /// <exception cref="InputException">There is no such file, or <c>xor.dat</c> has not eight bytes.</exception>
    /// <exception cref="ArgumentException">The chain is not Bitcoin's.</exception>
    public static BlockFileReader Open(string path, ChainId chain)
    {
        string keyPath = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path)) ?? string.Empty, KeyFileName);
        byte[] key = ReadKey(keyPath);
        if (!File.Exists(path))
        {
            throw new InputException(path, 0, 0, "there is no such file");
        }

        FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        return new BlockFileReader(stream, chain, key);
    }

    /// <summary>The next stretch of the file; false at its end as it is now.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public bool TryReadNext(out BlockFileEntry entry)
    {
        entry = default;
        long left = _stream.Length - Position;
        if (left <= 0)
        {
            // By the time it is read on, more may have been written there.
            _windowLength = 0;
            return false;
        }

        Span<byte> headers = stackalloc byte[HeadersLength];
        headers = headers[..(int)Math.Min(left, HeadersLength)];
        ReadHeaders(headers);
        entry = headers.Length < RecordHeaderLength || !IsRecordHeader(headers, out int length) ? ReadBetweenRecords(headers, left)
            : HasNoWork(headers) ? new BlockFileEntry(BlockFileEntryKind.Workless, Position, FindRecord(Position + 1) - Position, default)
            : ReadRecord(length, left);
        Position += entry.Length;
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    /// <summary>The chain whose magic a decoded file begins with; null for another beginning.</summary>
    internal static ChainId? ChainOf(ReadOnlySpan<byte> beginning)
    {
        if (beginning.Length >= sizeof(uint))
        {
            uint magic = BinaryPrimitives.ReadUInt32LittleEndian(beginning);
            foreach (ChainId chain in Chains)
            {
                if (MagicOf(chain) == magic)
                {
                    return chain;
                }
            }
        }

        return null;
    }

    private BlockFileEntry ReadRecord(int length, long left)
    {
        if (length > left - RecordHeaderLength)
        {
            return new BlockFileEntry(BlockFileEntryKind.Torn, Position, left, default);
        }

        // The length is bounded by the longest block and by the file.
        byte[] block = new byte[length];
        ReadDecoded(Position + RecordHeaderLength, block);
        return new BlockFileEntry(BlockFileEntryKind.Block, Position, RecordHeaderLength + length, block);
    }

    private void ReadHeaders(Span<byte> headers)
    {
        if (IsInWindow(Position, headers.Length))
        {
            _window.AsSpan((int)(Position - _windowAt), headers.Length).CopyTo(headers);
        }
        else
        {
            ReadDecoded(Position, headers);
        }
    }

    private bool HasNoWork(ReadOnlySpan<byte> headers) =>
        headers.Length == HeadersLength && !BlockHeader.Parse(headers[RecordHeaderLength..]).HasProofOfWork(_chain);

    private BlockFileEntry ReadBetweenRecords(ReadOnlySpan<byte> headers, long left)
    {
        Span<byte> magic = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(magic, _magic);
        ReadOnlySpan<byte> prefix = headers[..Math.Min(headers.Length, magic.Length)];
        if (left < RecordHeaderLength && magic.StartsWith(prefix))
        {
            return new BlockFileEntry(BlockFileEntryKind.Torn, Position, left, default);
        }

        long end = FindRecord(Position + 1);
        return new BlockFileEntry(
            IsZeros(Position, end) ? BlockFileEntryKind.Unused : BlockFileEntryKind.Unknown, Position, end - Position, default);
    }

    // Where the next record begins, or the end.
    private long FindRecord(long from)
    {
        Span<byte> magic = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(magic, _magic);
        long end = _stream.Length;
        for (long at = from; at < end;)
        {
            if (!IsInWindow(at, (int)Math.Min(RecordHeaderLength, end - at)))
            {
                FillWindow(at, (int)Math.Min(ScanBytes, end - at));
            }

            ReadOnlySpan<byte> chunk = _window.AsSpan((int)(at - _windowAt), (int)(_windowAt + _windowLength - at));
            if (FindHeader(chunk, magic, out int index))
            {
                return at + index;
            }

            // A header may begin in the last bytes of a chunk.
            at += at + chunk.Length < end ? chunk.Length - RecordHeaderLength + 1 : chunk.Length;
        }

        return end;
    }

    private bool IsInWindow(long offset, int length) => offset >= _windowAt && offset + length <= _windowAt + _windowLength;

    private void FillWindow(long offset, int length)
    {
        _window = _window.Length >= length ? _window : new byte[length];
        _windowLength = 0;
        ReadDecoded(offset, _window.AsSpan(0, length));
        (_windowAt, _windowLength) = (offset, length);
    }

    private bool FindHeader(ReadOnlySpan<byte> chunk, ReadOnlySpan<byte> magic, out int index)
    {
        for (index = 0; ; index++)
        {
            int step = chunk[index..].IndexOf(magic);
            if (step < 0)
            {
                return false;
            }

            index += step;
            if (chunk.Length - index >= RecordHeaderLength && IsRecordHeader(chunk[index..], out _))
            {
                return true;
            }
        }
    }

    // As the file has them, whatever the key.
    private bool IsZeros(long from, long to)
    {
        Span<byte> buffer = stackalloc byte[ZeroBytes];
        while (from < to)
        {
            Span<byte> chunk = buffer[..(int)Math.Min(buffer.Length, to - from)];
            ReadRaw(from, chunk);
            if (chunk.ContainsAnyExcept((byte)0))
            {
                return false;
            }

            from += chunk.Length;
        }

        return true;
    }

    // A length that no block has shows that the magic stood there by chance.
    private bool IsRecordHeader(ReadOnlySpan<byte> header, out int length)
    {
        uint stated = BinaryPrimitives.ReadUInt32LittleEndian(header[sizeof(uint)..]);
        bool isLength = stated is > BlockHeader.ByteLength and <= Block.MaxBytes;
        length = isLength ? (int)stated : 0;
        return isLength && BinaryPrimitives.ReadUInt32LittleEndian(header) == _magic;
    }

    private void ReadDecoded(long offset, Span<byte> destination)
    {
        ReadRaw(offset, destination);

        // Turned so that the key's byte for this offset comes first.
        Span<byte> turned = stackalloc byte[KeyLength];
        for (int i = 0; i < KeyLength; i++)
        {
            turned[i] = _key[(offset + i) % KeyLength];
        }

        ulong word = MemoryMarshal.Read<ulong>(turned);
        if (word == 0)
        {
            return;
        }

        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(destination);
        for (int i = 0; i < words.Length; i++)
        {
            words[i] ^= word;
        }

        for (int i = words.Length * KeyLength; i < destination.Length; i++)
        {
            destination[i] ^= turned[i % KeyLength];
        }
    }

    private void ReadRaw(long offset, Span<byte> destination)
    {
        _stream.Position = offset;
        _stream.ReadExactly(destination);
    }

    /// <summary>The eight bytes of a key file; none where there is no such file.</summary>
    /// <exception cref="InputException">It has another length.</exception>
    internal static byte[] ReadKey(string path)
    {
        if (!File.Exists(path))
        {
            return [];
        }

        long length = new FileInfo(path).Length;
        return length == KeyLength
            ? File.ReadAllBytes(path)
            : throw new InputException(path, 0, 0, $"the key of a block file has {KeyLength} bytes, not {length}");
    }

    // The four bytes as a little-endian number; they are chosen to be rare in what follows.
    private static uint MagicOf(ChainId chain)
    {
        if (chain == ChainId.Bitcoin)
        {
            return 0xD9B4BEF9;
        }

        if (chain == ChainId.BitcoinTestnet)
        {
            return 0x0709110B;
        }

        if (chain == ChainId.BitcoinSignet)
        {
            return 0x40CF030A;
        }

        return chain == ChainId.BitcoinRegtest
            ? 0xDAB5BFFA
            : throw new ArgumentException($"The chain {chain} has no block files.", nameof(chain));
    }
}
