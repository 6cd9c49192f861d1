namespace FlowTracer.Core.Attributions;

/// <summary>
/// The rank of each confidence word, 0 to 100. The figures for GraphSense's words are its own (the <c>level</c> column of
/// its TagPack tool's confidence table); this program's words take the rank of the GraphSense word they mean, and
/// <c>analyst</c> and <c>explorer</c>, which have none, lie between its neighbours.
/// </summary>
public static class ConfidenceRules
{
    /// <summary>The rank of a claim that names no confidence: GraphSense's <c>unknown</c>.</summary>
    public const int UnstatedRank = 5;

    /// <summary>The rank of a word that is not in the table: below every one that is. Imports warn about it.</summary>
    public const int UnlistedRank = 0;

    // A plain dictionary: a frozen one takes longer to build than a run of the program looks things up in it.
    private static readonly Dictionary<string, int> Ranks = new Dictionary<string, int>(StringComparer.Ordinal)
    {
        // This program's words.
        ["ledger"] = 100,
        ["authority"] = 60,
        ["analyst"] = 45,
        ["explorer"] = 30,

        // GraphSense's words.
        ["override"] = 100,
        ["ownership"] = 100,
        ["ledger_immanent"] = 100,
        ["manual_transaction"] = 90,
        ["service_api"] = 70,
        ["forensic_investigation"] = 70,
        ["authority_data"] = 60,
        ["trusted_provider"] = 50,
        ["service_data"] = 50,
        ["forensic"] = 50,
        ["untrusted_transaction"] = 40,
        ["web_crawl"] = 20,
        ["heuristic"] = 10,
        ["unknown"] = UnstatedRank,
    };

    /// <summary>Whether the word is in the table.</summary>
    public static bool IsListed(string word) => Ranks.ContainsKey(word);

    /// <summary>The word's rank: higher is more certain.</summary>
    public static int RankOf(string word)
    {
        ArgumentNullException.ThrowIfNull(word);
        return word.Length == 0 ? UnstatedRank : Ranks.GetValueOrDefault(word, UnlistedRank);
    }
}
