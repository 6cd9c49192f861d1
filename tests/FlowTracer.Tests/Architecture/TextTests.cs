using System.Text.RegularExpressions;
using FlowTracer.Testing;

namespace FlowTracer.Tests.Architecture;

/// <summary>What is committed reads the same on any machine, in pieces a person can read, with links that lead somewhere.</summary>
public sealed class TextTests
{
    private const int MaxLines = 500;
    private static readonly string[] SourceKinds = [".cs", ".ts", ".css", ".html", ".sql"];

    [GitFact]
    public void No_source_file_is_longer_than_a_person_reads_in_one_go()
    {
        List<string> sources = Repository.Files
            .Where(path => path.StartsWith("src/", StringComparison.Ordinal) && SourceKinds.Contains(Path.GetExtension(path)))
            .ToList();

        Assert.NotEmpty(sources);
        Assert.Empty(sources
            .Select(path => (path, lines: File.ReadLines(Repository.PathOf(path)).Count()))
            .Where(file => file.lines > MaxLines)
            .Select(file => $"{file.path}: {file.lines} lines"));
    }

    [GitFact]
    public void No_committed_text_speaks_of_the_machine_it_was_written_on() =>
        Assert.Empty(Offences(Repository.Files, TextRules.Scaffolding()));

    [GitFact]
    public void Fixtures_and_docs_hold_no_machine_path() =>
        Assert.Empty(Offences(
            Repository.Files.Where(path => path.StartsWith("fixtures/", StringComparison.Ordinal)
                || path.StartsWith("docs/", StringComparison.Ordinal)
                || path.EndsWith(".md", StringComparison.Ordinal)),
            TextRules.MachinePath()));

    [GitFact]
    public void Every_link_in_a_page_leads_to_a_file()
    {
        List<string> pages = Repository.Files.Where(path => path.EndsWith(".md", StringComparison.Ordinal)).ToList();

        Assert.NotEmpty(pages);
        Assert.Empty(pages.SelectMany(
            page => TextRules.LocalLinks(Repository.Read(page)).Where(link => !Exists(page, link)),
            (page, link) => $"{page}: {link}"));
    }

    [Theory]
    [InlineData("see [it](docs/a.md)", "docs/a.md")]
    [InlineData("see [it](docs/a.md#part \"title\")", "docs/a.md")]
    [InlineData("![it](<a%20b.png>)", "a b.png")]
    [InlineData("[it]: ../b.md", "../b.md")]
    [InlineData("<img src=\"c.svg\">", "c.svg")]
    [InlineData("```\n[no](x.md)\n```\n[yes](y.md) `[no](z.md)`", "y.md")]
    public void A_local_link_is_found(string page, string expected) =>
        Assert.Equal(expected, Assert.Single(TextRules.LocalLinks(page)));

    [Theory]
    [InlineData("[a](https://example.org/a.md) [b](mailto:a@example.org) [c](#below)")]
    [InlineData("the loop reads `rows[i](j)` and a bare docs/a.md")]
    public void Other_links_are_left_alone(string page) => Assert.Empty(TextRules.LocalLinks(page));

    [Theory]
    [InlineData("/ho", "me/alice/x")]
    [InlineData("see /ro", "ot/x")]
    [InlineData("C:\\Us", "ers\\alice")]
    public void A_machine_path_is_found(string head, string tail) =>
        Assert.Matches(TextRules.MachinePath(), head + tail);

    [Theory]
    [InlineData("https://example.org/ho", "me/alice")]
    [InlineData("docs/ro", "ot/x")]
    public void A_path_in_an_address_is_no_machine_path(string head, string tail) =>
        Assert.DoesNotMatch(TextRules.MachinePath(), head + tail);

    [Theory]
    [InlineData("/wo", "rk/main")]
    [InlineData("x/fa", "rm/y")]
    [InlineData("before-", "stop")]
    public void Scaffolding_is_found(string head, string tail) => Assert.Matches(TextRules.Scaffolding(), head + tail);

    private static IEnumerable<string> Offences(IEnumerable<string> paths, Regex pattern)
    {
        foreach (string path in paths)
        {
            string text = Repository.Read(path);
            // As git does: a file with a zero byte is not text.
            if (!text.Contains('\0', StringComparison.Ordinal) && pattern.Match(text) is { Success: true } match)
            {
                yield return $"{path}:{text.AsSpan(0, match.Index).Count('\n') + 1}: {match.Value}";
            }
        }
    }

    private static bool Exists(string page, string link)
    {
        string folder = link.StartsWith('/') ? Repository.Root : Path.GetDirectoryName(Repository.PathOf(page))!;
        string target = Path.GetFullPath(Path.Combine(folder, link.TrimStart('/')));
        bool inside = target.StartsWith(Repository.Root, StringComparison.Ordinal);
        return inside && (File.Exists(target) || Directory.Exists(target));
    }
}
