using FlowTracer.Core.Bulk;

namespace FlowTracer.Benchmarks.Ledgers;

/// <summary>
/// A made-up ledger of coins, and the two thefts in it that benchmarks trace. docs/benchmark-ledgers.md describes how it is
/// made, and how far it is like real ones.
/// </summary>
/// <param name="Ledger">Its movements, in satoshi.</param>
/// <param name="Treasury">The coin that is issued in row 0 with half of all that is ever issued.</param>
/// <param name="FirstLoot">
/// The first of the 1,000 coins into which row 1 splits the treasury, less its fee: they carry what the treasury was worth.
/// </param>
/// <param name="Theft">The coin that takes all of one ordinary owner's newest coins, 0.2 bitcoin at least before the fee, in the middle of the ledger.</param>
internal sealed record CoinChain(CoinLedger Ledger, int Treasury, int FirstLoot, int Theft)
{
    /// <summary>The fewest transactions it can be made of.</summary>
    public const int LeastTransactions = 10_000;

    /// <summary>How many coins the treasury is split into.</summary>
    public const int Branches = 1_000;

    private const ulong SupplyPerRow = 20_000_000;

    /// <summary>All that is ever issued: 0.2 bitcoin for each row, in satoshi, so that ledgers of all sizes look alike.</summary>
    public static ulong Supply(int transactions) => (ulong)transactions * SupplyPerRow;

    /// <summary>A ledger of exactly so many rows; the same for the same arguments on every machine.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than <see cref="LeastTransactions"/>.</exception>
    public static CoinChain Make(int transactions, int seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(transactions, LeastTransactions);
        return new CoinChainMaker(transactions, seed).Make();
    }
}
