using System.Buffers;
using FlowTracer.Core.Model;

namespace FlowTracer.Store.Sqlite;

/// <summary>
/// The <c>body</c> of a transaction's row: the number of its movements, doubled, and one more where its stamp is not its place and
/// time; then the parts of that stamp; then each movement's <see cref="MovementBody"/>, from the second on behind the steps left out
/// before it. A plain transfer between two numbered holders takes about 15 bytes.
/// </summary>
internal static class TransactionBody
{
    private const byte HasBlock = 1;
    private const byte HasBlockMax = 1 << 1;
    private const byte HasTxIndex = 1 << 2;

    /// <summary>
    /// Writes the body of movements of one stamp and place, whose steps ascend; of what <see cref="Touches"/> says that they touch, the
    /// numbers are these.
    /// </summary>
    public static void Write(ReadOnlySpan<Movement> movements, ReadOnlySpan<long> holders, SqliteNames names, IBufferWriter<byte> to)
    {
        ByteSink sink = new(to);
        (Position at, Stamp stamp) = (movements[0].Position, movements[0].Stamp);
        bool isPlaced = stamp.Block == at.Block && stamp.BlockMax is null && stamp.TxIndex == at.TxIndex;
        sink.Number(((ulong)movements.Length << 1) | (isPlaced ? 0u : 1u));
        if (!isPlaced)
        {
            WriteStamp(sink, stamp);
        }

        uint step = at.Step;
        foreach (Movement movement in movements)
        {
            if (movement.Position.Step != at.Step)
            {
                sink.Number(movement.Position.Step - step - 1);
            }

            step = movement.Position.Step;
            MovementBody.Write(movement, holders, names, sink);
            holders = holders[Touches.Count(movement)..];
        }
    }

    /// <summary>Reads them again.</summary>
    /// <param name="body">The bytes.</param>
    /// <param name="first">Where the first one stands.</param>
    /// <param name="tx">The transaction's hash.</param>
    /// <param name="time">Its time, Unix seconds.</param>
    /// <param name="names">The file's numbers.</param>
    /// <exception cref="InvalidDataException">They were not written so.</exception>
    public static Movement[] Read(ReadOnlySpan<byte> body, Position first, TxHash? tx, long? time, SqliteNames names)
    {
        ByteCursor cursor = new(body);
        ulong head = cursor.Number();
        Stamp stamp = (head & 1) == 0 ? new Stamp(first.Block, null, first.TxIndex, time) : ReadStamp(ref cursor, time);
        if (head >> 1 is 0 or > int.MaxValue || (int)(head >> 1) > body.Length)
        {
            throw new InvalidDataException("a transaction has no movements, or more than it has bytes");
        }

        Movement[] movements = new Movement[head >> 1];
        uint step = first.Step;
        for (int i = 0; i < movements.Length; i++)
        {
            step = i == 0 ? step : checked(step + (uint)cursor.Number() + 1);
            movements[i] = MovementBody.Read(ref cursor, first with { Step = step }, stamp, tx, names);
        }

        cursor.End();
        return movements;
    }

    private static void WriteStamp(ByteSink sink, Stamp stamp)
    {
        sink.Byte((byte)((stamp.Block is null ? 0 : HasBlock) | (stamp.BlockMax is null ? 0 : HasBlockMax) | (stamp.TxIndex is null ? 0 : HasTxIndex)));
        foreach (ulong? part in (ReadOnlySpan<ulong?>)[stamp.Block, stamp.BlockMax, stamp.TxIndex])
        {
            if (part is ulong number)
            {
                sink.Number(number);
            }
        }
    }

    private static Stamp ReadStamp(ref ByteCursor cursor, long? time)
    {
        byte parts = cursor.Byte();
        return new Stamp(
            (parts & HasBlock) != 0 ? cursor.Number() : null,
            (parts & HasBlockMax) != 0 ? cursor.Number() : null,
            (parts & HasTxIndex) != 0 ? checked((uint)cursor.Number()) : null,
            time);
    }
}
