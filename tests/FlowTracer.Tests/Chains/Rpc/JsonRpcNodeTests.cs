using System.Text.Json;
using System.Text.Json.Nodes;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Ports;

namespace FlowTracer.Tests.Chains.Rpc;

/// <summary>One node, well and badly behaved.</summary>
public sealed class JsonRpcNodeTests
{
    [Fact]
    public async Task Calls_made_together_travel_in_few_requests()
    {
        await using TestNode test = new(EchoNode.Answer);

        await test.AskAllAsync(500);

        RpcCounts counts = test.Meter.Snapshot();
        // Five full batches would do; the first ones may leave before all 500 are asked.
        Assert.InRange(counts.HttpRequests, 5, 15);
        Assert.Equal(counts.HttpRequests, test.Server.Requests.Count);
        Assert.Equal((500, 0), (counts.Calls, counts.Retries));
        Assert.All(test.Server.Requests, request => Assert.InRange(EchoNode.BatchSize(request), 0, 100));
    }

    [Fact]
    public async Task One_call_travels_as_an_object_and_is_valid_JSON_RPC()
    {
        await using TestNode test = new(EchoNode.Answer);

        RpcAnswer answer = await test.AskAsync(7);

        Received request = Assert.Single(test.Server.Requests);
        JsonNode sent = JsonNode.Parse(request.Body)!;
        Assert.Equal("2.0", (string?)sent["jsonrpc"]);
        Assert.Equal("echo", (string?)sent["method"]);
        Assert.Equal("[\"7\"]", sent["params"]!.ToJsonString());
        Assert.Equal("application/json", request.Headers["Content-Type"]);
        Assert.Equal("[\"7\"]", JsonSerializer.Serialize(answer.Result));
        Assert.True(test.Meter.Snapshot().BytesReceived > 20);
    }

    [Fact]
    public async Task Equal_calls_travel_once()
    {
        await using TestNode test = new(EchoNode.Answer);

        await Task.WhenAll(Enumerable.Repeat(3, 50).Select(test.AskAsync));

        Assert.Equal((1, 1), (test.Meter.Snapshot().HttpRequests, test.Meter.Snapshot().Calls));
    }

    [Fact]
    public async Task Null_is_a_result()
    {
        await using TestNode test = new(request => EchoNode.Answer(request, (_, _) => null));

        RpcAnswer answer = await test.AskAsync(1);

        Assert.Null(answer.Error);
        Assert.Equal(JsonValueKind.Null, answer.Result.ValueKind);
    }

    [Fact]
    public async Task A_refusal_is_an_answer_and_is_not_asked_again()
    {
        await using TestNode test = new(request => EchoNode.Answer(request, (_, _) => EchoNode.Error(-32601, "no such method")));

        RpcAnswer answer = await test.AskAsync(1);

        Assert.Equal(new RpcError(-32601, "no such method"), answer.Error);
        Assert.Single(test.Server.Requests);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(404)]
    [InlineData(500)]
    public async Task A_refusal_may_come_with_a_status_of_failure(int status)
    {
        await using TestNode test = new(request =>
            EchoNode.Answer(request, (_, _) => EchoNode.Error(-32602, "bad block")) with { Status = status });

        Assert.Equal(new RpcError(-32602, "bad block"), (await test.AskAsync(1)).Error);
        Assert.Single(test.Server.Requests);
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("unknown")]
    [InlineData("duplicate")]
    [InlineData("short")]
    [InlineData("no result")]
    [InlineData("text")]
    public async Task A_batch_with_wrong_ids_is_asked_again_as_a_whole(string fault)
    {
        int sent = 0;
        await using TestNode test = new(request =>
        {
            Reply right = EchoNode.Answer(request);
            return Interlocked.Increment(ref sent) == 1 && JsonNode.Parse(right.Body) is JsonArray { Count: > 1 } batch
                ? new Reply(Spoil(batch, fault).ToJsonString())
                : right;
        });

        await test.AskAllAsync(20);

        Assert.Equal((2, 1), (test.Meter.Snapshot().HttpRequests, test.Meter.Snapshot().Retries));
    }

    [Fact]
    public async Task A_node_that_mixes_up_every_batch_is_asked_one_by_one()
    {
        await using TestNode test = new(request =>
        {
            Reply right = EchoNode.Answer(request);
            return JsonNode.Parse(right.Body) is JsonArray { Count: > 1 } batch
                ? new Reply(Spoil(batch, "duplicate").ToJsonString())
                : right;
        });

        await test.AskAllAsync(40);
    }

    [Theory]
    [InlineData(413, "")]
    [InlineData(405, "no")]
    [InlineData(400, "<html>bad request</html>")]
    [InlineData(200, """{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"batch too large"}}""")]
    [InlineData(200, """[{"jsonrpc":"2.0","id":1,"error":{"code":-32600,"message":"batch too large"}}]""")]
    [InlineData(200, """{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"too many requests in batch"}}""")]
    [InlineData(500, """{"error":"this node does not know batches"}""")]
    public async Task A_node_that_refuses_batches_above_a_size_is_asked_in_smaller_ones(int status, string body)
    {
        await using TestNode test = new(request =>
            EchoNode.BatchSize(request) > 10 ? new Reply(body) { Status = status } : EchoNode.Answer(request));

        await test.AskAllAsync(200);
        int learning = test.Server.Requests.Count;
        await test.AskAllAsync(200);

        Assert.All(test.Server.Requests.Skip(learning), request => Assert.InRange(EchoNode.BatchSize(request), 0, 10));
    }

    [Fact]
    public async Task A_node_without_batches_is_asked_one_by_one()
    {
        await using TestNode test = new(request => EchoNode.BatchSize(request) > 0
            ? new Reply("""{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"Invalid Request"}}""")
            : EchoNode.Answer(request));

        await test.AskAllAsync(30);
        int learning = test.Server.Requests.Count;
        await test.AskAllAsync(30);

        Assert.Equal(30, test.Server.Requests.Count - learning);
    }

    [Fact]
    public async Task What_is_too_long_in_a_batch_is_asked_for_in_parts()
    {
        string filler = new('x', 300);
        await using TestNode test = new(
            request => EchoNode.Answer(request, (_, parameters) => new JsonArray(parameters, filler)),
            TestNode.Quick with { LongestAnswerBytes = 1024, Retries = 0 });

        RpcAnswer[] answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(test.AskAsync));

        Assert.All(answers, answer => Assert.Equal(filler, answer.Result[1].GetString()));
    }

    [Fact]
    public async Task One_answer_that_is_too_long_fails_with_the_setting_named()
    {
        await using TestNode test = new(
            request => EchoNode.Answer(request, (_, _) => new string('x', 3000)),
            TestNode.Quick with { LongestAnswerBytes = 1024 });

        SourceException fault = await Assert.ThrowsAsync<SourceException>(() => test.AskAsync(1));

        Assert.Equal("its answer is longer than LongestAnswerBytes (1024)", fault.Reason);
        Assert.Single(test.Server.Requests);
    }

    [Fact]
    public async Task Only_the_calls_that_hit_a_rate_limit_are_asked_again()
    {
        HashSet<string> refused = [];
        await using TestNode test = new(request => EchoNode.Answer(request, (_, parameters) =>
        {
            lock (refused)
            {
                return refused.Count < 7 && refused.Add(parameters.ToJsonString())
                    ? EchoNode.Error(429, "Your app has exceeded its compute units per second capacity")
                    : parameters;
            }
        }));

        await test.AskAllAsync(50);

        Assert.Equal(57, test.Meter.Snapshot().Calls);
        Assert.Equal(7, test.Meter.Snapshot().Retries);
        Assert.True(test.Pipeline.LimitOf(test.Server.Url).Current < TestNode.Quick.StartConcurrency + 1);
    }

    [Fact]
    public async Task A_rate_limit_that_does_not_end_fails_with_what_to_do()
    {
        await using TestNode test = new(
            request => EchoNode.Answer(request, (_, _) => EchoNode.Error(-32005, "project ID request rate exceeded")),
            TestNode.Quick with { Retries = 2 });

        SourceException fault = await Assert.ThrowsAsync<SourceException>(() => test.AskAsync(1));

        Assert.Equal(3, test.Server.Requests.Count);
        Assert.Contains("3 times", fault.Reason, StringComparison.Ordinal);
        Assert.Contains("wait, or use a key or another node", fault.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
    }

    [Theory]
    // Infura and BNB Chain nodes: the same code for a range that is too wide, which no waiting makes narrower.
    [InlineData("query returned more than 10000 results", 1)]
    [InlineData("limit exceeded", 2)]
    public async Task A_range_that_is_too_wide_is_a_refusal_not_a_rate_limit(string message, int requests)
    {
        await using TestNode test = new(request => EchoNode.Answer(request, (_, _) => EchoNode.Error(-32005, message)));

        Assert.Equal(new RpcError(-32005, message), (await test.AskAsync(1)).Error);
        Assert.Equal(requests, test.Server.Requests.Count);
    }

    [Fact]
    public async Task A_wrong_answer_is_asked_for_again_alone()
    {
        int asked = 0;
        await using TestNode test = new(request => EchoNode.Answer(request, (_, parameters) =>
            (string?)parameters[0] == "5" && Interlocked.Increment(ref asked) < 3 ? "of another block" : parameters));
        RpcCall checkedCall = TestNode.Call(5) with { Check = result => result.ValueKind == JsonValueKind.Array ? null : "wrong" };

        Task<RpcAnswer> answer = test.Node.AskAsync(checkedCall, CancellationToken.None);
        await Task.WhenAll(Enumerable.Range(10, 20).Select(test.AskAsync));

        Assert.Equal("[\"5\"]", JsonSerializer.Serialize((await answer).Result));
        Assert.Equal(23, test.Meter.Snapshot().Calls);
    }

    [Fact]
    public async Task An_answer_that_stays_wrong_fails_with_the_reason()
    {
        await using TestNode test = new(EchoNode.Answer);
        RpcCall call = TestNode.Call(5) with { Check = _ => "is about block 4, not 5" };

        SourceException fault = await Assert.ThrowsAsync<SourceException>(
            () => test.Node.AskAsync(call, CancellationToken.None));

        Assert.Equal("is about block 4, not 5", fault.Reason);
        Assert.Equal("echo[\"5\"]", fault.Call);
        Assert.Equal(3, test.Server.Requests.Count);
    }

    [Theory]
    [InlineData(-32601)]
    [InlineData(429)]
    public async Task A_key_in_a_refusal_is_not_passed_on(int code)
    {
        const string key = "0123456789abcdef";
        LoopbackServer server = new(request => EchoNode.Answer(request, (_, _) => EchoNode.Error(code, $"not for {key}")));
        await using TestNode test = new(server, TestNode.Quick with { Retries = 0 }, server.UrlWith($"/v3/{key}"));

        string said;
        try
        {
            said = (await test.AskAsync(1)).Error!.Message;
        }
        catch (SourceException fault)
        {
            said = fault.Message;
        }

        Assert.Contains("not for …", said, StringComparison.Ordinal);
        Assert.DoesNotContain(key, said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deep_traces_are_read()
    {
        string deep = string.Concat(Enumerable.Repeat("[", 2050)) + string.Concat(Enumerable.Repeat("]", 2050));
        await using TestNode test = new(request => new Reply(
            $$"""{"jsonrpc":"2.0","id":{{JsonDocument.Parse(request.Body).RootElement.GetProperty("id")}},"result":{{deep}}}"""));

        Assert.Equal(deep, (await test.AskAsync(1)).Result.GetRawText());
    }

    [Fact]
    public async Task Malformed_parameters_reach_the_caller_as_a_fault()
    {
        await using TestNode test = new(EchoNode.Answer);

        await Assert.ThrowsAnyAsync<JsonException>(
            () => test.Node.AskAsync(new RpcCall("echo", "[1"), CancellationToken.None));
        await test.AskAllAsync(3);
    }

    private static JsonArray Spoil(JsonArray batch, string fault)
    {
        switch (fault)
        {
            case "missing": batch[1]!.AsObject().Remove("id"); break;
            case "unknown": batch[1]!["id"] = 999_999; break;
            case "duplicate": batch[1]!["id"] = batch[0]!["id"]!.DeepClone(); break;
            case "short": batch.RemoveAt(1); break;
            case "no result": batch[1]!.AsObject().Remove("result"); break;
            default: batch[1]!["id"] = batch[1]!["id"]!.ToJsonString(); break;
        }

        return batch;
    }
}
