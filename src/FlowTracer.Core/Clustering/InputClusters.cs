using System.Collections.Immutable;
using FlowTracer.Core.Model;

namespace FlowTracer.Core.Clustering;

/// <summary>Addresses that have one owner, as far as the transactions seen tell.</summary>
/// <param name="Name">The lowest of its addresses: the same whatever the order in which transactions came.</param>
/// <param name="Addresses">All of them, in their order.</param>
public sealed record AddressCluster(Address Name, ImmutableArray<Address> Addresses);

/// <summary>Why two addresses are in one cluster: a transaction spends coins of both.</summary>
/// <param name="Transaction">The transaction.</param>
/// <param name="From">The address of one of its inputs.</param>
/// <param name="To">The address of another.</param>
public readonly record struct ClusterLink(TxHash Transaction, Address From, Address To)
{
    /// <summary>What <see cref="Heuristic.CommonInput"/> decided by: a sentence for a person.</summary>
    public string Why => $"transaction {Transaction} spends coins of {From} and of {To}";
}

/// <summary>
/// Common-input clustering: whoever signs for the inputs of one transaction holds the keys to all of them (Nakamoto,
/// 2008, section 10; Reid and Harrigan, 2011; Meiklejohn et al., "A Fistful of Bitcoins", IMC 2013, heuristic 1).
/// Transactions may come in any order and at any time, and the clusters are the same. CoinJoins are left out, for they
/// are made to break this very rule, unless <see cref="Heuristic.CommonInputCoinJoin"/> is on. Inputs without an
/// address say nothing.
/// </summary>
/// <remarks>
/// Union-find by size with path halving (Tarjan and van Leeuwen, 1984), without recursion. Beside it stands a forest of
/// the links themselves, in which the path from one address to another is the evidence (Nieuwenhuis and Oliveras,
/// 2007).
/// </remarks>
/// <param name="heuristics">Which are on; without <see cref="Heuristic.CommonInput"/> nothing is ever joined.</param>
public sealed class InputClusters(HeuristicSet heuristics)
{
    private readonly Dictionary<Address, int> _numbers = [];
    private readonly List<Node> _nodes = [];

    /// <summary>How many addresses have been seen.</summary>
    public int AddressCount => _nodes.Count;

    /// <summary>Takes in a transaction, after asking <see cref="CoinJoinDetector"/> whether it mixes.</summary>
    public void Add(CoinTransaction transaction) =>
        Add(transaction, CoinJoinDetector.Find(transaction, heuristics) is { Mixes: true });

    /// <summary>Takes in a transaction of which the caller knows whether it is a CoinJoin.</summary>
    public void Add(CoinTransaction transaction, bool isCoinJoin)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        bool joins = heuristics.Has(Heuristic.CommonInput)
            && (!isCoinJoin || heuristics.Has(Heuristic.CommonInputCoinJoin));
        int first = -1;
        foreach (CoinSide input in transaction.Inputs)
        {
            if (!input.Address.IsNone)
            {
                int number = NumberOf(input.Address);
                if (joins && first >= 0)
                {
                    Join(first, number, transaction.Id);
                }

                first = first < 0 ? number : first;
            }
        }

        foreach (CoinSide output in transaction.Outputs)
        {
            if (!output.Address.IsNone)
            {
                NumberOf(output.Address);
            }
        }
    }

    /// <summary>The name of an address' cluster; the address itself where no transaction has shown it.</summary>
    public Address NameOf(Address address) =>
        _numbers.TryGetValue(address, out int number) ? _nodes[Root(number)].Lowest : address;

    /// <summary>Whether two addresses are in one cluster.</summary>
    public bool AreJoined(Address first, Address second) => NameOf(first) == NameOf(second);

    /// <summary>
    /// The transactions by which one address leads to another, in order; empty for an address and itself, and where
    /// they are not in one cluster. Which of several proofs it is depends on the order in which transactions came.
    /// </summary>
    public ImmutableArray<ClusterLink> Evidence(Address first, Address second)
    {
        if (first == second || !AreJoined(first, second))
        {
            return [];
        }

        (int from, int to) = (_numbers[first], _numbers[second]);
        HashSet<int> above = [];
        for (int number = from; number >= 0; number = _nodes[number].LinkTo)
        {
            above.Add(number);
        }

        List<ClusterLink> back = [];
        int meeting = to;
        for (; !above.Contains(meeting); meeting = _nodes[meeting].LinkTo)
        {
            Node node = _nodes[meeting];
            back.Add(new ClusterLink(node.Link, _nodes[node.LinkTo].Address, node.Address));
        }

        ImmutableArray<ClusterLink>.Builder path = ImmutableArray.CreateBuilder<ClusterLink>();
        for (int number = from; number != meeting; number = _nodes[number].LinkTo)
        {
            Node node = _nodes[number];
            path.Add(new ClusterLink(node.Link, node.Address, _nodes[node.LinkTo].Address));
        }

        back.Reverse();
        path.AddRange(back);
        return path.DrainToImmutable();
    }

    /// <summary>All clusters of the addresses seen, those of one address too, by name.</summary>
    public ImmutableArray<AddressCluster> Clusters()
    {
        Dictionary<int, List<Address>> members = [];
        for (int number = 0; number < _nodes.Count; number++)
        {
            int root = Root(number);
            if (!members.TryGetValue(root, out List<Address>? addresses))
            {
                members.Add(root, addresses = []);
            }

            addresses.Add(_nodes[number].Address);
        }

        List<AddressCluster> clusters = new(members.Count);
        foreach (List<Address> addresses in members.Values)
        {
            addresses.Sort();
            clusters.Add(new AddressCluster(addresses[0], [.. addresses]));
        }

        clusters.Sort(static (left, right) => left.Name.CompareTo(right.Name));
        return [.. clusters];
    }

    private int NumberOf(Address address)
    {
        if (!_numbers.TryGetValue(address, out int number))
        {
            number = _nodes.Count;
            _numbers.Add(address, number);
            _nodes.Add(new Node(address, number));
        }

        return number;
    }

    private int Root(int number)
    {
        while (_nodes[number].Parent != number)
        {
            Node node = _nodes[number];
            node.Parent = _nodes[node.Parent].Parent;
            number = node.Parent;
        }

        return number;
    }

    private void Join(int first, int second, TxHash transaction)
    {
        (int large, int small) = (Root(first), Root(second));
        if (large == small)
        {
            return;
        }

        if (_nodes[large].Size < _nodes[small].Size)
        {
            (large, small) = (small, large);
            (first, second) = (second, first);
        }

        LinkUp(second, first, transaction);
        Node root = _nodes[large];
        Node child = _nodes[small];
        child.Parent = large;
        root.Size += child.Size;
        root.Lowest = child.Lowest.CompareTo(root.Lowest) < 0 ? child.Lowest : root.Lowest;
    }

    // Turns the links on the way from an address to the root of its tree, so that it is the root, and hangs it under
    // another. The tree is the smaller one, so that all turning together costs no more than n log n.
    private void LinkUp(int number, int under, TxHash transaction)
    {
        (int to, TxHash link) = (under, transaction);
        for (int at = number; at >= 0;)
        {
            Node node = _nodes[at];
            (int next, TxHash nextLink) = (node.LinkTo, node.Link);
            (node.LinkTo, node.Link) = (to, link);
            (to, link) = (at, nextLink);
            at = next;
        }
    }

    private sealed class Node(Address address, int number)
    {
        public Address Address { get; } = address;

        public int Parent { get; set; } = number;

        public int Size { get; set; } = 1;

        public Address Lowest { get; set; } = address;

        public int LinkTo { get; set; } = -1;

        public TxHash Link { get; set; }
    }
}
