using FlowTracer.Core.Tracing;

namespace FlowTracer.Views;

/// <summary>One line on standard error that says how far a trace is; nothing when that is not a terminal.</summary>
internal sealed class ProgressLine : IProgress<TraceProgress>, IDisposable
{
    private readonly bool _shown = !Console.IsErrorRedirected;
    private bool _dirty;

    public void Report(TraceProgress value)
    {
        if (_shown)
        {
            Console.Error.Write(
                $"\r\u001b[Kround {value.Round}: {value.Addresses:N0} addresses reached, {value.Histories:N0} histories read, {value.Fetching:N0} asked for");
            _dirty = true;
        }
    }

    public void Dispose()
    {
        if (_dirty)
        {
            Console.Error.Write("\r\u001b[K");
        }
    }
}
