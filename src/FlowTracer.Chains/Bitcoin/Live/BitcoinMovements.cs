using System.Collections.Immutable;
using System.Globalization;
using FlowTracer.Core.Model;
using FlowTracer.Chains.Bitcoin.Scripts;

namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>What a transaction in its block moves: pure, from facts.</summary>
internal static class BitcoinMovements
{
    private const string Source = "bitcoin";

    /// <summary>
    /// One movement of inputs and outputs; a coinbase's reward at the end of its block; or, where nobody knows what some
    /// input is worth, the inputs known and the outputs apart, both unresolved. None for what moves nothing.
    /// </summary>
    /// <param name="placed">The transaction.</param>
    /// <param name="spends">What its inputs are worth, in order; null for what is not known; none for a coinbase.</param>
    /// <param name="fees">The fees of its block, for a coinbase that is stated with them; else null.</param>
    /// <param name="chain">The chain.</param>
    public static ImmutableArray<Movement> Of(
        PlacedTransaction placed, IReadOnlyList<SpentOutput?> spends, BlockFees? fees, ChainId chain) => Of(
        placed.Tx, placed.Id, new Stamp(placed.Height, null, placed.Index, placed.Header.Time), placed.Index, Source, spends, fees, chain);

    /// <summary>The same, of a transaction whose place a record states as well as it can.</summary>
    /// <param name="tx">The transaction.</param>
    /// <param name="id">Its id.</param>
    /// <param name="stamp">What is stated of its place; the block is.</param>
    /// <param name="order">What orders it among the transactions of its block.</param>
    /// <param name="source">Where the fact comes from.</param>
    /// <param name="spends">As above.</param>
    /// <param name="fees">As above.</param>
    /// <param name="chain">The chain.</param>
    public static ImmutableArray<Movement> Of(
        Transaction tx, TxHash id, Stamp stamp, uint order, string source, IReadOnlyList<SpentOutput?> spends, BlockFees? fees, ChainId chain)
    {
        ulong height = stamp.Block!.Value;
        ImmutableArray<Leg> outputs = OutputsOf(tx, id, chain);
        if (tx.IsCoinbase)
        {
            return outputs.IsEmpty ? [] :
            [
                Movement.Create(
                    MovementKind.Reward, Grade.Recorded, Position.OfCoinbase(height), stamp, id, source, FeeLegs(fees, chain), outputs),
            ];
        }

        ImmutableArray<Leg> inputs = InputsOf(tx, spends, chain);
        int unknown = spends.Count(static output => output is null);
        Position at = new(height, order, 1);
        if (unknown == 0)
        {
            return inputs.IsEmpty ? [] :
            [
                Movement.Create(
                    MovementKind.Transaction, Grade.Recorded, at, stamp, id, source, inputs, outputs, carriesData: CarriesData(tx)),
            ];
        }

        string doubt = string.Create(
            CultureInfo.InvariantCulture, $"what {unknown} of its {spends.Count} inputs brought is not known: the source lacks the transactions they come from");
        ImmutableArray<Movement>.Builder parts = ImmutableArray.CreateBuilder<Movement>();
        if (!inputs.IsEmpty)
        {
            parts.Add(Movement.Create(MovementKind.Unresolved, Grade.Recorded, at, stamp, id, source, inputs, [], doubt));
        }

        if (!outputs.IsEmpty)
        {
            parts.Add(Movement.Create(MovementKind.Unresolved, Grade.Recorded, at with { Step = 2 }, stamp, id, source, [], outputs, doubt));
        }

        return parts.ToImmutable();
    }

    private static bool CarriesData(Transaction tx)
    {
        foreach (TxOut output in tx.Outputs)
        {
            if (output is { ValueSats: 0, Kind: ScriptKind.NullData })
            {
                return true;
            }
        }

        return false;
    }

    private static ImmutableArray<Leg> OutputsOf(Transaction tx, TxHash id, ChainId chain)
    {
        ImmutableArray<Leg>.Builder legs = ImmutableArray.CreateBuilder<Leg>();
        foreach (TxOut output in tx.Outputs)
        {
            Add(legs, new OutPoint(id, (uint)output.Index), output.ValueSats, output.Script, chain);
        }

        return legs.ToImmutable();
    }

    private static ImmutableArray<Leg> InputsOf(Transaction tx, IReadOnlyList<SpentOutput?> spends, ChainId chain)
    {
        List<OutPoint> coins = BitcoinNode.CoinsOf(tx);
        ImmutableArray<Leg>.Builder legs = ImmutableArray.CreateBuilder<Leg>();
        for (int i = 0; i < coins.Count; i++)
        {
            if (spends[i] is { } output)
            {
                Add(legs, coins[i], output.ValueSats, output.Script, chain);
            }
        }

        return legs.ToImmutable();
    }

    private static ImmutableArray<Leg> FeeLegs(BlockFees? fees, ChainId chain) => fees is null ? [] :
    [
        .. fees.Ids.Zip(fees.FeesSats).Where(static tx => tx.Second > 0)
            .Select(tx => new Leg(Holder.FeeOf(chain, tx.First), tx.Second)),
    ];

    private static void Add(
        ImmutableArray<Leg>.Builder legs, OutPoint coin, ulong sats, ReadOnlySpan<byte> script, ChainId chain)
    {
        if (sats > 0)
        {
            ScriptAddress.TryGet(chain, script, out Address address);
            legs.Add(new Leg(Holder.Output(chain, coin, address), sats));
        }
    }
}
