using System.Buffers;
using System.Net;

namespace FlowTracer.Store.ClickHouse;

/// <summary>Rows on their way to a table, written while they are sent.</summary>
internal sealed class RowsContent<T>(IEnumerable<T> rows, Action<ByteSink, T> write) : HttpContent
{
    private const int ChunkBytes = 1 << 18;

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(
        Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        ArrayBufferWriter<byte> chunk = new(ChunkBytes);
        foreach (T row in rows)
        {
            write(new ByteSink(chunk), row);
            if (chunk.WrittenCount >= ChunkBytes)
            {
                await stream.WriteAsync(chunk.WrittenMemory, cancellationToken).ConfigureAwait(false);
                chunk.ResetWrittenCount();
            }
        }

        await stream.WriteAsync(chunk.WrittenMemory, cancellationToken).ConfigureAwait(false);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
