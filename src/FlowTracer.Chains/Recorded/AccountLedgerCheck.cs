using FlowTracer.Core.Bulk;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Chains.Recorded;

/// <summary>Whether every number in a ledger of accounts is one of something that is there, and its links are what its rows say.</summary>
internal static class AccountLedgerCheck
{
    /// <summary>The first fault of a ledger whose columns fit together in length; null when there is none.</summary>
    public static string? FaultOf<TUnits>(AccountLedger<TUnits> ledger, CancellationToken cancellationToken)
        where TUnits : struct, IUnits<TUnits>
    {
        (HolderColumns holders, LegColumns<TUnits> legs) = (ledger.Holders, ledger.Legs);
        return ColumnCheck.Range("from", ledger.From.Span, -1 - legs.Kinds.Length, holders.Count - 1)
            ?? ColumnCheck.Range("to", ledger.To.Span, AccountLedger<TUnits>.Nobody, holders.Count - 1)
            ?? ColumnCheck.Range("addresses", holders.Addresses.Span, 0, holders.Count - 1)
            ?? ColumnCheck.Range("assets", holders.Assets.Span, 0, int.MaxValue)
            ?? ColumnCheck.Ascending("leg-starts", legs.Starts.Span)
            ?? ColumnCheck.Range("leg-holders", legs.Holders.Span, 0, holders.Count - 1)
            ?? KindFault(legs)
            ?? ColumnCheck.Blocks(ledger.Blocks, ledger.Rows)
            ?? LinkFault(ledger, cancellationToken);
    }

    private static string? KindFault<TUnits>(LegColumns<TUnits> legs)
        where TUnits : struct, IUnits<TUnits>
    {
        ReadOnlySpan<MovementKind> kinds = legs.Kinds.Span;
        ReadOnlySpan<int> starts = legs.Starts.Span;
        for (int i = 0; i < kinds.Length; i++)
        {
            if (kinds[i] is < MovementKind.External or > MovementKind.Unresolved)
            {
                return $"column 'leg-kinds': element {i} is {(byte)kinds[i]}, which is no kind of movement";
            }

            (int start, int middle, int end) = (starts[2 * i], starts[(2 * i) + 1], starts[(2 * i) + 2]);
            if (kinds[i] == MovementKind.Swap && (middle - start != 1 || end - middle != 1))
            {
                return $"legs {i} are a swap of {middle - start} givers and {end - middle} receivers; it has one of each";
            }
        }

        return null;
    }

    // Goes through the rows from the last to the first: what each says comes next is the row that was seen last.
    private static string? LinkFault<TUnits>(AccountLedger<TUnits> ledger, CancellationToken cancellationToken)
        where TUnits : struct, IUnits<TUnits>
    {
        Links links = ledger.LinksOf(Direction.Forward);
        ReadOnlySpan<int> from = ledger.From.Span;
        int[] seen = new int[ledger.Holders.Count];
        Array.Fill(seen, -1);
        for (int row = ledger.Rows - 1; row >= 0; row--)
        {
            if ((row & 0xFFFF) == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            int special = AccountLedger<TUnits>.LegsAt(from[row]);
            string? fault = special >= 0
                ? LegFault(ledger.Legs, links, special, row, seen)
                : RowFault(from[row], ledger.To.Span[row], links, row, seen);
            if (fault is not null)
            {
                return fault;
            }
        }

        int differs = links.First.Span.CommonPrefixLength(seen);
        return differs == seen.Length ? null : Differs("first-rows", differs, links.First.Span[differs], seen[differs]);
    }

    private static string? RowFault(int from, int to, Links links, int row, int[] seen)
    {
        if (from >= 0 && links.OfFrom.Span[row] != seen[from])
        {
            return Differs("next-of-from", row, links.OfFrom.Span[row], seen[from]);
        }

        if (to >= 0 && links.OfTo.Span[row] != seen[to])
        {
            return Differs("next-of-to", row, links.OfTo.Span[row], seen[to]);
        }

        See(seen, from, row);
        See(seen, to, row);
        return null;
    }

    private static string? LegFault<TUnits>(LegColumns<TUnits> legs, Links links, int special, int row, int[] seen)
        where TUnits : struct, IUnits<TUnits>
    {
        ReadOnlySpan<int> holders = legs.Holders.Span;
        (int start, int end) = (legs.Starts.Span[2 * special], legs.Starts.Span[(2 * special) + 2]);
        for (int leg = start; leg < end; leg++)
        {
            if (links.OfLegs.Span[leg] != seen[holders[leg]])
            {
                return Differs("next-of-legs", leg, links.OfLegs.Span[leg], seen[holders[leg]]);
            }
        }

        foreach (int holder in holders[start..end])
        {
            See(seen, holder, row);
        }

        return null;
    }

    private static void See(int[] seen, int holder, int row)
    {
        if (holder >= 0)
        {
            seen[holder] = row;
        }
    }

    private static string Differs(string column, int at, int stated, int expected) =>
        $"column '{column}': element {at} is {stated}, and by the rows it should be {expected}";
}
