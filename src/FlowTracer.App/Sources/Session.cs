using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FlowTracer.Chains.Ethereum;
using FlowTracer.Chains.Ethereum.Live;
using FlowTracer.Core.Model;

namespace FlowTracer.App.Sources;

/// <summary>
/// What a trace from live sources begins with, kept so that it can be run again without asking anybody: which kind of
/// source each address is, what they can do, and where the chain ended.
/// </summary>
/// <param name="Explorers">
/// For each address, whether it is an explorer rather than a node; null when it was not usable: nobody knows what it is.
/// </param>
/// <param name="Abilities">What they can do together.</param>
/// <param name="View">The chain as it was looked at.</param>
public sealed record Session(IReadOnlyList<bool?> Explorers, NodeAbilities Abilities, ChainView View)
{
    private static readonly JsonSerializerOptions Options = new() { WriteIndented = true };

    /// <summary>Where the session of a question is kept.</summary>
    public static string FileOf(string cacheFolder, string question) => Path.Combine(
        cacheFolder, "sessions", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(question))) + ".json");

    /// <summary>Reads a session; null when none is kept, or not whole.</summary>
    public static Session? Read(string file)
    {
        try
        {
            return File.Exists(file) ? JsonSerializer.Deserialize<Document>(File.ReadAllBytes(file), Options)?.ToSession() : null;
        }
        catch (Exception fault) when (fault is JsonException or FormatException or ArgumentException)
        {
            // Not whole: as good as not there. It is written anew.
            return null;
        }
    }

    /// <summary>Keeps a session, whole or not at all.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write(string file)
    {
        string temporary = $"{file}.{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}.tmp";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(Document.Of(this), Options));
            File.Move(temporary, file, overwrite: true);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new IOException(
                $"the cache in {Path.GetDirectoryName(Path.GetDirectoryName(file))} cannot be written: {fault.Message}", fault);
        }
    }

    private sealed record Document(
        IReadOnlyList<bool?> Explorers, NodeAbilities Abilities, string Chain, string Genesis, ulong Head, string HeadHash,
        long HeadTimeSeconds, ulong FinalBlock)
    {
        public static Document Of(Session session) => new(
            session.Explorers, session.Abilities, session.View.Chain.ToString(), session.View.Genesis, session.View.Head,
            session.View.HeadHash, session.View.HeadTimeSeconds, session.View.FinalBlock);

        public Session ToSession() => ChainId.TryParse(Chain, out ChainId chain)
            ? new Session(Explorers, Abilities, new ChainView(chain, Hash(Genesis), Head, Hash(HeadHash), HeadTimeSeconds, FinalBlock))
            : throw new FormatException($"no chain {Chain}");

        private static Word Hash(string text) => text is { Length: 2 + (2 * Word.ByteLength) }
            ? Word.FromBytes(Convert.FromHexString(text.AsSpan(2)))
            : throw new FormatException("no hash");
    }
}
