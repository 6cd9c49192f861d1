using System.Collections.Immutable;
using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json;
using FlowTracer.Chains.Bitcoin.Scripts;
using FlowTracer.Core.Clustering;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Clustering;

/// <summary>Published sets of transactions, each read from the form its publisher chose.</summary>
internal static class CoinData
{
    public const string CoinJoinFolder = "coinjoin";
    public const string RpcFolder = "bitcoin-rpc";
    public const string EsploraFolder = "esplora";

    private const decimal SatsPerBitcoin = 100_000_000m;

    /// <summary>
    /// A list of the Dumplings scanner, packed: <c>id:::block:::height:::time:::inputs:::outputs</c>; an input is
    /// <c>txid-index-sats+script+kind</c>, an output <c>sats+script+kind</c>, with <c>}{</c> between them.
    /// </summary>
    public static List<CoinTransaction> Dumplings(string zipName, string listName)
    {
        using ZipArchive zip = ZipFile.OpenRead(Path.Combine(SharedData.Folder(CoinJoinFolder), zipName));
        using StreamReader reader = new(zip.GetEntry("Scanner/" + listName)!.Open());
        List<CoinTransaction> transactions = [];
        while (reader.ReadLine() is { } line)
        {
            if (line.Length > 0)
            {
                transactions.Add(OfDumplings(line.Split(":::")));
            }
        }

        return transactions;
    }

    /// <summary>Every transaction but coinbases of the regtest chains in an archive, by the folder of their run.</summary>
    public static ILookup<string, CoinTransaction> Emulated(string archiveName)
    {
        using FileStream file = File.OpenRead(Path.Combine(SharedData.Folder(RpcFolder), archiveName));
        using GZipStream unpacked = new(file, CompressionMode.Decompress);
        using TarReader tar = new(unpacked);
        Dictionary<string, Dictionary<string, JsonElement>> runs = [];
        while (tar.GetNextEntry() is { } entry)
        {
            if (entry.DataStream is not null && Path.GetFileName(entry.Name).StartsWith("block_", StringComparison.Ordinal))
            {
                string run = entry.Name.Split("/data/")[0];
                Dictionary<string, JsonElement> known = runs.TryGetValue(run, out var found) ? found : runs[run] = [];
                foreach (JsonElement json in JsonDocument.Parse(entry.DataStream).RootElement.GetProperty("tx").EnumerateArray())
                {
                    known[json.GetProperty("txid").GetString()!] = json;
                }
            }
        }

        return runs
            .SelectMany(run => run.Value.Values
                .Where(json => HasInputs(json, run.Value))
                .Select(json => (Run: run.Key, Transaction: OfNode(json, run.Value))))
            .ToLookup(pair => pair.Run, pair => pair.Transaction);
    }

    /// <summary>The transactions of the Esplora set: what a mempool held, mostly not CoinJoins.</summary>
    public static IEnumerable<CoinTransaction> Esplora()
    {
        using FileStream file = File.OpenRead(Path.Combine(SharedData.Folder(EsploraFolder), "mempool.jsonl.gz"));
        using StreamReader reader = new(new GZipStream(file, CompressionMode.Decompress));
        while (reader.ReadLine() is { } line)
        {
            yield return OfEsplora(JsonDocument.Parse(line).RootElement);
        }
    }

    /// <summary>A script's address, or none.</summary>
    public static Address AddressOf(ChainId chain, string scriptHex) =>
        ScriptAddress.TryGet(chain, Convert.FromHexString(scriptHex), out Address address) ? address : default;

    /// <summary>An id in its text form.</summary>
    public static TxHash Id(string text) =>
        TxHash.TryParse(ChainFamily.Utxo, text, out TxHash id, out ParseError error)
            ? id
            : throw new FormatException(error.ToString());

    private static CoinTransaction OfDumplings(string[] fields)
    {
        TxHash id = Id(fields[0]);
        List<CoinSide> inputs = [];
        foreach (string[] parts in Parts(fields[4]))
        {
            string[] coin = parts[0].Split('-');
            inputs.Add(new CoinSide(
                new OutPoint(Id(coin[0]), uint.Parse(coin[1])), AddressOf(ChainId.Bitcoin, parts[1]), ulong.Parse(coin[2])));
        }

        List<(ulong Sats, string Script)> outputs = [];
        foreach (string[] parts in Parts(fields[5]))
        {
            outputs.Add((ulong.Parse(parts[0]), parts[1]));
        }

        return Create(ChainId.Bitcoin, id, inputs, outputs);
    }

    private static IEnumerable<string[]> Parts(string field) =>
        field.Split("}{").Select(part => part.Trim('{', '}').Split('+'));

    private static bool HasInputs(JsonElement json, Dictionary<string, JsonElement> known) =>
        json.GetProperty("vin").EnumerateArray().All(
            input => input.TryGetProperty("txid", out JsonElement id) && known.ContainsKey(id.GetString()!));

    private static CoinTransaction OfNode(JsonElement json, Dictionary<string, JsonElement> known)
    {
        List<CoinSide> inputs = [];
        foreach (JsonElement input in json.GetProperty("vin").EnumerateArray())
        {
            string from = input.GetProperty("txid").GetString()!;
            int index = input.GetProperty("vout").GetInt32();
            JsonElement output = known[from].GetProperty("vout")[index];
            inputs.Add(new CoinSide(
                new OutPoint(Id(from), (uint)index), AddressOf(ChainId.BitcoinRegtest, Script(output)), Sats(output)));
        }

        return Create(
            ChainId.BitcoinRegtest,
            Id(json.GetProperty("txid").GetString()!),
            inputs,
            [.. json.GetProperty("vout").EnumerateArray().Select(output => (Sats(output), Script(output)))]);

        static string Script(JsonElement output) => output.GetProperty("scriptPubKey").GetProperty("hex").GetString()!;
        static ulong Sats(JsonElement output) => (ulong)(output.GetProperty("value").GetDecimal() * SatsPerBitcoin);
    }

    private static CoinTransaction OfEsplora(JsonElement json)
    {
        List<CoinSide> inputs = [];
        foreach (JsonElement input in json.GetProperty("vin").EnumerateArray())
        {
            (ulong sats, string script) = Output(input.GetProperty("prevout"));
            OutPoint coin = new(Id(input.GetProperty("txid").GetString()!), input.GetProperty("vout").GetUInt32());
            inputs.Add(new CoinSide(coin, AddressOf(ChainId.Bitcoin, script), sats));
        }

        return Create(
            ChainId.Bitcoin,
            Id(json.GetProperty("txid").GetString()!),
            inputs,
            [.. json.GetProperty("vout").EnumerateArray().Select(Output)]);

        static (ulong Sats, string Script) Output(JsonElement output) =>
            (output.GetProperty("value").GetUInt64(), output.GetProperty("scriptpubkey").GetString()!);
    }

    private static CoinTransaction Create(
        ChainId chain, TxHash id, List<CoinSide> inputs, List<(ulong Sats, string Script)> outputs)
    {
        const string opReturn = "6a";
        ImmutableArray<CoinSide>.Builder made = ImmutableArray.CreateBuilder<CoinSide>();
        for (int i = 0; i < outputs.Count; i++)
        {
            if (outputs[i].Sats > 0)
            {
                made.Add(new CoinSide(new OutPoint(id, (uint)i), AddressOf(chain, outputs[i].Script), outputs[i].Sats));
            }
        }

        bool hasData = outputs.Any(output => output.Sats == 0 && output.Script.StartsWith(opReturn, StringComparison.Ordinal));
        return new CoinTransaction(id, [.. inputs], made.DrainToImmutable(), hasData);
    }
}
