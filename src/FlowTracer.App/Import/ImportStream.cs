using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using FlowTracer.Core.Model;

namespace FlowTracer.App.Import;

/// <summary>A stream that is only read, once, from its beginning.</summary>
internal abstract class ReadOnce : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public abstract override int Read(Span<byte> buffer);

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}

/// <summary>A file's bytes as they are, with their digest.</summary>
internal sealed class DigestedFile(string path, Action<int> onRead) : ReadOnce
{
    private const int BufferBytes = 1 << 16;

    private readonly FileStream _file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes, FileOptions.SequentialScan);
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public override int Read(Span<byte> buffer)
    {
        int read = _file.Read(buffer);
        _hash.AppendData(buffer[..read]);
        onRead(read);
        return read;
    }

    /// <summary>Reads what is left, and gives SHA-256 of all of it in lower-case hexadecimal.</summary>
    public string Digest()
    {
        byte[] rest = new byte[BufferBytes];
        while (Read(rest) > 0)
        {
        }

        return Convert.ToHexStringLower(_hash.GetHashAndReset());
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _file.Dispose();
            _hash.Dispose();
        }

        base.Dispose(disposing);
    }
}

/// <summary>
/// What a gzip file of one part holds. The base library takes the end of a file that was cut for the end of the data; so
/// their length is held against the one in the last four bytes (RFC 1952, 2.3.1).
/// </summary>
/// <param name="packed">The file.</param>
/// <param name="length">The length that its last four bytes state, modulo 2^32.</param>
internal sealed class WholeGzip(Stream packed, uint length) : ReadOnce
{
    private readonly GZipStream _unpacked = new(packed, CompressionMode.Decompress, leaveOpen: true);
    private ulong _read;

    public override int Read(Span<byte> buffer)
    {
        int read = _unpacked.Read(buffer);
        _read += (ulong)read;
        return read > 0 || (_read & uint.MaxValue) == length
            ? read
            : throw new InvalidDataException("it holds another number of bytes than its end states; one packed in several parts is imported unpacked");
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _unpacked.Dispose();
        }

        base.Dispose(disposing);
    }
}

/// <summary>Text that is checked as it goes by: UTF-8, no zero bytes, unpacked without fault, whole to its last line end.</summary>
/// <param name="bytes">What it is read from.</param>
/// <param name="name">What to call the file in errors.</param>
internal sealed class CheckedText(Stream bytes, string name) : ReadOnce
{
    private readonly Decoder _utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetDecoder();
    private char[] _scratch = [];
    private bool _isInLine;

    /// <summary>Line ends so far.</summary>
    public long Lines { get; private set; }

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty)
        {
            return 0;
        }

        int read = ReadBytes(buffer);
        Check(buffer[..read]);
        return read;
    }

    private int ReadBytes(Span<byte> buffer)
    {
        try
        {
            return bytes.Read(buffer);
        }
        catch (InvalidDataException fault)
        {
            throw new InputException(name, Lines + 1, 0, $"the gzip data cannot be unpacked from here on, so the file is cut or damaged ({fault.Message})");
        }
    }

    private void Check(ReadOnlySpan<byte> chunk)
    {
        if (_scratch.Length <= chunk.Length)
        {
            _scratch = new char[chunk.Length + 1];
        }

        try
        {
            _utf8.GetChars(chunk, _scratch, flush: chunk.IsEmpty);
        }
        catch (DecoderFallbackException fault)
        {
            throw new InputException(name, LineAt(chunk, Math.Max(0, fault.Index)), 0, "not UTF-8 text");
        }

        int zero = chunk.IndexOf((byte)0);
        if (zero >= 0)
        {
            throw new InputException(name, LineAt(chunk, zero), 0, "not text: it contains zero bytes");
        }

        // A file without its last line end may have been cut anywhere in its last amount, and would still parse.
        if (chunk.IsEmpty && _isInLine)
        {
            throw new InputException(name, Lines + 1, 0, "the last line has no line end, so the file may have been cut short");
        }

        Lines += chunk.Count((byte)'\n');
        _isInLine = chunk.IsEmpty ? _isInLine : chunk[^1] != '\n';
    }

    private long LineAt(ReadOnlySpan<byte> chunk, int at) => Lines + chunk[..at].Count((byte)'\n') + 1;
}
