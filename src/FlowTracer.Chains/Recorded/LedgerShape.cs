using FlowTracer.Core.Bulk;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Chains.Recorded;

/// <summary>Whether a ledger's columns fit together in length: what writing one asks for, and opening one can see at once.</summary>
internal static class LedgerShape
{
    /// <summary>The first fault; null when there is none.</summary>
    public static string? FaultOf<TUnits>(AccountLedger<TUnits> ledger)
        where TUnits : struct, IUnits<TUnits>
    {
        (HolderColumns holders, LegColumns<TUnits> legs, Links next) = (ledger.Holders, ledger.Legs, ledger.LinksOf(Direction.Forward));
        return Length("to", ledger.To.Length, ledger.Rows)
            ?? Length("amounts", ledger.Amounts.Length, ledger.Rows)
            ?? Length("next-of-from", next.OfFrom.Length, ledger.Rows)
            ?? Length("next-of-to", next.OfTo.Length, ledger.Rows)
            ?? Length("assets", holders.Assets.Length, holders.Assets.IsEmpty ? 0 : holders.Count)
            ?? Length("first-rows", next.First.Length, holders.Count)
            ?? Length("leg-amounts", legs.Amounts.Length, legs.Holders.Length)
            ?? Length("next-of-legs", next.OfLegs.Length, legs.Holders.Length)
            ?? Starts("leg-starts", legs.Starts.Span, (2L * legs.Kinds.Length) + 1, legs.Holders.Length)
            ?? OfBlocks(ledger.Blocks);
    }

    /// <summary>The first fault; null when there is none.</summary>
    public static string? FaultOf(CoinLedger ledger) =>
        Starts("input-starts", ledger.InputStarts.Span, ledger.Rows + 1L, ledger.Inputs.Length)
        ?? Starts("output-starts", ledger.OutputStarts.Span, ledger.Rows + 1L, null)
        ?? (ledger.OutputStarts.Span[^1] > ledger.Coins
            ? $"column 'output-starts' ends at {ledger.OutputStarts.Span[^1]}, and there are {ledger.Coins} coins"
            : null)
        ?? Length("addresses", ledger.Addresses.Length, ledger.Coins)
        ?? Length("spenders", ledger.Spenders.Length, ledger.Coins)
        ?? OfBlocks(ledger.Blocks);

    private static string? OfBlocks(BlockColumns blocks) =>
        Length("block-numbers", blocks.Numbers.Length, blocks.FirstRows.Length)
        ?? Length("block-times", blocks.Times.Length, blocks.FirstRows.Length);

    // Starts of parts that follow each other: from 0 to the end of the last, where it is known.
    private static string? Starts(string column, ReadOnlySpan<int> starts, long length, int? end) =>
        Length(column, starts.Length, length)
        ?? (starts[0] == 0 ? null : $"column '{column}' begins with {starts[0]}, not 0")
        ?? (end is null || starts[^1] == end ? null : $"column '{column}' ends with {starts[^1]}, not {end}");

    private static string? Length(string column, int length, long expected) =>
        length == expected ? null : $"column '{column}' has {length} elements and should have {expected}";
}
