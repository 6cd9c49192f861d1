using System.Numerics;
using System.Text;
using System.Text.Json;
using FlowTracer.Core.Ports;

namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>What value a trace found at rest: who has it, in what, and what of the seed it stands for.</summary>
/// <param name="Holder">The address, in lower case.</param>
/// <param name="Asset"><c>ETH</c> or the token's contract in lower case.</param>
/// <param name="Amount">Base units of that asset.</param>
/// <param name="Origin">Base units of the seed's asset.</param>
internal sealed record AtRest(string Holder, string Asset, BigInteger Amount, BigInteger Origin);

/// <summary>A trace from a live node, as its JSON states it.</summary>
internal sealed class LiveTrace : IDisposable
{
    private readonly JsonDocument _json;

    public LiveTrace(string json) => _json = JsonDocument.Parse(json);

    public JsonElement Root => _json.RootElement;

    /// <summary>What rests anywhere, stops included, sorted by holder.</summary>
    public IReadOnlyList<AtRest> AtRest()
    {
        Dictionary<string, JsonElement> nodes = Root.GetProperty("nodes").EnumerateArray().ToDictionary(node => node.GetProperty("id").GetString()!);
        Dictionary<(string, string), (BigInteger Amount, BigInteger Origin)> rests = [];
        void Add(JsonElement node, JsonElement asset, JsonElement lot)
        {
            (string, string) key = (node.GetProperty("address").GetString()!.ToLowerInvariant(), asset.GetString()!.ToLowerInvariant());
            (BigInteger amount, BigInteger origin) = rests.GetValueOrDefault(key);
            rests[key] = (amount + Units(lot, "amount"), origin + Units(lot, "origin"));
        }

        foreach (JsonElement node in nodes.Values)
        {
            foreach (JsonElement holding in node.GetProperty("holdings").EnumerateArray())
            {
                Add(node, holding.GetProperty("asset"), holding);
            }
        }

        foreach (JsonElement hop in Root.GetProperty("hops").EnumerateArray())
        {
            JsonElement to = nodes[hop.GetProperty("to").GetString()!];
            foreach (JsonElement lot in hop.GetProperty("lots").EnumerateArray())
            {
                if (to.GetProperty("role").GetString() == "sink" && to.GetProperty("address").ValueKind == JsonValueKind.String)
                {
                    Add(to, hop.GetProperty("asset"), lot);
                }
            }
        }

        return [.. rests.Select(rest => new AtRest(rest.Key.Item1, rest.Key.Item2, rest.Value.Amount, rest.Value.Origin)).OrderBy(rest => rest.Holder, StringComparer.Ordinal).ThenBy(rest => rest.Asset, StringComparer.Ordinal)];
    }

    /// <summary>What the first seed's sheet counts under a kind of sink, in the seed's base units.</summary>
    public BigInteger Sink(string kind) => Root.GetProperty("balance").GetProperty("seeds")[0].GetProperty("sinks").EnumerateArray()
        .Where(sink => sink.GetProperty("kind").GetString() == kind)
        .Aggregate(BigInteger.Zero, (sum, sink) => sum + Units(sink, "amount"));

    /// <summary>The first seed's rows: kind, label, amount.</summary>
    public IReadOnlyList<(string Kind, string Label, BigInteger Amount)> Sheet(int seed = 0) =>
    [
        .. Root.GetProperty("balance").GetProperty("seeds")[seed].GetProperty("sinks").EnumerateArray().Select(sink => (
            sink.GetProperty("kind").GetString()!, sink.GetProperty("label").ToString(), Units(sink, "amount"))),
    ];

    /// <summary>The kinds and amounts of its gaps.</summary>
    public IReadOnlyList<(string Kind, BigInteger Amount)> Gaps() =>
        [.. Root.GetProperty("gaps").EnumerateArray().Select(gap => (gap.GetProperty("kind").GetString()!, Units(gap, "amount")))];

    public void Dispose() => _json.Dispose();

    private static BigInteger Units(JsonElement element, string name) => BigInteger.Parse(element.GetProperty(name).GetString()!, System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>The kinds of sources that one Anvil can be, by what is kept from the program.</summary>
internal static class SourceKinds
{
    /// <summary>Each kind by name, with the methods it refuses.</summary>
    public static IReadOnlyDictionary<string, string[]> All { get; } = new Dictionary<string, string[]>
    {
        ["trace_filter"] = [],
        ["otterscan"] = ["trace_*", "debug_*"],
        ["otterscan with callTracer"] = ["trace_*", "ots_getInternalOperations"],
        ["archive with callTracer"] = ["trace_*", "ots_*"],
        ["plain archive"] = ["trace_*", "ots_*", "debug_*"],
    };
}

/// <summary>Compares traces with scenarios.</summary>
internal static class Sheets
{
    /// <summary>Where a trace parts from what the scenario says by hand; null where it does not.</summary>
    public static string? FaultOf(Scenario scenario, LiveTrace trace)
    {
        AtRest[] expected =
        [
            .. scenario.Endings.Where(ending => !ending.Origin.IsZero)
                .Select(ending => new AtRest(ending.Holder.ToLowerInvariant(), (ending.Token?.Address ?? "eth").ToLowerInvariant(), ending.Amount, ending.Origin))
                .OrderBy(rest => rest.Holder, StringComparer.Ordinal).ThenBy(rest => rest.Asset, StringComparer.Ordinal),
        ];
        if (!expected.SequenceEqual(trace.AtRest()))
        {
            return $"\n  expected {string.Join("\n           ", expected.AsEnumerable())}\n  came to  {string.Join("\n           ", trace.AtRest())}\n  {string.Join("; ", trace.Sheet())}; gaps {string.Join("; ", trace.Gaps())}";
        }

        if (trace.Sink("cut") != scenario.Vanished)
        {
            return $"cut {trace.Sink("cut")} where {scenario.Vanished} vanished";
        }

        return trace.Sink("fee") == scenario.FeeWei ? null : $"fee {trace.Sink("fee")} where {scenario.FeeWei} was paid";
    }

    /// <summary>Fails with the whole text of what is wrong, if anything is.</summary>
    public static void AssertNone(string faults) => Assert.True(faults.Length == 0, faults);

    /// <summary>Traces scenarios from sources and says what is wrong, one line for each that is.</summary>
    public static async Task<string> FaultsAsync(IEnumerable<KeyValuePair<string, Scenario>> told, params Uri[] sources)
    {
        using Desk desk = new();
        StringBuilder faults = new();
        foreach ((string name, Scenario scenario) in told)
        {
            try
            {
                using LiveTrace trace = await Desk.TraceAsync(desk.Request(scenario.Theft, sources));
                if (FaultOf(scenario, trace) is string fault)
                {
                    faults.AppendLine($"{name}: {fault}");
                }
            }
            catch (SourceException refused)
            {
                faults.AppendLine($"{name}: {refused.Message}");
            }
        }

        return faults.ToString();
    }
}
