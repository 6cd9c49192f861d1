using System.Collections.Immutable;
using System.Text;
using CsvHelper;
using FlowTracer.Chains.Ethereum;
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

    // The header is read as a row, so that its columns are checked by name and in the file's own order.
    private static readonly CsvReaderOptions Options = new()
    {
        Separator = ',',
        HasHeader = false,
        Mode = CsvMode.Rfc4180,
        MalformedData = CsvMalformedDataHandling.Throw,
        TrackLineNumbers = true,
        PoolStrings = true,
    };

    /// <summary>The movements of a record, in its order.</summary>
    /// <param name="utf8">The file's bytes.</param>
    /// <param name="name">What to call the file in errors.</param>
    /// <exception cref="InputException">The file is not a transfers CSV; names the line and what is wrong.</exception>
    public static IReadOnlyList<Movement> Read(ReadOnlySpan<byte> utf8, string name)
    {
        using CsvReader reader = CsvReader.FromText(Decode(utf8, name), Options);
        try
        {
            return Read(reader, name);
        }
        catch (CsvFormatException fault)
        {
            throw new InputException(name, fault.LineNumber, 0, $"not valid CSV: {fault.Message.ReplaceLineEndings(" ")}");
        }
    }

    private static IReadOnlyList<Movement> Read(CsvReader reader, string name)
    {
        if (!reader.Read())
        {
            throw new InputException(name, 1, 0, "the file is empty: it should start with a header line");
        }

        RecordBuilder record = new(name, ColumnsOf(Fields(reader), name));
        while (reader.Read())
        {
            record.Add(Fields(reader), reader.LineNumber);
        }

        return record.Build();
    }

    private static string[] Fields(CsvReader reader)
    {
        string[] fields = new string[reader.FieldCount];
        for (int i = 0; i < fields.Length; i++)
        {
            fields[i] = reader.GetString(i);
        }

        return fields;
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

    /// <summary>One row, read.</summary>
    internal sealed record Row(
        long Line, ChainId Chain, ulong? Block, ulong? BlockMax, long? Time, TxHash? Tx, uint? TxIndex, TransferFact Fact);
}
