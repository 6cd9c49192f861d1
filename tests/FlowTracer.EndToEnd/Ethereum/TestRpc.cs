using System.Globalization;
using System.Net.Http.Headers;
using System.Numerics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>A node's answer that is an error.</summary>
internal sealed class TestRpcException(string method, int code, string message)
    : Exception($"{method}: {code} {message}")
{
    /// <summary>The JSON-RPC error code.</summary>
    public int Code { get; } = code;
}

/// <summary>
/// JSON-RPC as the tests speak it: raw JSON over HTTP, sharing nothing with the program, so that what it says about a chain
/// is an independent witness.
/// </summary>
internal sealed class TestRpc : IDisposable
{
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromMinutes(2) };
    private int _lastId;

    /// <summary>Asks the node at an address; its user part, <c>user:password</c>, is the authorization.</summary>
    public TestRpc(Uri url)
    {
        Url = url;
        if (url.UserInfo.Length > 0)
        {
            _http.DefaultRequestHeaders.Authorization =
                new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(url.UserInfo)));
        }
    }

    /// <summary>The node's address.</summary>
    public Uri Url { get; }

    /// <summary>Asks one question.</summary>
    /// <param name="method">The method.</param>
    /// <param name="parameters">Its parameters, as JSON serialises them.</param>
    /// <returns>The result; it stays valid.</returns>
    /// <exception cref="TestRpcException">The node answered with an error.</exception>
    public async Task<JsonElement> CallAsync(string method, params object?[] parameters)
    {
        string body = JsonSerializer.Serialize(Question(method, parameters));
        using JsonDocument answer = JsonDocument.Parse(await PostAsync(body));
        return Result(answer.RootElement, method);
    }

    /// <summary>Asks many questions in one batch; the results stand in the questions' order.</summary>
    public async Task<IReadOnlyList<JsonElement>> BatchAsync(IReadOnlyList<(string Method, object?[] Parameters)> questions)
    {
        JsonObject[] asked = [.. questions.Select(question => Question(question.Method, question.Parameters))];
        if (asked.Length == 0)
        {
            return [];
        }

        using JsonDocument answer = JsonDocument.Parse(await PostAsync(JsonSerializer.Serialize(asked)));
        Dictionary<int, JsonElement> byId = answer.RootElement.EnumerateArray().ToDictionary(one => one.GetProperty("id").GetInt32());
        return [.. asked.Select((one, index) => Result(byId[(int)one["id"]!], questions[index].Method))];
    }

    /// <summary>Sends any body and returns what came back, whatever it is.</summary>
    public async Task<string> PostAsync(string body)
    {
        using StringContent content = new(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await _http.PostAsync(Url, content);
        return await response.Content.ReadAsStringAsync();
    }

    /// <summary>A quantity: <c>0x</c> and hexadecimal digits without leading zeros.</summary>
    public static string Hex(BigInteger value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        string digits = value.ToString("x", CultureInfo.InvariantCulture).TrimStart('0');
        return digits.Length == 0 ? "0x0" : "0x" + digits;
    }

    /// <summary>The number a quantity states.</summary>
    public static BigInteger Number(JsonElement quantity) => Number(quantity.GetString()!);

    /// <inheritdoc cref="Number(JsonElement)"/>
    public static BigInteger Number(string quantity) =>
        BigInteger.Parse("0" + quantity.AsSpan(2).ToString(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    public void Dispose() => _http.Dispose();

    private JsonObject Question(string method, object?[] parameters) => new()
    {
        ["jsonrpc"] = "2.0",
        ["id"] = Interlocked.Increment(ref _lastId),
        ["method"] = method,
        ["params"] = JsonSerializer.SerializeToNode(parameters),
    };

    private static JsonElement Result(JsonElement answer, string method) =>
        answer.TryGetProperty("error", out JsonElement error) && error.ValueKind != JsonValueKind.Null
            ? throw new TestRpcException(method, error.GetProperty("code").GetInt32(), error.GetProperty("message").GetString()!)
            : answer.GetProperty("result").Clone();
}
