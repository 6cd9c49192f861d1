namespace FlowTracer.Chains.Rpc;

/// <summary>What asking has cost so far.</summary>
/// <param name="HttpRequests">Requests sent, repetitions included.</param>
/// <param name="Calls">Calls sent, each time it was sent; a request may hold many.</param>
/// <param name="Retries">Requests or calls that were repeated.</param>
/// <param name="KeptAnswers">Answers taken from the cache.</param>
/// <param name="BytesReceived">Bytes of answers, after decompression.</param>
public readonly record struct RpcCounts(
    long HttpRequests, long Calls, long Retries, long KeptAnswers, long BytesReceived);

/// <summary>Counts what asking costs. For many threads.</summary>
public sealed class RpcMeter
{
    private long _httpRequests;
    private long _calls;
    private long _retries;
    private long _keptAnswers;
    private long _bytesReceived;

    /// <summary>The counts at this moment; while requests are under way they may be apart by a few.</summary>
    public RpcCounts Snapshot() => new(
        Interlocked.Read(ref _httpRequests), Interlocked.Read(ref _calls), Interlocked.Read(ref _retries),
        Interlocked.Read(ref _keptAnswers), Interlocked.Read(ref _bytesReceived));

    internal void AddHttpRequest() => Interlocked.Increment(ref _httpRequests);

    internal void AddCalls(int count) => Interlocked.Add(ref _calls, count);

    internal void AddRetry() => Interlocked.Increment(ref _retries);

    internal void AddKeptAnswer() => Interlocked.Increment(ref _keptAnswers);

    internal void AddBytes(long bytes) => Interlocked.Add(ref _bytesReceived, bytes);
}
