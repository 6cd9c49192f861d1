using FlowTracer.Core.Attributions;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.App.Labels;

/// <summary>What <c>labels lookup</c> answers.</summary>
/// <param name="Address">The address that was asked about.</param>
/// <param name="Attribution">The conclusion with every claim, best first; null when nobody claims anything.</param>
public sealed record LabelLookup(Address Address, Attribution? Attribution)
{
    /// <summary>Every claim about an address and what follows from them.</summary>
    public static LabelLookup Of(ITagSource tags, Address address)
    {
        ArgumentNullException.ThrowIfNull(tags);
        IReadOnlyList<Tag> claims = tags.TagsOf(address);
        return new LabelLookup(address, claims.Count == 0 ? null : AttributionRules.Conclude(claims));
    }

    /// <summary>
    /// Reads an address whose chain nobody named: one that begins with <c>0x</c> is looked up on Ethereum, any other on
    /// Bitcoin. False with the reason when it is not an address there.
    /// </summary>
    public static bool TryParse(string text, out Address address, out ParseError error)
    {
        ArgumentNullException.ThrowIfNull(text);
        bool isAccount = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        return Address.TryParse(isAccount ? ChainId.Ethereum : ChainId.Bitcoin, text, out address, out error);
    }
}
