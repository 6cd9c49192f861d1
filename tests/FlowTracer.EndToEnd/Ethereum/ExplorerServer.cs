using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>Which explorer's habits an <see cref="ExplorerServer"/> has.</summary>
internal enum ExplorerKind
{
    /// <summary>Etherscan: keys, <c>chainid</c> under <c>/v2/</c>, <c>module=proxy</c>.</summary>
    Etherscan,

    /// <summary>Blockscout: no key, <c>module=block</c>, JSON-RPC at <c>/api/eth-rpc</c>.</summary>
    Blockscout,
}

/// <summary>
/// A small explorer over a test node, with the API that Etherscan defined and others copy: its field names, its empty
/// answers, its window of rows and its limits. It computes everything from the node's blocks, receipts and traces.
/// </summary>
internal sealed class ExplorerServer : IAsyncDisposable
{
    private readonly TestRpc _rpc;
    private readonly ExplorerIndex _index;
    private readonly LoopbackServer _server;
    private int _requests;

    /// <summary>Starts one over the node at <paramref name="node"/>, which must trace.</summary>
    public ExplorerServer(Uri node, ExplorerKind kind = ExplorerKind.Etherscan)
    {
        Kind = kind;
        _rpc = new TestRpc(node);
        _index = new ExplorerIndex(_rpc);
        _server = new LoopbackServer((asked, _) => AnswerAsync(asked));
    }

    /// <summary>Whose habits it has.</summary>
    public ExplorerKind Kind { get; }

    /// <summary>Its API's address: <c>/v2/api</c> for Etherscan, <c>/api</c> for Blockscout.</summary>
    public Uri Url => new(_server.Url, Kind == ExplorerKind.Etherscan ? "v2/api" : "api");

    /// <summary>The most rows that page times offset may reach.</summary>
    public int WindowRows { get; set; } = 10_000;

    /// <summary>The key it demands; none unless set.</summary>
    public string? RequiredKey { get; set; }

    /// <summary>Every so many requests, one is told that the limit is reached; 0 for none.</summary>
    public int RefuseEvery { get; set; }

    /// <summary>How long each request waits.</summary>
    public TimeSpan Latency { get; set; }

    /// <summary>Requests so far.</summary>
    public int Requests => _server.Requests;

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _index.Dispose();
        _rpc.Dispose();
    }

    private async Task<HttpAnswer> AnswerAsync(HttpAsked asked)
    {
        await Task.Delay(Latency);
        Uri target = new(_server.Url, asked.Target);
        if (Kind == ExplorerKind.Blockscout && asked.Method == "POST" && target.AbsolutePath == "/api/eth-rpc")
        {
            return await EthRpcAsync(asked.Body);
        }

        if (target.AbsolutePath.TrimEnd('/') is not ("/api" or "/v2/api"))
        {
            return HttpAnswer.Text(404, "<html><body>Not Found</body></html>", "text/html");
        }

        Query query = new(target.Query);
        JsonObject answer = Refusal(target, query) ?? await AnswerAsync(query);
        return HttpAnswer.Text(200, answer.ToJsonString());
    }

    private JsonObject? Refusal(Uri target, Query query)
    {
        int request = Interlocked.Increment(ref _requests);
        if (RefuseEvery > 0 && request % RefuseEvery == 0)
        {
            return NotOk("Max rate limit reached");
        }

        if (RequiredKey is not null && query["apikey"] != RequiredKey)
        {
            return NotOk("Missing/Invalid API Key");
        }

        bool isSecond = Kind == ExplorerKind.Etherscan && target.AbsolutePath.StartsWith("/v2/", StringComparison.Ordinal);
        return isSecond && query["chainid"] != "1"
            ? NotOk("Missing or unsupported chainid parameter (required for v2 api)")
            : null;
    }

    private Task<JsonObject> AnswerAsync(Query query) => (query["module"], query["action"]) switch
    {
        ("account", "txlist" or "txlistinternal" or "tokentx") => ListAsync(query),
        ("account", "balance") => BalanceAsync(query),
        ("account", "tokenbalance") => TokenBalanceAsync(query),
        ("logs", "getLogs") => LogsAsync(query),
        ("block", "getblocknobytime") => BlockAtAsync(query),
        ("block", "eth_block_number") when Kind == ExplorerKind.Blockscout => ProxyAsync("eth_blockNumber", []),
        ("proxy", _) when Kind == ExplorerKind.Etherscan => ProxyAsync(query),
        ("account" or "logs" or "block" or "proxy", _) when Kind == ExplorerKind.Etherscan =>
            Task.FromResult(NotOk("Error! Missing Or invalid Action name")),
        _ => Task.FromResult(Answer("0", Kind == ExplorerKind.Etherscan ? "NOTOK" : "Unknown module", null)),
    };

    private async Task<JsonObject> ListAsync(Query query)
    {
        string action = query["action"]!;
        string? address = query["address"]?.ToLowerInvariant();
        if (address is not null && !IsAddress(address))
        {
            return NotOk("Error! Invalid address format");
        }

        long head = await _index.CatchUpAsync();
        IEnumerable<ExplorerRow> rows = action switch
        {
            "txlist" => (await GenesisAsync(address)).Concat(_index.Transactions),
            "txlistinternal" => _index.Internals,
            _ => _index.TokenTransfers,
        };
        string? tx = query["txhash"]?.ToLowerInvariant();
        string? contract = query["contractaddress"]?.ToLowerInvariant();
        long first = query.Number("startblock") ?? 0;
        long last = query.Number("endblock") ?? long.MaxValue;
        ExplorerRow[] found =
        [
            .. rows.Where(row => address is null || row.Addresses.Contains(address))
                .Where(row => tx is null || row.TxHash == tx)
                .Where(row => contract is null || row.Contract == contract)
                .Where(row => row.Block >= first && row.Block <= last),
        ];
        if (query["sort"] == "desc")
        {
            Array.Reverse(found);
        }

        return Page(query, [.. found.Select(row => Shown(row, action, byTransaction: tx is not null, head))]);
    }

    // page and offset cut a window of rows; without them the first rows of the window come.
    private JsonObject Page(Query query, JsonNode[] rows)
    {
        long offset = query.Number("offset") is { } asked and > 0 ? asked : WindowRows;
        long page = Math.Max(1, query.Number("page") ?? 1);
        if (page * offset > WindowRows)
        {
            return Answer("0", $"Result window is too large, PageNo x Offset size must be less than or equal to {WindowRows}", null);
        }

        JsonNode[] shown = [.. rows.Skip((int)((page - 1) * offset)).Take((int)offset)];
        return shown.Length > 0
            ? Answer("1", "OK", new JsonArray(shown))
            : Answer("0", query["module"] == "logs" ? "No records found" : NothingFound(query["action"]!), new JsonArray());
    }

    private string NothingFound(string action) => (Kind, action) switch
    {
        (ExplorerKind.Blockscout, "txlistinternal") => "No internal transactions found",
        (ExplorerKind.Blockscout, "tokentx") => "No token transfers found",
        _ => "No transactions found",
    };

    private JsonObject Shown(ExplorerRow row, string action, bool byTransaction, long head)
    {
        JsonObject fields = row.Fields.DeepClone().AsObject();
        if (fields.ContainsKey("confirmations"))
        {
            fields["confirmations"] = (head - row.Block + 1).ToString(CultureInfo.InvariantCulture);
        }

        if (Kind == ExplorerKind.Etherscan)
        {
            fields.Remove("logIndex");
            fields.Remove("index");
            if (action == "txlistinternal" && byTransaction)
            {
                fields.Remove("hash");
                fields.Remove("traceId");
            }
        }
        else if (action == "txlistinternal")
        {
            fields["transactionHash"] = row.TxHash;
            fields["callType"] = (string)fields["type"]! == "call" ? "call" : string.Empty;
            fields["type"] = (string)fields["type"]! == "suicide" ? "selfdestruct" : (string)fields["type"]!;
            fields.Remove("hash");
            fields.Remove("traceId");
        }
        else
        {
            fields.Remove("methodId");
            fields.Remove("functionName");
        }

        return fields;
    }

    // What an address had before the first block is a row of its own, without a transaction.
    private async Task<IReadOnlyList<ExplorerRow>> GenesisAsync(string? address)
    {
        BigInteger wei = address is null ? 0 : TestRpc.Number(await _rpc.CallAsync("eth_getBalance", address, "0x0"));
        if (wei.IsZero)
        {
            return [];
        }

        JsonObject fields = new();
        string[] zeros = ["blockNumber", "transactionIndex", "gas", "gasPrice", "cumulativeGasUsed", "gasUsed", "isError"];
        string[] empty = ["nonce", "blockHash", "txreceipt_status", "input", "contractAddress", "confirmations"];
        foreach (string name in zeros)
        {
            fields[name] = "0";
        }

        foreach (string name in empty)
        {
            fields[name] = string.Empty;
        }

        fields["timeStamp"] = _index.Times[0].ToString(CultureInfo.InvariantCulture);
        fields["hash"] = $"GENESIS_{address![2..]}";
        fields["from"] = "GENESIS";
        fields["to"] = address;
        fields["value"] = wei.ToString(CultureInfo.InvariantCulture);
        return [new ExplorerRow(0, string.Empty, [address], string.Empty, fields)];
    }

    private async Task<JsonObject> BalanceAsync(Query query) => IsAddress(query["address"])
        ? Answer("1", "OK", Decimal(await _rpc.CallAsync("eth_getBalance", query["address"], query["tag"] ?? "latest")))
        : NotOk("Error! Invalid address format");

    private async Task<JsonObject> TokenBalanceAsync(Query query)
    {
        // balanceOf(address)
        string data = "0x70a08231" + Abi.Text(Abi.Encode("balanceOf(address)", [query["address"]!]))[2..];
        return Answer("1", "OK", Decimal(await _rpc.CallAsync("eth_call", new { to = query["contractaddress"], data }, "latest")));
    }

    private async Task<JsonObject> BlockAtAsync(Query query)
    {
        await _index.CatchUpAsync();
        long time = query.Number("timestamp") ?? 0;
        int block = query["closest"] == "after"
            ? _index.Times.FindIndex(one => one >= time)
            : _index.Times.FindLastIndex(one => one <= time);
        string text = block.ToString(CultureInfo.InvariantCulture);
        return block < 0 ? NotOk("Error! No closest block found")
            : Answer("1", "OK", Kind == ExplorerKind.Blockscout ? new JsonObject { ["blockNumber"] = text } : text);
    }

    // A zero is shown as 0x here, and a page has at most a thousand rows.
    private async Task<JsonObject> LogsAsync(Query query)
    {
        long head = await _index.CatchUpAsync();
        string To(string? block) =>
            TestRpc.Hex(block is null or "latest" ? head : BigInteger.Parse(block, CultureInfo.InvariantCulture));
        string?[] topics = [.. Enumerable.Range(0, 4).Select(place => query[$"topic{place}"])];
        JsonObject filter = new()
        {
            ["fromBlock"] = To(query["fromblock"] ?? "0"),
            ["toBlock"] = To(query["toblock"]),
            ["topics"] = new JsonArray([.. topics.Select(topic => (JsonNode?)topic)]),
        };
        if (query["address"] is { } address)
        {
            filter["address"] = address;
        }

        JsonElement logs = await _rpc.CallAsync("eth_getLogs", filter);
        return Page(query, [.. logs.EnumerateArray().Take(1000).Select(log => ShownLog(log))]);
    }

    private JsonObject ShownLog(JsonElement log)
    {
        static string Short(JsonElement quantity) => quantity.GetString() is "0x0" ? "0x" : quantity.GetString()!;
        string tx = log.GetProperty("transactionHash").GetString()!;
        JsonObject of = _index.Transactions.First(row => row.TxHash == tx).Fields;
        return new JsonObject
        {
            ["address"] = log.GetProperty("address").GetString(),
            ["topics"] = JsonNode.Parse(log.GetProperty("topics").GetRawText()),
            ["data"] = log.GetProperty("data").GetString(),
            ["blockNumber"] = log.GetProperty("blockNumber").GetString(),
            ["blockHash"] = log.GetProperty("blockHash").GetString(),
            ["timeStamp"] = HexOf(of, "timeStamp"),
            ["gasPrice"] = HexOf(of, "gasPrice"),
            ["gasUsed"] = HexOf(of, "gasUsed"),
            ["logIndex"] = Short(log.GetProperty("logIndex")),
            ["transactionHash"] = tx,
            ["transactionIndex"] = Short(log.GetProperty("transactionIndex")),
        };
    }

    // What module=proxy offers; eth_getBalance is not among it.
    private Task<JsonObject> ProxyAsync(Query query) => query["action"] switch
    {
        "eth_blockNumber" or "eth_gasPrice" => ProxyAsync(query["action"]!, []),
        "eth_getBlockByNumber" => ProxyAsync("eth_getBlockByNumber", [query["tag"], query["boolean"] == "true"]),
        "eth_getTransactionByHash" or "eth_getTransactionReceipt" => ProxyAsync(query["action"]!, [query["txhash"]]),
        "eth_getCode" or "eth_getTransactionCount" => ProxyAsync(query["action"]!, [query["address"], query["tag"] ?? "latest"]),
        "eth_getStorageAt" => ProxyAsync("eth_getStorageAt", [query["address"], query["position"], query["tag"] ?? "latest"]),
        "eth_call" => ProxyAsync("eth_call", [new { to = query["to"], data = query["data"] }, query["tag"] ?? "latest"]),
        _ => Task.FromResult(NotOk("Error! Missing Or invalid Action name")),
    };

    private async Task<JsonObject> ProxyAsync(string method, object?[] parameters)
    {
        JsonObject answer = new() { ["jsonrpc"] = "2.0", ["id"] = 83 };
        try
        {
            answer["result"] = JsonNode.Parse((await _rpc.CallAsync(method, parameters)).GetRawText());
        }
        catch (TestRpcException fault)
        {
            answer["error"] = new JsonObject { ["code"] = fault.Code, ["message"] = fault.Message };
        }

        return answer;
    }

    private async Task<HttpAnswer> EthRpcAsync(byte[] body)
    {
        JsonObject call = JsonNode.Parse(body)!.AsObject();
        string method = (string)call["method"]!;
        bool offered = method is "eth_blockNumber" or "eth_getBalance" or "eth_getLogs" or "eth_call" or "eth_getCode" or "eth_chainId"
            or "eth_getTransactionByHash" or "eth_getTransactionReceipt" or "eth_getBlockByNumber" or "eth_getTransactionCount";
        JsonObject answer = offered
            ? await ProxyAsync(method, [.. call["params"]?.AsArray().Select(one => (object?)one?.DeepClone()) ?? []])
            : new JsonObject { ["jsonrpc"] = "2.0", ["error"] = "Action not found." };
        answer["id"] = call["id"]?.DeepClone();
        return HttpAnswer.Text(200, answer.ToJsonString());
    }

    private static bool IsAddress(string? text) =>
        text is { Length: 42 } && text.StartsWith("0x", StringComparison.Ordinal) && text.Skip(2).All(char.IsAsciiHexDigit);

    private static JsonNode Decimal(JsonElement quantity) => TestRpc.Number(quantity).ToString(CultureInfo.InvariantCulture);

    private static string HexOf(JsonObject fields, string name) =>
        TestRpc.Hex(BigInteger.Parse((string)fields[name]!, CultureInfo.InvariantCulture));

    private static JsonObject NotOk(string text) => Answer("0", "NOTOK", text);

    private static JsonObject Answer(string status, string message, JsonNode? result) =>
        new() { ["status"] = status, ["message"] = message, ["result"] = result };

    /// <summary>A query string; names in any case.</summary>
    private sealed class Query(string text)
    {
        private readonly Dictionary<string, string> _values = text.TrimStart('?')
            .Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Select(pair => pair.Split('=', 2))
            .GroupBy(pair => Uri.UnescapeDataString(pair[0]), StringComparer.OrdinalIgnoreCase)
            .ToDictionary(pairs => pairs.Key, pairs => Uri.UnescapeDataString(pairs.First().Last()), StringComparer.OrdinalIgnoreCase);

        public string? this[string name] => _values.GetValueOrDefault(name);

        public long? Number(string name) => long.TryParse(this[name], CultureInfo.InvariantCulture, out long number) ? number : null;
    }
}
