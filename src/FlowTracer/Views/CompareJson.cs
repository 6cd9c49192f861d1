using System.Text.Json;
using FlowTracer.App.Traces;
using FlowTracer.Core.Model;
using FlowTracer.Core.Tracing;

namespace FlowTracer.Views;

/// <summary>A comparison as JSON, with exact amounts in base units.</summary>
internal static class CompareJson
{
    public static void Write(Comparison comparison) => JsonOutput.Write(json =>
    {
        TraceReport first = comparison.Reports[0];
        json.WriteStartObject();
        json.WriteString("format", "flowtracer-comparison/1");
        json.WriteString("subject", first.Provenance.Subject);
        json.Texts("policies", comparison.Reports.Select(static report => report.Trace.Question.Policy.Name));
        json.WriteStartArray("stopped_after");
        foreach (TraceReport report in comparison.Reports)
        {
            WriteCount(json, report.Trace.StoppedAfter);
        }

        json.WriteEndArray();
        json.Objects("seeds", comparison.Seeds, seed => Seed(json, seed, comparison));
        json.WriteEndObject();
    });

    private static void WriteCount(Utf8JsonWriter json, int? count)
    {
        if (count is int known)
        {
            json.WriteNumberValue(known);
        }
        else
        {
            json.WriteNullValue();
        }
    }

    private static void Seed(Utf8JsonWriter json, SeedComparison seed, Comparison comparison)
    {
        json.WriteString("id", $"seed-{seed.Seed + 1}");
        json.WriteString("asset", seed.Asset.ToString());
        json.WriteString("symbol", comparison.Reports[0].Assets[seed.Asset].Symbol);
        json.Texts("stolen", seed.Stolen.Select(static amount => amount.ToString()));
        json.Objects("sinks", seed.Rows, row =>
        {
            json.WriteString("kind", row.Kind.Word());
            json.WriteString("name", row.Name);
            json.WriteStartArray("cells");
            foreach (SinkRow? cell in row.Cells)
            {
                Cell(json, cell);
            }

            json.WriteEndArray();
            json.WriteString("spread", row.Spread?.ToString());
        });
    }

    private static void Cell(Utf8JsonWriter json, SinkRow? cell)
    {
        if (cell is null)
        {
            json.WriteNullValue();
            return;
        }

        json.WriteStartObject();
        json.WriteString("amount", cell.Amount.ToString());
        json.WriteString("asset", cell.Asset.ToString());
        json.WriteNumber("payers", cell.Payers);
        json.WriteNumber("addresses", cell.Addresses);
        json.WriteNumber("movements", cell.Movements);
        json.WriteEndObject();
    }
}
