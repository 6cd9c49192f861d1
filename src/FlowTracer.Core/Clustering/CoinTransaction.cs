using System.Collections.Immutable;
using FlowTracer.Core.Model;

namespace FlowTracer.Core.Clustering;

/// <summary>One input or output of a Bitcoin transaction, as heuristics see it.</summary>
/// <param name="Coin">The coin.</param>
/// <param name="Address">Whom it pays; <see cref="Address.IsNone"/> where its script has no address.</param>
/// <param name="Sats">What it is worth, in satoshi.</param>
public readonly record struct CoinSide(OutPoint Coin, Address Address, ulong Sats);

/// <summary>
/// A Bitcoin transaction as heuristics see it: who gives and gets what, in the order of the transaction.
/// </summary>
/// <param name="Id">Its id.</param>
/// <param name="Inputs">What it spends; none for a coinbase.</param>
/// <param name="Outputs">What it makes, without outputs of no value.</param>
/// <param name="HasData">Whether it has an output of no value that carries data (OP_RETURN).</param>
public sealed record CoinTransaction(
    TxHash Id, ImmutableArray<CoinSide> Inputs, ImmutableArray<CoinSide> Outputs, bool HasData)
{
    /// <summary>What its inputs are worth, in satoshi.</summary>
    public ulong InputSats => Sum(Inputs);

    /// <summary>What its outputs are worth, in satoshi.</summary>
    public ulong OutputSats => Sum(Outputs);

    /// <summary>
    /// A movement of Bitcoin as heuristics see it; null for what is no transaction whose inputs are all known, or moves more
    /// than satoshi can be.
    /// </summary>
    /// <param name="movement">The movement.</param>
    public static CoinTransaction? Of(Movement movement)
    {
        ArgumentNullException.ThrowIfNull(movement);
        return movement is { Kind: MovementKind.Transaction, Tx: TxHash id } && movement.Chain.Family == ChainFamily.Utxo
            && Movement.Sum(movement.Inputs).TryGetUInt64(out _)
            ? new CoinTransaction(id, SidesOf(movement.Inputs), SidesOf(movement.Outputs), movement.CarriesData)
            : null;
    }

    private static ImmutableArray<CoinSide> SidesOf(ImmutableArray<Leg> legs) => [.. legs.Select(static leg =>
        new CoinSide(leg.Holder.Coin, leg.Holder.Address, leg.Amount.TryGetUInt64(out ulong sats)
            ? sats
            : throw new InvariantException($"{leg.Amount} is more than the whole that it is part of")))];

    private static ulong Sum(ImmutableArray<CoinSide> sides)
    {
        ulong sum = 0;
        foreach (CoinSide side in sides)
        {
            sum += side.Sats;
        }

        return sum;
    }
}
