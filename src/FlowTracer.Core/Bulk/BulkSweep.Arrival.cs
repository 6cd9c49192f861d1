using System.Collections.Immutable;
using FlowTracer.Core.Model;
using FlowTracer.Core.Taint;
using FlowTracer.Core.Tracing;

namespace FlowTracer.Core.Bulk;

/// <summary>What happens to lots where they arrive, and what is left at the end.</summary>
internal abstract partial class BulkSweep<TUnits, TPool>
{
    private void Receive(int row, int from, int taker, List<(SeedClaim<TUnits> Seed, int Output)>? seeds, int depth)
    {
        (int holder, LotChain lots) = (To.Holders[taker], To.Lots[taker]);
        if (IsFee(holder))
        {
            ReceiveFee(row, from, taker, depth);
        }
        else if (seeds is null && Question.SmallestLot is null && !HasClaims(holder) && Question.Hops is null)
        {
            ReceivePlain(row, taker, depth);
        }
        else
        {
            ReceiveAny(row, from, taker, seeds, depth, ArrivalsOf(lots));
        }
    }

    // A fee on its way between a transaction and the coinbase of its block: no seed, label or limit stops it.
    private void ReceiveFee(int row, int from, int taker, int depth)
    {
        (int holder, LotChain lots) = (To.Holders[taker], To.Lots[taker]);
        if (!IsTainted(lots))
        {
            Slab.Free(lots);
            return;
        }

        Hop(row, from, holder, To.Amounts[taker], lots);
        if (!IsActive(holder))
        {
            Activate(holder, default, depth - 1);
        }

        Put(holder, lots, To.Amounts[taker]);
    }

    // No seed claims here, and no lot is too small: the lots go in as they are, or end.
    private void ReceivePlain(int row, int taker, int depth)
    {
        (int holder, LotChain lots) = (To.Holders[taker], To.Lots[taker]);
        if (!IsTainted(lots))
        {
            PutOrFree(holder, lots, To.Amounts[taker]);
        }
        else if (StopOf(holder) is SinkKey sink)
        {
            EndAll(lots, sink, holder, PlaceOf(holder));
            if (IsActive(holder))
            {
                Put(holder, Slab.Of(Lot<TUnits>.CleanOf(To.Amounts[taker])), To.Amounts[taker]);
            }
        }
        else if (!IsActive(holder) && LimitAt(row, holder, depth) is string limit)
        {
            EndAll(lots, new SinkKey(SinkKind.Cut, limit), holder, PlaceOf(holder));
        }
        else
        {
            if (!IsActive(holder))
            {
                Activate(holder, OpeningOf(row, taker), depth);
            }

            Put(holder, lots, To.Amounts[taker]);
        }
    }

    private void ReceiveAny(
        int row, int from, int taker, List<(SeedClaim<TUnits> Seed, int Output)>? seeds, int depth, List<Arrival<TUnits>> lots)
    {
        int holder = To.Holders[taker];
        ClaimReceived(taker, seeds, lots);
        bool isSeed = lots.Exists(static lot => lot.IsFresh);
        if (lots.Exists(static lot => lot.Lot.IsTainted))
        {
            Hop(row, from, holder, To.Amounts[taker], lots.ConvertAll(static arrival => arrival.Lot));
            if (StopOf(holder) is SinkKey sink)
            {
                EndWhere(lots, null, sink, holder);
            }

            EndSmallest(lots, holder);
            if (!IsActive(holder) && lots.Exists(static lot => lot.Lot.IsTainted))
            {
                if (!isSeed && LimitAt(row, holder, depth) is string limit)
                {
                    Book(lots.ConvertAll(static lot => lot.Lot), new SinkKey(SinkKind.Cut, limit), holder, PlaceOf(holder));
                    return;
                }

                Activate(holder, OpeningOf(row, taker), isSeed ? 0 : depth);
            }
        }

        if (IsActive(holder))
        {
            if (isSeed)
            {
                SetDepth(holder, 0);
            }

            PutChanged(holder, ChainOf(lots), To.Amounts[taker]);
        }
    }

    private void ClaimReceived(int taker, List<(SeedClaim<TUnits> Seed, int Output)>? seeds, List<Arrival<TUnits>> lots)
    {
        if (seeds is not null && IsForward)
        {
            ClaimOutput(seeds, taker, lots);
        }
        else if (seeds is not null)
        {
            int[] given = [.. seeds.Select(static seed => seed.Seed.Index)];
            for (int i = 0; i < lots.Count; i++)
            {
                lots[i] = lots[i] with { Fresh = Slab.Claims.Only(lots[i].Lot.Claim, given) };
            }
        }

        foreach (SeedClaim<TUnits> claim in _claimsOf.GetValueOrDefault(To.Holders[taker]) ?? [])
        {
            claim.Take(lots);
        }
    }

    private void EndSmallest(List<Arrival<TUnits>> lots, int holder)
    {
        if (Question.SmallestLot?.Invoke(AssetOf(holder)) is not Amount smallest)
        {
            return;
        }

        int kept = 0;
        for (int i = 1; i < lots.Count; i++)
        {
            if (lots[kept].Fresh == lots[i].Fresh && lots[kept].Lot.Merges(lots[i].Lot))
            {
                lots[kept] = lots[kept] with { Lot = lots[kept].Lot.Plus(lots[i].Lot) };
            }
            else
            {
                lots[++kept] = lots[i];
            }
        }

        if (lots.Count > 0)
        {
            lots.RemoveRange(kept + 1, lots.Count - kept - 1);
        }

        EndWhere(lots, smallest, new SinkKey(SinkKind.Cut, CutNames.SmallestLot), holder);
    }

    // Books tainted lots (those under a least amount only, where there is one) at a sink. What a seed puts down in this row
    // starts here and is exempt; the money itself arrives all the same, and what the sink has taken of it counts as clean.
    private void EndWhere(List<Arrival<TUnits>> lots, Amount? least, SinkKey sink, int holder)
    {
        List<Lot<TUnits>> ended = [];
        for (int i = 0; i < lots.Count; i++)
        {
            (Lot<TUnits> lot, int fresh) = lots[i];
            int earlier = Slab.Claims.Minus(lot.Claim, fresh);
            if (earlier != Lot<TUnits>.Clean && (least is null || lot.Amount.ToAmount() < least))
            {
                ended.Add(lot with { Claim = earlier });
                lots[i] = new Arrival<TUnits>(
                    fresh == Lot<TUnits>.Clean ? Lot<TUnits>.CleanOf(lot.Amount) : lot with { Claim = fresh }, fresh);
            }
        }

        if (ended.Count > 0)
        {
            Book(ended, sink, holder, PlaceOf(holder));
        }
    }

    /// <summary>Books lots that end in what a holder holds, and gives them up.</summary>
    protected void EndAll(LotChain lots, SinkKey sink, int holder, int place)
    {
        for (int link = Slab.First(lots); link != 0; link = Slab.Next(lots, link))
        {
            Book(Slab[link], sink, holder, place);
        }

        Slab.Free(lots);
    }

    protected void PutOrFree(int holder, LotChain lots, TUnits amount)
    {
        if (IsActive(holder))
        {
            Put(holder, lots, amount);
        }
        else
        {
            Slab.Free(lots);
        }
    }

    /// <summary>Where value that reaches a holder ends. Labels are looked up once for each.</summary>
    protected SinkKey? StopOf(int holder)
    {
        ref byte flags = ref _flags[holder];
        if ((flags & StopKnown) == 0)
        {
            int address = AddressOf(holder);
            bool ends = address >= 0 && Question.Stops(address) is not null;
            flags |= (byte)(ends ? StopKnown | Stop : StopKnown);
        }

        return (flags & Stop) == 0 ? null : Question.Stops(AddressOf(holder));
    }

    protected string? LimitAt(int row, int holder, int depth)
    {
        if (_isSimple)
        {
            return null;
        }

        if (depth > Question.Limits.Hops)
        {
            return CutNames.Hops;
        }

        int address = AddressOf(holder);
        if (_activeAddresses.Count >= Question.Limits.Addresses && !_activeAddresses.Contains(address))
        {
            return CutNames.Addresses;
        }

        bool isLabelled = address >= 0 && Question.IsLabelled(address);
        return Question.Limits.Degree is int most && !isLabelled && Counterparties(holder, row) > most ? CutNames.Degree : null;
    }

    // What a holder had before the row that makes it active, less what it gave and more what it got earlier in that row.
    private Net OpeningOf(int row, int taker)
    {
        if (IsCoin)
        {
            return default;
        }

        int holder = To.Holders[taker];
        Net opening = OpeningAt(holder, BoundaryAt(row));
        for (int i = 0; i < From.Count; i++)
        {
            opening.Subtract(From.Holders[i] == holder ? From.Amounts[i] : TUnits.Zero);
        }

        for (int i = 0; i < taker; i++)
        {
            opening.Add(To.Holders[i] == holder ? To.Amounts[i] : TUnits.Zero);
        }

        return opening;
    }

    protected void Activate(int holder, Net opening, int depth)
    {
        _flags[holder] |= Active;
        _reached.Add(holder);
        SetDepth(holder, depth);
        if (!_isSimple && !IsFee(holder))
        {
            _activeAddresses.Add(AddressOf(holder));
        }

        if (!opening.Out.IsZero)
        {
            _openingUnknown.Add(holder);
        }
        else if (!opening.In.IsZero)
        {
            Put(holder, Slab.Of(Lot<TUnits>.CleanOf(opening.In)), opening.In);
        }
    }

    private int DepthOf(int holder) => _depths.Length == 0 ? 0 : _depths[holder];

    private void SetDepth(int holder, int depth)
    {
        if (_depths.Length > 0)
        {
            _depths[holder] = depth;
        }
    }

    private List<Arrival<TUnits>> ArrivalsOf(LotChain lots)
    {
        List<Arrival<TUnits>> arrivals = [];
        for (int link = Slab.First(lots); link != 0; link = Slab.Next(lots, link))
        {
            arrivals.Add(new Arrival<TUnits>(Slab[link], Lot<TUnits>.Clean));
        }

        Slab.Free(lots);
        return arrivals;
    }

    private LotChain ChainOf(List<Arrival<TUnits>> arrivals)
    {
        LotChain lots = default;
        foreach (Arrival<TUnits> arrival in arrivals)
        {
            Slab.Append(ref lots, arrival.Lot);
        }

        return lots;
    }

    private List<Lot<TUnits>> ListOf(LotChain chain)
    {
        List<Lot<TUnits>> lots = [];
        Slab.CopyTo(chain, lots);
        return lots;
    }

    // --- the sheet ----------------------------------------------------------------------------------------------------

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
            foreach (int seed in Slab.Claims.SeedsOf(lot.Claim))
            {
                RowsOf(sink, place, Question.Policy.MeasuresReach ? AssetOf(holder) : AssetOfSeed(seed))[seed].Add(CountOf(lot), place);
            }
        }
    }

    // A place has one sink of each kind, but for the limits' many; names are looked up once for each.
    private BulkBook.Row[] RowsOf(SinkKey sink, int place, int asset)
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

            Put(holder, lots, total);
        }

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
    private void SettleInTurn(LotChain lots, BulkBook.Row[] rows, int place)
    {
        for (int link = Slab.First(lots); link != 0; link = Slab.Next(lots, link))
        {
            Lot<TUnits> lot = Slab[link];
            foreach (int seed in Slab.Claims.SeedsOf(lot.Claim))
            {
                rows[seed].AddInTurn(CountOf(lot), place);
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
