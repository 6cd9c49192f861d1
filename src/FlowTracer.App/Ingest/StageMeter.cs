namespace FlowTracer.App.Ingest;

/// <summary>What a stage of the pipeline has cost.</summary>
/// <param name="Name">What it does.</param>
/// <param name="Items">How many pieces of work went through: blocks, or loads of them.</param>
/// <param name="Working">Time spent at work, of all workers together.</param>
/// <param name="Waiting">Time it stood still, for the stage before it or for room behind it.</param>
public sealed record StageCost(string Name, long Items, TimeSpan Working, TimeSpan Waiting);

/// <summary>Measures a stage. For many threads.</summary>
internal sealed class StageMeter(string name, TimeProvider time)
{
    private long _items;
    private long _workingTicks;
    private long _waitingTicks;

    /// <summary>The cost so far.</summary>
    public StageCost Cost => new(
        name, Interlocked.Read(ref _items), TimeSpan.FromTicks(Interlocked.Read(ref _workingTicks)),
        TimeSpan.FromTicks(Interlocked.Read(ref _waitingTicks)));

    /// <summary>Does a piece of work, and counts it once it is done.</summary>
    public async Task<T> WorkAsync<T>(Func<Task<T>> work)
    {
        long start = time.GetTimestamp();
        T done = await work().ConfigureAwait(false);
        Interlocked.Add(ref _workingTicks, time.GetElapsedTime(start).Ticks);
        Interlocked.Increment(ref _items);
        return done;
    }

    /// <summary>Waits.</summary>
    public async ValueTask<T> WaitAsync<T>(ValueTask<T> awaited)
    {
        long start = time.GetTimestamp();
        T got = await awaited.ConfigureAwait(false);
        Interlocked.Add(ref _waitingTicks, time.GetElapsedTime(start).Ticks);
        return got;
    }
}
