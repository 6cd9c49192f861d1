using System.Text.Json;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum.Live;

/// <summary>
/// An explorer with Etherscan's API as a node: its lists as methods of their own (<c>explorer_txlist</c>), and what it
/// passes on to a node (<c>module=proxy</c>) under the usual names. So its answers are repeated, kept and compared as
/// those of nodes are.
/// </summary>
public sealed class ExplorerRpc(NodeUrl url, HttpPipeline pipeline) : IRpc
{
    /// <summary>What the names of an explorer's own lists begin with.</summary>
    public const string Prefix = "explorer_";

    private const int MethodNotFound = -32601;
    private const int Refusal = -32000;

    private static readonly Dictionary<string, string[]> Proxied = new()
    {
        ["eth_blockNumber"] = [],
        ["eth_chainId"] = [],
        ["eth_getBlockByNumber"] = ["tag", "boolean"],
        ["eth_getBlockTransactionCountByNumber"] = ["tag"],
        ["eth_getUncleByBlockNumberAndIndex"] = ["tag", "index"],
        ["eth_getTransactionByHash"] = ["txhash"],
        ["eth_getTransactionReceipt"] = ["txhash"],
        ["eth_getCode"] = ["address", "tag"],
        ["eth_getTransactionCount"] = ["address", "tag"],
    };

    /// <inheritdoc/>
    public string Name => url.Display;

    /// <inheritdoc/>
    public async Task<RpcAnswer> AskAsync(RpcCall call, CancellationToken cancellationToken)
    {
        using JsonDocument parameters = JsonDocument.Parse(call.Params);
        JsonElement list = parameters.RootElement;
        if (call.Method.StartsWith(Prefix, StringComparison.Ordinal))
        {
            IEnumerable<string> named = list[0].EnumerateObject().Select(static p => $"{p.Name}={Uri.EscapeDataString(p.Value.GetString()!)}");
            return await GetAsync(
                call, $"?module=account&action={call.Method[Prefix.Length..]}&{string.Join('&', named)}", ReadList, cancellationToken)
                .ConfigureAwait(false);
        }

        if (call.Method == "eth_call")
        {
            string query =
                $"?module=proxy&action=eth_call&to={list[0].GetProperty("to").GetString()}&data={list[0].GetProperty("data").GetString()}&tag={list[1].GetString()}";
            return await GetAsync(call, query, ReadProxied, cancellationToken).ConfigureAwait(false);
        }

        return Proxied.TryGetValue(call.Method, out string[]? names)
            ? await GetAsync(
                call,
                $"?module=proxy&action={call.Method}{string.Concat(names.Select((name, i) => $"&{name}={Plain(list[i])}"))}",
                ReadProxied, cancellationToken).ConfigureAwait(false)
            : RpcAnswer.Refused(new RpcError(MethodNotFound, $"an explorer does not offer {call.Method}"));
    }

    private static string Plain(JsonElement parameter) => parameter.ValueKind switch
    {
        JsonValueKind.String => parameter.GetString()!,
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => parameter.GetRawText(),
    };

    private async Task<RpcAnswer> GetAsync(
        RpcCall call, string query, Func<JsonElement, Attempts, RpcAnswer> read, CancellationToken cancellationToken)
    {
        const int mostChecks = 3;
        string? fault = null;
        for (int attempt = 0; attempt < mostChecks; attempt++)
        {
            Attempts attempts = new();
            RpcAnswer answer;
            try
            {
                answer = await pipeline.SendAsync(
                    url, () => new HttpRequestMessage(HttpMethod.Get, url.Below(query)),
                    (_, body) => read(Parsed(body), attempts), attempts, cancellationToken).ConfigureAwait(false);
            }
            catch (HttpFault failed)
            {
                throw pipeline.Failed(url, call.Method, failed, attempts);
            }

            fault = answer.Error is null ? call.Check?.Invoke(answer.Result) : null;
            if (fault is null)
            {
                return answer;
            }
        }

        throw new SourceException(Name, call.Method + call.Params, fault!);
    }

    private static JsonElement Parsed(ReadOnlyMemory<byte> body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 4096 });
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            throw new BadAnswerException("is not JSON");
        }
    }

    // status 0 is a refusal, or an empty list; what calls for patience is asked again.
    private RpcAnswer ReadList(JsonElement answer, Attempts attempts)
    {
        ExplorerRefusal? refusal = RefusalIn(answer);
        return refusal is null ? RpcAnswer.Of(answer) : Refused(refusal, attempts);
    }

    private RpcAnswer ReadProxied(JsonElement answer, Attempts attempts)
    {
        if (answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("error", out JsonElement error)
            && error.ValueKind == JsonValueKind.Object)
        {
            string message = error.TryGetProperty("message", out JsonElement text) ? text.ToString() : error.GetRawText();
            return RpcAnswer.Refused(new RpcError(Refusal, url.Redact(message)));
        }

        return answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("jsonrpc", out _)
            && answer.TryGetProperty("result", out JsonElement result)
            ? RpcAnswer.Of(result)
            : RefusalIn(answer) is ExplorerRefusal refusal ? Refused(refusal, attempts)
            : throw new BadAnswerException("has neither a result nor an error");
    }

    private static ExplorerRefusal? RefusalIn(JsonElement answer)
    {
        try
        {
            return ExplorerDecoder.Transactions(answer, ChainId.Ethereum).Refusal;
        }
        catch (AnswerFormatException)
        {
            // Rows of another list than transactions: an answer, to be decoded by whoever asked.
            return null;
        }
    }

    private RpcAnswer Refused(ExplorerRefusal refusal, Attempts attempts)
    {
        if (refusal.Kind is ExplorerRefusalKind.RateLimit or ExplorerRefusalKind.Busy)
        {
            attempts.SignOfOverload = true;
            throw new BadAnswerException($"says “{url.Redact(refusal.Text)}”");
        }

        return refusal.Kind == ExplorerRefusalKind.Key
            ? throw new SourceException(Name, "Etherscan's API", $"refused access: {url.Redact(refusal.Text)}; check the key")
            : RpcAnswer.Refused(new RpcError(Refusal, url.Redact(refusal.Text)));
    }
}
