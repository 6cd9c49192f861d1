using System.Numerics;
using System.Text.Json;

namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>The replayed Ronin record is on the chain, row by row; asked of the node itself.</summary>
public sealed class RoninReplayTests
{
    // Anvil's own limit: "block range too large, currently limited to 300".
    private const long AnvilTraceBlocks = 300;

    [AnvilTheory]
    [InlineData(nameof(DepositRoute.Router))]
    [InlineData(nameof(DepositRoute.Direct))]
    public async Task Every_row_happened_in_its_order(string route)
    {
        await using AnvilNode node = await RoninReplay.StartNodeAsync();
        ReplayedRonin replay = await RoninReplay.PlayAsync(node.Chain, Enum.Parse<DepositRoute>(route));

        // 2,081 rows; six transactions hold two rows each.
        Assert.Equal(2081, replay.Transactions.Count);
        Assert.Equal(2075, replay.Transactions.Distinct().Count());
        Dictionary<string, IReadOnlyList<Move>> moves = await MovesAsync(node.Chain);
        (long, long) last = default;
        foreach (IGrouping<string, RoninRow> group in replay.Rows.GroupBy(row => replay.Transactions[row.Number]))
        {
            IReadOnlyList<Move> made = moves[group.Key];
            Move[] wanted = [.. group.Select(row => new Move(row.From, row.To, row.Asset, row.Amount))];
            Assert.Equal(wanted, PassThrough(made));
            Assert.True(made[0].Place.CompareTo(last) > 0, "rows out of order");
            last = made[0].Place;
        }

        Assert.Equal(replay.Transactions.Distinct().Count(), moves.Count);
    }

    [AnvilFact]
    public async Task Balances_are_what_the_rows_and_the_unexplained_inflows_leave()
    {
        await using AnvilNode node = await RoninReplay.StartNodeAsync();
        ReplayedRonin replay = await RoninReplay.PlayAsync(node.Chain);
        Deployed dollar = new(RoninReplay.Dollar, Contracts.Named("ReplayToken"));
        Dictionary<(string Account, string Asset), BigInteger> expected = new(replay.TopUps);
        foreach (RoninRow row in replay.Rows)
        {
            expected[(row.From, row.Asset)] = expected.GetValueOrDefault((row.From, row.Asset)) - row.Amount;
            expected[(row.To, row.Asset)] = expected.GetValueOrDefault((row.To, row.Asset)) + row.Amount;
        }

        foreach (((string account, string asset), BigInteger amount) in expected)
        {
            Assert.Equal(amount, await node.Chain.HoldingAsync(account, asset == "ETH" ? null : dollar));
        }

        // The whole past is there, back to before the first row.
        const string thief = "0x098b716b8aaf21512996dc57eb0615e2383e2f96";
        Assert.Equal(0, await node.Chain.BalanceAsync(thief, 0));
        Assert.Equal(replay.Rows[0].Amount, await node.Chain.BalanceAsync(thief, 1));
        Assert.Equal(replay.Rows[0].Amount + replay.Rows[1].Amount, await node.Chain.BalanceAsync(thief, 2));

        // From the record by hand: the bridge's loss is not explained by anything before it.
        Assert.Equal(173_600 * TestChain.Ether, replay.TopUps[("0x1a2a1c938ce3ec39b6d47113c7955baa9dd454f2", "ETH")]);
        JsonElement head = await node.Chain.Rpc.CallAsync("eth_getBlockByNumber", "latest", false);
        DateTimeOffset last = new(2022, 9, 27, 16, 6, 23, TimeSpan.Zero);
        Assert.Equal(last.ToUnixTimeSeconds(), TestRpc.Number(head.GetProperty("timestamp")));
    }

    // What passed through the router inside a transaction is one payment from the depositor to the pool.
    private static IEnumerable<Move> PassThrough(IReadOnlyList<Move> made) =>
        made is [{ To: Scenarios.MixerRouter } first, { From: Scenarios.MixerRouter } second] && first.Amount == second.Amount
        ? [new Move(first.From, second.To, first.Asset, first.Amount)]
        : made.Select(move => move with { Place = default });

    private static async Task<Dictionary<string, IReadOnlyList<Move>>> MovesAsync(TestChain chain)
    {
        string transfer = await chain.KeccakAsync("Transfer(address,address,uint256)");
        long head = await chain.HeadAsync();
        List<Move> moves = [];
        object all = new { fromBlock = "0x0", toBlock = TestRpc.Hex(head), topics = new[] { transfer } };
        JsonElement logs = await chain.Rpc.CallAsync("eth_getLogs", all);
        moves.AddRange(logs.EnumerateArray().Select(log => new Move(
            "0x" + log.GetProperty("topics")[1].GetString()![26..],
            "0x" + log.GetProperty("topics")[2].GetString()![26..],
            log.GetProperty("address").GetString()!,
            TestRpc.Number(log.GetProperty("data")))
        {
            Tx = log.GetProperty("transactionHash").GetString()!,
            Place = (NumberOf(log, "blockNumber"), NumberOf(log, "transactionIndex")),
        }));
        for (long from = 1; from <= head; from += AnvilTraceBlocks)
        {
            string to = TestRpc.Hex(Math.Min(head, from + AnvilTraceBlocks - 1));
            JsonElement traces = await chain.Rpc.CallAsync("trace_filter", new { fromBlock = TestRpc.Hex(from), toBlock = to });
            moves.AddRange(traces.EnumerateArray()
                .Where(trace => TestRpc.Number(trace.GetProperty("action").GetProperty("value")) > 0)
                .Select(CallOf));
        }

        // In the record's transactions of two rows, the token comes first.
        return moves.GroupBy(move => move.Tx).ToDictionary(group => group.Key, group => (IReadOnlyList<Move>)[.. group]);
    }

    private static Move CallOf(JsonElement trace)
    {
        JsonElement action = trace.GetProperty("action");
        return new Move(
            action.GetProperty("from").GetString()!,
            action.GetProperty("to").GetString()!,
            "ETH",
            TestRpc.Number(action.GetProperty("value")))
        {
            Tx = trace.GetProperty("transactionHash").GetString()!,
            Place = (trace.GetProperty("blockNumber").GetInt64(), trace.GetProperty("transactionPosition").GetInt64()),
        };
    }

    private static long NumberOf(JsonElement from, string name) => (long)TestRpc.Number(from.GetProperty(name));

    private sealed record Move(string From, string To, string Asset, BigInteger Amount)
    {
        public string Tx { get; init; } = string.Empty;

        public (long Block, long Index) Place { get; init; }

        public bool Equals(Move? other) =>
            other is not null && (From, To, Asset, Amount) == (other.From, other.To, other.Asset, other.Amount);

        public override int GetHashCode() => (From, To, Asset, Amount).GetHashCode();
    }
}
