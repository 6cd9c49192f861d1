using FlowTracer.Chains.Recorded;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Ranking;
using FlowTracer.Core.Taint;
using FlowTracer.Core.Tracing;
using FlowTracer.Tests.Tracing;
using static FlowTracer.Tests.Tracing.Facts;

namespace FlowTracer.Tests.Ranking;

/// <summary>What strategies find of a case small enough to be worked out by hand, and what they ask for it.</summary>
public sealed class RecallTests
{
    // 2 stole 100 and gave 3 and 4 of it; 3 and, with money from nowhere, 7 paid into the mixer 8.
    private static readonly Movement[] Record =
    [
        Transfer(1, 1, 2, 100), Transfer(2, 2, 3, 60), Transfer(3, 2, 4, 40), Transfer(4, 7, 8, 30), Transfer(5, 3, 8, 60), Transfer(6, 4, 9, 40),
    ];

    private static readonly FewTags Mixer = new((8, "mixer", "Mixer"));

    private static readonly TraceQuestion Question = new(
        [TransferSeed.Create(Record[0], 0, 100)], TaintPolicies.Fifo, Direction.Forward, Limits.None,
        [new(Account(2), "thief"), new(Account(3), "depositor"), new(Account(4), "wallet"), new(Account(7), "depositor")]);

    // Labelled are 3, 4 and 7, who paid 60 and 30 into the mixer. With two requests ours looks at 2 and at 3, who has most;
    // breadth first looks at 2 and at the victim 1, whom it saw first; poison at 2 and 3.
    [Theory]
    [InlineData("value", 2, 60, 5, 4, 2)]
    [InlineData("bfs", 2, 0, 4, 3, 1)]
    [InlineData("poison", 2, 60, 5, 4, 2)]
    [InlineData("haircut", 2, 60, 5, 4, 2)]
    public async Task Two_requests_find(string strategy, int found, ulong value, int addresses, int movements, int depth)
    {
        Recall recall = await Measure(2);
        Assert.Equal((3, (Amount)90), (recall.Labelled, recall.Value[Eth]));
        RecallRow row = recall.Rows.Single(row => row.Strategy.Name == strategy);
        Assert.Equal((found, (Amount)value), (row.Found, row.Value.GetValueOrDefault(Eth)));
        Assert.Equal((addresses, movements, depth, 2), (row.Addresses, row.Movements, row.Depth, row.Requests));
    }

    // 7 is reached by nobody: its money came from nowhere, and the mixer is not looked into.
    [Fact]
    public async Task Enough_requests_find_all_that_a_path_leads_to()
    {
        Recall recall = await Measure(50);
        Assert.Equal(ExpansionStrategies.All.Length, recall.Rows.Length);
        Assert.All(recall.Rows, static row => Assert.Equal((2, (Amount)60), (row.Found, row.Value[Eth])));
        Assert.All(recall.Rows, static row => Assert.InRange(row.Requests, 4, 5));
    }

    [Fact]
    public async Task No_request_finds_nothing()
    {
        Recall recall = await Measure(0);
        Assert.All(recall.Rows.Where(static row => row.Strategy.Name != "value"), static row => Assert.Equal((0, 1, 0, 0), (row.Found, row.Addresses, row.Movements, row.Requests)));
    }

    [Fact]
    public async Task Neither_more_is_asked_than_allowed_nor_a_stop_nor_anything_twice()
    {
        Movement[] record = [.. TracerTests.RandomRecord()];
        TraceQuestion question = Question with { Seeds = [TransferSeed.Create(record[0], 0, 10_000)] };
        foreach (IExpansionStrategy strategy in ExpansionStrategies.All)
        {
            for (int requests = 0; requests < 40; requests += 3)
            {
                SlowSource source = new(new RecordedSource(record, []), 1, mostDelayMs: 0);
                Expansion found = await strategy.ExpandAsync(source, Mixer, question, requests, default);
                Holder[] asked = [.. source.Questions.SelectMany(static one => one).Select(static request => request.Holder)];
                Assert.Equal(found.Requests, asked.Length);
                Assert.InRange(asked.Length, 0, requests);
                Assert.DoesNotContain(Holds(8), asked);
                Assert.True(strategy.Name == "value" || asked.Distinct().Count() == asked.Length, strategy.Name);
            }
        }
    }

    // An address that held two assets has two histories.
    [Fact]
    public async Task Each_asset_of_an_address_is_a_request()
    {
        Movement[] record = [Transfer(1, 1, 2, 5), Transfer(2, 6, 2, 5, Token), Transfer(3, 2, 3, 5)];
        TraceQuestion question = Question with { Seeds = [TransferSeed.Create(record[0], 0, 5)] };
        IExpansionStrategy poison = ExpansionStrategies.All.Single(static strategy => strategy.Name == "poison");
        Assert.Equal(1, (await poison.ExpandAsync(new RecordedSource(record, []), Mixer, question, 1, default)).Requests);
        Assert.Equal(3, (await poison.ExpandAsync(new RecordedSource(record, []), Mixer, question, 9, default)).Requests);
    }

    [Fact]
    public void Several_givers_and_takers_are_paired_by_their_parts()
    {
        Movement movement = Movement.Create(
            MovementKind.Transaction, Grade.Derived, new Position(1, 0, 1), default, null, "test",
            [new Leg(Holds(1), 30), new Leg(Holds(2), 10)], [new Leg(Holds(3), 20), new Leg(Holds(4), 20)]);
        Assert.Equal([15, 15, 5, 5], Payment.Of(movement).Select(static payment => payment.Paid));
    }

    [Fact]
    public void Every_strategy_has_a_name_of_its_own() =>
        Assert.Equal(ExpansionStrategies.All.Length, ExpansionStrategies.All.Select(static strategy => strategy.Name).Distinct().Count());

    private static Task<Recall> Measure(int requests) => Recall.MeasureAsync(
        ExpansionStrategies.All, new RecordedSource(Record, []), Mixer, Question, requests, default);
}
