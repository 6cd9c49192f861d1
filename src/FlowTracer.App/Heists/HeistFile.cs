using System.Globalization;
using System.Text.RegularExpressions;
using FlowTracer.Chains.Recorded;
using FlowTracer.Core.Model;
using FlowTracer.Core.Tracing;

namespace FlowTracer.App.Heists;

/// <summary>Reads one heist of the catalogue (<c>fixtures/heists/*.yaml</c>, docs/formats.md).</summary>
public static partial class HeistFile
{
    /// <summary>Reads a heist file's text.</summary>
    /// <param name="text">The YAML.</param>
    /// <param name="file">Its path, for errors; its name without extension must be the heist's id.</param>
    /// <exception cref="InputException">It is malformed, states an unknown key, or an address, amount or date is wrong.</exception>
    public static Heist Parse(string text, string file)
    {
        YamlNode top = YamlNode.Parse(text, file);
        ChainId chain = ChainOf(top);
        string id = top.TextOf("id");
        if (!Slug().IsMatch(id) || id != Path.GetFileNameWithoutExtension(file))
        {
            throw top["id"].Fault($"id '{id}' should be the file's name: lower-case letters, digits and hyphens");
        }

        Heist heist = new(
            id,
            top.TextOf("name"),
            DateOf(top),
            LossOf(top),
            top.TextOrEmpty("attribution"),
            top.TextOrEmpty("summary"),
            [.. top.ListOf("sources").Select(static source => source.Text ?? throw source.Fault("a source is a text"))],
            top.TextOrEmpty("data"),
            [.. top.ListOf("seeds").Select(seed => SeedOf(seed, chain, file))],
            [.. top.ListOf("coverage").SelectMany(entry => CoverageOf(entry, chain))],
            [.. top.ListOf("addresses").Select(entry => KnownOf(entry, chain))],
            top.TextOrEmpty("seeds_file"),
            file);
        top.RefuseOthers();
        if (heist.SeedsPath.Length > 0 && !heist.Seeds.IsEmpty)
        {
            throw top["seeds_file"].Fault("a heist states its seeds here or in a file of their own, not in both");
        }

        return heist.Sources.IsEmpty ? throw top.Fault("a heist names its sources") : heist;
    }

    private static ChainId ChainOf(YamlNode node)
    {
        string text = node.Find("chain") is null ? "ethereum" : node.TextOf("chain");
        return ChainId.TryParse(text, out ChainId chain) ? chain : throw node["chain"].Fault($"'{text}' is not a chain");
    }

    private static string DateOf(YamlNode top)
    {
        string date = top.TextOf("date");
        string[] formats = ["yyyy", "yyyy-MM", "yyyy-MM-dd"];
        return DateOnly.TryParseExact(date, formats, CultureInfo.InvariantCulture, DateTimeStyles.None, out _)
            ? date
            : throw top["date"].Fault($"'{date}' is not a date like 2022-03-23, 2022-03 or 2022");
    }

    private static long? LossOf(YamlNode top) => top.Find("loss_usd") is null ? null
        : long.TryParse(top.TextOf("loss_usd"), NumberStyles.None, CultureInfo.InvariantCulture, out long loss) ? loss
        : throw top["loss_usd"].Fault("a loss is a whole number of US dollars");

    private static HeistSeed SeedOf(YamlNode seed, ChainId chain, string file)
    {
        string tx = seed.TextOf("transaction");
        if (!TxHash.TryParse(chain.Family, tx, out TxHash hash, out ParseError txError))
        {
            throw seed["transaction"].Fault($"transaction {txError}");
        }

        if (!Amount.TryParse(seed.TextOf("amount"), out Amount amount, out ParseError amountError))
        {
            throw seed["amount"].Fault($"amount {amountError}");
        }

        HeistSeed read = new(hash, AddressOf(seed, "to", chain), AssetOf(seed["asset"], chain), amount, file, seed.Line);
        seed.RefuseOthers();
        return read;
    }

    private static IEnumerable<RecordCoverage> CoverageOf(YamlNode entry, ChainId chain)
    {
        string text = entry.TextOf("text");
        long? upTo = entry.Find("until") is null ? null
            : DateTimeOffset.TryParseExact(
                entry.TextOf("until"), "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal, out DateTimeOffset until)
                ? until.ToUnixTimeSeconds()
                : throw entry["until"].Fault("not a time like 2022-05-19T16:28:20Z");
        Asset[] assets = [.. entry.ListOf("assets").Select(asset => AssetOf(asset, chain))];
        IReadOnlyList<YamlNode> addresses = entry.ListOf("addresses");
        entry.RefuseOthers();
        if (assets.Length == 0 || addresses.Count == 0)
        {
            throw entry.Fault("coverage names its assets and addresses");
        }

        return from node in addresses
               let address = AddressOf(node, chain)
               from asset in assets
               select new RecordCoverage(address, asset, upTo, text);
    }

    private static KnownAddress KnownOf(YamlNode entry, ChainId chain)
    {
        KnownAddress known = new(AddressOf(entry, "address", chain), entry.TextOf("role"));
        entry.RefuseOthers();
        return known;
    }

    private static Asset AssetOf(YamlNode node, ChainId chain) =>
        Asset.TryParse(chain, node.Text ?? string.Empty, out Asset asset, out ParseError error)
            ? asset
            : throw node.Fault($"asset {error}");

    private static Address AddressOf(YamlNode entry, string key, ChainId chain)
    {
        entry.TextOf(key);
        return AddressOf(entry[key], chain);
    }

    private static Address AddressOf(YamlNode node, ChainId chain) =>
        Address.TryParse(chain, node.Text ?? string.Empty, out Address address, out ParseError error)
            ? address
            : throw node.Fault($"address {error}");

    [GeneratedRegex("^[a-z0-9]+(-[a-z0-9]+)*$", RegexOptions.CultureInvariant)]
    private static partial Regex Slug();
}
