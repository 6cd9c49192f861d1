using FlowTracer.Core.Model;
using FlowTracer.Core.Ranking;

namespace FlowTracer.App.Traces;

/// <summary>The search strategies of the literature and ours on a labelled case (docs/ranking.md).</summary>
public static class StrategyComparison
{
    /// <summary>How many histories each strategy may ask for unless told.</summary>
    public const int DefaultRequests = 50;

    /// <summary>Runs all strategies on a case with the same number of requests.</summary>
    /// <exception cref="InputException">The case has no known addresses to find, or is of a chain without accounts.</exception>
    public static Task<Recall> RunAsync(TraceCase opened, int requests, CancellationToken cancellationToken)
    {
        ChainId chain = opened.Question.Seeds[0].Asset.Chain;
        if (chain.Family != ChainFamily.Account)
        {
            throw new InputException($"--strategies is for account chains, where addresses are what a search expands; this case is on {chain}");
        }

        HashSet<Address> seeds = [.. opened.Question.Seeds.Select(static seed => seed.Holder.Address)];
        return opened.Question.Known.All(known => seeds.Contains(known.Address))
            ? throw new InputException(
                $"--strategies counts how many known addresses of a case are found, and {opened.Provenance.Subject} has none (heists list them under 'addresses')")
            : Recall.MeasureAsync(ExpansionStrategies.All, opened.Source, opened.Tags, opened.Question, requests, cancellationToken);
    }
}
