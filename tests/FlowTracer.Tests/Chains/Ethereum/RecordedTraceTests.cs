using System.Numerics;
using System.Text.Json;
using FlowTracer.Chains.Ethereum;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Chains.Ethereum;

/// <summary>Every recorded trace, against a slow reading of the raw JSON.</summary>
public sealed class RecordedTraceTests
{
    private const string ErrorKey = "error";
    private static readonly ChainId Chain = ChainId.Ethereum;

    [NeedsDataFact(RecordedAnswers.RpcFolder)]
    public void Every_trace_of_a_transaction_decodes()
    {
        int moving = 0;
        foreach (JsonElement rows in RecordedAnswers.Results("trace_transaction").Select(static r => r.Result).Concat(FlatTraces()))
        {
            string[] expected = ReferenceOfRows([.. rows.EnumerateArray()]);
            Assert.Equal(expected, InternalTransfers.FromTraces(rows, Chain).Select(Text));
            Assert.Equal(!rows[0].Has(ErrorKey), InternalTransfers.TookEffectByTraces(rows, Chain));
            moving += expected.Length;
        }

        Assert.True(moving > 100, $"{moving} transfers");
    }

    [NeedsDataFact(RecordedAnswers.RpcFolder)]
    public void Every_trace_of_a_block_decodes()
    {
        int moving = 0;
        int failed = 0;
        foreach ((_, JsonElement rows) in RecordedAnswers.Results("trace_block"))
        {
            JsonElement[][] groups =
            [
                .. rows.EnumerateArray().Where(static r => r.Has("transactionHash"))
                    .GroupBy(static r => r.Text("transactionHash")).Select(static g => g.ToArray()),
            ];
            IReadOnlyList<TracedTransaction> traced = InternalTransfers.FromBlockTraces(rows, Chain);
            Assert.Equal(groups.Select(static g => g[0].Text("transactionHash")), traced.Select(static t => Raw.Of(t.Tx!.Value)));
            for (int i = 0; i < groups.Length; i++)
            {
                Assert.Equal(ReferenceOfRows(groups[i]), traced[i].Transfers.Select(Text));
                Assert.Equal(!groups[i][0].Has(ErrorKey), traced[i].TookEffect);
                moving += traced[i].Transfers.Count;
                failed += traced[i].TookEffect ? 0 : 1;
            }
        }

        Assert.True(moving > 300 && failed > 30, $"{moving} transfers, {failed} failed transactions");
    }

    [NeedsDataFact(RecordedAnswers.RpcFolder)]
    public void Every_row_of_a_filter_or_block_decodes()
    {
        Dictionary<string, int> rewards = [];
        int rows = 0;
        foreach ((_, JsonElement answer) in RecordedAnswers.Results("trace_filter").Concat(RecordedAnswers.Results("trace_block")))
        {
            foreach (JsonElement raw in answer.EnumerateArray())
            {
                TraceRow row = TraceRow.Decode(raw, Chain);
                rows++;
                Assert.Equal(raw.Number("blockNumber"), row.Block);
                Assert.Equal(raw.Text("blockHash"), row.BlockHash.ToString());
                if (raw.Text("type") == "reward")
                {
                    JsonElement action = raw.GetProperty("action");
                    Assert.Equal(
                        (action.Text("author"), action.Text("rewardType"), action.Number("value")),
                        (Raw.Of(row.Reward!.To), row.Reward.Kind, row.Reward.Value.ToBigInteger()));
                    Assert.Null(row.Tx);
                    rewards[row.Reward.Kind] = rewards.GetValueOrDefault(row.Reward.Kind) + 1;
                    continue;
                }

                Assert.Equal(
                    (raw.Text("transactionHash"), raw.Number("blockNumber"), raw.Number("transactionPosition")),
                    (Raw.Of(row.Tx!.Value.Hash), row.Tx.Value.Block, row.Tx.Value.Index));
                Assert.Equal(raw.GetProperty("traceAddress").GetArrayLength() == 0, row.IsTopCall);
                Assert.Null(row.Reward);
            }
        }

        Assert.True(rows > 12_000, $"{rows} rows");
        Assert.Equal(["block", "uncle", "withdrawal"], rewards.Keys.Order());
    }

    [NeedsDataFact(RecordedAnswers.RpcFolder)]
    public void Every_call_tree_decodes()
    {
        int moving = 0;
        foreach (JsonElement frame in CallTrees().Select(static t => t.Frame))
        {
            List<string> expected = [];
            ReferenceOfFrame(frame, isTop: true, expected);
            Assert.Equal(expected, InternalTransfers.FromCallTracer(frame, Chain).Select(Text));
            moving += expected.Count;
        }

        foreach (RecordedCall call in RecordedAnswers.Of("debug_traceBlockByNumber").Where(static c => c.Tracer == "callTracer" && c.Result is not null))
        {
            IReadOnlyList<TracedTransaction> traced = InternalTransfers.FromBlockCallTracer(call.Result!.Value, Chain);
            Assert.Equal(
                call.Result.Value.EnumerateArray().Select(static item => item.Text("txHash")),
                traced.Select(static tx => Raw.Of(tx.Tx!.Value)));
        }

        Assert.True(moving > 100, $"{moving} transfers");
    }

    [NeedsDataFact(RecordedAnswers.RpcFolder)]
    public void Every_list_of_internal_operations_decodes()
    {
        int count = 0;
        foreach ((_, JsonElement raw) in RecordedAnswers.Results("ots_getInternalOperations"))
        {
            string[] expected =
            [
                .. raw.EnumerateArray()
                    .Where(static o => !o.Number("value").IsZero && (o.Number("type") != 1 || o.Text("from") != o.Text("to")))
                    .Select(static o => $"{o.Text("from")} {o.Text("to")} {o.Number("value")}"),
            ];
            Assert.Equal(expected, InternalTransfers.FromOts(raw, Chain).Select(Text));
            count += expected.Length;
        }

        Assert.True(count >= 15, $"{count} transfers");
    }

    /// <summary>The same transaction through several methods moves the same.</summary>
    [NeedsDataFact(RecordedAnswers.RpcFolder)]
    public void Methods_agree_on_the_same_transaction()
    {
        Dictionary<string, List<(string Method, string[] Transfers)>> byTx = [];
        void See(string tx, string method, IEnumerable<InternalTransfer> transfers)
        {
            byTx.TryAdd(tx, []);
            byTx[tx].Add((method, [.. transfers.Select(Text)]));
        }

        foreach (JsonElement rows in RecordedAnswers.Results("trace_transaction").Select(static r => r.Result))
        {
            See(rows[0].Text("transactionHash"), "trace_transaction", InternalTransfers.FromTraces(rows, Chain));
        }

        foreach (JsonElement rows in FlatTraces())
        {
            See(rows[0].Text("transactionHash"), "flatCallTracer", InternalTransfers.FromTraces(rows, Chain));
        }

        foreach ((string tx, JsonElement frame) in CallTrees())
        {
            See(tx, "callTracer", InternalTransfers.FromCallTracer(frame, Chain));
        }

        foreach (RecordedCall call in RecordedAnswers.Of("ots_getInternalOperations").Where(static c => c.Result is not null))
        {
            See(call.Params[0].GetString()!, "ots", InternalTransfers.FromOts(call.Result!.Value, Chain));
        }

        foreach (TracedTransaction tx in RecordedAnswers.Results("trace_block").SelectMany(r => InternalTransfers.FromBlockTraces(r.Result, Chain)))
        {
            See(Raw.Of(tx.Tx!.Value), "trace_block", tx.Transfers);
        }

        int shared = 0;
        foreach ((string tx, List<(string Method, string[] Transfers)> seen) in byTx.Where(static t => t.Value.Count > 1))
        {
            shared += seen.Select(static s => s.Method).Distinct().Count() > 1 ? 1 : 0;
            Assert.All(seen, s => Assert.True(
                s.Transfers.SequenceEqual(seen[0].Transfers),
                $"{tx}: {s.Method} {string.Join("; ", s.Transfers)} but {seen[0].Method} {string.Join("; ", seen[0].Transfers)}"));
        }

        Assert.True(shared >= 2, $"{shared} transactions through several methods");
    }

    private static IEnumerable<JsonElement> FlatTraces() =>
        from call in RecordedAnswers.Calls
        where call.Tracer == "flatCallTracer" && call.Result is { ValueKind: JsonValueKind.Array }
        from rows in call.Method == "debug_traceTransaction"
            ? [call.Result!.Value]
            : call.Result!.Value.EnumerateArray().Select(static item => item.GetProperty("result"))
        select rows;

    private static IEnumerable<(string Tx, JsonElement Frame)> CallTrees() =>
        from call in RecordedAnswers.Calls
        where call.Tracer == "callTracer" && call.Result is { ValueKind: not JsonValueKind.Null }
        from tree in call.Method == "debug_traceTransaction"
            ? [(call.Params[0].GetString()!, call.Result!.Value)]
            : call.Result!.Value.EnumerateArray().Select(static item => (item.Text("txHash"), item.GetProperty("result")))
        select tree;

    // For each row, all rows are looked through for a failed one around it.
    private static string[] ReferenceOfRows(JsonElement[] rows)
    {
        static string Path(JsonElement row) => string.Concat(row.GetProperty("traceAddress").EnumerateArray().Select(static s => $"{s}/"));
        List<string> moved = [];
        foreach (JsonElement row in rows.Where(static r => r.GetProperty("traceAddress").GetArrayLength() > 0))
        {
            bool reverted = rows.Any(other => other.Has(ErrorKey) && Path(row).StartsWith(Path(other), StringComparison.Ordinal));
            JsonElement action = row.GetProperty("action");
            (string From, string To, BigInteger Value) transfer = row.Text("type") switch
            {
                _ when reverted => default,
                "call" => action.Text("callType") == "call" ? (action.Text("from"), action.Text("to"), action.Number("value")) : default,
                "create" => (action.Text("from"), row.GetProperty("result").Text("address"), action.Number("value")),
                "suicide" when action.Text("address") != action.Text("refundAddress") =>
                    (action.Text("address"), action.Text("refundAddress"), action.Number("balance")),
                _ => default,
            };
            if (!transfer.Value.IsZero)
            {
                moved.Add($"{transfer.From} {transfer.To} {transfer.Value}");
            }
        }

        return [.. moved];
    }

    private static void ReferenceOfFrame(JsonElement frame, bool isTop, List<string> moved)
    {
        if (frame.Has(ErrorKey))
        {
            return;
        }

        bool moves = frame.Text("type") is "CALL" or "CREATE" or "CREATE2" or "SELFDESTRUCT";
        if (moves && !isTop && !frame.Number("value").IsZero)
        {
            moved.Add($"{frame.Text("from")} {frame.Text("to")} {frame.Number("value")}");
        }

        if (frame.Has("calls"))
        {
            foreach (JsonElement inner in frame.GetProperty("calls").EnumerateArray())
            {
                ReferenceOfFrame(inner, isTop: false, moved);
            }
        }
    }

    private static string Text(InternalTransfer transfer) => $"{Raw.Of(transfer.From)} {Raw.Of(transfer.To)} {transfer.Value}";
}
