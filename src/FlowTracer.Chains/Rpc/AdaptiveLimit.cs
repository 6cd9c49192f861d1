namespace FlowTracer.Chains.Rpc;

/// <summary>How a request ended, as far as the node's capacity is concerned.</summary>
internal enum Load
{
    /// <summary>It says nothing about capacity.</summary>
    Unknown,

    /// <summary>The node kept up.</summary>
    Fine,

    /// <summary>The node asked for less, or did not answer in time.</summary>
    TooMuch,
}

/// <summary>
/// How many requests one node is given at a time: one more after as many successes as the limit, half after a sign of
/// overload (additive increase, multiplicative decrease). Requests sent before the last halving say nothing new, so a
/// burst of refusals halves once.
/// </summary>
internal sealed class AdaptiveLimit(int start, int most)
{
    private readonly Lock _lock = new();
    private readonly Queue<TaskCompletionSource<long>> _waiting = new();
    private int _limit = start;
    private int _active;
    private int _successes;
    private long _epoch;

    /// <summary>How many may be under way now; at least 1.</summary>
    public int Current
    {
        get
        {
            lock (_lock)
            {
                return _limit;
            }
        }
    }

    /// <summary>Waits for a turn, in order of arrival. Each is given back by <see cref="Leave"/>.</summary>
    /// <returns>The turn, to be handed to <see cref="Leave"/>.</returns>
    public async ValueTask<long> EnterAsync(CancellationToken cancellationToken)
    {
        TaskCompletionSource<long> waiter;
        lock (_lock)
        {
            if (_active < _limit && _waiting.Count == 0)
            {
                _active++;
                return _epoch;
            }

            waiter = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue(waiter);
        }

        using CancellationTokenRegistration registration =
            cancellationToken.Register(() => waiter.TrySetCanceled(cancellationToken));
        return await waiter.Task.ConfigureAwait(false);
    }

    /// <summary>Gives a turn back.</summary>
    public void Leave(long turn, Load load)
    {
        lock (_lock)
        {
            _active--;
            Learn(turn, load);
            while (_active < _limit && _waiting.TryDequeue(out TaskCompletionSource<long>? next))
            {
                // One that was cancelled meanwhile does not take its turn.
                if (next.TrySetResult(_epoch))
                {
                    _active++;
                }
            }
        }
    }

    private void Learn(long turn, Load load)
    {
        if (load == Load.TooMuch && turn == _epoch)
        {
            _limit = Math.Max(1, _limit / 2);
            _successes = 0;
            _epoch++;
        }
        else if (load == Load.Fine && ++_successes >= _limit)
        {
            _limit = Math.Min(most, _limit + 1);
            _successes = 0;
        }
    }
}
