using System.Collections.Immutable;

namespace FlowTracer.Core.Clustering;

/// <summary>Samourai Wallet's Whirlpool: its mixes, and the Tx0 by which a payer prepares for them.</summary>
/// <remarks>
/// The form is that of Whirlpool's own documentation and of Stütz et al. (AFT 2022): four pools; a mix has five inputs
/// and five outputs, in the surge cycles of later years up to eight, all outputs exactly of the pool's size. Inputs
/// that come from an earlier mix are of that size, those that come from a Tx0 are a little higher and pay the miners.
/// All are P2WPKH; an output may be of any type, for a wallet can mix straight to somebody else. The bounds for "a
/// little" (100 to 110,000 satoshi), for the premix outputs of a Tx0 (at most 70) and for the coordinator's fee (half
/// to three times the usual one: 5% of the pool, in the two larger pools 3.5%) are those of Schnoering and Vazirgiannis
/// (2023) as GraphSense uses them. With one premix output there is so little to go by that payments which carry data
/// look alike; then only the usual fee, exactly, counts.
/// </remarks>
internal static class WhirlpoolMixes
{
    private const int MinSides = 5;
    private const int MaxSides = 8;
    private const ulong MinAboveSats = 100;
    private const ulong MaxAboveSats = 110_000;
    private const int MinOutputsTx0 = 3;
    private const int MaxPremix = 70;

    // The coordinator's fee, and change.
    private const int MaxOthers = 2;

    private static readonly ImmutableArray<(ulong Sats, ulong FeeSats)> Pools =
        [(100_000, 5_000), (1_000_000, 50_000), (5_000_000, 175_000), (50_000_000, 1_750_000)];

    /// <summary>Whether it is a mix; <paramref name="count"/> outputs are of <paramref name="sats"/>.</summary>
    public static CoinJoinFinding? FindMix(CoinTransaction transaction, ulong sats, int count)
    {
        if (count is < MinSides or > MaxSides
            || transaction.Outputs.Length != count
            || transaction.Inputs.Length != count
            || transaction.HasData
            || !IsPool(sats))
        {
            return null;
        }

        int entrants = 0;
        foreach (CoinSide input in transaction.Inputs)
        {
            if (input.Sats != sats && !IsAbove(input.Sats, sats))
            {
                return null;
            }

            entrants += input.Sats == sats ? 0 : 1;
        }

        if (entrants == 0
            || !CoinJoinDetector.AllWitnessKeyHash(transaction.Inputs)
            || !CoinJoinDetector.AllAddressesDiffer(transaction.Inputs)
            || !CoinJoinDetector.AllAddressesDiffer(transaction.Outputs))
        {
            return null;
        }

        return new CoinJoinFinding(
            Heuristic.CoinJoinWhirlpool,
            "Whirlpool",
            HeuristicConfidence.High,
            sats,
            count,
            $"{count} inputs and {count} outputs, every output of {sats} sat, the size of a Whirlpool pool; "
            + $"{entrants} inputs enter the pool and pay the fee, {count - entrants} mix again");
    }

    /// <summary>Whether it is a Tx0.</summary>
    public static CoinJoinFinding? FindTx0(CoinTransaction transaction)
    {
        if (!transaction.HasData || transaction.Outputs.Length is < MinOutputsTx0 or > MaxPremix + MaxOthers)
        {
            return null;
        }

        foreach ((ulong poolSats, ulong feeSats) in Pools)
        {
            if (FindTx0(transaction, poolSats, feeSats) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    private static CoinJoinFinding? FindTx0(CoinTransaction transaction, ulong poolSats, ulong feeSats)
    {
        // The premix outputs are equal and all but two of the outputs, so one of the first three is one of them.
        ImmutableArray<CoinSide> outputs = transaction.Outputs;
        for (int i = 0; i <= MaxOthers && i < outputs.Length; i++)
        {
            ulong premixSats = outputs[i].Sats;
            if (!IsAbove(premixSats, poolSats))
            {
                continue;
            }

            (int premix, ulong paidSats) = (0, 0);
            foreach (CoinSide output in outputs)
            {
                // Change may be of such a value too: the usual fee, where it is there, is the fee.
                bool isFee = output.Sats != premixSats && output.Sats >= feeSats / 2 && output.Sats <= 3 * feeSats;
                premix += output.Sats == premixSats ? 1 : 0;
                paidSats = isFee && paidSats != feeSats ? output.Sats : paidSats;
            }

            if (premix > MaxPremix
                || (premix == 1 && paidSats != feeSats)
                || outputs.Length - premix > MaxOthers
                || paidSats == 0
                || !CoinJoinDetector.AllWitnessKeyHash(outputs)
                || !CoinJoinDetector.AllAddressesDiffer(outputs))
            {
                continue;
            }

            return new CoinJoinFinding(
                Heuristic.CoinJoinWhirlpoolTx0,
                "Whirlpool Tx0",
                HeuristicConfidence.Medium,
                premixSats,
                premix,
                $"{premix} of {outputs.Length} outputs are of {premixSats} sat each, {premixSats - poolSats} sat "
                + $"above the Whirlpool pool of {poolSats} sat, {paidSats} sat are a coordinator's fee, and an output "
                + $"carries data");
        }

        return null;
    }

    private static bool IsAbove(ulong sats, ulong poolSats) =>
        sats >= poolSats + MinAboveSats && sats <= poolSats + MaxAboveSats;

    private static bool IsPool(ulong sats)
    {
        foreach ((ulong poolSats, _) in Pools)
        {
            if (sats == poolSats)
            {
                return true;
            }
        }

        return false;
    }
}
