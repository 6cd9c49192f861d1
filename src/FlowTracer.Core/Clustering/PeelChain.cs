using System.Collections.Immutable;
using FlowTracer.Core.Model;

namespace FlowTracer.Core.Clustering;

/// <summary>One step of a peel chain: a transaction that pays a small part of a coin away and keeps the rest.</summary>
/// <param name="Transaction">The transaction.</param>
/// <param name="Spent">The coin of the chain that it spends.</param>
/// <param name="JoinedSats">What other inputs add, in satoshi; zero for a transaction with one input.</param>
/// <param name="Peeled">What is paid away, and to whom.</param>
/// <param name="Kept">What goes on.</param>
/// <param name="FeeSats">What the miner gets, in satoshi.</param>
/// <param name="Why">What decided which output goes on: a sentence for a person.</param>
public sealed record PeelStep(
    TxHash Transaction, CoinSide Spent, ulong JoinedSats, CoinSide Peeled, CoinSide Kept, ulong FeeSats, string Why);

/// <summary>
/// A peel chain as one line: a coin from which payments are peeled off, one a transaction. What it starts with and what
/// is joined on the way is what is peeled off, paid as fees and left at the end, to the satoshi.
/// </summary>
public sealed class PeelChain
{
    private PeelChain(ImmutableArray<PeelStep> steps) => Steps = steps;

    /// <summary>The steps in their order, at least one.</summary>
    public ImmutableArray<PeelStep> Steps { get; }

    /// <summary>The coin it starts with.</summary>
    public CoinSide Start => Steps[0].Spent;

    /// <summary>The coin it ends with: what is left.</summary>
    public CoinSide End => Steps[^1].Kept;

    /// <summary>What was paid away, in satoshi.</summary>
    public ulong PeeledSats { get; private init; }

    /// <summary>What the miners got, in satoshi.</summary>
    public ulong FeeSats { get; private init; }

    /// <summary>What other inputs added, in satoshi.</summary>
    public ulong JoinedSats { get; private init; }

    /// <summary>What <see cref="Heuristic.PeelChain"/> found: a sentence for a person.</summary>
    public string Why =>
        $"from {Start.Coin} with {Start.Sats} sat, {Steps.Length} steps peel off {PeeledSats} sat, pay {FeeSats} "
        + $"sat in fees and leave {End.Sats} sat in {End.Coin}";

    /// <summary>A chain of steps each of which spends what the one before it kept.</summary>
    /// <exception cref="ArgumentException">There is no step, or one does not follow from the one before it.</exception>
    /// <exception cref="InvariantException">The sums differ: a bug.</exception>
    public static PeelChain Of(ImmutableArray<PeelStep> steps)
    {
        if (steps.IsDefaultOrEmpty)
        {
            throw new ArgumentException("a peel chain has at least one step", nameof(steps));
        }

        (ulong peeled, ulong fees, ulong joined) = (0, 0, 0);
        for (int i = 0; i < steps.Length; i++)
        {
            if (i > 0 && steps[i].Spent != steps[i - 1].Kept)
            {
                throw new ArgumentException(
                    $"step {i + 1} spends {steps[i].Spent.Coin}, and the one before it kept {steps[i - 1].Kept.Coin}",
                    nameof(steps));
            }

            peeled += steps[i].Peeled.Sats;
            fees += steps[i].FeeSats;
            joined += steps[i].JoinedSats;
        }

        PeelChain chain = new(steps) { PeeledSats = peeled, FeeSats = fees, JoinedSats = joined };
        Invariant.Check(
            chain.Start.Sats + joined == peeled + fees + chain.End.Sats,
            $"a peel chain of {chain.Start.Sats} and {joined} sat gives {peeled}, {fees} and {chain.End.Sats} sat");
        return chain;
    }
}
