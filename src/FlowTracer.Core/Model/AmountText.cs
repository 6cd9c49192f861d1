using System.Buffers;
using System.Globalization;

namespace FlowTracer.Core.Model;

// How an amount is written: decimal base units for people and files, 0x quantities in JSON-RPC.
public readonly partial struct Amount
{
    // 2^256-1 has 78 decimal digits.
    private const int MaxDecimalDigits = 78;

    // The most decimal digits of which every combination fits a limb.
    private const int DecimalsPerLimb = 19;

    private static readonly SearchValues<char> DecimalDigits = SearchValues.Create("0123456789");

    /// <summary>Reads decimal base units, ASCII digits only; leading zeros are harmless.</summary>
    /// <returns>False, with the fault and its column, for anything else.</returns>
    public static bool TryParse(ReadOnlySpan<char> decimalDigits, out Amount value, out ParseError error)
    {
        value = Zero;
        int fault = decimalDigits.IndexOfAnyExcept(DecimalDigits);
        if (decimalDigits.IsEmpty || fault >= 0)
        {
            error = Refuse(decimalDigits, Math.Max(fault, 0));
            return false;
        }

        ReadOnlySpan<char> digits = decimalDigits.TrimStart('0');
        Span<ulong> limbs = stackalloc ulong[LimbCount];
        if (digits.Length > MaxDecimalDigits || !Accumulate(digits, limbs))
        {
            error = new ParseError(decimalDigits.ToString(), 1, "the amount is over 2^256-1, the most there is");
            return false;
        }

        value = new Amount(limbs);
        error = default;
        return true;
    }

    /// <summary>Reads decimal base units.</summary>
    /// <exception cref="FormatException">With the text and reason of <see cref="TryParse"/>.</exception>
    public static Amount Parse(string decimalDigits)
    {
        ArgumentNullException.ThrowIfNull(decimalDigits);
        return TryParse(decimalDigits, out Amount value, out ParseError error)
            ? value
            : throw new FormatException(error.ToString());
    }

    /// <summary>
    /// Reads a JSON-RPC quantity: <c>0x</c> and 1 to 64 hexadecimal digits of any case. Leading zeros, which the
    /// specification forbids, are accepted because some nodes write them.
    /// </summary>
    public static bool TryParseHex(ReadOnlySpan<char> text, out Amount value)
    {
        value = Zero;
        bool prefixed = text.StartsWith(Hex.Prefix);
        if (!prefixed || text.Length is < 3 or > 2 + (2 * ByteLength) || text[2..].ContainsAnyExcept(Hex.Digits))
        {
            return false;
        }

        const int digitsPerLimb = 2 * LimbBytes;
        Span<ulong> limbs = stackalloc ulong[LimbCount];
        int limb = 0;
        for (ReadOnlySpan<char> rest = text[2..]; !rest.IsEmpty; limb++)
        {
            int start = Math.Max(0, rest.Length - digitsPerLimb);
            limbs[limb] = ulong.Parse(rest[start..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            rest = rest[..start];
        }

        value = new Amount(limbs);
        return true;
    }

    /// <summary>Decimal base units without separators.</summary>
    public override string ToString()
    {
        Span<char> buffer = stackalloc char[MaxDecimalDigits];
        return buffer[WriteFromTheRight(buffer)..].ToString();
    }

    /// <summary>Decimal base units; there is no other format, so only an empty one, G and D are known.</summary>
    public string ToString(string? format, IFormatProvider? formatProvider)
    {
        CheckFormat(format);
        return ToString();
    }

    /// <summary>Decimal base units into the caller's memory; false when there is too little room.</summary>
    public bool TryFormat(
        Span<char> destination,
        out int charsWritten,
        ReadOnlySpan<char> format = default,
        IFormatProvider? provider = null)
    {
        CheckFormat(format);
        Span<char> buffer = stackalloc char[MaxDecimalDigits];
        ReadOnlySpan<char> digits = buffer[WriteFromTheRight(buffer)..];
        bool fits = digits.TryCopyTo(destination);
        charsWritten = fits ? digits.Length : 0;
        return fits;
    }

    private static ParseError Refuse(ReadOnlySpan<char> text, int fault)
    {
        string reason = text.IsEmpty
            ? "an amount is missing: at least one digit is needed"
            : text[fault] switch
            {
                '-' when fault == 0 => "amounts are not negative",
                '+' when fault == 0 => "amounts are written without a sign",
                '.' or 'e' or 'E' => $"base units are whole numbers: no point or exponent (column {fault + 1})",
                _ => $"an amount has only the digits 0 to 9: something else stands at column {fault + 1}",
            };
        return new ParseError(text.ToString(), fault + 1, reason);
    }

    private static bool Accumulate(ReadOnlySpan<char> digits, Span<ulong> limbs)
    {
        while (!digits.IsEmpty)
        {
            ReadOnlySpan<char> part = digits[..Math.Min(DecimalsPerLimb, digits.Length)];
            ulong factor = 1;
            ulong addend = 0;
            foreach (char digit in part)
            {
                factor *= 10;
                addend = (addend * 10) + (ulong)(digit - '0');
            }

            if (WideArithmetic.MultiplyAdd(limbs, factor, addend) != 0)
            {
                return false;
            }

            digits = digits[part.Length..];
        }

        return true;
    }

    private static void CheckFormat(ReadOnlySpan<char> format)
    {
        if (format is not ("" or "G" or "D"))
        {
            throw new FormatException($"An amount has no format '{format}': it is written in full, in base units.");
        }
    }

    // Returns where the text begins.
    private int WriteFromTheRight(Span<char> buffer)
    {
        const uint tenToThe9 = 1_000_000_000;
        Span<uint> digits = stackalloc uint[2 * LimbCount];
        CopyDigitsTo(digits);
        int start = buffer.Length;
        do
        {
            digits = digits[..WideArithmetic.SignificantLength(digits)];
            uint part = WideArithmetic.DivideInPlace(digits, tenToThe9);
            bool last = WideArithmetic.SignificantLength(digits) == 0;
            for (int i = 0; i < 9 && (!last || part != 0); i++)
            {
                buffer[--start] = (char)('0' + (part % 10));
                part /= 10;
            }
        }
        while (WideArithmetic.SignificantLength(digits) > 0);

        if (start == buffer.Length)
        {
            buffer[--start] = '0';
        }

        return start;
    }
}
