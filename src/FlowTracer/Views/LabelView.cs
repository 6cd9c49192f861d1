using System.Globalization;
using System.Text.Json;
using FlowTracer.App.Labels;
using FlowTracer.Core.Attributions;
using FlowTracer.Core.Model;

namespace FlowTracer.Views;

/// <summary>Labels: what is claimed, what follows, what was imported.</summary>
internal static class LabelView
{
    public static void WriteLookup(LabelLookup lookup, bool asJson)
    {
        if (asJson)
        {
            JsonOutput.Write(json => Lookup(json, lookup));
            return;
        }

        Terminal console = Terminal.Out();
        console.Title($"{lookup.Address} ({lookup.Address.Chain})");
        if (lookup.Attribution is not Attribution conclusion)
        {
            console.Line("No pack claims anything about this address.");
            return;
        }

        console.Line($"{conclusion.Label}: {conclusion.Category}{(conclusion.Actor.Length > 0 ? $", {conclusion.Actor}" : "")}");
        console.Line(conclusion.Stop is SinkKind stop ? $"A trace stops here: {stop.Word()}." : "A trace goes on through it.");
        console.Paragraph($"Why: {conclusion.Why}", "", "     ");
        console.Heading($"CLAIMS ({conclusion.Claims.Count}), best first");
        int rank = 0;
        foreach (Tag claim in conclusion.Claims)
        {
            rank++;
            console.Line($"{rank}. {claim.Label}");
            Detail(console, "category", claim.Category);
            Detail(console, "actor", claim.Actor);
            Detail(console, "confidence", claim.Confidence.Length > 0
                ? $"{claim.Confidence} (rank {ConfidenceRules.RankOf(claim.Confidence).ToString(CultureInfo.InvariantCulture)})"
                : "");
            Detail(console, "source", claim.Source);
            Detail(console, "note", claim.Note);
            Detail(console, "pack", claim.Pack);
        }
    }

    public static void WriteImports(IReadOnlyList<LabelImport> imports, bool asJson)
    {
        if (asJson)
        {
            JsonOutput.Write(json => Imports(json, imports));
            return;
        }

        Terminal.Out().Table(
            ["pack", ">tags", ">indexed", ">other chains", ""],
            [
                .. imports.Select(string[] (import) =>
                [
                    import.Name, Number(import.TagCount), Number(import.IndexedCount), Number(import.NotIndexedCount),
                    Word(import.Outcome),
                ]),
            ],
            elastic: 0);
        foreach (LabelError warning in imports.SelectMany(static import => import.Pack.Warnings))
        {
            Console.Error.WriteLine($"warning: {warning}");
        }
    }

    public static void WritePacks(LabelIndex index, bool asJson)
    {
        if (asJson)
        {
            JsonOutput.Write(json =>
            {
                json.WriteStartObject();
                json.WriteString("digest", index.Digest);
                json.Objects("packs", index.Packs, pack =>
                {
                    json.WriteString("name", pack.Name);
                    json.WriteNumber("indexed", pack.Tags.Count);
                    json.WriteString("sha256", pack.Sha256);
                });
                json.WriteEndObject();
            });
            return;
        }

        Terminal console = Terminal.Out();
        console.Table(
            ["pack", ">claims", "sha256"],
            [.. index.Packs.Select(string[] (pack) => [pack.Name, Number(pack.Tags.Count), pack.Sha256])],
            elastic: 2);
        console.Line($"{index.Count:N0} claims about {index.AddressCount:N0} addresses; all packs together sha256");
        console.Line(index.Digest);
    }

    private static void Detail(Terminal console, string name, string value)
    {
        if (value.Length > 0)
        {
            console.Paragraph(value, $"   {name,-11}", new string(' ', 14));
        }
    }

    private static string Number(int number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static void Lookup(Utf8JsonWriter json, LabelLookup lookup)
    {
        json.WriteStartObject();
        json.WriteString("chain", lookup.Address.Chain.ToString());
        json.WriteString("address", lookup.Address.ToString());
        if (lookup.Attribution is Attribution conclusion)
        {
            json.WriteStartObject("attribution");
            json.WriteString("stop", conclusion.Stop?.Word());
            json.WriteString("category", conclusion.Category);
            json.WriteString("actor", conclusion.Actor.Length > 0 ? conclusion.Actor : null);
            json.WriteString("label", conclusion.Label);
            json.WriteString("why", conclusion.Why);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("attribution");
        }

        json.Objects("claims", lookup.Attribution?.Claims ?? [], claim =>
        {
            json.WriteString("label", claim.Label);
            json.WriteString("category", claim.Category);
            json.WriteString("actor", claim.Actor);
            json.WriteString("confidence", claim.Confidence);
            json.WriteNumber("rank", ConfidenceRules.RankOf(claim.Confidence));
            json.WriteString("source", claim.Source);
            json.WriteString("note", claim.Note);
            json.WriteString("pack", claim.Pack);
        });
        json.WriteEndObject();
    }

    private static void Imports(Utf8JsonWriter json, IReadOnlyList<LabelImport> imports)
    {
        json.WriteStartObject();
        json.Objects("packs", imports, import =>
        {
            json.WriteString("name", import.Name);
            json.WriteString("outcome", Word(import.Outcome));
            json.WriteNumber("tags", import.TagCount);
            json.WriteNumber("indexed", import.IndexedCount);
            json.WriteNumber("other_chains", import.NotIndexedCount);
            json.Texts("warnings", import.Pack.Warnings.Select(static warning => warning.ToString()));
        });
        json.WriteEndObject();
    }

    private static string Word(LabelImportOutcome outcome) => outcome switch
    {
        LabelImportOutcome.Added => "added",
        LabelImportOutcome.Replaced => "replaced",
        _ => "unchanged",
    };
}
