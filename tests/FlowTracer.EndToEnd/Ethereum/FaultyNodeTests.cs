using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>The proxy does to a node's answers exactly what it is told, and nothing else.</summary>
public sealed class FaultyNodeTests
{
    private const string Chain = """{"jsonrpc":"2.0","id":7,"method":"eth_chainId","params":[]}""";
    private const string Pair = """
        [
          {"jsonrpc":"2.0","id":"a","method":"eth_chainId","params":[]},
          {"jsonrpc":"2.0","id":8,"method":"eth_blockNumber","params":[]}
        ]
        """;

    [AnvilFact]
    public async Task Without_faults_it_passes_everything_on_and_counts()
    {
        await using AnvilNode node = await AnvilNode.StartAsync();
        await node.Chain.MineAsync(3);
        await using FaultyNode proxy = new(node.Url);
        Assert.Equal("""{"jsonrpc":"2.0","result":"0x1","id":7}""", Sorted(await AskAsync(proxy, Chain)));
        JsonArray both = JsonNode.Parse(await AskAsync(proxy, Pair))!.AsArray();
        Assert.Equal(["a", "8"], both.Select(one => one!["id"]!.ToString()));
        Assert.Equal(["0x1", "0x3"], both.Select(one => (string)one!["result"]!));
        Assert.Equal((2, 3, 2, 2), (proxy.Requests, proxy.TotalCalls, proxy.CallsOf("eth_chain*"), proxy.LargestBatch));
        proxy.ResetCounters();
        Assert.Equal((0, 0), (proxy.Requests, proxy.TotalCalls));
    }

    [AnvilFact]
    public async Task It_fails_below_json()
    {
        await using AnvilNode node = await AnvilNode.StartAsync();
        await using FaultyNode proxy = new(node.Url);
        using HttpClient http = new();

        proxy.Add(Fault.TooManyRequests(retryAfterSeconds: 2), times: 1).Add(Fault.TooManyRequests(), times: 1);
        using HttpResponseMessage first = await PostAsync(http, proxy, Chain);
        using HttpResponseMessage second = await PostAsync(http, proxy, Chain);
        Assert.Equal((HttpStatusCode.TooManyRequests, TimeSpan.FromSeconds(2)), (first.StatusCode, first.Headers.RetryAfter?.Delta));
        Assert.Equal((HttpStatusCode.TooManyRequests, null), (second.StatusCode, second.Headers.RetryAfter));
        Assert.Contains("0x1", await AskAsync(proxy, Chain));

        proxy.Heal();
        proxy.Add(Fault.InternalServerError(), times: 1).Add(Fault.HtmlPage(), times: 1).Add(Fault.InvalidJson(), times: 1);
        using HttpResponseMessage third = await PostAsync(http, proxy, Chain);
        Assert.Equal(HttpStatusCode.InternalServerError, third.StatusCode);
        Assert.StartsWith("<!DOCTYPE html>", await AskAsync(proxy, Chain));
        string cut = await AskAsync(proxy, Chain);
        Assert.ThrowsAny<JsonException>(() => JsonDocument.Parse(cut));

        proxy.Heal();
        proxy.Add(Fault.HalfBody(), times: 1).Add(Fault.Hang(), times: 1);
        await Assert.ThrowsAsync<HttpRequestException>(() => AskAsync(proxy, Chain));
        using CancellationTokenSource patience = new(TimeSpan.FromMilliseconds(300));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => http.PostAsync(proxy.Url, Content(Chain), patience.Token));
        Assert.Contains("0x1", await AskAsync(proxy, Chain));
    }

    [AnvilFact]
    public async Task It_answers_batches_wrongly_or_not_at_all()
    {
        await using AnvilNode node = await AnvilNode.StartAsync();
        await using FaultyNode proxy = new(node.Url);
        proxy.Add(Fault.NoBatches());
        Assert.Contains("not supported", await AskAsync(proxy, Pair));
        Assert.Contains("0x1", await AskAsync(proxy, Chain));

        proxy.Heal();
        proxy.Add(Fault.BatchLimit(1));
        Assert.Contains("too large", await AskAsync(proxy, Pair));

        proxy.Heal();
        proxy.Add(Fault.WrongIds(), "eth_blockNumber");
        JsonArray both = JsonNode.Parse(await AskAsync(proxy, Pair))!.AsArray();
        Assert.Equal(["a", "1000000007"], both.Select(one => one!["id"]!.ToString()));
    }

    [AnvilFact]
    public async Task It_refuses_methods_old_state_and_large_ranges()
    {
        await using AnvilNode node = await AnvilNode.StartAsync();
        await node.Chain.MineAsync(20);
        await using FaultyNode proxy = new(node.Url);
        using TestRpc rpc = new(proxy.Url);
        proxy.Without("trace_*", "ots_getApiLevel").Add(Fault.PrunedState(5)).Add(Fault.RangeLimit(10), "eth_getLogs");

        Assert.Equal(-32601, await CodeAsync(rpc, "trace_block", "0x1"));
        Assert.Equal(-32601, await CodeAsync(rpc, "ots_getApiLevel"));
        Assert.Equal(-32000, await CodeAsync(rpc, "eth_getBalance", TestChain.Faucet, "0xe"));
        Assert.Equal(0, await CodeAsync(rpc, "eth_getBalance", TestChain.Faucet, "0xf"));
        Assert.Equal(0, await CodeAsync(rpc, "eth_getBalance", TestChain.Faucet, "latest"));
        Assert.Equal(-32602, await CodeAsync(rpc, "eth_getLogs", new { fromBlock = "0x1", toBlock = "0xb" }));
        Assert.Equal(0, await CodeAsync(rpc, "eth_getLogs", new { fromBlock = "0x1", toBlock = "0xa" }));
        Assert.Equal(-32602, await CodeAsync(rpc, "eth_getLogs", new { fromBlock = "0x1", toBlock = "latest" }));

        proxy.Heal();
        proxy.Add(Fault.SuggestedRange(10), "eth_getLogs");
        TestRpcException refusal = await Assert.ThrowsAsync<TestRpcException>(
            () => rpc.CallAsync("eth_getLogs", new { fromBlock = "0x1", toBlock = "0x14" }));
        Assert.EndsWith("this block range should work: [0x1, 0xa]", refusal.Message);
    }

    [AnvilFact]
    public async Task It_hides_the_end_of_results_and_answers_about_other_blocks()
    {
        await using AnvilNode node = await AnvilNode.StartAsync();
        Scenario airdrop = await Scenarios.All["airdrop"](node.Chain);
        await using FaultyNode proxy = new(node.Url);
        using TestRpc rpc = new(proxy.Url);
        object all = new { fromBlock = "0x0", toBlock = "latest", address = airdrop.Accounts["token"] };
        int rows = (await rpc.CallAsync("eth_getLogs", all)).GetArrayLength();

        proxy.Add(Fault.DropLastPage(), "eth_getLogs").Add(Fault.DropLastPage(), "ots_search*");
        proxy.Add(Fault.OtherBlock(), "eth_getBlockByNumber");
        Assert.Equal(rows / 2, (await rpc.CallAsync("eth_getLogs", all)).GetArrayLength());
        Assert.Equal("0x1", (await rpc.CallAsync("eth_getBlockByNumber", "0x2", false)).GetProperty("number").GetString());
        string thief = airdrop.Accounts["thief"];
        JsonElement right = await node.Chain.Rpc.CallAsync("ots_searchTransactionsAfter", thief, 0, 25);
        JsonElement half = await rpc.CallAsync("ots_searchTransactionsAfter", thief, 0, 25);
        Assert.Equal(right.GetProperty("txs").GetArrayLength() / 2, half.GetProperty("txs").GetArrayLength());
        Assert.True(half.GetProperty("firstPage").GetBoolean());

        proxy.Heal();
        proxy.Add(Fault.ResultLimit(10), "eth_getLogs");
        Assert.Equal(-32005, await CodeAsync(rpc, "eth_getLogs", all));
    }

    [AnvilFact]
    public async Task Faults_come_when_they_are_due_and_requests_wait()
    {
        await using AnvilNode node = await AnvilNode.StartAsync();
        await using FaultyNode proxy = new(node.Url) { Latency = TimeSpan.FromMilliseconds(20) };
        using TestRpc rpc = new(proxy.Url);
        Fault no = Fault.Answers(-1, "no");
        proxy.Add(no, "eth_getBalance", skip: 1, times: 1, when: parameters => (string?)parameters![1] == "latest");
        Assert.Equal(0, await CodeAsync(rpc, "eth_getBalance", TestChain.Faucet, "latest"));
        Assert.Equal(0, await CodeAsync(rpc, "eth_getBalance", TestChain.Faucet, "0x0"));
        Assert.Equal(-1, await CodeAsync(rpc, "eth_getBalance", TestChain.Faucet, "latest"));
        Assert.Equal(0, await CodeAsync(rpc, "eth_getBalance", TestChain.Faucet, "latest"));

        proxy.ResetCounters();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => CodeAsync(rpc, "eth_chainId")));
        Assert.Equal(8, proxy.Requests);
        Assert.InRange(proxy.MostConcurrent, 2, 8);
    }

    private static async Task<int> CodeAsync(TestRpc rpc, string method, params object?[] parameters)
    {
        try
        {
            await rpc.CallAsync(method, parameters);
            return 0;
        }
        catch (TestRpcException fault)
        {
            return fault.Code;
        }
    }

    private static string Sorted(string json)
    {
        JsonObject answer = JsonNode.Parse(json)!.AsObject();
        return new JsonObject
        {
            ["jsonrpc"] = answer["jsonrpc"]?.DeepClone(),
            ["result"] = answer["result"]?.DeepClone(),
            ["id"] = answer["id"]?.DeepClone(),
        }.ToJsonString();
    }

    private static async Task<string> AskAsync(FaultyNode proxy, string body)
    {
        using HttpClient http = new();
        using HttpResponseMessage response = await PostAsync(http, proxy, body);
        return await response.Content.ReadAsStringAsync();
    }

    private static Task<HttpResponseMessage> PostAsync(HttpClient http, FaultyNode proxy, string body) =>
        http.PostAsync(proxy.Url, Content(body));

    private static StringContent Content(string body) => new(body, Encoding.UTF8, "application/json");
}
