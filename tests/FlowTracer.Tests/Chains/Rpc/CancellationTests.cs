using FlowTracer.Chains.Rpc;

namespace FlowTracer.Tests.Chains.Rpc;

/// <summary>Who gives up takes nothing from the others; who disposes ends everything.</summary>
public sealed class CancellationTests
{
    [Fact]
    public async Task Giving_up_one_call_leaves_those_that_travel_with_it()
    {
        TaskCompletionSource release = new();
        TaskCompletionSource arrived = new();
        await using TestNode test = new(new LoopbackServer(async request =>
        {
            arrived.TrySetResult();
            await release.Task;
            return EchoNode.Answer(request);
        }));
        using CancellationTokenSource cancel = new();

        Task<RpcAnswer> given = test.Node.AskAsync(TestNode.Call(0), cancel.Token);
        Task<RpcAnswer> same = test.AskAsync(0);
        Task<RpcAnswer> other = test.AskAsync(1);
        await arrived.Task;
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        release.SetResult();

        Assert.Null((await same).Error);
        Assert.Null((await other).Error);
    }

    [Fact]
    public async Task A_call_nobody_waits_for_is_not_sent()
    {
        TaskCompletionSource release = new();
        await using TestNode test = new(
            new LoopbackServer(async request =>
            {
                await release.Task;
                return EchoNode.Answer(request);
            }),
            TestNode.Quick with { Concurrency = 1, StartConcurrency = 1, BatchSize = 1 });
        using CancellationTokenSource cancel = new();

        Task<RpcAnswer> first = test.AskAsync(0);
        while (test.Server.Requests.IsEmpty)
        {
            await Task.Yield();
        }

        Task<RpcAnswer> given = test.Node.AskAsync(TestNode.Call(1), cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        release.SetResult();
        await first;
        await test.AskAsync(2);

        Assert.DoesNotContain(test.Server.Requests, request => request.Body.Contains("[\"1\"]", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Disposing_cancels_what_is_sent_queued_and_waiting_to_be_repeated()
    {
        await using TestNode test = new(
            request => request.Body.Contains("hang", StringComparison.Ordinal)
                ? new Reply("") { Hangs = true }
                : new Reply("") { Status = 500 },
            TestNode.Quick with { Concurrency = 2, StartConcurrency = 2, BatchSize = 2, FirstDelayMs = 20_000, LongestDelayMs = 20_000 });
        Task[] calls = [.. Enumerable.Range(0, 40).Select(number => (Task)test.Node.AskAsync(
            new RpcCall(number % 2 == 0 ? "hang" : "fail", RpcParams.Of(number)), CancellationToken.None))];
        while (test.Server.Requests.IsEmpty)
        {
            await Task.Yield();
        }

        await test.Node.DisposeAsync();

        foreach (Task call in calls)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        }

        await Assert.ThrowsAsync<ObjectDisposedException>(() => test.AskAsync(1));
    }

    [Fact]
    public async Task A_token_that_is_cancelled_already_asks_nothing()
    {
        await using TestNode test = new(EchoNode.Answer);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => test.Node.AskAsync(TestNode.Call(1), new CancellationToken(canceled: true)));

        Assert.Empty(test.Server.Requests);
    }
}
