using System.Diagnostics;
using System.Text;
using FlowTracer.App.Traces;
using FlowTracer.Chains.Recorded;
using FlowTracer.Core.Model;
using FlowTracer.Core.Taint;
using FlowTracer.Testing;
using Xunit.Abstractions;

namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>
/// The Ronin record played on a real node comes to the sheet of the record itself, by every kind of source. On the chain
/// every account's history is complete, so the record is taken to be complete for every holder in it.
/// </summary>
public sealed class LiveRoninTests(ITestOutputHelper output)
{
    private static readonly (string Transaction, string Asset)[] Thefts =
    [
        ("0xc28fad5e8d5e0ce6a2eaf67b6687be5d58113e16be590824d6cfa1a94467d0b7", "ETH"),
        ("0xed2c72ef1a552ddaec6dd1f5cddf0b59a8f37f82bdda5257d9c7c37db7bb9b08", RoninReplay.Dollar),
    ];

    public static TheoryData<string, string> RoutesAndKinds
    {
        get
        {
            // Without internal calls there is nothing that a trace could tell: one kind is enough for that route.
            TheoryData<string, string> all = new() { { nameof(DepositRoute.Direct), "plain archive" } };
            foreach (string kind in SourceKinds.All.Keys)
            {
                all.Add(nameof(DepositRoute.Router), kind);
            }

            return all;
        }
    }

    [AnvilTheory]
    [MemberData(nameof(RoutesAndKinds))]
    public async Task Every_kind_comes_to_the_records_sheet(string route, string kind)
    {
        await using AnvilNode anvil = await RoninReplay.StartNodeAsync();
        ReplayedRonin replay = await RoninReplay.PlayAsync(anvil.Chain, Enum.Parse<DepositRoute>(route));
        await using FaultyNode node = new FaultyNode(anvil.Url).Without(SourceKinds.All[kind]);
        StringBuilder faults = new();
        foreach ((string transaction, string asset) in Thefts)
        {
            using Desk desk = new();
            foreach (ITaintPolicy policy in PoliciesFor(kind))
            {
                node.ResetCounters();
                long start = Stopwatch.GetTimestamp();
                TraceReport live = await Desk.ReportAsync(desk.Request(replay.TransactionOf(transaction), node.Url) with
                {
                    Asset = asset,
                    Policy = policy,
                });
                output.WriteLine(
                    $"{route}, {kind}, {asset[..3]}, {policy.Name}: {node.Requests} requests, {node.TotalCalls} calls, {Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s; {string.Join(", ", node.Calls.OrderByDescending(call => call.Value).Take(5).Select(call => $"{call.Key} {call.Value}"))}");
                Compare($"{kind}, {asset}, {policy.Name}", await RecordedAsync(transaction, asset, policy), live, faults);
            }
        }

        Assert.True(faults.Length == 0, faults.ToString());
    }

    // Policies see the same histories whatever told them: one kind is enough for all of them.
    private static ITaintPolicy[] PoliciesFor(string kind) => kind == "trace_filter"
        ? [TaintPolicies.Fifo, TaintPolicies.Find("haircut")!, TaintPolicies.Find("poison")!]
        : [TaintPolicies.Fifo];

    private static void Compare(string what, TraceReport recorded, TraceReport live, StringBuilder faults)
    {
        string[] expected = RowsOf(recorded);
        string[] came = RowsOf(live);
        Assert.NotEmpty(expected);
        if (!expected.SequenceEqual(came))
        {
            faults.AppendLine($"{what}:\n  missing {string.Join("\n          ", expected.Except(came))}\n  came    {string.Join("\n          ", came.Except(expected))}");
            faults.AppendLine($"  gaps {string.Join("\n       ", live.Trace.Gaps.Take(12))}");
        }
    }

    private static string[] RowsOf(TraceReport report) =>
    [
        .. report.Trace.Balance.SelectMany(balance => balance.Sinks.Select(row => $"{row.Kind} {row.Name} {row.Asset} {row.Amount}"))
            .Order(StringComparer.Ordinal),
    ];

    private static async Task<TraceReport> RecordedAsync(string transaction, string asset, ITaintPolicy policy)
    {
        byte[] record = File.ReadAllBytes(Repository.PathOf("fixtures", "ethereum", "ronin-2022", "transfers.csv"));
        IReadOnlyList<Movement> movements = TransfersCsv.Read(record, "record");
        RecordCoverage[] whole =
        [
            .. movements.SelectMany(movement => movement.Inputs.Concat(movement.Outputs)).Select(leg => leg.Holder).Distinct()
                .Select(holder => new RecordCoverage(holder.Address, holder.Asset, null, "all of it")),
        ];
        await using TraceCase opened = await Desk.OpenAsync(new TraceRequest
        {
            Subject = transaction,
            Asset = asset,
            Data = ("record", record),
        });
        return await TraceDesk.RunAsync(opened with { Source = new RecordedSource(movements, whole) }, policy, null, CancellationToken.None);
    }
}
