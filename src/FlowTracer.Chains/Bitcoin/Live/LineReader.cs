using FlowTracer.Chains.Rpc;

namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>Reads lines from a stream, each at most so long.</summary>
internal sealed class LineReader(Stream stream, int longestBytes)
{
    private const int FirstBuffer = 16 * 1024;
    private byte[] _buffer = new byte[FirstBuffer];
    private int _start;
    private int _end;

    /// <summary>The next line without its end; valid until the next call. Null at the stream's end: half a line is none.</summary>
    /// <exception cref="HttpFault">It is longer than allowed.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        int searched = _start;
        while (true)
        {
            int length = _buffer.AsSpan(searched, _end - searched).IndexOf((byte)'\n');
            if (length >= 0)
            {
                ReadOnlyMemory<byte> line = _buffer.AsMemory(_start, searched + length - _start);
                _start = searched + length + 1;
                return line;
            }

            MakeRoom();
            searched = _end;
            int read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                return null;
            }

            _end += read;
        }
    }

    private void MakeRoom()
    {
        int held = _end - _start;
        if (held > longestBytes)
        {
            throw new HttpFault(
                FaultKind.TooLong, $"its answer is longer than LongestAnswerBytes ({Numbers.Text(longestBytes)})");
        }

        // What a long answer needed is given back with the next.
        byte[] room = held < _buffer.Length && (held > 0 || _buffer.Length == FirstBuffer)
            ? _buffer
            : new byte[Math.Max(FirstBuffer, (int)Math.Min(Array.MaxLength, held * 2L))];
        _buffer.AsSpan(_start, held).CopyTo(room);
        (_buffer, _start, _end) = (room, 0, held);
    }
}
