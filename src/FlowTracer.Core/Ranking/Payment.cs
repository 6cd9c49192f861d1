using FlowTracer.Core.Model;

namespace FlowTracer.Core.Ranking;

/// <summary>
/// An edge of the graph that strategies search: value that one address gave another, or turned into another asset of its
/// own. Amounts are doubles: they weigh an edge and account for nothing.
/// </summary>
/// <param name="From">Who gave.</param>
/// <param name="To">Who received; the same address in a swap of its own.</param>
/// <param name="Given">In which asset it was given.</param>
/// <param name="Got">In which it was received.</param>
/// <param name="Paid">How much was given, in base units of <paramref name="Given"/>.</param>
/// <param name="Received">How much was received, in base units of <paramref name="Got"/>.</param>
/// <param name="At">Where in the chain.</param>
internal readonly record struct Payment(
    Address From, Address To, Asset Given, Asset Got, double Paid, double Received, Position At)
{
    /// <summary>Whether an address turned one of its assets into another.</summary>
    public bool IsOwnSwap => From == To && Given != Got;

    /// <summary>
    /// The edges of a movement. Where several gave to several in one transaction, each gave each a part by their amounts: a
    /// trace invents no such pairs, and a graph of addresses cannot do without. Fees, new issue and what could not be
    /// resolved have no other side and are no edge.
    /// </summary>
    public static IEnumerable<Payment> Of(Movement movement)
    {
        double given = movement.Inputs.Sum(static leg => Number(leg.Amount));
        double got = movement.Outputs.Sum(static leg => Number(leg.Amount));
        foreach (Leg from in movement.Inputs)
        {
            foreach (Leg to in movement.Outputs.Where(to => to.Holder != from.Holder))
            {
                yield return new Payment(
                    from.Holder.Address, to.Holder.Address, from.Holder.Asset, to.Holder.Asset,
                    Number(from.Amount) * Number(to.Amount) / got, Number(to.Amount) * Number(from.Amount) / given,
                    movement.Position);
            }
        }
    }

    /// <summary>An amount as a weight, in base units, rounded to a double's 53 bits.</summary>
    private static double Number(Amount amount) => (double)amount.ToBigInteger();
}
