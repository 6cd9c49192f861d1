using System.Collections.Immutable;
using FlowTracer.Core.Attributions;
using FlowTracer.Core.Model;
using FlowTracer.Core.Taint;

namespace FlowTracer.Core.Tracing;

/// <summary>Nodes and hops as they are found.</summary>
/// <param name="claims">The claims of the lots that move.</param>
/// <param name="isKept">Whether it is wanted: where it is not, every node is 0 and nothing is noted.</param>
internal sealed class FlowGraph(ClaimTable claims, bool isKept = true)
{
    private readonly Dictionary<Address, int> _byAddress = [];
    private readonly Dictionary<OutPoint, int> _byCoin = [];
    private readonly Dictionary<string, int> _byName = [];
    private readonly List<TraceNode> _nodes = [];
    private readonly List<Hop> _hops = [];

    public IReadOnlyList<TraceNode> Nodes => _nodes;

    public IReadOnlyList<Hop> Hops => _hops;

    public bool Has(Address address) => _byAddress.ContainsKey(address);

    /// <summary>The node of a holder, made when new: an address with all it held, a coin, or a transaction's fee.</summary>
    public int Of(Holder holder, NodeRole role, Attribution? attribution)
    {
        if (!isKept)
        {
            return 0;
        }

        if (holder.Chain.Family == ChainFamily.Account)
        {
            return _byAddress.TryGetValue(holder.Address, out int known)
                ? Raise(known, role)
                : _byAddress[holder.Address] =
                    Add($"{holder.Chain}:{holder.Address}", holder.Chain, NodeKind.Address, role, holder.Address, attribution);
        }

        if (holder.IsFee)
        {
            return Named($"{holder.Chain}:{holder.Coin}", holder.Chain, NodeKind.Outside, role);
        }

        return _byCoin.TryGetValue(holder.Coin, out int coin)
            ? Raise(coin, role)
            : _byCoin[holder.Coin] =
                Add($"{holder.Chain}:{holder.Coin}", holder.Chain, NodeKind.Coin, role, holder.Address, attribution);
    }

    /// <summary>The node of a transaction with several inputs.</summary>
    public int OfTransaction(Movement movement)
    {
        string name = movement.Tx is TxHash tx ? tx.ToString(movement.Chain.Family) : movement.Position.ToString();
        return Named($"{movement.Chain}:tx:{name}", movement.Chain, NodeKind.Transaction, NodeRole.Transaction);
    }

    /// <summary>A place that is no holder, by name.</summary>
    public int Outside(ChainId chain, string name, NodeRole role) =>
        Named($"{chain}:{name}", chain, NodeKind.Outside, role);

    /// <summary>Says where value ended at a node.</summary>
    public void End(int node, SinkKind sink)
    {
        if (isKept)
        {
            _nodes[node] = _nodes[node] with { Sink = _nodes[node].Sink ?? sink };
        }
    }

    public void SetHoldings(int node, ImmutableArray<Holding> holdings) =>
        _nodes[node] = _nodes[node] with { Holdings = holdings };

    /// <summary>Adds a hop for the tainted ones of <paramref name="lots"/>; none when nothing of them is.</summary>
    public void Move(int from, int to, Leg received, Leg? paid, Movement movement, IReadOnlyList<Lot> lots)
    {
        ImmutableArray<HopLot> sums = isKept ? SeedSums.Of(lots, claims) : [];
        if (!sums.IsEmpty)
        {
            _hops.Add(new Hop(from, to, received.Holder.Asset, received.Amount, paid, movement, sums));
        }
    }

    private int Named(string id, ChainId chain, NodeKind kind, NodeRole role) => !isKept ? 0
        : _byName.TryGetValue(id, out int known) ? known : _byName[id] = Add(id, chain, kind, role, default, null);

    private int Add(
        string id, ChainId chain, NodeKind kind, NodeRole role, Address address, Attribution? attribution)
    {
        _nodes.Add(new TraceNode(id, chain, kind, role, address, attribution, null, []));
        return _nodes.Count - 1;
    }

    // A node keeps the role that says most: an address cut in one asset may be followed in another.
    private int Raise(int node, NodeRole role)
    {
        if (role < _nodes[node].Role)
        {
            _nodes[node] = _nodes[node] with { Role = role };
        }

        return node;
    }
}
