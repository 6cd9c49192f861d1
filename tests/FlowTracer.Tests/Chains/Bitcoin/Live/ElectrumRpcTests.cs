using System.Text.Json.Nodes;
using FlowTracer.Chains.Bitcoin;
using FlowTracer.Chains.Bitcoin.Live;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.Tests.Chains.Rpc;

namespace FlowTracer.Tests.Chains.Bitcoin.Live;

/// <summary>Two coinbases of one id at an Electrum server, which lists both in their scripts' histories.</summary>
public sealed class ElectrumRpcTests
{
    [Theory]
    [InlineData(5, 9)]
    [InlineData(9, 5)]
    public async Task Of_two_transactions_with_one_id_the_later_one_counts(int first, int second)
    {
        // The coinbases of the blocks 5 and 9 are the same bytes (BIP 30).
        Block[] chain = [.. MadeBlocks.RandomChain(3, 10).Select(static bytes => Block.Parse(bytes))];
        TxHash repeated = chain[5][0].Id;
        TxHash other = chain[7][0].Id;
        Assert.Equal(repeated, chain[9][0].Id);
        await using ScriptedElectrum electrum = new(async (client, asked) =>
        {
            JsonNode answer = asked is JsonArray batch
                ? new JsonArray([.. batch.Select(call => Answer(call!))])
                : Answer(asked);
            await client.SendAsync(answer.ToJsonString());
            return true;
        });
        using HttpPipeline pipeline = new(TestNode.Quick, new RpcMeter(), TimeProvider.System);
        await using ElectrumRpc rpc = new(NodeUrl.Parse(electrum.Server.Address), pipeline, mostTransactions: 10);

        RpcAnswer place = await rpc.AskAsync(BitcoinCalls.PlaceOf(repeated), CancellationToken.None);
        Assert.Equal(9, place.Result.GetProperty("height").GetInt32());

        Assert.Equal([other, repeated], await HistoryAsync(upTo: 9));
        Assert.Equal([repeated, other], await HistoryAsync(upTo: 8));

        async Task<IEnumerable<TxHash>> HistoryAsync(ulong upTo)
        {
            RpcAnswer history = await rpc.AskAsync(BitcoinCalls.HistoryOf([0x51], upTo), CancellationToken.None);
            return history.Result.EnumerateArray().Select(static id => IdOf(id.GetString()));
        }

        JsonNode Answer(JsonNode call) => ScriptedElectrum.Result(call, (string?)call["method"] switch
        {
            "blockchain.transaction.get" => Convert.ToHexStringLower(chain[5][0].Bytes),
            "blockchain.scripthash.get_history" => new JsonArray(Entry(repeated, first), Entry(other, 7), Entry(repeated, second)),
            "blockchain.transaction.get_merkle" => Proof((int)call["params"]![1]!),
            "blockchain.block.header" => Convert.ToHexStringLower(chain[(int)call["params"]![0]!].Bytes.Span[..80]),
            _ => null,
        });

        JsonObject Proof(int height) => new()
        {
            ["block_height"] = height,
            ["pos"] = 0,
            ["merkle"] = new JsonArray([.. MerkleTree.Branch(chain[height].TransactionIds, 0).Select(static half => JsonValue.Create(half.ToString()))]),
        };
    }

    private static JsonObject Entry(TxHash id, int height) => new() { ["tx_hash"] = id.ToString(), ["height"] = height };

    private static TxHash IdOf(string? text)
    {
        Assert.True(TxHash.TryParse(ChainFamily.Utxo, text, out TxHash id, out _));
        return id;
    }
}
