using System.Globalization;
using System.Text.Json;
using FlowTracer.Core.Clustering;
using FlowTracer.Core.Tracing;

namespace FlowTracer.App.Export;

/// <summary>The part of <c>trace.json</c> that says what heuristics found. All its texts are our own.</summary>
internal static class PatternsJson
{
    /// <summary>Writes the property <c>patterns</c>.</summary>
    public static void Write(Utf8JsonWriter json, TracePatterns patterns)
    {
        json.WriteStartObject("patterns");
        Array(json, "coinjoins", patterns.CoinJoins, pattern => WriteCoinJoin(json, pattern));
        Array(json, "clusters", patterns.Clusters, pattern => WriteCluster(json, pattern));
        Array(json, "changes", patterns.Changes, pattern => WriteChange(json, pattern));
        Array(json, "peel_chains", patterns.PeelChains, chain => WritePeelChain(json, chain));
        json.WriteEndObject();
    }

    private static void WriteCoinJoin(Utf8JsonWriter json, CoinJoinPattern pattern)
    {
        json.WriteString("tx_hash", pattern.Transaction.ToString());
        json.WriteString("protocol", pattern.Finding.Protocol);
        json.WriteString("heuristic", pattern.Finding.Heuristic.Name);
        json.WriteString("confidence", ExportText.Word(pattern.Finding.Confidence));
        json.WriteString("interpretations", pattern.Interpretations?.ToString(CultureInfo.InvariantCulture));
        json.WriteString("why", pattern.Finding.Why);
    }

    private static void WriteCluster(Utf8JsonWriter json, ClusterPattern pattern)
    {
        json.WriteString("name", pattern.Cluster.Name.ToString());
        json.WriteStartArray("addresses");
        foreach (Core.Model.Address address in pattern.Cluster.Addresses)
        {
            json.WriteStringValue(address.ToString());
        }

        json.WriteEndArray();
        Array(json, "links", pattern.Links, link =>
        {
            json.WriteString("tx_hash", link.Transaction.ToString());
            json.WriteString("from", link.From.ToString());
            json.WriteString("to", link.To.ToString());
        });
    }

    private static void WriteChange(Utf8JsonWriter json, ChangePattern pattern)
    {
        json.WriteString("tx_hash", pattern.Transaction.ToString());
        WriteSide(json, "change", pattern.Finding.Change);
        json.WriteString("confidence", ExportText.Word(pattern.Finding.Confidence));
        Array(json, "clues", pattern.Finding.Clues, clue =>
        {
            json.WriteString("heuristic", clue.Heuristic.Name);
            json.WriteString("why", clue.Why);
        });
    }

    private static void WritePeelChain(Utf8JsonWriter json, PeelChain chain)
    {
        WriteSide(json, "start", chain.Start);
        WriteSide(json, "end", chain.End);
        WriteSats(json, "peeled", chain.PeeledSats);
        WriteSats(json, "joined", chain.JoinedSats);
        WriteSats(json, "fees", chain.FeeSats);
        json.WriteString("heuristic", Heuristic.PeelChain.Name);
        json.WriteString("why", chain.Why);
        Array(json, "steps", chain.Steps, step =>
        {
            json.WriteString("tx_hash", step.Transaction.ToString());
            WriteSide(json, "peeled", step.Peeled);
            WriteSide(json, "kept", step.Kept);
            WriteSats(json, "joined", step.JoinedSats);
            WriteSats(json, "fee", step.FeeSats);
            json.WriteString("why", step.Why);
        });
    }

    private static void WriteSide(Utf8JsonWriter json, string key, CoinSide side)
    {
        json.WriteStartObject(key);
        json.WriteString("coin", side.Coin.ToString());
        json.WriteString("address", side.Address.IsNone ? null : side.Address.ToString());
        WriteSats(json, "amount", side.Sats);
        json.WriteEndObject();
    }

    private static void WriteSats(Utf8JsonWriter json, string key, ulong sats) =>
        json.WriteString(key, sats.ToString(CultureInfo.InvariantCulture));

    private static void Array<T>(Utf8JsonWriter json, string key, IEnumerable<T> items, Action<T> writeProperties)
    {
        json.WriteStartArray(key);
        foreach (T item in items)
        {
            json.WriteStartObject();
            writeProperties(item);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
