using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace FlowTracer.Chains.Rpc;

/// <summary>What became of a request that was answered.</summary>
/// <param name="Answers">One for each call, in the calls' order; null when the batch was refused as such.</param>
/// <param name="Refusal">Why the batch was refused; null when there are answers.</param>
internal readonly record struct RpcReply(RpcAnswer[]? Answers, RpcError? Refusal)
{
    /// <summary>All refusals in it.</summary>
    public IEnumerable<RpcError> Errors => Refusal is { } whole
        ? [whole]
        : Answers!.Where(answer => answer.Error is not null).Select(answer => answer.Error!);
}

/// <summary>JSON-RPC 2.0 on the wire: one call as an object, several as an array.</summary>
internal static class RpcMessage
{
    // A call trace nests two levels for each of the 1,024 calls the EVM allows.
    private static readonly JsonDocumentOptions ParseOptions = new() { MaxDepth = 4096 };
    private static readonly JsonWriterOptions WriteOptions = new() { MaxDepth = 4096 };
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    /// <summary>The body that asks for calls.</summary>
    /// <param name="calls">At least one.</param>
    /// <param name="firstId">The first call's id; the others' follow.</param>
    public static HttpRequestMessage Write(IReadOnlyList<RpcCall> calls, long firstId)
    {
        ArrayBufferWriter<byte> body = new(256 * calls.Count);
        using (Utf8JsonWriter writer = new(body, WriteOptions))
        {
            if (calls.Count == 1)
            {
                Write(writer, calls[0], firstId);
            }
            else
            {
                writer.WriteStartArray();
                for (int at = 0; at < calls.Count; at++)
                {
                    Write(writer, calls[at], firstId + at);
                }

                writer.WriteEndArray();
            }
        }

        ByteArrayContent content = new(body.WrittenSpan.ToArray());
        content.Headers.ContentType = Json;
        return new HttpRequestMessage(HttpMethod.Post, (Uri?)null) { Content = content };
    }

    /// <summary>Reads what a node answered.</summary>
    /// <exception cref="BadAnswerException">It is not an answer to these calls.</exception>
    public static RpcReply Read(HttpStatusCode status, ReadOnlyMemory<byte> body, int count, long firstId)
    {
        using JsonDocument document = Parse(body);
        JsonElement root = document.RootElement;
        if (count == 1)
        {
            return new RpcReply([ReadSingle(root, firstId)], null);
        }

        if (root.ValueKind == JsonValueKind.Object && ErrorOf(root) is { } refusal)
        {
            return new RpcReply(null, refusal);
        }

        if (root.ValueKind != JsonValueKind.Array || (int)status >= 400 && root.GetArrayLength() != count)
        {
            throw new BadAnswerException("holds no answers to a batch");
        }

        return ReadBatch(root, count, firstId);
    }

    private static JsonDocument Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonDocument.Parse(body, ParseOptions);
        }
        catch (JsonException)
        {
            throw new BadAnswerException(AnswerBody.WhyNotJson(body.Span)["the answer ".Length..]);
        }
    }

    private static void Write(Utf8JsonWriter writer, RpcCall call, long id)
    {
        writer.WriteStartObject();
        writer.WriteString("jsonrpc", "2.0");
        writer.WriteNumber("id", id);
        writer.WriteString("method", call.Method);
        writer.WritePropertyName("params");
        writer.WriteRawValue(call.Params);
        writer.WriteEndObject();
    }

    private static RpcAnswer ReadSingle(JsonElement root, long id)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new BadAnswerException("is not a JSON-RPC answer");
        }

        RpcAnswer answer = ReadAnswer(root);
        // A node that could not read the request does not know its id (JSON-RPC 2.0, section 5).
        bool isUnread = answer.Error is not null
            && (!root.TryGetProperty("id", out JsonElement given) || given.ValueKind == JsonValueKind.Null);
        return isUnread || IdOf(root) == id ? answer : throw new BadAnswerException("has another call's id");
    }

    private static RpcReply ReadBatch(JsonElement root, int count, long firstId)
    {
        RpcAnswer?[] answers = new RpcAnswer?[count];
        int found = 0;
        foreach (JsonElement element in root.EnumerateArray())
        {
            if (element.ValueKind != JsonValueKind.Object)
            {
                throw new BadAnswerException("holds something that is not a JSON-RPC answer");
            }

            // Geth refuses a batch with one error that bears the first call's id.
            if (root.GetArrayLength() < count && ErrorOf(element) is { } error && IsAboutBatch(error))
            {
                return new RpcReply(null, error);
            }

            long at = IdOf(element) - firstId ?? throw new BadAnswerException("holds an answer without an id");
            if (at < 0 || at >= count || answers[at] is not null)
            {
                throw new BadAnswerException("holds an id that was not asked for, or one twice");
            }

            answers[at] = ReadAnswer(element);
            found++;
        }

        return found == count
            ? new RpcReply(Array.ConvertAll(answers, answer => answer!.Value), null)
            : throw new BadAnswerException(
                $"holds {Numbers.Text(found)} of {Numbers.Text(count)} answers");
    }

    private static bool IsAboutBatch(RpcError error) =>
        error.Code == RpcErrors.InvalidRequest || RpcErrors.IsBatchLimit(error) || RpcErrors.IsRateLimit(error);

    private static RpcAnswer ReadAnswer(JsonElement element)
    {
        if (ErrorOf(element) is { } error)
        {
            return RpcAnswer.Refused(error);
        }

        // A clone has a document of its own: keeping one answer does not keep its whole batch.
        return element.TryGetProperty("result", out JsonElement result)
            ? RpcAnswer.Of(result.Clone())
            : throw new BadAnswerException("holds neither a result nor an error");
    }

    private static long? IdOf(JsonElement element) =>
        element.TryGetProperty("id", out JsonElement id) && id.ValueKind == JsonValueKind.Number
            && id.TryGetInt64(out long value) ? value : null;

    /// <summary>
    /// Some nodes write <c>"error": null</c> beside a result, and some an error without code or as mere text.
    /// </summary>
    private static RpcError? ErrorOf(JsonElement element)
    {
        if (!element.TryGetProperty("error", out JsonElement error) || error.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (error.ValueKind == JsonValueKind.String)
        {
            return new RpcError(0, OneLine(error.GetString()!));
        }

        if (error.ValueKind != JsonValueKind.Object)
        {
            throw new BadAnswerException("holds an error that is none");
        }

        int code = error.TryGetProperty("code", out JsonElement number) && number.ValueKind == JsonValueKind.Number
            && number.TryGetInt32(out int value) ? value : 0;
        string message = error.TryGetProperty("message", out JsonElement text) && text.ValueKind == JsonValueKind.String
            ? OneLine(text.GetString()!) : "no reason given";
        return new RpcError(code, message);
    }

    private static string OneLine(string text) =>
        string.Concat(text.Select(letter => char.IsControl(letter) ? ' ' : letter)).Trim();
}
