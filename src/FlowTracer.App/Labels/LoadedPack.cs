using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using FlowTracer.Core.Attributions;

namespace FlowTracer.App.Labels;

/// <summary>A label file, read and checked: the claims in it that a trace can use, and what of it cannot be used.</summary>
/// <param name="Name">The pack's name: the file's name without its ending.</param>
/// <param name="FileName">The file's name without its folder.</param>
/// <param name="Sha256">The SHA-256 digest of the file's bytes, in lower-case hexadecimal.</param>
/// <param name="Tags">The claims about addresses on chains this program traces, in the file's order.</param>
/// <param name="NotIndexed">How many tags are about addresses elsewhere, by the currency or network their pack names.</param>
/// <param name="Warnings">What a user should know about the file though it was accepted, in the file's order.</param>
public sealed record LoadedPack(
    string Name,
    string FileName,
    string Sha256,
    IReadOnlyList<Tag> Tags,
    IReadOnlyList<KeyValuePair<string, int>> NotIndexed,
    IReadOnlyList<LabelError> Warnings)
{
    /// <summary>The endings of label files: TagPack YAML and CSV.</summary>
    public static IReadOnlyList<string> Endings { get; } = [".csv", ".yaml", ".yml"];

    /// <summary>Reads a label file of either format; false with the first fault found.</summary>
    /// <param name="content">The file's bytes.</param>
    /// <param name="file">The file as messages should name it; its ending tells the format.</param>
    /// <param name="pack">The pack when there is no fault.</param>
    /// <param name="error">The fault.</param>
    public static bool TryRead(
        ReadOnlySpan<byte> content,
        string file,
        [NotNullWhen(true)] out LoadedPack? pack,
        [NotNullWhen(false)] out LabelError? error)
    {
        pack = null;
        string ending = Path.GetExtension(file);
        if (!Endings.Contains(ending, StringComparer.OrdinalIgnoreCase))
        {
            error = new LabelError(file, 0, 0, "a label file ends in .csv, .yaml or .yml");
            return false;
        }

        string name = LabelFileText.PackName(file);
        if (!IsPackName(name))
        {
            error = new LabelError(file, 0, 0,
                "a pack's name has at most 100 letters, digits, dots, dashes and underscores, and begins with a letter or digit; "
                + "rename the file");
            return false;
        }

        string digest = Convert.ToHexStringLower(SHA256.HashData(content));
        bool isCsv = ending.Equals(".csv", StringComparison.OrdinalIgnoreCase);
        return isCsv
            ? TryReadCsv(content, file, digest, out pack, out error)
            : TryReadTagPack(content, file, digest, out pack, out error);
    }

    internal static bool IsPackName(string name) =>
        name.Length is > 0 and <= 100
        && char.IsAsciiLetterOrDigit(name[0])
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');

    private static bool TryReadCsv(
        ReadOnlySpan<byte> content, string file, string digest,
        [NotNullWhen(true)] out LoadedPack? pack, [NotNullWhen(false)] out LabelError? error)
    {
        pack = LabelCsv.TryRead(content, file, out IReadOnlyList<Tag>? tags, out error)
            ? new LoadedPack(
                LabelFileText.PackName(file), Path.GetFileName(file), digest, tags, [], UnlistedWords.Warnings(file, tags))
            : null;
        return pack is not null;
    }

    private static bool TryReadTagPack(
        ReadOnlySpan<byte> content, string file, string digest,
        [NotNullWhen(true)] out LoadedPack? pack, [NotNullWhen(false)] out LabelError? error)
    {
        pack = null;
        if (!TagPackReader.TryRead(content, file, out LabelPack? tagPack, out error))
        {
            return false;
        }

        TagPackClaims claims = TagPackClaims.Of(tagPack, file);
        pack = new LoadedPack(
            tagPack.Name, Path.GetFileName(file), digest, claims.Tags, claims.NotIndexed,
            [.. claims.Warnings, .. UnlistedWords.Warnings(file, claims.Tags)]);
        return true;
    }
}

/// <summary>Words for category and confidence that the rules do not know: accepted, and said.</summary>
internal static class UnlistedWords
{
    public static IReadOnlyList<LabelError> Warnings(string file, IReadOnlyList<Tag> tags)
    {
        // Nearly every pack has none, and then nothing is built or sorted: this is part of every start.
        foreach (Tag tag in tags)
        {
            if (IsUnlistedCategory(tag.Category) || IsUnlistedConfidence(tag.Confidence))
            {
                return Counted(file, tags);
            }
        }

        return [];
    }

    private static LabelError[] Counted(string file, IReadOnlyList<Tag> tags)
    {
        var categories = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var confidences = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (Tag tag in tags)
        {
            Add(categories, tag.Category, IsUnlistedCategory(tag.Category));
            Add(confidences, tag.Confidence, IsUnlistedConfidence(tag.Confidence));
        }

        return
        [
            .. categories.Select(word => Warning(file, "category", word, "it never stops a trace")),
            .. confidences.Select(word => Warning(file, "confidence", word, "it ranks below every known one")),
        ];
    }

    private static bool IsUnlistedCategory(string word) => word.Length > 0 && !CategoryRules.IsListed(word);

    private static bool IsUnlistedConfidence(string word) => word.Length > 0 && !ConfidenceRules.IsListed(word);

    private static void Add(SortedDictionary<string, int> counts, string word, bool isUnlisted)
    {
        if (isUnlisted)
        {
            counts[word] = counts.GetValueOrDefault(word) + 1;
        }
    }

    private static LabelError Warning(string file, string what, KeyValuePair<string, int> word, string effect) => new(
        file, 0, 0, LabelError.Quoted(word.Key, $"this {what} of {word.Value} tag{(word.Value == 1 ? "" : "s")} is not known: {effect}"));
}
