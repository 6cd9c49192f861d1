using FlowTracer.Chains.Rpc;

namespace FlowTracer.Tests.Chains.Rpc;

/// <summary>How many requests a node is given at a time.</summary>
public sealed class AdaptiveLimitTests
{
    [Fact]
    public async Task It_grows_by_one_for_as_many_successes_as_it_allows_up_to_the_most()
    {
        AdaptiveLimit limit = new(2, 4);
        List<int> seen = [];
        for (int request = 0; request < 12; request++)
        {
            limit.Leave(await limit.EnterAsync(default), Load.Fine);
            seen.Add(limit.Current);
        }

        // By hand: 2 successes at 2, then 3 at 3, then it stays at 4.
        Assert.Equal([2, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4], seen);
    }

    [Fact]
    public async Task It_halves_down_to_one_and_once_for_what_was_sent_before()
    {
        AdaptiveLimit limit = new(8, 32);
        List<long> burst = [];
        for (int request = 0; request < 8; request++)
        {
            burst.Add(await limit.EnterAsync(default));
        }

        burst.ForEach(turn => limit.Leave(turn, Load.TooMuch));
        Assert.Equal(4, limit.Current);

        foreach (int expected in (int[])[2, 1, 1])
        {
            limit.Leave(await limit.EnterAsync(default), Load.TooMuch);
            Assert.Equal(expected, limit.Current);
        }
    }

    [Fact]
    public async Task No_more_enter_than_it_allows_and_those_who_wait_enter_in_order()
    {
        AdaptiveLimit limit = new(1, 1);
        long turn = await limit.EnterAsync(default);
        using CancellationTokenSource cancel = new();
        Task<long> first = limit.EnterAsync(default).AsTask();
        Task<long> second = limit.EnterAsync(cancel.Token).AsTask();
        Task<long> third = limit.EnterAsync(default).AsTask();

        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        Assert.False(first.IsCompleted);
        limit.Leave(turn, Load.Unknown);
        limit.Leave(await first, Load.Unknown);
        limit.Leave(await third, Load.Unknown);

        Task<long> next = limit.EnterAsync(default).AsTask();
        Assert.True(next.IsCompletedSuccessfully);
    }

    [Fact]
    public void A_batch_size_that_was_refused_is_never_tried_again_one_that_failed_once_is()
    {
        BatchLimit limit = new(100);
        limit.Refused(100);
        Assert.Equal(50, limit.Size);
        limit.Refused(100);
        Assert.Equal(50, limit.Size);
        limit.Stumbled(50);
        Assert.Equal(12, limit.Size);
        for (int success = 0; success < 1000; success++)
        {
            limit.Succeeded(limit.Size);
        }

        Assert.Equal(50, limit.Size);
    }
}
