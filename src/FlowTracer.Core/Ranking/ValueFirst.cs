using FlowTracer.Core.Ports;
using FlowTracer.Core.Tracing;

namespace FlowTracer.Core.Ranking;

/// <summary>
/// Ours: a trace under a budget (<see cref="Budget"/>), which asks where the most stolen value is still unplaced. Its graph
/// is the trace's hops: what carried stolen value, and nothing else.
/// </summary>
internal sealed class ValueFirst : IExpansionStrategy
{
    public string Name => "value";

    public string Summary => "a trace: most stolen value not yet placed first";

    public async Task<Expansion> ExpandAsync(
        IHistorySource source, ITagSource tags, TraceQuestion question, int requests, CancellationToken cancellationToken)
    {
        Count asked = new();
        Tracer tracer = new(source, tags, FetchOptions.Default) { Budget = new Budget(requests, null) };
        Sweep sweep = await tracer.SweepAsync(question, asked, cancellationToken).ConfigureAwait(false);
        return new Expansion([.. sweep.ToTrace().Hops.Select(static hop => hop.Movement).Distinct()], asked.Requests);
    }

    private sealed class Count : IProgress<TraceProgress>
    {
        public int Requests { get; private set; }

        public void Report(TraceProgress value) => Requests += value.Fetching;
    }
}
