using System.Text.RegularExpressions;

namespace FlowTracer.Tests.Architecture;

/// <summary>What no committed text holds, and the links a page makes. The patterns are written so as not to match themselves.</summary>
internal static partial class TextRules
{
    /// <summary>Places on the machine the project happened to be built on, and its scaffolding.</summary>
    [GeneratedRegex(@"/w[o]rk/(?:main|shared|steering|wt-|\.)|/f[a]rm/|\.l[i]brary/|f[a]rm-(?:bench|studio)|before-s[t]op")]
    public static partial Regex Scaffolding();

    /// <summary>Absolute paths of somebody's machine; a path inside a web address is none.</summary>
    [GeneratedRegex(@"(?<![\w.~/-])/(?:home|root|Users|mnt|private|w[o]rk)/[\w.]|(?<!\w)[A-Za-z]:\\(?:Users|src|dev)\\")]
    public static partial Regex MachinePath();

    /// <summary>The local files a Markdown page links to, without fragment, as written.</summary>
    public static IEnumerable<string> LocalLinks(string markdown) =>
        Link().Matches(Code().Replace(markdown, " "))
            .Select(match => match.Groups["to"].Value)
            .Where(to => !Elsewhere().IsMatch(to))
            .Select(to => Uri.UnescapeDataString(to.Split('#', '?')[0]))
            .Where(to => to.Length > 0);

    [GeneratedRegex(@"\]\(\s*<?(?<to>[^)\s>]+)>?[^)]*\)|^ {0,3}\[[^\]\n]+\]:\s*<?(?<to>[^\s>]+)|\b(?:src|href)=""(?<to>[^""]+)""",
        RegexOptions.Multiline)]
    private static partial Regex Link();

    [GeneratedRegex(@"^ *(?<fence>```+|~~~+).*?^ *\k<fence>|(?<ticks>`+)[^\n]*?\k<ticks>", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Code();

    [GeneratedRegex(@"^(?:[A-Za-z][A-Za-z0-9+.-]*:|//)")]
    private static partial Regex Elsewhere();
}
