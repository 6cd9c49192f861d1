using System.Numerics;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Chains.Recorded;

/// <summary>What a record says of its own completeness.</summary>
/// <param name="Address">Whose movements are all there; on Bitcoin those of all its coins.</param>
/// <param name="Asset">In which asset.</param>
/// <param name="UpToTimeSeconds">Up to when, as Unix seconds; null when the record does not say.</param>
/// <param name="Text">One clause for a person.</param>
public sealed record RecordCoverage(Address Address, Asset Asset, long? UpToTimeSeconds, string Text)
{
    /// <summary>What is said of each holder; on Bitcoin of all coins of an address.</summary>
    public static Dictionary<(Address Address, Asset Asset), Coverage> ByHolder(IEnumerable<RecordCoverage> coverage)
    {
        Dictionary<(Address, Asset), Coverage> byHolder = [];
        foreach (RecordCoverage covered in coverage)
        {
            byHolder[(covered.Address, covered.Asset)] = new Coverage(true, covered.UpToTimeSeconds, covered.Text);
        }

        return byHolder;
    }
}

/// <summary>
/// A recorded snapshot as a history source. The rows before a position give the opening balance there: their net.
/// </summary>
public sealed class RecordedSource : IHistorySource
{
    private readonly Dictionary<Holder, List<Movement>> _histories = [];
    private readonly Dictionary<(ChainId, TxHash), List<Movement>> _transactions = [];
    private readonly Dictionary<Address, SortedSet<Holder>> _holders = [];
    private readonly Dictionary<(Address Address, Asset Asset), Coverage> _coverage;

    /// <summary>Indexes a record.</summary>
    /// <param name="movements">In chain order.</param>
    /// <param name="coverage">For which holders the record is complete; none of the others is.</param>
    public RecordedSource(IReadOnlyList<Movement> movements, IReadOnlyList<RecordCoverage> coverage)
    {
        foreach (Movement movement in movements)
        {
            Index(movement);
        }

        _coverage = RecordCoverage.ByHolder(coverage);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<History>> ReadAsync(
        IReadOnlyList<HistoryRequest> requests, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        History[] histories = new History[requests.Count];
        for (int i = 0; i < histories.Length; i++)
        {
            histories[i] = Read(requests[i]);
        }

        return Task.FromResult<IReadOnlyList<History>>(histories);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Movement>> FindTransactionAsync(
        ChainId chain, TxHash tx, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Movement>>(_transactions.TryGetValue((chain, tx), out List<Movement>? found) ? found : []);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Holder>> HoldersOfAsync(
        Address address, Position at, Direction direction, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Holder>>(_holders.TryGetValue(address, out SortedSet<Holder>? holders) ? [.. holders] : []);

    private History Read(HistoryRequest request)
    {
        List<Movement> all = _histories.TryGetValue(request.Holder, out List<Movement>? known) ? known : [];
        return History.Within(
            request, all, BigInteger.Zero,
            _coverage.GetValueOrDefault((request.Holder.Address, request.Holder.Asset), Coverage.OfRecord));
    }

    private void Index(Movement movement)
    {
        if (movement.Tx is TxHash tx)
        {
            Of(_transactions, (movement.Chain, tx)).Add(movement);
        }

        foreach (Leg leg in movement.Inputs)
        {
            Index(leg.Holder, movement);
        }

        foreach (Leg leg in movement.Outputs)
        {
            Index(leg.Holder, movement);
        }

        if (movement.Fee is Leg fee)
        {
            Index(fee.Holder, movement);
        }
    }

    private void Index(Holder holder, Movement movement)
    {
        List<Movement> history = Of(_histories, holder);
        if (history.Count == 0 || history[^1] != movement)
        {
            history.Add(movement);
        }

        if (!holder.IsFee)
        {
            Of(_holders, holder.Address).Add(holder);
        }
    }

    private static TList Of<TKey, TList>(Dictionary<TKey, TList> index, TKey key)
        where TKey : notnull
        where TList : new() =>
        index.TryGetValue(key, out TList? list) ? list : index[key] = new TList();
}
