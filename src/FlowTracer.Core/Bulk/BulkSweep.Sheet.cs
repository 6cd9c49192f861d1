using System.Collections.Immutable;
using System.Runtime.InteropServices;
using FlowTracer.Core.Model;
using FlowTracer.Core.Taint;
using FlowTracer.Core.Tracing;

namespace FlowTracer.Core.Bulk;

/// <summary>Hops, balance sheets, and what is left at the end.</summary>
internal abstract partial class BulkSweep<TUnits, TPool>
{
    private void Hop(int row, int from, int to, TUnits amount, LotChain lots)
    {
        if (Question.Hops is not null)
        {
            Hop(row, from, to, amount, ListOf(lots));
        }
    }

    private void Hop(int row, int from, int to, TUnits amount, List<Lot<TUnits>> lots)
    {
        if (Question.Hops is not null && SumsOf(lots) is { IsEmpty: false } sums)
        {
            Question.Hops(new BulkHop(row, from, to, amount.ToAmount(), sums));
        }
    }

    protected TUnits SumOf(LotChain lots)
    {
        TUnits sum = TUnits.Zero;
        for (int link = Slab.First(lots); link != 0; link = Slab.Next(lots, link))
        {
            sum += Slab[link].Amount;
        }

        return sum;
    }

    private ImmutableArray<HopLot> SumsOf(List<Lot<TUnits>> lots) =>
        SeedSums.Of(lots.ConvertAll(static lot => new Lot(lot.Claim, lot.Amount.ToAmount(), lot.Origin.ToAmount())), Slab.Claims);

    private void Book(List<Lot<TUnits>> lots, SinkKey sink, int holder, int place)
    {
        foreach (Lot<TUnits> lot in lots)
        {
            Book(lot, sink, holder, place);
        }
    }

    // Poison measures reach: what moved while marked, in what moved. Every other policy counts the seed's own units.
    private void Book(Lot<TUnits> lot, SinkKey sink, int holder, int place)
    {
        if (lot.IsTainted)
        {
            int asset = Question.Policy.MeasuresReach ? AssetOf(holder) : AssetOfSeed(ClaimTable.SeedOf(lot.Claim));
            RowOf(RowsOf(sink, place, asset), lot.Claim).Add(CountOf(lot), place);
        }
    }

    // A place has one sink of each kind, but for the limits' many; names are looked up once for each.
    private Dictionary<int, BulkBook.Row> RowsOf(SinkKey sink, int place, int asset)
    {
        if (sink.Kind == SinkKind.Cut)
        {
            return _book.At(sink, asset);
        }

        (int, int, int) key = (place, (int)sink.Kind, asset);
        if (_lastRows is null || _lastBooked != key)
        {
            if (!_sheetRows.TryGetValue(key, out _lastRows))
            {
                _lastRows = _sheetRows[key] = _book.At(sink, asset);
            }

            _lastBooked = key;
        }

        return _lastRows;
    }

    private static ref BulkBook.Row RowOf(Dictionary<int, BulkBook.Row> rows, int claim) =>
        ref CollectionsMarshal.GetValueRefOrAddDefault(rows, claim, out _);

    private Amount CountOf(Lot<TUnits> lot) => (Question.Policy.MeasuresReach ? lot.Amount : lot.Origin).ToAmount();

    private int AssetOfSeed(int seed) => (_seedAssets ??= [.. Question.Seeds.Select(AssetOf)])[seed];

    private BulkTrace Settle()
    {
        foreach (int holder in _reached)
        {
            TUnits total = TotalOf(holder);
            if (total.IsZero)
            {
                continue;
            }

            LotChain lots = DrainAll(holder);
            Question.Left?.Invoke(holder, [.. ListOf(lots).Select(LeftOf)]);
            if (IsTainted(lots))
            {
                Settle(lots, holder);
            }

            Slab.Free(lots);
        }

        _book.Close();
        return new BulkTrace(
            [.. _seeds.Select(Sheet)],
            _unexplained.ToImmutableSortedDictionary(static gap => gap.Key, static gap => gap.Value.ToAmount()),
            [.. _openingUnknown], _rowsRead, _reached.Count, Slab.Most);
    }

    private BulkLot LeftOf(Lot<TUnits> lot) =>
        new([.. Slab.Claims.SeedsOf(lot.Claim)], lot.Amount.ToAmount(), lot.Origin.ToAmount());

    // Value still in a holder: held where the ledger is complete, at the record's edge where it is not. A seed that was put at
    // a mixer or an exchange starts there; what never left has ended there. A fee whose coinbase is not there is held by nobody.
    private void Settle(LotChain lots, int holder)
    {
        SinkKey? stop = IsFee(holder) ? null : StopOf(holder);
        SinkKey sink = (_flags[holder] & GivesLater) != 0
            ? new SinkKey(SinkKind.Cut, CutNames.TimeWindow)
            : stop ?? new SinkKey(!IsFee(holder) && Question.IsComplete(holder) ? SinkKind.Held : SinkKind.Edge, string.Empty);
        if (stop is null && IsOnlyHolderOfPlace && sink.Kind is SinkKind.Held or SinkKind.Edge)
        {
            SettleInTurn(lots, sink.Kind == SinkKind.Held ? _heldRows ??= _book.At(sink, 0) : _edgeRows ??= _book.At(sink, 0), holder);
            return;
        }

        for (int link = Slab.First(lots); link != 0; link = Slab.Next(lots, link))
        {
            Book(Slab[link], sink, holder, PlaceOf(holder));
        }
    }

    // In one asset, each address comes here once.
    private void SettleInTurn(LotChain lots, Dictionary<int, BulkBook.Row> rows, int place)
    {
        for (int link = Slab.First(lots); link != 0; link = Slab.Next(lots, link))
        {
            Lot<TUnits> lot = Slab[link];
            if (lot.IsTainted)
            {
                RowOf(rows, lot.Claim).AddInTurn(CountOf(lot), place);
            }
        }
    }

    private BulkSheet Sheet(SeedClaim<TUnits> seed)
    {
        Amount stolen = seed.Stolen.ToAmount();
        if (!Question.Policy.MeasuresReach)
        {
            Amount accounted = seed.ClaimedEarlier.ToAmount() + _book.Total(seed.Index);
            Invariant.Check(
                accounted == stolen,
                $"seed {seed.Index + 1}: {stolen} stolen, {accounted} accounted for under {Question.Policy.Name}");
        }

        return new BulkSheet(
            seed.Index, stolen,
            seed.ClaimedBefore.ToImmutableSortedDictionary(static other => other.Key, static other => other.Value.ToAmount()),
            _book.Of(seed.Index));
    }
}