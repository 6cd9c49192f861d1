using System.Numerics;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Core.Tracing;

/// <summary>The histories fetched so far, and what a sweep found it still needs.</summary>
internal sealed class KnownHistories(Direction direction)
{
    private readonly Dictionary<Holder, History> _known = [];

    /// <summary>Keeps an answer.</summary>
    public void Add(History history) => _known[history.Request.Holder] = history;

    /// <summary>
    /// Whether a history of a holder is known from a position on, or from an earlier one that says as much: a scout may have asked
    /// from too early, where a source knows no balance, or from where on it does not tell everything.
    /// </summary>
    public bool Has(Holder holder, Position at) => _known.TryGetValue(holder, out History? history)
        && (history.Request.At == at
            || (direction.IsBefore(history.Request.At, at) && history is { Opening: not null, Coverage.IsComplete: true }));

    /// <summary>
    /// What <see cref="Has"/> says is known, as if it had been asked for from that position on. The opening is null when the
    /// source cannot know it, and negative when its record is incomplete.
    /// </summary>
    public History From(Holder holder, Position at)
    {
        History history = _known[holder];
        if (history.Request.At == at)
        {
            return history;
        }

        // One that starts earlier than where the holder became active: what lies between moves the balance on.
        ILookup<bool, Movement> movements = history.Movements.ToLookup(movement => direction.IsBefore(movement.Position, at));
        BigInteger net = movements[true].NetOf(holder);
        return history with
        {
            Request = history.Request with { At = at },
            Opening = history.Opening + (direction == Direction.Forward ? net : -net),
            Movements = [.. movements[false]],
        };
    }
}
