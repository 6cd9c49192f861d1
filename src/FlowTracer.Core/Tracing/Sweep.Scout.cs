using FlowTracer.Core.Model;

namespace FlowTracer.Core.Tracing;

/// <summary>
/// What a sweep that pauses will want next: a copy of it goes on without, as far as it is let, and notes all it misses. It may see
/// a ledger that never was, so nothing of it but that is kept.
/// </summary>
internal sealed partial class Sweep
{
    private readonly Sweep? _paused;
    private readonly bool _pauses;
    private readonly long _most = long.MaxValue;

    private Sweep(Sweep paused, long movements)
    {
        _paused = paused;
        _most = movements;
        (_question, _attributions, _histories, _forward, _claims, _seedsAt) =
            (paused._question, paused._attributions, paused._histories, paused._forward, paused._claims, paused._seedsAt);
        _lots = paused._lots.Copy();
        _queue = paused._queue.Copy();
        _graph = new FlowGraph(_claims, isKept: false);
        _activeAddresses = new HashSet<Address>(paused._activeAddresses);
        _waiting = new Queue<int>(paused._waiting);
        _windowPassed = [.. paused._windowPassed];
        _seeds = [.. paused._seeds.Select(static seed => seed.Copy())];
        _flow = paused._flow?.For(_seeds);
    }

    private bool IsScout => _paused is not null;

    /// <summary>What else is missing, over at most so many more movements; what the sweep waits for is the first of it.</summary>
    public Sweep LookAhead(long movements, CancellationToken cancellationToken)
    {
        Sweep scout = new(this, movements);
        try
        {
            scout.Run(cancellationToken);
        }
        catch (Exception fault) when (fault is LedgerException or InvariantException)
        {
            // Of a ledger that never was.
            return scout;
        }

        return scout;
    }

    // A scout has its own of what it comes to, and only of that.
    private ActiveHolder? ActiveOf(Holder holder) => _active.TryGetValue(holder, out ActiveHolder? own) ? own
        : _paused?._active.GetValueOrDefault(holder) is { } shared ? _active[holder] = shared.For(_lots, _seeds)
        : null;
}
