using System.Text;

namespace FlowTracer.Chains.Ethereum.Live;

/// <summary>Reads what a token's <c>symbol()</c> and <c>decimals()</c> return: text as ABI string, or as old tokens do in 32 bytes.</summary>
internal static class TokenText
{
    private const int LongestSymbol = 24;

    /// <summary>The symbol; null when there is none that a person could read.</summary>
    public static string? Symbol(byte[]? returned)
    {
        if (returned is null || returned.Length < Word.ByteLength)
        {
            return null;
        }

        ReadOnlySpan<byte> bytes = returned;
        if (returned.Length > 2 * Word.ByteLength
            && Word.FromBytes(bytes[..Word.ByteLength]).ToAmount() == Word.ByteLength
            && Word.FromBytes(bytes[Word.ByteLength..(2 * Word.ByteLength)]).ToAmount().TryGetUInt64(out ulong length)
            && length <= (ulong)(returned.Length - (2 * Word.ByteLength)))
        {
            bytes = bytes.Slice(2 * Word.ByteLength, (int)length);
        }
        else if (returned.Length > Word.ByteLength)
        {
            return null;
        }

        string text = string.Concat(Encoding.UTF8.GetString(bytes.TrimEnd((byte)0)).Where(static c => !char.IsControl(c))).Trim();
        return text.Length == 0 ? null : text.Length <= LongestSymbol ? text : text[..LongestSymbol] + "…";
    }

    /// <summary>The decimals, 0 to 255; null when there are none.</summary>
    public static int? Decimals(byte[]? returned) =>
        returned is { Length: Word.ByteLength }
        && Word.FromBytes(returned).ToAmount().TryGetUInt64(out ulong decimals) && decimals <= byte.MaxValue
            ? (int)decimals
            : null;
}
