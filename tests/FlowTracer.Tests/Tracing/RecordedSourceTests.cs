using System.Numerics;
using FlowTracer.Chains.Recorded;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using static FlowTracer.Tests.Tracing.Facts;

namespace FlowTracer.Tests.Tracing;

/// <summary>What a record knows of a holder on either side of a position.</summary>
public sealed class RecordedSourceTests
{
    // 1 gets 10 in block 10, gives 4 in block 20, gets 1 in block 30 and gives 7 in block 40: in the end it has nothing.
    private static readonly Movement[] Record =
    [
        Transfer(10, 9, 1, 10, tx: Tx(10)), Transfer(20, 1, 2, 4), Transfer(30, 9, 1, 1), Transfer(40, 1, 3, 7),
        Transfer(50, 9, 1, 5, Token),
    ];

    private static readonly RecordedSource Source =
        new(Record, [new RecordCoverage(Account(1), Eth, 1_650_000_000, "everything")]);

    [Theory]
    [InlineData(10, 0, 0, "10 20 30 40")]
    [InlineData(10, 1, 0, "10 20 30 40")] // a movement at the position itself is wanted, and not yet in the balance
    [InlineData(10, 2, 10, "20 30 40")]
    [InlineData(20, 0, 10, "20 30 40")]
    [InlineData(30, 1, 6, "30 40")]
    [InlineData(40, 2, 0, "")]
    public async Task Forward(int block, int step, int opening, string blocks) =>
        Expect(await Ask(1, new Position((ulong)block, 0, (uint)step), Direction.Forward), opening, blocks);

    // Going back, the balance is the one just after the position, and the movement at it is wanted.
    [Theory]
    [InlineData(40, 1, 0, "10 20 30 40")]
    [InlineData(40, 0, 7, "10 20 30")]
    [InlineData(20, 1, 6, "10 20")]
    [InlineData(10, 1, 10, "10")]
    [InlineData(10, 0, 0, "")]
    public async Task Backward(int block, int step, int opening, string blocks) =>
        Expect(await Ask(1, new Position((ulong)block, 0, (uint)step), Direction.Backward), opening, blocks);

    [Fact]
    public async Task A_record_that_lacks_rows_nets_below_zero() =>
        Expect(await Ask(9, Before(31), Direction.Forward), -11, "");

    [Fact]
    public async Task The_ends_of_a_chain()
    {
        Expect(await Ask(1, Position.Start, Direction.Forward), 0, "10 20 30 40");
        Expect(await Ask(1, Position.End, Direction.Forward), 0, "");
        Expect(await Ask(1, Position.End, Direction.Backward), 0, "10 20 30 40");
        Expect(await Ask(1, Position.Start, Direction.Backward), 0, "");
    }

    [Fact]
    public async Task Nobody_it_knows_has_nothing() => Expect(await Ask(77, Position.Start, Direction.Forward), 0, "");

    [Fact]
    public async Task Only_what_the_record_says_it_covers_is_complete()
    {
        Assert.Equal(new Coverage(true, 1_650_000_000, "everything"), (await Ask(1, Position.Start, Direction.Forward)).Coverage);
        Assert.False((await Ask(2, Position.Start, Direction.Forward)).Coverage.IsComplete);
        HistoryRequest inToken = new(Holds(1, Token), Position.Start, Direction.Forward);
        Assert.False((await Source.ReadAsync([inToken], default))[0].Coverage.IsComplete);
    }

    [Fact]
    public async Task Answers_come_in_the_order_of_the_questions()
    {
        HistoryRequest[] requests =
            [.. new[] { 3, 1, 9, 1, 77 }.Select(n => new HistoryRequest(Holds(n), Before(25), Direction.Forward))];
        Assert.Equal(requests, (await Source.ReadAsync(requests, default)).Select(h => h.Request));
    }

    [Fact]
    public async Task A_movement_to_its_own_giver_is_there_once()
    {
        RecordedSource source = new([Transfer(1, 5, 5, 3)], []);
        History history = (await source.ReadAsync([new HistoryRequest(Holds(5), Before(1), Direction.Forward)], default))[0];
        Assert.Single(history.Movements);
        Assert.Equal(BigInteger.Zero, history.Opening);
    }

    [Fact]
    public async Task Transactions_and_holders_are_found()
    {
        Assert.Equal([Record[0]], await Source.FindTransactionAsync(ChainId.Ethereum, Tx(10), default));
        Assert.Empty(await Source.FindTransactionAsync(ChainId.Ethereum, Tx(11), default));
        Assert.Empty(await Source.FindTransactionAsync(ChainId.Account(5), Tx(10), default));
        Assert.Equal([Holds(1), Holds(1, Token)], await Source.HoldersOfAsync(Account(1), Position.Start, Direction.Forward, default));
        Assert.Empty(await Source.HoldersOfAsync(Account(77), Position.Start, Direction.Forward, default));
    }

    private static async Task<History> Ask(int number, Position at, Direction direction) =>
        (await Source.ReadAsync([new HistoryRequest(Holds(number), at, direction)], default))[0];

    private static void Expect(History history, int opening, string blocks)
    {
        Assert.Equal(opening, history.Opening);
        Assert.Equal(blocks, string.Join(' ', history.Movements.Select(m => m.Position.Block)));
    }
}
