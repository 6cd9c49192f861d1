using System.Buffers;

namespace FlowTracer.Chains.Bitcoin;

/// <summary>Hexadecimal text, as nodes and block explorers give raw blocks and transactions.</summary>
public static class HexText
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdefABCDEF");

    /// <summary>The bytes, two digits of any case each; white space at either end is left out.</summary>
    /// <exception cref="BitcoinFormatException">There is another character, or half a byte; the offset counts
    /// characters.</exception>
    public static byte[] ToBytes(ReadOnlySpan<char> text)
    {
        int start = text.Length - text.TrimStart().Length;
        ReadOnlySpan<char> digits = text.Trim();
        int bad = digits.IndexOfAnyExcept(Digits);
        if (bad >= 0)
        {
            throw new BitcoinFormatException(start + bad, "this is not a hexadecimal digit");
        }

        return digits.Length % 2 == 0
            ? Convert.FromHexString(digits)
            : throw new BitcoinFormatException(start + digits.Length, "the last byte has one digit");
    }
}
