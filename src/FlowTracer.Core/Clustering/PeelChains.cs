using System.Collections.Immutable;
using FlowTracer.Core.Model;

namespace FlowTracer.Core.Clustering;

/// <summary>What counts as a peel chain.</summary>
/// <param name="MinSteps">
/// The fewest steps of a chain, at least 1. Two payments in a row are what any wallet does; from three on the
/// repetition is worth a line of its own.
/// </param>
/// <param name="MaxInputs">The most inputs a step may have, at least 1.</param>
public sealed record PeelRules(int MinSteps = 3, int MaxInputs = 1)
{
    /// <summary>Three steps, one input.</summary>
    public static PeelRules Default { get; } = new();
}

/// <summary>
/// Finds peel chains: a coin is spent by a transaction with one input and two outputs, the smaller output pays
/// somebody, the larger is the change, and the change is spent in the same way, many times over (Meiklejohn et al., "A
/// Fistful of Bitcoins", IMC 2013, section 5; Kappos et al., "How to Peel a Million", USENIX Security 2022). Where the
/// clues of <see cref="ChangeDetector"/> agree on an output, with at least medium confidence, that one goes on,
/// whatever its size; otherwise the larger. Two outputs of one value and no such clue are no step, nor is a CoinJoin.
/// </summary>
/// <remarks>
/// That a chain has one owner is an estimate. That its steps, recipients and amounts are those of the chain of
/// transactions is not: every figure is recorded.
/// </remarks>
public static class PeelChains
{
    private const int OutputsOfStep = 2;

    /// <summary>The step a transaction makes with one of the coins it spends; null when it makes none.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="coin">The coin of the chain, one of its inputs.</param>
    /// <param name="rules">What counts.</param>
    /// <param name="heuristics">Which heuristics are on: without <see cref="Heuristic.PeelChain"/> there is no
    /// step.</param>
    public static PeelStep? FindStep(
        CoinTransaction transaction, OutPoint coin, PeelRules rules, HeuristicSet heuristics)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        ArgumentNullException.ThrowIfNull(rules);
        if (!heuristics.Has(Heuristic.PeelChain)
            || transaction.Outputs.Length != OutputsOfStep
            || transaction.HasData
            || transaction.Inputs.Length > rules.MaxInputs
            || InputOf(transaction, coin) is not { } spent
            || transaction.InputSats < transaction.OutputSats)
        {
            return null;
        }

        (CoinSide larger, CoinSide smaller) = transaction.Outputs[0].Sats >= transaction.Outputs[1].Sats
            ? (transaction.Outputs[0], transaction.Outputs[1])
            : (transaction.Outputs[1], transaction.Outputs[0]);
        ChangeFinding? change = ChangeDetector.Find(transaction, heuristics);
        bool isClear = change is { Confidence: >= HeuristicConfidence.Medium };
        if (!isClear && larger.Sats == smaller.Sats)
        {
            return null;
        }

        bool keepsSmaller = isClear && change!.Change.Coin == smaller.Coin;
        string why = isClear
            ? change!.Why
            : $"output {larger.Coin.Index} is the larger, {larger.Sats} sat to {smaller.Sats} sat";
        return new PeelStep(
            transaction.Id,
            spent,
            transaction.InputSats - spent.Sats,
            keepsSmaller ? larger : smaller,
            keepsSmaller ? smaller : larger,
            transaction.InputSats - transaction.OutputSats,
            why);
    }

    /// <summary>The chain that starts with a coin; null when it has fewer steps than the rules ask for.</summary>
    /// <param name="start">The coin.</param>
    /// <param name="spenderOf">The transaction that spends a coin; null where it is unspent or nobody knows.</param>
    /// <param name="rules">What counts.</param>
    /// <param name="heuristics">Which heuristics are on.</param>
    public static PeelChain? Follow(
        OutPoint start, Func<OutPoint, CoinTransaction?> spenderOf, PeelRules rules, HeuristicSet heuristics)
    {
        ArgumentNullException.ThrowIfNull(spenderOf);
        ArgumentNullException.ThrowIfNull(rules);
        ImmutableArray<PeelStep>.Builder steps = ImmutableArray.CreateBuilder<PeelStep>();

        // A chain cannot meet itself; a spender that is made up could.
        HashSet<TxHash> seen = [];
        OutPoint coin = start;
        while (spenderOf(coin) is { } spender
            && seen.Add(spender.Id)
            && FindStep(spender, coin, rules, heuristics) is { } step
            && (steps.Count == 0 || step.Spent == steps[^1].Kept))
        {
            steps.Add(step);
            coin = step.Kept.Coin;
        }

        return steps.Count > 0 && steps.Count >= rules.MinSteps ? PeelChain.Of(steps.DrainToImmutable()) : null;
    }

    /// <summary>
    /// All chains among some transactions, such as those of a finished trace, each as long as it can be, by the coin
    /// they start with. No transaction is in two chains.
    /// </summary>
    public static ImmutableArray<PeelChain> FindAll(
        IEnumerable<CoinTransaction> transactions, PeelRules rules, HeuristicSet heuristics)
    {
        ArgumentNullException.ThrowIfNull(transactions);
        ArgumentNullException.ThrowIfNull(rules);
        Dictionary<OutPoint, CoinTransaction> spenders = [];
        foreach (CoinTransaction transaction in transactions)
        {
            foreach (CoinSide input in transaction.Inputs)
            {
                spenders[input.Coin] = transaction;
            }
        }

        List<OutPoint> coins = [.. spenders.Keys];
        coins.Sort();
        HashSet<OutPoint> kept = KeptCoins(coins, spenders, rules, heuristics);
        HashSet<TxHash> used = [];
        ImmutableArray<PeelChain>.Builder chains = ImmutableArray.CreateBuilder<PeelChain>();
        foreach (OutPoint coin in coins)
        {
            CoinTransaction? Spender(OutPoint asked) =>
                spenders.TryGetValue(asked, out CoinTransaction? spender) && !used.Contains(spender.Id)
                    ? spender
                    : null;
            if (!kept.Contains(coin) && Follow(coin, Spender, rules, heuristics) is { } chain)
            {
                chains.Add(chain);
                foreach (PeelStep step in chain.Steps)
                {
                    used.Add(step.Transaction);
                }
            }
        }

        return chains.DrainToImmutable();
    }

    // The coins with which a chain goes on, so that it does not start there.
    private static HashSet<OutPoint> KeptCoins(
        List<OutPoint> coins, Dictionary<OutPoint, CoinTransaction> spenders, PeelRules rules, HeuristicSet heuristics)
    {
        HashSet<OutPoint> kept = [];
        foreach (OutPoint coin in coins)
        {
            if (FindStep(spenders[coin], coin, rules, heuristics) is { } step)
            {
                kept.Add(step.Kept.Coin);
            }
        }

        return kept;
    }

    private static CoinSide? InputOf(CoinTransaction transaction, OutPoint coin)
    {
        foreach (CoinSide input in transaction.Inputs)
        {
            if (input.Coin == coin)
            {
                return input;
            }
        }

        return null;
    }
}
