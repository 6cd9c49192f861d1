using System.Text.Json;
using FlowTracer.Core.Clustering;

namespace FlowTracer.Tests.Clustering;

/// <summary>Counts of interpretations and links, against those that Boltzmann's own tests expect.</summary>
public sealed class InterpretationsTests
{
    private const string FolderName = "clustering/boltzmann";

    [NeedsDataFact(FolderName)]
    public void Every_published_count_is_met()
    {
        using JsonDocument vectors = JsonDocument.Parse(File.ReadAllText(Path.Combine(SharedData.Folder(FolderName), "vectors.json")));
        (int cases, int matrices) = (0, 0);
        foreach (JsonElement vector in vectors.RootElement.EnumerateArray())
        {
            CoinTransaction transaction = Sample.OfValues(1, Values(vector, "inputs"), Values(vector, "outputs"));
            foreach (JsonElement expected in vector.GetProperty("cases").EnumerateArray())
            {
                cases++;
                matrices += AssertCase(vector, transaction, expected) ? 1 : 0;
            }
        }

        Assert.Equal((25, 24), (cases, matrices));
    }

    // Two inputs of 10 and outputs of 8, 2, 3 and 7: all by one payer, or 8+2 and 3+7, either way round.
    [Fact]
    public void Links_count_the_interpretations_they_are_in()
    {
        Interpretations counts = Interpretations.Of(Sample.OfValues(1, [10, 10], [8, 2, 3, 7]))!;

        Assert.Equal(3UL, counts.Count);
        Assert.Equal(2UL, counts.LinkCount(0, 0));
        Assert.Equal(2UL, counts.LinkCount(1, 3));
    }

    [Fact]
    public void Beyond_the_limit_nothing_is_counted()
    {
        Assert.NotNull(Interpretations.Of(Sample.OfValues(1, Enumerable.Repeat(5UL, 2), Enumerable.Repeat(1UL, 10))));
        Assert.Null(Interpretations.Of(Sample.OfValues(1, Enumerable.Repeat(5UL, 9), Enumerable.Repeat(4UL, 10))));
        Assert.Null(Interpretations.Of(Sample.OfValues(1, [], [5])));
    }

    private static bool AssertCase(JsonElement vector, CoinTransaction transaction, JsonElement expected)
    {
        JsonElement fees = expected.GetProperty("intraFees");
        string name = vector.GetProperty("name").GetString()!;
        Interpretations? counts = Interpretations.Of(
            transaction, fees.GetProperty("maker").GetUInt64(), fees.GetProperty("taker").GetUInt64());

        Assert.NotNull(counts);
        Assert.True(expected.GetProperty("nbCmbn").GetUInt64() == counts.Count, $"{name}: {counts.Count}");
        if (!expected.TryGetProperty("matLnkCombinations", out JsonElement matrix) || matrix.ValueKind != JsonValueKind.Array)
        {
            return false;
        }

        // Boltzmann orders inputs and outputs by value, the highest first; equal ones have equal counts.
        int[] inputs = ByValue(transaction.Inputs.Select(side => side.Sats));
        int[] outputs = ByValue(transaction.Outputs.Select(side => side.Sats));
        for (int i = 0; i < inputs.Length; i++)
        {
            for (int o = 0; o < outputs.Length; o++)
            {
                ulong links = counts.LinkCount(inputs[i], outputs[o]);
                Assert.True(matrix[o][i].GetUInt64() == links, $"{name}: input {inputs[i]}, output {outputs[o]}: {links}");
            }
        }

        return true;
    }

    private static int[] ByValue(IEnumerable<ulong> values) =>
        [.. values.Select((sats, i) => (sats, i)).OrderByDescending(pair => pair.sats).Select(pair => pair.i)];

    private static IEnumerable<ulong> Values(JsonElement vector, string side) =>
        vector.GetProperty(side).EnumerateObject().Select(property => property.Value.GetUInt64());
}
