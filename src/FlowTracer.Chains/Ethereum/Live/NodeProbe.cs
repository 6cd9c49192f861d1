using System.Globalization;
using System.Text.Json;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Chains.Ethereum.Live;

/// <summary>Finds out what a node is and can do, by asking it.</summary>
public sealed class NodeProbe(IRpc rpc)
{
    private const string Nobody = "0x00000000000000000000000000000000000dead1";

    /// <summary>The chain the node is on.</summary>
    /// <exception cref="InputException">It answers, but not as an Ethereum node does.</exception>
    /// <exception cref="SourceException">It does not answer.</exception>
    public async Task<ChainId> ChainAsync(CancellationToken cancellationToken)
    {
        RpcAnswer answer = await AskAsync("eth_chainId", RpcParams.None, cancellationToken).ConfigureAwait(false);
        return answer.Error is null && TryQuantity(answer.Result, out ulong id) && id > 0
            ? ChainId.Account(id)
            : throw new InputException(
                $"{rpc.Name} is not an Ethereum node: asked for its chain (eth_chainId), it answers {Said(answer)}");
    }

    /// <summary>The chain up to the block to look at.</summary>
    /// <param name="chain">The chain.</param>
    /// <param name="confirmations">How many blocks behind the newest; null for the newest final one.</param>
    /// <param name="asOf">That very block; null for none in particular.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<ChainView> LookAsync(ChainId chain, ulong? confirmations, ulong? asOf, CancellationToken cancellationToken)
    {
        // Where a node knows no finality: about two epochs, after which blocks of mainnet are final (Casper FFG).
        const ulong epochsBehind = 64;
        EthereumNode node = new(rpc, chain);
        Task<Block?> genesis = node.FreshHeaderAsync("0x0", cancellationToken);
        Task<Block?> latest = node.FreshHeaderAsync("latest", cancellationToken);
        Task<Block?> final = node.FreshHeaderAsync("finalized", cancellationToken);
        await Task.WhenAll(genesis, latest, final).ConfigureAwait(false);
        Block newest = await latest.ConfigureAwait(false) ?? throw NoBlock("latest");
        ulong finalBlock = (await final.ConfigureAwait(false))?.Number ?? newest.Number - Math.Min(newest.Number, 2 * epochsBehind);
        ulong wanted = asOf ?? (confirmations is ulong behind ? newest.Number - Math.Min(newest.Number, behind)
            : (await final.ConfigureAwait(false))?.Number ?? newest.Number - Math.Min(newest.Number, epochsBehind));
        if (wanted > newest.Number)
        {
            throw new InputException($"block {wanted} is not there yet: {rpc.Name} has blocks up to {newest.Number}");
        }

        Block head = wanted == newest.Number ? newest
            : await node.FreshHeaderAsync(RpcParams.Quantity(wanted), cancellationToken).ConfigureAwait(false)
                ?? throw NoBlock(RpcParams.Quantity(wanted));
        return new ChainView(
            chain, ((await genesis.ConfigureAwait(false)) ?? throw NoBlock("0x0")).Hash.ToString(), head.Number, head.Hash.ToString(), head.TimeSeconds,
            Math.Min(finalBlock, newest.Number));
    }

    /// <summary>What the node can do.</summary>
    /// <param name="view">The chain it is on.</param>
    /// <param name="known">A transaction that is there, to try methods on; null to look for one.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<NodeAbilities> AbilitiesAsync(ChainView view, TxHash? known, CancellationToken cancellationToken)
    {
        TxHash? sample = await SampleAsync(view, cancellationToken).ConfigureAwait(false) ?? known;
        string hash = (sample ?? default).ToString(ChainFamily.Account);
        Task<string> client = ClientAsync(cancellationToken);
        Task<bool> traceFilter = WorksAsync("trace_filter", TraceFilter(view.Head, view.Head), cancellationToken);
        Task<bool> trace = WorksAsync("trace_transaction", RpcParams.Of(hash), cancellationToken, IsList);
        Task<bool> callTracer = WorksAsync(
            "debug_traceTransaction", RpcParams.Of(hash, new RawJson("{\"tracer\":\"callTracer\"}")), cancellationToken,
            static answer => answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("from", out _));
        Task<bool> otterscan = WorksAsync(
            "ots_searchTransactionsBefore", RpcParams.Of(Nobody, new RawJson("0"), new RawJson("1")), cancellationToken);
        Task<bool> inside = WorksAsync("ots_getInternalOperations", RpcParams.Of(hash), cancellationToken, IsList);
        Task<int> explorer = ExplorerRowsAsync(cancellationToken);
        Task<bool> oldState = WorksAsync(
            "eth_getBalance", RpcParams.Of(Nobody, Math.Min(1UL, view.Head)), cancellationToken);
        Task<bool> oldCounts = WorksAsync(
            "eth_getTransactionCount", RpcParams.Of(Nobody, Math.Min(1UL, view.Head)), cancellationToken);
        Task<bool> receipts = WorksAsync("eth_getBlockReceipts", RpcParams.Of(view.Head), cancellationToken, IsList);
        Task<bool> logs = WorksAsync("eth_getLogs", Logs(view.Head, view.Head), cancellationToken);
        await Task.WhenAll(client, traceFilter, trace, callTracer, otterscan, inside, explorer, oldState, oldCounts, receipts, logs)
            .ConfigureAwait(false);
        bool hasTraces = await trace.ConfigureAwait(false) && sample is not null;
        return new NodeAbilities
        {
            Client = await client.ConfigureAwait(false),
            HasTraceFilter = await traceFilter.ConfigureAwait(false),
            // An empty chain has no transaction to try them on; then they are there where their index is.
            HasTraceTransaction = hasTraces || (sample is null && await traceFilter.ConfigureAwait(false)),
            HasCallTracer = await callTracer.ConfigureAwait(false) && sample is not null,
            HasOtterscan = await otterscan.ConfigureAwait(false),
            HasOtterscanInternals = await inside.ConfigureAwait(false) && sample is not null,
            HasExplorer = await explorer.ConfigureAwait(false) > 0,
            MostExplorerRows = await explorer.ConfigureAwait(false),
            HasOldState = await oldState.ConfigureAwait(false) && await oldCounts.ConfigureAwait(false),
            HasBlockReceipts = await receipts.ConfigureAwait(false),
            HasLogs = await logs.ConfigureAwait(false),
            WidestLogRange = await logs.ConfigureAwait(false)
                ? await WidestAsync("eth_getLogs", view.Head, Logs, cancellationToken).ConfigureAwait(false) : 0,
            WidestTraceRange = await traceFilter.ConfigureAwait(false)
                ? await WidestAsync("trace_filter", view.Head, TraceFilter, cancellationToken).ConfigureAwait(false) : 0,
        };
    }

    private static string TraceFilter(ulong first, ulong last) => RpcParams.Of(new RawJson(
        $"{{\"fromBlock\":\"{RpcParams.Quantity(first)}\",\"toBlock\":\"{RpcParams.Quantity(last)}\",\"fromAddress\":[\"{Nobody}\"]}}"));

    private static string Logs(ulong first, ulong last) => RpcParams.Of(new RawJson(
        $"{{\"address\":\"{Nobody}\",\"fromBlock\":\"{RpcParams.Quantity(first)}\",\"toBlock\":\"{RpcParams.Quantity(last)}\",\"topics\":[\"{KnownEvents.Transfer}\"]}}"));

    private static bool IsList(JsonElement answer) => answer.ValueKind == JsonValueKind.Array;

    private static bool TryQuantity(JsonElement element, out ulong value)
    {
        value = 0;
        return element.ValueKind == JsonValueKind.String
            && Amount.TryParseHex(element.GetString(), out Amount amount) && amount.TryGetUInt64(out value);
    }

    private static string Said(RpcAnswer answer)
    {
        const int longest = 60;
        string text = answer.Error is RpcError error ? error.Message : answer.Result.GetRawText();
        return text.Length <= longest ? text : text[..longest] + "…";
    }

    private SourceException NoBlock(string which) =>
        new(rpc.Name, $"eth_getBlockByNumber[{which}]", "the node has no such block");

    // Some transaction that is there to be traced: the last of the newest block that has one. Only test chains make one look
    // further than a few blocks back.
    private async Task<TxHash?> SampleAsync(ChainView view, CancellationToken cancellationToken)
    {
        const ulong near = 16;
        const ulong far = 512;
        ulong? block = await NewestFilledAsync(view.Head, near, cancellationToken).ConfigureAwait(false)
            ?? await NewestFilledAsync(view.Head - Math.Min(view.Head, near), far, cancellationToken).ConfigureAwait(false);
        if (block is not ulong number)
        {
            return null;
        }

        // None is left when the chain was reorganised in between.
        Block filled = await new EthereumNode(rpc, view.Chain).BlockAsync(number, cancellationToken).ConfigureAwait(false);
        return filled.Transactions.IsEmpty ? null : filled.Transactions[^1].Hash;
    }

    private async Task<ulong?> NewestFilledAsync(ulong last, ulong count, CancellationToken cancellationToken)
    {
        RpcAnswer[] answers = await Task.WhenAll(Enumerable.Range(0, (int)Math.Min(count, last)).Select(offset => AskAsync(
            "eth_getBlockTransactionCountByNumber", RpcParams.Of(last - (ulong)offset), cancellationToken))).ConfigureAwait(false);
        int newest = Array.FindIndex(answers, static answer =>
            answer.Error is null && TryQuantity(answer.Result, out ulong transactions) && transactions > 0);
        return newest < 0 ? null : last - (ulong)newest;
    }

    private async Task<string> ClientAsync(CancellationToken cancellationToken)
    {
        RpcAnswer answer = await AskAsync("web3_clientVersion", RpcParams.None, cancellationToken).ConfigureAwait(false);
        return answer.Error is null && answer.Result.ValueKind == JsonValueKind.String
            ? AnswerFormatException.OneLine(answer.Result.GetString()!)
            : string.Empty;
    }

    private async Task<bool> WorksAsync(
        string method, string parameters, CancellationToken cancellationToken, Func<JsonElement, bool>? isRight = null)
    {
        RpcAnswer answer = await AskAsync(method, parameters, cancellationToken).ConfigureAwait(false);
        return answer.Error is null && answer.Result.ValueKind != JsonValueKind.Null && (isRight?.Invoke(answer.Result) ?? true);
    }

    // What an explorer shows of one question: Etherscan's 10,000 rows, or as many as it says; 0 for no explorer.
    private async Task<int> ExplorerRowsAsync(CancellationToken cancellationToken)
    {
        int rows = 10_000;
        while (rows > 0)
        {
            RpcAnswer answer = await AskAsync(
                ExplorerRpc.Prefix + "txlist",
                RpcParams.Of(new RawJson(
                    $"{{\"address\":\"{Nobody}\",\"startblock\":\"0\",\"endblock\":\"0\",\"page\":\"1\",\"offset\":\"{rows}\"}}")),
                cancellationToken).ConfigureAwait(false);
            if (answer.Error?.Code != ExplorerRpc.BeyondWindow)
            {
                return answer.Error is null ? rows : 0;
            }

            string said = new([.. answer.Error.Message.Reverse().SkipWhile(static c => !char.IsAsciiDigit(c))
                .TakeWhile(static c => char.IsAsciiDigit(c)).Reverse()]);
            rows = int.TryParse(said, CultureInfo.InvariantCulture, out int most) && most < rows ? most : rows / 2;
        }

        return 0;
    }

    // All blocks at once, or else the largest power of two that the node accepts, counted from the head.
    private async Task<ulong> WidestAsync(
        string method, ulong head, Func<ulong, ulong, string> range, CancellationToken cancellationToken)
    {
        if (await WorksAsync(method, range(0, head), cancellationToken).ConfigureAwait(false))
        {
            return 0;
        }

        ulong width = System.Numerics.BitOperations.RoundUpToPowerOf2(head + 1) / 2;
        while (width > 1
            && !await WorksAsync(method, range(head - Math.Min(head, width - 1), head), cancellationToken).ConfigureAwait(false))
        {
            width /= 2;
        }

        return Math.Max(width, 1);
    }

    private Task<RpcAnswer> AskAsync(string method, string parameters, CancellationToken cancellationToken) =>
        rpc.AskAsync(new RpcCall(method, parameters) { IsKept = false, GoesOnFromRefusal = true }, cancellationToken);
}
