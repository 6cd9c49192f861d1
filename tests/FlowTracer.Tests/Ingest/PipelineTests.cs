using System.Collections.Concurrent;
using FlowTracer.App.Ingest;

namespace FlowTracer.Tests.Ingest;

/// <summary>Stages keep order, work ahead no further than allowed, and end together.</summary>
public sealed class PipelineTests
{
    private static StageMeter Meter() => new("stage", TimeProvider.System);

    [Fact]
    public async Task Results_come_in_the_order_of_the_input_whichever_is_ready_first()
    {
        // Each piece is held until the one after it has begun, so that later ones are always ready first.
        TaskCompletionSource[] begun = [.. Enumerable.Range(0, 21).Select(static _ => new TaskCompletionSource())];
        begun[20].SetResult();
        List<int> results = await Enumerable.Range(0, 20).ToAsyncEnumerable().WorkAsync(
            3,
            async (number, _) =>
            {
                begun[number].TrySetResult();
                await (number % 3 == 2 ? Task.CompletedTask : begun[number + 1].Task);
                return number * number;
            },
            Meter(), CancellationToken.None).ToListAsync();

        Assert.Equal(Enumerable.Range(0, 20).Select(static number => number * number), results);
    }

    [Fact]
    public async Task No_more_is_begun_than_may_be_under_way_or_waiting()
    {
        int begun = 0;
        await using IAsyncEnumerator<int> results = Enumerable.Range(0, 1_000).ToAsyncEnumerable().WorkAsync(
            4,
            (number, _) =>
            {
                Interlocked.Increment(ref begun);
                return Task.FromResult(number);
            },
            Meter(), CancellationToken.None).GetAsyncEnumerator();

        for (int taken = 1; taken <= 50; taken++)
        {
            Assert.True(await results.MoveNextAsync());
            Assert.InRange(Volatile.Read(ref begun), taken, taken + 4);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_fault_of_any_stage_ends_all_others_and_is_told(int stage)
    {
        ConcurrentBag<int> ended = [];
        IAsyncEnumerable<int> Staged(IAsyncEnumerable<int> input, int at) => input.WorkAsync(
            2,
            async (number, token) =>
            {
                if (at == stage && number == 30)
                {
                    throw new InvalidOperationException($"stage {at}");
                }

                // What is behind the fault waits for its end.
                if (number > 30)
                {
                    try
                    {
                        await Task.Delay(Timeout.Infinite, token);
                    }
                    finally
                    {
                        ended.Add(at);
                    }
                }

                return number;
            },
            Meter(), CancellationToken.None);
        List<int> written = [];
        InvalidOperationException told = await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            IAsyncEnumerable<int> numbers = Enumerable.Range(0, 100_000).ToAsyncEnumerable();
            await foreach (int number in Staged(Staged(Staged(numbers, 0), 1), 2))
            {
                if (stage == 3 && number == 30)
                {
                    throw new InvalidOperationException("stage 3");
                }

                written.Add(number);
            }
        });

        Assert.Equal($"stage {stage}", told.Message);
        Assert.Equal(Enumerable.Range(0, 30), written);
        // Two at most may be under way in each stage; all that began to wait have ended.
        Assert.InRange(ended.Count, 0, 6);
    }

    [Fact]
    public async Task A_cancelled_pipeline_ends_with_what_was_taken()
    {
        using CancellationTokenSource cancel = new();
        List<int> taken = [];
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            IAsyncEnumerable<int> endless = Enumerable.Range(0, int.MaxValue).ToAsyncEnumerable();
            await foreach (int number in endless.WorkAsync(2, static (number, _) => Task.FromResult(number), Meter(), cancel.Token))
            {
                taken.Add(number);
                if (number == 10)
                {
                    await cancel.CancelAsync();
                }
            }
        });

        Assert.Equal(Enumerable.Range(0, taken.Count), taken);
        Assert.InRange(taken.Count, 11, 14);
    }

    [Fact]
    public async Task A_fault_of_the_input_comes_behind_what_came_before_it()
    {
        static async IAsyncEnumerable<int> TwoAndAFault()
        {
            yield return 1;
            yield return 2;
            await Task.Yield();
            throw new InvalidOperationException("the input");
        }

        List<IReadOnlyList<int>> gathered = [];
        InvalidOperationException told = await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            await foreach (IReadOnlyList<int> some in TwoAndAFault().GatherAsync(8, static _ => 1, 100, Meter(), CancellationToken.None))
            {
                gathered.Add(some);
            }
        });

        Assert.Equal("the input", told.Message);
        Assert.Equal([1, 2], gathered.SelectMany(static some => some));
    }

    [Fact]
    public async Task Gathered_lists_end_with_the_piece_that_fills_them()
    {
        List<IReadOnlyList<int>> gathered = await Enumerable.Range(1, 40).ToAsyncEnumerable()
            .GatherAsync(64, static number => number, 100, Meter(), CancellationToken.None).ToListAsync();

        Assert.Equal(Enumerable.Range(1, 40), gathered.SelectMany(static some => some));
        Assert.All(gathered, static some => Assert.True(some.SkipLast(1).Sum() < 100));
        // 1 + … + 40 = 820, and no list holds more than 99 and one piece of 40: at least six lists.
        Assert.True(gathered.Count >= 6);
    }

    // Each look at the clock moves it on by one tick of 100 ns, and a piece of work looks at its begin and at its end.
    [Fact]
    public async Task A_stage_counts_its_pieces_and_its_time()
    {
        StageMeter meter = new("stage", new TickingTime());
        await Enumerable.Range(0, 7).ToAsyncEnumerable()
            .WorkAsync(2, static (number, _) => Task.FromResult(number), meter, CancellationToken.None).ToListAsync();

        Assert.Equal(7, meter.Cost.Items);
        Assert.True(meter.Cost.Working.Ticks >= 7);
        Assert.True(meter.Cost.Waiting.Ticks >= 7);
    }

    private sealed class TickingTime : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Interlocked.Increment(ref _now);
    }
}
