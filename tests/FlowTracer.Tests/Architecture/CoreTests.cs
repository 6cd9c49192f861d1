using FlowTracer.Testing;

namespace FlowTracer.Tests.Architecture;

/// <summary>Core counts in integers and knows neither clock nor chance; and the scanner that says so can fail.</summary>
public sealed class CoreTests
{
    private const string Ranking = "src/FlowTracer.Core/Ranking/";

    private static IEnumerable<string> Sources => Repository.Files.Where(static path =>
        path.StartsWith("src/FlowTracer.Core/", StringComparison.Ordinal) && path.EndsWith(".cs", StringComparison.Ordinal));

    // Ranks are numbers that the literature defines on reals; they say whom to ask next (docs/decisions.md).
    [GitFact]
    public void Core_has_no_rounding_number_no_clock_and_no_chance()
    {
        List<string> sources = [.. Sources.Where(static path => !path.StartsWith(Ranking, StringComparison.Ordinal))];

        Assert.NotEmpty(sources);
        Assert.Empty(sources.SelectMany(
            path => CoreRules.Offences(Repository.Read(path)), (path, offence) => $"{path}:{offence.Line}: {offence.Text}"));
    }

    [GitFact]
    public void Ranks_are_doubles_and_nothing_else_that_rounds_and_no_sheet_is_made_of_them()
    {
        List<string> ranking = [.. Sources.Where(static path => path.StartsWith(Ranking, StringComparison.Ordinal))];

        Assert.NotEmpty(ranking);
        Assert.Empty(ranking.SelectMany(
            path => CoreRules.Offences(Repository.Read(path)).Where(static offence => offence.Text != "double" && !char.IsAsciiDigit(offence.Text[0])),
            (path, offence) => $"{path}:{offence.Line}: {offence.Text}"));
        Assert.DoesNotContain(
            Sources.Except(ranking), static path => Repository.Read(path).Contains("FlowTracer.Core.Ranking", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("double x = y;", "double")]
    [InlineData("List<float> shares;", "float")]
    [InlineData("decimal amount;", "decimal")]
    [InlineData("System.Double x;", "Double")]
    [InlineData("var t = DateTime.Now;", "DateTime.Now")]
    [InlineData("var t = DateTime.UtcNow;", "DateTime.UtcNow")]
    [InlineData("var t = DateTimeOffset\n  .UtcNow;", "DateTimeOffset\n  .UtcNow")]
    [InlineData("var r = new Random(7);", "new Random")]
    [InlineData("int r = Random.Shared.Next();", "Random.Shared")]
    [InlineData("var share = n * 1.5;", "1.5")]
    [InlineData("var wei = 1e18;", "1e18")]
    [InlineData("var x = 2d;", "2d")]
    [InlineData("var root = (long)Math.Sqrt(n);", "Math.Sqrt")]
    [InlineData("string s = $\"the share is {(double)a / b}\";", "double")]
    [InlineData("string s = $$\"\"\"{ \"a\": {{(float)a}} }\"\"\";", "float")]
    [InlineData("/* a */ double x; // b", "double")]
    [InlineData("string a = \"\\\\\"; double x;", "double")]
    [InlineData("string a = @\"\\\"; double x;", "double")]
    [InlineData("string a = @\"he said \"\"no\"\"\"; double x;", "double")]
    [InlineData("string a = \"\"\"one \"quoted\" word\"\"\"; double x;", "double")]
    [InlineData("char q = '\"'; double x; char r = '\\'';", "double")]
    [InlineData("string a = \"\"; double x;", "double")]
    [InlineData("string a = $\"{{\"; double x;", "double")]
    [InlineData("#region isn't\ndouble x;", "double")]
    public void An_offence_is_found(string source, string expected) =>
        Assert.Equal(expected, Assert.Single(CoreRules.Offences(source)).Text);

    [Theory]
    [InlineData("// a double spend\nint x;")]
    [InlineData("/// <summary>No double, no DateTime.Now.</summary>\nint x;")]
    [InlineData("/* float\n double */ int x;")]
    [InlineData("string s = \"double \\\" float\";")]
    [InlineData("string s = @\"c:\\double\\\"; int x;")]
    [InlineData("string s = $\"a double {x} float {{double}}\";")]
    [InlineData("string s = \"\"\"\n  double \"float\"\n  \"\"\";")]
    [InlineData("string s = $@\"double \"\"{x}\"\" float\";")]
    [InlineData("bool doubleSpend = floating;")]
    [InlineData("int digits = asset.Decimals;")]
    [InlineData("var only = rows.Single();")]
    [InlineData("uint mask = 0x1e5d; var tail = a[1..^2]; int n = 1_000_000;")]
    [InlineData("DateTime at = block.Time; string s = $\"{x:D2}\";")]
    public void What_only_looks_like_an_offence_is_left_alone(string source) =>
        Assert.Empty(CoreRules.Offences(source));

    [Fact]
    public void An_offence_is_named_by_its_line() =>
        Assert.Equal(3, Assert.Single(CoreRules.Offences("/*\n*/\nfloat x;")).Line);

    [GitFact]
    public void Blanking_keeps_the_lines_of_every_source_of_the_project()
    {
        foreach (string path in Repository.Files.Where(path => path.EndsWith(".cs", StringComparison.Ordinal)))
        {
            string source = Repository.Read(path);
            string code = CSharpText.CodeOf(source);

            Assert.Equal(source.Length, code.Length);
            Assert.Equal(source.AsSpan().Count('\n'), code.AsSpan().Count('\n'));
            // A literal that never ends would swallow the rest of the file: its last brace must still be there.
            Assert.Equal(source.TrimEnd()[^1], code.TrimEnd() is { Length: > 0 } kept ? kept[^1] : ' ');
        }
    }
}
