using System.Collections.Immutable;
using System.Text.Json;
using FlowTracer.Chains.Bitcoin.Scripts;
using FlowTracer.Core.Clustering;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Clustering;

/// <summary>The ten-transaction chain GraphSense tests itself with, and what it makes of it.</summary>
internal static class GraphSense
{
    public const string FolderName = "clustering/graphsense-utxo";

    /// <summary>The chain's transactions, each with GraphSense's word on whether it is a CoinJoin.</summary>
    public static List<(CoinTransaction Transaction, bool IsCoinJoin)> Chain()
    {
        List<(CoinTransaction, bool)> chain = [];
        foreach (JsonElement json in Lines("test_txs.json"))
        {
            TxHash id = CoinData.Id(json.GetProperty("txHash").GetString()!);
            chain.Add((
                new CoinTransaction(id, Sides(json, "inputs", default), Sides(json, "outputs", id), HasData: false),
                json.GetProperty("coinjoin").GetBoolean()));
        }

        return chain;
    }

    /// <summary>The clusters of one of its reference files: the addresses of each, as text, sorted.</summary>
    public static List<string> Clusters(string fileName)
    {
        Dictionary<int, string> addresses = Lines("reference/address_ids.json").ToDictionary(
            json => json.GetProperty("addressId").GetInt32(), json => json.GetProperty("address").GetString()!);
        return Texts(Lines("reference/" + fileName)
            .Where(json => json.GetProperty("addressId").GetInt32() != 0) // the coinbase has no address
            .GroupBy(
                json => json.GetProperty("clusterId").GetInt32(),
                json => addresses[json.GetProperty("addressId").GetInt32()]));
    }

    /// <summary>Clusters as such text.</summary>
    public static List<string> Texts(IEnumerable<IEnumerable<string>> clusters) =>
        [.. clusters.Select(cluster => string.Join(' ', cluster.Order(StringComparer.Ordinal))).Order(StringComparer.Ordinal)];

    /// <summary>
    /// The two transactions it holds for CoinJoins. Their files have no previous outputs: an input's address is that of the
    /// key in its script, and its value, which the rule does not look at, is given as 1.
    /// </summary>
    public static List<CoinTransaction> KnownCoinJoins() =>
        [.. Directory.EnumerateFiles(SharedData.Folder(FolderName), "coinjoin_true_*.json").Order().Select(KnownCoinJoin)];

    private static CoinTransaction KnownCoinJoin(string path)
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(path));
        TxHash id = CoinData.Id(json.RootElement.GetProperty("txid").GetString()!);
        ImmutableArray<CoinSide>.Builder inputs = ImmutableArray.CreateBuilder<CoinSide>();
        foreach (JsonElement input in json.RootElement.GetProperty("vin").EnumerateArray())
        {
            string key = input.GetProperty("scriptSig").GetProperty("asm").GetString()!.Split(' ')[^1];
            inputs.Add(new CoinSide(
                new OutPoint(CoinData.Id(input.GetProperty("txid").GetString()!), input.GetProperty("vout").GetUInt32()),
                ScriptAddress.OfKey(ChainId.Bitcoin, Convert.FromHexString(key)),
                1));
        }

        ImmutableArray<CoinSide>.Builder outputs = ImmutableArray.CreateBuilder<CoinSide>();
        bool hasData = false;
        foreach (JsonElement output in json.RootElement.GetProperty("vout").EnumerateArray())
        {
            ulong sats = (ulong)(output.GetProperty("value").GetDecimal() * 100_000_000m);
            string script = output.GetProperty("scriptPubKey").GetProperty("hex").GetString()!;
            hasData |= sats == 0;
            if (sats > 0)
            {
                OutPoint coin = new(id, output.GetProperty("n").GetUInt32());
                outputs.Add(new CoinSide(coin, CoinData.AddressOf(ChainId.Bitcoin, script), sats));
            }
        }

        return new CoinTransaction(id, inputs.DrainToImmutable(), outputs.DrainToImmutable(), hasData);
    }

    private static ImmutableArray<CoinSide> Sides(JsonElement json, string name, TxHash id) =>
        [.. json.GetProperty(name).EnumerateArray().Select((side, i) => new CoinSide(
            new OutPoint(id, (uint)i), AddressIn(side.GetProperty("address")), side.GetProperty("value").GetUInt64()))];

    // A script of several keys has no address.
    private static Address AddressIn(JsonElement addresses) =>
        addresses.GetArrayLength() == 1
        && Address.TryParse(ChainId.Bitcoin, addresses[0].GetString(), out Address address, out _)
            ? address
            : default;

    private static IEnumerable<JsonElement> Lines(string fileName) =>
        File.ReadLines(Path.Combine(SharedData.Folder(FolderName), fileName))
            .Where(line => line.Length > 0)
            .Select(line => JsonDocument.Parse(line).RootElement);
}
