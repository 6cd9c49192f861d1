using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Tracing;
using static FlowTracer.Tests.Tracing.Facts;

namespace FlowTracer.Tests.Tracing;

/// <summary>The order in which movements are taken. They are named by chain (e, s) and block.</summary>
public sealed class MovementQueueTests
{
    private static readonly Asset SepoliaEth = Asset.Coin(ChainId.Account(11155111));

    [Fact]
    public void Histories_are_merged_by_position() => Assert.Equal(
        "e1 e2 e3 e4 e5",
        Order(Direction.Forward, Before(0), [Move(1), Move(4)], [Move(2), Move(3), Move(5)]));

    [Fact]
    public void Going_back_the_latest_comes_first() => Assert.Equal(
        "e5 e4 e3 e2 e1",
        Order(Direction.Backward, Position.End, [Move(1), Move(4)], [Move(2), Move(3), Move(5)]));

    [Fact]
    public void What_is_past_is_left_out()
    {
        // The movement at the position has been seen: it made the holder active.
        Assert.Equal("e4 e5", Order(Direction.Forward, Move(3).Position, [Move(2), Move(3), Move(4), Move(5)]));
        Assert.Equal("e2", Order(Direction.Backward, Move(3).Position, [Move(2), Move(3), Move(4), Move(5)]));
        Assert.Equal("", Order(Direction.Forward, Position.End, [Move(2)]));
    }

    [Fact]
    public void A_movement_that_two_holders_share_is_taken_once()
    {
        Movement shared = Move(2);
        Assert.Equal("e1 e2 e3", Order(Direction.Forward, Before(0), [Move(1), shared], [shared, Move(3)], [shared]));
    }

    [Fact]
    public void Across_chains_the_earlier_time_comes_first() => Assert.Equal(
        "s900 e1 s901 e2",
        Order(Direction.Forward, Before(0), [Move(1, 100), Move(2, 200)], [Move(900, 50, SepoliaEth), Move(901, 150, SepoliaEth)]));

    [Fact]
    public void Across_chains_going_back_the_later_time_comes_first() => Assert.Equal(
        "e2 s901 e1 s900",
        Order(Direction.Backward, Position.End, [Move(1, 100), Move(2, 200)], [Move(900, 50, SepoliaEth), Move(901, 150, SepoliaEth)]));

    [Fact]
    public void At_one_time_the_chains_own_order_decides() => Assert.Equal(
        "e1 s1",
        Order(Direction.Forward, Before(0), [Move(1, 100, SepoliaEth)], [Move(1, 100)]));

    // Block times of a chain need not rise: its own order stands, and the other chain waits or goes by the first in line.
    [Fact]
    public void Within_a_chain_position_decides_and_not_time() => Assert.Equal(
        "s1 e1 e2 s2",
        Order(Direction.Forward, Before(0), [Move(1, 100), Move(2, 50)], [Move(1, 60, SepoliaEth), Move(2, 101, SepoliaEth)]));

    [Fact]
    public void Two_movements_at_one_position_are_a_fault_of_the_facts()
    {
        MovementQueue queue = new(Direction.Forward);
        queue.Add(Transfer(1, 1, 2, 5, tx: Tx(1)));
        queue.Add(Transfer(1, 3, 4, 6, tx: Tx(2)));
        Assert.Throws<InvariantException>(() => queue.Take());
    }

    [Fact]
    public void Peeking_takes_nothing()
    {
        MovementQueue queue = new(Direction.Forward);
        Assert.False(queue.TryPeek(out _));
        Movement only = Move(1);
        queue.Add(only);
        Assert.True(queue.TryPeek(out Movement first));
        Assert.True(queue.TryPeek(out Movement again));
        Assert.Same(first, again);
        Assert.Same(only, queue.Take());
        Assert.False(queue.TryPeek(out _));
    }

    private static Movement Move(int block, long? time = null, Asset? asset = null) => Transfer(block, 1, 2, 5, asset, time);

    private static string Order(Direction direction, Position at, params Movement[][] histories)
    {
        MovementQueue queue = new(direction);
        foreach (Movement[] history in histories)
        {
            queue.Add(history, at);
        }

        List<string> taken = [];
        while (queue.TryPeek(out _))
        {
            Movement movement = queue.Take();
            taken.Add($"{(movement.Chain == ChainId.Ethereum ? "e" : "s")}{movement.Position.Block}");
        }

        return string.Join(' ', taken);
    }
}
