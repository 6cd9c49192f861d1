using FlowTracer.Core.Model;

namespace FlowTracer.Core.Tracing;

/// <summary>Stolen value: where a trace starts.</summary>
public abstract record Seed
{
    private protected Seed(Holder holder) => Holder = holder;

    /// <summary>Who holds it first (forward: the receiver; backward: the first of the givers).</summary>
    public Holder Holder { get; }

    /// <summary>The asset its origin is counted in, whatever it is swapped into later.</summary>
    public Asset Asset => Holder.Asset;
}

/// <summary>One output of one movement: a transfer of the theft, or a Bitcoin output.</summary>
public sealed record TransferSeed : Seed
{
    private TransferSeed(Movement movement, int output, Amount amount)
        : base(movement.Outputs[output].Holder)
        => (Movement, Output, Amount) = (movement, output, amount);

    /// <summary>The movement.</summary>
    public Movement Movement { get; }

    /// <summary>Which of its outputs, from 0.</summary>
    public int Output { get; }

    /// <summary>How much of that output was stolen, in base units.</summary>
    public Amount Amount { get; }

    /// <summary>A seed of an output.</summary>
    /// <exception cref="ArgumentException">
    /// The amount is zero or more than the output received, or the movement goes from a holder to itself.
    /// </exception>
    public static TransferSeed Create(Movement movement, int output, Amount amount)
    {
        if (movement.IsSelfTransfer)
        {
            throw new ArgumentException("a transfer from a holder to itself steals nothing", nameof(movement));
        }

        if (amount.IsZero || amount > movement.Outputs[output].Amount)
        {
            throw new ArgumentException($"{amount} was not received: the output is {movement.Outputs[output].Amount}", nameof(amount));
        }

        return new TransferSeed(movement, output, amount);
    }
}

/// <summary>
/// What a holder has at a position and receives from then on, until a limit. Money of this seed that comes back is
/// not claimed twice.
/// </summary>
public sealed record BalanceSeed : Seed
{
    /// <summary>A seed of a holder's money.</summary>
    /// <param name="holder">Whose.</param>
    /// <param name="from">From where on; backward, up to where.</param>
    /// <param name="limit">How much at most, in base units; null for all of it.</param>
    public BalanceSeed(Holder holder, Position from, Amount? limit)
        : base(holder) => (From, Limit) = (from, limit);

    /// <summary>From where on; backward, up to where.</summary>
    public Position From { get; }

    /// <summary>How much at most, in base units; null for all of it.</summary>
    public Amount? Limit { get; }
}
