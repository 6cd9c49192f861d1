using System.Text.Json;
using System.Text.Json.Nodes;
using FlowTracer.Chains.Bitcoin.Live;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Chains.Bitcoin.Live;

/// <summary>What servers answer, read; and what is not quite that, refused.</summary>
public sealed class ServerDecoderTests
{
    // The coinbase of block 1, and the first payment there was, in block 170.
    private const string FirstCoinbase = """
        {"txid":"0e3e2357e806b6cdb1f70b54c3a3a17b6714ee1f0e68bebb44a74b1efd512098","version":1,"locktime":0,
         "vin":[{"txid":"0000000000000000000000000000000000000000000000000000000000000000","vout":4294967295,"prevout":null,
                 "scriptsig":"04ffff001d0104","is_coinbase":true,"sequence":4294967295}],
         "vout":[{"scriptpubkey":"410496b538e853519c726a2c91e61ec11600ae1390813a627c66fb8be7947be63c52da7589379515d4e0a604f8141781e62294721166bf621e73a82cbf2342c858eeac","value":5000000000}],
         "status":{"confirmed":true,"block_height":1}}
        """;

    private const string FirstPayment = """
        {"txid":"f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16","version":1,"locktime":0,
         "vin":[{"txid":"0437cd7f8525ceed2324359c2d0ba26006d92d856a9c20fa0241106ee5a597c9","vout":0,
                 "prevout":{"scriptpubkey":"410411db93e1dcdb8a016b49840f8c53bc1eb68a382e97b1482ecad7b148a6909a5cb2e0eaddfb84ccf9744464f82e160bfa9b8b64f9d4c03f999b8643f656b412a3ac","value":5000000000},
                 "scriptsig":"47304402204e45e16932b8af514961a1d3a1a25fdf3f4f7732e9d624c6c61548ab5fb8cd410220181522ec8eca07de4860a4acdd12909d831cc56cbbac4622082221a8768d1d0901",
                 "is_coinbase":false,"sequence":4294967295}],
         "vout":[{"scriptpubkey":"4104ae1a62fe09c5f51b13905f07f06b99a2f7159b2225f374cd378d71302fa28414e7aab37397f554a7df5f142c21c1b7303b8a0626f1baded5c72a704f7e6cd84cac","value":1000000000},
                 {"scriptpubkey":"410411db93e1dcdb8a016b49840f8c53bc1eb68a382e97b1482ecad7b148a6909a5cb2e0eaddfb84ccf9744464f82e160bfa9b8b64f9d4c03f999b8643f656b412a3ac","value":4000000000}],
         "status":{"confirmed":true,"block_height":170}}
        """;

    [Fact]
    public void A_coinbase_spends_nothing_and_pays_nothing()
    {
        EsploraTransaction read = EsploraDecoder.Transaction(Parse(FirstCoinbase));

        Assert.True(read.Transaction.IsCoinbase);
        Assert.Empty(read.Spends);
        Assert.Equal(0UL, read.FeeSats);
        Assert.Equal(1UL, read.Height);
    }

    [Fact]
    public void A_payment_states_what_it_spends()
    {
        EsploraTransaction read = EsploraDecoder.Transaction(Parse(FirstPayment));

        Assert.Equal(5_000_000_000UL, Assert.Single(read.Spends).ValueSats);
        Assert.Equal(0UL, read.FeeSats);
        Assert.Equal(170UL, read.Height);
    }

    [Fact]
    public void A_payment_s_fee_is_what_its_outputs_leave()
    {
        JsonNode json = JsonNode.Parse(FirstPayment)!;
        json["vin"]![0]!["prevout"]!["value"] = 5_000_000_123;
        Assert.Equal(123UL, EsploraDecoder.Transaction(Parse(json.ToJsonString())).FeeSats);

        json["vin"]![0]!["prevout"]!["value"] = 4_999_999_999;
        EsploraTransaction tooLittle = EsploraDecoder.Transaction(Parse(json.ToJsonString()));
        Assert.Throws<BadAnswerException>(() => tooLittle.FeeSats);

        json["vin"]![0]!["prevout"]!["value"] = 2_100_000_000_000_001;
        Assert.Throws<BadAnswerException>(() => EsploraDecoder.Transaction(Parse(json.ToJsonString())));
    }

    [Theory]
    [InlineData(FirstCoinbase)]
    [InlineData(FirstPayment)]
    public void Whatever_becomes_of_a_transaction_s_fields_it_is_read_as_itself_or_refused(string text)
    {
        TxHash id = EsploraDecoder.Transaction(Parse(text)).Transaction.Id;
        int refused = 0;
        foreach (string changed in Changes(text))
        {
            try
            {
                EsploraTransaction read = EsploraDecoder.Transaction(Parse(changed));
                Assert.Equal(id, read.Transaction.Id);
            }
            catch (BadAnswerException)
            {
                refused++;
            }
        }

        // Some fields are not part of the id: those of the coin spent, and the status.
        Assert.InRange(refused, 80, 400);
    }

    [Theory]
    [InlineData("height", """{"height":7,"hex":"00"}""")]
    [InlineData("place", """{"block_height":7,"pos":1,"merkle":["0e3e2357e806b6cdb1f70b54c3a3a17b6714ee1f0e68bebb44a74b1efd512098"]}""")]
    [InlineData("history", """[{"height":7,"tx_hash":"0e3e2357e806b6cdb1f70b54c3a3a17b6714ee1f0e68bebb44a74b1efd512098"}]""")]
    [InlineData("unspent", """[{"tx_pos":0,"value":1,"height":7,"tx_hash":"0e3e2357e806b6cdb1f70b54c3a3a17b6714ee1f0e68bebb44a74b1efd512098"}]""")]
    [InlineData("outspend", """{"spent":true,"vin":0,"txid":"0e3e2357e806b6cdb1f70b54c3a3a17b6714ee1f0e68bebb44a74b1efd512098","status":{"confirmed":true,"block_height":7}}""")]
    public void Whatever_becomes_of_an_answer_s_form_there_is_one_fault_for_it(string what, string text)
    {
        Action<JsonElement> read = what switch
        {
            "height" => json => ElectrumDecoder.Height(json),
            "place" => json => ElectrumDecoder.Place(json, height: null),
            "history" => json => ElectrumDecoder.History(json),
            "unspent" => json => ElectrumDecoder.Unspent(json),
            _ => json => EsploraDecoder.Outspend(json),
        };
        read(Parse(text));
        int refused = 0;
        foreach (string changed in Changes(text))
        {
            try
            {
                read(Parse(changed));
            }
            catch (BadAnswerException)
            {
                refused++;
            }
        }

        Assert.True(refused > 5);
    }

    [Fact]
    public void A_header_has_eighty_bytes_and_a_place_is_of_the_block_asked_about()
    {
        string hex = new('0', 160);

        Assert.Equal(0U, ElectrumDecoder.Header(Parse($"\"{hex}\"")).Time);
        Assert.Throws<BadAnswerException>(() => ElectrumDecoder.Header(Parse($"\"{hex}00\"")));
        Assert.Throws<BadAnswerException>(() => ElectrumDecoder.Header(Parse("null")));
        JsonElement place = Parse("""{"block_height":7,"pos":1,"merkle":[]}""");
        Assert.Equal(1U, ElectrumDecoder.Place(place, 7).Index);
        Assert.Throws<BadAnswerException>(() => ElectrumDecoder.Place(place, 8));
    }

    [Theory]
    [InlineData(2_147_483_647UL, true)]
    [InlineData(2_147_483_648UL, false)]
    [InlineData(9_223_372_036_854_775_807UL, false)]
    [InlineData(9_223_372_036_854_775_808UL, false)]
    [InlineData(18_446_744_073_709_551_615UL, false)]
    public void A_height_that_no_block_has_is_no_answer(ulong height, bool isRead)
    {
        const string id = "0e3e2357e806b6cdb1f70b54c3a3a17b6714ee1f0e68bebb44a74b1efd512098";
        string status = $$"""{"confirmed":true,"block_height":{{height}}}""";
        JsonNode transaction = JsonNode.Parse(FirstPayment)!;
        transaction["status"] = JsonNode.Parse(status);
        Func<ulong?>[] reads =
        [
            () => ElectrumDecoder.Height(Parse($$"""{"height":{{height}},"hex":"00"}""")),
            () => ElectrumDecoder.Place(Parse($$"""{"block_height":{{height}},"pos":1,"merkle":[]}"""), height: null).Height,
            () => ElectrumDecoder.Place(Parse($$"""{"block_height":{{height}},"pos":1,"merkle":[]}"""), height).Height,
            () => ElectrumDecoder.History(Parse($$"""[{"height":{{height}},"tx_hash":"{{id}}"}]"""))[0].Height,
            () => EsploraDecoder.Outspend(Parse($$"""{"spent":true,"vin":0,"txid":"{{id}}","status":{{status}}}""")).Height,
            () => EsploraDecoder.Transaction(Parse(transaction.ToJsonString())).Height,
        ];
        foreach (Func<ulong?> read in reads)
        {
            if (isRead)
            {
                Assert.Equal(height, read());
            }
            else
            {
                Assert.Throws<BadAnswerException>(() => read());
            }
        }
    }

    [Fact]
    public void What_waits_for_a_block_has_no_height()
    {
        const string id = "0e3e2357e806b6cdb1f70b54c3a3a17b6714ee1f0e68bebb44a74b1efd512098";
        IReadOnlyList<HistoryEntry> history = ElectrumDecoder.History(Parse(
            $$"""[{"height":5,"tx_hash":"{{id}}"},{"height":0,"tx_hash":"{{id}}","fee":1},{"height":-1,"tx_hash":"{{id}}","fee":1}]"""));

        Assert.Equal([5UL, null, null], history.Select(entry => entry.Height));
    }

    private static JsonElement Parse(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }

    /// <summary>The text with each value in turn left out, or something else.</summary>
    private static IEnumerable<string> Changes(string text)
    {
        string[] others = ["null", "true", "-1", "1.5", "99999999999999999999", "\"\"", "\"zz\"", "\"abc\"", "[]", "{}", "[[]]", "{\"x\":0}"];
        foreach (string other in others)
        {
            yield return other;
        }

        int count = Places(JsonNode.Parse(text)!).Count;
        for (int at = 0; at < count; at++)
        {
            JsonNode left = JsonNode.Parse(text)!;
            Places(left)[at](null, true);
            yield return left.ToJsonString();
            foreach (string other in others)
            {
                JsonNode changed = JsonNode.Parse(text)!;
                Places(changed)[at](JsonNode.Parse(other), false);
                yield return changed.ToJsonString();
            }
        }
    }

    private static List<Action<JsonNode?, bool>> Places(JsonNode node)
    {
        List<Action<JsonNode?, bool>> places = [];
        switch (node)
        {
            case JsonObject whole:
                foreach ((string name, JsonNode? value) in whole.ToList())
                {
                    places.Add((other, removes) => _ = removes ? whole.Remove(name) : (whole[name] = other) is null);
                    places.AddRange(value is null ? [] : Places(value));
                }

                break;
            case JsonArray list:
                for (int at = 0; at < list.Count; at++)
                {
                    int index = at;
                    places.Add((other, removes) =>
                    {
                        list.RemoveAt(index);
                        if (!removes)
                        {
                            list.Insert(index, other);
                        }
                    });
                    places.AddRange(list[at] is { } item ? Places(item) : []);
                }

                break;
        }

        return places;
    }
}
