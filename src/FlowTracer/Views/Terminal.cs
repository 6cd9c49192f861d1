using System.Globalization;

namespace FlowTracer.Views;

/// <summary>
/// Where results are printed: text that reads well in 80 columns, with bold headings on a terminal and without any
/// escape sequence elsewhere (or where NO_COLOR is set).
/// </summary>
internal sealed class Terminal
{
    private const int NarrowWidth = 80;

    private readonly TextWriter _output;
    private readonly bool _bold;

    private Terminal(TextWriter output, int width, bool bold) => (_output, Width, _bold) = (output, width, bold);

    /// <summary>Columns to print in: the terminal's, but at least 80; 80 in a file or pipe, or what COLUMNS says.</summary>
    public int Width { get; }

    /// <summary>Standard output.</summary>
    public static Terminal Out()
    {
        bool piped = Console.IsOutputRedirected;
        int wanted = int.TryParse(Environment.GetEnvironmentVariable("COLUMNS"), out int columns) ? columns
            : piped ? NarrowWidth
            : Console.WindowWidth;
        bool plain = piped
            || Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 }
            || Environment.GetEnvironmentVariable("TERM") is "dumb";
        return new Terminal(Console.Out, Math.Max(NarrowWidth, wanted), !plain);
    }

    /// <summary>A line as it is, but that nothing in it can steer the terminal.</summary>
    public void Line(string text = "") => _output.WriteLine(Harmless(text));

    /// <summary>A heading after an empty line.</summary>
    public void Heading(string text)
    {
        Line();
        Title(text);
    }

    /// <summary>A heading, wrapped.</summary>
    public void Title(string text)
    {
        foreach (string line in Wrapped(text, "", ""))
        {
            _output.WriteLine(_bold ? $"\u001b[1m{Harmless(line)}\u001b[0m" : Harmless(line));
        }
    }

    /// <summary>A paragraph, wrapped, behind an indent of its first and of its other lines.</summary>
    public void Paragraph(string text, string first = "", string other = "")
    {
        foreach (string line in Wrapped(text, first, other))
        {
            Line(line);
        }
    }

    /// <summary>A paragraph behind a bullet.</summary>
    public void Bullet(string text) => Paragraph(text, "- ", "  ");

    /// <summary>
    /// A table: a column is as wide as its widest cell, and the one that gives way when the row is too wide is cut with
    /// an ellipsis.
    /// </summary>
    /// <param name="columns">Titles; one that starts with <c>&gt;</c> is a column of numbers, set to the right.</param>
    /// <param name="rows">The cells; a row of one cell is a line of its own, and null draws a rule.</param>
    /// <param name="elastic">The column that gives way; null where none may, however wide the table.</param>
    public void Table(string[] columns, IReadOnlyList<string[]?> rows, int? elastic)
    {
        const int gap = 2;
        bool[] right = [.. columns.Select(static title => title.StartsWith('>'))];
        string[] titles = [.. columns.Select(static title => title.TrimStart('>'))];
        int[] widths = [.. titles.Select((title, i) => rows.Where(static row => row?.Length > 1).Select(row => row![i].Length).Append(title.Length).Max())];
        int all = widths.Sum() + (gap * (widths.Length - 1));
        if (elastic is int column)
        {
            widths[column] = Math.Max(1, widths[column] - Math.Max(0, all - Width));
        }

        Row(titles, widths, right);
        foreach (string[]? row in rows)
        {
            if (row?.Length == 1)
            {
                Line(row[0]);
                continue;
            }

            Row(row ?? [.. widths.Select(static width => new string('-', width))], widths, right);
        }
    }

    private IEnumerable<string> Wrapped(string text, string first, string other)
    {
        string rest = text;
        string indent = first;
        int most = Math.Min(Width, 100);
        while (rest.Length > most - indent.Length)
        {
            int cut = rest.LastIndexOf(' ', most - indent.Length);
            cut = cut <= 0 ? most - indent.Length : cut;
            yield return indent + rest[..cut];
            rest = rest[cut..].TrimStart();
            indent = other;
        }

        if (rest.Length > 0)
        {
            yield return indent + rest;
        }
    }

    private void Row(string[] cells, int[] widths, bool[] right)
    {
        IEnumerable<string> padded = cells.Select((cell, i) =>
        {
            string text = Harmless(cell);
            text = text.Length > widths[i] ? string.Concat(text.AsSpan(0, widths[i] - 1), "…") : text;
            return right[i] ? text.PadLeft(widths[i]) : text.PadRight(widths[i]);
        });
        _output.WriteLine(string.Join("  ", padded).TrimEnd());
    }

    // Labels and notes come from others: control characters, and marks that turn the direction of text, are shown as '?'.
    private static string Harmless(string text) => text.AsSpan().ContainsAnyExceptInRange(' ', '~')
        ? string.Create(text.Length, text, static (span, source) =>
        {
            for (int i = 0; i < span.Length; i++)
            {
                char c = source[i];
                span[i] = char.IsControl(c) || CharUnicodeInfo.GetUnicodeCategory(c)
                    is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator ? '?' : c;
            }
        })
        : text;
}
