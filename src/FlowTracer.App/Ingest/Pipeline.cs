using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace FlowTracer.App.Ingest;

/// <summary>
/// Stages joined by bounded channels. Each is a stream over the one before it: it works ahead by as much as it is allowed and no
/// more, gives its results in the order of its input, ends with the first fault of its own or before it, and, when whoever reads
/// it stops, ends all work under way before it and in it.
/// </summary>
internal static class Pipeline
{
    /// <summary>Works on several pieces at once.</summary>
    /// <param name="input">What to work on.</param>
    /// <param name="atOnce">How many pieces may be under way or done and not yet taken; at least 1.</param>
    /// <param name="work">The work.</param>
    /// <param name="meter">Measures it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async IAsyncEnumerable<TOut> WorkAsync<TIn, TOut>(
        this IAsyncEnumerable<TIn> input, int atOnce, Func<TIn, CancellationToken, Task<TOut>> work, StageMeter meter,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using SemaphoreSlim room = new(atOnce, atOnce);
        Channel<Task<TOut>> started = Channel.CreateBounded<Task<TOut>>(atOnce);
        Task feeding = FeedAsync(
            input, started.Writer, meter,
            async item =>
            {
                await room.WaitAsync(end.Token).ConfigureAwait(false);
                return Task.Run(() => meter.WorkAsync(() => work(item, end.Token)), end.Token);
            },
            end.Token);
        try
        {
            await foreach (Task<TOut> one in started.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                TOut done = await one.ConfigureAwait(false);
                room.Release();
                yield return done;
            }
        }
        finally
        {
            await end.CancelAsync().ConfigureAwait(false);
            await EndedAsync(feeding).ConfigureAwait(false);
            while (started.Reader.TryRead(out Task<TOut>? left))
            {
                await EndedAsync(left).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Puts together whatever is there: one piece when the reader is faster, more when it is not.</summary>
    /// <param name="input">The pieces.</param>
    /// <param name="most">How many pieces wait at most.</param>
    /// <param name="size">How large a piece is.</param>
    /// <param name="largest">A list that is as large as this is given out, whatever more is there.</param>
    /// <param name="meter">Measures how long there was nothing to put together, or no room.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async IAsyncEnumerable<IReadOnlyList<T>> GatherAsync<T>(
        this IAsyncEnumerable<T> input, int most, Func<T, long> size, long largest, StageMeter meter,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Channel<T> waiting = Channel.CreateBounded<T>(most);
        Task feeding = FeedAsync(input, waiting.Writer, meter, static item => new ValueTask<T>(item), end.Token);
        try
        {
            while (await waiting.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
            {
                List<T> gathered = [];
                for (long sum = 0; sum < largest && waiting.Reader.TryRead(out T? one); sum += size(one))
                {
                    gathered.Add(one);
                }

                yield return gathered;
            }
        }
        finally
        {
            await end.CancelAsync().ConfigureAwait(false);
            await EndedAsync(feeding).ConfigureAwait(false);
        }
    }

    // A fault of the input goes on to whoever reads, behind what came before it.
    private static async Task FeedAsync<TIn, TOut>(
        IAsyncEnumerable<TIn> input, ChannelWriter<TOut> output, StageMeter meter, Func<TIn, ValueTask<TOut>> begin, CancellationToken cancellationToken)
    {
        try
        {
            await using IAsyncEnumerator<TIn> items = input.GetAsyncEnumerator(cancellationToken);
            while (await meter.WaitAsync(items.MoveNextAsync()).ConfigureAwait(false))
            {
                TOut begun = await meter.WaitAsync(begin(items.Current)).ConfigureAwait(false);
                await output.WriteAsync(begun, cancellationToken).ConfigureAwait(false);
            }

            output.Complete();
        }
        catch (Exception fault)
        {
            output.Complete(fault);
        }
    }

    // Whatever it ended with has been told, or nobody asks any more.
    private static Task EndedAsync(Task task) => task.ContinueWith(
        static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
}
