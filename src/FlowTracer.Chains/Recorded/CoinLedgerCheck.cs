using System.Collections;
using FlowTracer.Core.Bulk;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Recorded;

/// <summary>Whether every number in a ledger of coins is one of something that is there, and its spenders are what its rows say.</summary>
internal static class CoinLedgerCheck
{
    /// <summary>The first fault of a ledger whose columns fit together in length; null when there is none.</summary>
    public static string? FaultOf(CoinLedger ledger, CancellationToken cancellationToken) =>
        ColumnCheck.Ascending("input-starts", ledger.InputStarts.Span)
        ?? ColumnCheck.Ascending("output-starts", ledger.OutputStarts.Span)
        ?? ColumnCheck.Range("inputs", ledger.Inputs.Span, -ledger.Rows, ledger.Coins - 1)
        ?? ColumnCheck.Range("addresses", ledger.Addresses.Span, -1, int.MaxValue)
        ?? ColumnCheck.Range("spenders", ledger.Spenders.Span, -1, ledger.Rows - 1)
        ?? ColumnCheck.Blocks(ledger.Blocks, ledger.Rows)
        ?? RowFault(ledger, cancellationToken);

    private static string? RowFault(CoinLedger ledger, CancellationToken cancellationToken)
    {
        BitArray spent = new(ledger.Coins);
        for (int row = 0; row < ledger.Rows; row++)
        {
            if ((row & 0xFFFF) == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            MovementKind kind = ledger.Kinds.Span[row];
            if (kind is not (MovementKind.Transaction or MovementKind.Reward or MovementKind.Unresolved))
            {
                return $"column 'kinds': element {row} is {(byte)kind}, neither transaction, reward nor unresolved";
            }

            if ((InputFault(ledger, row, kind, spent) ?? FeeFault(ledger, row, kind)) is string fault)
            {
                return fault;
            }
        }

        return SpenderFault(ledger.Spenders.Span, spent);
    }

    private static string? InputFault(CoinLedger ledger, int row, MovementKind kind, BitArray spent)
    {
        ReadOnlySpan<int> made = ledger.OutputStarts.Span;
        foreach (int input in ledger.Inputs.Span[ledger.InputStarts.Span[row]..ledger.InputStarts.Span[row + 1]])
        {
            if (input < 0)
            {
                if (kind != MovementKind.Reward || ~input >= row)
                {
                    return $"row {row} takes in the fee of row {~input}; only a coinbase takes in fees, of rows before it";
                }

                continue;
            }

            if (input >= made[row] && input < made[^1])
            {
                return $"row {row} spends coin {input}, which is made later";
            }

            if (spent[input])
            {
                return $"row {row} spends coin {input}, which is spent already";
            }

            spent[input] = true;
            if (ledger.Spenders.Span[input] != row)
            {
                return $"column 'spenders': element {input} is {ledger.Spenders.Span[input]}, and by the rows it should be {row}";
            }
        }

        return null;
    }

    private static string? FeeFault(CoinLedger ledger, int row, MovementKind kind)
    {
        if (kind != MovementKind.Transaction)
        {
            return null;
        }

        ReadOnlySpan<Units64> values = ledger.Values.Span;
        UInt128 taken = UInt128.Zero;
        foreach (int input in ledger.Inputs.Span[ledger.InputStarts.Span[row]..ledger.InputStarts.Span[row + 1]])
        {
            taken += values[input].Value;
        }

        UInt128 given = UInt128.Zero;
        foreach (Units64 value in values[ledger.OutputStarts.Span[row]..ledger.OutputStarts.Span[row + 1]])
        {
            given += value.Value;
        }

        return given <= taken ? null : $"row {row} pays out {given} and spends {taken}";
    }

    private static string? SpenderFault(ReadOnlySpan<int> spenders, BitArray spent)
    {
        for (int coin = 0; coin < spenders.Length; coin++)
        {
            if (spenders[coin] >= 0 && !spent[coin])
            {
                return $"column 'spenders': element {coin} is {spenders[coin]}, and no row spends it";
            }
        }

        return null;
    }
}
