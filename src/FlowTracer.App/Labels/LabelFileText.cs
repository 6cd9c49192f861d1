using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace FlowTracer.App.Labels;

/// <summary>A label file's bytes and name, before its format is looked at.</summary>
internal static class LabelFileText
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The name of the pack a file holds: the file's name without folder and ending.</summary>
    public static string PackName(string fileName) => Path.GetFileNameWithoutExtension(fileName);

    /// <summary>Reads a stream that must not be larger than a limit.</summary>
    public static bool TryReadBounded(
        Stream stream, string fileName, int maxBytes, [NotNullWhen(true)] out byte[]? bytes, [NotNullWhen(false)] out LabelError? error)
    {
        // One byte more than allowed tells a file that is too large from one that just fits.
        var buffer = new MemoryStream();
        byte[] chunk = new byte[81920];
        int read;
        while ((read = stream.Read(chunk, 0, chunk.Length)) > 0)
        {
            buffer.Write(chunk, 0, read);
            if (buffer.Length > maxBytes)
            {
                (bytes, error) = (null, TooLarge(fileName, maxBytes));
                return false;
            }
        }

        (bytes, error) = (buffer.ToArray(), null);
        return true;
    }

    /// <summary>The text without its byte order mark.</summary>
    /// <exception cref="LabelFormatException">It is too large, or not text in UTF-8.</exception>
    public static string Decode(ReadOnlySpan<byte> content, string fileName, int maxBytes)
    {
        if (content.Length > maxBytes)
        {
            throw new LabelFormatException(TooLarge(fileName, maxBytes));
        }

        content = content.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? content[3..] : content;
        try
        {
            string text = Strict.GetString(content);
            int control = IndexOfControl(text);
            return control < 0
                ? text
                : throw At(fileName, text.AsSpan(0, control), string.Create(CultureInfo.InvariantCulture,
                    $"the character U+{(int)text[control]:X4} does not belong in a text file"));
        }
        catch (DecoderFallbackException)
        {
            int valid = System.Text.Unicode.Utf8.IsValid(content) ? content.Length : ValidLength(content);
            throw At(fileName, Strict.GetString(content[..valid]), "the bytes from here on are not text in UTF-8");
        }
    }

    // The length of the longest valid beginning.
    private static int ValidLength(ReadOnlySpan<byte> content)
    {
        int length = 0;
        while (Rune.DecodeFromUtf8(content[length..], out _, out int consumed) == System.Buffers.OperationStatus.Done)
        {
            length += consumed;
        }

        return length;
    }

    private static int IndexOfControl(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] < ' ' && text[i] is not ('\t' or '\n' or '\r'))
            {
                return i;
            }
        }

        return -1;
    }

    private static LabelFormatException At(string fileName, ReadOnlySpan<char> before, string reason) =>
        new(new LabelError(fileName, before.Count('\n') + 1, before.Length - before.LastIndexOf('\n'), reason));

    private static LabelError TooLarge(string fileName, int maxBytes) => new(fileName, 0, 0, string.Create(
        CultureInfo.InvariantCulture, $"the file is larger than {maxBytes / (1024 * 1024)} MiB; split it into several packs"));
}
