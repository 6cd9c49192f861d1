namespace FlowTracer.App.Labels;

/// <summary>
/// The rows of a CSV text by RFC 4180, strictly: what the RFC does not allow is refused with its line and field, and nothing
/// is repaired. Lines end in CR LF or LF; empty lines are passed over. The CSV library does all this, but takes longer to
/// start than the program may take to load the labels it ships with.
/// </summary>
internal sealed class CsvRows(string file, string text)
{
    private readonly List<string> _fields = [];
    private List<string> _before = [];
    private int _at;
    private int _nextLine = 1;

    /// <summary>The fields of the row, without their quotes.</summary>
    public IReadOnlyList<string> Fields => _fields;

    /// <summary>The line on which the row begins, from 1.</summary>
    public int Line { get; private set; }

    /// <summary>Goes to the next row; false when there is none.</summary>
    /// <exception cref="LabelFormatException">The row is not as RFC 4180 has it.</exception>
    public bool Read()
    {
        while (TrySkipLineEnd())
        {
        }

        if (_at == text.Length)
        {
            return false;
        }

        (Line, _before) = (_nextLine, [.. _fields]);
        _fields.Clear();
        do
        {
            _fields.Add(_at < text.Length && text[_at] == '"' ? ReadQuoted() : ReadBare());
        }
        while (TrySkip(','));

        if (_at < text.Length && !TrySkipLineEnd())
        {
            throw Fault(0, text[_at] switch
            {
                '"' => "a field with a quote in it must stand in quotes, and the quote in it be doubled",
                '\r' => "a field with a line break in it must stand in quotes",
                _ => "after the quote that closes this field there must be a comma or the end of the line",
            });
        }

        return true;
    }

    private string ReadBare()
    {
        int length = text.AsSpan(_at).IndexOfAny(",\"\r\n");
        ReadOnlySpan<char> field = text.AsSpan(_at, length < 0 ? text.Length - _at : length);
        _at += field.Length;
        return Shared(field);
    }

    private string ReadQuoted()
    {
        int start = _at + 1;
        int end = start;
        while (true)
        {
            int quote = text.AsSpan(end).IndexOf('"');
            if (quote < 0)
            {
                throw Fault(1, "the quote that opens this field is never closed");
            }

            end += quote;
            if (end + 1 == text.Length || text[end + 1] != '"')
            {
                break;
            }

            end += 2;
        }

        ReadOnlySpan<char> field = text.AsSpan(start, end - start);
        _at = end + 1;
        _nextLine += field.Count('\n');
        return field.Contains('"') ? field.ToString().Replace("\"\"", "\"", StringComparison.Ordinal) : Shared(field);
    }

    // Rows next to each other repeat most of their texts: one string serves them all.
    private string Shared(ReadOnlySpan<char> field)
    {
        int column = _fields.Count;
        return column < _before.Count && field.SequenceEqual(_before[column]) ? _before[column] : field.ToString();
    }

    private bool TrySkip(char c)
    {
        bool isThere = _at < text.Length && text[_at] == c;
        _at += isThere ? 1 : 0;
        return isThere;
    }

    private bool TrySkipLineEnd()
    {
        bool isLineEnd = text.AsSpan(_at).StartsWith("\r\n");
        if (!isLineEnd && !(_at < text.Length && text[_at] == '\n'))
        {
            return false;
        }

        _at += isLineEnd ? 2 : 1;
        _nextLine++;
        return true;
    }

    // While a field is being read it is not yet among the fields.
    private LabelFormatException Fault(int unread, string reason) =>
        new(new LabelError(file, Line, _fields.Count + unread, reason));
}
