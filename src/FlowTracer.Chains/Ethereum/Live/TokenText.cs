using System.Text;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Chains.Ethereum.Live;

/// <summary>Reads what a token's <c>symbol()</c> and <c>decimals()</c> return: text as ABI string, or as old tokens do in 32 bytes.</summary>
internal static class TokenText
{
    private const int LongestSymbol = 24;

    /// <summary>What a token states of itself at a block.</summary>
    public static async Task<TokenName> NameOfAsync(EthereumNode node, Asset token, ulong block, CancellationToken cancellationToken)
    {
        // symbol() and decimals(): selectors 95d89b41 and 313ce567 (ERC-20).
        Task<byte[]?> symbol = node.CallAsync(token.Contract, "0x95d89b41", block, cancellationToken);
        Task<byte[]?> decimals = node.CallAsync(token.Contract, "0x313ce567", block, cancellationToken);
        await Task.WhenAll(symbol, decimals).ConfigureAwait(false);
        return new TokenName(token, Symbol(await symbol.ConfigureAwait(false)), Decimals(await decimals.ConfigureAwait(false)));
    }

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
        return text.Length == 0 ? null : text.Length <= LongestSymbol ? text : Cut(text) + "…";
    }

    // Never between the two halves of one character.
    private static string Cut(string text) => text[..(char.IsHighSurrogate(text[LongestSymbol - 1]) ? LongestSymbol - 1 : LongestSymbol)];

    /// <summary>The decimals, 0 to 255; null when there are none.</summary>
    public static int? Decimals(byte[]? returned) =>
        returned is { Length: Word.ByteLength }
        && Word.FromBytes(returned).ToAmount().TryGetUInt64(out ulong decimals) && decimals <= byte.MaxValue
            ? (int)decimals
            : null;
}
