using FlowTracer.Core.Attributions;
using FlowTracer.Core.Model;

namespace FlowTracer.App.Labels;

/// <summary>The claims a TagPack makes about addresses on the chains this program traces: one for each of its tags.</summary>
internal sealed record TagPackClaims(
    IReadOnlyList<Tag> Tags,
    IReadOnlyList<KeyValuePair<string, int>> NotIndexed,
    IReadOnlyList<LabelError> Warnings)
{
    public static TagPackClaims Of(LabelPack pack, string file)
    {
        var tags = new List<Tag>(pack.Tags.Count);
        var elsewhere = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var warnings = new List<LabelError>();
        foreach (PackTag packTag in pack.Tags)
        {
            string network = NetworkOf(pack, packTag);
            string text = pack.EffectiveText(packTag, "address").Trim();
            if (!TryChain(network, out ChainId chain))
            {
                elsewhere[network] = elsewhere.GetValueOrDefault(network) + 1;
            }
            else if (!Address.TryParse(chain, text, out Address address, out ParseError fault))
            {
                // A pack of thousands is not refused for an address its publisher got wrong; it is just never looked up.
                warnings.Add(new LabelError(file, packTag.Line, 0, $"{fault}; kept in the pack, not looked up"));
                string unusable = network + " (not an address)";
                elsewhere[unusable] = elsewhere.GetValueOrDefault(unusable) + 1;
            }
            else
            {
                tags.Add(Claim(pack, packTag, address));
            }
        }

        return new TagPackClaims(tags, [.. elsewhere], warnings);
    }

    // Newer packs name the network apart from the currency (USDT on ETH); where they do not, the coin names its own chain.
    private static string NetworkOf(LabelPack pack, PackTag tag)
    {
        string network = pack.EffectiveText(tag, "network").Trim();
        return network.Length > 0 ? network : pack.EffectiveText(tag, "currency").Trim();
    }

    // A token's ticker alone (USDT, USDC) is on several chains and names none of them: it is not guessed from the address.
    private static bool TryChain(string network, out ChainId chain)
    {
        switch (network.ToUpperInvariant())
        {
            case "BTC":
                chain = ChainId.Bitcoin;
                return true;
            case "ETH":
                chain = ChainId.Ethereum;
                return true;
            default:
                chain = default;
                return false;
        }
    }

    // A TagPack's tag may carry a category, an abuse and concepts. The first that stops a trace says what the address does
    // and becomes the claim's category; without one the abuse says more than the category ('user'). The rest is in the note.
    private static Tag Claim(LabelPack pack, PackTag tag, Address address)
    {
        string category = pack.EffectiveText(tag, "category").Trim();
        string abuse = pack.EffectiveText(tag, "abuse").Trim();
        string[] concepts = pack.Effective(tag, "concepts") is LabelList list
            ? [.. list.Items.OfType<LabelText>().Select(item => item.Text.Trim()).Where(text => text.Length > 0)]
            : [];
        string[] candidates = [.. ((string[])[category, .. concepts, abuse]).Where(word => word.Length > 0)];
        string chosen = Array.Find(candidates, word => CategoryRules.StopOf(word).HasValue)
            ?? (abuse.Length > 0 ? abuse : candidates.FirstOrDefault(string.Empty));
        return new Tag(
            address,
            pack.EffectiveText(tag, "label").Trim(),
            chosen,
            pack.EffectiveText(tag, "actor").Trim(),
            pack.EffectiveText(tag, "confidence").Trim(),
            pack.EffectiveText(tag, "source").Trim(),
            Note(chosen, category, abuse, concepts, pack.EffectiveText(tag, "context").Trim()),
            pack.Name);
    }

    private static string Note(string chosen, string category, string abuse, string[] concepts, string context)
    {
        if (context.Length == 0 && concepts.Length == 0 && (abuse.Length == 0 || category.Length == 0))
        {
            return string.Empty;
        }

        var parts = new List<string>();
        if (category.Length > 0 && category != chosen)
        {
            parts.Add("category: " + category);
        }

        if (abuse.Length > 0 && abuse != chosen)
        {
            parts.Add("abuse: " + abuse);
        }

        string[] others = [.. concepts.Where(concept => concept != chosen)];
        if (others.Length > 0)
        {
            parts.Add("concepts: " + string.Join(", ", others));
        }

        if (context.Length > 0)
        {
            parts.Add(context);
        }

        return string.Join("; ", parts);
    }
}
