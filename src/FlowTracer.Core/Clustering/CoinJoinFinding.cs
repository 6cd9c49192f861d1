namespace FlowTracer.Core.Clustering;

/// <summary>A transaction found to be a CoinJoin, or the preparation of one.</summary>
/// <param name="Heuristic">What found it.</param>
/// <param name="Protocol">The program that makes such transactions, as people call it.</param>
/// <param name="Confidence">How much speaks for it.</param>
/// <param name="DenominationSats">What each of the equal outputs is worth, in satoshi; of several the most
/// frequent.</param>
/// <param name="EqualOutputs">How many outputs are worth that.</param>
/// <param name="Why">What decided, with the figures: a sentence for a person.</param>
public sealed record CoinJoinFinding(
    Heuristic Heuristic,
    string Protocol,
    HeuristicConfidence Confidence,
    ulong DenominationSats,
    int EqualOutputs,
    string Why)
{
    /// <summary>
    /// Whether several owners mix in it. A Tx0 of Whirlpool does not mix: its inputs have one owner, and where its
    /// outputs go is still plain.
    /// </summary>
    public bool Mixes => Heuristic != Heuristic.CoinJoinWhirlpoolTx0;
}
