using System.Collections.Immutable;
using FlowTracer.Core.Clustering;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Clustering;

/// <summary>Common-input clustering: against GraphSense's reference, and in any order.</summary>
public sealed class InputClustersTests
{
    [NeedsDataFact(GraphSense.FolderName)]
    public void Clusters_without_CoinJoins_are_GraphSense_s() =>
        AssertClusters("address_cluster.json", HeuristicSet.Default);

    [NeedsDataFact(GraphSense.FolderName)]
    public void Clusters_with_CoinJoins_are_GraphSense_s() => AssertClusters(
        "address_cluster_with_coinjoin.json", HeuristicSet.Default.With(Heuristic.CommonInputCoinJoin));

    [Fact]
    public void Without_the_heuristic_every_address_is_alone()
    {
        InputClusters clusters = new(HeuristicSet.Default.Except(Heuristic.CommonInput));
        clusters.Add(Merge(1, 1, 2, 3));

        Assert.Equal(4, clusters.Clusters().Length);
        Assert.False(clusters.AreJoined(Sample.Segwit(1), Sample.Segwit(2)));
    }

    [Fact]
    public void What_the_detector_finds_is_left_out()
    {
        const ulong pool = 1_000_000;
        CoinTransaction mix = Sample.OfValues(1, [pool, pool, pool, pool, pool + 1_000], [pool, pool, pool, pool, pool]);
        InputClusters without = new(HeuristicSet.Default);
        InputClusters with = new(HeuristicSet.Default.With(Heuristic.CommonInputCoinJoin));
        without.Add(mix);
        with.Add(mix);

        Assert.Equal(10, without.Clusters().Length);
        Assert.Equal(6, with.Clusters().Length);
    }

    [Fact]
    public void Inputs_without_an_address_join_nothing()
    {
        InputClusters clusters = new(HeuristicSet.Default);
        clusters.Add(Sample.Tx(
            1, [Sample.From(default, 5), Sample.From(Sample.Segwit(1), 5), Sample.From(default, 5)], [(default, 15)]));

        Assert.Equal(Sample.Segwit(1), Assert.Single(Assert.Single(clusters.Clusters()).Addresses));
    }

    // Random merges of 200 addresses: the clusters are the connected components, whatever the order, and the name is the
    // lowest address. The components are found by painting, not by union-find.
    [Fact]
    public void The_order_of_transactions_makes_no_difference()
    {
        Random random = new(7);
        for (int round = 0; round < 20; round++)
        {
            List<CoinTransaction> merges = Enumerable.Range(0, random.Next(20, 120))
                .Select(i => Merge(i, [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Next(200))]))
                .ToList();
            List<string> expected = Painted(merges);
            for (int order = 0; order < 3; order++)
            {
                CoinTransaction[] shuffled = [.. merges];
                random.Shuffle(shuffled);
                InputClusters clusters = new(HeuristicSet.Default);
                Array.ForEach(shuffled, clusters.Add);

                Assert.Equal(expected, Texts(clusters));
                Assert.All(clusters.Clusters(), cluster =>
                {
                    Assert.Equal(cluster.Addresses.Min(), cluster.Name);
                    Assert.All(cluster.Addresses, address => Assert.Equal(cluster.Name, clusters.NameOf(address)));
                });
            }
        }
    }

    // Each link is a transaction that really spends coins of both, and they lead from one address to the other.
    [Fact]
    public void The_evidence_leads_from_one_address_to_the_other()
    {
        Random random = new(11);
        Dictionary<TxHash, CoinTransaction> merges = [];
        InputClusters clusters = new(HeuristicSet.Default);
        for (int i = 0; i < 150; i++)
        {
            CoinTransaction merge = Merge(i, random.Next(200), random.Next(200));
            merges.Add(merge.Id, merge);
            clusters.Add(merge);
        }

        int longest = 0;
        foreach (AddressCluster cluster in clusters.Clusters())
        {
            Address last = cluster.Addresses[^1];
            ImmutableArray<ClusterLink> links = clusters.Evidence(cluster.Name, last);
            Address at = cluster.Name;
            foreach (ClusterLink link in links)
            {
                Assert.Equal(at, link.From);
                Address[] spent = [.. merges[link.Transaction].Inputs.Select(input => input.Address)];
                Assert.Contains(link.From, spent);
                Assert.Contains(link.To, spent);
                at = link.To;
            }

            Assert.Equal(last, at);
            longest = Math.Max(longest, links.Length);
        }

        Assert.True(longest > 3, $"the longest evidence has {longest} links, and shows little");
    }

    private static void AssertClusters(string reference, HeuristicSet heuristics)
    {
        List<string> expected = GraphSense.Clusters(reference);
        List<(CoinTransaction Transaction, bool IsCoinJoin)> chain = GraphSense.Chain();
        Assert.Equal(10, chain.Count);
        for (int first = 0; first < chain.Count; first++)
        {
            InputClusters clusters = new(heuristics);
            foreach ((CoinTransaction transaction, bool isCoinJoin) in chain[first..].Concat(chain[..first]))
            {
                clusters.Add(transaction, isCoinJoin);
            }

            Assert.Equal(expected, Texts(clusters));
        }
    }

    private static List<string> Texts(InputClusters clusters) => GraphSense.Texts(
        clusters.Clusters().Select(cluster => cluster.Addresses.Select(address => address.ToString())));

    private static CoinTransaction Merge(int number, params int[] owners) => Sample.Tx(
        number,
        [.. owners.Select(owner => Sample.From(Sample.Segwit(owner), 10))],
        [(Sample.Segwit(1_000 + number), 10UL * (ulong)owners.Length)]);

    private static List<string> Painted(List<CoinTransaction> merges)
    {
        Dictionary<string, int> colours = [];
        foreach (CoinTransaction merge in merges)
        {
            foreach (CoinSide side in merge.Inputs.Concat(merge.Outputs))
            {
                colours.TryAdd(side.Address.ToString(), colours.Count);
            }
        }

        foreach (CoinTransaction merge in merges)
        {
            int colour = colours[merge.Inputs[0].Address.ToString()];
            HashSet<int> painted = [.. merge.Inputs.Select(input => colours[input.Address.ToString()])];
            foreach (string address in colours.Keys.Where(address => painted.Contains(colours[address])).ToList())
            {
                colours[address] = colour;
            }
        }

        return GraphSense.Texts(colours.GroupBy(pair => pair.Value, pair => pair.Key));
    }
}
