using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;

namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>The explorer over a test node answers as the real ones do.</summary>
public sealed class ExplorerServerTests
{
    // The names and their order in recorded answers of the real API's second version.
    private const string TransactionFields =
        "blockNumber blockHash timeStamp hash nonce transactionIndex from to value gas gasPrice input methodId functionName " +
        "contractAddress cumulativeGasUsed txreceipt_status gasUsed confirmations isError";

    private const string InternalFields =
        "blockNumber timeStamp hash from to value contractAddress input type gas gasUsed traceId isError errCode";

    private const string InternalOfTransactionFields =
        "blockNumber timeStamp from to value contractAddress input type gas gasUsed isError errCode";

    private const string TokenFields =
        "blockNumber timeStamp hash nonce blockHash from contractAddress to value tokenName tokenSymbol tokenDecimal " +
        "transactionIndex gas gasPrice gasUsed cumulativeGasUsed input methodId functionName confirmations";

    [AnvilFact]
    public async Task Lists_show_what_happened_with_the_real_names()
    {
        await using AnvilNode node = await AnvilNode.StartAsync();
        Scenario mixer = await Scenarios.All["mixer"](node.Chain);
        Scenario token = await Scenarios.All["bytes32 symbol"](node.Chain);
        Scenario reverting = await Scenarios.All["reverting inner call"](node.Chain);
        Scenario destroyed = await Scenarios.All["self-destruct"](node.Chain);
        await using ExplorerServer explorer = new(node.Url);

        JsonElement[] sent = await ListAsync(explorer, $"action=txlist&address={mixer.Accounts["thief"]}");
        Assert.Equal(TransactionFields.Split(' '), Names(sent[0]));
        Assert.Equal(
            [mixer.Theft.Transaction, mixer.Transactions["routed deposit"].Hash, mixer.Transactions["direct deposit"].Hash],
            sent.Select(row => Text(row, "hash")));

        JsonElement[] internals = await ListAsync(explorer, $"action=txlistinternal&address={Scenarios.MixerPool}");
        Assert.Equal(InternalFields.Split(' '), Names(internals[0]));
        Assert.Equal(
            ["1000000000000000000", "950000000000000000", "50000000000000000"],
            internals.Select(row => Text(row, "value")));
        Assert.Equal(["0", "0_0", "0_1"], internals.Select(row => Text(row, "traceId")));

        JsonElement[] ofOne = await ListAsync(explorer, $"action=txlistinternal&txhash={mixer.Transactions["withdrawal"].Hash}");
        Assert.Equal(InternalOfTransactionFields.Split(' '), Names(ofOne[0]));
        Assert.Equal([mixer.Accounts["fresh"], mixer.Accounts["relayer"]], ofOne.Select(row => Text(row, "to")));

        JsonElement[] undone = await ListAsync(explorer, $"action=txlistinternal&txhash={reverting.Transactions["attempt"].Hash}");
        Assert.Equal(["1", "1", "0"], undone.Select(row => Text(row, "isError")));

        JsonElement inherited = Assert.Single(await ListAsync(explorer, $"action=txlistinternal&address={destroyed.Accounts["heir"]}"));
        Assert.Equal("suicide 10000000000000000000", $"{Text(inherited, "type")} {Text(inherited, "value")}");

        JsonElement[] tokens = await ListAsync(explorer, $"action=tokentx&address={token.Accounts["mule"]}");
        Assert.Equal(TokenFields.Split(' '), Names(Assert.Single(tokens)));
        Assert.Equal("400 B32 18", $"{Text(tokens[0], "value")} {Text(tokens[0], "tokenSymbol")} {Text(tokens[0], "tokenDecimal")}");
    }

    [AnvilFact]
    public async Task Pages_ranges_order_and_the_window_are_kept()
    {
        await using AnvilNode node = await AnvilNode.StartAsync();
        string payee = TestChain.Account("payee");
        foreach (int wei in Enumerable.Range(1, 5))
        {
            await node.Chain.FundAsync(payee, wei);
        }

        await using ExplorerServer explorer = new(node.Url) { WindowRows = 4 };
        string list = $"action=txlist&address={payee}";
        Assert.Equal([1, 2, 3, 4], await ValuesAsync(explorer, list));
        Assert.Equal([5, 4, 3, 2], await ValuesAsync(explorer, list + "&sort=desc"));
        Assert.Equal([3, 4], await ValuesAsync(explorer, list + "&page=2&offset=2&sort=asc"));
        Assert.Equal([2, 3], await ValuesAsync(explorer, list + "&startblock=2&endblock=3"));
        JsonElement tooFar = await GetAsync(explorer, $"module=account&{list}&page=3&offset=2");
        Assert.Equal(
            "Result window is too large, PageNo x Offset size must be less than or equal to 4",
            Text(tooFar, "message"));
        JsonElement nothing = await GetAsync(explorer, $"module=account&action=tokentx&address={payee}");
        Assert.Equal("0 No transactions found", $"{Text(nothing, "status")} {Text(nothing, "message")}");
        Assert.Equal("GENESIS", Text((await ListAsync(explorer, $"action=txlist&address={TestChain.Faucet}"))[0], "from"));
    }

    [AnvilFact]
    public async Task Keys_chains_and_limits_are_refused_in_the_real_words()
    {
        await using AnvilNode node = await AnvilNode.StartAsync();
        await using ExplorerServer explorer = new(node.Url) { RequiredKey = "KEY", RefuseEvery = 3 };
        const string balance = "module=account&action=balance&address=" + TestChain.Faucet;
        Assert.Equal("Missing/Invalid API Key", Text(await GetAsync(explorer, balance), "result"));
        Assert.Equal("1000000000000000000000000000", Text(await GetAsync(explorer, balance + "&apikey=KEY"), "result"));
        Assert.Equal("Max rate limit reached", Text(await GetAsync(explorer, balance + "&apikey=KEY"), "result"));
        Assert.Contains("chainid", Text(await GetAsync(explorer, balance + "&apikey=KEY", chain: "5"), "result"));
        JsonElement head = await GetAsync(explorer, "module=proxy&action=eth_blockNumber&apikey=KEY");
        Assert.Equal("0x0", Text(head, "result"));
    }

    [AnvilFact]
    public async Task Blockscout_has_its_own_names_and_speaks_json_rpc()
    {
        await using AnvilNode node = await AnvilNode.StartAsync();
        Scenario scenario = await Scenarios.All["bridge"](node.Chain);
        await using ExplorerServer explorer = new(node.Url, ExplorerKind.Blockscout);
        JsonElement paid = Assert.Single(await ListAsync(explorer, $"action=txlistinternal&address={scenario.Accounts["thief"]}"));
        Assert.Equal(scenario.Theft.Transaction, Text(paid, "transactionHash"));
        Assert.Equal("call 1", $"{Text(paid, "callType")} {Text(paid, "index")}");
        Assert.False(paid.TryGetProperty("hash", out _));
        JsonElement head = await GetAsync(explorer, "module=block&action=eth_block_number&id=1");
        Assert.Equal(TestRpc.Hex(await node.Chain.HeadAsync()), Text(head, "result"));
        using TestRpc rpc = new(new Uri(explorer.Url, "api/eth-rpc"));
        Assert.Equal(35 * TestChain.Ether, TestRpc.Number(await rpc.CallAsync("eth_getBalance", scenario.Accounts["thief"], "latest")));
        Assert.Equal("Unknown module", Text(await GetAsync(explorer, "module=proxy&action=eth_blockNumber"), "message"));
    }

    [AnvilFact]
    public async Task The_whole_replayed_record_is_there()
    {
        await using AnvilNode node = await RoninReplay.StartNodeAsync();
        ReplayedRonin replay = await RoninReplay.PlayAsync(node.Chain);
        await using ExplorerServer explorer = new(node.Url);
        JsonElement[] deposits = await ListAsync(explorer, $"action=txlistinternal&address={RoninReplay.Pool}");
        Assert.Equal(
            replay.Rows.Where(row => row.To == RoninReplay.Pool).Select(row => replay.Transactions[row.Number]),
            deposits.Select(row => Text(row, "hash")));
        JsonElement[] dollars = await ListAsync(explorer, $"action=tokentx&contractaddress={RoninReplay.Dollar}");
        Assert.Equal(
            replay.Rows.Where(row => row.Kind == "erc20").Select(row => row.Amount),
            dollars.Select(row => BigInteger.Parse(Text(row, "value"), CultureInfo.InvariantCulture)));
    }

    private static async Task<IEnumerable<int>> ValuesAsync(ExplorerServer explorer, string query) =>
        (await ListAsync(explorer, query)).Select(row => int.Parse(Text(row, "value"), CultureInfo.InvariantCulture));

    private static async Task<JsonElement[]> ListAsync(ExplorerServer explorer, string query)
    {
        JsonElement answer = await GetAsync(explorer, "module=account&" + query);
        Assert.Equal("1 OK", $"{Text(answer, "status")} {Text(answer, "message")}");
        return [.. answer.GetProperty("result").EnumerateArray()];
    }

    private static async Task<JsonElement> GetAsync(ExplorerServer explorer, string query, string chain = "1")
    {
        using HttpClient http = new();
        byte[] bytes = await http.GetByteArrayAsync(new Uri($"{explorer.Url}?chainid={chain}&{query}"));
        using JsonDocument answer = JsonDocument.Parse(Encoding.UTF8.GetString(bytes));
        return answer.RootElement.Clone();
    }

    private static string[] Names(JsonElement row) => [.. row.EnumerateObject().Select(one => one.Name)];

    private static string Text(JsonElement row, string name) => row.GetProperty(name).GetString()!;
}
