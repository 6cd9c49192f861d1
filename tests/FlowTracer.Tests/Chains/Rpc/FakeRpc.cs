using System.Text.Json;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Ports;

namespace FlowTracer.Tests.Chains.Rpc;

/// <summary>A source that answers from a function and counts how often it was asked.</summary>
internal sealed class FakeRpc(string name, Func<RpcCall, RpcAnswer> answer) : IRpc
{
    private int _asked;

    public string Name => name;

    public int Asked => Volatile.Read(ref _asked);

    public static FakeRpc Saying(string name, string json) => new(name, _ => Result(json));

    public static FakeRpc Refusing(string name, int code, string message) =>
        new(name, _ => RpcAnswer.Refused(new RpcError(code, message)));

    public static FakeRpc Failing(string name, string reason) =>
        new(name, call => throw new SourceException(name, call.Method, reason));

    public static RpcAnswer Result(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return RpcAnswer.Of(document.RootElement.Clone());
    }

    public Task<RpcAnswer> AskAsync(RpcCall call, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _asked);
        return Task.Run(() => answer(call), cancellationToken);
    }
}
