using System.Collections.Immutable;
using FlowTracer.Core.Clustering;
using FlowTracer.Core.Model;

namespace FlowTracer.Core.Tracing;

/// <summary>A transaction found to be a CoinJoin or the preparation of one.</summary>
/// <param name="Transaction">Which.</param>
/// <param name="Finding">What and why.</param>
/// <param name="Interpretations">
/// In how many ways its inputs and outputs can belong together; null where they are too many to count.
/// </param>
public sealed record CoinJoinPattern(TxHash Transaction, CoinJoinFinding Finding, ulong? Interpretations);

/// <summary>Addresses that seem to have one owner.</summary>
/// <param name="Cluster">They.</param>
/// <param name="Links">The transactions that tell: enough of them to join all.</param>
public sealed record ClusterPattern(AddressCluster Cluster, ImmutableArray<ClusterLink> Links);

/// <summary>An output that seems to go back to the payer.</summary>
/// <param name="Transaction">Of which transaction.</param>
/// <param name="Finding">Which output, and why.</param>
public sealed record ChangePattern(TxHash Transaction, ChangeFinding Finding);

/// <summary>
/// What heuristics say of the Bitcoin transactions of a trace. They explain; no amount of the trace depends on them, but for
/// the CoinJoins it ended at or went through.
/// </summary>
/// <param name="Heuristics">Those that were on.</param>
/// <param name="CoinJoins">In the order of the chain.</param>
/// <param name="Clusters">Of two addresses and more, by name.</param>
/// <param name="Changes">In the order of the chain.</param>
/// <param name="PeelChains">By the coin they start with.</param>
public sealed record TracePatterns(
    HeuristicSet Heuristics,
    ImmutableArray<CoinJoinPattern> CoinJoins,
    ImmutableArray<ClusterPattern> Clusters,
    ImmutableArray<ChangePattern> Changes,
    ImmutableArray<PeelChain> PeelChains)
{
    /// <summary>The patterns of a trace; null when no heuristic was on.</summary>
    public static TracePatterns? Of(Trace trace)
    {
        ArgumentNullException.ThrowIfNull(trace);
        HeuristicSet heuristics = trace.Question.Heuristics;
        if (heuristics == HeuristicSet.None)
        {
            return null;
        }

        ImmutableArray<CoinTransaction> transactions =
        [
            .. trace.Hops.Select(static hop => hop.Movement)
                .Concat(trace.Question.Seeds.OfType<TransferSeed>().Select(static seed => seed.Movement))
                .OrderBy(static movement => movement.Position)
                .Select(CoinTransaction.Of).OfType<CoinTransaction>().DistinctBy(static transaction => transaction.Id),
        ];
        ImmutableArray<CoinJoinPattern>.Builder coinJoins = ImmutableArray.CreateBuilder<CoinJoinPattern>();
        ImmutableArray<ChangePattern>.Builder changes = ImmutableArray.CreateBuilder<ChangePattern>();
        InputClusters clusters = new(heuristics);
        // Seen means paid earlier in this trace; elsewhere it may have been paid before.
        HashSet<Address> seen = [];
        foreach (CoinTransaction transaction in transactions)
        {
            CoinJoinFinding? mix = CoinJoinDetector.Find(transaction, heuristics);
            clusters.Add(transaction, mix is { Mixes: true });
            if (mix is not null)
            {
                coinJoins.Add(new CoinJoinPattern(transaction.Id, mix, Interpretations.Of(transaction)?.Count));
            }
            else if (ChangeDetector.Find(transaction, heuristics, seen.Contains) is { } change)
            {
                changes.Add(new ChangePattern(transaction.Id, change));
            }

            seen.UnionWith(transaction.Outputs.Select(static output => output.Address));
        }

        return new TracePatterns(
            heuristics, coinJoins.ToImmutable(),
            [.. clusters.Clusters().Where(static cluster => cluster.Addresses.Length > 1).Select(cluster => WithLinks(cluster, clusters))],
            changes.ToImmutable(), Clustering.PeelChains.FindAll(AfterTheft(trace, transactions), PeelRules.Default, heuristics));
    }

    // A theft is no payment of the thief's: a chain begins with the stolen coin at the earliest.
    private static IEnumerable<CoinTransaction> AfterTheft(Trace trace, ImmutableArray<CoinTransaction> transactions)
    {
        HashSet<TxHash> thefts = [.. trace.Question.Seeds.OfType<TransferSeed>().Select(static seed => seed.Movement.Tx).OfType<TxHash>()];
        return transactions.Where(transaction => !thefts.Contains(transaction.Id));
    }

    private static ClusterPattern WithLinks(AddressCluster cluster, InputClusters clusters) => new(
        cluster, [.. cluster.Addresses.SelectMany(address => clusters.Evidence(cluster.Name, address)).Select(Ordered).Distinct()]);

    // The same link comes from either side.
    private static ClusterLink Ordered(ClusterLink link) =>
        link.From.CompareTo(link.To) <= 0 ? link : new ClusterLink(link.Transaction, link.To, link.From);
}
