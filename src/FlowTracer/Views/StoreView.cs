using System.Globalization;
using System.Text.Json;
using FlowTracer.Core.Ports;

namespace FlowTracer.Views;

/// <summary>What a store has, and what is wrong with it.</summary>
internal static class StoreView
{
    /// <summary>Coverage as a table.</summary>
    public static void Write(Terminal terminal, IFlowStore store, IReadOnlyList<FlowCoverage> coverage)
    {
        terminal.Title(store.Name);
        if (coverage.Count == 0)
        {
            terminal.Line("It is empty.");
            return;
        }

        terminal.Table(
            ["chain", ">from", ">to", "of", ">movements"],
            [
                .. coverage.Select(static one => (string[])
                [
                    one.Chain.ToString(), Block(one.First), Block(one.Last), one.Last is { } last ? Time(last) : "a record only",
                    one.Movements.ToString("N0", CultureInfo.InvariantCulture),
                ]),
            ],
            elastic: null);
        foreach (FlowCoverage one in coverage)
        {
            foreach (FlowOrigin origin in one.Unfinished)
            {
                terminal.Bullet($"unfinished ({one.Chain}): {origin.Source}");
            }
        }
    }

    /// <summary>Coverage as JSON.</summary>
    public static void WriteJson(IFlowStore store, IReadOnlyList<FlowCoverage> coverage) => JsonOutput.Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("store", store.Name);
        json.Objects("chains", coverage, one =>
        {
            json.WriteString("chain", one.Chain.ToString());
            Write(json, "first", one.First);
            Write(json, "last", one.Last);
            json.WriteNumber("movements", one.Movements);
            json.Objects("unfinished", one.Unfinished, origin =>
            {
                json.WriteString("source", origin.Source);
                json.WriteString("answer", origin.Answer);
            });
        });
        json.WriteEndObject();
    });

    /// <summary>Faults, one a line.</summary>
    public static void Write(Terminal terminal, IFlowStore store, IReadOnlyList<string> faults)
    {
        terminal.Line(faults.Count == 0 ? $"{store.Name} is sound." : $"{store.Name}: faults: {faults.Count}");
        foreach (string fault in faults)
        {
            terminal.Bullet(fault);
        }
    }

    /// <summary>Faults as JSON.</summary>
    public static void WriteJson(IFlowStore store, IReadOnlyList<string> faults) => JsonOutput.Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("store", store.Name);
        json.Texts("faults", faults);
        json.WriteEndObject();
    });

    private static void Write(Utf8JsonWriter json, string name, FlowBlock? block)
    {
        if (block is null)
        {
            json.WriteNull(name);
            return;
        }

        json.WriteStartObject(name);
        json.WriteNumber("block", block.Number);
        json.WriteString("hash", block.Hash.ToString());
        json.WriteNumber("time", block.TimeSeconds);
        json.WriteString("answer", block.Answer);
        json.WriteEndObject();
    }

    private static string Block(FlowBlock? block) => block?.Number.ToString("N0", CultureInfo.InvariantCulture) ?? "-";

    private static string Time(FlowBlock block) =>
        DateTimeOffset.FromUnixTimeSeconds(block.TimeSeconds).ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
