using FlowTracer.Chains.Bitcoin.Live;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Chains.Bitcoin.Live;

/// <summary>What servers' answers are kept for, and for how long.</summary>
public sealed class MemoTests
{
    private int _fetched;

    [Fact]
    public async Task Each_question_is_answered_from_one_answer_once()
    {
        OnceMemo<int, string, string> memo = new(mostWeight: 100);

        Assert.Equal("7/1", await AskAsync(memo, 7, "a"));
        Assert.Equal("7/1", await AskAsync(memo, 7, "b"));
        Assert.Equal("7/2", await AskAsync(memo, 7, "a"));
        Assert.Equal("7/2", await AskAsync(memo, 7, "b"));
    }

    [Fact]
    public async Task What_came_with_another_answer_is_not_fetched()
    {
        OnceMemo<int, string, string> memo = new(mostWeight: 100);
        memo.Keep(7, "kept", weight: 10);

        Assert.Equal("kept", await AskAsync(memo, 7, "a"));
        Assert.Equal("kept", await AskAsync(memo, 7, "b"));
        Assert.Equal("7/1", await AskAsync(memo, 7, "b"));
    }

    [Fact]
    public async Task What_is_kept_first_goes_first_when_it_becomes_too_much()
    {
        OnceMemo<int, string, string> memo = new(mostWeight: 25);
        memo.Keep(1, "one", weight: 10);
        memo.Keep(2, "two", weight: 10);
        memo.Keep(2, "two again", weight: 10);
        memo.Keep(3, "three", weight: 10);

        Assert.Equal("two again", await AskAsync(memo, 2, "a"));
        Assert.Equal("three", await AskAsync(memo, 3, "a"));
        Assert.Equal("1/1", await AskAsync(memo, 1, "a"));
    }

    [Fact]
    public async Task Who_asks_meanwhile_waits_for_the_same_answer_and_goes_on_when_the_first_gives_up()
    {
        OnceMemo<int, string, string> memo = new(mostWeight: 100);
        using CancellationTokenSource giveUp = new();
        Task<string?> first = memo.GetAsync(
            1, "a", async token =>
            {
                await Task.Delay(Timeout.Infinite, token);
                return "never";
            },
            static _ => 1, giveUp.Token);
        Task<string?> second = AskAsync(memo, 1, "b");
        Assert.False(second.IsCompleted);

        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.Equal("1/1", await second);
    }

    [Fact]
    public async Task Neither_a_fault_nor_nothing_is_kept()
    {
        OnceMemo<int, string, string> memo = new(mostWeight: 100);

        await Assert.ThrowsAsync<IOException>(() => memo.GetAsync(1, "a", static _ => throw new IOException(), static _ => 1, default));
        Assert.Null(await memo.GetAsync(1, "a", static _ => Task.FromResult<string?>(null), static _ => 1, default));
        Assert.Equal("1/1", await AskAsync(memo, 1, "a"));
    }

    [Fact]
    public void Transactions_bytes_are_kept_up_to_so_many()
    {
        RawTransactions known = new(mostBytes: 100);
        TxHash[] ids = [.. Enumerable.Range(1, 3).Select(number => TxHash.FromBytes([.. Enumerable.Repeat((byte)number, 32)]))];
        byte[] raw = new byte[40];

        known.Keep(ids[0], raw);
        known.Keep(ids[0], new byte[90]);
        known.Keep(ids[1], raw);
        Assert.Same(raw, known.Find(ids[0]));
        known.Keep(ids[2], raw);

        Assert.Null(known.Find(ids[0]));
        Assert.NotNull(known.Find(ids[1]));
        Assert.NotNull(known.Find(ids[2]));
    }

    private Task<string?> AskAsync(OnceMemo<int, string, string> memo, int key, string question) => memo.GetAsync(
        key, question, _ => Task.FromResult<string?>($"{key}/{++_fetched}"), static _ => 10, CancellationToken.None);
}
