using FlowTracer.Chains.Recorded;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Tracing;
using static FlowTracer.Tests.Tracing.Facts;

namespace FlowTracer.Tests.Tracing;

/// <summary>A history fetched for one position also answers for those further on.</summary>
public sealed class KnownHistoriesTests
{
    private static readonly RecordedSource Source =
        new([Transfer(10, 9, 1, 10), Transfer(20, 1, 2, 4), Transfer(30, 9, 1, 1), Transfer(40, 1, 3, 7)], []);

    [Theory]
    [InlineData(Direction.Forward, 15, 15, 10)]
    [InlineData(Direction.Forward, 15, 25, 6)]
    [InlineData(Direction.Forward, 15, 35, 7)]
    [InlineData(Direction.Forward, 15, 45, 0)]
    [InlineData(Direction.Backward, 35, 35, 7)]
    [InlineData(Direction.Backward, 35, 25, 6)]
    [InlineData(Direction.Backward, 35, 15, 10)]
    [InlineData(Direction.Backward, 35, 5, 0)]
    public async Task The_balance_moves_on_with_the_position(Direction direction, int fetchedAt, int at, int balance)
    {
        KnownHistories known = await Known(direction, fetchedAt);
        Assert.True(known.Has(Holds(1), Before(at)));
        History history = known.From(Holds(1), Before(at));
        Assert.Equal(new HistoryRequest(Holds(1), Before(at), direction), history.Request);
        Assert.Equal(balance, history.Opening);
        Assert.Equal((await Known(direction, at)).From(Holds(1), Before(at)).Movements, history.Movements);
    }

    [Theory]
    [InlineData(Direction.Forward, 15, 14)]
    [InlineData(Direction.Backward, 15, 16)]
    public async Task What_lies_on_the_other_side_is_not_known(Direction direction, int fetchedAt, int at)
    {
        KnownHistories known = await Known(direction, fetchedAt);
        Assert.False(known.Has(Holds(1), Before(at)));
    }

    [Fact]
    public async Task Another_holder_is_not_known() =>
        Assert.False((await Known(Direction.Forward, 0)).Has(Holds(2), Before(50)));

    // From further on the source may know the balance, or tell more.
    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task What_was_told_in_part_answers_for_its_own_position_only(bool isComplete, bool hasOpening)
    {
        KnownHistories known = await Known(Direction.Forward, 15, isComplete, hasOpening);
        Assert.True(known.Has(Holds(1), Before(15)));
        Assert.Equal(hasOpening ? 10 : null, known.From(Holds(1), Before(15)).Opening);
        Assert.False(known.Has(Holds(1), Before(25)));
    }

    private static async Task<KnownHistories> Known(Direction direction, int at, bool isComplete = true, bool hasOpening = true)
    {
        KnownHistories known = new(direction);
        IReadOnlyList<History> histories = await Source.ReadAsync([new HistoryRequest(Holds(1), Before(at), direction)], default);
        known.Add(histories[0] with
        {
            Opening = hasOpening ? histories[0].Opening : null,
            Coverage = new Coverage(isComplete, null, ""),
        });
        return known;
    }
}
