namespace FlowTracer.App.Labels;

/// <summary>What an unquoted YAML text means, and when a text may go without quotes.</summary>
internal static class YamlText
{
    // YAML 1.1's words (which PyYAML, and so GraphSense's tool, reads) include those of YAML 1.2.
    private static readonly HashSet<string> Nulls = ["", "~", "null", "Null", "NULL"];

    private static readonly HashSet<string> Words =
        new(["y", "n", "yes", "no", "on", "off", "true", "false", "<<", "="], StringComparer.OrdinalIgnoreCase);

    public static bool IsNull(string plain) => Nulls.Contains(plain);

    /// <summary>
    /// Whether some YAML reader may take the unquoted text for something other than text. It errs towards yes: a number,
    /// time or date consists of these characters and begins with these, and so does little else.
    /// </summary>
    public static bool MayBeTyped(string plain)
    {
        if (Nulls.Contains(plain) || Words.Contains(plain))
        {
            return true;
        }

        char first = plain[0];
        if (!char.IsAsciiDigit(first) && first is not ('+' or '-' or '.'))
        {
            return false;
        }

        foreach (char c in plain)
        {
            if (!char.IsAsciiHexDigit(c) && c is not ('x' or 'o' or '_' or '.' or ':' or '+' or '-' or 'T' or 't' or 'Z' or 'z' or ' '
                or 'i' or 'I' or 'n' or 'N' or 'f' or 'F'))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether the text reads back as the same text without quotes. It errs towards no.</summary>
    public static bool MayGoPlain(string text)
    {
        if (text.Length == 0 || !char.IsAsciiLetterOrDigit(text[0]) || text[^1] is ' ' or ':' || MayBeTyped(text))
        {
            return false;
        }

        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            bool harmless = char.IsAsciiLetterOrDigit(c) || c is ' ' or '.' or '_' or '/' or '(' or ')' or '+' or '-' or '?' or '=';
            if (!harmless && !(c == ':' && text[i + 1] != ' '))
            {
                return false;
            }
        }

        return true;
    }
}
