using System.Runtime.InteropServices;

namespace FlowTracer.Chains.Rpc;

/// <summary>Passes questions on, and notes the answers in a digest; refusals are none.</summary>
internal sealed class NotedRpc(IRpc inner, AnswersDigest digest) : IRpc
{
    /// <inheritdoc/>
    public string Name => inner.Name;

    /// <inheritdoc/>
    public async Task<RpcAnswer> AskAsync(RpcCall call, CancellationToken cancellationToken)
    {
        RpcAnswer answer = await inner.AskAsync(call, cancellationToken).ConfigureAwait(false);
        if (answer.Error is null)
        {
            digest.Add($"{call.Method} {call.Params}", JsonMarshal.GetRawUtf8Value(answer.Result));
        }

        return answer;
    }
}
