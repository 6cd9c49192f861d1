using System.Text.RegularExpressions;

namespace FlowTracer.Tests.Architecture;

/// <summary>
/// What code in Core never says: a number that rounds, a clock, a source of chance. BannedSymbols.txt stops the calls the
/// compiler can name; keywords and literals it cannot, so they are looked for in the text.
/// </summary>
internal static partial class CoreRules
{
    /// <summary>Line number (from 1) and offending text, for each offence in a source file of Core.</summary>
    public static IEnumerable<(int Line, string Text)> Offences(string source)
    {
        string code = CSharpText.CodeOf(source);
        return Banned().Matches(code)
            .Select(match => (code.AsSpan(0, match.Index).Count('\n') + 1, match.Value));
    }

    [GeneratedRegex(
        @"\b(?:double|float|decimal|Half|Double|Single|Decimal)\b(?!\s*\()"
        + @"|\bDateTime(?:Offset)?\s*\.\s*(?:Utc)?(?:Now|Today)\b"
        + @"|\bnew\s+Random\b|\bRandom\s*\.\s*Shared\b|\bRandomNumberGenerator\b|\bGuid\s*\.\s*NewGuid\b"
        + @"|\bMath\s*\.\s*(?:Pow|Sqrt|Cbrt|Exp|Log\w*|Round|Floor|Ceiling|Truncate)\b"
        + @"|(?<![\w.])[0-9][0-9_]*(?:\.[0-9][0-9_]*(?:[eE][+-]?[0-9]+)?|[eE][+-]?[0-9]+)[fFdDmM]?"
        + @"|(?<![\w.])[0-9][0-9_]*[fFdDmM]\b",
        RegexOptions.CultureInvariant)]
    private static partial Regex Banned();
}
