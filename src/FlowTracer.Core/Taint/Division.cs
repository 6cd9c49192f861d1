using FlowTracer.Core.Model;

namespace FlowTracer.Core.Taint;

/// <summary>How what the givers of a movement gave is divided among its takers. What no taker takes is the rest.</summary>
internal static class Division
{
    /// <summary>
    /// Divides transfers of accounts. One taker of all takes it as it was given: drawing once more would only turn a last-in
    /// order round. What is taken beyond what was given is clean.
    /// </summary>
    public static LotChain Transfers<TUnits, TPool>(
        ref TPool pool, LotSlab<TUnits> slab, OutOrder order, LotChain given, TUnits give, ReadOnlySpan<TUnits> takes, Span<LotChain> shares)
        where TUnits : struct, IUnits<TUnits>
        where TPool : ILotPool<TUnits>
    {
        TUnits take = Sum(takes);
        Put(ref pool, slab, given, give);
        if (takes.Length == 1 && give == take)
        {
            shares[0] = pool.Drain(slab);
            return default;
        }

        if (give < take)
        {
            Put(ref pool, slab, slab.Of(Lot<TUnits>.CleanOf(take - give)), take - give);
        }

        Serve(ref pool, slab, order, takes, shares);
        return pool.Drain(slab);
    }

    /// <summary>
    /// Divides a Bitcoin transaction: its inputs, in their order, are the pool, and whatever leaves it is drawn once. New
    /// issue goes first into a coinbase's pool, and first out of it backward. What nobody takes (a fee that is not followed,
    /// one that a coinbase left lying) is the last taker; backward it is clean money behind the outputs.
    /// </summary>
    public static LotChain Coins<TUnits, TPool>(
        ref TPool pool, LotSlab<TUnits> slab, OutOrder order, CoinMovement movement, LotChain given, TUnits give,
        ReadOnlySpan<TUnits> takes, Span<LotChain> shares)
        where TUnits : struct, IUnits<TUnits>
        where TPool : ILotPool<TUnits>
    {
        TUnits take = Sum(takes);
        LotChain issued = default;
        if (give < take)
        {
            LotChain clean = slab.Of(Lot<TUnits>.CleanOf(take - give));
            given = movement.IsCoinbase && movement.IsForward ? slab.Join(clean, given) : slab.Join(given, clean);
        }

        Put(ref pool, slab, given, give < take ? take : give);
        if (movement.IsCoinbase && !movement.IsForward && take < give)
        {
            issued = pool.Take(slab, give - take);
        }

        // A transaction's fee is served after the others, whatever their order.
        int takers = movement.TakesFee ? takes.Length - 1 : takes.Length;
        Serve(ref pool, slab, order, takes[..takers], shares);
        if (movement.TakesFee)
        {
            shares[takers] = pool.Take(slab, takes[takers]);
        }

        return slab.Join(issued, pool.Drain(slab));
    }

    private static void Serve<TUnits, TPool>(
        ref TPool pool, LotSlab<TUnits> slab, OutOrder order, ReadOnlySpan<TUnits> takes, Span<LotChain> shares)
        where TUnits : struct, IUnits<TUnits>
        where TPool : ILotPool<TUnits>
    {
        if (order == OutOrder.First || takes.Length < 2)
        {
            for (int taker = 0; taker < takes.Length; taker++)
            {
                shares[taker] = pool.Take(slab, takes[taker]);
            }

            return;
        }

        foreach (int taker in order.Serve(takes))
        {
            shares[taker] = pool.Take(slab, takes[taker]);
        }
    }

    private static void Put<TUnits, TPool>(ref TPool pool, LotSlab<TUnits> slab, LotChain lots, TUnits amount)
        where TUnits : struct, IUnits<TUnits>
        where TPool : ILotPool<TUnits>
    {
        if (!lots.IsEmpty)
        {
            pool.Put(slab, lots, amount);
        }
    }

    private static TUnits Sum<TUnits>(ReadOnlySpan<TUnits> amounts)
        where TUnits : struct, IUnits<TUnits>
    {
        TUnits sum = TUnits.Zero;
        foreach (TUnits amount in amounts)
        {
            sum += amount;
        }

        return sum;
    }
}

/// <summary>What sets Bitcoin's movements apart where they are divided.</summary>
/// <param name="IsCoinbase">Whether it issues new coins.</param>
/// <param name="IsForward">Whether its outputs are the takers.</param>
/// <param name="TakesFee">Whether the last taker is the transaction's fee, followed.</param>
internal readonly record struct CoinMovement(bool IsCoinbase, bool IsForward, bool TakesFee);
