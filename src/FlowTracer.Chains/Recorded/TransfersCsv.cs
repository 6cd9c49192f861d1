using System.Collections.Immutable;
using System.Text;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Recorded;

/// <summary>
/// Reads the transfers CSV (DESIGN section 7, docs/formats.md) into movements. The file is taken whole or not at all:
/// a fault anywhere refuses it with its line.
/// </summary>
public static class TransfersCsv
{
    /// <summary>The columns, all of them required, in any order.</summary>
    public static ImmutableArray<string> Columns { get; } =
    [
        "chain", "block", "block_max", "time", "tx_hash", "tx_index", "log_index", "kind", "from", "to", "asset",
        "amount", "grade", "source", "note",
    ];

    /// <summary>The movements of a record, in its order.</summary>
    /// <param name="utf8">The file's bytes.</param>
    /// <param name="name">What to call the file in errors.</param>
    /// <exception cref="InputException">The file is not a transfers CSV; names the line and what is wrong.</exception>
    public static IReadOnlyList<Movement> Read(ReadOnlySpan<byte> utf8, string name) =>
        [.. Movements(CsvRecords.Read(Decode(utf8, name), name), name, onFault: null)];

    /// <summary>The same movements as they are asked for: of the record only what is not yet finished is kept.</summary>
    /// <param name="utf8">The file, known to be UTF-8 text and whole; left open.</param>
    /// <param name="name">What to call the file in errors.</param>
    /// <param name="onFault">Told of a row that cannot be read, which is then passed over; null to end there.</param>
    /// <exception cref="InputException">The file is not a transfers CSV; names the line and what is wrong.</exception>
    public static IEnumerable<Movement> Read(Stream utf8, string name, Action<InputException>? onFault) =>
        Movements(CsvRecords.Read(utf8, name), name, onFault);

    private static IEnumerable<Movement> Movements(
        IEnumerable<(long Line, string[] Fields)> records, string name, Action<InputException>? onFault)
    {
        int[]? columns = null;
        RecordBuilder record = new();
        Dictionary<(ChainId, string), Address> addresses = [];
        foreach ((long line, string[] fields) in records)
        {
            if (columns is null)
            {
                columns = ColumnsOf(fields, name);
            }
            else if (RowOf(new RowReader(name, line, fields, columns, addresses), onFault) is RecordRow row)
            {
                foreach (Movement movement in record.Add(row))
                {
                    yield return movement;
                }
            }
        }

        if (columns is null)
        {
            throw new InputException(name, 1, 0, "the file is empty: it should start with a header line");
        }

        foreach (Movement movement in record.End())
        {
            yield return movement;
        }
    }

    private static RecordRow? RowOf(RowReader reader, Action<InputException>? onFault)
    {
        try
        {
            return reader.Read();
        }
        catch (InputException fault) when (onFault is not null)
        {
            onFault(fault);
            return null;
        }
    }

    // A file without its last line end may have been cut anywhere in its last amount, and would still parse.
    private static string Decode(ReadOnlySpan<byte> utf8, string name)
    {
        string text;
        try
        {
            text = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(utf8);
        }
        catch (DecoderFallbackException)
        {
            throw new InputException(name, 0, 0, "not UTF-8 text");
        }

        text = text.TrimStart('\uFEFF');
        if (text.Contains('\0'))
        {
            throw new InputException(name, 0, 0, "not text: it contains zero bytes");
        }

        if (text.Length > 0 && text[^1] != '\n')
        {
            throw new InputException(
                name, text.Count(static c => c == '\n') + 1, 0,
                "the last line has no line end, so the file may have been cut short");
        }

        return text;
    }

    private static int[] ColumnsOf(string[] header, string name)
    {
        string? unknown = header.FirstOrDefault(static column => !Columns.Contains(column));
        if (unknown is not null)
        {
            throw new InputException(name, 1, 0, $"unknown column {new ParseError(unknown, 1, "it should be one of " + string.Join(", ", Columns))}");
        }

        string? twice = header.GroupBy(static c => c).FirstOrDefault(static group => group.Count() > 1)?.Key;
        if (twice is not null)
        {
            throw new InputException(name, 1, 0, $"column '{twice}' appears twice");
        }

        string? missing = Columns.FirstOrDefault(column => !header.Contains(column));
        return missing is null
            ? [.. Columns.Select(column => Array.IndexOf(header, column))]
            : throw new InputException(name, 1, 0, $"column '{missing}' is missing: all of them must be there, those that may be empty too");
    }
}
