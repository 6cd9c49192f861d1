using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using FlowTracer.Core.Ports;

namespace FlowTracer.Chains.Rpc;

/// <summary>
/// Answers kept from before, in front of whoever gives new ones. With everything kept, a second run asks nothing and,
/// offline, ends the same. An answer about final blocks is kept for its chain, any other for the head it was asked
/// under; a refusal that will be repeated (a range too wide, a method unknown) for the source that gave it, and so what
/// is only its word. That something is not there is kept for both, source and head: another may have it, and it may come.
/// </summary>
public sealed class KeptRpc : IRpc
{
    private static readonly JsonDocumentOptions ParseOptions = new() { MaxDepth = 4096 };
    private readonly AnswerCache _cache;
    private readonly IRpc? _inner;
    private readonly string _source;
    private readonly RpcMeter _meter;
    private readonly AnswersDigest _used = new();
    private AnswerScope? _scope;

    /// <summary>Kept answers.</summary>
    /// <param name="cache">Where they are.</param>
    /// <param name="inner">Who answers what is not kept; null offline.</param>
    /// <param name="source">
    /// The source's name without its secrets, the same offline: what it refuses, another source need not refuse.
    /// </param>
    /// <param name="meter">Counts the answers that were kept.</param>
    public KeptRpc(AnswerCache cache, IRpc? inner, string source, RpcMeter meter) =>
        (_cache, _inner, _source, _meter) = (cache, inner, source, meter);

    /// <inheritdoc/>
    public string Name => _inner?.Name ?? $"the cache in {_cache.Folder}";

    /// <summary>Whether answers are kept but none is used: for comparing what nodes say now.</summary>
    public bool AsksAnew { get; init; }

    /// <summary>
    /// Whether what was not there, or was refused, is asked for again: a source may have got what it lacked.
    /// </summary>
    public bool LooksAgain { get; init; }

    /// <summary>Whether anything had to be asked, so that an answer is newer than this object.</summary>
    public bool HasAsked { get; private set; }

    /// <summary>What answers are valid for; null, as at first: calls are passed on and not kept.</summary>
    public AnswerScope? Scope
    {
        get => Volatile.Read(ref _scope);
        set => Volatile.Write(ref _scope, value);
    }

    /// <summary>What has been relied on so far: see <see cref="AnswersDigest.ToHex"/>.</summary>
    public string Digest => _used.ToHex();

    /// <inheritdoc/>
    public async Task<RpcAnswer> AskAsync(RpcCall call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Scope is not { } scope || !call.IsKept)
        {
            return await InnerFor(call, null).AskAsync(call, cancellationToken).ConfigureAwait(false);
        }

        string question = QuestionOf(scope, call);
        string refusal = $"{question} refused by {_source}";
        string absence = $"{scope.Genesis} {scope.Head} {call.Method} {call.Params} not there at {_source}";
        question = call.IsWord ? $"{question} by {_source}" : question;
        string? wrong = null;
        RpcAnswer kept = default;
        bool isKept = !AsksAnew && TryKept(question, call, out kept, out wrong);
        isKept |= !AsksAnew && !isKept && !LooksAgain && (TryKept(absence, call, out kept, out _) || TryKept(refusal, call, out kept, out _));
        if (isKept)
        {
            _meter.AddKeptAnswer();
            return kept;
        }

        IRpc inner = InnerFor(call, wrong);
        HasAsked = true;
        RpcAnswer answer = await inner.AskAsync(call, cancellationToken).ConfigureAwait(false);
        if (answer.Error is not { } error)
        {
            Keep(answer.Result.ValueKind == JsonValueKind.Null ? absence : question, Written(answer), inner.Name);
        }
        else if (call.GoesOnFromRefusal || !RpcErrors.IsPassing(error))
        {
            Keep(refusal, Written(answer), inner.Name);
        }

        return answer;
    }

    private static string QuestionOf(AnswerScope scope, RpcCall call)
    {
        string head = call.LastBlock <= scope.FinalBlock ? "final" : scope.Head;
        return $"{scope.Genesis} {head} {call.Method} {call.Params}";
    }

    private IRpc InnerFor(RpcCall call, string? wrong) => _inner ?? throw new SourceException(
        Name,
        call.Shown,
        (wrong is null ? "no answer is kept for this" : $"the answer kept for this cannot be used ({wrong})")
            + "; run once without --offline");

    private bool TryKept(string question, RpcCall call, out RpcAnswer answer, out string? wrong)
    {
        (answer, wrong) = (default, null);
        if (!_cache.TryRead(question, out byte[]? bytes))
        {
            return false;
        }

        if (Read(bytes) is not { } read)
        {
            wrong = "it is no JSON-RPC answer";
            return false;
        }

        wrong = read.Error is null ? call.Check?.Invoke(read.Result) : null;
        if (wrong is not null)
        {
            return false;
        }

        answer = read;
        _used.Add(question, bytes);
        return true;
    }

    private void Keep(string question, byte[] bytes, string node)
    {
        _cache.Write(question, bytes, node);
        _used.Add(question, bytes);
    }

    private static byte[] Written(RpcAnswer answer)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer))
        {
            writer.WriteStartObject();
            if (answer.Error is { } error)
            {
                writer.WriteStartObject("error");
                writer.WriteNumber("code", error.Code);
                writer.WriteString("message", error.Message);
                writer.WriteEndObject();
            }
            else
            {
                writer.WritePropertyName("result");
                writer.WriteRawValue(JsonMarshal.GetRawUtf8Value(answer.Result), skipInputValidation: true);
            }

            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static RpcAnswer? Read(byte[] bytes)
    {
        try
        {
            // The document lives as long as the answer: it holds nothing else.
            JsonElement root = JsonDocument.Parse(bytes, ParseOptions).RootElement;
            return root.TryGetProperty("error", out JsonElement error)
                ? RpcAnswer.Refused(new RpcError(
                    error.GetProperty("code").GetInt32(), error.GetProperty("message").GetString()!))
                : RpcAnswer.Of(root.GetProperty("result"));
        }
        catch (Exception foreign) when (foreign is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return null;
        }
    }
}
