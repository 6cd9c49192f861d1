using System.Text;

namespace FlowTracer.Tests.Architecture;

/// <summary>
/// C# source with everything that is not code blanked out: comments, preprocessor lines, character and string literals.
/// The expressions inside interpolated strings are code and stay. Line breaks stay, so that line numbers do.
/// </summary>
internal sealed class CSharpText
{
    private readonly string _source;
    private readonly StringBuilder _code;
    private int _at;

    private CSharpText(string source) => (_source, _code) = (source, new StringBuilder(source.Length));

    /// <summary>The code of <paramref name="source"/>, as long as it and with the same lines.</summary>
    public static string CodeOf(string source)
    {
        CSharpText text = new(source);
        text.Code(insideHole: false);
        return text._code.ToString();
    }

    private bool AtEnd => _at >= _source.Length;

    private char Here => AtEnd ? '\0' : _source[_at];

    // Reads code to the end, or inside an interpolated string to the brace that closes the hole.
    private void Code(bool insideHole)
    {
        for (int depth = 0; !AtEnd;)
        {
            if (insideHole && depth == 0 && Here == '}')
            {
                return;
            }

            if (NotCode())
            {
                continue;
            }

            depth += Here switch { '{' => 1, '}' => -1, _ => 0 };
            Keep();
        }
    }

    private bool NotCode()
    {
        if (Starts("//") || (Here == '#' && FirstOnLine()))
        {
            BlankWhile(() => Here != '\n');
        }
        else if (Starts("/*"))
        {
            Blank(2);
            BlankWhile(() => !Starts("*/"));
            Blank(2);
        }
        else if (Here == '\'')
        {
            Blank(1);
            Quoted(() => Here == '\'');
        }
        else
        {
            return String();
        }

        return true;
    }

    private bool String()
    {
        int prefix = 0;
        while (_at + prefix < _source.Length && _source[_at + prefix] is '$' or '@')
        {
            prefix++;
        }

        int quotes = Run('"', _at + prefix);
        if (quotes == 0)
        {
            return false;
        }

        string marks = _source.Substring(_at, prefix);
        int dollars = marks.Count(mark => mark == '$');
        Blank(prefix);
        if (quotes >= 3 && !marks.Contains('@', StringComparison.Ordinal))
        {
            Blank(quotes);
            Body(dollars, () => Run('"', _at) >= quotes, escape: () => 0);
            Blank(Math.Max(quotes, Run('"', _at)));
        }
        else if (marks.Contains('@', StringComparison.Ordinal))
        {
            Blank(1);
            Body(dollars, () => Here == '"' && !Starts("\"\""), escape: () => Starts("\"\"") ? 2 : 0);
            Blank(1);
        }
        else
        {
            Blank(1);
            Body(dollars, () => Here == '"', escape: () => Here == '\\' ? 2 : 0);
            Blank(1);
        }

        return true;
    }

    // A string's text up to its end. With n dollars, n braces open a hole; one dollar's doubled brace is a brace.
    private void Body(int dollars, Func<bool> ends, Func<int> escape)
    {
        while (!AtEnd && !ends())
        {
            int braces = dollars == 0 ? 0 : Run('{', _at);
            if (escape() is > 0 and int length)
            {
                Blank(length);
            }
            else if (dollars == 1 && braces >= 2)
            {
                Blank(2);
            }
            else if (dollars > 0 && braces >= dollars)
            {
                Blank(braces);
                Code(insideHole: true);
                Blank(dollars);
            }
            else
            {
                Blank(Math.Max(braces, 1));
            }
        }
    }

    private void Quoted(Func<bool> ends)
    {
        Body(dollars: 0, ends, escape: () => Here == '\\' ? 2 : 0);
        Blank(1);
    }

    private bool Starts(string text) => string.CompareOrdinal(_source, _at, text, 0, text.Length) == 0;

    private int Run(char mark, int from)
    {
        int end = from;
        while (end < _source.Length && _source[end] == mark)
        {
            end++;
        }

        return end - from;
    }

    private bool FirstOnLine() => _source.AsSpan(0, _at).TrimEnd(" \t") is var before && (before.IsEmpty || before[^1] == '\n');

    private void BlankWhile(Func<bool> more)
    {
        while (!AtEnd && more())
        {
            Blank(1);
        }
    }

    private void Blank(int count)
    {
        for (int end = Math.Min(_at + count, _source.Length); _at < end; _at++)
        {
            _code.Append(_source[_at] == '\n' ? '\n' : ' ');
        }
    }

    private void Keep() => _code.Append(_source[_at++]);
}
