using System.Globalization;
using System.Text.Json;
using FlowTracer.Chains.Rpc;

namespace FlowTracer.Tests.Chains.Rpc;

/// <summary>A node under test with its server and pipeline; all end together.</summary>
internal sealed class TestNode : IAsyncDisposable
{
    /// <summary>Patient enough to see every repetition, and quick about it.</summary>
    public static readonly FetchSettings Quick = new() { FirstDelayMs = 1, LongestDelayMs = 20, TimeoutMs = 20_000 };

    public TestNode(LoopbackServer server, FetchSettings? settings = null, NodeUrl? url = null)
    {
        Server = server;
        Pipeline = new HttpPipeline(settings ?? Quick, Meter, TimeProvider.System, new Random(1));
        Node = new JsonRpcNode(url ?? server.Url, Pipeline);
    }

    public TestNode(Func<Received, Reply> answer, FetchSettings? settings = null)
        : this(new LoopbackServer(answer), settings)
    {
    }

    public LoopbackServer Server { get; }

    public RpcMeter Meter { get; } = new();

    public HttpPipeline Pipeline { get; }

    public JsonRpcNode Node { get; }

    public static RpcCall Call(int number) => new("echo", RpcParams.Of(number.ToString(CultureInfo.InvariantCulture)));

    public Task<RpcAnswer> AskAsync(int number) => Node.AskAsync(Call(number), CancellationToken.None);

    /// <summary>Asks many at once, and makes sure that each got its own answer.</summary>
    public async Task AskAllAsync(int count)
    {
        RpcAnswer[] answers = await Task.WhenAll(Enumerable.Range(0, count).Select(AskAsync));
        for (int at = 0; at < count; at++)
        {
            Assert.Null(answers[at].Error);
            Assert.Equal(Call(at).Params, JsonSerializer.Serialize(answers[at].Result));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Node.DisposeAsync();
        Pipeline.Dispose();
        await Server.DisposeAsync();
    }
}
