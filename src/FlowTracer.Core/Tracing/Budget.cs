namespace FlowTracer.Core.Tracing;

/// <summary>
/// When a trace must stop early. Under a budget each pass cuts what arrives where no history is known; the histories of the
/// holders with the most tainted value so unplaced are asked for first, in small rounds, until nothing is cut or the budget
/// is used up. The last pass is the answer and says how much it does not follow. An address seed's own history, without which nobody knows what was stolen, is asked for in any
/// case and does not count.
/// </summary>
/// <param name="Requests">How many histories may be asked for: one holder's history is one request; null for any number.</param>
/// <param name="TimeIsUp">
/// Whether the time is used up, which it stays; asked before each round; null for any time. The answer depends on it by the number of
/// requests made until then alone, so that a budget of as many requests gives the same answer.
/// </param>
public sealed record Budget(int? Requests, Func<bool>? TimeIsUp)
{
    // Eight histories keep a source busy. Later rounds grow with what is known, so that there are few of them however
    // many histories there are, and each is still a small part of all.
    private const int SmallestRound = 8;
    private const int RoundsToDouble = 8;

    /// <summary>No limit: histories are asked for all at once.</summary>
    public static Budget None { get; } = new(null, null);

    /// <summary>Whether there is any limit.</summary>
    public bool IsLimited => Requests is not null || TimeIsUp is not null;

    /// <summary>Whether no more may be asked for after so many requests.</summary>
    internal bool IsUsedUpAfter(int requests) => requests >= Requests || TimeIsUp?.Invoke() == true;

    /// <summary>How many to ask for next after so many requests.</summary>
    internal int RoundAfter(int requests) =>
        Math.Min(Math.Max(SmallestRound, requests / RoundsToDouble), (Requests ?? int.MaxValue) - requests);
}
