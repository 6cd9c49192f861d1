using System.Numerics;
using FlowTracer.Core.Model;

namespace FlowTracer.Core.Ports;

/// <summary>Which way a trace runs.</summary>
public enum Direction : byte
{
    /// <summary>Where did it go.</summary>
    Forward = 1,

    /// <summary>Where did it come from.</summary>
    Backward,
}

/// <summary>What comes first in a direction.</summary>
public static class Directions
{
    /// <summary>Whether a trace in this direction comes to <paramref name="a"/> before <paramref name="b"/>.</summary>
    public static bool IsBefore(this Direction direction, Position a, Position b) =>
        direction == Direction.Forward ? a.CompareTo(b) < 0 : a.CompareTo(b) > 0;
}

/// <summary>A holder's history on one side of a position.</summary>
/// <param name="Holder">Whose.</param>
/// <param name="At">
/// Where the history starts. Forward, movements at or after it are wanted and the balance just before it; backward,
/// movements at or before it and the balance just after it.
/// </param>
/// <param name="Direction">Which side.</param>
public readonly record struct HistoryRequest(Holder Holder, Position At, Direction Direction);

/// <summary>For which holders, and up to where, a source's history is complete.</summary>
/// <param name="IsComplete">Whether every movement of the holder on the side asked for is in the answer.</param>
/// <param name="UpToTimeSeconds">Up to when (Unix seconds) it is complete, when the source says so.</param>
/// <param name="Text">One clause for a person: what is covered, or why it is not.</param>
public sealed record Coverage(bool IsComplete, long? UpToTimeSeconds, string Text)
{
    /// <summary>What a record covers of those of whom it does not say so.</summary>
    public static Coverage OfRecord { get; } = new(false, null, "the record does not say what else it did");
}

/// <summary>What a source knows of one holder.</summary>
/// <param name="Request">The question this answers.</param>
/// <param name="Opening">
/// The balance at the request's position, in base units; null when the source cannot know it. A record's is the net of
/// its rows, which is negative where rows are missing: then nobody knows.
/// </param>
/// <param name="Movements">Its movements on the side asked for, in chain order whatever the direction.</param>
/// <param name="Coverage">How far that is all there is.</param>
/// <param name="Closing">
/// The balance at the far end of the movements as the chain itself states it (forward: after the last block covered;
/// backward: before the first); null when the source cannot know it. Where it is not what opening and movements come to,
/// the trace says so.
/// </param>
public sealed record History(
    HistoryRequest Request,
    BigInteger? Opening,
    IReadOnlyList<Movement> Movements,
    Coverage Coverage,
    BigInteger? Closing = null)
{
    /// <summary>The answer to a request out of all that is known of a holder.</summary>
    /// <param name="request">The request.</param>
    /// <param name="all">All its movements, in chain order.</param>
    /// <param name="before">What it had before all of them, in base units; null when nobody knows.</param>
    /// <param name="coverage">How far that is all there is.</param>
    public static History Within(HistoryRequest request, List<Movement> all, BigInteger? before, Coverage coverage)
    {
        bool forward = request.Direction == Direction.Forward;

        // The first movement at or after the position; backward, the first after it.
        int split = 0;
        while (split < all.Count && all[split].Position.CompareTo(request.At) is int order && (forward ? order < 0 : order <= 0))
        {
            split++;
        }

        return new History(
            request,
            before + all.Take(split).NetOf(request.Holder),
            forward ? all.GetRange(split, all.Count - split) : all.GetRange(0, split),
            coverage);
    }
}

/// <summary>
/// The port that recorded snapshots, stores and live nodes implement: movements of holders in chain order.
/// A source that cannot answer throws; it never answers with less than it was asked for without saying so in the
/// coverage.
/// <para>
/// On Bitcoin a holder is one coin: its history is the movement that made it and the one that spends it, both whole.
/// Outputs of no value are left out; a coin knows its own index. A coinbase stands at the end of its block
/// (<see cref="Position.OfCoinbase"/>). Asked with <c>FollowFees</c>, a trace also wants the history of
/// <see cref="Holder.FeeOf"/> a transaction: the transaction itself, and the coinbase of its block with the fees of all its
/// transactions as inputs, in their order. A source that states a coinbase with these inputs does so in every answer; one
/// that cannot know them answers such a request without the coinbase, and the fee ends at the record's edge.
/// </para>
/// </summary>
public interface IHistorySource
{
    /// <summary>The histories asked for, one for each request and in their order.</summary>
    Task<IReadOnlyList<History>> ReadAsync(IReadOnlyList<HistoryRequest> requests, CancellationToken cancellationToken);

    /// <summary>What a transaction moved, in order; empty when the source does not know the transaction.</summary>
    Task<IReadOnlyList<Movement>> FindTransactionAsync(ChainId chain, TxHash tx, CancellationToken cancellationToken);

    /// <summary>What several transactions of a chain moved, in the order asked for.</summary>
    async Task<IReadOnlyList<IReadOnlyList<Movement>>> FindTransactionsAsync(
        ChainId chain, IReadOnlyList<TxHash> txs, CancellationToken cancellationToken)
    {
        List<IReadOnlyList<Movement>> found = [];
        foreach (TxHash tx in txs)
        {
            found.Add(await FindTransactionAsync(chain, tx, cancellationToken).ConfigureAwait(false));
        }

        return found;
    }

    /// <summary>
    /// What the source knows an address to have held, sorted; empty when it knows nothing of it. What it held on the
    /// other side of the position only, may be left out.
    /// </summary>
    Task<IReadOnlyList<Holder>> HoldersOfAsync(
        Address address, Position at, Direction direction, CancellationToken cancellationToken);

    /// <summary>
    /// The place just before the first block at or after a time (Unix seconds), or null when the source has no blocks of
    /// its own to find it in: then only the movements tell.
    /// </summary>
    Task<Position?> PositionAtAsync(ChainId chain, long timeSeconds, CancellationToken cancellationToken) =>
        Task.FromResult<Position?>(null);

    /// <summary>
    /// Which answers given are no longer true, to be asked again: the chain was reorganised, or a later answer explains
    /// an earlier one. Asked whenever a trace has all it needs; empty for facts that do not change.
    /// </summary>
    Task<IReadOnlyList<HistoryRequest>> ChangedAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<HistoryRequest>>([]);
}
