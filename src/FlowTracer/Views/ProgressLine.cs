using FlowTracer.App.Traces;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.Core.Tracing;

namespace FlowTracer.Views;

/// <summary>
/// One line on standard error that says how far a trace is, renewed while sources are asked; nothing when that is not a
/// terminal.
/// </summary>
internal sealed class ProgressLine : IProgress<TraceProgress>, IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(250);

    private readonly RpcMeter? _meter;
    private readonly Lock _writing = new();
    private readonly Timer? _timer;
    private TraceProgress? _last;
    private bool _done;

    /// <summary>A line about a trace, and what asking costs where there is a meter.</summary>
    public ProgressLine(RpcMeter? meter)
    {
        _meter = meter;
        if (!Console.IsErrorRedirected)
        {
            _timer = new Timer(_ => Write(), null, meter is null ? Timeout.InfiniteTimeSpan : Period, Period);
        }
    }

    public void Report(TraceProgress value)
    {
        _last = value;
        Write();
    }

    public void Dispose()
    {
        _timer?.Dispose();
        lock (_writing)
        {
            _done = true;
            if (_timer is not null)
            {
                Console.Error.Write("\r\u001b[K");
            }
        }
    }

    /// <summary>The line's text.</summary>
    internal static string Text(TraceProgress? progress, RpcCounts? counts)
    {
        List<string> parts = [];
        if (progress is not null)
        {
            parts.Add($"round {progress.Round}: {progress.Addresses:N0} {(progress.Addresses == 1 ? "address" : "addresses")}, {progress.Histories:N0} {(progress.Histories == 1 ? "history" : "histories")} read, {progress.Fetching:N0} asked for");
            parts.AddRange(progress.Placed.Select((placed, seed) => (placed, claimed: progress.Claimed[seed]))
                .Where(static seed => !seed.claimed.IsZero)
                .Take(3)
                .Select(static seed => $"{Share.Percent(Amount.Min(seed.placed, seed.claimed), seed.claimed)} placed"));
        }

        if (counts is RpcCounts asked)
        {
            parts.Add($"{asked.HttpRequests:N0} requests, {asked.KeptAnswers:N0} kept");
        }

        return string.Join(", ", parts);
    }

    private void Write()
    {
        lock (_writing)
        {
            if (_timer is not null && !_done)
            {
                Console.Error.Write($"\r\u001b[K{Text(_last, _meter?.Snapshot())}");
            }
        }
    }
}
