using System.Numerics;

namespace FlowTracer.Tests.Reference;

/// <summary>
/// One row of a reference ledger, in the order of the chain. Holders are written <c>address/asset</c>.
/// Kinds: <c>transfer</c> (m→n in one asset, what goes in comes out), <c>conversion</c> (1→1, two assets), <c>fee</c> (input
/// only), <c>reward</c> (output only), <c>unresolved</c> (one side only, the other one is not known).
/// On Bitcoin holders are coins, written <c>address@coin/asset</c>, each made by one row and spent whole by one; kinds:
/// <c>transaction</c> (what goes in and does not come out is its fee), <c>coinbase</c> (outputs only; it stands last of its
/// <paramref name="Block"/>). Amounts are base units of the holder's asset.
/// </summary>
internal sealed record RefMovement(
    int Order,
    List<(string Holder, BigInteger Amount)> Inputs,
    List<(string Holder, BigInteger Amount)> Outputs,
    string Kind,
    string Tx,
    int Block = 0)
{
    /// <summary>Whether its holders are coins.</summary>
    public bool IsBitcoin => Kind is "transaction" or "coinbase";

    /// <summary>An account that pays itself: no lot changes.</summary>
    public bool IsSelfTransfer =>
        Inputs.Count == 1 && Outputs.Count == 1 && Inputs[0].Holder == Outputs[0].Holder;

    public RefMovement Reversed() => this with { Inputs = Outputs, Outputs = Inputs };
}

/// <summary>Names of holders: the address before the last slash, less the coin's own name, and the asset behind it.</summary>
internal static class RefHolder
{
    public static string Address(string holder) => holder[..holder.LastIndexOf('/')].Split('@')[0];

    public static bool IsCoin(string holder) => holder.Contains('@', StringComparison.Ordinal);

    public static string Asset(string holder) => holder[(holder.LastIndexOf('/') + 1)..];
}

/// <summary>
/// A seed. Of a transfer: <paramref name="Order"/> and <paramref name="Output"/> name an output of the ledger, and
/// <paramref name="Amount"/> at most what it states (null: all of it). Of an address: <paramref name="Holder"/> is set; the
/// seed claims the holder's clean units from <paramref name="Order"/> on, up to the amount (null: without end).
/// </summary>
internal sealed record RefSeed(string Id, int Order, int Output, string? Holder, BigInteger? Amount)
{
    public static RefSeed OfTransfer(string id, int order, int output = 0, BigInteger? amount = null) =>
        new(id, order, output, null, amount);

    public static RefSeed OfAddress(string id, string holder, int fromOrder, BigInteger? amount = null) =>
        new(id, fromOrder, 0, holder, amount);
}

/// <summary>Where a trace ends by decision. Null means no such limit.</summary>
internal sealed record RefLimits(
    int? Hops = null,
    int? Addresses = null,
    Dictionary<string, BigInteger>? SmallestLot = null,
    int? UntilOrder = null,
    int? Degree = null)
{
    public static RefLimits None { get; } = new();
}

/// <summary>Everything a run needs but the policy.</summary>
internal sealed record RefCase(
    List<RefMovement> Ledger,
    List<RefSeed> Seeds,
    Dictionary<string, (string Kind, string Name)> Stops,
    HashSet<string> Covered,
    RefLimits Limits,
    bool Backward = false,
    bool FollowFees = false)
{
    /// <summary>Whether the ledger is Bitcoin's.</summary>
    public bool IsBitcoin => Ledger.Exists(m => m.IsBitcoin);

    /// <summary>Coins are covered by their address.</summary>
    public bool IsCovered(string holder) => Covered.Contains($"{RefHolder.Address(holder)}/{RefHolder.Asset(holder)}");
}

/// <summary>
/// Value at a sink. Under value policies the amount is origin, in the seed's asset. Under poison it is what moved there
/// (or lies there) while marked, in the asset it is in.
/// </summary>
internal sealed record RefSink(string Kind, string Name, string Asset, BigInteger Amount);

/// <summary>A part of a holder's balance; <paramref name="Seeds"/> is empty when clean, has one under value policies.</summary>
internal sealed record RefLot(List<string> Seeds, BigInteger Amount, BigInteger Origin);

/// <summary>
/// Value of at least one seed that moved to one receiver. From and To are in the direction of the chain; several holders on
/// one side are all named, never paired.
/// </summary>
internal sealed record RefHop(int Order, string Tx, List<string> From, List<string> To, BigInteger Amount, List<RefLot> Lots);

/// <summary>The seed's balance sheet and the addresses that received some of it, sorted.</summary>
internal sealed record RefSeedResult(
    string Id,
    string Asset,
    BigInteger Stolen,
    BigInteger ClaimedEarlier,
    List<RefSink> Sinks,
    List<string> Reached);

/// <summary>Units of a seed that an earlier seed had claimed already.</summary>
internal sealed record RefCollision(string Seed, string Earlier, string Holder, BigInteger Amount);

/// <summary>What a run found. Gaps are unexplained inflows, summed per holder; unknown openings carry the negative net.</summary>
internal sealed record RefResult(
    string Policy,
    List<RefSeedResult> Seeds,
    SortedDictionary<string, List<RefLot>> Lots,
    SortedDictionary<string, BigInteger> Gaps,
    SortedDictionary<string, BigInteger> UnknownOpenings,
    List<RefCollision> Collisions,
    List<RefHop> Hops)
{
    public BigInteger At(string seed, string kind, string? name = null) => Seeds.Single(s => s.Id == seed).Sinks
        .Where(s => s.Kind == kind && (name is null || s.Name == name))
        .Aggregate(BigInteger.Zero, (sum, s) => sum + s.Amount);
}
