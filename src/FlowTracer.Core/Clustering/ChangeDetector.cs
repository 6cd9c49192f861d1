using System.Collections.Immutable;
using FlowTracer.Core.Model;

namespace FlowTracer.Core.Clustering;

/// <summary>What one heuristic says of the change of a transaction.</summary>
/// <param name="Heuristic">Which heuristic.</param>
/// <param name="Change">The output it takes for change.</param>
/// <param name="Why">What decided, with the figures: a sentence for a person.</param>
public sealed record ChangeClue(Heuristic Heuristic, CoinSide Change, string Why);

/// <summary>The output that goes back to the payer, as far as clues tell.</summary>
/// <param name="Change">The output.</param>
/// <param name="Confidence">
/// By the number of clues, all of which name this output: one is low, two are medium, three or more are high. An output
/// to an address of an input is high by itself: the payer's address is known, not guessed.
/// </param>
/// <param name="Clues">Those that decided, in the order of their heuristics.</param>
public sealed record ChangeFinding(CoinSide Change, HeuristicConfidence Confidence, ImmutableArray<ChangeClue> Clues)
{
    /// <summary>All reasons in one sentence.</summary>
    public string Why => string.Join("; ", Clues.Select(static clue => clue.Why));
}

/// <summary>
/// Finds the change of a transaction: which of its outputs goes back to whoever pays. Each clue names an output only
/// where it points to exactly one; where clues name different outputs there is no conclusion. A coinbase, a transaction
/// with fewer than two outputs and a CoinJoin have no change in this sense.
/// </summary>
/// <remarks>
/// The clues are those compared in Möser and Narayanan, "Resurrecting Address Clustering in Bitcoin" (FC 2022), and in
/// Kappos et al., "How to Peel a Million" (USENIX Security 2022):
/// <list type="bullet">
/// <item><c>change-address-type</c>: all inputs have addresses of one type, and exactly one output has too.</item>
/// <item><c>change-address-reuse</c>: exactly one output pays an address of an input.</item>
/// <item><c>change-round-value</c>: exactly one output is not a multiple of 100,000 satoshi (0.001 BTC).</item>
/// <item><c>change-optimal</c>: of two or more inputs, exactly one output is worth less than the smallest (Nick,
/// "Data-Driven De-Anonymization in Bitcoin", 2015): had it been a payment, that input would not have been
/// needed.</item>
/// <item><c>change-fresh</c>: exactly one output pays an address that was never seen before, the others were, and no
/// output pays an input's address (Androulaki et al., FC 2013; Meiklejohn et al., IMC 2013, heuristic 2).</item>
/// </list>
/// </remarks>
public static class ChangeDetector
{
    private const int MinOutputs = 2;
    private const ulong RoundSats = 100_000;

    /// <summary>What each heuristic that is on says; empty where none says anything.</summary>
    /// <param name="transaction">The transaction, not a CoinJoin.</param>
    /// <param name="heuristics">Which are on.</param>
    /// <param name="wasSeenBefore">
    /// Whether an address had been paid before this transaction; null where nobody knows, and then
    /// <see cref="Heuristic.ChangeFresh"/> says nothing.
    /// </param>
    public static ImmutableArray<ChangeClue> Clues(
        CoinTransaction transaction, HeuristicSet heuristics, Predicate<Address>? wasSeenBefore = null)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        if (transaction.Inputs.IsEmpty || transaction.Outputs.Length < MinOutputs)
        {
            return [];
        }

        ImmutableArray<ChangeClue>.Builder clues = ImmutableArray.CreateBuilder<ChangeClue>();
        Ask(Heuristic.ChangeAddressType, ByAddressType);
        Ask(Heuristic.ChangeAddressReuse, ByAddressReuse);
        Ask(Heuristic.ChangeRoundValue, ByRoundValue);
        Ask(Heuristic.ChangeOptimal, ByOptimalChange);
        Ask(Heuristic.ChangeFresh, asked => wasSeenBefore is null ? null : ByFreshAddress(asked, wasSeenBefore));
        return clues.DrainToImmutable();

        void Ask(Heuristic heuristic, Func<CoinTransaction, (CoinSide Change, string Why)?> rule)
        {
            if (heuristics.Has(heuristic) && rule(transaction) is { } said)
            {
                clues.Add(new ChangeClue(heuristic, said.Change, said.Why));
            }
        }
    }

    /// <summary>
    /// The change, where all clues name one output; null where there is no clue, where they contradict each other, and
    /// for a CoinJoin.
    /// </summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="heuristics">Which are on, those that find CoinJoins too.</param>
    /// <param name="wasSeenBefore">See <see cref="Clues"/>.</param>
    public static ChangeFinding? Find(
        CoinTransaction transaction, HeuristicSet heuristics, Predicate<Address>? wasSeenBefore = null)
    {
        ImmutableArray<ChangeClue> clues = Clues(transaction, heuristics, wasSeenBefore);
        if (clues.IsEmpty || CoinJoinDetector.Find(transaction, heuristics) is not null)
        {
            return null;
        }

        CoinSide change = clues[0].Change;
        bool isOwn = false;
        foreach (ChangeClue clue in clues)
        {
            if (clue.Change.Coin != change.Coin)
            {
                return null;
            }

            isOwn |= clue.Heuristic == Heuristic.ChangeAddressReuse;
        }

        HeuristicConfidence confidence = (isOwn, clues.Length) switch
        {
            (true, _) or (_, > 2) => HeuristicConfidence.High,
            (_, 2) => HeuristicConfidence.Medium,
            _ => HeuristicConfidence.Low,
        };
        return new ChangeFinding(change, confidence, clues);
    }

    /// <summary>
    /// Whether two addresses are of one type: kind, witness version and length. An address that is none has no type.
    /// </summary>
    internal static bool HaveOneType(Address left, Address right) =>
        !left.IsNone
        && left.Kind == right.Kind
        && left.Length == right.Length
        && (left.Kind != AddressKind.Witness || left.WitnessVersion == right.WitnessVersion);

    private static (CoinSide Change, string Why)? ByAddressType(CoinTransaction transaction)
    {
        Address first = transaction.Inputs[0].Address;
        foreach (CoinSide input in transaction.Inputs)
        {
            if (!HaveOneType(input.Address, first))
            {
                return null;
            }
        }

        return Only(transaction.Outputs, output => HaveOneType(output.Address, first)) is { } change
            ? (change,
                $"output {change.Coin.Index} alone has the address type of all {transaction.Inputs.Length} inputs, "
                + $"{TypeName(first)}")
            : null;
    }

    private static (CoinSide Change, string Why)? ByAddressReuse(CoinTransaction transaction)
    {
        HashSet<Address> payers = AddressesOf(transaction.Inputs);
        return Only(transaction.Outputs, output => payers.Contains(output.Address)) is { } change
            ? (change, $"output {change.Coin.Index} pays {change.Address}, an address of the inputs")
            : null;
    }

    private static (CoinSide Change, string Why)? ByRoundValue(CoinTransaction transaction) =>
        Only(transaction.Outputs, static output => output.Sats % RoundSats != 0) is { } change
            ? (change, $"output {change.Coin.Index} alone, of {change.Sats} sat, is not a multiple of {RoundSats} sat")
            : null;

    private static (CoinSide Change, string Why)? ByOptimalChange(CoinTransaction transaction)
    {
        if (transaction.Inputs.Length < 2)
        {
            return null;
        }

        ulong smallest = ulong.MaxValue;
        foreach (CoinSide input in transaction.Inputs)
        {
            smallest = Math.Min(smallest, input.Sats);
        }

        return Only(transaction.Outputs, output => output.Sats < smallest) is { } change
            ? (change,
                $"output {change.Coin.Index} alone, of {change.Sats} sat, is less than every input, the smallest of "
                + $"which is of {smallest} sat")
            : null;
    }

    private static (CoinSide Change, string Why)? ByFreshAddress(
        CoinTransaction transaction, Predicate<Address> wasSeenBefore)
    {
        HashSet<Address> payers = AddressesOf(transaction.Inputs);
        foreach (CoinSide output in transaction.Outputs)
        {
            // Of an output without an address nobody can say whether it was seen.
            if (output.Address.IsNone || payers.Contains(output.Address))
            {
                return null;
            }
        }

        return Only(transaction.Outputs, output => !wasSeenBefore(output.Address)) is { } change
            ? (change, $"output {change.Coin.Index} alone pays an address not seen paid before, {change.Address}")
            : null;
    }

    // The one output of which something is true; null where it is true of none or of several.
    private static CoinSide? Only(ImmutableArray<CoinSide> outputs, Predicate<CoinSide> isTrueOf)
    {
        CoinSide? only = null;
        foreach (CoinSide output in outputs)
        {
            if (!isTrueOf(output))
            {
                continue;
            }

            if (only is not null)
            {
                return null;
            }

            only = output;
        }

        return only;
    }

    private static HashSet<Address> AddressesOf(ImmutableArray<CoinSide> sides)
    {
        HashSet<Address> addresses = new(sides.Length);
        foreach (CoinSide side in sides)
        {
            if (!side.Address.IsNone)
            {
                addresses.Add(side.Address);
            }
        }

        return addresses;
    }

    private static string TypeName(Address address) => address.Kind switch
    {
        AddressKind.PubKeyHash => "P2PKH",
        AddressKind.ScriptHash => "P2SH",
        AddressKind.Witness when address.WitnessVersion == 0 =>
            address.Length == Address.HashLength ? "P2WPKH" : "P2WSH",
        AddressKind.Witness when address.WitnessVersion == 1 => "P2TR",
        _ => "of an unknown kind",
    };
}
