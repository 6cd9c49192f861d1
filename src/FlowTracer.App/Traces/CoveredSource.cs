using FlowTracer.Chains.Recorded;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.App.Traces;

/// <summary>A record kept in a store, with what is said of it elsewhere: for which holders it is complete.</summary>
internal sealed class CoveredSource(IHistorySource record, IReadOnlyList<RecordCoverage> coverage) : IHistorySource
{
    private readonly Dictionary<(Address, Asset), Coverage> _coverage = RecordCoverage.ByHolder(coverage);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<History>> ReadAsync(
        IReadOnlyList<HistoryRequest> requests, CancellationToken cancellationToken) =>
    [
        .. from history in await record.ReadAsync(requests, cancellationToken).ConfigureAwait(false)
           let holder = history.Request.Holder
           select history with { Coverage = _coverage.GetValueOrDefault((holder.Address, holder.Asset), history.Coverage) },
    ];

    /// <inheritdoc/>
    public Task<IReadOnlyList<Movement>> FindTransactionAsync(ChainId chain, TxHash tx, CancellationToken cancellationToken) =>
        record.FindTransactionAsync(chain, tx, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Holder>> HoldersOfAsync(
        Address address, Position at, Direction direction, CancellationToken cancellationToken) =>
        record.HoldersOfAsync(address, at, direction, cancellationToken);
}
