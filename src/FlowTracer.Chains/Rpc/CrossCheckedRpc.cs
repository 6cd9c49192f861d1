using FlowTracer.Core.Ports;

namespace FlowTracer.Chains.Rpc;

/// <summary>Two nodes that answered the same question differently.</summary>
/// <param name="Call">The question.</param>
/// <param name="Path">Where the answers first differ, e.g. <c>$.transactions[3].value</c>.</param>
/// <param name="FirstNode">The node whose answer was used.</param>
/// <param name="FirstValue">Its value there, shortened.</param>
/// <param name="SecondNode">The other node.</param>
/// <param name="SecondValue">Its value there, shortened.</param>
public sealed record Disagreement(
    RpcCall Call, string Path, string FirstNode, string FirstValue, string SecondNode, string SecondValue);

/// <summary>
/// Asks two independent nodes and compares, so that an answer does not rest on one party's word. The first one's answer
/// is used. What is not kept (the newest block's number) may differ rightly and is asked of the first alone.
/// </summary>
public sealed class CrossCheckedRpc(IRpc first, IRpc second) : IRpc
{
    /// <summary>How many disagreements are listed; all are counted.</summary>
    public const int MostListed = 100;

    private readonly Lock _lock = new();
    private readonly List<Disagreement> _disagreements = [];
    private long _checked;
    private long _unchecked;
    private long _disagreementCount;

    /// <inheritdoc/>
    public string Name => first.Name;

    /// <summary>How many answers both nodes gave; those that differ are among them.</summary>
    public long Checked => Interlocked.Read(ref _checked);

    /// <summary>How many answers only one node gave: the other failed or refused.</summary>
    public long Unchecked => Interlocked.Read(ref _unchecked);

    /// <summary>How many of the checked answers differ.</summary>
    public long DisagreementCount => Interlocked.Read(ref _disagreementCount);

    /// <summary>The first <see cref="MostListed"/> differences, as they came.</summary>
    public IReadOnlyList<Disagreement> Disagreements
    {
        get
        {
            lock (_lock)
            {
                return [.. _disagreements];
            }
        }
    }

    /// <inheritdoc/>
    public async Task<RpcAnswer> AskAsync(RpcCall call, CancellationToken cancellationToken)
    {
        if (!call.IsKept)
        {
            return await first.AskAsync(call, cancellationToken).ConfigureAwait(false);
        }

        Task<RpcAnswer?> other = AskSecondAsync(call, cancellationToken);
        RpcAnswer used;
        try
        {
            used = await first.AskAsync(call, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await ((Task)other).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        Compare(call, used, await other.ConfigureAwait(false));
        return used;
    }

    // The second node only checks: that it fails leaves the answer unchecked, not unanswered.
    private async Task<RpcAnswer?> AskSecondAsync(RpcCall call, CancellationToken cancellationToken)
    {
        try
        {
            return await second.AskAsync(call, cancellationToken).ConfigureAwait(false);
        }
        catch (SourceException)
        {
            return null;
        }
    }

    private void Compare(RpcCall call, RpcAnswer used, RpcAnswer? other)
    {
        if (other is not { } answer || (used.Error is null) != (answer.Error is null))
        {
            Interlocked.Increment(ref _unchecked);
            return;
        }

        Interlocked.Increment(ref _checked);
        if (used.Error is null && JsonDifference.Find(used.Result, answer.Result) is { } difference)
        {
            Interlocked.Increment(ref _disagreementCount);
            lock (_lock)
            {
                if (_disagreements.Count < MostListed)
                {
                    _disagreements.Add(new Disagreement(
                        call, difference.Path, first.Name, difference.First, second.Name, difference.Second));
                }
            }
        }
    }
}
