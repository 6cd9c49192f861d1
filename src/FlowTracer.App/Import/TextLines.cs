using FlowTracer.Core.Model;

namespace FlowTracer.App.Import;

/// <summary>The lines of a text that is checked to end with one.</summary>
internal static class TextLines
{
    private const int FirstBuffer = 1 << 16;

    /// <summary>Each line that is not empty, with its number; its bytes are valid until the next is asked for.</summary>
    /// <param name="text">The text.</param>
    /// <param name="name">What to call it in errors.</param>
    /// <param name="longestBytes">How long a line may be.</param>
    /// <exception cref="InputException">A line is longer.</exception>
    public static IEnumerable<(long Line, ReadOnlyMemory<byte> Bytes)> Of(Stream text, string name, int longestBytes)
    {
        byte[] buffer = new byte[FirstBuffer];
        int held = 0;
        long line = 0;
        while (text.Read(buffer, held, buffer.Length - held) is int read and > 0)
        {
            int start = 0;
            int searched = held;
            held += read;
            while (buffer.AsSpan(searched, held - searched).IndexOf((byte)'\n') is int length and >= 0)
            {
                line++;
                RefuseLonger(searched + length - start, longestBytes, name, line);
                ReadOnlyMemory<byte> bytes = Trimmed(buffer.AsMemory(start, searched + length - start), line);
                start = searched = searched + length + 1;
                if (!bytes.IsEmpty)
                {
                    yield return (line, bytes);
                }
            }

            held -= start;
            buffer.AsSpan(start, held).CopyTo(buffer);
            RefuseLonger(held, longestBytes, name, line + 1);
            if (held == buffer.Length)
            {
                Array.Resize(ref buffer, 2 * held);
            }
        }
    }

    private static void RefuseLonger(int length, int longestBytes, string name, long line)
    {
        if (length > longestBytes)
        {
            throw new InputException(name, line, 0, $"longer than {longestBytes} bytes: no transaction is, so something else is in this file");
        }
    }

    private static ReadOnlyMemory<byte> Trimmed(ReadOnlyMemory<byte> line, long number)
    {
        ReadOnlyMemory<byte> unmarked = number == 1 && line.Span.StartsWith("\uFEFF"u8) ? line[3..] : line;
        return unmarked.Trim(" \t\r"u8);
    }
}
