using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using FlowTracer.EndToEnd.Ethereum;

namespace FlowTracer.EndToEnd.Bitcoin;

/// <summary>Which Bitcoin Core a face is of.</summary>
internal sealed record CoreKind
{
    /// <summary>Whether it has an index of transactions.</summary>
    public bool HasTxIndex { get; init; } = true;

    /// <summary>Whether it has an index of block filters.</summary>
    public bool HasFilters { get; init; }

    /// <summary>Whether it has an index of spenders.</summary>
    public bool HasSpenders { get; init; }

    /// <summary>Its version: 22 states fees in <c>getblock</c>, 23 previous outputs there, 25 in <c>getrawtransaction</c>.</summary>
    public int Version { get; init; } = 31;

    /// <summary>Whether its indexes are still being built.</summary>
    public bool IsIndexing { get; init; }
}

/// <summary>
/// What Bitcoin Core offers and bcoin does not, worked out from bcoin's own blocks: previous outputs and fees, filters and
/// spenders, and a transaction in a given block. Everything else is passed on. Errors come as Bitcoin Core's to JSON-RPC 1
/// do, with status 500 or 404.
/// </summary>
internal sealed class CoreFace : IAsyncDisposable
{
    private readonly BcoinNode _node;
    private readonly CoreKind _kind;
    private readonly LoopbackServer _server;
    private readonly SemaphoreSlim _loading = new(1, 1);
    private readonly Dictionary<string, JsonObject> _blocks = [];
    private List<JsonObject> _chain = [];
    private Dictionary<string, JsonObject> _transactions = [];
    private int _scans;

    public CoreFace(BcoinNode node, CoreKind kind)
    {
        (_node, _kind) = (node, kind);
        _server = new LoopbackServer((asked, _) => AnswerAsync(asked));
    }

    /// <summary>Where it listens; whoever comes is answered.</summary>
    public Uri Url => _server.Url;

    /// <summary>Scans that began while another ran: a node refuses them.</summary>
    public int RefusedScans { get; private set; }

    /// <summary>How often each method was asked for.</summary>
    public Dictionary<string, int> Calls { get; } = [];

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _loading.Dispose();
    }

    private async Task<HttpAnswer> AnswerAsync(HttpAsked asked)
    {
        JsonNode body = JsonNode.Parse(asked.Body)!;
        await LoadAsync();
        if (body is JsonArray batch)
        {
            JsonNode?[] answers = await Task.WhenAll(batch.Select(async call => (JsonNode?)(await AnswerAsync(call!.AsObject())).Answer));
            return HttpAnswer.Text(200, new JsonArray(answers).ToJsonString());
        }

        (JsonObject answer, int status) = await AnswerAsync(body.AsObject());
        return HttpAnswer.Text(status, answer.ToJsonString());
    }

    private async Task<(JsonObject Answer, int Status)> AnswerAsync(JsonObject call)
    {
        JsonObject answer = new() { ["result"] = null, ["error"] = null, ["id"] = call["id"]?.DeepClone() };
        string method = (string)call["method"]!;
        lock (Calls)
        {
            Calls[method] = Calls.GetValueOrDefault(method) + 1;
        }

        try
        {
            answer["result"] = await ResultAsync(method, call["params"]!.AsArray());
            return (answer, 200);
        }
        catch (TestRpcException refusal)
        {
            string words = refusal.Message[(refusal.Message.IndexOf(' ', refusal.Message.IndexOf(':', StringComparison.Ordinal) + 2) + 1)..];
            answer["error"] = new JsonObject { ["code"] = refusal.Code, ["message"] = words };
            return (answer, refusal.Code == -32601 ? 404 : 500);
        }
    }

    private async Task<JsonNode?> ResultAsync(string method, JsonArray given) => method switch
    {
        "getindexinfo" => IndexInfo(),
        "getblock" when given[1]!.GetValueKind() == JsonValueKind.Number => Block((string)given[0]!, (int)given[1]!),
        "getrawtransaction" => await TransactionAsync((string)given[0]!, given[1]!, (string?)given.ElementAtOrDefault(2)),
        "scanblocks" => await ScanAsync(given),
        "gettxspendingprevout" => Spending(given),
        "getnetworkinfo" => new JsonObject { ["subversion"] = $"/Satoshi:{_kind.Version}.0.0/" },
        _ => await PassAsync(method, given),
    };

    private async Task<JsonNode?> PassAsync(string method, JsonArray given)
    {
        JsonElement result = await _node.CallAsync(method, [.. given.Select(one => (object?)one)]);
        return JsonNode.Parse(result.GetRawText());
    }

    private JsonObject IndexInfo()
    {
        JsonObject info = [];
        foreach ((bool has, string name) in new[]
        {
            (_kind.HasTxIndex, "txindex"), (_kind.HasFilters, "basic block filter index"), (_kind.HasSpenders, "txospenderindex"),
        })
        {
            if (has)
            {
                info[name] = new JsonObject { ["synced"] = !_kind.IsIndexing, ["best_block_height"] = _chain.Count - 1 };
            }
        }

        return info;
    }

    private JsonObject Block(string hash, int verbosity)
    {
        JsonObject block = _blocks[hash].DeepClone().AsObject();
        block["tx"] = new JsonArray([.. block["tx"]!.AsArray().Select(one => (JsonNode)Detailed(
            one!.AsObject(), hasFee: _kind.Version >= 22, hasSpends: verbosity == 3 && _kind.Version >= 23))]);
        return block;
    }

    private async Task<JsonNode?> TransactionAsync(string id, JsonNode verbosity, string? blockHash)
    {
        JsonObject? inBlock = blockHash is null ? null : Transactions(_blocks[blockHash]).SingleOrDefault(one => (string)one["txid"]! == id);
        bool isMined = _transactions.ContainsKey(id);
        if (blockHash is not null ? inBlock is null : isMined && (!_kind.HasTxIndex || _kind.IsIndexing))
        {
            throw new TestRpcException("getrawtransaction", -5, blockHash is not null
                ? "No such transaction found in the provided block. Use gettransaction for wallet transactions."
                : "No such mempool transaction. Use -txindex or provide a block hash to enable blockchain transaction queries.");
        }

        try
        {
            bool isRaw = verbosity.GetValueKind() == JsonValueKind.False;
            JsonNode? told = await PassAsync("getrawtransaction", [id, !isRaw]);
            return isRaw || verbosity.GetValueKind() == JsonValueKind.True || _kind.Version < 25 || told!["blockhash"] is null
                ? told
                : Detailed(told.AsObject(), hasFee: true, hasSpends: true);
        }
        catch (TestRpcException missing) when (missing.Code == -1)
        {
            throw new TestRpcException("getrawtransaction", -5, "No such mempool or blockchain transaction.");
        }
    }

    // The blocks that pay to the script or spend from it, and one in seven besides: filters err on that side.
    private async Task<JsonNode> ScanAsync(JsonArray given)
    {
        if (!_kind.HasFilters)
        {
            throw new TestRpcException("scanblocks", -1, "Index is not enabled for filtertype basic");
        }

        if (Interlocked.Increment(ref _scans) > 1)
        {
            RefusedScans++;
            Interlocked.Decrement(ref _scans);
            throw new TestRpcException("scanblocks", -8, "Scan already in progress, use action \"abort\" or \"status\"");
        }

        await Task.Delay(20);
        string descriptor = (string)given[1]![0]!;
        string script = descriptor["raw(".Length..^1];
        int from = (int)given[2]!;
        int upTo = Math.Min((int)given[3]!, _chain.Count - 1);
        JsonArray found = [];
        for (int height = from; height <= upTo; height++)
        {
            if (height % 7 == 3 || Transactions(_chain[height]).Any(one => Touches(one, script)))
            {
                found.Add((string)_chain[height]["hash"]!);
            }
        }

        Interlocked.Decrement(ref _scans);
        return new JsonObject { ["from_height"] = from, ["to_height"] = upTo, ["relevant_blocks"] = found, ["completed"] = true };
    }

    private JsonArray Spending(JsonArray given)
    {
        if (!_kind.HasSpenders)
        {
            throw new TestRpcException("gettxspendingprevout", -1, "Mempool lacks a relevant spend, and txospenderindex is unavailable.");
        }

        JsonObject answer = given[0]![0]!.DeepClone().AsObject();
        foreach (JsonObject block in _chain)
        {
            JsonObject? spender = Transactions(block).FirstOrDefault(one => one["vin"]!.AsArray().Any(
                input => (string?)input!["txid"] == (string)answer["txid"]! && (int)input["vout"]! == (int)answer["vout"]!));
            if (spender is not null)
            {
                answer["spendingtxid"] = (string)spender["txid"]!;
                answer["blockhash"] = (string)block["hash"]!;
            }
        }

        return [answer];
    }

    private bool Touches(JsonObject transaction, string script) =>
        transaction["vout"]!.AsArray().Concat(Spent(transaction)).Any(one => (string)one!["scriptPubKey"]!["hex"]! == script);

    private JsonObject Detailed(JsonObject transaction, bool hasFee, bool hasSpends)
    {
        JsonObject detailed = transaction.DeepClone().AsObject();
        foreach (JsonNode? output in detailed["vout"]!.AsArray())
        {
            output!["value"] = Eight(Value(output));
        }

        JsonObject[] spent = Spent(transaction);
        if (hasFee && spent.Length > 0)
        {
            detailed["fee"] = Eight(spent.Sum(Value) - detailed["vout"]!.AsArray().Sum(output => Value(output!)));
        }

        for (int at = 0; hasSpends && at < spent.Length; at++)
        {
            detailed["vin"]![at]!["prevout"] = new JsonObject
            {
                ["value"] = Eight(Value(spent[at])),
                ["scriptPubKey"] = spent[at]["scriptPubKey"]!.DeepClone(),
            };
        }

        return detailed;
    }

    private JsonObject[] Spent(JsonObject transaction) => [.. transaction["vin"]!.AsArray()
        .Where(input => input!["txid"] is not null)
        .Select(input => _transactions[(string)input!["txid"]!]["vout"]![(int)input!["vout"]!]!.AsObject())];

    private static IEnumerable<JsonObject> Transactions(JsonObject block) => block["tx"]!.AsArray().Select(one => one!.AsObject());

    private static decimal Value(JsonNode output) =>
        decimal.Parse(output["value"]!.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture);

    private static JsonNode Eight(decimal bitcoin) => JsonNode.Parse(bitcoin.ToString("0.00000000", CultureInfo.InvariantCulture))!;

    // All blocks of the chain as it is now; those known stay.
    private async Task LoadAsync()
    {
        await _loading.WaitAsync();
        try
        {
            if (_chain.Count > 0 && (string)_chain[^1]["hash"]! == (await _node.CallAsync("getbestblockhash")).GetString())
            {
                return;
            }

            int height = (await _node.CallAsync("getblockcount")).GetInt32();
            IReadOnlyList<JsonElement> hashes = await _node.Rpc.BatchAsync(
                [.. Enumerable.Range(0, height + 1).Select(at => ("getblockhash", new object?[] { at }))]);
            string[] missing = [.. hashes.Select(hash => hash.GetString()!).Where(hash => !_blocks.ContainsKey(hash))];
            IReadOnlyList<JsonElement> blocks = await _node.Rpc.BatchAsync(
                [.. missing.Select(hash => ("getblock", new object?[] { hash, true, true }))]);
            foreach ((string hash, JsonElement block) in missing.Zip(blocks))
            {
                _blocks[hash] = JsonNode.Parse(block.GetRawText())!.AsObject();
            }

            _chain = [.. hashes.Select(hash => _blocks[hash.GetString()!])];
            _transactions = _chain.SelectMany(Transactions).ToDictionary(one => (string)one["txid"]!);
        }
        finally
        {
            _loading.Release();
        }
    }
}
