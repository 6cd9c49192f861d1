using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Core.Tracing;

/// <summary>
/// The movements waiting, each chain in its own order. Across chains the earlier block time comes first, then the
/// chain. One queue a chain, because block times of one chain need not rise with its blocks (Bitcoin).
/// </summary>
internal sealed class MovementQueue(Direction direction)
{
    private readonly SortedList<ChainId, PriorityQueue<Cursor, Position>> _chains = [];
    private readonly Comparer<Position> _order = direction == Direction.Forward
        ? Comparer<Position>.Default
        : Comparer<Position>.Create(static (a, b) => b.CompareTo(a));

    /// <summary>Adds movements in chain order; those at or before <paramref name="at"/> (in this direction) are past.</summary>
    public void Add(IReadOnlyList<Movement> movements, Position at)
    {
        int step = direction == Direction.Forward ? 1 : -1;
        int next = step > 0 ? 0 : movements.Count - 1;
        while (next >= 0 && next < movements.Count && _order.Compare(movements[next].Position, at) <= 0)
        {
            next += step;
        }

        Enqueue(new Cursor(movements, next));
    }

    /// <summary>The same movements waiting, to be taken by another.</summary>
    public MovementQueue Copy()
    {
        MovementQueue copy = new(direction);
        foreach ((ChainId chain, PriorityQueue<Cursor, Position> queue) in _chains)
        {
            copy._chains.Add(chain, new PriorityQueue<Cursor, Position>(queue.UnorderedItems, _order));
        }

        return copy;
    }

    /// <summary>Adds one movement.</summary>
    public void Add(Movement movement) => Enqueue(new Cursor([movement], 0));

    /// <summary>The next movement without taking it.</summary>
    public bool TryPeek(out Movement movement)
    {
        PriorityQueue<Cursor, Position>? chain = Earliest();
        movement = chain?.Peek().Movement!;
        return chain is not null;
    }

    /// <summary>Takes the next movement. One that several holders share is given once.</summary>
    public Movement Take()
    {
        PriorityQueue<Cursor, Position> chain = Earliest()!;
        Movement movement = chain.Peek().Movement;
        do
        {
            Cursor cursor = chain.Dequeue();
            Invariant.Check(
                cursor.Movement.Tx == movement.Tx, $"two movements at {movement.Position} on {movement.Chain}");
            Enqueue(cursor with { Next = cursor.Next + (direction == Direction.Forward ? 1 : -1) });
        }
        while (chain.Count > 0 && chain.Peek().Movement.Position == movement.Position);
        return movement;
    }

    private void Enqueue(Cursor cursor)
    {
        if (cursor.Next < 0 || cursor.Next >= cursor.Movements.Count)
        {
            return;
        }

        ChainId chain = cursor.Movement.Chain;
        if (!_chains.TryGetValue(chain, out PriorityQueue<Cursor, Position>? queue))
        {
            queue = _chains[chain] = new PriorityQueue<Cursor, Position>(_order);
        }

        queue.Enqueue(cursor, cursor.Movement.Position);
    }

    private PriorityQueue<Cursor, Position>? Earliest()
    {
        PriorityQueue<Cursor, Position>? earliest = null;
        long earliestTime = 0;
        foreach (PriorityQueue<Cursor, Position> queue in _chains.Values)
        {
            if (queue.Count == 0)
            {
                continue;
            }

            long time = queue.Peek().Movement.Stamp.TimeSeconds ?? 0;
            if (earliest is null || (direction == Direction.Forward ? time < earliestTime : time > earliestTime))
            {
                (earliest, earliestTime) = (queue, time);
            }
        }

        return earliest;
    }

    private readonly record struct Cursor(IReadOnlyList<Movement> Movements, int Next)
    {
        public Movement Movement => Movements[Next];
    }
}
