using System.Collections.Immutable;
using FlowTracer.Core.Model;

namespace FlowTracer.Core.Clustering;

/// <summary>
/// Finds CoinJoins by the form of one transaction alone. The rules of each program are with it: <see
/// cref="WasabiRounds"/>, <see cref="WhirlpoolMixes"/>, <see cref="JoinMarketRounds"/>. They are asked from the
/// strictest to the loosest, and the first answer counts.
/// </summary>
/// <remarks>
/// <c>coinjoin-equal-outputs</c>, off by default, is the rule for CoinJoins of any make that BlockSci took from
/// Goldfeder, Kalodner, Reisman and Narayanan, "When the cookie meets the blockchain" (PETS 2018, section 4), and
/// GraphSense from BlockSci: with half as many participants as outputs, rounded up, the commonest value occurs exactly
/// once for each participant, there are at least as many inputs and input addresses as participants, and the value is
/// not 546 or 2,730 satoshi, which token protocols send. It takes transfers of tokens and batches of payments for
/// CoinJoins: see docs/heuristics.md.
/// </remarks>
public static class CoinJoinDetector
{
    private const int MinMixInputs = 2;
    private const int MinMixOutputs = 3;
    private const int MaxStackValues = 128;

    // What token protocols send along: no amount anybody would mix.
    private const ulong TokenDustSats = 546;
    private const ulong OldTokenDustSats = 2_730;

    /// <summary>
    /// Whether a transaction is a CoinJoin, by the heuristics that are on; null when none of them finds one.
    /// </summary>
    public static CoinJoinFinding? Find(CoinTransaction transaction, HeuristicSet heuristics)
    {
        ArgumentNullException.ThrowIfNull(transaction);

        // Nine transactions of ten end here.
        if (transaction.Outputs.Length < MinMixOutputs || transaction.Inputs.IsEmpty)
        {
            return null;
        }

        if (transaction.HasData && heuristics.Has(Heuristic.CoinJoinWhirlpoolTx0)
            && WhirlpoolMixes.FindTx0(transaction) is { } tx0)
        {
            return tx0;
        }

        return transaction.Inputs.Length < MinMixInputs ? null : FindMix(transaction, heuristics);
    }

    /// <summary>The value most outputs have, and how many; of several values the lowest.</summary>
    internal static (ulong Sats, int Count) MostFrequentValue(ImmutableArray<CoinSide> outputs)
    {
        Span<ulong> values = outputs.Length <= MaxStackValues
            ? stackalloc ulong[MaxStackValues]
            : new ulong[outputs.Length];
        values = values[..outputs.Length];
        for (int i = 0; i < outputs.Length; i++)
        {
            values[i] = outputs[i].Sats;
        }

        values.Sort();
        (ulong bestSats, int bestCount, int start) = (0, 0, 0);
        for (int end = 1; end <= values.Length; end++)
        {
            if (end == values.Length || values[end] != values[start])
            {
                (bestSats, bestCount) = end - start > bestCount ? (values[start], end - start) : (bestSats, bestCount);
                start = end;
            }
        }

        return (bestSats, bestCount);
    }

    /// <summary>How many different addresses there are; those without one count as none.</summary>
    internal static int CountAddresses(ImmutableArray<CoinSide> sides)
    {
        HashSet<Address> addresses = new(sides.Length);
        foreach (CoinSide side in sides)
        {
            if (!side.Address.IsNone)
            {
                addresses.Add(side.Address);
            }
        }

        return addresses.Count;
    }

    /// <summary>Whether every side pays an address of its own.</summary>
    internal static bool AllAddressesDiffer(ImmutableArray<CoinSide> sides) => CountAddresses(sides) == sides.Length;

    /// <summary>Whether every side pays to the hash of a key by a witness (P2WPKH, BIP 141).</summary>
    internal static bool AllWitnessKeyHash(ImmutableArray<CoinSide> sides)
    {
        foreach (CoinSide side in sides)
        {
            if (!IsWitnessKeyHash(side.Address))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether an address is that of P2WPKH (BIP 141).</summary>
    internal static bool IsWitnessKeyHash(Address address) =>
        address.Kind == AddressKind.Witness && address.WitnessVersion == 0 && address.Length == Address.HashLength;

    private static CoinJoinFinding? FindMix(CoinTransaction transaction, HeuristicSet heuristics)
    {
        (ulong sats, int count) = MostFrequentValue(transaction.Outputs);
        if (count < MinMixInputs)
        {
            return null;
        }

        bool wasabi1 = heuristics.Has(Heuristic.CoinJoinWasabi1);
        CoinJoinFinding? found = wasabi1 ? WasabiRounds.FindByCoordinator(transaction, sats, count) : null;
        if (found is null && heuristics.Has(Heuristic.CoinJoinWhirlpool))
        {
            found = WhirlpoolMixes.FindMix(transaction, sats, count);
        }

        if (found is null && heuristics.Has(Heuristic.CoinJoinWasabi2))
        {
            found = WasabiRounds.FindWasabi2(transaction, sats, count);
        }

        if (found is null && heuristics.Has(Heuristic.CoinJoinJoinMarket))
        {
            found = JoinMarketRounds.Find(transaction, sats, count);
        }

        // After JoinMarket, some of whose rounds are of about 0.1 BTC too: that rule looks at who pays.
        if (found is null && wasabi1)
        {
            found = WasabiRounds.FindByDenomination(transaction, sats, count);
        }

        if (found is null && heuristics.Has(Heuristic.CoinJoinEqualOutputs))
        {
            found = FindEqualOutputs(transaction, sats, count);
        }

        return found;
    }

    private static CoinJoinFinding? FindEqualOutputs(CoinTransaction transaction, ulong sats, int count)
    {
        int outputs = transaction.Outputs.Length + (transaction.HasData ? 1 : 0);
        int participants = (outputs + 1) / 2;
        if (count != participants
            || sats is TokenDustSats or OldTokenDustSats
            || transaction.Inputs.Length < participants
            || CountAddresses(transaction.Inputs) < participants)
        {
            return null;
        }

        return new CoinJoinFinding(
            Heuristic.CoinJoinEqualOutputs,
            "CoinJoin of unknown make",
            HeuristicConfidence.Low,
            sats,
            count,
            $"{count} of {outputs} outputs are of {sats} sat each, one for each of the {participants} participants "
            + $"that as many outputs would have, and the {transaction.Inputs.Length} inputs have enough addresses for "
            + $"them");
    }
}
