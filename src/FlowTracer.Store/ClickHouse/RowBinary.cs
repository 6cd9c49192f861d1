using System.Buffers.Binary;
using System.Text;
using FlowTracer.Core.Model;

namespace FlowTracer.Store.ClickHouse;

/// <summary>The fields of ClickHouse's RowBinary format: numbers with the lowest byte first, strings behind their length.</summary>
internal static class RowBinary
{
    public static void UInt32(this ByteSink sink, uint value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        sink.Bytes(bytes);
    }

    public static void UInt64(this ByteSink sink, ulong value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        sink.Bytes(bytes);
    }

    public static void Int64(this ByteSink sink, long value) => sink.UInt64(unchecked((ulong)value));

    public static void Blob(this ByteSink sink, ReadOnlySpan<byte> bytes)
    {
        sink.Number((ulong)bytes.Length);
        sink.Bytes(bytes);
    }

    /// <summary>What stands before a value that may be missing.</summary>
    public static void IsNull(this ByteSink sink, bool isNull) => sink.Byte(isNull ? (byte)1 : (byte)0);

    /// <summary>Block, index of the transaction and step: three columns.</summary>
    public static void Place(this ByteSink sink, Position position)
    {
        sink.UInt64(position.Block);
        sink.UInt32(position.TxIndex);
        sink.UInt32(position.Step);
    }
}

/// <summary>Reads an answer in RowBinary as it comes.</summary>
/// <param name="from">The answer.</param>
/// <param name="patience">How long the next piece of it is waited for: then the answer is given up as cancelled.</param>
/// <param name="cancellationToken">Ends it.</param>
internal sealed class RowReader(Stream from, TimeSpan patience, CancellationToken cancellationToken)
{
    private byte[] _buffer = new byte[1 << 16];
    private int _start;
    private int _end;

    /// <summary>Whether there is no further row.</summary>
    public async ValueTask<bool> IsAtEndAsync() => !await HasAsync(1).ConfigureAwait(false);

    public async ValueTask<byte> ByteAsync()
    {
        await NeedAsync(1).ConfigureAwait(false);
        return _buffer[_start++];
    }

    /// <summary>Whether a value that may be missing is; else it follows.</summary>
    public async ValueTask<bool> IsNullAsync() => await ByteAsync().ConfigureAwait(false) != 0;

    public async ValueTask<uint> UInt32Async()
    {
        await NeedAsync(sizeof(uint)).ConfigureAwait(false);
        uint value = BinaryPrimitives.ReadUInt32LittleEndian(_buffer.AsSpan(_start));
        _start += sizeof(uint);
        return value;
    }

    public async ValueTask<ulong> UInt64Async()
    {
        await NeedAsync(sizeof(ulong)).ConfigureAwait(false);
        ulong value = BinaryPrimitives.ReadUInt64LittleEndian(_buffer.AsSpan(_start));
        _start += sizeof(ulong);
        return value;
    }

    public async ValueTask<long> Int64Async() => unchecked((long)await UInt64Async().ConfigureAwait(false));

    public async ValueTask<byte[]> BytesAsync(int count)
    {
        await NeedAsync(count).ConfigureAwait(false);
        byte[] bytes = _buffer.AsSpan(_start, count).ToArray();
        _start += count;
        return bytes;
    }

    public async ValueTask<byte[]> BlobAsync()
    {
        ulong length = 0;
        byte next = 0x80;
        for (int shift = 0; next >= 0x80; shift += 7)
        {
            next = await ByteAsync().ConfigureAwait(false);
            length |= (ulong)(next & 0x7F) << shift;
        }

        return await BytesAsync(checked((int)length)).ConfigureAwait(false);
    }

    public async ValueTask<string> TextAsync() => Encoding.UTF8.GetString(await BlobAsync().ConfigureAwait(false));

    public async ValueTask<TxHash> HashAsync() => TxHash.FromBytes(await BytesAsync(TxHash.ByteLength).ConfigureAwait(false));

    public async ValueTask<Position> PlaceAsync() => new(
        await UInt64Async().ConfigureAwait(false), await UInt32Async().ConfigureAwait(false), await UInt32Async().ConfigureAwait(false));

    private async ValueTask NeedAsync(int count)
    {
        if (!await HasAsync(count).ConfigureAwait(false))
        {
            throw new InvalidDataException("an answer ends in the middle of a row");
        }
    }

    private async ValueTask<bool> HasAsync(int count)
    {
        while (_end - _start < count)
        {
            MakeRoom(count);
            using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(patience);
            int read = await from.ReadAsync(_buffer.AsMemory(_end), limit.Token).ConfigureAwait(false);
            if (read == 0)
            {
                return false;
            }

            _end += read;
        }

        return true;
    }

    private void MakeRoom(int count)
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        if (count > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Max(count, checked(2 * _buffer.Length)));
        }
    }
}
