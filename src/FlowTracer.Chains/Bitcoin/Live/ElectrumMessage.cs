using System.Buffers;
using System.Text.Json;
using FlowTracer.Chains.Rpc;

namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>A call of the Electrum protocol.</summary>
/// <param name="Method">E.g. <c>blockchain.transaction.get</c>.</param>
/// <param name="Params">The parameters in their order: texts, numbers, lists of texts.</param>
internal sealed record ElectrumCall(string Method, params object[] Params)
{
    /// <summary>For a person: the method and what it is asked about.</summary>
    public string Shown => Params.Length > 0 ? $"{Method} {string.Join(' ', Params)}" : Method;
}

/// <summary>
/// The protocol's messages: JSON-RPC 2.0, each a line of its own, or several as an array in one line. Servers' errors are
/// objects with code and message, or texts alone.
/// </summary>
internal static class ElectrumMessage
{
    private static readonly JsonDocumentOptions Depth = new() { MaxDepth = 64 };

    /// <summary>A line with one call, or with an array of several.</summary>
    /// <param name="calls">At least one.</param>
    /// <param name="firstId">The first one's id; the others' follow.</param>
    public static byte[] Write(IReadOnlyList<ElectrumCall> calls, long firstId)
    {
        ArrayBufferWriter<byte> line = new();
        using (Utf8JsonWriter writer = new(line))
        {
            if (calls.Count > 1)
            {
                writer.WriteStartArray();
            }

            for (int at = 0; at < calls.Count; at++)
            {
                Write(writer, calls[at], firstId + at);
            }

            if (calls.Count > 1)
            {
                writer.WriteEndArray();
            }
        }

        line.Write("\n"u8);
        return line.WrittenSpan.ToArray();
    }

    /// <summary>The messages in a line: one, or those of an array.</summary>
    /// <exception cref="BadAnswerException">It is no JSON object or array of such.</exception>
    public static IReadOnlyList<JsonElement> Read(ReadOnlyMemory<byte> line)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line, Depth);
            JsonElement root = document.RootElement.Clone();
            IReadOnlyList<JsonElement> messages = root.ValueKind == JsonValueKind.Array ? [.. root.EnumerateArray()] : [root];
            return messages.All(static message => message.ValueKind == JsonValueKind.Object)
                ? messages
                : throw new BadAnswerException("is not of the Electrum protocol");
        }
        catch (JsonException)
        {
            throw new BadAnswerException("is not JSON");
        }
    }

    /// <summary>A message's result or error; null when it has neither: it is a notification.</summary>
    public static RpcAnswer? AnswerIn(JsonElement message)
    {
        if (message.TryGetProperty("error", out JsonElement error) && error.ValueKind != JsonValueKind.Null)
        {
            return RpcAnswer.Refused(ErrorIn(error));
        }

        return message.TryGetProperty("result", out JsonElement result) ? RpcAnswer.Of(result) : null;
    }

    private static RpcError ErrorIn(JsonElement error)
    {
        if (error.ValueKind != JsonValueKind.Object)
        {
            return new RpcError(0, error.ToString());
        }

        int code = error.TryGetProperty("code", out JsonElement number) && number.ValueKind == JsonValueKind.Number
            && number.TryGetInt32(out int given) ? given : 0;
        return new RpcError(code, error.TryGetProperty("message", out JsonElement text) ? text.ToString() : error.GetRawText());
    }

    private static void Write(Utf8JsonWriter writer, ElectrumCall call, long id)
    {
        writer.WriteStartObject();
        writer.WriteString("jsonrpc", "2.0");
        writer.WriteNumber("id", id);
        writer.WriteString("method", call.Method);
        writer.WritePropertyName("params");
        JsonSerializer.Serialize(writer, call.Params);
        writer.WriteEndObject();
    }
}
