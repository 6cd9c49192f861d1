using System.Security.Cryptography;
using System.Text;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Ports;

namespace FlowTracer.Tests.Chains.Rpc;

/// <summary>A second run asks nothing, and nothing stale is taken for an answer.</summary>
public sealed class KeptRpcTests : IDisposable
{
    private static readonly AnswerScope Scope = new("0xgenesis", "0xhead1", FinalBlock: 100);
    private readonly string _folder = Directory.CreateTempSubdirectory("answers").FullName;
    private readonly RpcMeter _meter = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_second_run_asks_nothing_and_offline_ends_the_same()
    {
        RpcCall[] calls = [.. Enumerable.Range(0, 20).Select(number => Call(number, lastBlock: (ulong)number * 10))];
        FakeRpc node = new("http://a", call => FakeRpc.Result($"{{\"asked\":{call.Params}}}"));
        KeptRpc first = Kept(node);
        KeptRpc second = Kept(node);
        KeptRpc offline = Kept(null);

        string[] answers = await AskAsync(first, calls);
        Assert.Equal(20, node.Asked);
        Assert.Equal(answers, await AskAsync(second, calls.Reverse().ToArray(), reverse: true));
        Assert.Equal(answers, await AskAsync(offline, calls));

        Assert.Equal(20, node.Asked);
        Assert.Equal(40, _meter.Snapshot().KeptAnswers);
        Assert.Equal(first.Digest, second.Digest);
        Assert.Equal(first.Digest, offline.Digest);
    }

    [Fact]
    public async Task The_digest_is_that_of_the_sorted_distinct_lines()
    {
        KeptRpc kept = Kept(FakeRpc.Saying("http://a", "\"0x1\""));
        Assert.Equal(Sha256(""), kept.Digest);

        await AskAsync(kept, [Call(1, 5), Call(2, 500), Call(1, 5)]);

        string answer = Sha256("{\"result\":\"0x1\"}");
        string[] lines =
        [
            $"{Sha256("0xgenesis final eth_x [\"0x1\"]")} {answer}\n",
            $"{Sha256("0xgenesis 0xhead1 eth_x [\"0x2\"]")} {answer}\n",
        ];
        Assert.Equal(Sha256(string.Concat(lines.Order(StringComparer.Ordinal))), kept.Digest);
    }

    // That something is not there is true of one source and one head: another may have it, and it may come.
    [Fact]
    public async Task What_was_not_there_is_asked_for_again_elsewhere_later_and_on_demand()
    {
        RpcCall call = Call(1, lastBlock: 0);
        FakeRpc nothing = FakeRpc.Saying("http://a", "null");
        await AskAsync(Kept(nothing), [call]);
        await AskAsync(Kept(nothing), [call]);
        Assert.Equal(1, nothing.Asked);
        Assert.Equal("null", (await AskAsync(Kept(null), [call]))[0]);

        FakeRpc something = FakeRpc.Saying("http://b", "1");
        KeptRpc other = new(new AnswerCache(_folder, TimeProvider.System), something, "http://b", _meter) { Scope = Scope };
        Assert.Equal("1", (await AskAsync(other, [call]))[0]);

        // It is there now, for all: what is there is kept for good.
        Assert.Equal("1", (await AskAsync(Kept(nothing), [call]))[0]);

        RpcCall second = Call(2, lastBlock: 0);
        await AskAsync(Kept(nothing), [second]);
        FakeRpc found = FakeRpc.Saying("http://a", "2");
        KeptRpc again = new(new AnswerCache(_folder, TimeProvider.System), found, "http://a", _meter) { Scope = Scope, LooksAgain = true };
        Assert.Equal("2", (await AskAsync(again, [second]))[0]);
        FakeRpc later = FakeRpc.Saying("http://a", "3");
        KeptRpc newer = new(new AnswerCache(_folder, TimeProvider.System), later, "http://a", _meter) { Scope = Scope with { Head = "0xhead2" } };
        await AskAsync(Kept(nothing), [Call(3, lastBlock: 0)]);
        Assert.Equal("3", (await AskAsync(newer, [Call(3, lastBlock: 0)]))[0]);
    }

    [Fact]
    public async Task What_is_only_a_source_s_word_is_kept_as_that_source_s()
    {
        RpcCall call = Call(1, lastBlock: 0) with { IsWord = true };
        FakeRpc first = FakeRpc.Saying("http://a", "1");
        FakeRpc second = FakeRpc.Saying("http://b", "2");
        KeptRpc other = new(new AnswerCache(_folder, TimeProvider.System), second, "http://b", _meter) { Scope = Scope };
        Assert.Equal("1", (await AskAsync(Kept(first), [call]))[0]);
        Assert.Equal("2", (await AskAsync(other, [call]))[0]);
        Assert.Equal("1", (await AskAsync(Kept(null), [call]))[0]);
        Assert.Equal((1, 1), (first.Asked, second.Asked));
    }

    [Theory]
    [InlineData(100UL, true)]
    [InlineData(101UL, false)]
    [InlineData(null, false)]
    public async Task Only_what_is_final_outlives_its_head(ulong? lastBlock, bool isKept)
    {
        FakeRpc node = FakeRpc.Saying("http://a", "1");
        KeptRpc kept = Kept(node);
        RpcCall call = Call(1, lastBlock);
        await AskAsync(kept, [call]);
        await AskAsync(kept, [call]);
        Assert.Equal(1, node.Asked);

        kept.Scope = Scope with { Head = "0xhead2" };
        await AskAsync(kept, [call]);

        Assert.Equal(isKept ? 1 : 2, node.Asked);
    }

    [Fact]
    public async Task Another_chain_without_scope_or_not_to_be_kept_is_asked_anew()
    {
        FakeRpc node = FakeRpc.Saying("http://a", "1");
        KeptRpc kept = Kept(node);
        await AskAsync(kept, [Call(1, 5)]);
        string digest = kept.Digest;

        kept.Scope = null;
        await AskAsync(kept, [Call(1, 5)]);
        kept.Scope = Scope;
        await AskAsync(kept, [Call(1, 5) with { IsKept = false }]);
        Assert.Equal(digest, kept.Digest);
        kept.Scope = Scope with { Genesis = "0xother" };
        await AskAsync(kept, [Call(1, 5)]);

        Assert.Equal(4, node.Asked);
    }

    [Theory]
    [InlineData(-32601, "the method does not exist", true)]
    [InlineData(-32602, "block range is too wide", true)]
    [InlineData(-32005, "query returned more than 10000 results", true)]
    [InlineData(3, "execution reverted", true)]
    [InlineData(-32603, "internal error", false)]
    [InlineData(-32000, "execution timeout", false)]
    [InlineData(-32000, "header not found", false)]
    [InlineData(429, "rate limited", false)]
    public async Task A_refusal_that_will_be_repeated_is_kept_for_its_source(int code, string message, bool isKept)
    {
        FakeRpc node = FakeRpc.Refusing("http://a", code, message);
        await Kept(node).AskAsync(Call(1, 5), default);
        RpcAnswer again = await Kept(node).AskAsync(Call(1, 5), default);

        Assert.Equal(new RpcError(code, message), again.Error);
        Assert.Equal(isKept ? 1 : 2, node.Asked);

        FakeRpc other = FakeRpc.Saying("http://b", "1");
        Assert.Null((await Kept(other, "http://b").AskAsync(Call(1, 5), default)).Error);
    }

    [Fact]
    public async Task Offline_what_is_not_kept_is_named()
    {
        KeptRpc offline = Kept(null);

        SourceException fault = await Assert.ThrowsAsync<SourceException>(() => offline.AskAsync(Call(1, 5), default));
        Assert.Equal(
            $"the cache in {_folder}: eth_x[\"0x1\"]: no answer is kept for this; run once without --offline", fault.Message);

        offline.Scope = null;
        await Assert.ThrowsAsync<SourceException>(() => offline.AskAsync(Call(1, 5), default));
    }

    [Fact]
    public async Task A_kept_answer_that_fails_its_check_is_asked_for_again()
    {
        await AskAsync(Kept(FakeRpc.Saying("http://a", "1")), [Call(1, 5)]);
        RpcCall careful = Call(1, 5) with { Check = result => result.GetInt32() == 2 ? null : "is 1, not 2" };

        SourceException fault = await Assert.ThrowsAsync<SourceException>(() => Kept(null).AskAsync(careful, default));
        Assert.Contains("is 1, not 2", fault.Reason, StringComparison.Ordinal);
        Assert.Equal(["2"], await AskAsync(Kept(FakeRpc.Saying("http://a", "2")), [careful]));
        Assert.Equal(["2"], await AskAsync(Kept(null), [careful]));
    }

    [Fact]
    public async Task A_fault_is_not_kept()
    {
        await Assert.ThrowsAsync<SourceException>(() => Kept(FakeRpc.Failing("http://a", "down")).AskAsync(Call(1, 5), default));

        Assert.Equal(["1"], await AskAsync(Kept(FakeRpc.Saying("http://a", "1")), [Call(1, 5)]));
    }

    private static RpcCall Call(int number, ulong? lastBlock) => new("eth_x", RpcParams.Of(number)) { LastBlock = lastBlock };

    private static async Task<string[]> AskAsync(KeptRpc rpc, RpcCall[] calls, bool reverse = false)
    {
        RpcAnswer[] answers = await Task.WhenAll(calls.Select(call => rpc.AskAsync(call, CancellationToken.None)));
        string[] texts = [.. answers.Select(answer => answer.Result.GetRawText())];
        return reverse ? [.. texts.Reverse()] : texts;
    }

    private static string Sha256(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private KeptRpc Kept(IRpc? inner, string source = "http://a") =>
        new(new AnswerCache(_folder, TimeProvider.System), inner, source, _meter) { Scope = Scope };
}
