using FlowTracer.Core.Model;

namespace FlowTracer.Core.Attributions;

/// <summary>
/// What each category says about a trace. A category either says what an address does with the coins it is sent, and then
/// a trace ends there, or it says who holds the address or what was done with it, and then the trace goes on. The words are
/// this program's, the entity and abuse taxonomies of INTERPOL and GraphSense, and those in use in public TagPacks.
/// Case and the choice of <c>_</c>, <c>-</c> or a space make no difference.
/// </summary>
public static class CategoryRules
{
    // A null kind: the category is known and does not stop a trace. A plain dictionary: a frozen one takes longer to
    // build than a run of the program looks things up in it.
    private static readonly Dictionary<string, SinkKind?> Stops =
        new Dictionary<string, SinkKind?>(StringComparer.Ordinal)
        {
            ["mixer"] = SinkKind.Mixer,
            ["mixing-service"] = SinkKind.Mixer,
            ["coinjoin"] = SinkKind.Mixer,

            ["exchange"] = SinkKind.Exchange,
            ["exchange-deposit"] = SinkKind.Exchange,

            ["bridge"] = SinkKind.Bridge,
            ["defi-bridge"] = SinkKind.Bridge,

            ["service"] = SinkKind.Service,
            ["dex"] = SinkKind.Service,
            ["swap-service"] = SinkKind.Service,
            ["defi"] = SinkKind.Service,
            ["defi-dex"] = SinkKind.Service,
            ["defi-lending"] = SinkKind.Service,
            ["defi-derivative"] = SinkKind.Service,
            ["gambling"] = SinkKind.Service,
            ["market"] = SinkKind.Service,
            ["marketplace"] = SinkKind.Service,
            ["shop"] = SinkKind.Service,
            ["hosting"] = SinkKind.Service,
            ["payment-processor"] = SinkKind.Service,
            ["atm"] = SinkKind.Service,
            ["faucet"] = SinkKind.Service,
            ["mining-service"] = SinkKind.Service,
            ["wallet-service"] = SinkKind.Service,
            ["hosted-wallet"] = SinkKind.Service,
            ["escrow-wallet"] = SinkKind.Service,
            ["ico-wallet"] = SinkKind.Service,
            ["filesharing"] = SinkKind.Service,
            ["messaging-service"] = SinkKind.Service,

            ["burn"] = SinkKind.Burn,

            ["user"] = null,
            ["organization"] = null,
            ["donation"] = null,
            ["miner"] = null,
            ["cold-wallet"] = null,
            ["collectible"] = null,
            ["entity"] = null,
            ["index"] = null,
            ["item"] = null,
            ["search-engine"] = null,
            ["heist"] = null,
            ["hack"] = null,
            ["service-hack"] = null,
            ["sanctioned"] = null,
            ["sanction"] = null,
            ["black-list"] = null,
            ["ransomware"] = null,
            ["extortion"] = null,
            ["sextortion"] = null,
            ["scam"] = null,
            ["phishing"] = null,
            ["investment-fraud"] = null,
            ["ponzi-scheme"] = null,
            ["pyramid-scheme"] = null,
        };

    /// <summary>Whether the category is in the table; imports warn about those that are not, which never stop a trace.</summary>
    public static bool IsListed(string category) => Stops.ContainsKey(Folded(category));

    /// <summary>Where a trace ends at an address of this category; null when it goes on.</summary>
    public static SinkKind? StopOf(string category) => Stops.GetValueOrDefault(Folded(category));

    private static string Folded(string category)
    {
        ArgumentNullException.ThrowIfNull(category);
        foreach (char c in category)
        {
            if (c is '_' or ' ' or (>= 'A' and <= 'Z'))
            {
                return category.ToLowerInvariant().Replace('_', '-').Replace(' ', '-');
            }
        }

        return category;
    }
}
