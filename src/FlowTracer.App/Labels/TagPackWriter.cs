using System.Globalization;
using System.Text;

namespace FlowTracer.App.Labels;

/// <summary>
/// Writes a TagPack in one fixed form: header fields in their order, then the tags; two spaces a level; quotes only where
/// needed, always double; no anchors, no folded lines. Reading it back gives an equal pack.
/// </summary>
public static class TagPackWriter
{
    /// <summary>The pack as YAML text with LF line ends.</summary>
    public static string Write(LabelPack pack)
    {
        ArgumentNullException.ThrowIfNull(pack);
        var yaml = new StringBuilder();
        foreach ((string name, LabelValue value) in pack.Header.Items)
        {
            WriteField(yaml, name, value, indent: 0);
        }

        yaml.Append(pack.Tags.Count == 0 ? "tags: []\n" : "tags:\n");
        foreach (PackTag tag in pack.Tags)
        {
            WriteItem(yaml, tag.Own, indent: 0);
        }

        return yaml.ToString();
    }

    private static void WriteField(StringBuilder yaml, string name, LabelValue value, int indent)
    {
        yaml.Append(' ', indent);
        WriteText(yaml, new LabelText(name));
        yaml.Append(':');
        switch (value)
        {
            case LabelList { Items.Count: > 0 } list:
                yaml.Append('\n');
                foreach (LabelValue item in list.Items)
                {
                    WriteItem(yaml, item, indent + 2);
                }

                break;
            case LabelFields { Items.Count: > 0 } fields:
                yaml.Append('\n');
                WriteFields(yaml, fields, indent + 2);
                break;
            default:
                yaml.Append(' ');
                WriteShort(yaml, value);
                yaml.Append('\n');
                break;
        }
    }

    private static void WriteFields(StringBuilder yaml, LabelFields fields, int indent)
    {
        foreach ((string name, LabelValue value) in fields.Items)
        {
            WriteField(yaml, name, value, indent);
        }
    }

    private static void WriteItem(StringBuilder yaml, LabelValue item, int indent)
    {
        yaml.Append(' ', indent).Append('-');
        switch (item)
        {
            case LabelFields { Items.Count: > 0 } fields:
                // The first field stands behind the dash, the others below it.
                var inner = new StringBuilder();
                WriteFields(inner, fields, indent + 2);
                yaml.Append(' ').Append(inner, indent + 2, inner.Length - indent - 2);
                break;
            case LabelList { Items.Count: > 0 } list:
                yaml.Append('\n');
                foreach (LabelValue value in list.Items)
                {
                    WriteItem(yaml, value, indent + 2);
                }

                break;
            default:
                yaml.Append(' ');
                WriteShort(yaml, item);
                yaml.Append('\n');
                break;
        }
    }

    private static void WriteShort(StringBuilder yaml, LabelValue value)
    {
        switch (value)
        {
            case LabelText text:
                WriteText(yaml, text);
                break;
            case LabelList:
                yaml.Append("[]");
                break;
            default:
                yaml.Append("{}");
                break;
        }
    }

    private static void WriteText(StringBuilder yaml, LabelText text)
    {
        if (text.IsNull)
        {
            yaml.Append("null");
        }
        else if (text.IsTyped || YamlText.MayGoPlain(text.Text))
        {
            yaml.Append(text.Text);
        }
        else
        {
            WriteQuoted(yaml, text.Text);
        }
    }

    // YAML 1.2 section 7.3.1. Beyond quotes and backslashes, whatever a reader could fold, drop or refuse is escaped.
    private static void WriteQuoted(StringBuilder yaml, string text)
    {
        yaml.Append('"');
        foreach (char c in text)
        {
            _ = c switch
            {
                '"' => yaml.Append("\\\""),
                '\\' => yaml.Append("\\\\"),
                '\n' => yaml.Append("\\n"),
                '\r' => yaml.Append("\\r"),
                '\t' => yaml.Append("\\t"),
                < ' ' or (>= '\u007f' and <= '\u00a0') or '\u2028' or '\u2029' or '\ufeff' or '\ufffe' or '\uffff' =>
                    yaml.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}"),
                _ => yaml.Append(c),
            };
        }

        yaml.Append('"');
    }
}
