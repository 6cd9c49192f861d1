using System.Net;
using System.Threading.Channels;
using FlowTracer.Core.Ports;

namespace FlowTracer.Chains.Rpc;

/// <summary>
/// One node that speaks JSON-RPC over HTTP. Calls made at about the same time travel in one request, equal ones once. A
/// node that refuses batches, or large ones, is asked in smaller ones from then on. For many threads.
/// </summary>
public sealed class JsonRpcNode : IRpc, IAsyncDisposable
{
    private const int ChecksPerCall = 3;
    private const int AmbiguousLimitTries = 2;
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(1);
    private const int LongestLingers = 4;
    private readonly NodeUrl _node;
    private readonly HttpPipeline _pipeline;
    private readonly AdaptiveLimit _limit;
    private readonly BatchLimit _batch;
    private readonly Channel<PendingCall> _queue;
    private readonly Dictionary<RpcCall, PendingCall> _pending = [];
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationToken _stopped;
    private readonly Task _dispatcher;
    private long _lastId;

    /// <summary>A node, asked through a pipeline that others may share.</summary>
    public JsonRpcNode(NodeUrl node, HttpPipeline pipeline)
    {
        (_node, _pipeline) = (node, pipeline);
        _stopped = _stop.Token;
        _limit = pipeline.LimitOf(node);
        _batch = new BatchLimit(Settings.BatchSize);
        _queue = Channel.CreateBounded<PendingCall>(
            new BoundedChannelOptions(Settings.BatchSize * Settings.Concurrency) { SingleReader = true });
        _dispatcher = Task.Run(DispatchAsync);
    }

    /// <inheritdoc/>
    public string Name => _node.Display;

    /// <summary>How many calls it takes in one request, as far as was found out; 1: calls travel alone.</summary>
    public int BatchSize => _batch.Size;

    private FetchSettings Settings => _pipeline.Settings;

    /// <inheritdoc/>
    public async Task<RpcAnswer> AskAsync(RpcCall call, CancellationToken cancellationToken)
    {
        for (int tried = 1; ; tried++)
        {
            RpcAnswer answer = await AskOnceAsync(call, cancellationToken).ConfigureAwait(false);
            string? wrong = answer.Error is null ? call.Check?.Invoke(answer.Result) : null;
            if (wrong is null && !MayPass(call, answer))
            {
                return answer;
            }

            if (tried == ChecksPerCall)
            {
                return wrong is null
                    ? answer
                    : throw new SourceException(Name, call.Shown, _node.Redact(wrong)) { IsAnswered = true };
            }

            // A node behind a balancer may be a block behind, or busy: a moment later it may know.
            _pipeline.Meter.AddRetry();
            await Task.Delay(_pipeline.DelayBefore(tried - 1), _pipeline.Time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Stops all that is under way; who still waits sees it cancelled.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stopped.IsCancellationRequested)
        {
            return;
        }

        await _stop.CancelAsync().ConfigureAwait(false);
        _queue.Writer.TryComplete();
        await _dispatcher.ConfigureAwait(false);
        PendingCall[] left;
        lock (_lock)
        {
            left = [.. _pending.Values];
            _pending.Clear();
        }

        foreach (PendingCall pending in left)
        {
            pending.Cancel(_stopped);
        }

        _stop.Dispose();
    }

    // A rate limit has had its patience already.
    private static bool MayPass(RpcCall call, RpcAnswer answer) =>
        answer.Error is { } error && !call.GoesOnFromRefusal && RpcErrors.IsPassing(error) && !RpcErrors.IsRateLimit(error);

    /// <summary>One answer, with whoever else asks the same now. Giving up waiting takes it from nobody.</summary>
    private async Task<RpcAnswer> AskOnceAsync(RpcCall call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PendingCall? pending;
        bool isNew;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_stopped.IsCancellationRequested, this);
            isNew = !_pending.TryGetValue(call, out pending);
            pending ??= new PendingCall(call);
            pending.Waiters++;
            _pending[call] = pending;
        }

        if (isNew)
        {
            _ = EnqueueAsync(pending);
        }

        try
        {
            return await pending.Answer.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Leave(pending);
        }
    }

    private void Leave(PendingCall pending)
    {
        lock (_lock)
        {
            if (--pending.Waiters == 0)
            {
                Forget(pending);
            }
        }
    }

    // Under the lock. A later call of the same kind starts anew.
    private void Forget(PendingCall pending)
    {
        if (_pending.TryGetValue(pending.Call, out PendingCall? current) && current == pending)
        {
            _pending.Remove(pending.Call);
        }
    }

    // Not with a caller's token: others may have joined the call while it waits for a place.
    private async Task EnqueueAsync(PendingCall pending)
    {
        try
        {
            await _queue.Writer.WriteAsync(pending, _stopped).ConfigureAwait(false);
        }
        catch (Exception closed) when (closed is OperationCanceledException or ChannelClosedException)
        {
            pending.Cancel(_stopped);
        }
    }

    private async Task DispatchAsync()
    {
        try
        {
            while (await _queue.Reader.WaitToReadAsync(_stopped).ConfigureAwait(false))
            {
                // Gathering only when a request may leave: while the node is busy, batches fill.
                _limit.Leave(await _limit.EnterAsync(_stopped).ConfigureAwait(false), Load.Unknown);
                List<PendingCall> calls = await GatherAsync().ConfigureAwait(false);
                if (calls.Count > 0)
                {
                    _ = SendAndSettleAsync(calls);
                }
            }
        }
        catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
        {
            // Disposed.
        }
    }

    /// <summary>
    /// What is queued, and what comes right after: callers wake one after another when a batch is answered.
    /// </summary>
    private async Task<List<PendingCall>> GatherAsync()
    {
        int size = _batch.Size;
        List<PendingCall> calls = [];
        int before = -1;
        for (int lingers = 0; calls.Count > before; lingers++)
        {
            before = calls.Count;
            while (calls.Count < size && _queue.Reader.TryRead(out PendingCall? pending))
            {
                if (IsWanted(pending))
                {
                    calls.Add(pending);
                }
            }

            if (calls.Count == size || lingers == LongestLingers)
            {
                break;
            }

            await Task.Delay(Linger, _pipeline.Time, _stopped).ConfigureAwait(false);
        }

        return calls;
    }

    private bool IsWanted(PendingCall pending)
    {
        lock (_lock)
        {
            return pending.Waiters > 0;
        }
    }

    /// <summary>Sends calls and settles each of them, whatever happens.</summary>
    private async Task SendAndSettleAsync(IReadOnlyList<PendingCall> calls)
    {
        try
        {
            _stopped.ThrowIfCancellationRequested();
            await SendAsync(calls).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
        {
            Settle(calls, pending => pending.Cancel(_stopped));
        }
        catch (Exception fault)
        {
            // A bug or malformed parameters: the callers must hear of it, since nobody awaits this.
            Settle(calls, pending => pending.Fail(fault));
        }
    }

    private async Task SendAsync(IReadOnlyList<PendingCall> calls)
    {
        int count = calls.Count;
        RpcCall[] questions = [.. calls.Select(pending => pending.Call)];
        Attempts attempts = new()
        {
            Made = calls.Max(pending => pending.Failures),
            // Once may be chance; after that a batch is asked in parts, for it may be the batch's fault.
            StopsAt = (fault, made) => count > 1 && fault.IsHeavy && made > 1,
        };
        long firstId = 0;
        try
        {
            RpcReply reply = await _pipeline.SendAsync(
                _node,
                () =>
                {
                    firstId = Interlocked.Add(ref _lastId, count) - count + 1;
                    _pipeline.Meter.AddCalls(count);
                    return RpcMessage.Write(questions, firstId);
                },
                (status, body) => Read(status, body, count, firstId, attempts),
                attempts,
                _stopped).ConfigureAwait(false);
            await SettleAsync(calls, reply, attempts.Made).ConfigureAwait(false);
        }
        catch (HttpFault fault) when (count > 1 && fault.SplitsBatch(attempts.Made, Settings.Retries))
        {
            await AskInPartsAsync(calls, isRefused: fault.IsShape, attempts.Made).ConfigureAwait(false);
        }
        catch (HttpFault fault)
        {
            Settle(calls, pending => pending.Fail(_pipeline.Failed(_node, pending.Call.Shown, fault, attempts)));
        }
    }

    private static RpcReply Read(
        HttpStatusCode status, ReadOnlyMemory<byte> body, int count, long firstId, Attempts attempts)
    {
        RpcReply reply = RpcMessage.Read(status, body, count, firstId);
        attempts.SignOfOverload = reply.Errors.Any(
            error => RpcErrors.IsRateLimit(error) && !RpcErrors.IsAmbiguousLimit(error));
        return reply;
    }

    private async Task SettleAsync(IReadOnlyList<PendingCall> calls, RpcReply reply, int made)
    {
        if (reply.Answers is not { } answers)
        {
            RpcError refusal = reply.Refusal!;
            await (RpcErrors.IsRateLimit(refusal)
                ? AskLaterAsync([.. calls.Select(pending => (pending, refusal))], made)
                : AskInPartsAsync(calls, isRefused: !RpcErrors.IsPassing(refusal), made)).ConfigureAwait(false);
            return;
        }

        _batch.Succeeded(calls.Count);
        List<(PendingCall, RpcError)> limited = [];
        List<PendingCall> tooMuch = [];
        for (int at = 0; at < answers.Length; at++)
        {
            PendingCall pending = calls[at];
            switch (answers[at].Error)
            {
                case { } error when RpcErrors.IsRateLimit(error):
                    limited.Add((pending, error));
                    break;
                case { } error when calls.Count > 1 && RpcErrors.IsBatchLimit(error):
                    tooMuch.Add(pending);
                    break;
                default:
                    Settle(pending, () => pending.Set(Shown(answers[at])));
                    break;
            }
        }

        await Task.WhenAll(
            AskLaterAsync(limited, made),
            AskInPartsAsync(tooMuch, isRefused: true, made: 0)).ConfigureAwait(false);
    }

    /// <summary>
    /// Asks again what the node had no capacity for, alone, after a growing delay, until the attempts are used up.
    /// </summary>
    private async Task AskLaterAsync(IReadOnlyList<(PendingCall Pending, RpcError Error)> limited, int made)
    {
        List<PendingCall> again = [];
        foreach ((PendingCall pending, RpcError error) in limited)
        {
            if (RpcErrors.IsAmbiguousLimit(error) && made >= Math.Min(AmbiguousLimitTries, Settings.Retries + 1))
            {
                Settle(pending, () => pending.Set(Shown(RpcAnswer.Refused(error))));
            }
            else if (made > Settings.Retries)
            {
                string reason = $"refused {Numbers.Text(made)} times for asking too often"
                    + $" (\"{_node.Redact(error.Message)}\"); wait, or use a key or another node";
                Settle(pending, () => pending.Fail(new SourceException(Name, pending.Call.Shown, reason)));
            }
            else
            {
                pending.Failures = made;
                _pipeline.Meter.AddRetry();
                again.Add(pending);
            }
        }

        if (again.Count > 0)
        {
            await Task.Delay(_pipeline.DelayBefore(made - 1), _pipeline.Time, _stopped).ConfigureAwait(false);
            await SendAndSettleAsync(again).ConfigureAwait(false);
        }
    }

    /// <summary>Asks in smaller requests what was too much for one.</summary>
    /// <param name="calls">What is left to ask.</param>
    /// <param name="isRefused">The node will not take as many; otherwise it did not manage this time.</param>
    /// <param name="made">How many attempts were made in vain; what is refused outright is none.</param>
    private async Task AskInPartsAsync(IReadOnlyList<PendingCall> calls, bool isRefused, int made)
    {
        if (calls.Count == 0)
        {
            return;
        }

        if (isRefused)
        {
            _batch.Refused(calls.Count);
        }
        else
        {
            _batch.Stumbled(calls.Count);
            foreach (PendingCall pending in calls)
            {
                pending.Failures = Math.Min(made, Settings.Retries);
            }
        }

        _pipeline.Meter.AddRetry();
        int size = Math.Clamp(_batch.Size, 1, Math.Max(1, calls.Count / 2));
        await Task.WhenAll(calls.Chunk(size).Select(SendAndSettleAsync)).ConfigureAwait(false);
    }

    private RpcAnswer Shown(RpcAnswer answer) => answer.Error is { } error
        ? RpcAnswer.Refused(error with { Message = _node.Redact(error.Message) })
        : answer;

    private void Settle(IEnumerable<PendingCall> calls, Action<PendingCall> settle)
    {
        foreach (PendingCall pending in calls)
        {
            Settle(pending, () => settle(pending));
        }
    }

    // Forgotten before it is settled: who asks again because the answer is wrong must not get the same one.
    private void Settle(PendingCall pending, Action settle)
    {
        lock (_lock)
        {
            Forget(pending);
        }

        settle();
    }
}
