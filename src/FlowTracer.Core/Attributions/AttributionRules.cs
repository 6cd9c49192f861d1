using System.Globalization;
using FlowTracer.Core.Model;

namespace FlowTracer.Core.Attributions;

/// <summary>
/// How one conclusion is drawn from several claims. In order:
/// <list type="number">
/// <item>A claim whose category stops a trace comes before one whose category does not, whatever their confidence. The first
/// says what the address does; the second (sanctioned, heist, user …) says who holds it or what happened, which is no less
/// true of a mixer and must not hide that it is one.</item>
/// <item>The higher confidence rank (<see cref="ConfidenceRules"/>).</item>
/// <item>The stop itself, in the order of <see cref="SinkKind"/>: mixer, exchange, bridge, service, burn.</item>
/// <item>A claim that names an actor before one that does not.</item>
/// <item>Category, actor, label, source, confidence, note and pack, each by its characters' code units: no more than a fixed
/// order, so that the order in which packs are read never matters.</item>
/// </list>
/// </summary>
public static class AttributionRules
{
    /// <summary>The conclusion from all claims about one address.</summary>
    /// <param name="claims">At least one claim, all about the same address, in any order.</param>
    /// <exception cref="ArgumentException">There is no claim, or two are about different addresses.</exception>
    public static Attribution Conclude(IReadOnlyList<Tag> claims)
    {
        ArgumentNullException.ThrowIfNull(claims);
        if (claims.Count == 0)
        {
            throw new ArgumentException("A conclusion needs a claim.", nameof(claims));
        }

        Tag[] ranked = [.. claims];
        foreach (Tag claim in ranked)
        {
            if (!claim.Address.Equals(ranked[0].Address))
            {
                throw new ArgumentException("The claims are about different addresses.", nameof(claims));
            }
        }

        // Array.Sort is unstable, which is no matter: claims that compare equal are equal in every field.
        Array.Sort(ranked, Compare);
        Tag winner = ranked[0];
        return new Attribution(
            CategoryRules.StopOf(winner.Category), winner.Category, winner.Actor, winner.Label, winner.Confidence,
            winner.Source, Why(ranked), winner, Array.AsReadOnly(ranked));
    }

    /// <summary>Whether claims about an address stop a trace there: one of a category that does is enough.</summary>
    public static bool IsStop(IReadOnlyList<Tag> claims) =>
        claims.Any(static claim => CategoryRules.StopOf(claim.Category) is not null);

    /// <summary>Below zero when <paramref name="a"/> ranks before <paramref name="b"/>; zero only for equal claims.</summary>
    public static int Compare(Tag a, Tag b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        SinkKind? stopA = CategoryRules.StopOf(a.Category);
        SinkKind? stopB = CategoryRules.StopOf(b.Category);
        if (stopA.HasValue != stopB.HasValue)
        {
            return stopA.HasValue ? -1 : 1;
        }

        int byRank = ConfidenceRules.RankOf(b.Confidence).CompareTo(ConfidenceRules.RankOf(a.Confidence));
        if (byRank != 0)
        {
            return byRank;
        }

        if (stopA is { } kindA && stopB is { } kindB && kindA != kindB)
        {
            return kindA.CompareTo(kindB);
        }

        return (a.Actor.Length > 0) != (b.Actor.Length > 0) ? (a.Actor.Length > 0 ? -1 : 1) : CompareTexts(a, b);
    }

    private static int CompareTexts(Tag a, Tag b)
    {
        ReadOnlySpan<string> left = [a.Category, a.Actor, a.Label, a.Source, a.Confidence, a.Note, a.Pack];
        ReadOnlySpan<string> right = [b.Category, b.Actor, b.Label, b.Source, b.Confidence, b.Note, b.Pack];
        for (int i = 0; i < left.Length; i++)
        {
            int order = string.CompareOrdinal(left[i], right[i]);
            if (order != 0)
            {
                return order;
            }
        }

        return 0;
    }

    // The sentence names the first rule that set the winner apart from a claim that says something else. Claims that agree
    // with it about category and actor need no explaining.
    private static string Why(Tag[] ranked)
    {
        Tag winner = ranked[0];
        Tag? rival = Array.Find(ranked, claim =>
            claim.Actor != winner.Actor || claim.Category != winner.Category);
        if (rival is null)
        {
            return ranked.Length == 1
                ? "only claim"
                : string.Create(CultureInfo.InvariantCulture, $"all {ranked.Length} claims name the same category and actor");
        }

        SinkKind? stop = CategoryRules.StopOf(winner.Category);
        SinkKind? rivalStop = CategoryRules.StopOf(rival.Category);
        if (stop.HasValue != rivalStop.HasValue)
        {
            return $"{Said(winner.Category)} says what the address does and comes before {Said(rival.Category)}, "
                + "which says who holds it or what happened";
        }

        int rank = ConfidenceRules.RankOf(winner.Confidence);
        int rivalRank = ConfidenceRules.RankOf(rival.Confidence);
        if (rank != rivalRank)
        {
            return string.Create(CultureInfo.InvariantCulture,
                $"{Known(winner.Confidence)} (rank {rank}) outranks {Known(rival.Confidence)} (rank {rivalRank})");
        }

        string tie = string.Create(CultureInfo.InvariantCulture, $"equal confidence (rank {rank}): ");
        return tie + (stop != rivalStop
            ? $"{Said(winner.Category)} comes before {Said(rival.Category)} in the order of stops"
            : winner.Actor.Length > 0 && rival.Actor.Length == 0
                ? "a claim that names an actor comes before one that does not"
                : "the first in alphabetical order");
    }

    private static string Said(string category) => category.Length == 0 ? "no category" : category;

    private static string Known(string confidence) => confidence.Length == 0 ? "no stated confidence" : confidence;
}
