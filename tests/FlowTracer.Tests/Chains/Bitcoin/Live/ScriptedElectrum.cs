using System.Text.Json.Nodes;
using FlowTracer.Chains.Bitcoin.Live;
using FlowTracer.Chains.Rpc;
using FlowTracer.Testing;
using FlowTracer.Tests.Chains.Rpc;

namespace FlowTracer.Tests.Chains.Bitcoin.Live;

/// <summary>
/// An Electrum server that does as a test says, with a client of it. It answers <c>server.version</c> by itself; to
/// anything else its answer is the call's first parameter, so that an answer handed to the wrong caller shows.
/// </summary>
internal sealed class ScriptedElectrum : IAsyncDisposable
{
    private readonly HttpPipeline _pipeline;

    /// <summary>A server and its client.</summary>
    /// <param name="misbehave">
    /// Is given each line but the first of a connection; false for one that is to be answered as usual.
    /// </param>
    /// <param name="settings">The client's patience.</param>
    /// <param name="isSecure">Whether over TLS.</param>
    /// <param name="version">Answers <c>server.version</c>, in place of the usual answer.</param>
    public ScriptedElectrum(
        Func<LineClient, JsonNode, Task<bool>>? misbehave = null, FetchSettings? settings = null, bool isSecure = false,
        Func<LineClient, JsonNode, Task>? version = null)
    {
        Server = new LineServer((client, line) => ReceiveAsync(client, JsonNode.Parse(line)!, misbehave, version), isSecure);
        _pipeline = new HttpPipeline(settings ?? TestNode.Quick, Meter, TimeProvider.System, new Random(1));
        Client = Connect(Server.Address);
    }

    public LineServer Server { get; }

    public RpcMeter Meter { get; } = new();

    public ElectrumClient Client { get; }

    /// <summary>The usual answer to a line.</summary>
    public static JsonNode Answer(JsonNode asked) => asked is JsonArray batch
        ? new JsonArray([.. batch.Select(call => Answer(call!))])
        : Result(asked, asked["params"] is JsonArray { Count: > 0 } given ? given[0]!.DeepClone() : null);

    public static JsonObject Result(JsonNode call, JsonNode? result) =>
        new() { ["jsonrpc"] = "2.0", ["id"] = call["id"]!.DeepClone(), ["result"] = result };

    public static JsonObject Error(JsonNode? id, int code, string message) =>
        new() { ["jsonrpc"] = "2.0", ["id"] = id, ["error"] = new JsonObject { ["code"] = code, ["message"] = message } };

    public ElectrumClient Connect(string address) => new(NodeUrl.Parse(address), _pipeline);

    /// <summary>Asks for an answer, and makes sure that it is the caller's own.</summary>
    public async Task AskAsync(int number, CancellationToken cancellationToken = default) => Assert.Equal(
        number,
        await Client.AskAsync(new ElectrumCall("echo", number), answer => answer.Result.GetInt32(), cancellationToken));

    /// <summary>Asks for many answers in one go, and makes sure that each is in its place.</summary>
    public async Task AskTogetherAsync(int count)
    {
        ElectrumCall[] calls = [.. Enumerable.Range(0, count).Select(number => new ElectrumCall("echo", number))];
        int[] answers = await Client.AskAsync(calls, (_, answer) => answer.Result.GetInt32(), CancellationToken.None);
        Assert.Equal(Enumerable.Range(0, count), answers);
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await Server.DisposeAsync();
        _pipeline.Dispose();
    }

    private static async Task ReceiveAsync(
        LineClient client, JsonNode asked, Func<LineClient, JsonNode, Task<bool>>? misbehave, Func<LineClient, JsonNode, Task>? version)
    {
        if (asked is JsonObject && (string?)asked["method"] == "server.version")
        {
            await (version is null
                ? client.SendAsync(Result(asked, new JsonArray("Scripted 1.0", "1.4.2")).ToJsonString())
                : version(client, asked));
        }
        else if (misbehave is null || !await misbehave(client, asked))
        {
            await client.SendAsync(Answer(asked).ToJsonString());
        }
    }
}
