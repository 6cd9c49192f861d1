using System.Collections.Immutable;
using System.Globalization;
using FlowTracer.App.Sources;
using FlowTracer.App.Traces;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Tracing;

namespace FlowTracer.Views;

/// <summary>A trace on the terminal: what was stolen, where it ended, who has most of it, and what is not known.</summary>
internal static class TraceView
{
    private const int HoldersShown = 10;
    private const int GapsShown = 12;
    private const int PlacesShown = 5;

    // A theft of thousands of outputs is read as one sum; the exports have each seed's own sheet.
    private const int SeedsShown = 8;

    public static void Write(Terminal console, TraceReport report, LiveSource? live)
    {
        Title(console, report);
        Stolen(console, report);
        Balance(console, report);
        BudgetView.Write(console, report);
        Holders(console, report);
        Gaps(console, report);
        Assumptions(console, report);
        PatternsView.Write(console, report);
        Basis(console, report, live);
    }

    /// <summary>On what the holders rest that count as complete, a line each.</summary>
    public static IEnumerable<string> Readings(Trace trace) =>
        from history in trace.Facts
        where history.Coverage.IsComplete && !history.Request.Holder.IsFee
        group history by history.Coverage.Text into read
        let holders = read.Count()
        select $"{holders:N0} {(holders == 1 ? "holder is" : "holders are")} complete by: {read.Key}";

    /// <summary>What a sink is called where people read it.</summary>
    public static string NameOf(SinkKind kind, string name, Direction direction, bool isLive = false) => (kind, name) switch
    {
        (SinkKind.Held, _) when isLive && direction == Direction.Forward => "unspent at the last block",
        (SinkKind.Edge, not "issuance") when isLive => direction == Direction.Forward ? "what follows is not seen" : "what came before is not seen",
        (SinkKind.Held, _) when direction == Direction.Backward => "no earlier inflow",
        (SinkKind.Edge, not "issuance") when direction == Direction.Backward => "earlier history not recorded",
        (SinkKind.Held, _) => "unspent in the record",
        (SinkKind.Edge, "issuance") => "newly issued",
        (SinkKind.Edge, _) => "later history not recorded",
        (SinkKind.Fee, _) => "paid to the network",
        _ => name,
    };

    private static void Title(Terminal console, TraceReport report)
    {
        TraceQuestion question = report.Trace.Question;
        string subject = report.Heist is { } heist ? $"{heist.Name}, {heist.Date}" : report.Provenance.Subject;
        string asked = question.Direction == Direction.Forward ? "where the money went" : "where the money came from";
        console.Title($"{subject}: {asked}");
        console.Paragraph($"Policy {question.Policy.Name}: {question.Policy.Summary}. {LimitsText(question.Limits, report.Assets)}{(question.FollowFees ? " Fees are followed into the coinbase of their block." : "")}");
    }

    private static string LimitsText(Limits limits, AssetCatalogue assets)
    {
        List<string> parts = [];
        if (limits.Hops is int hops)
        {
            parts.Add($"at most {hops} hops");
        }

        if (limits.Addresses is int addresses)
        {
            parts.Add($"at most {addresses} addresses");
        }

        if (limits.Degree is int degree)
        {
            parts.Add($"at most {degree} counterparties");
        }

        parts.AddRange(limits.SmallestLot.Select(lot => $"lots from {assets[lot.Key].Text(lot.Value)}"));
        if (limits.Window is Moment window)
        {
            parts.Add($"up to {(window.Block is ulong block ? $"block {block}" : TimeText(window.TimeSeconds!.Value))}");
        }

        return parts.Count == 0 ? "No limits." : $"Limits: {string.Join(", ", parts)}.";
    }

    private static void Stolen(Terminal console, TraceReport report)
    {
        console.Heading(report.Trace.Question.Direction == Direction.Forward ? "STOLEN" : "ASKED FOR");
        if (HasManySeeds(report))
        {
            foreach (IGrouping<Asset, SeedBalance> seeds in report.Trace.Balance.GroupBy(static balance => balance.Asset))
            {
                console.Line($"{seeds.Count():N0} seeds  {report.Assets[seeds.Key].Text(Sum(seeds.Select(static balance => balance.Stolen)))} in all; the exports list them.");
            }

            return;
        }

        foreach (SeedBalance balance in report.Trace.Balance)
        {
            Seed seed = report.Trace.Question.Seeds[balance.Seed];
            AssetName asset = report.Assets[balance.Asset];
            console.Line($"Seed {balance.Seed + 1}  {asset.Text(balance.Stolen)}");
            if (seed is TransferSeed { Movement: var movement })
            {
                console.Line($"        {WhenText(movement.Stamp)}, received by");
                console.Line($"        {seed.Holder.Address}");
                console.Line($"        {movement.Tx?.ToString(seed.Asset.Chain.Family) ?? "in a transaction the record does not name"}");
            }
            else
            {
                bool forward = report.Trace.Question.Direction == Direction.Forward;
                console.Line($"        what this address had and {(forward ? "received" : "gave")}:");
                console.Line($"        {seed.Holder.Address}");
            }
        }
    }

    private static void Balance(Terminal console, TraceReport report)
    {
        bool reach = report.Trace.Question.Policy.MeasuresReach;
        console.Heading(reach ? "REACH (marked amounts pass many hands and do not add up)" : "BALANCE SHEET");
        foreach (SeedBalance balance in HasManySeeds(report) ? [] : report.Trace.Balance)
        {
            AssetName asset = report.Assets[balance.Asset];
            List<string[]?> rows = [.. balance.Sinks.Select(row => Row(row, balance, report, reach))];
            if (!reach)
            {
                rows.AddRange(Total(balance, asset));
            }

            if (balance.Seed > 0)
            {
                console.Line();
            }

            console.Table(
                [$"Seed {balance.Seed + 1}", "", reach ? ">marked" : $">{asset.Symbol}", reach ? "" : ">share", ">from", ">at", ">moves"],
                rows, elastic: 1);
        }

        if (HasManySeeds(report))
        {
            BalanceOfAll(console, report, reach);
        }

        console.Line();
        Misreadings(console, report);
    }

    private static bool HasManySeeds(TraceReport report) => report.Trace.Balance.Length > SeedsShown;

    private static void BalanceOfAll(Terminal console, TraceReport report, bool reach)
    {
        foreach (IGrouping<Asset, SeedBalance> seeds in report.Trace.Balance.GroupBy(static balance => balance.Asset))
        {
            AssetName asset = report.Assets[seeds.Key];
            Amount stolen = Sum(seeds.Select(static balance => balance.Stolen));
            var sinks = from row in seeds.SelectMany(static balance => balance.Sinks)
                        group row by (row.Kind, row.Name, row.Asset) into rows
                        let amount = Sum(rows.Select(static row => row.Amount))
                        orderby rows.Key.Kind, amount descending, rows.Key.Name
                        select (rows.Key, Amount: amount, Seeds: rows.Count());
            List<string[]?> table =
            [
                .. sinks.Select(sink => (string[])
                [
                    sink.Key.Kind.Word(),
                    NameOf(sink.Key.Kind, sink.Key.Name, report.Trace.Question.Direction, report.Provenance.AsOf is not null),
                    reach ? "" : asset.Cut(sink.Amount, 8),
                    reach ? "" : Share.Percent(sink.Amount, stolen),
                    sink.Seeds.ToString("N0", CultureInfo.InvariantCulture),
                ]),
            ];
            Amount earlier = Sum(seeds.Select(static balance => balance.ClaimedEarlier));
            if (!reach && !earlier.IsZero)
            {
                table.Add(["earlier", "in an earlier seed's sheet", asset.Cut(earlier, 8), Share.Percent(earlier, stolen), ""]);
            }

            if (!reach)
            {
                table.AddRange([null, ["total", "residual 0", asset.Cut(stolen, 8), Share.Percent(stolen, stolen), ""]]);
            }

            console.Table(["All seeds", "", reach ? "" : $">{asset.Symbol}", reach ? "" : ">share", ">seeds"], table, elastic: 1);
        }
    }

    private static Amount Sum(IEnumerable<Amount> amounts) => amounts.Aggregate(Amount.Zero, static (sum, amount) => sum + amount);

    private static string[] Row(SinkRow row, SeedBalance balance, TraceReport report, bool reach)
    {
        AssetName asset = report.Assets[row.Asset];
        return
        [
            row.Kind.Word(),
            NameOf(row.Kind, row.Name, report.Trace.Question.Direction, report.Provenance.AsOf is not null),
            reach ? $"{asset.Cut(row.Amount, 4)} {asset.Symbol}" : asset.Cut(row.Amount, 8),
            reach ? "" : Share.Percent(row.Amount, balance.Stolen),
            row.Payers.ToString("N0", CultureInfo.InvariantCulture),
            row.Addresses.ToString("N0", CultureInfo.InvariantCulture),
            row.Movements.ToString("N0", CultureInfo.InvariantCulture),
        ];
    }

    private static IEnumerable<string[]?> Total(SeedBalance balance, AssetName asset)
    {
        if (!balance.ClaimedEarlier.IsZero)
        {
            yield return
            [
                "earlier", "in an earlier seed's sheet", asset.Cut(balance.ClaimedEarlier, 8),
                Share.Percent(balance.ClaimedEarlier, balance.Stolen), "", "", "",
            ];
        }

        yield return null;
        yield return
            ["total", "residual 0", asset.Cut(balance.Stolen, 8), Share.Percent(balance.Stolen, balance.Stolen), "", "", ""];
    }

    // What a reader would otherwise take for something else.
    private static void Misreadings(Terminal console, TraceReport report)
    {
        bool backward = report.Trace.Question.Direction == Direction.Backward;
        bool isUtxo = report.Trace.Question.Seeds[0].Asset.Chain.Family == ChainFamily.Utxo;
        string what = isUtxo ? "coins" : "addresses";
        console.Bullet(backward
            ? $"from: how many {what} were paid from there; at: how many it started at; moves: in how many movements."
            : $"from: how many {what} paid it in; at: how many it ended at; moves: in how many movements.");
        console.Bullet("Tables cut long amounts and never round them up; exports have every digit.");
        HashSet<SinkKind> kinds = [.. report.Trace.Balance.SelectMany(static b => b.Sinks).Select(static row => row.Kind)];
        bool isLive = report.Provenance.AsOf is not null;
        if (kinds.Contains(SinkKind.Edge))
        {
            console.Bullet(isLive ? "edge: the sources cannot show all that these addresses did; the assumptions and the exports' coverage say why."
                : backward
                ? "edge: the record begins at these addresses. Where they had it from was not recorded: do not read it as money that was theirs."
                : "edge: the record ends at these addresses. What they did later was not recorded: do not read it as money they still hold.");
        }

        if (kinds.Contains(SinkKind.Held))
        {
            console.Bullet(isLive ? $"held: {(backward ? "nothing before explains it" : "still there")} as of the last block looked at, at addresses whose history is complete."
                : backward
                ? "held: nothing recorded before explains it, at addresses whose history is complete."
                : "held: unspent in every row recorded for addresses whose history is complete, as far as the record goes.");
        }

        if (kinds.Contains(SinkKind.Cut))
        {
            console.Bullet($"cut: a limit or an unresolved step stopped the trace there; the money may have {(backward ? "come from further away" : "gone on")}.");
        }

        if (report.Trace.Question.Policy.MeasuresReach)
        {
            console.Bullet("poison marks whole balances: one stolen unit marks all that it meets. It says who was touched, not how much they have.");
        }
        else if (report.Trace.Balance.Any(b => b.Sinks.Any(row => row.Asset == b.Asset) && Swapped(report.Trace, b.Seed)))
        {
            console.Bullet("Amounts are in what the seed counts: value swapped into another asset keeps counting in the seed's own units.");
        }
    }

    private static bool Swapped(Trace trace, int seed) =>
        trace.Hops.Any(hop => hop.Paid is not null && hop.Lots.Any(lot => lot.Seed == seed));

    private static void Holders(Terminal console, TraceReport report)
    {
        var holdings = (from node in report.Trace.Nodes
                        from holding in node.Holdings
                        orderby holding.Seed, holding.Origin descending, holding.Amount descending, node.Id
                        select (node, holding)).ToArray();
        if (holdings.Length == 0)
        {
            return;
        }

        // Of many seeds, and of an address's many coins, each holder's value is told once.
        holdings =
        [
            .. from one in holdings
               let asset = report.Trace.Balance[one.holding.Seed].Asset
               let seed = HasManySeeds(report) ? report.Trace.Balance.First(balance => balance.Asset == asset).Seed : one.holding.Seed
               group one by (seed, Holder: one.node.Address.IsNone ? one.node.Id : one.node.Address.ToString(), one.holding.Asset, one.holding.Sink) into same
               let held = same.First().holding with
               {
                   Seed = same.Key.seed,
                   Amount = Sum(same.Select(static one => one.holding.Amount)),
                   Origin = Sum(same.Select(static one => one.holding.Origin)),
               }
               orderby held.Seed, held.Origin descending, held.Amount descending, same.First().node.Id
               select (same.First().node, held),
        ];
        bool reach = report.Trace.Question.Policy.MeasuresReach;
        console.Heading(report.Trace.Question.Direction == Direction.Forward ? "LAST SEEN AT, largest first" : "FIRST SEEN AT, largest first");
        Dictionary<Address, string> roles = report.Trace.Question.Known.GroupBy(static k => k.Address).ToDictionary(static g => g.Key, static g => g.First().Role);
        foreach (var bySeed in holdings.GroupBy(static h => h.holding.Seed))
        {
            AssetName asset = report.Assets[report.Trace.Balance[bySeed.Key].Asset];
            if (bySeed.Key > holdings[0].holding.Seed)
            {
                console.Line();
            }

            console.Table(
                [HasManySeeds(report) ? "All seeds" : $"Seed {bySeed.Key + 1}", reach ? ">marked" : $">{asset.Symbol}", "", "known as"],
                [
                    .. bySeed.Take(HoldersShown).Select(string[] (h) =>
                    [
                        h.node.Address.IsNone ? h.node.Id : h.node.Address.ToString(),
                        reach ? $"{report.Assets[h.holding.Asset].Cut(h.holding.Amount, 0)} {report.Assets[h.holding.Asset].Symbol}" : asset.Cut(h.holding.Origin, h.node.Chain.Family == ChainFamily.Utxo ? asset.Decimals : 2),
                        h.holding.Sink.Word(),
                        roles.GetValueOrDefault(h.node.Address) ?? h.node.Attribution?.Label ?? "",
                    ]),
                ],
                elastic: 3);
            if (bySeed.Count() > HoldersShown)
            {
                console.Line($"and {bySeed.Count() - HoldersShown} more, all in the exports (--out).");
            }
        }
    }

    private static void Gaps(Terminal console, TraceReport report)
    {
        ImmutableArray<Gap> gaps = report.Trace.Gaps;
        console.Heading($"GAPS ({gaps.Length}): what the facts do not explain");
        if (gaps.IsEmpty)
        {
            console.Line("None.");
        }

        foreach (Gap gap in gaps.Take(GapsShown))
        {
            console.Bullet($"{Where(gap.Node)} {report.Assets[gap.Asset].Text(gap.Amount)}: {gap.Text}");
        }

        if (gaps.Length > GapsShown)
        {
            console.Line($"and {gaps.Length - GapsShown} more, all in the exports (--out).");
        }
    }

    private static void Assumptions(Terminal console, TraceReport report)
    {
        ImmutableArray<Assumption> assumptions = report.Trace.Assumptions;
        console.Heading($"ASSUMPTIONS ({assumptions.Length}): taken to be so without proof");
        if (assumptions.IsEmpty)
        {
            console.Line("None.");
        }

        foreach (IGrouping<string, Assumption> group in assumptions.GroupBy(static a => a.Kind))
        {
            foreach (Assumption assumption in group.Take(PlacesShown))
            {
                console.Bullet($"{Where(assumption.Node)} {assumption.Text}".TrimStart());
            }

            if (group.Count() > PlacesShown)
            {
                console.Line($"  and {group.Count() - PlacesShown} more of this kind, all in the exports (--out).");
            }
        }
    }

    private static void Basis(Terminal console, TraceReport report, LiveSource? live)
    {
        console.Heading("BASIS: the same facts, labels and question give the same answer");
        console.Line($"facts   sha256 {report.Provenance.DataDigest}");
        if (report.Provenance.AsOf is AsOf end && live is not null)
        {
            console.Line($"        {end.Chain} up to block {end.Block} of {TimeText(end.TimeSeconds)}");
            console.Line($"        {end.Hash}");
            console.Line($"answers sha256 {live.AnswersDigest}");
        }

        console.Line($"labels  sha256 {report.Provenance.LabelsDigest}");
        console.Line($"program flowtracer {report.Provenance.ProgramVersion}");
        foreach (string reading in Readings(report.Trace))
        {
            console.Bullet(reading);
        }
    }

    private static string Where(string node) => node[(node.IndexOf(':', StringComparison.Ordinal) + 1)..];

    private static string WhenText(Stamp stamp)
    {
        string block = stamp.Block is ulong number
            ? stamp.BlockMax is ulong last ? $"in blocks {number} to {last}" : $"in block {number}"
            : "in a block the record does not state";
        return stamp.TimeSeconds is long time ? $"{TimeText(time)} {block}" : block;
    }

    private static string TimeText(long seconds) =>
        DateTimeOffset.FromUnixTimeSeconds(seconds).ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
}
