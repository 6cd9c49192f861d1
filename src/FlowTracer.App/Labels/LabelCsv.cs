using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using CsvHelper;
using FlowTracer.Chains.Recorded;
using FlowTracer.Core.Attributions;
using FlowTracer.Core.Model;

namespace FlowTracer.App.Labels;

/// <summary>
/// Labels as CSV: header <c>chain,address,label,category,actor,confidence,source,note</c> (columns in any order, the last
/// five of them optional as long as <c>source</c> is there), UTF-8, RFC 4180 quotes.
/// </summary>
public static class LabelCsv
{
    /// <summary>The columns, in the order in which they are written.</summary>
    public static IReadOnlyList<string> Columns => ColumnNames;

    private static readonly string[] ColumnNames =
        ["chain", "address", "label", "category", "actor", "confidence", "source", "note"];

    private static readonly string[] RequiredColumns = ["chain", "address", "label", "source"];

    /// <summary>Reads every row as a claim; false with the first fault, its line and its field.</summary>
    public static bool TryRead(
        ReadOnlySpan<byte> content,
        string file,
        [NotNullWhen(true)] out IReadOnlyList<Tag>? tags,
        [NotNullWhen(false)] out LabelError? error)
    {
        (tags, error) = (null, null);
        try
        {
            string text = LabelFileText.Decode(content, file, TagPackReader.MaxFileBytes);
            tags = new Reading(file).Read(text);
            return true;
        }
        catch (LabelFormatException fault)
        {
            error = fault.Error;
            return false;
        }
    }

    /// <summary>Writes the claims with a header, LF line ends and quotes where needed. Reading them back gives equal claims.</summary>
    public static string Write(IEnumerable<Tag> tags)
    {
        ArgumentNullException.ThrowIfNull(tags);
        var csv = new StringBuilder(string.Join(',', ColumnNames)).Append('\n');
        foreach (Tag tag in tags)
        {
            string[] fields =
            [
                tag.Address.Chain.ToString(), tag.Address.ToString(), tag.Label, tag.Category, tag.Actor, tag.Confidence,
                tag.Source, tag.Note,
            ];
            csv.AppendJoin(',', fields.Select(Escaped)).Append('\n');
        }

        return csv.ToString();
    }

    private static string Escaped(string field) =>
        field.AsSpan().ContainsAny(",\"\r\n") ? string.Concat("\"", field.Replace("\"", "\"\"", StringComparison.Ordinal), "\"") : field;

    private sealed class Reading(string file)
    {
        // Where each of ColumnNames stands in the file; -1 when it does not.
        private readonly int[] _places = new int[ColumnNames.Length];
        private int _line;

        public List<Tag> Read(string text)
        {
            using var reader = CsvReader.FromText(text, CsvRecords.Options);
            try
            {
                return ReadRows(reader);
            }
            catch (CsvFormatException fault)
            {
                throw new LabelFormatException(new LabelError(
                    file, (int)fault.LineNumber, 0, LabelError.OneLine("not valid CSV: " + fault.Message)));
            }
        }

        private List<Tag> ReadRows(CsvReader reader)
        {
            if (!ReadRow(reader))
            {
                throw new LabelFormatException(new LabelError(
                    file, 0, 0, "the file is empty; its first line must be " + string.Join(',', ColumnNames)));
            }

            ReadHeader(reader);
            var tags = new List<Tag>();
            string pack = LabelFileText.PackName(file);
            int width = reader.FieldCount;
            while (ReadRow(reader))
            {
                if (reader.FieldCount != width)
                {
                    throw Fault(0, string.Create(CultureInfo.InvariantCulture,
                        $"the row has {reader.FieldCount} fields where the header has {width}"));
                }

                tags.Add(ReadTag(reader, pack));
            }

            return tags;
        }

        private bool ReadRow(CsvReader reader)
        {
            bool found = reader.Read();
            _line = found ? (int)reader.LineNumber : _line;
            return found;
        }

        private void ReadHeader(CsvReader reader)
        {
            Array.Fill(_places, -1);
            for (int i = 0; i < reader.FieldCount; i++)
            {
                int column = Array.IndexOf(ColumnNames, reader.GetString(i));
                if (column < 0)
                {
                    throw Fault(i + 1, LabelError.Quoted(
                        reader.GetString(i), "there is no such column; the columns are " + string.Join(',', ColumnNames)));
                }

                if (_places[column] >= 0)
                {
                    throw Fault(i + 1, LabelError.Quoted(reader.GetString(i), "this column is already given"));
                }

                _places[column] = i;
            }

            foreach (string required in RequiredColumns)
            {
                if (_places[Array.IndexOf(ColumnNames, required)] < 0)
                {
                    throw Fault(0, $"there is no column '{required}'; the columns are {string.Join(',', ColumnNames)}");
                }
            }
        }

        private Tag ReadTag(CsvReader reader, string pack)
        {
            if (!ChainId.TryParse(Field(reader, 0), out ChainId chain))
            {
                throw Fault(_places[0] + 1, LabelError.Quoted(
                    Field(reader, 0), "not a chain; it is ethereum, ethereum-N, bitcoin or one of Bitcoin's test networks"));
            }

            if (!Address.TryParse(chain, Field(reader, 1), out Address address, out ParseError fault))
            {
                throw Fault(_places[1] + 1, fault.ToString());
            }

            return new Tag(
                address, Required(reader, 2), Field(reader, 3), Field(reader, 4), Field(reader, 5), Required(reader, 6),
                Field(reader, 7), pack);
        }

        private string Field(CsvReader reader, int column) => _places[column] < 0 ? string.Empty : reader.GetString(_places[column]);

        private string Required(CsvReader reader, int column)
        {
            string text = Field(reader, column);
            return text.Length > 0 ? text : throw Fault(_places[column] + 1, $"the {ColumnNames[column]} is empty");
        }

        private LabelFormatException Fault(int field, string reason) => new(new LabelError(file, _line, field, reason));
    }
}
