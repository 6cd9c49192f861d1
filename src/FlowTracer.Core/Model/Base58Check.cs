using System.Security.Cryptography;

namespace FlowTracer.Core.Model;

/// <summary>
/// Base58Check, the text form of Bitcoin's older addresses: a big-endian number to the base 58, one '1' for each
/// leading zero byte, the last four bytes the beginning of the double SHA-256 of those before.
/// </summary>
internal static class Base58Check
{
    /// <summary>Longer text is refused unread: the time taken grows with the square of the length.</summary>
    internal const int MaxTextLength = 120;

    private const string Alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    private const int Radix = 58;
    private const int ChecksumLength = 4;
    private const int DigestLength = 32;

    /// <summary>Reads the bytes before the checksum into the beginning of <paramref name="payload"/>.</summary>
    /// <param name="text">The whole text.</param>
    /// <param name="payload">Room for as many bytes as are wanted; more in the text is a fault.</param>
    /// <param name="length">How many there were.</param>
    /// <param name="fault">What is wrong, when the result is false.</param>
    internal static bool TryDecode(ReadOnlySpan<char> text, Span<byte> payload, out int length, out TextFault fault)
    {
        length = 0;
        Span<byte> buffer = stackalloc byte[MaxTextLength];
        if (text.Length > MaxTextLength)
        {
            fault = new TextFault(1, $"it is longer than any address ({text.Length} characters)");
            return false;
        }

        if (!TryReadNumber(text, buffer, out ReadOnlySpan<byte> bytes, out int badIndex))
        {
            fault = new TextFault(badIndex + 1, $"what stands at column {badIndex + 1} is not a base58 character");
            return false;
        }

        return TryTakeChecked(bytes, payload, out length, out fault);
    }

    /// <summary>Writes payload and checksum as text; returns how many characters.</summary>
    internal static int Encode(ReadOnlySpan<byte> payload, Span<char> destination)
    {
        Span<byte> bytes = stackalloc byte[payload.Length + ChecksumLength];
        Span<byte> digest = stackalloc byte[DigestLength];
        payload.CopyTo(bytes);
        DoubleSha256(payload, digest);
        digest[..ChecksumLength].CopyTo(bytes[payload.Length..]);
        int zeros = bytes.IndexOfAnyExcept((byte)0);

        // Repeated division gives the digits from the last to the first.
        int count = 0;
        for (Span<byte> number = bytes[zeros..]; !number.IsEmpty; number = number.TrimStart((byte)0))
        {
            destination[count++] = Alphabet[DivideByRadix(number)];
        }

        destination.Slice(count, zeros).Fill(Alphabet[0]);
        count += zeros;
        destination[..count].Reverse();
        return count;
    }

    private static bool TryReadNumber(
        ReadOnlySpan<char> text, Span<byte> buffer, out ReadOnlySpan<byte> bytes, out int badIndex)
    {
        bytes = default;
        int start = buffer.Length;
        for (badIndex = 0; badIndex < text.Length; badIndex++)
        {
            int digit = Alphabet.IndexOf(text[badIndex], StringComparison.Ordinal);
            if (digit < 0)
            {
                return false;
            }

            start = MultiplyAdd(buffer, start, digit);
        }

        // A text of n characters has fewer than n bytes of number, so the zeros in front always have room.
        int zeros = text.IndexOfAnyExcept(Alphabet[0]);
        bytes = buffer[(start - (zeros < 0 ? text.Length : zeros))..];
        return true;
    }

    // The number lies at the end of the buffer; returns where it now begins.
    private static int MultiplyAdd(Span<byte> buffer, int start, int digit)
    {
        int carry = digit;
        for (int i = buffer.Length - 1; i >= start; i--)
        {
            carry += buffer[i] * Radix;
            buffer[i] = (byte)(carry & byte.MaxValue);
            carry >>= 8;
        }

        if (carry != 0)
        {
            buffer[--start] = (byte)carry;
        }

        return start;
    }

    private static int DivideByRadix(Span<byte> number)
    {
        int remainder = 0;
        for (int i = 0; i < number.Length; i++)
        {
            int part = (remainder << 8) | number[i];
            number[i] = (byte)(part / Radix);
            remainder = part % Radix;
        }

        return remainder;
    }

    private static bool TryTakeChecked(
        ReadOnlySpan<byte> bytes, Span<byte> payload, out int length, out TextFault fault)
    {
        length = bytes.Length - ChecksumLength;
        if (length < 1)
        {
            fault = new TextFault(1, "it is too short for a base58 address");
            return false;
        }

        Span<byte> digest = stackalloc byte[DigestLength];
        DoubleSha256(bytes[..length], digest);
        if (!digest[..ChecksumLength].SequenceEqual(bytes[length..]))
        {
            fault = new TextFault(1, "the base58 checksum does not match: check it for a typing error");
            return false;
        }

        if (length > payload.Length)
        {
            fault = new TextFault(1, $"it holds {length} bytes, more than an address has");
            return false;
        }

        bytes[..length].CopyTo(payload);
        fault = default;
        return true;
    }

    private static void DoubleSha256(ReadOnlySpan<byte> data, Span<byte> digest)
    {
        SHA256.HashData(data, digest);
        SHA256.HashData(digest, digest);
    }
}
