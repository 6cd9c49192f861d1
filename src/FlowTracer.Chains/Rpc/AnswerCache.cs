using System.Diagnostics.CodeAnalysis;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace FlowTracer.Chains.Rpc;

/// <summary>
/// Answers kept in a folder, for many threads and several processes at once. <c>objects/ab/HASH</c> holds an answer,
/// compressed (Brotli) and named by the SHA-256 of what it decompresses to; <c>asked/ab/HASH</c>, named by the SHA-256
/// of a question, one line of JSON: question, answer (its hash), node. A file is written beside and then moved into
/// place, so it is there whole or not at all; whatever reads wrong all the same (a power failure, a damaged disk)
/// counts as not kept.
/// </summary>
public sealed class AnswerCache
{
    private static readonly TimeSpan LongestWrite = TimeSpan.FromHours(1);
    private readonly string _objects;
    private readonly string _asked;
    private readonly string _unfinished;

    /// <summary>Opens a cache, or makes one.</summary>
    /// <param name="folder">Where it is.</param>
    /// <param name="time">Tells what a process that was killed left behind from what one is writing now.</param>
    /// <exception cref="IOException">The folder cannot be made or read.</exception>
    public AnswerCache(string folder, TimeProvider time)
    {
        Folder = folder;
        _objects = Path.Combine(folder, "objects");
        _asked = Path.Combine(folder, "asked");
        _unfinished = Path.Combine(folder, "unfinished");
        Doing("opened", () =>
        {
            Directory.CreateDirectory(_objects);
            Directory.CreateDirectory(_asked);
            Directory.CreateDirectory(_unfinished);
            DateTime oldest = time.GetUtcNow().UtcDateTime - LongestWrite;
            FileInfo[] left = new DirectoryInfo(_unfinished).GetFiles();
            foreach (FileInfo file in left.Where(file => file.LastWriteTimeUtc < oldest))
            {
                file.Delete();
            }

            return true;
        });
    }

    /// <summary>Where it is, as the user named it.</summary>
    public string Folder { get; }

    /// <summary>Reads the answer kept for a question.</summary>
    /// <returns>False when none is kept that can be used.</returns>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public bool TryRead(string question, [NotNullWhen(true)] out byte[]? answer)
    {
        answer = Doing("read", () =>
            ReadFile(PathIn(_asked, HashOf(question))) is { } asked && AnswerNamedBy(asked, question) is { } hash
                ? ReadObject(hash)
                : null);
        return answer is not null;
    }

    /// <summary>Keeps an answer, in place of an earlier one to this question.</summary>
    /// <param name="question">What was asked; any text.</param>
    /// <param name="answer">The answer's bytes.</param>
    /// <param name="node">Who answered, without secrets.</param>
    /// <exception cref="IOException">It cannot be written: the disk is full, the folder not writable.</exception>
    public void Write(string question, ReadOnlySpan<byte> answer, string node)
    {
        byte[] bytes = answer.ToArray();
        Doing("written", () =>
        {
            string hash = HashOf(bytes);
            // One that is there but damaged is mended by being written again.
            if (ReadObject(hash) is null)
            {
                WriteFile(PathIn(_objects, hash), Compress(bytes));
            }

            byte[] line = JsonSerializer.SerializeToUtf8Bytes(new Asked(question, hash, node), Naming);
            WriteFile(PathIn(_asked, HashOf(question)), [.. line, (byte)'\n']);
            return true;
        });
    }

    internal static string HashOf(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    internal static string HashOf(string text) => HashOf(Encoding.UTF8.GetBytes(text));

    private static readonly JsonSerializerOptions Naming = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    private sealed record Asked(string Question, string Answer, string Node);

    private static string PathIn(string folder, string hash) => Path.Combine(folder, hash[..2], hash);

    private static string? AnswerNamedBy(byte[] asked, string question)
    {
        try
        {
            Asked? entry = JsonSerializer.Deserialize<Asked>(asked, Naming);
            return entry?.Question == question && entry.Answer is { Length: 64 } hash && hash.All(char.IsAsciiHexDigitLower)
                ? hash
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private byte[]? ReadObject(string hash)
    {
        if (ReadFile(PathIn(_objects, hash)) is not { } compressed)
        {
            return null;
        }

        try
        {
            byte[] answer = Decompress(compressed);
            return HashOf(answer) == hash ? answer : null;
        }
        catch (Exception damaged) when (damaged is InvalidDataException or InvalidOperationException)
        {
            return null;
        }
    }

    private static byte[]? ReadFile(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception absent) when (absent is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private void WriteFile(string path, byte[] bytes)
    {
        string beside = Path.Combine(_unfinished, Guid.NewGuid().ToString("N"));
        try
        {
            File.WriteAllBytes(beside, bytes);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Move(beside, path, overwrite: true);
        }
        catch (IOException)
        {
            File.Delete(beside);
            throw;
        }
    }

    private static byte[] Compress(byte[] bytes)
    {
        using MemoryStream compressed = new();
        using (BrotliStream brotli = new(compressed, CompressionLevel.Fastest))
        {
            brotli.Write(bytes);
        }

        return compressed.ToArray();
    }

    private static byte[] Decompress(byte[] compressed)
    {
        using BrotliStream brotli = new(new MemoryStream(compressed), CompressionMode.Decompress);
        using MemoryStream bytes = new();
        brotli.CopyTo(bytes);
        return bytes.ToArray();
    }

    private T Doing<T>(string what, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"the cache in {Folder} cannot be {what}: {fault.Message}", fault);
        }
    }
}
