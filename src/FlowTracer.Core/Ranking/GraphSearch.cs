using FlowTracer.Core.Attributions;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Tracing;

namespace FlowTracer.Core.Ranking;

/// <summary>
/// The graph expansion that tracing methods of the literature share (Wu et al., "TRacer: Scalable Graph-based Transaction
/// Tracing for Account-based Blockchain Trading Systems", IEEE TIFS 2023): take the next address, ask for all its payments,
/// hand them to the strategy, again. What labels say is a stop is reached and not looked at, as in a trace.
/// </summary>
internal sealed class GraphSearch(string name, string summary, Func<IReadOnlyList<Start>, IFrontier> begin) : IExpansionStrategy
{
    public string Name => name;

    public string Summary => summary;

    public async Task<Expansion> ExpandAsync(
        IHistorySource source, ITagSource tags, TraceQuestion question, int requests, CancellationToken cancellationToken)
    {
        Start[] starts = [.. question.Seeds.Select(StartOf)];
        HashSet<Address> seeds = [.. starts.Select(static start => start.Address)];
        IFrontier frontier = begin(starts);
        HashSet<Address> known = [];
        Dictionary<(ChainId, Position), Movement> movements = [];
        int asked = 0;
        while (asked < requests && frontier.Pop(MayExpand) is Address next)
        {
            cancellationToken.ThrowIfCancellationRequested();
            IReadOnlyList<History> histories = await ReadAsync(source, next, requests - asked, cancellationToken).ConfigureAwait(false);
            known.Add(next);
            asked += histories.Count;
            Movement[] all = [.. histories.SelectMany(static history => history.Movements)
                .DistinctBy(static movement => movement.Position).OrderBy(static movement => movement.Position)];
            foreach (Movement movement in all)
            {
                movements[(movement.Chain, movement.Position)] = movement;
            }

            frontier.Push(next, [.. all.SelectMany(Payment.Of).Where(payment => payment.From == next || payment.To == next)]);
        }

        return new Expansion([.. movements.Values], asked);

        bool MayExpand(Address address) =>
            !known.Contains(address) && (seeds.Contains(address) || !AttributionRules.IsStop(tags.TagsOf(address)));
    }

    /// <summary>All that a source knows of an address, as far as the requests left go.</summary>
    internal static async Task<IReadOnlyList<History>> ReadAsync(
        IHistorySource source, Address address, int requests, CancellationToken cancellationToken)
    {
        IReadOnlyList<Holder> holders = await source
            .HoldersOfAsync(address, Position.Start, Direction.Forward, cancellationToken).ConfigureAwait(false);
        HistoryRequest[] wanted = [.. holders.Take(requests).Select(static holder => new HistoryRequest(holder, Position.Start, Direction.Forward))];
        return wanted.Length == 0 ? [] : await source.ReadAsync(wanted, cancellationToken).ConfigureAwait(false);
    }

    private static Start StartOf(Seed seed) => new(
        seed.Holder.Address, seed.Asset,
        seed is TransferSeed transfer ? transfer.Movement.Position : ((BalanceSeed)seed).From);
}
