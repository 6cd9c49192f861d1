using FlowTracer.Core.Ports;

namespace FlowTracer.Chains.Rpc;

/// <summary>
/// Several nodes of one chain, in order of preference. When one cannot answer, the next is asked; one that failed is
/// asked last for 30 seconds. What only one node refuses, for want of the method, the state or the time, the next is
/// asked too.
/// </summary>
public sealed class FailoverRpc : IRpc
{
    private static readonly TimeSpan PassedOver = TimeSpan.FromSeconds(30);
    private readonly IRpc[] _nodes;
    private readonly long[] _failedAt;
    private readonly TimeProvider _time;

    /// <summary>Nodes in order of preference, at least one.</summary>
    public FailoverRpc(IReadOnlyList<IRpc> nodes, TimeProvider time)
    {
        ArgumentOutOfRangeException.ThrowIfZero(nodes.Count, nameof(nodes));
        _nodes = [.. nodes];
        _failedAt = new long[_nodes.Length];
        Array.Fill(_failedAt, long.MinValue);
        _time = time;
    }

    /// <inheritdoc/>
    public string Name => string.Join(", ", _nodes.Select(node => node.Name));

    /// <inheritdoc/>
    public async Task<RpcAnswer> AskAsync(RpcCall call, CancellationToken cancellationToken)
    {
        List<SourceException> faults = [];
        List<RpcAnswer> refusals = [];
        foreach (int at in InOrder())
        {
            try
            {
                RpcAnswer answer = await _nodes[at].AskAsync(call, cancellationToken).ConfigureAwait(false);
                Interlocked.Exchange(ref _failedAt[at], long.MinValue);
                if (answer.Error is not { } error || !RpcErrors.IsOfThisNode(error))
                {
                    return answer;
                }

                refusals.Add(answer);
            }
            catch (SourceException fault)
            {
                Interlocked.Exchange(ref _failedAt[at], _time.GetTimestamp());
                faults.Add(fault);
            }
        }

        return refusals.Count > 0 ? MostTelling(refusals) : throw NoneAnswered(call, faults);
    }

    // A node that knows the method says more about the question than one that does not.
    private static RpcAnswer MostTelling(List<RpcAnswer> refusals)
    {
        int at = refusals.FindIndex(refusal => !RpcErrors.IsMethodMissing(refusal.Error!));
        return refusals[Math.Max(at, 0)];
    }

    private static SourceException NoneAnswered(RpcCall call, List<SourceException> faults) => faults.Count == 1
        ? faults[0]
        : new SourceException(
            string.Join(", ", faults.Select(fault => fault.Node)),
            call.Shown,
            "none answered: " + string.Join("; ", faults.Select(fault => $"{fault.Node} {fault.Reason}")),
            faults[0]);

    /// <summary>
    /// The nodes by preference; those that failed a short while ago last, for they are better than none.
    /// </summary>
    private int[] InOrder() => [.. Enumerable.Range(0, _nodes.Length).OrderBy(at => HasFailedLately(at) ? 1 : 0)];

    private bool HasFailedLately(int at)
    {
        long failedAt = Interlocked.Read(ref _failedAt[at]);
        return failedAt != long.MinValue && _time.GetElapsedTime(failedAt) < PassedOver;
    }
}
