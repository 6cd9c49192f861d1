using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Taint;

namespace FlowTracer.Core.Bulk;

/// <summary>
/// The movements of an account chain as columns, in chain order. A row is a transfer, or a movement with sides of any number
/// of legs. Holders (an address in one asset) are numbered from 0 without gaps. Each row knows the next row of its giver and
/// of its receiver, so that a trace touches only what it follows. The columns may lie in memory or in a mapped file.
/// </summary>
/// <typeparam name="TUnits">The narrowest width in which no holder's inflow overflows.</typeparam>
public sealed class AccountLedger<TUnits>
    where TUnits : struct, IUnits<TUnits>
{
    /// <summary>Stands for a giver or receiver where there is none: new issue, or a fee.</summary>
    public const int Nobody = -1;

    // How many rows ahead memory is asked for.
    private const int RowsAhead = 16;

    private readonly Lazy<Links> _next;
    private readonly Lazy<Links> _previous;
    private readonly Lazy<bool> _isEverOverdrawn;

    /// <summary>A ledger of columns that fit together; see <see cref="AccountLedgerBuilder{TUnits}"/>.</summary>
    public AccountLedger(
        ReadOnlyMemory<int> from, ReadOnlyMemory<int> to, ReadOnlyMemory<TUnits> amounts, HolderColumns holders, LegColumns<TUnits> legs,
        BlockColumns blocks, Links? next)
    {
        (From, To, Amounts, Holders, Legs, Blocks) = (from, to, amounts, holders, legs, blocks);
        _next = new Lazy<Links>(() => next ?? Links.Between(this, forward: true));
        _previous = new Lazy<Links>(() => Links.Between(this, forward: false));
        _isEverOverdrawn = new Lazy<bool>(() => !AddNets(new TUnits[Holders.Count], Rows));
    }

    /// <summary>How many movements.</summary>
    public int Rows => From.Length;

    /// <summary>
    /// Who gives in a row; <see cref="Nobody"/> for new issue. Below that, the row's legs are <c>-2 - n</c> in <see cref="Legs"/>.
    /// </summary>
    public ReadOnlyMemory<int> From { get; }

    /// <summary>Who receives; <see cref="Nobody"/> for a fee.</summary>
    public ReadOnlyMemory<int> To { get; }

    /// <summary>How much, in base units of the holders' asset.</summary>
    public ReadOnlyMemory<TUnits> Amounts { get; }

    /// <summary>Whose and in what the holders are.</summary>
    public HolderColumns Holders { get; }

    /// <summary>The sides of rows that are no plain transfer.</summary>
    public LegColumns<TUnits> Legs { get; }

    /// <summary>Which rows are of which block.</summary>
    public BlockColumns Blocks { get; }

    /// <summary>The next row of each holder of a row, in a direction. Those backward are made when first asked for.</summary>
    public Links LinksOf(Direction direction) => direction == Direction.Forward ? _next.Value : _previous.Value;

    /// <summary>
    /// Whether a holder ever gives more than it has, as in a record that lacks movements. Found by one way through the ledger
    /// when first asked for.
    /// </summary>
    public bool IsEverOverdrawn => _isEverOverdrawn.Value;

    /// <summary>Adds what the first rows leave each holder with; stops and says no where one gives more than it has.</summary>
    internal bool AddNets(TUnits[] nets, int rows)
    {
        ReadOnlySpan<int> from = From.Span;
        ReadOnlySpan<int> to = To.Span;
        ReadOnlySpan<TUnits> amounts = Amounts.Span;
        for (int row = 0; row < rows; row++)
        {
            int later = Math.Min(row + RowsAhead, rows - 1);
            Memory.PrefetchAt(nets, from[later]);
            Memory.PrefetchAt(nets, to[later]);
            bool isCovered = LegsAt(from[row]) is >= 0 and int special
                ? AddLegs(nets, special)
                : Subtract(nets, from[row], amounts[row]) && Add(nets, to[row], amounts[row]);
            if (!isCovered)
            {
                return false;
            }
        }

        return true;
    }

    // Legs draw one after another, and what a holder got in the same row comes before only where it stands before.
    private bool AddLegs(TUnits[] nets, int special)
    {
        ReadOnlySpan<int> starts = Legs.Starts.Span[(2 * special)..];
        for (int leg = starts[0]; leg < starts[2]; leg++)
        {
            (int holder, TUnits amount) = (Legs.Holders.Span[leg], Legs.Amounts.Span[leg]);
            if (leg < starts[1] ? !Subtract(nets, holder, amount) : !Add(nets, holder, amount))
            {
                return false;
            }
        }

        return true;
    }

    private static bool Subtract(TUnits[] nets, int holder, TUnits amount)
    {
        if (holder < 0)
        {
            return true;
        }

        ref TUnits net = ref nets[holder];
        bool isCovered = net >= amount;
        net = isCovered ? net - amount : net;
        return isCovered;
    }

    private static bool Add(TUnits[] nets, int holder, TUnits amount)
    {
        if (holder >= 0)
        {
            nets[holder] += amount;
        }

        return true;
    }

    /// <summary>The place of a row in <see cref="Legs"/>, or -1 for a plain one.</summary>
    public static int LegsAt(int from) => from < Nobody ? -2 - from : -1;
}

/// <summary>Holders of an account ledger.</summary>
/// <param name="Addresses">The number of each holder's address, from 0 without gaps.</param>
/// <param name="Assets">The number of each holder's asset; empty where there is one asset only.</param>
public sealed record HolderColumns(ReadOnlyMemory<int> Addresses, ReadOnlyMemory<int> Assets)
{
    /// <summary>How many.</summary>
    public int Count => Addresses.Length;
}

/// <summary>Where blocks begin.</summary>
/// <param name="FirstRows">The first row of each block, ascending.</param>
/// <param name="Numbers">Their numbers.</param>
/// <param name="Times">Their Unix seconds; -1 where nobody knows.</param>
public sealed record BlockColumns(ReadOnlyMemory<int> FirstRows, ReadOnlyMemory<ulong> Numbers, ReadOnlyMemory<long> Times)
{
    /// <summary>The place of the block of a row; -1 when no block is known.</summary>
    public int Of(int row)
    {
        int found = FirstRows.Span.BinarySearch(row);
        return found >= 0 ? found : ~found - 1;
    }
}

/// <summary>Movements with sides of any number of legs.</summary>
/// <param name="Kinds">What each is.</param>
/// <param name="Starts">Where the legs of each begin: its givers at 2n, its receivers at 2n+1; one more at the end.</param>
/// <param name="Holders">Who, by leg.</param>
/// <param name="Amounts">How much, by leg, in base units of the holder's asset.</param>
public sealed record LegColumns<TUnits>(
    ReadOnlyMemory<MovementKind> Kinds, ReadOnlyMemory<int> Starts, ReadOnlyMemory<int> Holders, ReadOnlyMemory<TUnits> Amounts)
    where TUnits : struct, IUnits<TUnits>;

/// <summary>The way from row to row of a holder in one direction. A row that is not there is -1.</summary>
/// <param name="OfFrom">By row: the next row of its giver.</param>
/// <param name="OfTo">By row: the next row of its receiver.</param>
/// <param name="OfLegs">By leg: the next row of its holder.</param>
/// <param name="First">By holder: its first row in the direction.</param>
public sealed record Links(ReadOnlyMemory<int> OfFrom, ReadOnlyMemory<int> OfTo, ReadOnlyMemory<int> OfLegs, ReadOnlyMemory<int> First)
{
    /// <summary>Goes through a ledger once, against the direction.</summary>
    internal static Links Between<TUnits>(AccountLedger<TUnits> ledger, bool forward)
        where TUnits : struct, IUnits<TUnits>
    {
        ReadOnlySpan<int> from = ledger.From.Span;
        ReadOnlySpan<int> to = ledger.To.Span;
        ReadOnlySpan<int> starts = ledger.Legs.Starts.Span;
        ReadOnlySpan<int> legs = ledger.Legs.Holders.Span;
        int[] ofFrom = new int[from.Length];
        int[] ofTo = new int[from.Length];
        int[] ofLegs = new int[legs.Length];
        int[] first = new int[ledger.Holders.Count];
        Array.Fill(first, -1);
        for (int i = 0; i < from.Length; i++)
        {
            int row = forward ? from.Length - 1 - i : i;
            int special = AccountLedger<TUnits>.LegsAt(from[row]);
            if (special >= 0)
            {
                (int start, int end) = (starts[2 * special], starts[(2 * special) + 2]);
                for (int leg = start; leg < end; leg++)
                {
                    ofLegs[leg] = first[legs[leg]];
                }

                for (int leg = start; leg < end; leg++)
                {
                    first[legs[leg]] = row;
                }

                continue;
            }

            ofFrom[row] = from[row] >= 0 ? first[from[row]] : -1;
            ofTo[row] = to[row] >= 0 ? first[to[row]] : -1;
            if (from[row] >= 0)
            {
                first[from[row]] = row;
            }

            if (to[row] >= 0)
            {
                first[to[row]] = row;
            }
        }

        return new Links(ofFrom, ofTo, ofLegs, first);
    }
}
