namespace FlowTracer.Core.Model;

/// <summary>Which constant ends the checksum.</summary>
internal enum Bech32Variant : byte
{
    /// <summary>BIP 173, for witness version 0.</summary>
    Bech32 = 1,

    /// <summary>BIP 350, for witness versions 1 to 16.</summary>
    Bech32m = 2,
}

/// <summary>
/// Bech32 and Bech32m (BIP 173, BIP 350): a human-readable part, the separator '1', and 5-bit values of which the last
/// six are a checksum that finds any four substitutions.
/// </summary>
internal static class Bech32
{
    /// <summary>BIP 173's limit on the whole text: the checksum's promise holds up to here.</summary>
    internal const int MaxTextLength = 90;

    /// <summary>What stands between the human-readable part and the values.</summary>
    internal const char Separator = '1';

    private const string Alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    private const int ChecksumLength = 6;
    private const int BitsPerValue = 5;
    private const int BitsPerByte = 8;
    private const int ValueMask = 31;
    private const char FirstPrefixCharacter = '!';
    private const char LastPrefixCharacter = '~';

    // The generator of the BCH code, BIP 173.
    private static ReadOnlySpan<uint> Generator => [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

    /// <summary>Reads the 5-bit values that stand between separator and checksum.</summary>
    /// <param name="text">The whole text, all lower or all upper case.</param>
    /// <param name="values">Room for <see cref="MaxTextLength"/>; they come first in it.</param>
    /// <param name="parts">The length of the human-readable part, how many values, and which checksum.</param>
    /// <param name="fault">What is wrong, when the result is false.</param>
    internal static bool TryDecode(
        ReadOnlySpan<char> text,
        Span<byte> values,
        out (int PrefixLength, int ValueCount, Bech32Variant Variant) parts,
        out TextFault fault)
    {
        parts = default;
        if (FindFormFault(text) is { } formFault)
        {
            fault = formFault;
            return false;
        }

        int separator = text.LastIndexOf(Separator);
        ReadOnlySpan<char> data = text[(separator + 1)..];
        for (int i = 0; i < data.Length; i++)
        {
            int value = Alphabet.IndexOf(char.ToLowerInvariant(data[i]), StringComparison.Ordinal);
            if (value < 0)
            {
                int column = separator + i + 2;
                fault = new TextFault(column, $"what stands at column {column} is not a bech32 character");
                return false;
            }

            values[i] = (byte)value;
        }

        uint residue = UpdateChecksum(PrefixChecksum(text[..separator]), values[..data.Length]);
        foreach (Bech32Variant variant in (ReadOnlySpan<Bech32Variant>)[Bech32Variant.Bech32, Bech32Variant.Bech32m])
        {
            if (residue == FinalConstant(variant))
            {
                parts = (separator, data.Length - ChecksumLength, variant);
                fault = default;
                return true;
            }
        }

        fault = new TextFault(1, "the bech32 checksum does not match: check it for a typing error");
        return false;
    }

    /// <summary>Writes lower-case text; returns how many characters.</summary>
    internal static int Encode(
        ReadOnlySpan<char> prefix, ReadOnlySpan<byte> values, Bech32Variant variant, Span<char> destination)
    {
        prefix.CopyTo(destination);
        int count = prefix.Length;
        destination[count++] = Separator;
        foreach (byte value in values)
        {
            destination[count++] = Alphabet[value];
        }

        Span<byte> noChecksum = stackalloc byte[ChecksumLength];
        uint residue = UpdateChecksum(UpdateChecksum(PrefixChecksum(prefix), values), noChecksum);
        residue ^= FinalConstant(variant);
        for (int i = ChecksumLength - 1; i >= 0; i--)
        {
            destination[count++] = Alphabet[(int)(residue >> (BitsPerValue * i)) & ValueMask];
        }

        return count;
    }

    /// <summary>Regroups 5-bit values to bytes; false when the padding is a value or not zero (BIP 173).</summary>
    internal static bool TryToBytes(ReadOnlySpan<byte> values, Span<byte> bytes, out int length)
    {
        length = 0;
        int pending = 0;
        int pendingBits = 0;
        foreach (byte value in values)
        {
            pending = (pending << BitsPerValue) | value;
            pendingBits += BitsPerValue;
            if (pendingBits >= BitsPerByte)
            {
                pendingBits -= BitsPerByte;
                bytes[length++] = (byte)(pending >> pendingBits);
                pending &= (1 << pendingBits) - 1;
            }
        }

        return pendingBits < BitsPerValue && pending == 0;
    }

    /// <summary>Regroups bytes to 5-bit values, padded with zero bits; returns how many.</summary>
    internal static int ToValues(ReadOnlySpan<byte> bytes, Span<byte> values)
    {
        int count = 0;
        int pending = 0;
        int pendingBits = 0;
        foreach (byte next in bytes)
        {
            pending = (pending << BitsPerByte) | next;
            for (pendingBits += BitsPerByte; pendingBits >= BitsPerValue;)
            {
                pendingBits -= BitsPerValue;
                values[count++] = (byte)(pending >> pendingBits);
                pending &= (1 << pendingBits) - 1;
            }
        }

        if (pendingBits > 0)
        {
            values[count++] = (byte)(pending << (BitsPerValue - pendingBits));
        }

        return count;
    }

    private static TextFault? FindFormFault(ReadOnlySpan<char> text)
    {
        if (text.Length > MaxTextLength)
        {
            return new TextFault(1, $"it has {text.Length} characters, more than the {MaxTextLength} of bech32");
        }

        int unprintable = text.IndexOfAnyExceptInRange(FirstPrefixCharacter, LastPrefixCharacter);
        if (unprintable >= 0)
        {
            return new TextFault(unprintable + 1, $"what stands at column {unprintable + 1} is not a bech32 character");
        }

        int lower = text.IndexOfAnyInRange('a', 'z');
        int upper = text.IndexOfAnyInRange('A', 'Z');
        if (lower >= 0 && upper >= 0)
        {
            return new TextFault(Math.Max(lower, upper) + 1, "it mixes upper and lower case, which BIP 173 forbids");
        }

        int separator = text.LastIndexOf(Separator);
        if (separator < 1)
        {
            return new TextFault(1, "there is no network prefix before a '1'");
        }

        return text.Length - separator - 1 < ChecksumLength
            ? new TextFault(text.Length, "it is too short for its checksum")
            : null;
    }

    private static uint FinalConstant(Bech32Variant variant) => variant == Bech32Variant.Bech32 ? 1U : 0x2bc830a3U;

    // The high bits of the prefix, a zero, then its low bits: BIP 173.
    private static uint PrefixChecksum(ReadOnlySpan<char> prefix)
    {
        uint checksum = 1;
        foreach (char character in prefix)
        {
            checksum = Step(checksum, (byte)(char.ToLowerInvariant(character) >> BitsPerValue));
        }

        checksum = Step(checksum, 0);
        foreach (char character in prefix)
        {
            checksum = Step(checksum, (byte)(char.ToLowerInvariant(character) & ValueMask));
        }

        return checksum;
    }

    private static uint UpdateChecksum(uint checksum, ReadOnlySpan<byte> values)
    {
        foreach (byte value in values)
        {
            checksum = Step(checksum, value);
        }

        return checksum;
    }

    private static uint Step(uint checksum, byte value)
    {
        const int topShift = 25;
        uint top = checksum >> topShift;
        checksum = ((checksum & ((1U << topShift) - 1)) << BitsPerValue) ^ value;
        for (int i = 0; i < Generator.Length; i++)
        {
            if (((top >> i) & 1) != 0)
            {
                checksum ^= Generator[i];
            }
        }

        return checksum;
    }
}
