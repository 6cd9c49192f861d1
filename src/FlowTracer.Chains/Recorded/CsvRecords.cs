using CsvHelper;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Recorded;

/// <summary>
/// The records of a CSV file (RFC 4180: commas, quotes), one by one. The header is one of them, so that its columns are
/// checked by name and in the file's own order.
/// </summary>
public static class CsvRecords
{
    /// <summary>No record is longer, in bytes: a quote that is never closed must not swallow a file.</summary>
    public const int MaxRecordBytes = 1 << 20;

    /// <summary>How every CSV file is read: commas, quotes, no header apart; repeated texts are shared.</summary>
    public static CsvReaderOptions Options { get; } = new()
    {
        Separator = ',',
        HasHeader = false,
        Mode = CsvMode.Rfc4180,
        MalformedData = CsvMalformedDataHandling.Throw,
        TrackLineNumbers = true,
        PoolStrings = true,
    };

    private static readonly CsvReaderOptions Bounded = Options with { MaxRecordSize = MaxRecordBytes };

    /// <summary>The fields of each record and the line it starts in, as they are asked for.</summary>
    /// <param name="utf8">The file; left open.</param>
    /// <param name="name">What to call it in errors.</param>
    /// <exception cref="InputException">It is not CSV; names the line.</exception>
    public static IEnumerable<(long Line, string[] Fields)> Read(Stream utf8, string name)
    {
        using CsvReader reader = CsvReader.Create(utf8, Bounded, leaveOpen: true);
        while (Next(reader, name))
        {
            yield return (reader.LineNumber, Fields(reader));
        }
    }

    /// <summary>The same, of a text that is there as a whole.</summary>
    internal static IEnumerable<(long Line, string[] Fields)> Read(string text, string name)
    {
        using CsvReader reader = CsvReader.FromText(text, Options);
        while (Next(reader, name))
        {
            yield return (reader.LineNumber, Fields(reader));
        }
    }

    private static bool Next(CsvReader reader, string name)
    {
        try
        {
            return reader.Read();
        }
        catch (CsvFormatException fault)
        {
            throw new InputException(name, fault.LineNumber, 0, $"not valid CSV: {fault.Message.ReplaceLineEndings(" ")}");
        }
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
}
