using FlowTracer.App.Traces;
using FlowTracer.Core.Clustering;
using FlowTracer.Core.Model;
using FlowTracer.Core.Tracing;

namespace FlowTracer.Views;

/// <summary>What heuristics say of a trace's Bitcoin transactions: peel chains as one line each, clusters, change, CoinJoins.</summary>
internal static class PatternsView
{
    private const int Shown = 5;
    private const int StepsShown = 12;

    public static void Write(Terminal console, TraceReport report)
    {
        if (report.Patterns is not { } patterns)
        {
            return;
        }

        console.Heading("PATTERNS: what heuristics take the transactions for; estimates, and no amount depends on them");
        if (patterns.CoinJoins.IsEmpty && patterns.Clusters.IsEmpty && patterns.Changes.IsEmpty && patterns.PeelChains.IsEmpty)
        {
            console.Line("None.");
            return;
        }

        AssetName coin = report.Assets[Asset.Coin(report.Trace.Question.Seeds[0].Asset.Chain)];
        foreach (PeelChain chain in patterns.PeelChains.Take(Shown))
        {
            Write(console, chain, coin);
        }

        More(console, patterns.PeelChains.Length, "peel chains");
        foreach (ClusterPattern pattern in patterns.Clusters.Take(Shown))
        {
            console.Bullet($"one owner (common-input): {pattern.Cluster.Addresses.Length} addresses, {string.Join(", ", pattern.Cluster.Addresses.Take(Shown))}{(pattern.Cluster.Addresses.Length > Shown ? " …" : "")}; {pattern.Links[0].Why}");
        }

        More(console, patterns.Clusters.Length, "clusters");
        foreach (CoinJoinPattern pattern in patterns.CoinJoins.Take(Shown))
        {
            console.Bullet($"{pattern.Transaction} {pattern.Finding.Protocol} ({pattern.Finding.Heuristic}): {pattern.Finding.Why}");
        }

        More(console, patterns.CoinJoins.Length, "CoinJoins");
        if (!patterns.Changes.IsEmpty)
        {
            string[] sure = [.. patterns.Changes.GroupBy(static change => change.Finding.Confidence).OrderByDescending(static g => g.Key)
                .Select(static g => $"{g.Count():N0} {g.Key.ToString().ToLowerInvariant()}")];
            console.Bullet($"change was told from payments in {patterns.Changes.Length:N0} transactions (confidence: {string.Join(", ", sure)}); trace.json says which and why");
        }
    }

    private static void Write(Terminal console, PeelChain chain, AssetName coin)
    {
        console.Bullet(
            $"peel chain of {chain.Steps.Length:N0} steps: {coin.Text(chain.Start.Sats)} in {chain.Start.Coin}{(chain.JoinedSats > 0 ? $", {coin.Text(chain.JoinedSats)} joined" : "")}, {coin.Text(chain.PeeledSats)} peeled off, {coin.Text(chain.FeeSats)} in fees, {coin.Text(chain.End.Sats)} left in {chain.End.Coin}");
        foreach (PeelStep step in chain.Steps.Take(StepsShown))
        {
            console.Line($"    {coin.Text(step.Peeled.Sats)} to {(step.Peeled.Address.IsNone ? step.Peeled.Coin.ToString() : step.Peeled.Address.ToString())}");
        }

        if (chain.Steps.Length > StepsShown)
        {
            console.Line($"    and {chain.Steps.Length - StepsShown:N0} more, all in trace.json (--out).");
        }
    }

    private static void More(Terminal console, int count, string what)
    {
        if (count > Shown)
        {
            console.Line($"  and {count - Shown:N0} more {what}, all in trace.json (--out).");
        }
    }
}
