using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Ports;

namespace FlowTracer.Tests.Chains.Rpc;

/// <summary>Several nodes: one in place of another, one against another.</summary>
public sealed class SeveralNodesTests
{
    private static readonly RpcCall Call = new("eth_getBalance", "[\"0x00\",\"0x1\"]");

    [Fact]
    public async Task The_next_node_is_asked_when_one_fails_and_the_failed_one_passed_over_for_thirty_seconds()
    {
        HandClock clock = new();
        bool isDown = true;
        FakeRpc first = new("http://a", call =>
            isDown ? throw new SourceException("http://a", call.Method, "is down") : FakeRpc.Result("\"a\""));
        FakeRpc second = FakeRpc.Saying("http://b", "\"b\"");
        FailoverRpc both = new([first, second], clock);

        Assert.Equal("b", await TextAsync(both));
        isDown = false;
        clock.Pass(TimeSpan.FromSeconds(29));
        Assert.Equal("b", await TextAsync(both));
        Assert.Equal(1, first.Asked);
        clock.Pass(TimeSpan.FromSeconds(2));
        Assert.Equal("a", await TextAsync(both));
        Assert.Equal("http://a, http://b", both.Name);
    }

    [Fact]
    public async Task A_node_that_failed_is_still_asked_when_no_other_answers()
    {
        int asked = 0;
        FakeRpc first = new("http://a", call => Interlocked.Increment(ref asked) == 1
            ? throw new SourceException("http://a", call.Method, "is down") : FakeRpc.Result("\"a\""));
        FailoverRpc both = new([first, FakeRpc.Failing("http://b", "is down too")], new HandClock());

        await Assert.ThrowsAsync<SourceException>(() => both.AskAsync(Call, default));

        Assert.Equal("a", await TextAsync(both));
    }

    [Fact]
    public async Task When_none_answers_each_is_named()
    {
        FailoverRpc both = new(
            [FakeRpc.Failing("http://a", "answered 429"), FakeRpc.Failing("http://b", "refused the connection")], new HandClock());

        SourceException fault = await Assert.ThrowsAsync<SourceException>(() => both.AskAsync(Call, default));

        Assert.Equal(
            "http://a, http://b: eth_getBalance[\"0x00\",\"0x1\"]: none answered:"
            + " http://a answered 429; http://b refused the connection", fault.Message);
    }

    [Theory]
    [InlineData(-32601, "the method trace_filter does not exist")]
    [InlineData(-32000, "missing trie node 00 (path )")]
    [InlineData(-32000, "header not found")]
    public async Task What_one_node_has_not_another_is_asked_for(int code, string message)
    {
        FailoverRpc both = new([FakeRpc.Refusing("http://a", code, message), FakeRpc.Saying("http://b", "\"b\"")], new HandClock());

        Assert.Equal("b", await TextAsync(both));
    }

    [Fact]
    public async Task A_refusal_of_the_question_itself_is_the_answer()
    {
        FakeRpc second = FakeRpc.Saying("http://b", "1");
        FailoverRpc both = new([FakeRpc.Refusing("http://a", -32602, "invalid argument 0"), second], new HandClock());

        Assert.Equal(-32602, (await both.AskAsync(Call, default)).Error?.Code);
        Assert.Equal(0, second.Asked);
    }

    [Fact]
    public async Task When_all_refuse_the_refusal_that_says_most_is_the_answer()
    {
        FailoverRpc all = new(
            [
                FakeRpc.Refusing("http://a", -32601, "no such method"),
                FakeRpc.Refusing("http://b", -32000, "execution timeout"),
                FakeRpc.Failing("http://c", "is down"),
            ],
            new HandClock());

        Assert.Equal("execution timeout", (await all.AskAsync(Call, default)).Error?.Message);
    }

    [Theory]
    [InlineData("""{"a":"0xAB","b":[1,2]}""", """{"b":[1,2],"a":"0xab"}""")]
    [InlineData("""{"a":1,"l1Fee":"0x0"}""", """{"a":1,"type":"0x2"}""")]
    [InlineData("null", "null")]
    [InlineData("""{"r":"0x0abc","s":"0x00","v":"0x0"}""", """{"r":"0xabc","s":"0x0","v":"0x0"}""")]
    [InlineData("\"0x\"", "\"0x\"")]
    public async Task Answers_of_one_meaning_agree(string first, string second)
    {
        CrossCheckedRpc both = new(FakeRpc.Saying("http://a", first), FakeRpc.Saying("http://b", second));

        await both.AskAsync(Call, default);

        Assert.Equal((1, 0, 0), (both.Checked, both.Unchecked, both.DisagreementCount));
    }

    [Theory]
    [InlineData("\"0x1\"", "\"0x2\"", "$", "\"0x1\"", "\"0x2\"")]
    [InlineData("\"0x00\"", "\"0x0\"", "$", "\"0x00\"", "\"0x0\"")]
    [InlineData("\"Geth\"", "\"geth\"", "$", "\"Geth\"", "\"geth\"")]
    [InlineData("null", "\"0x0\"", "$", "null", "\"0x0\"")]
    [InlineData("""{"to":null}""", """{"to":"0x00"}""", "$.to", "null", "\"0x00\"")]
    [InlineData("""{"x":[{"v":1},{"v":2}]}""", """{"x":[{"v":1},{"v":3}]}""", "$.x[1].v", "2", "3")]
    [InlineData("[1,2]", "[1]", "$", "2 entries", "1 entries")]
    [InlineData("true", "false", "$", "true", "false")]
    [InlineData("{}", "[]", "$", "{}", "[]")]
    public async Task Answers_that_differ_are_listed_and_the_first_is_used(
        string first, string second, string path, string firstValue, string secondValue)
    {
        CrossCheckedRpc both = new(FakeRpc.Saying("http://a", first), FakeRpc.Saying("http://b", second));

        RpcAnswer used = await both.AskAsync(Call, default);

        Assert.Equal(first, used.Result.GetRawText());
        Assert.Equal(
            new Disagreement(Call, path, "http://a", firstValue, "http://b", secondValue), Assert.Single(both.Disagreements));
        Assert.Equal((1, 1), (both.Checked, both.DisagreementCount));
    }

    [Fact]
    public async Task Disagreements_are_all_counted_and_a_hundred_listed_with_short_values()
    {
        string lengthy = $"\"{new string('x', 1000)}\"";
        CrossCheckedRpc both = new(FakeRpc.Saying("http://a", lengthy), FakeRpc.Saying("http://b", "1"));

        await Task.WhenAll(Enumerable.Range(0, 150).Select(_ => both.AskAsync(Call, default)));

        Assert.Equal((150, 100), (both.DisagreementCount, both.Disagreements.Count));
        Assert.All(both.Disagreements, entry => Assert.Equal(81, entry.FirstValue.Length));
    }

    [Fact]
    public async Task What_only_one_answers_is_unchecked_and_two_refusals_agree()
    {
        FakeRpc says = FakeRpc.Saying("http://a", "1");
        FakeRpc refuses = FakeRpc.Refusing("http://b", -32601, "no such method");
        FakeRpc fails = FakeRpc.Failing("http://c", "is down");

        Assert.Equal((0, 1), await CountAsync(says, refuses));
        Assert.Equal((0, 1), await CountAsync(refuses, says));
        Assert.Equal((0, 1), await CountAsync(says, fails));
        Assert.Equal((1, 0), await CountAsync(refuses, FakeRpc.Refusing("http://d", -32000, "unknown")));
        await Assert.ThrowsAsync<SourceException>(() => new CrossCheckedRpc(fails, says).AskAsync(Call, default));
    }

    [Fact]
    public async Task What_changes_by_itself_is_asked_of_the_first_alone()
    {
        FakeRpc second = FakeRpc.Saying("http://b", "2");
        CrossCheckedRpc both = new(FakeRpc.Saying("http://a", "1"), second);

        await both.AskAsync(Call with { IsKept = false }, default);

        Assert.Equal((0, 0), (second.Asked, both.DisagreementCount));
    }

    private static async Task<(long Checked, long Unchecked)> CountAsync(IRpc first, IRpc second)
    {
        CrossCheckedRpc both = new(first, second);
        await both.AskAsync(Call, default);
        Assert.Empty(both.Disagreements);
        return (both.Checked, both.Unchecked);
    }

    private static async Task<string?> TextAsync(FailoverRpc rpc) => (await rpc.AskAsync(Call, default)).Result.GetString();

    /// <summary>A clock moved by hand.</summary>
    private sealed class HandClock : TimeProvider
    {
        private long _ticks = 1;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Pass(TimeSpan span) => _ticks += span.Ticks;
    }
}
