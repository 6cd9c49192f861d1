using System.Globalization;
using System.Text.Json;
using FlowTracer.Chains.Ethereum;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>Reads the values that Bitcoin Core writes, as strictly as <see cref="AnswerReader"/> reads others.</summary>
internal static class CoreReader
{
    /// <summary>Satoshi have eight decimal places in bitcoin.</summary>
    private const int Decimals = 8;

    /// <summary>21 million bitcoin: no output and no fee is worth more.</summary>
    private const ulong MostSats = 2_100_000_000_000_000;

    private const int MostDigits = 18;

    /// <summary>A transaction's id.</summary>
    public static TxHash Id(this AnswerReader value) =>
        TxHash.TryParse(ChainFamily.Utxo, value.Text(), out TxHash id, out _)
            ? id
            : throw value.Fault($"is no hash: {value.Quoted()}");

    /// <summary>A hash as people write it.</summary>
    public static Hash256 Hash(this AnswerReader value) => Hash256.FromTxHash(value.Id());

    /// <summary>A block's height.</summary>
    public static ulong Height(this AnswerReader value) => value.PlainNumber() is var height and <= ElectrumDecoder.HighestBlock
        ? height
        : throw value.Fault($"is a height that no block has: {value.Quoted()}");

    /// <summary>Bytes in hex; perhaps none.</summary>
    public static byte[] Hex(this AnswerReader value)
    {
        try
        {
            return Convert.FromHexString(value.Text());
        }
        catch (FormatException)
        {
            throw value.Fault("is not hexadecimal");
        }
    }

    /// <summary>
    /// An amount in bitcoin as JSON writes numbers, in satoshi, exactly. Bitcoin Core writes eight decimals; others write
    /// as few as they can, and small ones with an exponent (<c>1e-8</c>).
    /// </summary>
    public static ulong Sats(this AnswerReader value) =>
        value.Element.ValueKind == JsonValueKind.Number && TryParseSats(value.Element.GetRawText(), out ulong sats)
            ? sats
            : throw value.Fault($"is no amount in bitcoin: {value.Quoted()}");

    /// <summary>See <see cref="Sats"/>; false for what is negative, over 21 million bitcoin or no whole satoshi.</summary>
    internal static bool TryParseSats(ReadOnlySpan<char> text, out ulong sats)
    {
        sats = 0;
        int exponentAt = text.IndexOfAny('e', 'E');
        int exponent = 0;
        if (exponentAt >= 0)
        {
            ReadOnlySpan<char> given = text[(exponentAt + 1)..].TrimStart('+');
            if (!int.TryParse(given, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent) || Math.Abs(exponent) > MostDigits)
            {
                return false;
            }

            text = text[..exponentAt];
        }

        int point = text.IndexOf('.');
        int decimals = point < 0 ? 0 : text.Length - point - 1;
        string digits = point < 0 ? text.ToString() : string.Concat(text[..point], text[(point + 1)..]);
        digits = digits.TrimStart('0');
        int places = Decimals + exponent - decimals;
        string significant = digits.TrimEnd('0');
        places += digits.Length - significant.Length;
        if (significant.Length == 0)
        {
            return true;
        }

        if (places < 0 || significant.Length + places > MostDigits || !significant.All(char.IsAsciiDigit))
        {
            return false;
        }

        sats = ulong.Parse(significant + new string('0', places), NumberStyles.None, CultureInfo.InvariantCulture);
        return sats <= MostSats;
    }
}
