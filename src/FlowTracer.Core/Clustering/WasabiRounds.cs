using System.Collections.Immutable;
using FlowTracer.Core.Model;

namespace FlowTracer.Core.Clustering;

/// <summary>Rounds of Wasabi Wallet, versions 1 and 2.</summary>
/// <remarks>
/// <para>
/// Wasabi 1 follows ZeroLink (Ficsór and TDevD, 2017): every participant gets one output of the round's denomination,
/// and change. In its first years the coordinator took its fee at one of two addresses, and the denomination varied;
/// later it paid itself elsewhere and the denomination stayed near 0.1 BTC. Both rules are those of Stütz, Stockinger,
/// Moreno-Sanchez, Haslhofer and Maffei, "Adoption and Actual Privacy of Decentralized CoinJoin Implementations in
/// Bitcoin" (AFT 2022), and of the Dumplings scanner: an output to a coordinator and three or more equal outputs; or
/// ten or more equal outputs of 0.1 BTC give or take 0.02, and as many inputs. Wasabi 1 spent P2WPKH coins only.
/// </para>
/// <para>
/// Wasabi 2 follows WabiSabi (Ficsór, Kogman, Ontivero and Seres, "WabiSabi: Centrally Coordinated CoinJoins with
/// Variable Amounts", 2021). Amounts vary, but wallets split them into standard denominations: powers of two and of
/// three, twice powers of three, and 1, 2 and 5 times powers of ten, from 5,000 satoshi up. Schnoering and
/// Vazirgiannis, "Heuristics for Detecting CoinJoin Transactions on the Bitcoin Blockchain" (2023), take 50 inputs as
/// the least, which was right for the first coordinator; those that followed it in 2024 made rounds from 20 on. The
/// wallet sorts inputs and outputs by value, the highest first, and spends and makes P2WPKH and P2TR only.
/// </para>
/// </remarks>
internal static class WasabiRounds
{
    private const int MinEqualWithCoordinator = 3;
    private const int MinEqual = 10;
    private const ulong BaseSats = 10_000_000;
    private const ulong BaseToleranceSats = 2_000_000;

    private const int MinInputsWasabi2 = 20;
    private const ulong MinOutputSats = 5_000;
    private const int MaxDenominationDigits = 12;

    // Two of three outputs of standard denominations; three denominations that occur more than once.
    private const int StandardShareNumerator = 2;
    private const int StandardShareDenominator = 3;
    private const int MinRepeatedDenominations = 3;

    // One address may own one of ten inputs: reuse happens, but a sweep of one owner is no round.
    private const int MaxShareOfOneAddress = 10;

    private static readonly ImmutableArray<Address> Coordinators =
    [
        Coordinator("bc1qs604c7jv6amk4cxqlnvuxv26hv3e48cds4m0ew"),
        Coordinator("bc1qa24tsgchvuxsaccp8vrnkfd85hrcpafg20kmjw"),
    ];

    private static readonly HashSet<ulong> Denominations = StandardDenominations();

    /// <summary>
    /// Whether it is a round of Wasabi 1 that pays a known coordinator; <paramref name="count"/> outputs are of
    /// <paramref name="sats"/>.
    /// </summary>
    public static CoinJoinFinding? FindByCoordinator(CoinTransaction transaction, ulong sats, int count)
    {
        if (count < MinEqualWithCoordinator
            || CoordinatorOutput(transaction.Outputs) is not { } fee
            || SpendersOf(transaction, count) is not { } addresses)
        {
            return null;
        }

        return Wasabi1(
            HeuristicConfidence.High,
            sats,
            count,
            $"{count} of {transaction.Outputs.Length} outputs are of {sats} sat each, from "
            + $"{transaction.Inputs.Length} inputs of {addresses} addresses, and {fee.Sats} sat go to Wasabi's "
            + $"coordinator at {fee.Address}");
    }

    /// <summary>
    /// Whether it is a round of Wasabi 1 by its denomination alone; <paramref name="count"/> outputs are of
    /// <paramref name="sats"/>.
    /// </summary>
    public static CoinJoinFinding? FindByDenomination(CoinTransaction transaction, ulong sats, int count)
    {
        if (count < MinEqual
            || sats < BaseSats - BaseToleranceSats
            || sats > BaseSats + BaseToleranceSats
            || SpendersOf(transaction, count) is not { } addresses
            || !CoinJoinDetector.AllAddressesDiffer(transaction.Outputs))
        {
            return null;
        }

        return Wasabi1(
            HeuristicConfidence.Medium,
            sats,
            count,
            $"{count} of {transaction.Outputs.Length} outputs are of {sats} sat each, ten or more of about 0.1 BTC, "
            + $"from {transaction.Inputs.Length} inputs of {addresses} addresses, all P2WPKH");
    }

    /// <summary>
    /// Whether it is a round of Wasabi 2; <paramref name="count"/> outputs are of <paramref name="sats"/>.
    /// </summary>
    public static CoinJoinFinding? FindWasabi2(CoinTransaction transaction, ulong sats, int count)
    {
        if (transaction.Inputs.Length < MinInputsWasabi2
            || transaction.HasData
            || !IsSorted(transaction.Outputs)
            || !IsSorted(transaction.Inputs)
            || transaction.Outputs[^1].Sats < MinOutputSats
            || !AllKeyWitness(transaction.Inputs)
            || !AllKeyWitness(transaction.Outputs))
        {
            return null;
        }

        (int standard, int repeated) = CountStandard(transaction.Outputs);
        if (standard * StandardShareDenominator < transaction.Outputs.Length * StandardShareNumerator
            || repeated < MinRepeatedDenominations
            || !CoinJoinDetector.AllAddressesDiffer(transaction.Outputs)
            || MostInputsOfOneAddress(transaction.Inputs) * MaxShareOfOneAddress > transaction.Inputs.Length)
        {
            return null;
        }

        return new CoinJoinFinding(
            Heuristic.CoinJoinWasabi2,
            "Wasabi 2",
            HeuristicConfidence.High,
            sats,
            count,
            $"{standard} of {transaction.Outputs.Length} outputs are of WabiSabi's standard denominations, "
            + $"{repeated} of which occur more than once, and the {transaction.Inputs.Length} inputs and the outputs "
            + $"are sorted by value");
    }

    private static CoinJoinFinding Wasabi1(HeuristicConfidence confidence, ulong sats, int count, string why) =>
        new(Heuristic.CoinJoinWasabi1, "Wasabi 1", confidence, sats, count, why);

    // How many addresses the inputs have, where they are P2WPKH and enough for as many participants.
    private static int? SpendersOf(CoinTransaction transaction, int participants)
    {
        if (transaction.Inputs.Length < participants || !CoinJoinDetector.AllWitnessKeyHash(transaction.Inputs))
        {
            return null;
        }

        int addresses = CoinJoinDetector.CountAddresses(transaction.Inputs);
        return addresses < participants ? null : addresses;
    }

    private static CoinSide? CoordinatorOutput(ImmutableArray<CoinSide> outputs)
    {
        foreach (CoinSide output in outputs)
        {
            foreach (Address coordinator in Coordinators)
            {
                if (output.Address == coordinator)
                {
                    return output;
                }
            }
        }

        return null;
    }

    private static bool IsSorted(ImmutableArray<CoinSide> sides)
    {
        for (int i = 1; i < sides.Length; i++)
        {
            if (sides[i].Sats > sides[i - 1].Sats)
            {
                return false;
            }
        }

        return true;
    }

    // P2WPKH, or P2TR: version 1 and 32 bytes (BIP 341).
    private static bool AllKeyWitness(ImmutableArray<CoinSide> sides)
    {
        const int taprootLength = 32;
        foreach (CoinSide side in sides)
        {
            Address address = side.Address;
            bool isTaproot = address.Kind == AddressKind.Witness && address.WitnessVersion == 1
                && address.Length == taprootLength;
            if (!isTaproot && !CoinJoinDetector.IsWitnessKeyHash(address))
            {
                return false;
            }
        }

        return true;
    }

    // Outputs are sorted, so equal ones are neighbours.
    private static (int Standard, int Repeated) CountStandard(ImmutableArray<CoinSide> sorted)
    {
        (int standard, int repeated) = (0, 0);
        for (int i = 0; i < sorted.Length; i++)
        {
            if (!Denominations.Contains(sorted[i].Sats))
            {
                continue;
            }

            standard++;
            bool isSecond = i > 0 && sorted[i - 1].Sats == sorted[i].Sats
                && (i == 1 || sorted[i - 2].Sats != sorted[i].Sats);
            repeated += isSecond ? 1 : 0;
        }

        return (standard, repeated);
    }

    private static int MostInputsOfOneAddress(ImmutableArray<CoinSide> inputs)
    {
        Dictionary<Address, int> counts = new(inputs.Length);
        int most = 0;
        foreach (CoinSide input in inputs)
        {
            int count = counts.GetValueOrDefault(input.Address) + 1;
            counts[input.Address] = count;
            most = Math.Max(most, count);
        }

        return most;
    }

    private static HashSet<ulong> StandardDenominations()
    {
        ulong limit = 1;
        for (int i = 0; i < MaxDenominationDigits; i++)
        {
            limit *= 10;
        }

        HashSet<ulong> values = [];
        AddPowers(2, 1);
        AddPowers(3, 1);
        AddPowers(3, 2);
        AddPowers(10, 1);
        AddPowers(10, 2);
        AddPowers(10, 5);
        return values;

        void AddPowers(ulong root, ulong factor)
        {
            for (ulong value = factor; value < limit; value *= root)
            {
                if (value >= MinOutputSats)
                {
                    values.Add(value);
                }
            }
        }
    }

    private static Address Coordinator(string text)
    {
        bool isAddress = Address.TryParse(ChainId.Bitcoin, text, out Address address, out ParseError error);
        Invariant.Check(isAddress, $"the coordinator's address {text} cannot be read: {error}");
        return address;
    }
}
