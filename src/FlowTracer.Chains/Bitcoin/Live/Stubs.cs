#pragma warning disable
using FlowTracer.Chains.Rpc;
namespace FlowTracer.Chains.Bitcoin.Live;
public sealed class CoreRpc(IRpc a, int b, int c) : IRpc { public string Name => ""; public Task<RpcAnswer> AskAsync(RpcCall call, CancellationToken t) => throw new NotImplementedException(); }
