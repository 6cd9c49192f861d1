using System.IO.Compression;
using System.Text.Json;
using FlowTracer.Chains.Bitcoin;
using FlowTracer.Chains.Bitcoin.Live;
using FlowTracer.Chains.Bitcoin.Scripts;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Chains.Bitcoin;

/// <summary>8,131 transactions as an explorer prints them: another program's reading of the same bytes.</summary>
public sealed class EsploraTests
{
    private const string FolderName = "esplora";

    [NeedsDataFact(FolderName)]
    public void Every_transaction_s_fields_make_its_id_again_and_come_back_from_its_bytes()
    {
        int count = 0;
        foreach (JsonElement json in Lines())
        {
            EsploraTransaction read = EsploraDecoder.Transaction(json);
            Transaction transaction = read.Transaction;
            Assert.Equal(json.GetProperty("txid").GetString(), transaction.Id.ToString());
            AssertFields(json, transaction);
            AssertSpends(json, read);
            count++;
        }

        Assert.Equal(8131, count);
    }

    // What an input is said to be worth is what the transaction that made it pays there, where that one is among them.
    [NeedsDataFact(FolderName)]
    public void Every_spend_within_the_set_is_of_the_output_that_was_made()
    {
        Dictionary<string, JsonElement> made = Lines().Select(static json => json.Clone())
            .ToDictionary(static json => json.GetProperty("txid").GetString()!);
        int spends = 0;
        foreach (JsonElement input in made.Values.SelectMany(static json => json.GetProperty("vin").EnumerateArray()))
        {
            if (made.TryGetValue(input.GetProperty("txid").GetString()!, out JsonElement maker))
            {
                JsonElement output = maker.GetProperty("vout")[input.GetProperty("vout").GetInt32()];
                JsonElement stated = input.GetProperty("prevout");
                Assert.Equal(output.GetProperty("value").GetUInt64(), stated.GetProperty("value").GetUInt64());
                Assert.Equal(output.GetProperty("scriptpubkey").GetString(), stated.GetProperty("scriptpubkey").GetString());
                spends++;
            }
        }

        // As a script counted them.
        Assert.Equal(2_128, spends);
    }

    [NeedsDataFact(FolderName)]
    public void Every_script_has_the_type_and_address_the_explorer_gives_it()
    {
        int scripts = 0;
        foreach (JsonElement json in Lines())
        {
            foreach (JsonElement output in json.GetProperty("vout").EnumerateArray())
            {
                AssertScript(output);
                scripts++;
            }

            foreach (JsonElement input in json.GetProperty("vin").EnumerateArray())
            {
                AssertScript(input.GetProperty("prevout"));
                scripts++;
            }
        }

        Assert.Equal(33_534 + 19_922, scripts);
    }

    private static void AssertFields(JsonElement json, Transaction transaction)
    {
        JsonElement inputs = json.GetProperty("vin");
        JsonElement outputs = json.GetProperty("vout");
        Assert.Equal(json.GetProperty("version").GetInt32(), transaction.Version);
        Assert.Equal(json.GetProperty("locktime").GetUInt32(), transaction.LockTime);
        Assert.Equal(inputs.GetArrayLength(), transaction.InputCount);
        Assert.Equal(outputs.GetArrayLength(), transaction.OutputCount);
        foreach (TxIn input in transaction.Inputs)
        {
            JsonElement expected = inputs[input.Index];
            Assert.Equal(expected.GetProperty("txid").GetString(), input.Spends.Tx.ToString());
            Assert.Equal(expected.GetProperty("vout").GetUInt32(), input.Spends.Index);
            Assert.Equal(expected.GetProperty("scriptsig").GetString(), Convert.ToHexStringLower(input.Script));
            Assert.Equal(expected.GetProperty("sequence").GetUInt32(), input.Sequence);
        }

        ulong total = 0;
        foreach (TxOut output in transaction.Outputs)
        {
            Assert.Equal(outputs[output.Index].GetProperty("scriptpubkey").GetString(), Convert.ToHexStringLower(output.Script));
            Assert.Equal(outputs[output.Index].GetProperty("value").GetUInt64(), output.ValueSats);
            total += output.ValueSats;
        }

        ulong spent = inputs.EnumerateArray()
            .Aggregate(0UL, (sum, input) => sum + input.GetProperty("prevout").GetProperty("value").GetUInt64());
        Assert.True(spent >= total);
        AssertWitnesses(inputs, transaction);
    }

    private static void AssertSpends(JsonElement json, EsploraTransaction read)
    {
        IEnumerable<(ulong, string)> expected = json.GetProperty("vin").EnumerateArray().Select(
            input => input.GetProperty("prevout")).Select(
            output => (output.GetProperty("value").GetUInt64(), output.GetProperty("scriptpubkey").GetString()!));
        Assert.Equal(expected, read.Spends.Select(output => (output.ValueSats, Convert.ToHexStringLower(output.Script))));
        Assert.Null(read.Height);
    }

    private static void AssertWitnesses(JsonElement inputs, Transaction transaction)
    {
        int index = 0;
        foreach (InputWitness witness in transaction.Witnesses)
        {
            List<string> items = [];
            foreach (ReadOnlySpan<byte> item in witness)
            {
                items.Add(Convert.ToHexStringLower(item));
            }

            IEnumerable<string?> expected = inputs[index++].TryGetProperty("witness", out JsonElement given)
                ? given.EnumerateArray().Select(item => item.GetString())
                : [];
            Assert.Equal(expected, items);
            Assert.Equal(items.Count, witness.Count);
        }

        Assert.Equal(transaction.HasWitness ? inputs.GetArrayLength() : 0, index);
    }

    private static void AssertScript(JsonElement output)
    {
        byte[] script = Bytes(output.GetProperty("scriptpubkey"));
        string? address = output.TryGetProperty("scriptpubkey_address", out JsonElement given) ? given.GetString() : null;
        bool found = ScriptAddress.TryGet(ChainId.Bitcoin, script, out Address own);
        Assert.Equal(address, found ? own.ToString() : null);

        // This explorer's version had no word for bare multisig yet: all it calls unknown here are such.
        ScriptKind expected = output.GetProperty("scriptpubkey_type").GetString() switch
        {
            "p2pkh" => ScriptKind.PubKeyHash,
            "p2sh" => ScriptKind.ScriptHash,
            "v0_p2wpkh" => ScriptKind.WitnessPubKeyHash,
            "v0_p2wsh" => ScriptKind.WitnessScriptHash,
            "v1_p2tr" => ScriptKind.Taproot,
            "op_return" => ScriptKind.NullData,
            "unknown" => ScriptKind.Multisig,
            _ => ScriptKind.NonStandard,
        };
        Assert.True(
            expected == ScriptClassifier.Classify(script),
            $"{ScriptClassifier.Classify(script)}: {Convert.ToHexStringLower(script)}");
    }

    private static byte[] Bytes(JsonElement hex) => HexText.ToBytes(hex.GetString());

    private static IEnumerable<JsonElement> Lines()
    {
        using FileStream file = File.OpenRead(Path.Combine(SharedData.Folder(FolderName), "mempool.jsonl.gz"));
        using GZipStream unpacked = new(file, CompressionMode.Decompress);
        using StreamReader reader = new(unpacked);
        while (reader.ReadLine() is { } line)
        {
            using JsonDocument json = JsonDocument.Parse(line);
            yield return json.RootElement;
        }
    }
}
