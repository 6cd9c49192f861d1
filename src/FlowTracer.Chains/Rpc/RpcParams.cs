using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace FlowTracer.Chains.Rpc;

/// <summary>JSON put among parameters as it is.</summary>
/// <param name="Text">Valid JSON without spaces; the order of properties is part of the question's identity.</param>
public readonly record struct RawJson(string Text);

/// <summary>
/// Writes a call's parameters the one way that makes equal questions equal texts: no spaces, quantities in hex.
/// </summary>
public static class RpcParams
{
    // '+' and the like stay readable; what is written is never part of a page.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>No parameters.</summary>
    public const string None = "[]";

    /// <summary>
    /// The parameters as a JSON array. Text, truth values, null, <see cref="RawJson"/> and lists of these are written
    /// as such; integers as quantities (<see cref="Quantity"/>).
    /// </summary>
    /// <exception cref="ArgumentException">A value of another type, or a negative number.</exception>
    public static string Of(params object?[] values)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer, Options))
        {
            WriteList(writer, values);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>
    /// A quantity as Ethereum writes it (EIP-1474): hex with <c>0x</c>, no leading zeros, zero as <c>0x0</c>.
    /// </summary>
    public static string Quantity(ulong value) => "0x" + value.ToString("x", CultureInfo.InvariantCulture);

    private static void WriteList(Utf8JsonWriter writer, IEnumerable<object?> values)
    {
        writer.WriteStartArray();
        foreach (object? value in values)
        {
            Write(writer, value);
        }

        writer.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter writer, object? value)
    {
        switch (value)
        {
            case null: writer.WriteNullValue(); break;
            case string text: writer.WriteStringValue(text); break;
            case bool truth: writer.WriteBooleanValue(truth); break;
            case ulong quantity: writer.WriteStringValue(Quantity(quantity)); break;
            case int or long or uint:
                long number = Convert.ToInt64(value, CultureInfo.InvariantCulture);
                ArgumentOutOfRangeException.ThrowIfNegative(number, nameof(value));
                writer.WriteStringValue(Quantity((ulong)number));
                break;
            case RawJson raw: writer.WriteRawValue(raw.Text); break;
            case IEnumerable<object?> list: WriteList(writer, list); break;
            default: throw new ArgumentException($"a parameter cannot be a {value.GetType().Name}", nameof(value));
        }
    }
}
