using System.Formats.Tar;
using System.Globalization;
using System.IO.Compression;
using System.Numerics;
using System.Text.Json;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Chains.Ethereum;

/// <summary>A call that was put to a real node, and what it answered.</summary>
internal sealed record RecordedCall(string File, string Method, JsonElement Params, JsonElement? Result, JsonElement? Error)
{
    public string? Tracer => Params.GetArrayLength() > 1
        && Params[1].ValueKind == JsonValueKind.Object
        && Params[1].TryGetProperty("tracer", out JsonElement tracer) ? tracer.GetString() : null;

    public override string ToString() => $"{File}: {Method}";
}

/// <summary>Calls to mainnet nodes recorded by Erigon's tests, and explorers' answers.</summary>
internal static class RecordedAnswers
{
    public const string RpcFolder = "ethereum-rpc";
    public const string ExplorerFolder = "etherscan-api";

    private static readonly Lazy<RecordedCall[]> AllCalls = new(() => [.. ReadCalls()]);
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 4096 };

    /// <summary>All calls, with files of the ending .json or .tar.</summary>
    public static RecordedCall[] Calls => AllCalls.Value;

    public static IEnumerable<RecordedCall> Of(string method) => Calls.Where(call => call.Method == method);

    /// <summary>Answers of a method that are there and not null.</summary>
    public static IEnumerable<(string File, JsonElement Result)> Results(string method) =>
        Of(method).Where(call => call.Result is { ValueKind: not JsonValueKind.Null })
            .Select(call => (call.File, call.Result!.Value));

    public static JsonElement Explorer(string file)
    {
        using Stream stream = File.OpenRead(Path.Combine(SharedData.Folder(ExplorerFolder), file));
        using Stream plain = file.EndsWith(".gz", StringComparison.Ordinal)
            ? new GZipStream(stream, CompressionMode.Decompress)
            : stream;
        return JsonDocument.Parse(plain, Deep).RootElement;
    }

    /// <summary>Rotki's recording of Etherscan's v2 API: answers by what was asked for.</summary>
    public static IEnumerable<JsonElement> Explorer(string file, string action) =>
        Explorer(file).GetProperty(action).EnumerateArray().Select(static item => item.GetProperty("response"));

    private static IEnumerable<RecordedCall> ReadCalls()
    {
        foreach (string path in Directory.GetFiles(SharedData.Folder(RpcFolder)).Order(StringComparer.Ordinal))
        {
            foreach (JsonElement call in Documents(path).SelectMany(static document => document.EnumerateArray()))
            {
                JsonElement request = call.GetProperty("request");
                JsonElement response = call.GetProperty("response");
                yield return new RecordedCall(
                    Path.GetFileName(path),
                    request.GetProperty("method").GetString()!,
                    request.GetProperty("params"),
                    response.TryGetProperty("result", out JsonElement result) ? result : null,
                    response.TryGetProperty("error", out JsonElement error) ? error : null);
            }
        }
    }

    private static IEnumerable<JsonElement> Documents(string path)
    {
        if (path.EndsWith(".json", StringComparison.Ordinal))
        {
            yield return JsonDocument.Parse(File.ReadAllBytes(path), Deep).RootElement;
        }
        else if (path.EndsWith(".tar", StringComparison.Ordinal))
        {
            using MemoryStream stream = new(SharedData.Bunzip(path));
            using TarReader tar = new(stream);
            while (tar.GetNextEntry() is TarEntry entry)
            {
                if (entry.DataStream is not null)
                {
                    yield return JsonDocument.Parse(entry.DataStream, Deep).RootElement;
                }
            }
        }
    }
}

/// <summary>Reading raw JSON for comparison, by other means than the decoders.</summary>
internal static class Raw
{
    public static string Text(this JsonElement item, string name) => item.GetProperty(name).GetString()!;

    public static BigInteger Number(this JsonElement item, string name) => Number(item.GetProperty(name));

    public static BigInteger Number(this JsonElement value) => value.ValueKind == JsonValueKind.Number
        ? value.GetUInt64()
        : BigInteger.Parse("0" + value.GetString()!.AsSpan(2).ToString(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    public static BigInteger Decimal(this JsonElement item, string name) =>
        BigInteger.Parse(item.Text(name), CultureInfo.InvariantCulture);

    public static bool Has(this JsonElement item, string name) =>
        item.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null;

    /// <summary>A field's text, or the given one where it is missing or null.</summary>
    public static string TextOr(this JsonElement item, string name, string other) => item.Has(name) ? item.Text(name) : other;

    public static string Of(Address address) => address.IsNone ? "none" : address.ToString().ToLowerInvariant();

    public static string Of(ReadOnlyMemory<byte> data) => "0x" + Convert.ToHexStringLower(data.Span);

    public static string Of(TxHash hash) => hash.ToString(ChainFamily.Account);
}
