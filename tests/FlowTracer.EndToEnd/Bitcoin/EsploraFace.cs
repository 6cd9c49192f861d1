using System.Globalization;
using System.Text.Json.Nodes;
using FlowTracer.Chains.Bitcoin;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.EndToEnd.Ethereum;

namespace FlowTracer.EndToEnd.Bitcoin;

/// <summary>
/// An explorer in front of a test node with Esplora's REST interface, as far as its API page describes what a trace asks:
/// pages of 25, newest first, the order within a block its own; plain words with a 404 for what there is not.
/// </summary>
internal sealed class EsploraFace : IAsyncDisposable
{
    private const int Page = 25;
    private readonly NodeIndex.Reader _chain;
    private readonly LoopbackServer _server;
    private int _requests;

    /// <summary>Starts one.</summary>
    public EsploraFace(BcoinNode node)
    {
        _chain = new NodeIndex.Reader(node);
        _server = new LoopbackServer(async (asked, _) =>
        {
            HttpAnswer answer = asked.Target.StartsWith("/api/", StringComparison.Ordinal)
                ? Answer(await _chain.ReadAsync(), asked.Target[5..].Split('/'))
                : HttpAnswer.Text(404, "<html>404 Not Found</html>", "text/html");
            return Misbehave(Interlocked.Increment(ref _requests), asked.Target, answer);
        });
    }

    /// <summary>Its address.</summary>
    public NodeUrl Url => NodeUrl.Parse(Address);

    /// <summary>The same as a user writes it.</summary>
    public string Address => _server.Url + "api";

    /// <summary>How many requests came.</summary>
    public int Requests => Volatile.Read(ref _requests);

    /// <summary>Turns the answer to the request of that number, from 1, and that path into another.</summary>
    public Func<int, string, HttpAnswer, HttpAnswer> Misbehave { get; set; } = static (_, _, answer) => answer;

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _chain.Dispose();
    }

    private static HttpAnswer Answer(NodeIndex chain, string[] path) => path switch
    {
        ["blocks", "tip", "height"] => Plain((chain.Blocks.Count - 1).ToString(CultureInfo.InvariantCulture)),
        ["block-height", var height] => Number(height) is { } number && number < chain.Blocks.Count
            ? Plain(chain.Blocks[number].Hash.ToString())
            : Absent("Block not found"),
        ["block", var hash, .. var rest] => chain.HeightOf(hash) is { } height ? OfBlock(chain, height, rest) : Absent("Block not found"),
        ["tx", var id, .. var rest] => Find(chain, id) is { } transaction ? OfTx(chain, transaction, rest) : Absent("Transaction not found"),
        ["scripthash", var hash, .. var rest] => OfScript(chain, hash, rest),
        _ => Absent($"endpoint does not exist {string.Join('/', path)}"),
    };

    private static HttpAnswer OfBlock(NodeIndex chain, int height, string[] path)
    {
        Block block = chain.Blocks[height];
        switch (path)
        {
            case []:
                return Json(new JsonObject { ["id"] = block.Hash.ToString(), ["height"] = height, ["tx_count"] = block.TransactionCount });
            case ["header"]:
                return Plain(Convert.ToHexStringLower(block.Bytes.Span[..BlockHeader.ByteLength]));
            case ["txids"]:
                return Json(new JsonArray([.. Ids(block).Select(id => (JsonNode)id.ToString())]));
            case ["txs", var from]:
                IEnumerable<TxHash> page = Ids(block).Skip(Number(from)!.Value).Take(Page);
                return Json(new JsonArray([.. page.Select(id => (JsonNode)Shown(chain, chain.Find(id)!, hasStatus: false))]));
            default:
                return Absent("endpoint does not exist");
        }
    }

    private static HttpAnswer OfTx(NodeIndex chain, IndexedTx transaction, string[] path)
    {
        switch (path)
        {
            case []:
                return Json(Shown(chain, transaction, hasStatus: true));
            case ["outspends"]:
                return Json(new JsonArray([.. Enumerable.Range(0, transaction.Transaction.OutputCount).Select(
                    index => (JsonNode)Outspend(chain.SpenderOf(new OutPoint(transaction.Id, (uint)index)), chain))]));
            case ["merkle-proof"] when transaction.Height is { } height:
                Hash256[] branch = MerkleTree.Branch(chain.Blocks[height].TransactionIds, transaction.Index);
                return Json(new JsonObject
                {
                    ["block_height"] = height,
                    ["merkle"] = new JsonArray([.. branch.Select(half => (JsonNode)half.ToString())]),
                    ["pos"] = transaction.Index,
                });
            case ["merkle-proof"]:
                return Absent("Transaction not found or is unconfirmed");
            default:
                return Absent("endpoint does not exist");
        }
    }

    private static HttpAnswer OfScript(NodeIndex chain, string hash, string[] path)
    {
        IndexedTx[] confirmed = [.. chain.HistoryOf(hash).Where(transaction => transaction.Height is not null)
            .OrderByDescending(transaction => transaction.Height).ThenBy(transaction => transaction.Id.ToString(), StringComparer.Ordinal)];
        switch (path)
        {
            case []:
                return Json(new JsonObject { ["chain_stats"] = new JsonObject { ["tx_count"] = confirmed.Length } });
            case ["txs", "chain", .. var last]:
                IEnumerable<IndexedTx> from = last.Length == 0
                    ? confirmed
                    : confirmed.SkipWhile(transaction => transaction.Id.ToString() != last[0]).Skip(1);
                return Json(new JsonArray([.. from.Take(Page).Select(one => (JsonNode)Shown(chain, one, hasStatus: true))]));
            default:
                return Absent("endpoint does not exist");
        }
    }

    private static JsonObject Shown(NodeIndex chain, IndexedTx shown, bool hasStatus)
    {
        Transaction transaction = shown.Transaction;
        List<JsonArray> witnesses = [];
        foreach (InputWitness stack in transaction.Witnesses)
        {
            JsonArray items = [];
            foreach (ReadOnlySpan<byte> item in stack)
            {
                items.Add(Convert.ToHexStringLower(item));
            }

            witnesses.Add(items);
        }

        JsonArray inputs = [];
        foreach (TxIn input in transaction.Inputs)
        {
            JsonObject json = new()
            {
                ["txid"] = input.IsCoinbase ? new string('0', 64) : input.Spends.Tx.ToString(),
                ["vout"] = input.IsCoinbase ? uint.MaxValue : input.Spends.Index,
                ["prevout"] = input.IsCoinbase ? null : Shown(chain.Spent(input)),
                ["scriptsig"] = Convert.ToHexStringLower(input.Script),
                ["is_coinbase"] = input.IsCoinbase,
                ["sequence"] = input.Sequence,
            };
            // Left out, as the explorer does, where there is none.
            if (witnesses.Count > 0 && witnesses[input.Index].Count > 0)
            {
                json["witness"] = witnesses[input.Index];
            }

            inputs.Add(json);
        }

        JsonArray outputs = [];
        foreach (TxOut output in transaction.Outputs)
        {
            outputs.Add(Shown(output));
        }

        JsonObject whole = new()
        {
            ["txid"] = shown.Id.ToString(), ["version"] = transaction.Version, ["locktime"] = transaction.LockTime,
            ["vin"] = inputs, ["vout"] = outputs, ["size"] = transaction.Length, ["weight"] = transaction.WeightUnits,
        };
        if (hasStatus)
        {
            whole["status"] = Status(shown, chain);
        }

        return whole;
    }

    private static JsonObject Shown(TxOut output) =>
        new() { ["scriptpubkey"] = Convert.ToHexStringLower(output.Script), ["value"] = output.ValueSats };

    private static JsonObject Outspend(IndexedTx? spender, NodeIndex chain) => spender is null
        ? new JsonObject { ["spent"] = false }
        : new JsonObject { ["spent"] = true, ["txid"] = spender.Id.ToString(), ["vin"] = 0, ["status"] = Status(spender, chain) };

    private static JsonObject Status(IndexedTx transaction, NodeIndex chain) => transaction.Height is { } height
        ? new JsonObject
        {
            ["confirmed"] = true, ["block_height"] = height, ["block_hash"] = chain.Blocks[height].Hash.ToString(),
            ["block_time"] = chain.Blocks[height].Header.Time,
        }
        : new JsonObject { ["confirmed"] = false };

    private static TxHash[] Ids(Block block) => [.. block.TransactionIds.ToArray().Select(id => id.ToTxHash())];

    private static IndexedTx? Find(NodeIndex chain, string id) =>
        TxHash.TryParse(ChainFamily.Utxo, id, out TxHash hash, out _) ? chain.Find(hash) : null;

    private static int? Number(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;

    private static HttpAnswer Plain(string text) => HttpAnswer.Text(200, text, "text/plain");

    private static HttpAnswer Json(JsonNode json) => HttpAnswer.Text(200, json.ToJsonString());

    private static HttpAnswer Absent(string words) => HttpAnswer.Text(404, words, "text/plain");
}
