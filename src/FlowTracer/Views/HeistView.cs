using System.Globalization;
using System.Text.Json;
using FlowTracer.App.Heists;
using FlowTracer.App.Traces;
using FlowTracer.Core.Model;

namespace FlowTracer.Views;

/// <summary>The catalogue of heists.</summary>
internal static class HeistView
{
    private const int SeedsShown = 8;

    public static void WriteList(IReadOnlyList<Heist> heists, bool asJson)
    {
        if (asJson)
        {
            JsonOutput.Write(json =>
            {
                json.WriteStartObject();
                json.Objects("heists", heists, heist => Properties(json, heist));
                json.WriteEndObject();
            });
            return;
        }

        Terminal.Out().Table(
            ["id", "date", ">loss", "name"],
            [.. heists.Select(string[] (heist) => [heist.Id, heist.Date, Loss(heist), heist.Name])],
            elastic: 3);
    }

    public static void WriteOne(Heist heist, AssetCatalogue assets, bool asJson)
    {
        if (asJson)
        {
            JsonOutput.Write(json =>
            {
                json.WriteStartObject();
                Properties(json, heist);
                json.WriteEndObject();
            });
            return;
        }

        Terminal console = Terminal.Out();
        console.Title($"{heist.Name}, {heist.Date}");
        console.Line($"Loss {Loss(heist)}; attributed to {(heist.Attribution.Length > 0 ? heist.Attribution : "nobody")}.");
        console.Paragraph(heist.Summary);
        console.Heading("SEEDS");
        foreach (var total in heist.Seeds.GroupBy(static seed => seed.Asset))
        {
            Amount sum = total.Aggregate(Amount.Zero, static (sum, seed) => sum + seed.Amount);
            console.Line($"{assets[total.Key].Text(sum)} in {total.Count():N0} {(total.Count() == 1 ? "seed" : "seeds")}");
        }

        foreach (HeistSeed seed in heist.Seeds.Take(SeedsShown))
        {
            console.Line($"{assets[seed.Asset].Text(seed.Amount)} to {seed.To}");
            console.Line($"  {seed.Transaction.ToString(seed.Asset.Chain.Family)}");
        }

        if (heist.Seeds.Length > SeedsShown)
        {
            console.Line($"and {heist.Seeds.Length - SeedsShown:N0} more, all with --json.");
        }

        console.Heading("RECORD");
        console.Line(heist.DataPath.Length > 0 ? heist.DataPath : "none ships with the program");
        foreach (var covered in heist.Coverage.GroupBy(static covered => covered.Text))
        {
            console.Bullet($"complete for {covered.Count()} holders: {covered.Key}");
        }

        console.Bullet($"{heist.Known.Length} addresses of the case are known");
        console.Heading("SOURCES");
        foreach (string source in heist.Sources)
        {
            console.Bullet(source);
        }
    }

    private static void Properties(Utf8JsonWriter json, Heist heist)
    {
        json.WriteString("id", heist.Id);
        json.WriteString("name", heist.Name);
        json.WriteString("date", heist.Date);
        if (heist.LossUsd is long loss)
        {
            json.WriteNumber("loss_usd", loss);
        }
        else
        {
            json.WriteNull("loss_usd");
        }

        json.WriteString("attribution", heist.Attribution.Length > 0 ? heist.Attribution : null);
        json.WriteString("summary", heist.Summary);
        json.WriteString("data", heist.DataPath.Length > 0 ? heist.DataPath : null);
        json.Objects("seeds", heist.Seeds, seed =>
        {
            json.WriteString("transaction", seed.Transaction.ToString(seed.Asset.Chain.Family));
            json.WriteString("to", seed.To.ToString());
            json.WriteString("asset", seed.Asset.ToString());
            json.WriteString("amount", seed.Amount.ToString());
        });
        json.Objects("coverage", heist.Coverage, covered =>
        {
            json.WriteString("address", covered.Address.ToString());
            json.WriteString("asset", covered.Asset.ToString());
            json.WriteString("text", covered.Text);
        });
        json.Objects("addresses", heist.Known, known =>
        {
            json.WriteString("address", known.Address.ToString());
            json.WriteString("role", known.Role);
        });
        json.Texts("sources", heist.Sources);
    }

    private static string Loss(Heist heist) =>
        heist.LossUsd is long loss ? string.Create(CultureInfo.InvariantCulture, $"${loss:N0}") : "unknown";
}
