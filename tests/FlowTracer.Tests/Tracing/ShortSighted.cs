using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Tests.Tracing;

/// <summary>
/// A source that knows no balance before a block (backward: behind it), as a node without old state, and tells of the next three
/// movements from where it is asked, as one that lists so many only. What it answers hangs on where it is asked from.
/// </summary>
internal sealed class ShortSighted(IHistorySource source, ulong from) : IHistorySource
{
    private const int Most = 3;

    public async Task<IReadOnlyList<History>> ReadAsync(IReadOnlyList<HistoryRequest> requests, CancellationToken cancellationToken) =>
        [.. (await source.ReadAsync(requests, cancellationToken)).Select(Seen)];

    public Task<IReadOnlyList<Movement>> FindTransactionAsync(ChainId chain, TxHash tx, CancellationToken cancellationToken) =>
        source.FindTransactionAsync(chain, tx, cancellationToken);

    public Task<IReadOnlyList<Holder>> HoldersOfAsync(
        Address address, Position at, Direction direction, CancellationToken cancellationToken) =>
        source.HoldersOfAsync(address, at, direction, cancellationToken);

    private History Seen(History history)
    {
        bool forward = history.Request.Direction == Direction.Forward;
        bool isTooOld = forward ? history.Request.At.Block < from : history.Request.At.Block > from;
        bool isTooLong = history.Movements.Count > Most;
        return history with
        {
            Opening = isTooOld ? null : history.Opening,
            Movements = isTooLong ? [.. forward ? history.Movements.Take(Most) : history.Movements.TakeLast(Most)] : history.Movements,
            Coverage = isTooLong ? new Coverage(false, null, "three movements") : history.Coverage,
        };
    }
}
