using System.Buffers;

namespace FlowTracer.Core.Model;

/// <summary>Hexadecimal text of a known length.</summary>
internal static class Hex
{
    internal static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdefABCDEF");

    /// <summary>What stands before hexadecimal text on account chains.</summary>
    internal const string Prefix = "0x";

    /// <summary>Reads exactly as many bytes as there is room for; on failure nothing is written.</summary>
    internal static bool TryDecode(ReadOnlySpan<char> digits, Span<byte> bytes) =>
        digits.Length == 2 * bytes.Length
        && !digits.ContainsAnyExcept(Digits)
        && Convert.FromHexString(digits, bytes, out _, out _) == OperationStatus.Done;

    /// <summary>Writes lower-case digits, two a byte.</summary>
    internal static void Encode(ReadOnlySpan<byte> bytes, Span<char> digits)
    {
        bool fits = Convert.TryToHexStringLower(bytes, digits, out int written);
        Invariant.Check(fits && written == 2 * bytes.Length, $"{bytes.Length} bytes do not fit {digits.Length} digits");
    }
}
