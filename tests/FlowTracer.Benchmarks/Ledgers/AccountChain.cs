using FlowTracer.Core.Bulk;
using FlowTracer.Core.Model;

namespace FlowTracer.Benchmarks.Ledgers;

/// <summary>
/// A made-up ledger of one token, and the two thefts in it that benchmarks trace. docs/benchmark-ledgers.md describes how it
/// is made, and how far it is like real ones.
/// </summary>
/// <param name="Ledger">Its movements. Amounts are millionths of a token.</param>
/// <param name="Treasury">The holder to which half of all that is ever issued is issued, in row 0.</param>
/// <param name="LootRows">
/// The 1,000 transfers, early on and to as many holders, by which the treasury pays out all of it: together they carry what
/// the treasury held, and nothing else.
/// </param>
/// <param name="TheftRow">One ordinary holder's loss of all it has, 1,000 tokens at least, in the middle of the ledger.</param>
internal sealed record AccountChain(AccountLedger<Units64> Ledger, int Treasury, ReadOnlyMemory<int> LootRows, int TheftRow)
{
    /// <summary>The fewest transfers it can be made of.</summary>
    public const int LeastTransfers = 10_000;

    /// <summary>How many holders the treasury pays.</summary>
    public const int Branches = 1_000;

    private const ulong SupplyPerTransfer = 1_000_000_000;

    /// <summary>All that is ever issued: 1,000 tokens for each row, in millionths, so that ledgers of all sizes look alike.</summary>
    public static ulong Supply(int transfers) => (ulong)transfers * SupplyPerTransfer;

    /// <summary>The row by which all the loot is paid out: a thousandth of the rows, or 2,000.</summary>
    public static int LootEnd(int transfers) => Math.Max(transfers / 1_000, 2_000);

    /// <summary>A ledger of exactly so many rows; the same for the same arguments on every machine.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than <see cref="LeastTransfers"/>.</exception>
    public static AccountChain Make(int transfers, int seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(transfers, LeastTransfers);
        return new AccountChainMaker(transfers, seed).Make();
    }
}
