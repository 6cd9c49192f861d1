using FlowTracer.Core.Model;

namespace FlowTracer.Core.Ranking;

/// <summary>
/// Strategies that spread a unit of residual from the seeds, address by address, in proportions that a history fixes once.
/// The address with the most residual is next. One whose history is known is pushed again when more comes back, which costs
/// no request; under haircut, which settles nothing and would go round for ever, it is not.
/// </summary>
internal sealed class Spreading : IFrontier
{
    private readonly Func<Address, IReadOnlyList<Payment>, Spread> _spreadOf;
    private readonly double _least;
    private readonly Dictionary<Address, Spread> _spreads = [];
    private readonly Residuals _residuals = new();
    private readonly Dictionary<Address, double> _ranks = [];

    public Spreading(IReadOnlyList<Start> starts, Func<Address, IReadOnlyList<Payment>, Spread> spreadOf)
    {
        (_spreadOf, _least) = (spreadOf, spreadOf(default, []).Least);
        foreach (Start start in starts)
        {
            _residuals.Add(start.Address, 1.0 / starts.Count);
        }
    }

    /// <summary>What settled at each address.</summary>
    public IReadOnlyDictionary<Address, double> Ranks => _ranks;

    public void Push(Address address, IReadOnlyList<Payment> payments)
    {
        _spreads[address] = _spreadOf(address, payments);
        Push(address);
    }

    public Address? Pop(Func<Address, bool> mayExpand)
    {
        while (_residuals.TryTakeLargest(out Address address, out double residual))
        {
            if (!_spreads.TryGetValue(address, out Spread? spread))
            {
                if (residual >= _least && mayExpand(address))
                {
                    return address;
                }
            }
            else if (residual >= spread.Least && spread.Settles > 0)
            {
                Push(address);
            }
        }

        return null;
    }

    private void Push(Address address)
    {
        Spread spread = _spreads[address];
        double residual = _residuals.Clear(address);
        _ranks[address] = _ranks.GetValueOrDefault(address) + (spread.Settles * residual);
        foreach ((Address other, double part) in spread.Goes)
        {
            _residuals.Add(other, part * residual);
        }

        if (spread.Stays > 0)
        {
            _residuals.Add(address, spread.Stays * residual);
        }
    }
}

/// <summary>How much is left to push at each address, the largest first; ties in the order of addresses.</summary>
internal sealed class Residuals
{
    private readonly Dictionary<Address, double> _amounts = [];
    private readonly PriorityQueue<(Address Address, double Amount), (double Negative, Address Address)> _largest = new();

    /// <summary>Adds to an address.</summary>
    public void Add(Address address, double amount)
    {
        double sum = _amounts[address] = _amounts.GetValueOrDefault(address) + amount;
        _largest.Enqueue((address, sum), (-sum, address));
    }

    /// <summary>Takes all of an address.</summary>
    public double Clear(Address address) => _amounts.Remove(address, out double amount) ? amount : 0;

    /// <summary>The address with the most, which is not given again before more is added to it.</summary>
    public bool TryTakeLargest(out Address address, out double amount)
    {
        while (_largest.TryDequeue(out (Address Address, double Amount) entry, out _))
        {
            // One that was added to or cleared since has another entry, or none.
            if (_amounts.GetValueOrDefault(entry.Address) == entry.Amount)
            {
                (address, amount) = entry;
                return true;
            }
        }

        (address, amount) = (default, 0);
        return false;
    }
}
