using System.Text.Json;
using System.Text.Json.Nodes;
using FlowTracer.Chains.Ethereum;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Chains.Ethereum;

/// <summary>Real answers with something changed, from fixed seeds: a decoder reads what is there or refuses it, nothing else.</summary>
public sealed class MutatedAnswerTests
{
    private const int LargestAnswerBytes = 40_000;
    private static readonly ChainId Chain = ChainId.Ethereum;

    private static readonly string[] Odd =
    [
        "null", "true", "0", "-1", "1.5", "1e400", "18446744073709551616", "\"\"", "\"0x\"", "\"0x0\"", "\"0x00\"", "\"0x1\"",
        "\"0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\"",
        "\"0x1ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\"", "\"99999999999999999999\"", "\"0X1\"",
        "\"\\ud800\"", "\"\\u0000\"", "[]", "{}", "[null]", "[[]]", "{\"\\ud800\":1}", "\"reward\"", "\"create\"", "\"suicide\"",
        "\"DELEGATECALL\"", "[0]", "[4294967296]",
    ];

    [NeedsDataFact(RecordedAnswers.RpcFolder)]
    public void Changed_answers_of_nodes_are_read_or_refused()
    {
        List<(string Method, byte[] Json)> seeds =
        [
            .. from call in RecordedAnswers.Calls
               where call.Result is { ValueKind: JsonValueKind.Array or JsonValueKind.Object }
               let json = JsonSerializer.SerializeToUtf8Bytes(call.Result!.Value)
               where json.Length is > 2 and < LargestAnswerBytes && Decoder(call.Tracer ?? call.Method) is not null
               select (call.Tracer ?? call.Method, json),
        ];
        Assert.True(seeds.Select(static seed => seed.Method).Distinct().Count() >= 10);
        Run(seeds, 6_000, new Random(20261101));
    }

    [NeedsDataFact(RecordedAnswers.ExplorerFolder)]
    public void Changed_answers_of_explorers_are_read_or_refused()
    {
        const string file = "etherscan_v2_chain1_tx_receipts_txlist_internal_tokentx.json.gz";
        List<(string Method, byte[] Json)> seeds =
        [
            .. from method in new[] { "txlist", "txlistinternal", "tokentx", "getLogs" }
               from answer in RecordedAnswers.Explorer(file, method).Take(20)
               let json = JsonSerializer.SerializeToUtf8Bytes(answer)
               where json.Length < LargestAnswerBytes
               select (method, json),
        ];
        Assert.Equal(4, seeds.Select(static seed => seed.Method).Distinct().Count());
        Run(seeds, 4_000, new Random(20261102));
    }

    private static void Run(List<(string Method, byte[] Json)> seeds, int runs, Random random)
    {
        int refused = 0;
        for (int run = 0; run < runs; run++)
        {
            (string method, byte[] json) = seeds[random.Next(seeds.Count)];
            string changed = Mutate(json, random);
            using JsonDocument document = JsonDocument.Parse(changed);
            try
            {
                Decoder(method)!(document.RootElement);
            }
            catch (AnswerFormatException fault)
            {
                refused++;
                Assert.DoesNotContain('\n', fault.Message);
                Assert.InRange(fault.Message.Length, 1, 500);
            }
            catch (Exception other)
            {
                Assert.Fail($"run {run}, {method}: {other}\n{changed[..Math.Min(changed.Length, 3000)]}");
            }
        }

        // Most fields are read; but a change may hit one that is not, or make another good answer.
        Assert.InRange(refused, runs / 4, runs - (runs / 20));
    }

    private static Func<JsonElement, object?>? Decoder(string method) => method switch
    {
        "eth_getBlockByNumber" => static e => BlockDecoder.Decode(e, Chain, headerOnly: true),
        "eth_getBlockReceipts" => static e => ReceiptDecoder.DecodeAll(e, Chain),
        "eth_getTransactionReceipt" => static e => ReceiptDecoder.Decode(e, Chain),
        "eth_getTransactionByHash" => static e => TransactionDecoder.Decode(e, Chain),
        "eth_getLogs" => static e => LogDecoder.DecodeAll(e, Chain),
        "ots_searchTransactionsBefore" or "ots_searchTransactionsAfter" => static e => OtsPage.Decode(e, Chain),
        "ots_getInternalOperations" => static e => InternalTransfers.FromOts(e, Chain),
        "trace_transaction" => static e => InternalTransfers.FromTraces(e, Chain),
        "trace_block" => static e => InternalTransfers.FromBlockTraces(e, Chain),
        "trace_filter" => static e => e.ValueKind == JsonValueKind.Array ? e.EnumerateArray().Select(r => TraceRow.Decode(r, Chain)).ToArray() : null,
        "callTracer" => static e => (InternalTransfers.FromCallTracer(e, Chain), InternalTransfers.TookEffectByCallTracer(e)),
        "txlist" => static e => ExplorerDecoder.Transactions(e, Chain),
        "txlistinternal" => static e => ExplorerDecoder.Internals(e, Chain).Rows.GroupBy(static row => row.Tx)
            .Select(static rows => InternalTransfers.FromExplorer([.. rows])).ToArray(),
        "tokentx" => static e => ExplorerDecoder.Tokens(e, Chain),
        "getLogs" => static e => ExplorerDecoder.Logs(e, Chain),
        _ => null,
    };

    // Replaces one value, drops one, repeats one, or moves one to another place.
    private static string Mutate(byte[] json, Random random)
    {
        JsonNode root = JsonNode.Parse(json)!;
        List<(JsonNode Parent, string? Name, int Index)> places = [];
        Collect(root, places);
        (JsonNode parent, string? name, int index) = places[random.Next(places.Count)];
        const string mark = "\"(changed)\"";
        string odd = random.Next(6) switch
        {
            0 => mark, // dropped below
            1 => At(places[random.Next(places.Count)])?.ToJsonString() ?? "null",
            _ => Odd[random.Next(Odd.Length)],
        };
        if (parent is JsonObject fields)
        {
            fields.Remove(name!);
            if (odd != mark)
            {
                fields.Add(name!, "(changed)");
            }
        }
        else
        {
            JsonArray items = parent.AsArray();
            if (random.Next(4) == 0)
            {
                items.Add(items[index]?.DeepClone());
            }

            items.RemoveAt(index);
            if (odd != mark)
            {
                items.Insert(index, "(changed)");
            }
        }

        return root.ToJsonString().Replace(mark, odd, StringComparison.Ordinal);
    }

    private static JsonNode? At((JsonNode Parent, string? Name, int Index) place) =>
        place.Name is string name ? place.Parent[name] : place.Parent[place.Index];

    private static void Collect(JsonNode node, List<(JsonNode, string?, int)> places)
    {
        if (node is JsonObject fields)
        {
            foreach ((string name, JsonNode? value) in fields)
            {
                places.Add((node, name, 0));
                if (value is not null)
                {
                    Collect(value, places);
                }
            }
        }
        else if (node is JsonArray items)
        {
            for (int i = 0; i < items.Count; i++)
            {
                places.Add((node, null, i));
                if (items[i] is JsonNode item)
                {
                    Collect(item, places);
                }
            }
        }
    }
}
