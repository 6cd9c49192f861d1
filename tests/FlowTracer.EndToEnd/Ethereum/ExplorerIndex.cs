using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>A row of an explorer's list, with what lists are filtered by.</summary>
/// <param name="Block">Its block.</param>
/// <param name="TxHash">Its transaction.</param>
/// <param name="Addresses">Whose list it is in.</param>
/// <param name="Contract">The token's contract; empty where there is none.</param>
/// <param name="Fields">The row as the explorer shows it.</param>
internal sealed record ExplorerRow(long Block, string TxHash, IReadOnlyList<string> Addresses, string Contract, JsonObject Fields);

/// <summary>
/// What an explorer knows of a node's chain: it walks the blocks, receipts and traces, and makes rows with the names that
/// Etherscan's API gives them. Numbers are decimal text.
/// </summary>
internal sealed class ExplorerIndex(TestRpc rpc) : IDisposable
{
    /// <summary>The topic of <c>Transfer(address,address,uint256)</c>.</summary>
    public const string TransferTopic = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";

    private const int BlocksInBatch = 50;

    private readonly Dictionary<string, (string Symbol, string Decimals)> _tokens = [];
    private readonly SemaphoreSlim _walking = new(1, 1);
    private long _walked;

    /// <summary>Transactions, in chain order.</summary>
    public List<ExplorerRow> Transactions { get; } = [];

    /// <summary>Calls, creations and self-destructs inside transactions, in chain order.</summary>
    public List<ExplorerRow> Internals { get; } = [];

    /// <summary>ERC-20 transfers, in chain order.</summary>
    public List<ExplorerRow> TokenTransfers { get; } = [];

    /// <summary>Unix seconds of each block, from block 0 on.</summary>
    public List<long> Times { get; } = [];

    /// <summary>Reads the blocks that came since the last time; returns the head's number.</summary>
    public async Task<long> CatchUpAsync()
    {
        long head = (long)TestRpc.Number(await rpc.CallAsync("eth_blockNumber"));
        await _walking.WaitAsync();
        try
        {
            if (Times.Count == 0)
            {
                JsonElement genesis = await rpc.CallAsync("eth_getBlockByNumber", "0x0", false);
                Times.Add((long)TestRpc.Number(genesis.GetProperty("timestamp")));
            }

            while (_walked < head)
            {
                long last = Math.Min(head, _walked + BlocksInBatch);
                await WalkAsync(_walked + 1, last);
                _walked = last;
            }
        }
        finally
        {
            _walking.Release();
        }

        return head;
    }

    public void Dispose() => _walking.Dispose();

    private async Task WalkAsync(long first, long last)
    {
        List<(string, object?[])> questions = [];
        for (long number = first; number <= last; number++)
        {
            string block = TestRpc.Hex(number);
            questions.Add(("eth_getBlockByNumber", [block, true]));
            questions.Add(("eth_getBlockReceipts", [block]));
            questions.Add(("trace_block", [block]));
        }

        IReadOnlyList<JsonElement> answers = await rpc.BatchAsync(questions);
        for (int i = 0; i < answers.Count; i += 3)
        {
            Times.Add((long)TestRpc.Number(answers[i].GetProperty("timestamp")));
            JsonElement[] transactions = [.. answers[i].GetProperty("transactions").EnumerateArray()];
            JsonElement[] receipts = [.. answers[i + 1].EnumerateArray()];
            for (int j = 0; j < transactions.Length; j++)
            {
                AddTransaction(transactions[j], receipts[j]);
                await AddTokenTransfersAsync(transactions[j], receipts[j]);
            }

            AddInternals([.. answers[i + 2].EnumerateArray()]);
        }
    }

    private void AddTransaction(JsonElement transaction, JsonElement receipt)
    {
        bool failed = TestRpc.Number(receipt.GetProperty("status")).IsZero;
        string from = Text(transaction, "from");
        string to = Text(transaction, "to");
        string created = Text(receipt, "contractAddress");
        string input = Text(transaction, "input");
        Add(Transactions, receipt, [from, to, created], string.Empty, new JsonObject
        {
            ["blockNumber"] = Decimal(receipt, "blockNumber"),
            ["blockHash"] = Text(receipt, "blockHash"),
            ["timeStamp"] = TimeOf(receipt),
            ["hash"] = Text(transaction, "hash"),
            ["nonce"] = Decimal(transaction, "nonce"),
            ["transactionIndex"] = Decimal(receipt, "transactionIndex"),
            ["from"] = from,
            ["to"] = to,
            ["value"] = Decimal(transaction, "value"),
            ["gas"] = Decimal(transaction, "gas"),
            ["gasPrice"] = Decimal(receipt, "effectiveGasPrice"),
            ["input"] = input,
            ["methodId"] = input.Length >= 10 ? input[..10] : "0x",
            ["functionName"] = string.Empty,
            ["contractAddress"] = created,
            ["cumulativeGasUsed"] = Decimal(receipt, "cumulativeGasUsed"),
            ["txreceipt_status"] = failed ? "0" : "1",
            ["gasUsed"] = Decimal(receipt, "gasUsed"),
            ["confirmations"] = string.Empty,
            ["isError"] = failed ? "1" : "0",
        });
    }

    private async Task AddTokenTransfersAsync(JsonElement transaction, JsonElement receipt)
    {
        foreach (JsonElement log in receipt.GetProperty("logs").EnumerateArray())
        {
            string[] topics = [.. log.GetProperty("topics").EnumerateArray().Select(topic => topic.GetString()!)];
            if (topics is not [TransferTopic, _, _])
            {
                continue;
            }

            string contract = Text(log, "address");
            (string symbol, string decimals) = await TokenAsync(contract);
            string from = "0x" + topics[1][26..];
            string to = "0x" + topics[2][26..];
            string input = Text(transaction, "input");
            Add(TokenTransfers, receipt, [from, to], contract, new JsonObject
            {
                ["blockNumber"] = Decimal(receipt, "blockNumber"),
                ["timeStamp"] = TimeOf(receipt),
                ["hash"] = Text(transaction, "hash"),
                ["nonce"] = Decimal(transaction, "nonce"),
                ["blockHash"] = Text(receipt, "blockHash"),
                ["from"] = from,
                ["contractAddress"] = contract,
                ["to"] = to,
                ["value"] = Decimal(log, "data"),
                ["tokenName"] = symbol,
                ["tokenSymbol"] = symbol,
                ["tokenDecimal"] = decimals,
                ["transactionIndex"] = Decimal(receipt, "transactionIndex"),
                ["gas"] = Decimal(transaction, "gas"),
                ["gasPrice"] = Decimal(receipt, "effectiveGasPrice"),
                ["gasUsed"] = Decimal(receipt, "gasUsed"),
                ["cumulativeGasUsed"] = Decimal(receipt, "cumulativeGasUsed"),
                ["input"] = "deprecated",
                ["methodId"] = input.Length >= 10 ? input[..10] : "0x",
                ["functionName"] = string.Empty,
                ["confirmations"] = string.Empty,
                ["logIndex"] = Decimal(log, "logIndex"),
            });
        }
    }

    // Only what moves coins or makes a contract is listed: no call without value, no delegatecall, no top-level call. What
    // a revert undid is listed with isError 1, as is what happened inside it.
    private void AddInternals(JsonElement[] traces)
    {
        HashSet<string> undone = [];
        Dictionary<string, int> places = [];
        foreach (JsonElement trace in traces)
        {
            string tx = Text(trace, "transactionHash");
            int place = places[tx] = places.GetValueOrDefault(tx, -1) + 1;
            string[] path = [.. trace.GetProperty("traceAddress").EnumerateArray().Select(step => step.ToString())];
            bool failed = trace.TryGetProperty("error", out JsonElement error) && error.ValueKind == JsonValueKind.String;
            bool inside = Enumerable.Range(0, path.Length).Any(depth => undone.Contains($"{tx}/{string.Join('_', path[..depth])}"));
            if (failed || inside)
            {
                undone.Add($"{tx}/{string.Join('_', path)}");
            }

            if (path.Length > 0 && Moved(trace) is { } moved)
            {
                AddInternal(trace, moved, place, failed || inside, failed ? error.GetString()! : string.Empty);
            }
        }
    }

    private void AddInternal(JsonElement trace, Movement moved, int place, bool isError, string errorText)
    {
        long block = trace.GetProperty("blockNumber").GetInt64();
        JsonElement action = trace.GetProperty("action");
        JsonObject fields = new()
        {
            ["blockNumber"] = block.ToString(CultureInfo.InvariantCulture),
            ["timeStamp"] = Times[(int)block].ToString(CultureInfo.InvariantCulture),
            ["hash"] = Text(trace, "transactionHash"),
            ["from"] = moved.From,
            ["to"] = moved.To,
            ["value"] = moved.Wei.ToString(CultureInfo.InvariantCulture),
            ["contractAddress"] = moved.Created,
            ["input"] = string.Empty,
            ["type"] = moved.Type,
            ["gas"] = action.TryGetProperty("gas", out _) ? Decimal(action, "gas") : "0",
            ["gasUsed"] = trace.TryGetProperty("result", out JsonElement result) && result.ValueKind == JsonValueKind.Object
                ? Decimal(result, "gasUsed")
                : "0",
            ["traceId"] = string.Join('_', trace.GetProperty("traceAddress").EnumerateArray()),
            ["isError"] = isError ? "1" : "0",
            ["errCode"] = errorText,
            ["index"] = place.ToString(CultureInfo.InvariantCulture),
        };
        string[] addresses = [moved.From, moved.To, moved.Created];
        Internals.Add(new ExplorerRow(block, Text(trace, "transactionHash"), Known(addresses), string.Empty, fields));
    }

    private static Movement? Moved(JsonElement trace)
    {
        JsonElement action = trace.GetProperty("action");
        switch (Text(trace, "type"))
        {
            case "call" when Text(action, "callType") == "call" && TestRpc.Number(action.GetProperty("value")) is { IsZero: false } wei:
                return new Movement("call", Text(action, "from"), Text(action, "to"), string.Empty, wei);
            case "create":
                string created = trace.TryGetProperty("result", out JsonElement result) && result.ValueKind == JsonValueKind.Object
                    ? Text(result, "address")
                    : string.Empty;
                return new Movement("create", Text(action, "from"), string.Empty, created, TestRpc.Number(action.GetProperty("value")));
            case "suicide":
                return new Movement(
                    "suicide",
                    Text(action, "address"),
                    Text(action, "refundAddress"),
                    string.Empty,
                    TestRpc.Number(action.GetProperty("balance")));
            default:
                return null;
        }
    }

    private async Task<(string Symbol, string Decimals)> TokenAsync(string contract)
    {
        if (!_tokens.TryGetValue(contract, out (string, string) token))
        {
            // symbol() and decimals(), by the selectors every token has.
            string symbol = await AskAsync(contract, "0x95d89b41");
            string decimals = await AskAsync(contract, "0x313ce567");
            bool knowsDecimals = decimals.Length > 2;
            token = (Symbol(symbol), knowsDecimals ? $"{TestRpc.Number(decimals)}" : string.Empty);
            _tokens[contract] = token;
        }

        return token;
    }

    private async Task<string> AskAsync(string contract, string selector)
    {
        try
        {
            return (await rpc.CallAsync("eth_call", new { to = contract, data = selector }, "latest")).GetString()!;
        }
        catch (TestRpcException)
        {
            return "0x";
        }
    }

    // bytes32, or offset, length and text.
    private static string Symbol(string answer)
    {
        byte[] bytes = Abi.Bytes(answer);
        return bytes.Length switch
        {
            32 => Encoding.UTF8.GetString(bytes).TrimEnd('\0'),
            > 64 => Encoding.UTF8.GetString(bytes, 64, (int)new BigInteger(bytes.AsSpan(32, 32), isUnsigned: true, isBigEndian: true)),
            _ => string.Empty,
        };
    }

    private static void Add(List<ExplorerRow> rows, JsonElement receipt, string[] addresses, string contract, JsonObject fields) =>
        rows.Add(new ExplorerRow(
            (long)TestRpc.Number(receipt.GetProperty("blockNumber")),
            Text(receipt, "transactionHash"),
            Known(addresses),
            contract,
            fields));

    private static string[] Known(string[] addresses) => [.. addresses.Where(address => address.Length > 0).Distinct()];

    private static string Text(JsonElement from, string name) =>
        from.TryGetProperty(name, out JsonElement value) ? value.GetString() ?? string.Empty : string.Empty;

    private static string Decimal(JsonElement from, string name) =>
        TestRpc.Number(from.GetProperty(name)).ToString(CultureInfo.InvariantCulture);

    private string TimeOf(JsonElement receipt) =>
        Times[(int)TestRpc.Number(receipt.GetProperty("blockNumber"))].ToString(CultureInfo.InvariantCulture);

    private sealed record Movement(string Type, string From, string To, string Created, BigInteger Wei);
}
