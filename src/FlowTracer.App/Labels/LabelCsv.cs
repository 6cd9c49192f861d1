using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
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

        public List<Tag> Read(string text)
        {
            var rows = new CsvRows(file, text);
            if (!rows.Read())
            {
                throw new LabelFormatException(new LabelError(
                    file, 0, 0, "the file is empty; its first line must be " + string.Join(',', ColumnNames)));
            }

            ReadHeader(rows);
            var tags = new List<Tag>();
            string pack = LabelFileText.PackName(file);
            int width = rows.Fields.Count;
            while (rows.Read())
            {
                if (rows.Fields.Count != width)
                {
                    throw Fault(rows, 0, string.Create(CultureInfo.InvariantCulture,
                        $"the row has {rows.Fields.Count} fields where the header has {width}"));
                }

                tags.Add(ReadTag(rows, pack));
            }

            return tags;
        }

        private void ReadHeader(CsvRows rows)
        {
            Array.Fill(_places, -1);
            for (int i = 0; i < rows.Fields.Count; i++)
            {
                int column = Array.IndexOf(ColumnNames, rows.Fields[i]);
                if (column < 0)
                {
                    throw Fault(rows, i + 1, LabelError.Quoted(
                        rows.Fields[i], "there is no such column; the columns are " + string.Join(',', ColumnNames)));
                }

                if (_places[column] >= 0)
                {
                    throw Fault(rows, i + 1, LabelError.Quoted(rows.Fields[i], "this column is already given"));
                }

                _places[column] = i;
            }

            foreach (string required in RequiredColumns)
            {
                if (_places[Array.IndexOf(ColumnNames, required)] < 0)
                {
                    throw Fault(rows, 0, $"there is no column '{required}'; the columns are {string.Join(',', ColumnNames)}");
                }
            }
        }

        private Tag ReadTag(CsvRows rows, string pack)
        {
            if (!ChainId.TryParse(Field(rows, 0), out ChainId chain))
            {
                throw Fault(rows, _places[0] + 1, LabelError.Quoted(
                    Field(rows, 0), "not a chain; it is ethereum, ethereum-N, bitcoin or one of Bitcoin's test networks"));
            }

            if (!Address.TryParse(chain, Field(rows, 1), out Address address, out ParseError fault))
            {
                throw Fault(rows, _places[1] + 1, fault.ToString());
            }

            return new Tag(
                address, Required(rows, 2), Field(rows, 3), Field(rows, 4), Field(rows, 5), Required(rows, 6),
                Field(rows, 7), pack);
        }

        private string Field(CsvRows rows, int column) => _places[column] < 0 ? string.Empty : rows.Fields[_places[column]];

        private string Required(CsvRows rows, int column)
        {
            string text = Field(rows, column);
            return text.Length > 0 ? text : throw Fault(rows, _places[column] + 1, $"the {ColumnNames[column]} is empty");
        }

        private LabelFormatException Fault(CsvRows rows, int field, string reason) =>
            new(new LabelError(file, rows.Line, field, reason));
    }
}
