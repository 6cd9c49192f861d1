using System.Text.Json;
using System.Text.Json.Nodes;

namespace FlowTracer.Tests.Chains.Rpc;

/// <summary>
/// The simplest node: it answers each call with its own parameters, so that an answer handed to the wrong caller shows.
/// </summary>
internal static class EchoNode
{
    public static Reply Answer(Received request) => Answer(request, (_, parameters) => parameters);

    /// <summary>Answers each call by itself.</summary>
    /// <param name="request">One call or a batch.</param>
    /// <param name="answer">From method and parameters; an <see cref="Error"/> for a refusal.</param>
    public static Reply Answer(Received request, Func<string, JsonNode, JsonNode?> answer)
    {
        JsonNode asked = JsonNode.Parse(request.Body)!;
        return asked is JsonArray batch
            ? new Reply(new JsonArray([.. batch.Select(call => One(call!, answer))]).ToJsonString())
            : new Reply(One(asked, answer).ToJsonString());
    }

    /// <summary>Marks a refusal for <see cref="Answer(Received, Func{string, JsonNode, JsonNode})"/>.</summary>
    public static JsonNode Error(int code, string message) =>
        new JsonObject { ["!"] = new JsonObject { ["code"] = code, ["message"] = message } };

    /// <summary>How many calls a request holds; 0 for a single call that is no array.</summary>
    public static int BatchSize(Received request)
    {
        using JsonDocument body = JsonDocument.Parse(request.Body);
        return body.RootElement.ValueKind == JsonValueKind.Array ? body.RootElement.GetArrayLength() : 0;
    }

    private static JsonObject One(JsonNode call, Func<string, JsonNode, JsonNode?> answer)
    {
        JsonNode? result = answer((string)call["method"]!, call["params"]!.DeepClone());
        JsonObject reply = new() { ["jsonrpc"] = "2.0", ["id"] = call["id"]!.DeepClone() };
        if (result is JsonObject marked && marked["!"] is { } error)
        {
            reply["error"] = error.DeepClone();
        }
        else
        {
            reply["result"] = result;
        }

        return reply;
    }
}
