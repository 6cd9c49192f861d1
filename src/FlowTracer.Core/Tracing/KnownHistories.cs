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
    /// The history of a holder and its balance at a position, when a history reaching back to that position is known.
    /// The balance is null when the source cannot know it, and negative when its record is incomplete.
    /// </summary>
    public bool TryGet(Holder holder, Position at, out History history, out BigInteger? opening)
    {
        opening = null;
        if (!_known.TryGetValue(holder, out history!) || direction.IsBefore(at, history.Request.At))
        {
            return false;
        }

        opening = history.Opening + NetBetween(history, at);
        return true;
    }

    // A history that starts earlier than where the holder became active: what lies between moves the balance on.
    private BigInteger NetBetween(History history, Position at)
    {
        BigInteger net = history.Movements.Where(movement => direction.IsBefore(movement.Position, at)).NetOf(history.Request.Holder);
        return direction == Direction.Forward ? net : -net;
    }
}
