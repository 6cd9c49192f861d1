using System.Text.Json;
using FlowTracer.App.Traces;
using FlowTracer.Chains.Recorded;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Taint;
using FlowTracer.Core.Tracing;
using FlowTracer.Tests.Export;
using static FlowTracer.Tests.Tracing.Facts;

namespace FlowTracer.Tests.Tracing;

/// <summary>Traces that must stop early: what is asked for first, what is cut, and what the result says of it.</summary>
public sealed class BudgetTests
{
    // 2 has 100 of the theft and gives 1 to 12 units to twelve others, who give it on.
    private static readonly Movement[] Star =
    [
        Transfer(1, 1, 2, 100),
        .. Enumerable.Range(1, 12).Select(n => Transfer(1 + n, 2, 100 + n, (ulong)n)),
        .. Enumerable.Range(1, 12).Select(n => Transfer(20 + n, 100 + n, 200 + n, (ulong)n)),
    ];

    [Fact]
    public async Task With_no_request_nothing_is_asked_and_each_seed_is_cut_where_it_starts()
    {
        (Trace trace, SlowSource source) = await Run(Star, new Budget(0, null), Seed(Star[0]));
        Assert.Empty(source.Questions);
        Assert.Equal(0, trace.StoppedAfter);
        SinkRow row = Assert.Single(trace.Balance[0].Sinks);
        Assert.Equal((SinkKind.Cut, "requests", (Amount)100, 1), (row.Kind, row.Name, row.Amount, row.Addresses));
        Assert.Equal(row, Assert.Single(trace.Balance[0].NotFollowed));
    }

    // 100 less the 22 kept by 2 (100 - 78) and less the 12 and 11 that 112 and 111 were followed with.
    [Fact]
    public async Task The_most_value_not_placed_is_asked_for_first()
    {
        (Trace trace, SlowSource source) = await Run(Star, new Budget(3, null), Seed(Star[0]));
        Assert.Equal([Holds(2), Holds(111), Holds(112)], Asked(source));
        Assert.Equal(3, trace.StoppedAfter);

        // What 3 to 10 have, and what 211 and 212 got: 1 + … + 10 = 55, and 23.
        SinkRow row = Assert.Single(trace.Balance[0].NotFollowed);
        Assert.Equal(((Amount)78, 12), (row.Amount, row.Addresses));
    }

    // Half of 1000 ETH in one hand, nine of ten units of a token in another.
    [Fact]
    public async Task Across_assets_the_share_of_what_was_stolen_counts()
    {
        Movement[] record =
        [
            Transfer(1, 1, 2, 1000), Transfer(2, 1, 3, 10, Token), Transfer(3, 2, 4, 500), Transfer(4, 3, 5, 9, Token), Transfer(5, 2, 6, 400),
        ];
        (_, SlowSource source) = await Run(record, new Budget(3, null), Seed(record[0]), Seed(record[1]));
        Assert.Equal([Holds(2), Holds(3, Token), Holds(5, Token)], Asked(source));
    }

    [Fact]
    public async Task Seeds_of_one_asset_count_by_their_units()
    {
        // All of a small theft against a tenth of a large one.
        Movement[] record = [Transfer(1, 1, 2, 5), Transfer(2, 1, 3, 1000), Transfer(3, 2, 4, 5), Transfer(4, 3, 5, 100)];
        (_, SlowSource source) = await Run(record, new Budget(3, null), Seed(record[0]), Seed(record[1]));
        Assert.Equal([Holds(2), Holds(3), Holds(5)], Asked(source));
    }

    [Fact]
    public async Task Under_poison_the_nearest_to_a_seed_is_asked_for_first()
    {
        Movement[] record =
        [
            Transfer(1, 1, 2, 100), Transfer(2, 2, 9, 1),
            .. Enumerable.Range(0, 9).Select(n => Transfer(10 + n, 9, 20 + n, 1000)),
            .. Enumerable.Range(0, 4).Select(n => Transfer(30 + n, 2, 80 + n, 1)),
        ];
        (_, SlowSource source) = await Run(record, new Budget(6, null), TaintPolicies.Poison, Seed(record[0]));
        Assert.Equal([Holds(2), Holds(9), Holds(80), Holds(81), Holds(82), Holds(83)], Asked(source));
    }

    // What it had is 7, and nobody knows before its history is read; what it paid is cut.
    [Fact]
    public async Task What_an_address_seed_had_is_known_whatever_the_budget()
    {
        Movement[] record = [Transfer(1, 1, 2, 7), Transfer(5, 2, 3, 4)];
        (Trace trace, SlowSource source) = await Run(record, new Budget(0, null), new BalanceSeed(Holds(2), Before(3), null));
        Assert.Equal([Holds(2)], Asked(source));
        Assert.Equal((Amount)7, trace.Balance[0].Stolen);
        Assert.Equal(0, trace.StoppedAfter);
        Assert.Equal((Amount)4, Assert.Single(trace.Balance[0].NotFollowed).Amount);
    }

    // 4 gets money twice, and its history would be known from the second time on.
    [Fact]
    public async Task A_holder_is_followed_from_its_first_money_on_or_not_at_all()
    {
        Movement[] record =
        [
            Transfer(1, 1, 2, 10), Transfer(2, 1, 3, 10), Transfer(3, 2, 5, 9), Transfer(4, 5, 4, 9), Transfer(6, 3, 4, 10), Transfer(7, 4, 6, 19),
        ];
        for (int requests = 0; requests <= 6; requests++)
        {
            (Trace trace, _) = await Run(record, new Budget(requests, null), Seed(record[0]), Seed(record[1]));
            Assert.DoesNotContain(
                trace.Nodes.Where(static node => node.Sink == SinkKind.Cut), static node => !node.Holdings.IsEmpty);
        }
    }

    [Fact]
    public async Task Rounds_are_of_eight_and_grow_with_what_is_known()
    {
        Movement[] star = [Transfer(1, 1, 2, 500), .. Enumerable.Range(0, 500).Select(n => Transfer(2 + n, 2, 1000 + n, 1))];
        (Trace trace, SlowSource source) = await Run(star, new Budget(1000, null), Seed(star[0]));
        Assert.Null(trace.StoppedAfter);

        // 1 known: 8 at a time up to 73 known; an eighth of 73 is 9, of 82 is 10, of 92 is 11, …
        Assert.Equal([1, 8, 8, 8, 8, 8, 8, 8, 8, 8, 9, 10, 11, 12, 14, 16], source.Questions.Select(static asked => asked.Count).Take(16));
        Assert.Equal(501, source.Questions.Sum(static asked => asked.Count));
    }

    [Fact]
    public async Task A_budget_that_is_larger_than_needed_changes_no_byte()
    {
        Movement[] record = TracerTests.RandomRecord();
        foreach (ITaintPolicy policy in TaintPolicies.All)
        {
            byte[] expected = TracerTests.Bytes((await Run(record, Budget.None, policy, Seed(record[0]), Seed(record[1]))).Trace);
            Assert.Equal(expected, TracerTests.Bytes((await Run(record, new Budget(10_000, null), policy, Seed(record[0]), Seed(record[1]))).Trace));
            Assert.Equal(expected, TracerTests.Bytes((await Run(record, new Budget(null, static () => false), policy, Seed(record[0]), Seed(record[1]))).Trace));
        }
    }

    [Fact]
    public async Task A_trace_that_time_stopped_is_the_one_of_as_many_requests()
    {
        Movement[] record = TracerTests.RandomRecord();
        HashSet<int> stops = [];
        foreach (ITaintPolicy policy in TaintPolicies.All)
        {
            for (int rounds = 0; rounds < 6; rounds++)
            {
                int asked = 0;
                int last = rounds;
                (Trace stopped, SlowSource source) = await Run(record, new Budget(null, () => asked++ >= last), policy, Seed(record[0]), Seed(record[1]));
                if (stopped.StoppedAfter is not int requests)
                {
                    continue;
                }

                (Trace again, _) = await Run(record, new Budget(requests, null), policy, Seed(record[0]), Seed(record[1]));
                Assert.Equal(TracerTests.Bytes(stopped), TracerTests.Bytes(again));
                Assert.Equal(requests, source.Questions.Sum(static question => question.Count));
                stops.Add(requests);
            }
        }

        Assert.True(stops.Count > 4, string.Join(' ', stops));
    }

    [Fact]
    public async Task A_known_address_that_a_budget_kept_from_being_reached_is_no_gap()
    {
        Movement[] record = [Transfer(1, 1, 2, 5), Transfer(2, 2, 7, 5), Transfer(3, 7, 8, 5)];
        KnownAddress[] known = [new(Account(7), "depositor")];
        foreach (int requests in new[] { 0, 9 })
        {
            Tracer tracer = new(new RecordedSource(record, []), new FewTags((8, "mixer", "Mixer")), FetchOptions.Default)
            {
                Budget = new Budget(requests, null),
            };
            Assert.Empty((await tracer.RunAsync(Question(TaintPolicies.Fifo, Seed(record[0])) with { Known = [.. known] }, null, default)).Gaps);
        }
    }

    [Fact]
    public async Task What_is_cut_counts_as_not_placed_in_the_progress()
    {
        List<TraceProgress> rounds = [];
        Tracer tracer = new(new RecordedSource(Star, []), new FewTags(), FetchOptions.Default) { Budget = new Budget(1, null) };
        await tracer.RunAsync(Question(TaintPolicies.Fifo, Seed(Star[0])), new Collect(rounds), default);
        Assert.Equal((Amount)0, Assert.Single(rounds).Placed[0]);
    }

    // The certificate of the real case, added up against its own balance sheet.
    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(60)]
    public async Task The_certificate_in_trace_json_is_the_sheet_s(int requests)
    {
        TraceReport report = await Reports.RoninAsync(budget: new Budget(requests, null));
        using JsonDocument json = JsonDocument.Parse(Reports.Bytes("trace.json", report));
        JsonElement certificate = json.RootElement.GetProperty("certificate");
        Assert.Equal(requests, certificate.GetProperty("requests").GetInt32());
        string[] expected = [.. json.RootElement.GetProperty("balance").GetProperty("seeds").EnumerateArray()
            .SelectMany(static seed => seed.GetProperty("sinks").EnumerateArray()
                .Where(static sink => sink.GetProperty("label").GetString() == "requests")
                .Select(sink => $"{seed.GetProperty("id")} {sink.GetProperty("amount")} {sink.GetProperty("share")} {sink.GetProperty("addresses")}"))];
        Assert.NotEmpty(expected);
        Assert.Equal(expected, certificate.GetProperty("not_followed").EnumerateArray()
            .Select(static row => $"{row.GetProperty("seed")} {row.GetProperty("amount")} {row.GetProperty("share")} {row.GetProperty("addresses")}"));
    }

    [Fact]
    public async Task A_trace_that_nothing_stopped_has_no_certificate()
    {
        using JsonDocument json = JsonDocument.Parse(Reports.Bytes("trace.json", await Reports.RoninAsync(budget: new Budget(1000, null))));
        Assert.False(json.RootElement.TryGetProperty("certificate", out _));
    }

    private static TransferSeed Seed(Movement movement) => TransferSeed.Create(movement, 0, movement.Outputs[0].Amount);

    private static IEnumerable<Holder> Asked(SlowSource source) =>
        source.Questions.SelectMany(static asked => asked).Select(static request => request.Holder);

    private static TraceQuestion Question(ITaintPolicy policy, params Seed[] seeds) =>
        new([.. seeds], policy, Direction.Forward, Limits.None, []);

    private static Task<(Trace Trace, SlowSource Source)> Run(Movement[] record, Budget budget, params Seed[] seeds) =>
        Run(record, budget, TaintPolicies.Fifo, seeds);

    private static async Task<(Trace Trace, SlowSource Source)> Run(
        Movement[] record, Budget budget, ITaintPolicy policy, params Seed[] seeds)
    {
        SlowSource source = new(new RecordedSource(record, []), 1, mostDelayMs: 0);
        Tracer tracer = new(source, new FewTags(), FetchOptions.Default) { Budget = budget };
        return (await tracer.RunAsync(Question(policy, seeds), null, default), source);
    }

    private sealed class Collect(List<TraceProgress> seen) : IProgress<TraceProgress>
    {
        public void Report(TraceProgress value) => seen.Add(value);
    }
}
