using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using FlowTracer.Chains.Bitcoin.Live;
using FlowTracer.Chains.Ethereum.Live;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;

namespace FlowTracer.App.Sources;

/// <summary>
/// What a trace from live sources begins with, kept so that it can be run again without asking anybody: which kind of
/// source each address is, what they can do, and where the chain ended.
/// </summary>
/// <param name="Kinds">For each address what speaks there; null when it was not usable: nobody knows what it is.</param>
/// <param name="View">The chain as it was looked at.</param>
public sealed record Session(IReadOnlyList<SourceKind?> Kinds, ChainView View)
{
    /// <summary>What sources of Ethereum can do together; null for Bitcoin's.</summary>
    public NodeAbilities? Abilities { get; init; }

    /// <summary>What sources of Bitcoin can do together; null for Ethereum's.</summary>
    public AboutSource? About { get; init; }

    private static readonly JsonSerializerOptions Options = new()
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter() },
    };

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
        IReadOnlyList<SourceKind?> Kinds, NodeAbilities? Abilities, AboutSource? About, string Chain, string Genesis, ulong Head,
        string HeadHash, long HeadTimeSeconds, ulong FinalBlock)
    {
        public static Document Of(Session session) => new(
            session.Kinds, session.Abilities, session.About, session.View.Chain.ToString(), session.View.Genesis, session.View.Head,
            session.View.HeadHash, session.View.HeadTimeSeconds, session.View.FinalBlock);

        public Session ToSession()
        {
            if (!ChainId.TryParse(Chain, out ChainId chain) || !IsHash(Genesis) || !IsHash(HeadHash)
                || (chain.Family == ChainFamily.Account ? Abilities is null : About is null))
            {
                throw new FormatException("not a session");
            }

            return new Session(Kinds, new ChainView(chain, Genesis, Head, HeadHash, HeadTimeSeconds, FinalBlock))
            {
                Abilities = Abilities,
                About = About,
            };
        }

        private static bool IsHash(string? text) => text is { Length: >= 64 } && text[^64..].All(char.IsAsciiHexDigit);
    }
}
