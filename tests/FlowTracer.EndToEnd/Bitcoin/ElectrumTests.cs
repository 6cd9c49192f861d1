using System.Text.Json.Nodes;
using FlowTracer.Chains.Bitcoin.Live;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Ports;

namespace FlowTracer.EndToEnd.Bitcoin;

/// <summary>What an Electrum server is asked, and what it may do wrong.</summary>
public sealed class ElectrumTests(ServerStory story) : IClassFixture<ServerStory>
{
    private const int NoLimit = 1_000;

    [BcoinTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_question_is_answered_as_the_chain_is_over_one_connection(bool isSecure)
    {
        await using Server server = new(story, isSecure: isSecure);

        await ServerStory.AssertAnswersAsync(server.Rpc, story.ForAll);

        Assert.Equal(1, server.Face.Connections);
        Assert.Equal(0, server.Meter.Snapshot().Retries);
    }

    [BcoinFact]
    public async Task What_it_cannot_state_it_refuses_for_good()
    {
        await using Server server = new(story);

        RpcAnswer[] answers =
        [
            await server.Rpc.AskAsync(BitcoinCalls.SpendsOf(ServerStory.IdOf(story.ShopSpends.Id)), default),
            await server.Rpc.AskAsync(BitcoinCalls.FeesAt(story.Tip), default),
        ];

        Assert.All(answers, answer => Assert.Equal(BitcoinRpc.CannotKnow, answer.Error!.Code));
        Assert.Equal(0, server.Face.Requests);
        RpcAnswer about = await server.Rpc.AskAsync(BitcoinCalls.AboutSource(), default);
        Assert.Equal("Test face 1.0", about.Result.GetProperty("Client").GetString());
    }

    [BcoinTheory]
    [InlineData("half a line")]
    [InlineData("drops")]
    [InlineData("garbage")]
    [InlineData("page")]
    [InlineData("other call's answer")]
    [InlineData("busy")]
    [InlineData("too much")]
    [InlineData("hangs")]
    [InlineData("late")]
    [InlineData("other transaction")]
    public async Task What_goes_wrong_now_and_then_changes_no_answer(string what)
    {
        await using Server server = new(story);
        string other = story.ShopSpends.Hex;
        server.Face.Misbehave = async (client, number, asked, answer) =>
        {
            bool isPlain = asked is JsonObject && (string?)asked["method"] != "server.version";
            if (number % 7 != 0 || !isPlain)
            {
                return false;
            }

            switch (what)
            {
                case "half a line":
                    await client.SendRawAsync(answer[..(answer.Length / 2)]);
                    client.Close();
                    return true;
                case "drops":
                    client.Close();
                    return true;
                case "garbage":
                    await client.SendAsync("\u0003\u0001 ÿ {[");
                    return true;
                case "page":
                    await client.SendAsync("HTTP/1.1 400 Bad Request\r");
                    return true;
                case "other call's answer":
                    await client.SendAsync("""{"jsonrpc":"2.0","id":1000000,"result":"00"}""");
                    return true;
                case "busy":
                    await client.SendAsync(Error(asked, -102, "server busy - request timed out"));
                    return true;
                case "too much":
                    await client.SendAsync(Error(asked, -101, "excessive resource usage"));
                    client.Close();
                    return true;
                case "hangs":
                    return number is 14 or 49 or 98;
                case "late":
                    await Task.Delay(20, client.Ended);
                    return false;
                default:
                    if ((string?)asked["method"] != "blockchain.transaction.get")
                    {
                        return false;
                    }

                    JsonNode changed = JsonNode.Parse(answer)!;
                    changed["result"] = other;
                    await client.SendAsync(changed.ToJsonString());
                    return true;
            }
        };

        await ServerStory.AssertAnswersAsync(server.Rpc, story.ForAll);

        Assert.True(what == "late" || server.Meter.Snapshot().Retries > 0);
    }

    [BcoinFact]
    public async Task A_server_that_always_gives_another_transaction_is_not_believed()
    {
        await using Server server = new(story, new FetchSettings { Retries = 1, FirstDelayMs = 1 });
        server.Face.Misbehave = async (client, _, asked, answer) =>
        {
            bool isAsked = (string?)asked["method"] == "blockchain.transaction.get";
            if (isAsked)
            {
                JsonNode changed = JsonNode.Parse(answer)!;
                changed["result"] = story.ShopSpends.Hex;
                await client.SendAsync(changed.ToJsonString());
            }

            return isAsked;
        };

        SourceException fault = await Assert.ThrowsAsync<SourceException>(
            () => server.Rpc.AskAsync(BitcoinCalls.RawOf(ServerStory.IdOf(story.Payments[7].Id)), default));

        Assert.Equal(
            $"{server.Face.Url.Display}: blockchain.transaction.get {story.Payments[7].Id}: the answer is another transaction:"
                + $" {story.ShopSpends.Id} 2 times",
            fault.Message);
    }

    [BcoinFact]
    public async Task Where_the_shop_s_history_is_refused_places_are_found_by_the_buyers()
    {
        await using Server server = new(story);
        server.Face.LongestHistory = 60;

        RpcAnswer history = await server.Rpc.AskAsync(BitcoinCalls.HistoryOf(story.Shop.Script, story.Tip), default);
        RpcAnswer spender = await server.Rpc.AskAsync(
            ServerStory.Spender(story.Payments[3].Outputs[0], story.Tip - 3, story.Tip), default);

        const string why = "the script's history has more transactions than the server gives, or than are gone through (1000)";
        Assert.Equal(new RpcError(BitcoinRpc.CannotKnow, why), history.Error);
        Assert.Equal(new RpcError(BitcoinRpc.CannotKnow, why), spender.Error);
        await ServerStory.AssertAnswersAsync(server.Rpc, story.ForAll.Where(
            one => story.Payments.Any(payment => one.Call == BitcoinCalls.PlaceOf(ServerStory.IdOf(payment.Id)))));
    }

    [BcoinFact]
    public async Task A_history_longer_than_is_gone_through_is_said_to_be()
    {
        // The shop's has 62 entries: 60 payments, what it spends, and what waits.
        await using Server server = new(story, mostTransactions: 60);

        RpcAnswer history = await server.Rpc.AskAsync(BitcoinCalls.HistoryOf(story.Shop.Script, story.Tip), default);
        RpcAnswer earlier = await server.Rpc.AskAsync(BitcoinCalls.HistoryOf(story.Shop.Script, story.Tip - 4), default);

        Assert.Equal(BitcoinRpc.CannotKnow, history.Error!.Code);
        Assert.Equal(60, earlier.Result.GetArrayLength());
    }

    [BcoinFact]
    public async Task An_unspent_coin_of_a_long_history_costs_two_calls_more_than_none()
    {
        await using Server server = new(story);
        TestCoin unspent = story.Payments[1].Outputs[0];
        RpcCall call = ServerStory.Spender(unspent, (ulong)story.Chain.BlockOf(story.Payments[1]).Height, story.Tip);

        await ServerStory.AssertAnswersAsync(server.Rpc, story.ForAll.Where(one => one.Call == call));

        // The version, the history, the coins that are left: none of 60 candidates is fetched.
        Assert.Equal(3, server.Face.Requests);
    }

    private static string Error(JsonNode asked, int code, string message) => new JsonObject
    {
        ["jsonrpc"] = "2.0", ["id"] = asked["id"]!.DeepClone(), ["error"] = new JsonObject { ["code"] = code, ["message"] = message },
    }.ToJsonString();

    /// <summary>A source over a server of its own.</summary>
    private sealed class Server : IAsyncDisposable
    {
        private static readonly FetchSettings Patient = new()
        {
            Retries = 20, FirstDelayMs = 1, LongestDelayMs = 50, TimeoutMs = 10_000,
        };

        private readonly HttpPipeline _pipeline;

        public Server(ServerStory story, FetchSettings? settings = null, int mostTransactions = NoLimit, bool isSecure = false)
        {
            Face = new ElectrumFace(story.Node, isSecure);
            _pipeline = new HttpPipeline(settings ?? Patient, Meter, TimeProvider.System, new Random(1));
            Rpc = new ElectrumRpc(Face.Url, _pipeline, mostTransactions);
        }

        public ElectrumFace Face { get; }

        public RpcMeter Meter { get; } = new();

        public ElectrumRpc Rpc { get; }

        public async ValueTask DisposeAsync()
        {
            await Rpc.DisposeAsync();
            _pipeline.Dispose();
            await Face.DisposeAsync();
        }
    }
}
