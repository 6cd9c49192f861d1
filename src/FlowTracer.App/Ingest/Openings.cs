using System.Numerics;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.App.Ingest;

/// <summary>
/// What holders of an account chain had before a store's first block, asked when they first appear. A holder is looked up in the
/// store once in a run; the newest million are remembered.
/// </summary>
/// <param name="source">Who is asked.</param>
/// <param name="store">What knows some already.</param>
internal sealed class Openings(IBlockSource source, IFlowStore store)
{
    private const int MostRemembered = 1_000_000;

    private readonly HashSet<Holder> _seen = [];

    /// <summary>Forgets whom it has asked about: what it gave was not written, or was taken back.</summary>
    public void Forget() => _seen.Clear();

    /// <summary>The openings that a store still needs for some movements; none where the source cannot say.</summary>
    /// <param name="movements">What is to be written.</param>
    /// <param name="first">The first block the store has, or will have.</param>
    /// <param name="isNew">Whether the store had no block of the chain when the run began: then it knows none.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<IReadOnlyList<FlowOpening>> OfAsync(
        IEnumerable<Movement> movements, ulong first, bool isNew, CancellationToken cancellationToken)
    {
        if (source.Chain.Family != ChainFamily.Account)
        {
            return [];
        }

        if (_seen.Count > MostRemembered)
        {
            _seen.Clear();
        }

        Holder[] news =
        [
            .. movements.SelectMany(static movement => movement.Inputs.Concat(movement.Outputs)).Select(static leg => leg.Holder)
                .Where(_seen.Add).Order(),
        ];
        Holder[] unknown = isNew ? news : await UnknownAsync(news, first, cancellationToken).ConfigureAwait(false);
        // Nothing moves in the chain's first block: what there is after it was there before.
        ulong before = first == 0 ? 0 : first - 1;
        BigInteger?[] held = await Task.WhenAll(unknown.Select(holder => source.HeldAsync(holder, before, cancellationToken)))
            .ConfigureAwait(false);
        return
        [
            .. unknown.Zip(held).Where(static pair => pair.Second is not null)
                .Select(static pair => new FlowOpening(pair.First, Amount.FromBigInteger(pair.Second!.Value))),
        ];
    }

    // One that a store with the chain's first block was told nothing of has nothing there, as one that it was told has nothing.
    private async Task<Holder[]> UnknownAsync(Holder[] holders, ulong first, CancellationToken cancellationToken)
    {
        Position start = new(first, 0, 0);
        IReadOnlyList<History> known = await store.ReadAsync(
            [.. holders.Select(holder => new HistoryRequest(holder, start, Direction.Backward))], cancellationToken).ConfigureAwait(false);
        return [.. holders.Where((_, i) => known[i].Opening is not { IsZero: false })];
    }
}
