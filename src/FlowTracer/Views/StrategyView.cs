using System.Globalization;
using FlowTracer.App.Traces;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ranking;

namespace FlowTracer.Views;

/// <summary>Search strategies side by side: what each found of a labelled case.</summary>
internal static class StrategyView
{
    public static void Write(Terminal console, TraceCase opened, Recall recall)
    {
        console.Title($"{opened.Heist?.Name ?? opened.Provenance.Subject}: {recall.Rows.Length} strategies, {Text(recall.Requests)} requests each");
        Asset[] assets = [.. recall.Value.Keys];
        console.Table(
            [
                "", ">found", ">recall",
                .. assets.Select(asset => $">{opened.Assets[asset].Symbol} recall"),
                ">addresses", ">movements", ">depth", ">requests",
            ],
            [
                .. recall.Rows.Select(string[] (row) =>
                [
                    row.Strategy.Name,
                    Text(row.Found),
                    Share.Percent((ulong)row.Found, (ulong)recall.Labelled, 1),
                    .. assets.Select(asset => Share.Percent(row.Value.GetValueOrDefault(asset), recall.Value[asset], 1)),
                    Text(row.Addresses), Text(row.Movements), Text(row.Depth), Text(row.Requests),
                ]),
            ],
            elastic: null);
        console.Line();
        console.Bullet($"found, recall: how many of the {Text(recall.Labelled)} known addresses of the case are in the graph.");
        foreach (Asset asset in assets)
        {
            AssetName name = opened.Assets[asset];
            console.Bullet($"{name.Symbol} recall: the share in the graph of the {name.Cut(recall.Value[asset], 2)} {name.Symbol} that known addresses paid into labelled stops.");
        }

        console.Bullet("addresses, movements: the graph's size; depth: steps from a seed to its furthest address.");
        console.Bullet("value is ours: its graph is what carried stolen value. The others collect all that an address did.");
    }

    /// <summary>The same as JSON, with exact amounts in base units.</summary>
    public static void WriteJson(TraceCase opened, Recall recall) => JsonOutput.Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("format", "flowtracer-strategies/1");
        json.WriteString("subject", opened.Provenance.Subject);
        json.WriteString("policy", opened.Question.Policy.Name);
        json.WriteNumber("max_requests", recall.Requests);
        json.WriteNumber("labelled", recall.Labelled);
        json.Objects("labelled_value", recall.Value, value => Amount(value));
        json.Objects("strategies", recall.Rows, row =>
        {
            json.WriteString("name", row.Strategy.Name);
            json.WriteString("summary", row.Strategy.Summary);
            json.WriteNumber("found", row.Found);
            json.WriteString("recall", Share.Fraction((ulong)row.Found, (ulong)recall.Labelled));
            json.Objects("value", recall.Value.Keys.Select(asset => KeyValuePair.Create(asset, row.Value.GetValueOrDefault(asset))), value =>
            {
                Amount(value);
                json.WriteString("recall", Share.Fraction(value.Value, recall.Value[value.Key]));
            });
            json.WriteNumber("addresses", row.Addresses);
            json.WriteNumber("movements", row.Movements);
            json.WriteNumber("depth", row.Depth);
            json.WriteNumber("requests", row.Requests);
        });
        json.WriteEndObject();

        void Amount(KeyValuePair<Asset, Amount> value)
        {
            json.WriteString("asset", value.Key.ToString());
            json.WriteString("symbol", opened.Assets[value.Key].Symbol);
            json.WriteString("amount", value.Value.ToString());
        }
    });

    private static string Text(int number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
