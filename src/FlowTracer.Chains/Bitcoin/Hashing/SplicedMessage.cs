namespace FlowTracer.Chains.Bitcoin.Hashing;

/// <summary>
/// What a transaction's id is the hash of, as places in the block's bytes: the four bytes of its version, its body, the
/// four bytes of its lock time. With a witness the three do not touch, and nobody copies them together.
/// </summary>
/// <param name="Start">Where the version is.</param>
/// <param name="BodyStart">Where the body begins.</param>
/// <param name="BodyEnd">Where it ends.</param>
/// <param name="End">Behind the lock time.</param>
internal readonly record struct SplicedMessage(int Start, int BodyStart, int BodyEnd, int End)
{
    /// <summary>How many bytes the version has, and the lock time too.</summary>
    public const int EdgeBytes = sizeof(uint);

    /// <summary>How many bytes are hashed.</summary>
    public int Length => BodyEnd - BodyStart + (2 * EdgeBytes);

    /// <summary>True when the three touch.</summary>
    public bool IsOnePiece => BodyStart - Start == EdgeBytes && End - BodyEnd == EdgeBytes;

    /// <summary>Copies what lies from <paramref name="position"/> of the message on, as far as there is room.</summary>
    /// <returns>How many bytes there were.</returns>
    public int CopyTo(ReadOnlySpan<byte> source, int position, Span<byte> destination)
    {
        int written = CopyPiece(source.Slice(Start, EdgeBytes), position, destination);
        position += written - EdgeBytes;
        int fromBody = CopyPiece(source[BodyStart..BodyEnd], position, destination[written..]);
        written += fromBody;
        position += fromBody - (BodyEnd - BodyStart);
        return written + CopyPiece(source.Slice(End - EdgeBytes, EdgeBytes), position, destination[written..]);
    }

    // Where there is no room left, the position is not yet in this piece.
    private static int CopyPiece(ReadOnlySpan<byte> piece, int position, Span<byte> destination)
    {
        if (destination.IsEmpty || position >= piece.Length)
        {
            return 0;
        }

        int count = Math.Min(piece.Length - position, destination.Length);
        piece.Slice(position, count).CopyTo(destination);
        return count;
    }
}
