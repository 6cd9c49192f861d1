using System.Buffers;
using System.Text.Json;

namespace FlowTracer.Chains.Rpc;

/// <summary>Where two answers first differ.</summary>
/// <param name="Path">From the answer's root, e.g. <c>$.transactions[3].value</c>.</param>
/// <param name="First">The first answer's value there, as JSON, or what is to be said of it.</param>
/// <param name="Second">The second answer's.</param>
internal readonly record struct JsonDifference(string Path, string First, string Second)
{
    private const int LongestShown = 80;
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdefABCDEF");

    // Clients disagree on whether a signature's numbers are padded to 32 bytes; EIP-1474 says they are not.
    private static readonly string[] UnpaddedProperties = ["r", "s", "v"];

    /// <summary>
    /// Compares by meaning: properties in any order, hex in either case, and properties that only one side has ignored,
    /// for clients add their own. Null against a value differs, and so do lengths of arrays.
    /// </summary>
    /// <returns>The first difference, or null.</returns>
    public static JsonDifference? Find(JsonElement first, JsonElement second) => Find("$", "", first, second);

    private static JsonDifference? Find(string path, string property, JsonElement first, JsonElement second) =>
        (first.ValueKind, second.ValueKind) switch
        {
            (JsonValueKind.Object, JsonValueKind.Object) => InObjects(path, first, second),
            (JsonValueKind.Array, JsonValueKind.Array) => InArrays(path, first, second),
            (JsonValueKind.String, JsonValueKind.String)
                when AreEqual(property, first.GetString()!, second.GetString()!) => null,
            (JsonValueKind.Object or JsonValueKind.Array or JsonValueKind.String, _) => Here(path, first, second),
            _ when JsonElement.DeepEquals(first, second) => null,
            _ => Here(path, first, second),
        };

    private static JsonDifference? InObjects(string path, JsonElement first, JsonElement second)
    {
        foreach (JsonProperty property in first.EnumerateObject())
        {
            if (second.TryGetProperty(property.Name, out JsonElement other)
                && Find($"{path}.{property.Name}", property.Name, property.Value, other) is { } difference)
            {
                return difference;
            }
        }

        return null;
    }

    private static JsonDifference? InArrays(string path, JsonElement first, JsonElement second)
    {
        int length = first.GetArrayLength();
        if (length != second.GetArrayLength())
        {
            return new JsonDifference(path, Entries(length), Entries(second.GetArrayLength()));
        }

        int at = 0;
        foreach ((JsonElement one, JsonElement other) in first.EnumerateArray().Zip(second.EnumerateArray()))
        {
            if (Find($"{path}[{Numbers.Text(at++)}]", "", one, other) is { } difference)
            {
                return difference;
            }
        }

        return null;
    }

    private static bool AreEqual(string property, string first, string second)
    {
        if (first == second)
        {
            return true;
        }

        bool isHex = IsHex(first) && IsHex(second);
        return isHex && (first.Equals(second, StringComparison.OrdinalIgnoreCase)
            || (UnpaddedProperties.Contains(property)
                && first[2..].TrimStart('0').Equals(second[2..].TrimStart('0'), StringComparison.OrdinalIgnoreCase)));
    }

    private static bool IsHex(string text) =>
        text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) && text.AsSpan(2).IndexOfAnyExcept(HexDigits) < 0;

    private static string Entries(int count) => $"{Numbers.Text(count)} entries";

    private static JsonDifference Here(string path, JsonElement first, JsonElement second) =>
        new(path, Shorten(first.GetRawText()), Shorten(second.GetRawText()));

    private static string Shorten(string text) => text.Length <= LongestShown ? text : text[..LongestShown] + "…";
}
