using System.Collections.Immutable;

namespace FlowTracer.Core.Clustering;

/// <summary>How much speaks for what a heuristic found. A heuristic estimates: none of these is proof.</summary>
public enum HeuristicConfidence : byte
{
    /// <summary>One clue, which ordinary transactions often give too.</summary>
    Low = 1,

    /// <summary>Clues that agree, or a form that is rare by chance.</summary>
    Medium,

    /// <summary>A form that one program makes and hardly anything else does.</summary>
    High,
}

/// <summary>
/// A rule of thumb about Bitcoin transactions, by its name. Each can be switched on and off (<see
/// cref="HeuristicSet"/>), and what it finds names it. The rules, their parameters and where those come from stand
/// where they are applied and in docs/heuristics.md.
/// </summary>
public sealed class Heuristic
{
    private Heuristic(int index, string name, string summary, bool isOnByDefault = true) =>
        (Index, Name, Summary, IsOnByDefault) = (index, name, summary, isOnByDefault);

    /// <summary>
    /// The inputs of a transaction have one owner (Nakamoto 2008, section 10; Meiklejohn et al. 2013).
    /// </summary>
    public static Heuristic CommonInput { get; } =
        new(0, "common-input", "the inputs of a transaction have one owner");

    /// <summary>
    /// So have those of a CoinJoin: wrong by design, and kept to compare with tools that do not look.
    /// </summary>
    public static Heuristic CommonInputCoinJoin { get; } =
        new(1, "common-input-coinjoin", "the inputs of a CoinJoin too have one owner", isOnByDefault: false);

    /// <summary>See <see cref="ChangeDetector"/>.</summary>
    public static Heuristic ChangeAddressType { get; } =
        new(2, "change-address-type", "change goes to the type of address the inputs have");

    /// <summary>See <see cref="ChangeDetector"/>.</summary>
    public static Heuristic ChangeAddressReuse { get; } =
        new(3, "change-address-reuse", "an output to an address of an input is change");

    /// <summary>See <see cref="ChangeDetector"/>.</summary>
    public static Heuristic ChangeRoundValue { get; } =
        new(4, "change-round-value", "people pay round amounts, and change is not round");

    /// <summary>See <see cref="ChangeDetector"/>.</summary>
    public static Heuristic ChangeOptimal { get; } =
        new(5, "change-optimal", "change is less than every input, or an input would not have been needed");

    /// <summary>See <see cref="ChangeDetector"/>.</summary>
    public static Heuristic ChangeFresh { get; } =
        new(6, "change-fresh", "change goes to an address never seen before");

    /// <summary>See <see cref="PeelChains"/>.</summary>
    public static Heuristic PeelChain { get; } =
        new(7, "peel-chain", "small amounts are peeled off one coin, step by step");

    /// <summary>See <see cref="WasabiRounds"/>.</summary>
    public static Heuristic CoinJoinWasabi1 { get; } =
        new(8, "coinjoin-wasabi-1", "a round of Wasabi 1 (ZeroLink)");

    /// <summary>See <see cref="WasabiRounds"/>.</summary>
    public static Heuristic CoinJoinWasabi2 { get; } =
        new(9, "coinjoin-wasabi-2", "a round of Wasabi 2 (WabiSabi)");

    /// <summary>See <see cref="WhirlpoolMixes"/>.</summary>
    public static Heuristic CoinJoinWhirlpool { get; } =
        new(10, "coinjoin-whirlpool", "a mix of Samourai's Whirlpool");

    /// <summary>See <see cref="WhirlpoolMixes"/>.</summary>
    public static Heuristic CoinJoinWhirlpoolTx0 { get; } =
        new(11, "coinjoin-whirlpool-tx0", "a payer's preparation for Whirlpool");

    /// <summary>See <see cref="JoinMarketRounds"/>.</summary>
    public static Heuristic CoinJoinJoinMarket { get; } =
        new(12, "coinjoin-joinmarket", "a JoinMarket round of makers and a taker");

    /// <summary>See <see cref="CoinJoinDetector"/>.</summary>
    public static Heuristic CoinJoinEqualOutputs { get; } =
        new(13, "coinjoin-equal-outputs", "half of the outputs are equal, with inputs for as many", isOnByDefault: false);

    /// <summary>All there are, in the order of their numbers.</summary>
    public static ImmutableArray<Heuristic> All { get; } =
    [
        CommonInput, CommonInputCoinJoin, ChangeAddressType, ChangeAddressReuse, ChangeRoundValue, ChangeOptimal,
        ChangeFresh, PeelChain, CoinJoinWasabi1, CoinJoinWasabi2, CoinJoinWhirlpool, CoinJoinWhirlpoolTx0,
        CoinJoinJoinMarket, CoinJoinEqualOutputs,
    ];

    /// <summary>What users write and results show: lower case, words joined by hyphens. It never changes.</summary>
    public string Name { get; }

    /// <summary>What it supposes, in one clause.</summary>
    public string Summary { get; }

    /// <summary>Whether it is on where nobody chose.</summary>
    public bool IsOnByDefault { get; }

    internal int Index { get; }

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
