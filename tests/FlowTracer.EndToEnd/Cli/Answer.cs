using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace FlowTracer.EndToEnd.Cli;

/// <summary>What the program printed, looked at as a reader would.</summary>
internal static class Answer
{
    /// <summary>A refusal: exit code 2, nothing on standard output, one line on standard error that names each place.</summary>
    public static void ExpectRefused(this ProgramResult result, params string[] mentions)
    {
        result.Expect(2);
        Assert.Empty(result.Output);
        Assert.StartsWith("flowtracer: ", result.Error, StringComparison.Ordinal);
        Assert.Equal(result.Error.Length - 1, result.Error.IndexOf('\n', StringComparison.Ordinal));
        Assert.DoesNotContain(result.Error[..^1], char.IsControl);
        Assert.All(mentions, mention => Assert.Contains(mention, result.Error, StringComparison.Ordinal));
    }

    /// <summary>Text for a pipe: no line over 80 columns, and nothing that steers a terminal or turns text round.</summary>
    public static void ExpectPlain(this ProgramResult result)
    {
        Assert.All(result.Output.Split('\n'), static line => Assert.True(line.Length <= 80, $"{line.Length} columns: {line}"));
        Assert.DoesNotContain(
            result.Output, static c => (char.IsControl(c) && c != '\n') || CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.Format);
    }

    /// <summary>
    /// The balance sheets of a trace.json: for each seed its sinks as "kind name" (the actor, or a cut's limit) with the
    /// amount in base units. Fails unless each sheet adds up.
    /// </summary>
    public static Dictionary<string, BigInteger>[] Sheets(string traceJson)
    {
        using JsonDocument document = JsonDocument.Parse(traceJson);
        return [.. document.RootElement.GetProperty("balance").GetProperty("seeds").EnumerateArray().Select(Sheet)];
    }

    private static Dictionary<string, BigInteger> Sheet(JsonElement seed)
    {
        Dictionary<string, BigInteger> sheet = [];
        foreach (JsonElement sink in seed.GetProperty("sinks").EnumerateArray())
        {
            string kind = sink.GetProperty("kind").GetString()!;
            string? name = sink.GetProperty(kind == "cut" ? "label" : "actor").GetString();
            sheet.Add($"{kind} {name}".TrimEnd(), Number(sink.GetProperty("amount")));
        }

        BigInteger all = sheet.Values.Aggregate(Number(seed.GetProperty("claimed_earlier")), static (a, b) => a + b);
        Assert.Equal(Number(seed.GetProperty("stolen")), all);
        Assert.Equal("0", seed.GetProperty("residual").GetString());
        return sheet;
    }

    private static BigInteger Number(JsonElement text) => BigInteger.Parse(text.GetString()!, CultureInfo.InvariantCulture);
}
