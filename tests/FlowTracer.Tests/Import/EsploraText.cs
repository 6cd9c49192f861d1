using System.Globalization;
using System.Text.Json.Nodes;
using FlowTracer.Chains.Bitcoin;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Import;

/// <summary>Transactions in Esplora's JSON for tests: real ones of the first days, and made ones.</summary>
internal static class EsploraText
{
    private const string PaysAnybody = "51";

    /// <summary>The coinbase of the first block, said to be in another.</summary>
    public static string Genesis(int height) => Line(
        """
        {"txid":"4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b","version":1,"locktime":0,"vin":[{"txid":"0000000000000000000000000000000000000000000000000000000000000000","vout":4294967295,"prevout":null,"scriptsig":"04ffff001d0104455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f757420666f722062616e6b73","is_coinbase":true,"sequence":4294967295}],"vout":[{"scriptpubkey":"4104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac","value":5000000000}]}
        """,
        height);

    /// <summary>The first payment there was, 10 bitcoin of 50 (block 170).</summary>
    public static string FirstPayment(int height) => Line(
        """
        {"txid":"f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16","version":1,"locktime":0,"vin":[{"txid":"0437cd7f8525ceed2324359c2d0ba26006d92d856a9c20fa0241106ee5a597c9","vout":0,"prevout":{"scriptpubkey":"410411db93e1dcdb8a016b49840f8c53bc1eb68a382e97b1482ecad7b148a6909a5cb2e0eaddfb84ccf9744464f82e160bfa9b8b64f9d4c03f999b8643f656b412a3ac","value":5000000000},"scriptsig":"47304402204e45e16932b8af514961a1d3a1a25fdf3f4f7732e9d624c6c61548ab5fb8cd410220181522ec8eca07de4860a4acdd12909d831cc56cbbac4622082221a8768d1d0901","is_coinbase":false,"sequence":4294967295}],"vout":[{"scriptpubkey":"4104ae1a62fe09c5f51b13905f07f06b99a2f7159b2225f374cd378d71302fa28414e7aab37397f554a7df5f142c21c1b7303b8a0626f1baded5c72a704f7e6cd84cac","value":1000000000},{"scriptpubkey":"410411db93e1dcdb8a016b49840f8c53bc1eb68a382e97b1482ecad7b148a6909a5cb2e0eaddfb84ccf9744464f82e160bfa9b8b64f9d4c03f999b8643f656b412a3ac","value":4000000000}]}
        """,
        height);

    public static long TimeOf(int height) => 1_231_006_505 + (height * 600L);

    public static ulong Sats(Leg leg) => leg.Amount.TryGetUInt64(out ulong sats) ? sats : throw new OverflowException();

    public static TxHash Tx(int number) =>
        TxHash.TryParse(ChainFamily.Utxo, number.ToString("x64", CultureInfo.InvariantCulture), out TxHash tx, out _) ? tx : default;

    public static JsonNode Status(int height) => JsonNode.Parse(
        $$"""{"confirmed":true,"block_height":{{height}},"block_hash":"{{height:x64}}","block_time":{{TimeOf(height)}}}""")!;

    /// <summary>A transaction that spends first outputs and pays one amount, and its id.</summary>
    public static (string Line, TxHash Id) Made(int height, long pays, (TxHash Tx, long Sats)[] spends, string? dataScript = null)
    {
        string inputs = string.Join(',', spends.Select(static coin =>
            $$"""{"txid":"{{coin.Tx.ToString(ChainFamily.Utxo)}}","vout":0,"prevout":{"scriptpubkey":"{{PaysAnybody}}","value":{{coin.Sats}}},"scriptsig":"","is_coinbase":false,"sequence":0}"""));
        string data = dataScript is null ? "" : $$""",{"scriptpubkey":"{{dataScript}}","value":0}""";
        JsonNode transaction = JsonNode.Parse(
            $$"""{"txid":"","version":2,"locktime":0,"vin":[{{inputs}}],"vout":[{"scriptpubkey":"{{PaysAnybody}}","value":{{pays}}}{{data}}]}""")!;
        string id = IdOf(transaction);
        transaction["txid"] = id;
        transaction["status"] = Status(height);
        Assert.True(TxHash.TryParse(ChainFamily.Utxo, id, out TxHash hash, out _));
        return (transaction.ToJsonString(), hash);
    }

    /// <summary>The id that a transaction's fields have.</summary>
    public static string IdOf(JsonNode transaction)
    {
        TransactionBuilder builder = new(transaction["version"]!.GetValue<int>(), 0);
        foreach (JsonNode? input in transaction["vin"]!.AsArray())
        {
            bool isCoinbase = input!["is_coinbase"]!.GetValue<bool>();
            Assert.True(TxHash.TryParse(ChainFamily.Utxo, input["txid"]!.GetValue<string>(), out TxHash spent, out _));
            builder.AddInput(
                isCoinbase ? null : new OutPoint(spent, input["vout"]!.GetValue<uint>()),
                Convert.FromHexString(input["scriptsig"]!.GetValue<string>()),
                input["sequence"]!.GetValue<uint>(),
                []);
        }

        foreach (JsonNode? output in transaction["vout"]!.AsArray())
        {
            builder.AddOutput(ulong.Parse(output!["value"]!.ToJsonString(), CultureInfo.InvariantCulture), Convert.FromHexString(output["scriptpubkey"]!.GetValue<string>()));
        }

        return builder.Build().Id.ToString(ChainFamily.Utxo);
    }

    private static string Line(string json, int height)
    {
        JsonNode transaction = JsonNode.Parse(json)!;
        transaction["status"] = Status(height);
        return transaction.ToJsonString();
    }
}
