using System.Buffers;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace FlowTracer.App.Export;

/// <summary>Texts that every format writes alike, whatever the machine's culture.</summary>
internal static class ExportText
{
    // What a reader of a graph or a table would not see as it is: directions that turn text round (Unicode's bidirectional
    // controls), and separators that some programs take for line ends.
    private static readonly SearchValues<char> Deceptive = SearchValues.Create(
        "\u061C\u200E\u200F\u2028\u2029\u202A\u202B\u202C\u202D\u202E\u2066\u2067\u2068\u2069");

    /// <summary>Whether a text can turn round or break the text it is shown in.</summary>
    public static bool IsDeceptive(ReadOnlySpan<char> text) => text.ContainsAny(Deceptive);

    /// <summary>Whether a character can turn round or break the text it is shown in.</summary>
    public static bool IsDeceptive(char character) => Deceptive.Contains(character);

    /// <summary>
    /// A text on one line that XML 1.0 can hold (its production Char) and that shows as it is: line ends and tabs become
    /// a space, any other control, bidirectional control, half a surrogate pair or non-character becomes U+FFFD.
    /// </summary>
    public static string Clean(string text)
    {
        foreach (char character in text)
        {
            if (char.IsControl(character) || char.IsSurrogate(character) || character >= '\uFFFE' || IsDeceptive(character))
            {
                return Cleaned(text);
            }
        }

        return text;
    }

    /// <summary>A Unix time as ISO 8601 in UTC, to the second; null outside the years 1 to 9999.</summary>
    public static string? Time(long? seconds) =>
        seconds >= DateTimeOffset.MinValue.ToUnixTimeSeconds() && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            ? DateTimeOffset.FromUnixTimeSeconds(seconds.Value)
                .ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)
            : null;

    /// <summary>
    /// An amount in whole units as the nearest binary64 number, for drawing only: the exact amount always stands beside it.
    /// Parsing rounds the exact decimal correctly (IEEE 754), so every machine writes the same digits.
    /// </summary>
    public static string Value(BigInteger baseUnits, int decimals)
    {
        string exact = string.Create(CultureInfo.InvariantCulture, $"{baseUnits}E-{decimals}");
        return double.Parse(exact, NumberStyles.Float, CultureInfo.InvariantCulture)
            .ToString("R", CultureInfo.InvariantCulture);
    }

    /// <summary>A number of an enumeration as its lower-case word.</summary>
    public static string Word<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    /// <summary>A whole number.</summary>
    public static string Number<T>(T value)
        where T : IBinaryInteger<T> => value.ToString(null, CultureInfo.InvariantCulture);

    private static string Cleaned(string text)
    {
        StringBuilder clean = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            clean.Append(rune.Value switch
            {
                '\n' or '\r' or '\t' => new Rune(' '),
                0xFFFE or 0xFFFF => Rune.ReplacementChar,
                _ when Rune.IsControl(rune) || (rune.IsBmp && IsDeceptive((char)rune.Value)) => Rune.ReplacementChar,
                _ => rune,
            });
        }

        return clean.ToString();
    }
}
