using FlowTracer.Core.Model;

namespace FlowTracer.Core.Taint;

/// <summary>Part of a holder's balance with one story.</summary>
/// <param name="Claim">
/// Whose story: <see cref="Clean"/>, or a claim of the run's <see cref="ClaimTable"/> (claim n is seed n-1).
/// </param>
/// <param name="Amount">How much of the asset now held, in base units.</param>
/// <param name="Origin">How much of the stolen asset it stands for, in the seed's base units; zero when clean.</param>
/// <typeparam name="TUnits">The width of the numbers.</typeparam>
public readonly record struct Lot<TUnits>(int Claim, TUnits Amount, TUnits Origin)
    where TUnits : struct, IUnits<TUnits>
{
    /// <summary>The claim of money that no seed claims.</summary>
    public const int Clean = 0;

    /// <summary>Whether a seed claims it.</summary>
    public bool IsTainted => Claim != Clean;

    /// <summary>Money that no seed claims.</summary>
    public static Lot<TUnits> CleanOf(TUnits amount) => new(Clean, amount, TUnits.Zero);

    /// <summary>
    /// What a taker of <paramref name="amount"/> gets: all of the origin with all of the amount, else
    /// floor(origin × amount ÷ lot). The rest stays, so origin is never lost.
    /// </summary>
    internal Lot<TUnits> Part(TUnits amount) => amount == Amount
        ? this
        : new Lot<TUnits>(Claim, amount, Origin == Amount ? amount : TUnits.MulDivFloor(Origin, amount, Amount, out _));

    /// <summary>What stays when <paramref name="part"/> has been taken.</summary>
    internal Lot<TUnits> Without(Lot<TUnits> part) => new(Claim, Amount - part.Amount, Origin - part.Origin);

    /// <summary>
    /// Whether two neighbours count as one lot: one claim, and each unit stands for one stolen unit, or for none. Other
    /// ratios are left apart, because their parts would round differently (docs/accounting.md).
    /// </summary>
    internal bool Merges(Lot<TUnits> next) =>
        Claim == next.Claim && (Origin == Amount ? next.Origin == next.Amount : Origin.IsZero && next.Origin.IsZero);

    /// <summary>Both as one lot of this one's claim.</summary>
    internal Lot<TUnits> Plus(Lot<TUnits> other) => new(Claim, Amount + other.Amount, Origin + other.Origin);
}

/// <summary>Neighbours in a list that are one and the same.</summary>
internal static class Neighbours
{
    /// <summary>Joins each with those behind it, as far as they merge.</summary>
    public static void Merge<T>(List<T> items, Func<T, T, bool> merges, Func<T, T, T> plus)
    {
        int kept = 0;
        for (int i = 1; i < items.Count; i++)
        {
            if (merges(items[kept], items[i]))
            {
                items[kept] = plus(items[kept], items[i]);
            }
            else
            {
                items[++kept] = items[i];
            }
        }

        if (items.Count > 0)
        {
            items.RemoveRange(kept + 1, items.Count - kept - 1);
        }
    }
}
