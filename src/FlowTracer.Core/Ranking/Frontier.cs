using FlowTracer.Core.Model;

namespace FlowTracer.Core.Ranking;

/// <summary>Where a search starts.</summary>
/// <param name="Address">Who held stolen value first.</param>
/// <param name="Asset">In which asset.</param>
/// <param name="At">From where in the chain on.</param>
internal readonly record struct Start(Address Address, Asset Asset, Position At);

/// <summary>
/// The part of a strategy that differs: what it makes of a history, and whose is next (the push and pop of the graph
/// expansion of Wu et al., "TRacer", IEEE TIFS 2023).
/// </summary>
internal interface IFrontier
{
    /// <summary>Takes in all payments of an address, in the chain's order.</summary>
    void Push(Address address, IReadOnlyList<Payment> payments);

    /// <summary>The next address that may be looked at, or null when none is worth it.</summary>
    /// <param name="mayExpand">Whether an address' history may be asked for: not yet known, and no stop.</param>
    Address? Pop(Func<Address, bool> mayExpand);
}

/// <summary>
/// Breadth first: who was seen first is looked at first. Both ways it is plain search; along payments alone it is the
/// poison of the tracing literature (Möser, Böhme and Breuker, "Towards Risk Scoring of Bitcoin Transactions", 2014):
/// whoever received anything from a tainted address is tainted. The depth of two that Wu et al. set for both is left out: the
/// requests are the limit.
/// </summary>
internal sealed class BreadthFirst : IFrontier
{
    private readonly bool _bothWays;
    private readonly Queue<Address> _next = [];
    private readonly HashSet<Address> _seen = [];

    public BreadthFirst(IEnumerable<Start> starts, bool bothWays)
    {
        _bothWays = bothWays;
        foreach (Start start in starts)
        {
            Add(start.Address);
        }
    }

    public void Push(Address address, IReadOnlyList<Payment> payments)
    {
        foreach (Payment payment in payments)
        {
            Add(payment.To);
            if (_bothWays)
            {
                Add(payment.From);
            }
        }
    }

    public Address? Pop(Func<Address, bool> mayExpand)
    {
        while (_next.TryDequeue(out Address address))
        {
            if (mayExpand(address))
            {
                return address;
            }
        }

        return null;
    }

    private void Add(Address address)
    {
        if (_seen.Add(address))
        {
            _next.Enqueue(address);
        }
    }
}
