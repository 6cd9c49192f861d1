using System.Security.Cryptography;
using System.Text.Json.Nodes;
using FlowTracer.Chains.Bitcoin;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.Testing;

namespace FlowTracer.EndToEnd.Bitcoin;

/// <summary>
/// An Electrum server in front of a test node, as far as the protocol's documentation (1.4) describes what a trace asks:
/// one message a line, batches as arrays, scripts by their hash turned round, errors with the words of ElectrumX.
/// </summary>
internal sealed class ElectrumFace : IAsyncDisposable
{
    private const int BadRequest = 1;
    private const int DaemonError = 2;
    private const int MethodNotFound = -32601;
    private readonly NodeIndex.Reader _chain;
    private readonly LineServer _server;
    private int _requests;

    /// <summary>Starts one.</summary>
    public ElectrumFace(BcoinNode node, bool isSecure = false)
    {
        _chain = new NodeIndex.Reader(node);
        _server = new LineServer(ReceiveAsync, isSecure);
    }

    /// <summary>Its address; with its certificate's fingerprint where it speaks TLS.</summary>
    public NodeUrl Url => NodeUrl.Parse(_server.Address);

    /// <summary>How many lines came.</summary>
    public int Requests => Volatile.Read(ref _requests);

    /// <summary>How many connections were made.</summary>
    public int Connections => _server.Connections;

    /// <summary>Histories with more entries than this are refused.</summary>
    public int LongestHistory { get; set; } = int.MaxValue;

    /// <summary>Sends something else than the answer to the line of that number, from 1; false to send the answer.</summary>
    public Func<LineClient, int, JsonNode, string, Task<bool>> Misbehave { get; set; } = static (_, _, _, _) => Task.FromResult(false);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _chain.Dispose();
    }

    private async Task ReceiveAsync(LineClient client, string line)
    {
        JsonNode asked = JsonNode.Parse(line)!;
        NodeIndex chain = await _chain.ReadAsync();
        JsonNode answer = asked is JsonArray batch
            ? new JsonArray([.. batch.Select(call => (JsonNode)Answer(chain, call!))])
            : Answer(chain, asked);
        string text = answer.ToJsonString();
        if (!await Misbehave(client, Interlocked.Increment(ref _requests), asked, text))
        {
            await client.SendAsync(text);
        }
    }

    private JsonObject Answer(NodeIndex chain, JsonNode call)
    {
        JsonObject reply = new() { ["jsonrpc"] = "2.0", ["id"] = call["id"]!.DeepClone() };
        try
        {
            reply["result"] = Result(chain, (string)call["method"]!, call["params"]!.AsArray());
        }
        catch (Refusal refusal)
        {
            reply["error"] = new JsonObject { ["code"] = refusal.Code, ["message"] = refusal.Message };
        }

        return reply;
    }

    private JsonNode? Result(NodeIndex chain, string method, JsonArray given) => method switch
    {
        "server.version" => new JsonArray("Test face 1.0", "1.4"),
        "blockchain.headers.subscribe" => new JsonObject
        {
            ["height"] = chain.Blocks.Count - 1,
            ["hex"] = Header(chain, chain.Blocks.Count - 1),
        },
        "blockchain.block.header" => Header(chain, (int)given[0]!),
        "blockchain.transaction.get" => Find(chain, given[0]!).Hex,
        "blockchain.transaction.get_merkle" => Merkle(chain, given),
        "blockchain.scripthash.get_history" => new JsonArray([.. History(chain, given[0]!).Select(one => (JsonNode)new JsonObject
        {
            ["height"] = one.Height ?? 0,
            ["tx_hash"] = one.Id.ToString(),
        })]),
        "blockchain.scripthash.listunspent" => Unspent(chain, given[0]!),
        _ => throw new Refusal(MethodNotFound, $"unknown method \"{method}\""),
    };

    private static string Header(NodeIndex chain, int height) => height < chain.Blocks.Count
        ? Convert.ToHexStringLower(chain.Blocks[height].Bytes.Span[..BlockHeader.ByteLength])
        : throw new Refusal(BadRequest, $"height {height} out of range");

    private static IndexedTx Find(NodeIndex chain, JsonNode id) =>
        TxHash.TryParse(ChainFamily.Utxo, (string)id!, out TxHash hash, out _) && chain.Find(hash) is { } found
            ? found
            : throw new Refusal(DaemonError, "daemon error: DaemonError({'code': -5, 'message': 'No such mempool or blockchain transaction.'})");

    private static JsonObject Merkle(NodeIndex chain, JsonArray given)
    {
        IndexedTx transaction = Find(chain, given[0]!);
        int height = (int)given[1]!;
        if (transaction.Height != height)
        {
            throw new Refusal(BadRequest, $"tx {transaction.Id} not in block at height {height}");
        }

        Hash256[] branch = MerkleTree.Branch(chain.Blocks[height].TransactionIds, transaction.Index);
        return new JsonObject
        {
            ["block_height"] = height,
            ["merkle"] = new JsonArray([.. branch.Select(half => (JsonNode)half.ToString())]),
            ["pos"] = transaction.Index,
        };
    }

    private IReadOnlyList<IndexedTx> History(NodeIndex chain, JsonNode scriptHash)
    {
        string turned = Convert.ToHexStringLower([.. Convert.FromHexString((string)scriptHash!).Reverse()]);
        IReadOnlyList<IndexedTx> history = chain.HistoryOf(turned);
        return history.Count <= LongestHistory ? history : throw new Refusal(BadRequest, "history too large");
    }

    private JsonArray Unspent(NodeIndex chain, JsonNode scriptHash)
    {
        string wanted = (string)scriptHash!;
        JsonArray coins = [];
        foreach (IndexedTx transaction in History(chain, scriptHash))
        {
            foreach (TxOut output in transaction.Transaction.Outputs)
            {
                byte[] hash = SHA256.HashData(output.Script);
                bool isOwn = Convert.ToHexStringLower([.. hash.Reverse()]) == wanted;
                if (isOwn && chain.SpenderOf(new OutPoint(transaction.Id, (uint)output.Index)) is null)
                {
                    coins.Add(new JsonObject
                    {
                        ["tx_hash"] = transaction.Id.ToString(), ["tx_pos"] = output.Index,
                        ["height"] = transaction.Height ?? 0, ["value"] = output.ValueSats,
                    });
                }
            }
        }

        return coins;
    }

    private sealed class Refusal(int code, string message) : Exception(message)
    {
        public int Code => code;
    }
}
