using System.Text;
using System.Text.Json.Nodes;
using FlowTracer.Chains.Bitcoin.Live;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Ports;
using FlowTracer.EndToEnd.Ethereum;

namespace FlowTracer.EndToEnd.Bitcoin;

/// <summary>What an explorer with Esplora's interface is asked, and what it may do wrong.</summary>
public sealed class EsploraTests(ServerStory story) : IClassFixture<ServerStory>
{
    private const int NoLimit = 1_000;

    [BcoinFact]
    public async Task Every_question_is_answered_as_the_chain_is()
    {
        await using Explorer explorer = new(story);

        await ServerStory.AssertAnswersAsync(explorer.Rpc, story.ForAll);
        await ServerStory.AssertAnswersAsync(explorer.Rpc, story.ForExplorers);
    }

    [BcoinFact]
    public async Task A_transaction_and_its_inputs_cost_one_request_and_one_from_a_history_none()
    {
        await using Explorer explorer = new(story);
        string one = story.Payments[0].Id;
        string other = story.Payments[59].Id;

        await explorer.AssertAsync(BitcoinCalls.RawOf(ServerStory.IdOf(one)), BitcoinCalls.SpendsOf(ServerStory.IdOf(one)));
        Assert.Equal(1, explorer.Face.Requests);

        await explorer.AssertAsync(BitcoinCalls.HistoryOf(story.Shop.Script, story.Tip));
        int before = explorer.Face.Requests;
        await explorer.AssertAsync(BitcoinCalls.RawOf(ServerStory.IdOf(other)), BitcoinCalls.SpendsOf(ServerStory.IdOf(other)));
        Assert.Equal(before, explorer.Face.Requests);

        // Asked again, it is fetched again: whoever asks twice doubts the answer.
        await explorer.AssertAsync(BitcoinCalls.RawOf(ServerStory.IdOf(other)));
        Assert.Equal(before + 1, explorer.Face.Requests);
    }

    [BcoinTheory]
    [InlineData("cut")]
    [InlineData("page")]
    [InlineData("empty")]
    [InlineData("limited")]
    [InlineData("busy")]
    [InlineData("broken")]
    [InlineData("hangs")]
    [InlineData("other transaction")]
    [InlineData("other amount")]
    public async Task What_goes_wrong_now_and_then_changes_no_answer(string what)
    {
        await using Explorer explorer = new(story);
        string other = $"/api/tx/{story.ShopSpends.Id}";
        explorer.Face.Misbehave = (number, path, answer) => number % 5 != 0 ? answer : what switch
        {
            "cut" => answer with { CutAfterBytes = answer.Body.Length / 2 },
            "page" => HttpAnswer.Text(200, "<html><body>Please wait</body></html>", "text/html"),
            "empty" => HttpAnswer.Text(200, ""),
            "limited" => HttpAnswer.Text(429, "Too Many Requests") with { Headers = [("Retry-After", "0")] },
            "busy" => HttpAnswer.Text(503, "no server is available"),
            "broken" => HttpAnswer.Text(500, "internal error"),
            "hangs" when number is 5 or 50 or 100 => answer with { Hangs = true },
            "other transaction" when path.Count(letter => letter == '/') == 3 && path != other => explorer.Last ?? answer,
            "other amount" when path.Count(letter => letter == '/') == 3 => Changed(answer),
            _ => answer,
        };

        await explorer.LearnAsync(BitcoinCalls.RawOf(ServerStory.IdOf(story.ShopSpends.Id)));
        await ServerStory.AssertAnswersAsync(explorer.Rpc, story.ForAll.Concat(story.ForExplorers));

        Assert.True(explorer.Meter.Snapshot().Retries > 0);
    }

    [BcoinFact]
    public async Task An_explorer_whose_amounts_are_always_wrong_is_not_believed()
    {
        await using Explorer explorer = new(story, new FetchSettings { Retries = 1, FirstDelayMs = 1 });
        explorer.Face.Misbehave = (_, path, answer) => path.Contains("/tx/", StringComparison.Ordinal) ? Changed(answer) : answer;

        SourceException fault = await Assert.ThrowsAsync<SourceException>(
            () => explorer.Rpc.AskAsync(BitcoinCalls.RawOf(ServerStory.IdOf(story.ShopSpends.Id)), default));

        Assert.Contains("has a transaction whose fields are not those of its id", fault.Message, StringComparison.Ordinal);
    }

    [BcoinTheory]
    [InlineData(10)]
    [InlineData(7)]
    [InlineData(1)]
    public async Task Pages_of_any_length_are_read_to_the_end(int length)
    {
        await using Explorer explorer = new(story);
        explorer.Face.Misbehave = (_, path, answer) => path.Contains("/txs/chain", StringComparison.Ordinal)
            ? HttpAnswer.Text(200, new JsonArray([.. JsonNode.Parse(answer.Body)!.AsArray().Take(length).Select(one => one!.DeepClone())]).ToJsonString())
            : answer;

        await explorer.AssertAsync(BitcoinCalls.HistoryOf(story.Shop.Script, story.Tip));
    }

    [BcoinFact]
    public async Task A_page_that_comes_twice_is_not_taken_for_the_next()
    {
        await using Explorer explorer = new(story, new FetchSettings { Retries = 1, FirstDelayMs = 1 });
        HttpAnswer? first = null;
        explorer.Face.Misbehave = (_, path, answer) => path.Contains("/txs/chain", StringComparison.Ordinal) ? first ??= answer : answer;

        SourceException fault = await Assert.ThrowsAsync<SourceException>(
            () => explorer.Rpc.AskAsync(BitcoinCalls.HistoryOf(story.Shop.Script, story.Tip), default));

        // The second page begins above where the first ended: what comes first may be either fault.
        Assert.Matches("repeats a transaction of the page before|is not in the order of the chain", fault.Message);
    }

    [BcoinFact]
    public async Task A_history_that_ends_too_early_is_not_taken_for_whole()
    {
        await using Explorer explorer = new(story);
        explorer.Face.Misbehave = (_, path, answer) => path.Contains("/txs/chain/", StringComparison.Ordinal)
            ? HttpAnswer.Text(200, "[]")
            : answer;

        SourceException fault = await Assert.ThrowsAsync<SourceException>(
            () => explorer.Rpc.AskAsync(BitcoinCalls.HistoryOf(story.Shop.Script, story.Tip), default));

        Assert.Contains("not as many transactions as the explorer states", fault.Message, StringComparison.Ordinal);
    }

    [BcoinFact]
    public async Task A_history_that_is_too_long_is_said_to_be()
    {
        // 61 transactions, 50 of them up to the second block of payments.
        await using Explorer explorer = new(story, mostTransactions: 50);
        ulong secondBlock = (ulong)story.Chain.BlockOf(story.Payments[49]).Height;

        RpcAnswer all = await explorer.Rpc.AskAsync(BitcoinCalls.HistoryOf(story.Shop.Script, story.Tip), default);

        Assert.Equal(
            new RpcError(BitcoinRpc.CannotKnow, "the script's history has more transactions than are gone through (50)"), all.Error);
        await explorer.AssertAsync(BitcoinCalls.HistoryOf(story.Shop.Script, secondBlock));
        explorer.Face.Misbehave = (_, _, _) => HttpAnswer.Text(400, "Too many history entries", "text/plain");
        RpcAnswer refused = await explorer.Rpc.AskAsync(BitcoinCalls.HistoryOf(story.Shop.Script, secondBlock), default);
        Assert.Equal(
            new RpcError(BitcoinRpc.CannotKnow, "the script's history has more transactions than the explorer gives"), refused.Error);
    }

    [BcoinFact]
    public async Task A_web_server_s_page_is_no_answer_that_there_is_nothing()
    {
        await using Explorer explorer = new(story);
        using HttpPipeline pipeline = new(new FetchSettings { FirstDelayMs = 1 }, new RpcMeter(), TimeProvider.System);
        string withoutPath = explorer.Face.Url.Display.Replace("/…", "", StringComparison.Ordinal);
        EsploraRpc astray = new(NodeUrl.Parse(withoutPath), pipeline, NoLimit);

        SourceException fault = await Assert.ThrowsAsync<SourceException>(
            () => astray.AskAsync(BitcoinCalls.PlaceOf(ServerStory.IdOf(story.ShopSpends.Id)), default));

        Assert.EndsWith("answered 404 Not Found: check the address", fault.Message, StringComparison.Ordinal);
        Assert.True(fault.IsForeign);
    }

    [BcoinFact]
    public async Task Giving_up_ends_the_question_and_not_another_s()
    {
        await using Explorer explorer = new(story);
        using CancellationTokenSource giveUp = new();
        TaskCompletionSource arrived = new();
        explorer.Face.Misbehave = (number, _, answer) =>
        {
            arrived.TrySetResult();
            return number == 1 ? answer with { Hangs = true } : answer;
        };
        RpcCall call = BitcoinCalls.RawOf(ServerStory.IdOf(story.ShopSpends.Id));
        Task<RpcAnswer> first = explorer.Rpc.AskAsync(call, giveUp.Token);
        await arrived.Task;
        Task<RpcAnswer> second = explorer.Rpc.AskAsync(
            BitcoinCalls.SpendsOf(ServerStory.IdOf(story.ShopSpends.Id)), CancellationToken.None);

        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.Equal(2, (await second).Result.GetArrayLength());
        await explorer.AssertAsync(call);
    }

    private static HttpAnswer Changed(HttpAnswer answer)
    {
        string text = Encoding.UTF8.GetString(answer.Body);
        return HttpAnswer.Text(answer.Status, text.Replace("\"value\":1000000", "\"value\":1000001", StringComparison.Ordinal));
    }

    /// <summary>A source over an explorer of its own.</summary>
    private sealed class Explorer : IAsyncDisposable
    {
        private static readonly FetchSettings Patient = new() { Retries = 12, FirstDelayMs = 1, LongestDelayMs = 50, TimeoutMs = 10_000 };
        private readonly HttpPipeline _pipeline;
        private readonly ServerStory _story;

        public Explorer(ServerStory story, FetchSettings? settings = null, int mostTransactions = NoLimit)
        {
            _story = story;
            Face = new EsploraFace(story.Node);
            _pipeline = new HttpPipeline(settings ?? Patient, Meter, TimeProvider.System, new Random(1));
            Rpc = new EsploraRpc(Face.Url, _pipeline, mostTransactions);
        }

        public EsploraFace Face { get; }

        public RpcMeter Meter { get; } = new();

        public EsploraRpc Rpc { get; }

        /// <summary>The answer to what was learnt.</summary>
        public HttpAnswer? Last { get; private set; }

        /// <summary>Asks something and keeps what the explorer sent.</summary>
        public async Task LearnAsync(RpcCall call)
        {
            Func<int, string, HttpAnswer, HttpAnswer> misbehave = Face.Misbehave;
            Face.Misbehave = (_, _, answer) => Last = answer;
            await AssertAsync(call);
            Face.Misbehave = misbehave;
        }

        /// <summary>Asks, and makes sure that the answers are right.</summary>
        public Task AssertAsync(params RpcCall[] calls) => ServerStory.AssertAnswersAsync(
            Rpc, calls.Select(call => _story.ForAll.Concat(_story.ForExplorers).First(one => one.Call == call)));

        public async ValueTask DisposeAsync()
        {
            _pipeline.Dispose();
            await Face.DisposeAsync();
        }
    }
}
