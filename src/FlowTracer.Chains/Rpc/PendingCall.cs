namespace FlowTracer.Chains.Rpc;

/// <summary>A call on its way, for everybody who asked for it.</summary>
internal sealed class PendingCall(RpcCall call)
{
    private readonly TaskCompletionSource<RpcAnswer> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public RpcCall Call { get; } = call;

    /// <summary>Who waits for it; under the node's lock. With none left it need not be sent.</summary>
    public int Waiters { get; set; }

    /// <summary>How often it was sent in vain; only the sender touches it.</summary>
    public int Failures { get; set; }

    public Task<RpcAnswer> Answer => _answer.Task;

    public bool Set(RpcAnswer answer) => _answer.TrySetResult(answer);

    public bool Fail(Exception fault)
    {
        bool isFirst = _answer.TrySetException(fault);
        // Nobody may be waiting any more, and a fault nobody looks at is no program error.
        _ = _answer.Task.Exception;
        return isFirst;
    }

    public bool Cancel(CancellationToken cancellationToken) => _answer.TrySetCanceled(cancellationToken);
}
