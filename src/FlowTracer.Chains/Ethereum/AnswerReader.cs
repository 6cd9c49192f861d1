using System.Globalization;
using System.Text.Json;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum;

/// <summary>
/// A value within an answer that knows where it stands. Reading is strict: whatever is missing, of another type or too
/// large throws <see cref="AnswerFormatException"/>; nothing has a default. Fields nobody asks for are passed over.
/// </summary>
internal readonly struct AnswerReader
{
    private const string HexPrefix = "0x";
    private const int AmountDigits = 2 * Amount.ByteLength;

    // The text of the place is only put together when it is needed.
    private readonly Place? _place;

    public AnswerReader(JsonElement element)
        : this(element, null)
    {
    }

    private AnswerReader(JsonElement element, Place? place) => (Element, _place) = (element, place);

    public JsonElement Element { get; }

    public bool IsNull => Element.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined;

    /// <summary>A field that must be there and not null.</summary>
    public AnswerReader this[string name] =>
        Find(name) ?? throw new AnswerReader(default, new Place(_place, name, 0)).Fault("is missing");

    /// <summary>A field, or null where it is missing or null.</summary>
    public AnswerReader? Find(string name)
    {
        if (Element.ValueKind != JsonValueKind.Object)
        {
            throw Fault($"is not an object but {Kind}");
        }

        try
        {
            return Element.TryGetProperty(name, out JsonElement found) && found.ValueKind != JsonValueKind.Null
                ? new AnswerReader(found, new Place(_place, name, 0))
                : null;
        }
        catch (InvalidOperationException)
        {
            // Another field's name is half of a surrogate pair, which JSON lets through and text does not.
            throw Fault("has a field whose name is not text");
        }
    }

    /// <summary>The items of an array.</summary>
    public IEnumerable<AnswerReader> Items()
    {
        if (Element.ValueKind != JsonValueKind.Array)
        {
            throw Fault($"is not an array but {Kind}");
        }

        return Walk(Element, _place);

        static IEnumerable<AnswerReader> Walk(JsonElement array, Place? place)
        {
            int index = 0;
            foreach (JsonElement item in array.EnumerateArray())
            {
                yield return new AnswerReader(item, new Place(place, null, index++));
            }
        }
    }

    public int Length => Element.ValueKind == JsonValueKind.Array
        ? Element.GetArrayLength()
        : throw Fault($"is not an array but {Kind}");

    public string Text()
    {
        if (Element.ValueKind != JsonValueKind.String)
        {
            throw Fault($"is not a text but {Kind}");
        }

        try
        {
            return Element.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Fault("is not text: it holds half of a surrogate pair");
        }
    }

    public bool Flag() => Element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Fault($"is neither true nor false but {Kind}"),
    };

    /// <summary>A quantity of up to 256 bits. Leading zeros, which some nodes write, do no harm.</summary>
    public Amount Quantity()
    {
        ReadOnlySpan<char> digits = Digits();
        if (digits.IsEmpty)
        {
            throw Fault("is an empty quantity");
        }

        digits = digits.TrimStart('0');
        if (digits.Length > AmountDigits)
        {
            throw Fault($"is over 256 bits: {Quoted()}");
        }

        Span<char> padded = stackalloc char[AmountDigits];
        padded.Fill('0');
        digits.CopyTo(padded[(AmountDigits - digits.Length)..]);
        Span<byte> bytes = stackalloc byte[Amount.ByteLength];
        Convert.FromHexString(padded, bytes, out _, out _);
        return Amount.FromBigEndian(bytes);
    }

    public ulong Number() => Quantity().TryGetUInt64(out ulong number)
        ? number
        : throw Fault($"is over 64 bits: {Quoted()}");

    /// <summary>A place in a list: 32 bits.</summary>
    public uint Index() => Narrow(Number());

    /// <summary>Unix time in seconds.</summary>
    public long Time() => Time(Number());

    /// <summary>A number that some nodes write as JSON does, and some as a quantity.</summary>
    public ulong PlainNumber()
    {
        if (Element.ValueKind == JsonValueKind.String)
        {
            return Number();
        }

        return Element.ValueKind == JsonValueKind.Number && Element.TryGetUInt64(out ulong number)
            ? number
            : throw Fault($"is not a whole number of 64 bits: {Quoted()}");
    }

    /// <summary><see cref="PlainNumber"/> of 32 bits.</summary>
    public uint PlainIndex() => Narrow(PlainNumber());

    /// <summary>A text of decimal digits, as explorers write amounts.</summary>
    public Amount Decimal()
    {
        ReadOnlySpan<char> digits = DecimalDigits();
        digits = digits.TrimStart('0');
        if (digits.Length > MaxDecimalDigits)
        {
            throw Fault($"is over 256 bits: {Quoted()}");
        }

        try
        {
            return digits.IsEmpty
                ? Amount.Zero
                : Amount.FromBigInteger(System.Numerics.BigInteger.Parse(
                    digits, NumberStyles.None, CultureInfo.InvariantCulture));
        }
        catch (OverflowException)
        {
            throw Fault($"is over 256 bits: {Quoted()}");
        }
    }

    public ulong DecimalNumber() => Decimal().TryGetUInt64(out ulong number)
        ? number
        : throw Fault($"is over 64 bits: {Quoted()}");

    public uint DecimalIndex() => Narrow(DecimalNumber());

    public long DecimalTime() => Time(DecimalNumber());

    /// <summary>Bytes, two digits each; perhaps none.</summary>
    public byte[] Data()
    {
        ReadOnlySpan<char> digits = Digits();
        return digits.Length % 2 == 0
            ? Convert.FromHexString(digits)
            : throw Fault($"has half a byte: {Quoted()}");
    }

    /// <summary>Exactly so many bytes.</summary>
    public byte[] Data(int length)
    {
        ReadOnlySpan<char> digits = Digits();
        return digits.Length == 2 * length
            ? Convert.FromHexString(digits)
            : throw Fault($"is not {length} bytes: {Quoted()}");
    }

    public Word Word() => Ethereum.Word.FromBytes(Data(Ethereum.Word.ByteLength));

    public TxHash TxHash() => Core.Model.TxHash.FromBytes(Data(Core.Model.TxHash.ByteLength));

    public Address Address(ChainId chain) =>
        Core.Model.Address.TryParse(chain, Text(), out Address address, out ParseError error)
            ? address
            : throw Fault($"is no address: {error}");

    /// <summary>The fault of this value.</summary>
    public AnswerFormatException Fault(string reason) => new(_place?.ToString() ?? string.Empty, reason);

    /// <summary>The value in quotes, short enough for a line.</summary>
    public string Quoted() => AnswerFormatException.Quote(Element.GetRawText());

    // 2^256 has 78 decimal digits.
    private const int MaxDecimalDigits = 78;

    private string Kind => Element.ValueKind switch
    {
        JsonValueKind.Undefined => "nothing",
        JsonValueKind.Null => "null",
        JsonValueKind.True or JsonValueKind.False => "true or false",
        JsonValueKind.Number => "a number",
        JsonValueKind.String => "a text",
        JsonValueKind.Array => "an array",
        _ => "an object",
    };

    private uint Narrow(ulong number) =>
        number <= uint.MaxValue ? (uint)number : throw Fault($"is over 32 bits: {Quoted()}");

    private long Time(ulong number) =>
        number <= long.MaxValue ? (long)number : throw Fault($"is no time in seconds: {Quoted()}");

    private ReadOnlySpan<char> Digits()
    {
        ReadOnlySpan<char> text = Text();
        if (!text.StartsWith(HexPrefix, StringComparison.Ordinal))
        {
            throw Fault($"does not begin with 0x: {Quoted()}");
        }

        ReadOnlySpan<char> digits = text[HexPrefix.Length..];
        foreach (char digit in digits)
        {
            if (!char.IsAsciiHexDigit(digit))
            {
                throw Fault($"is not hexadecimal: {Quoted()}");
            }
        }

        return digits;
    }

    private ReadOnlySpan<char> DecimalDigits()
    {
        ReadOnlySpan<char> text = Text();
        return !text.IsEmpty && !text.ContainsAnyExceptInRange('0', '9')
            ? text
            : throw Fault($"is not a whole number: {Quoted()}");
    }

    private sealed record Place(Place? Parent, string? Name, int Index)
    {
        public override string ToString()
        {
            string parent = Parent?.ToString() ?? string.Empty;
            return Name is null
                ? string.Create(CultureInfo.InvariantCulture, $"{parent}[{Index}]")
                : parent.Length == 0 ? Name : $"{parent}.{Name}";
        }
    }
}
