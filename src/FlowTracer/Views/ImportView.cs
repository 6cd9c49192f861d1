using System.Globalization;
using System.Text.Json;
using FlowTracer.App.Import;

namespace FlowTracer.Views;

/// <summary>What an import changed in a store.</summary>
/// <param name="Store">The store, for a person.</param>
/// <param name="Added">Movements that are new.</param>
/// <param name="Known">Movements that were there already.</param>
internal sealed record ImportedIn(string Store, long Added, long Known);

/// <summary>What an import found in files, and what it changed.</summary>
internal static class ImportView
{
    public static void Write(ImportReport report, ImportedIn? changed, bool asJson)
    {
        if (asJson)
        {
            JsonOutput.Write(json => Json(json, report, changed));
            return;
        }

        Terminal console = Terminal.Out();
        console.Table(
            ["file", "format", ">lines", "sha256"],
            [.. report.Files.Select(string[] (read) => [read.File.Name, read.File.Format.NameOf(), Number(read.Lines), read.File.Sha256[..16]])],
            elastic: 0);
        console.Line();
        console.Table(
            ["chain", ">movements", "blocks", "from", "to"],
            [
                .. report.Spans.Select(string[] (span) =>
                [
                    span.Chain.ToString(), Number(span.Movements), Blocks(span), Time(span.FirstTimeSeconds) ?? "-", Time(span.LastTimeSeconds) ?? "-",
                ]),
            ],
            elastic: null);
        foreach (string problem in report.Problems)
        {
            console.Bullet(problem);
        }

        console.Line();
        console.Line(Outcome(report, changed));
    }

    private static string Outcome(ImportReport report, ImportedIn? changed) =>
        changed is not null ? $"{Number(changed.Added)} movements added, {Number(changed.Known)} known already: {changed.Store}"
        : report.ProblemCount > 0 ? $"{Number(report.ProblemCount)} problems{(report.ProblemCount > report.Problems.Length ? $", the first {report.Problems.Length} listed" : "")}: nothing can be imported as it is."
        : "No problems; nothing was written.";

    private static void Json(Utf8JsonWriter json, ImportReport report, ImportedIn? changed)
    {
        json.WriteStartObject();
        json.Objects("files", report.Files, read =>
        {
            json.WriteString("name", read.File.Name);
            json.WriteString("format", read.File.Format.NameOf());
            json.WriteNumber("lines", read.Lines);
            json.WriteString("sha256", read.File.Sha256);
        });
        json.Objects("chains", report.Spans, span =>
        {
            json.WriteString("chain", span.Chain.ToString());
            json.WriteNumber("movements", span.Movements);
            Optional(json, "first_block", span.FirstBlock);
            Optional(json, "last_block", span.LastBlock);
            json.WriteString("first_time", Time(span.FirstTimeSeconds));
            json.WriteString("last_time", Time(span.LastTimeSeconds));
        });
        json.WriteNumber("problem_count", report.ProblemCount);
        json.Texts("problems", report.Problems);
        if (changed is not null)
        {
            json.WriteString("store", changed.Store);
            json.WriteNumber("added", changed.Added);
            json.WriteNumber("known", changed.Known);
        }

        json.WriteEndObject();
    }

    private static void Optional(Utf8JsonWriter json, string name, ulong? number)
    {
        if (number is ulong stated)
        {
            json.WriteNumber(name, stated);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static string Blocks(ImportSpan span) => span.FirstBlock is null
        ? "not stated"
        : string.Create(CultureInfo.InvariantCulture, $"{span.FirstBlock}-{span.LastBlock}");

    private static string? Time(long? seconds) => seconds is not long stated ? null
        : stated <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            ? DateTimeOffset.FromUnixTimeSeconds(stated).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)
            : stated.ToString(CultureInfo.InvariantCulture);

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
