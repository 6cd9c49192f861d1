using System.Globalization;
using System.Net;
using System.Text.Json;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Chains.Ethereum.Live;

/// <summary>
/// An explorer with Etherscan's API as a node: its lists as methods of their own (<c>explorer_txlist</c>), and what it
/// passes on to a node under the usual names, by <c>module=proxy</c> as Etherscan has it or else by Blockscout's
/// <c>eth-rpc</c>. So its answers are repeated, kept and compared as those of nodes are.
/// </summary>
public sealed class ExplorerRpc(NodeUrl url, HttpPipeline pipeline) : IRpc
{
    /// <summary>What the names of an explorer's own lists begin with.</summary>
    public const string Prefix = "explorer_";

    /// <summary>The code under which a refusal comes that says the page lies beyond the most rows the explorer shows.</summary>
    public const int BeyondWindow = -32090;

    private const int Refusal = -32000;

    // keccak256 of mainnet's first header.
    private const string MainnetGenesis = "0xd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3";

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

    private Way _way;
    private Amount _newest;

    private enum Way
    {
        Unknown = 0,
        Proxy,
        EthRpc,
    }

    /// <inheritdoc/>
    public string Name => url.Display;

    /// <inheritdoc/>
    public Task<RpcAnswer> AskAsync(RpcCall call, CancellationToken cancellationToken) =>
        call.Method.StartsWith(Prefix, StringComparison.Ordinal) ? AskListAsync(call, cancellationToken)
        : call.Method == "eth_chainId" ? AskChainAsync(call, cancellationToken)
        : AskNodeAsync(call, cancellationToken);

    private async Task<RpcAnswer> AskListAsync(RpcCall call, CancellationToken cancellationToken)
    {
        using JsonDocument parameters = JsonDocument.Parse(call.Params);
        IEnumerable<string> named = parameters.RootElement[0].EnumerateObject()
            .Select(static p => $"{p.Name}={Uri.EscapeDataString(p.Value.GetString()!)}");
        return await GetAsync(
            call, $"?module=account&action={call.Method[Prefix.Length..]}&{string.Join('&', named)}", ReadList, cancellationToken)
            .ConfigureAwait(false);
    }

    // Etherscan passes no eth_chainId on: its second version is told the chain, in the address.
    private async Task<RpcAnswer> AskChainAsync(RpcCall call, CancellationToken cancellationToken)
    {
        RpcAnswer said = await AskNodeAsync(call, cancellationToken).ConfigureAwait(false);
        if (said.Error is null)
        {
            return said;
        }

        if (ChainIdInUrl() is ulong id)
        {
            return Quantity(id);
        }

        RpcCall first = new("eth_getBlockByNumber", RpcParams.Of(0UL, false));
        RpcAnswer genesis = await AskNodeAsync(first, cancellationToken).ConfigureAwait(false);
        JsonElement hash = default;
        bool isBlock = genesis.Error is null && genesis.Result.ValueKind == JsonValueKind.Object
            && genesis.Result.TryGetProperty("hash", out hash) && hash.ValueKind == JsonValueKind.String;
        return isBlock && hash.ValueEquals(MainnetGenesis)
            ? Quantity(1)
            : throw new SourceException(
                Name, call.Method,
                "the explorer does not say which chain it is of; add chainid=… (1 for Ethereum) to its address")
            {
                IsForeign = !isBlock,
            };
    }

    private static RpcAnswer Quantity(ulong number) =>
        RpcAnswer.Of(JsonSerializer.SerializeToElement(RpcParams.Quantity(number)));

    private ulong? ChainIdInUrl()
    {
        string? value = url.Uri.Query.TrimStart('?').Split('&').Select(static pair => pair.Split('=', 2))
            .FirstOrDefault(static pair => pair.Length == 2 && pair[0].Equals("chainid", StringComparison.OrdinalIgnoreCase))?[1];
        return ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong id) && id > 0 ? id : null;
    }

    private async Task<RpcAnswer> AskNodeAsync(RpcCall call, CancellationToken cancellationToken)
    {
        if (_way == Way.Unknown)
        {
            RpcCall newest = new("eth_blockNumber", RpcParams.None);
            _way = (await AskProxyAsync(newest, cancellationToken).ConfigureAwait(false)).Error is null ? Way.Proxy : Way.EthRpc;
        }

        return _way == Way.Proxy
            ? await (call.Method == "eth_getBalance" ? AskBalanceAsync(call, cancellationToken) : AskProxyAsync(call, cancellationToken))
                .ConfigureAwait(false)
            : await SendAsync(call, () => Post(call), ReadRpc, cancellationToken).ConfigureAwait(false);
    }

    private async Task<RpcAnswer> AskProxyAsync(RpcCall call, CancellationToken cancellationToken)
    {
        using JsonDocument parameters = JsonDocument.Parse(call.Params);
        JsonElement list = parameters.RootElement;
        string? query = call.Method == "eth_call"
            ? $"&to={list[0].GetProperty("to").GetString()}&data={list[0].GetProperty("data").GetString()}&tag={list[1].GetString()}"
            : Proxied.TryGetValue(call.Method, out string[]? names)
                ? string.Concat(names.Select((name, i) => $"&{name}={Plain(list[i])}"))
                : null;
        return query is null
            ? RpcAnswer.Refused(new RpcError(RpcErrors.MethodNotFound, $"an explorer does not offer {call.Method}"))
            : await GetAsync(call, $"?module=proxy&action={call.Method}{query}", ReadProxied, cancellationToken).ConfigureAwait(false);
    }

    // Etherscan states balances after the newest block only: after the one asked for while that is the newest.
    private async Task<RpcAnswer> AskBalanceAsync(RpcCall call, CancellationToken cancellationToken)
    {
        using JsonDocument parameters = JsonDocument.Parse(call.Params);
        (string address, string block) = (parameters.RootElement[0].GetString()!, parameters.RootElement[1].GetString()!);
        if (block == "latest" || await IsNewestAsync(block, cancellationToken).ConfigureAwait(false))
        {
            RpcAnswer answer = await GetAsync(
                call with { Check = null }, $"?module=account&action=balance&address={address}&tag=latest", ReadBalance, cancellationToken)
                .ConfigureAwait(false);
            if (block == "latest" || await IsNewestAsync(block, cancellationToken).ConfigureAwait(false))
            {
                return answer;
            }
        }

        return RpcAnswer.Refused(new RpcError(RpcErrors.MethodNotFound, "an explorer does not offer balances of old blocks"));
    }

    private async Task<bool> IsNewestAsync(string block, CancellationToken cancellationToken)
    {
        Amount asked = Amount.TryParseHex(block, out Amount number) ? number : Amount.Zero;
        if (asked < _newest)
        {
            return false;
        }

        RpcAnswer answer = await AskProxyAsync(new RpcCall("eth_blockNumber", RpcParams.None), cancellationToken).ConfigureAwait(false);
        bool isKnown = answer.Error is null && Amount.TryParseHex(answer.Result.GetString(), out _newest);
        return isKnown && asked == _newest;
    }

    private RpcAnswer ReadBalance(JsonElement answer, Attempts attempts) => RefusalIn(answer) is ExplorerRefusal refusal
        ? Refused(refusal, attempts)
        : Amount.TryParse(answer.GetProperty("result").ToString(), out Amount wei, out _)
            ? RpcAnswer.Of(JsonSerializer.SerializeToElement("0x" + wei.ToBigInteger().ToString("x", CultureInfo.InvariantCulture)))
            : throw new BadAnswerException("states no balance");

    private HttpRequestMessage Post(RpcCall call)
    {
        HttpRequestMessage message = RpcMessage.Write([call], firstId: 1);
        message.RequestUri = url.Below("eth-rpc");
        return message;
    }

    private static string Plain(JsonElement parameter) => parameter.ValueKind switch
    {
        JsonValueKind.String => parameter.GetString()!,
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => parameter.GetRawText(),
    };

    private Task<RpcAnswer> GetAsync(
        RpcCall call, string query, Func<JsonElement, Attempts, RpcAnswer> read, CancellationToken cancellationToken) => SendAsync(
            call, () => new HttpRequestMessage(HttpMethod.Get, url.Below(query)),
            (_, body, attempts) => read(Parsed(body), attempts), cancellationToken);

    private async Task<RpcAnswer> SendAsync(
        RpcCall call, Func<HttpRequestMessage> request, Func<HttpStatusCode, ReadOnlyMemory<byte>, Attempts, RpcAnswer> read,
        CancellationToken cancellationToken)
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
                    url, request, (status, body) => read(status, body, attempts), attempts, cancellationToken).ConfigureAwait(false);
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

    // Blockscout says in words alone that it has no such method.
    private RpcAnswer ReadRpc(HttpStatusCode status, ReadOnlyMemory<byte> body, Attempts attempts)
    {
        RpcReply reply = RpcMessage.Read(status, body, count: 1, firstId: 1);
        RpcAnswer answer = reply.Answers?[0] ?? RpcAnswer.Refused(reply.Refusal!);
        if (answer.Error is not RpcError error)
        {
            return answer;
        }

        if (RpcErrors.IsRateLimit(error))
        {
            attempts.SignOfOverload = true;
            throw new BadAnswerException($"says “{url.Redact(error.Message)}”");
        }

        bool isUnknown = error.Message.StartsWith("Action not found", StringComparison.OrdinalIgnoreCase);
        return RpcAnswer.Refused(new RpcError(isUnknown ? RpcErrors.MethodNotFound : error.Code, url.Redact(error.Message)));
    }

    private static ExplorerRefusal? RefusalIn(JsonElement answer)
    {
        try
        {
            return ExplorerDecoder.RefusalOf(answer);
        }
        catch (AnswerFormatException)
        {
            // No answer of an explorer's: whoever decodes it will say what is wrong with it.
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
            : RpcAnswer.Refused(new RpcError(
                refusal.Kind == ExplorerRefusalKind.Window ? BeyondWindow : Refusal, url.Redact(refusal.Text)));
    }
}
