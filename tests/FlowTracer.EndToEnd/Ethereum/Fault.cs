using System.Globalization;
using System.Numerics;
using System.Text.Json.Nodes;

namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>
/// One way a node misbehaves. It is either about a whole HTTP answer, or about the answer to one call, before the node is
/// asked (<see cref="Refuse"/>) or after (<see cref="Alter"/>).
/// </summary>
internal sealed class Fault
{
    private Fault(string name) => Name = name;

    /// <summary>What it does, for messages.</summary>
    public string Name { get; }

    /// <summary>Replaces the whole HTTP answer; it is given the right one.</summary>
    public Func<HttpAnswer, HttpAnswer>? Transport { get; private init; }

    /// <summary>Gives the error to answer a call with, or null to let it pass. It is given the call and the head's number.</summary>
    public Func<JsonObject, long, JsonObject?>? Refuse { get; private init; }

    /// <summary>Changes a call before the node sees it.</summary>
    public Action<JsonObject>? Rewrite { get; private init; }

    /// <summary>Changes the node's answer to a call, or returns another; both have <c>id</c> and <c>result</c> or <c>error</c>.</summary>
    public Func<JsonObject, JsonObject, JsonObject>? Alter { get; private init; }

    /// <summary>Whether <see cref="Refuse"/> needs the head's number.</summary>
    public bool NeedsHead { get; private init; }

    /// <summary>Whether it applies to batches only.</summary>
    public int? BatchesLargerThan { get; private init; }

    /// <summary>Too many requests, with the seconds to wait where they are given.</summary>
    public static Fault TooManyRequests(int? retryAfterSeconds = null) => Http("429", _ => HttpAnswer.Text(
        429, """{"jsonrpc":"2.0","id":null,"error":{"code":-32005,"message":"Too Many Requests"}}""") with
    {
        Headers = retryAfterSeconds is { } seconds ? [("Retry-After", seconds.ToString(CultureInfo.InvariantCulture))] : [],
    });

    /// <summary>A server's internal error.</summary>
    public static Fault InternalServerError() => Http("500", _ => HttpAnswer.Text(500, "Internal Server Error", "text/plain"));

    /// <summary>No answer, ever.</summary>
    public static Fault Hang() => Http("hang", answer => answer with { Hangs = true });

    /// <summary>The first half of the right body, then the connection closes.</summary>
    public static Fault HalfBody() => Http("half a body", answer => answer with { CutAfterBytes = answer.Body.Length / 2 });

    /// <summary>The first half of the right body, announced as all of it: no JSON, and HTTP does not notice.</summary>
    public static Fault InvalidJson() => Http("invalid JSON", answer => answer with { Body = answer.Body[..(answer.Body.Length / 2)] });

    /// <summary>A web page with status 200, as a captive portal or a gateway answers.</summary>
    public static Fault HtmlPage() => Http("a web page", _ => HttpAnswer.Text(
        200,
        "<!DOCTYPE html><html><head><title>Attention Required!</title></head><body>Checking your browser</body></html>",
        "text/html"));

    /// <summary>Batches are refused as a whole, by one error.</summary>
    public static Fault NoBatches() => BatchLimit(0);

    /// <summary>Batches of more than <paramref name="most"/> calls are refused as a whole, by one error.</summary>
    public static Fault BatchLimit(int most) => new($"at most {most} in a batch")
    {
        BatchesLargerThan = most,
        Transport = _ => HttpAnswer.Text(
            200,
            most == 0
                ? """{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"batch requests are not supported"}}"""
                : """{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"batch too large"}}"""),
    };

    /// <summary>Answers carry ids that nobody asked with.</summary>
    public static Fault WrongIds() => new("wrong ids")
    {
        Alter = (_, answer) =>
        {
            answer["id"] = 1_000_000_007;
            return answer;
        },
    };

    /// <summary>The method is not there.</summary>
    public static Fault NotOffered() => new("not offered")
    {
        Refuse = (call, _) => Error(-32601, $"the method {call["method"]} does not exist/is not available"),
    };

    /// <summary>Always this error.</summary>
    public static Fault Answers(int code, string message) => new(message) { Refuse = (_, _) => Error(code, message) };

    /// <summary>State older than <paramref name="blocks"/> blocks is gone, as on a node that prunes.</summary>
    public static Fault PrunedState(long blocks) => new("pruned state")
    {
        NeedsHead = true,
        Refuse = (call, head) => StateBlock(call) is { } block && block < head - blocks
            ? Error(-32000, $"missing trie node {new string('5', 64)} (path ) state is not available")
            : null,
    };

    /// <summary>
    /// Ranges (<c>fromBlock</c> to <c>toBlock</c>) of more than <paramref name="most"/> blocks are refused. In the text, {most}
    /// stands for that number, {from} and {to} for a range it would take (hexadecimal).
    /// </summary>
    public static Fault RangeLimit(long most, string text = "block range too large, max {most}", int code = -32602) =>
        new($"at most {most} blocks")
        {
            NeedsHead = true,
            Refuse = (call, head) => Range(call, head) is { } range && range.To - range.From + 1 > most
                ? Error(code, text
                    .Replace("{most}", most.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
                    .Replace("{from}", TestRpc.Hex(range.From), StringComparison.Ordinal)
                    .Replace("{to}", TestRpc.Hex(range.From + most - 1), StringComparison.Ordinal))
                : null,
        };

    /// <summary>
    /// How public providers word a refused range, with their codes, for <see cref="RangeLimit"/>; some name a range that
    /// would do, some a number of blocks, some nothing.
    /// </summary>
    public static IReadOnlyList<(int Code, string Text)> RangeRefusals { get; } =
    [
        (-32602, "block range too large, max {most}"),
        (-32602, "block range too large, currently limited to {most}"),
        (-32005, "query returned more than 10000 results. Try with this block range [{from}, {to}]."),
        (-32602, "Log response size exceeded. You can make eth_getLogs requests with up to a {most} block range. Based on your "
            + "parameters, this block range should work: [{from}, {to}]"),
        (-32614, "eth_getLogs is limited to a {most} range"),
        (-32000, "exceed maximum block range: {most}"),
        (-32600, "block range is too wide"),
        (35, "ranges over {most} blocks are not supported on freetier"),
        (-32047, "Invalid eth_getLogs request. 'fromBlock'-'toBlock' range too large. Max range: {most}"),
        (-32005, "query returned more than 10000 results"),
        (-32000, "query timeout exceeded"),
    ];

    /// <summary>Answers of more than <paramref name="most"/> rows become an error with this text; {most} stands for that number.</summary>
    public static Fault ResultLimit(int most, string text = "query returned more than {most} results", int code = -32005) =>
        new($"at most {most} rows")
        {
            Alter = (_, answer) => answer["result"] is JsonArray rows && rows.Count > most
                ? Error(code, text.Replace("{most}", most.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal))
                : answer,
        };

    /// <summary>A refusal that names a range the provider would take.</summary>
    public static Fault SuggestedRange(long most) => RangeLimit(most, RangeRefusals[3].Text, RangeRefusals[3].Code);

    /// <summary>
    /// The end of the rows is missing without any sign of it: the second half of an array; of an ots_search answer, also
    /// with the flag that says no page follows.
    /// </summary>
    public static Fault DropLastPage() => new("drops the last page")
    {
        Alter = (call, answer) =>
        {
            Halve(answer["result"] as JsonArray);
            if (answer["result"] is JsonObject page && page["txs"] is JsonArray transactions)
            {
                Halve(transactions);
                Halve(page["receipts"] as JsonArray);
                page[((string)call["method"]!).EndsWith("Before", StringComparison.Ordinal) ? "lastPage" : "firstPage"] = true;
            }

            return answer;
        },
    };

    /// <summary>Asked about a block by its number, it answers about the one before.</summary>
    public static Fault OtherBlock() => new("another block")
    {
        Rewrite = call =>
        {
            if (call["params"] is JsonArray { Count: > 0 } parameters && Quantity(parameters[0]) is { } number && number > 0)
            {
                parameters[0] = TestRpc.Hex(number - 1);
            }
        },
    };

    /// <summary>Any change of a right result.</summary>
    public static Fault Changes(Func<JsonNode?, JsonNode?> change) => new("changed")
    {
        Alter = (_, answer) =>
        {
            JsonNode? result = answer["result"];
            answer.Remove("result");
            answer["result"] = change(result);
            return answer;
        },
    };

    private static Fault Http(string name, Func<HttpAnswer, HttpAnswer> transport) => new(name) { Transport = transport };

    private static JsonObject Error(int code, string message) =>
        new() { ["error"] = new JsonObject { ["code"] = code, ["message"] = message } };

    private static void Halve(JsonArray? rows)
    {
        for (int excess = (rows?.Count + 1 ?? 0) / 2; excess > 0; excess--)
        {
            rows!.RemoveAt(rows.Count - 1);
        }
    }

    // Which block's state a call needs; null for none, or for the head's.
    private static BigInteger? StateBlock(JsonObject call)
    {
        int? place = (string?)call["method"] switch
        {
            "eth_getBalance" or "eth_getTransactionCount" or "eth_getCode" or "eth_call" => 1,
            "eth_getStorageAt" => 2,
            _ => null,
        };
        return place is { } at && call["params"] is JsonArray parameters && parameters.Count > at ? Quantity(parameters[at]) : null;
    }

    private static (BigInteger From, BigInteger To)? Range(JsonObject call, long head) =>
        call["params"] is JsonArray { Count: > 0 } parameters && parameters[0] is JsonObject filter
            && (filter.ContainsKey("fromBlock") || filter.ContainsKey("toBlock"))
            ? (Quantity(filter["fromBlock"]) ?? Named(filter["fromBlock"], head), Quantity(filter["toBlock"]) ?? Named(filter["toBlock"], head))
            : null;

    private static BigInteger Named(JsonNode? block, long head) => block?.ToString() == "earliest" ? 0 : head;

    private static BigInteger? Quantity(JsonNode? node) =>
        // Longer text is a hash or an address.
        node is JsonValue value && value.TryGetValue(out string? text) && text.Length < 20
            && text.StartsWith("0x", StringComparison.Ordinal)
            ? TestRpc.Number(text)
            : null;
}
