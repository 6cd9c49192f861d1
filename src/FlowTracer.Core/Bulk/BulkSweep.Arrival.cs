using FlowTracer.Core.Model;
using FlowTracer.Core.Taint;
using FlowTracer.Core.Tracing;

namespace FlowTracer.Core.Bulk;

/// <summary>What happens to lots where they arrive.</summary>
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
        if (Question.SmallestLot?.Invoke(AssetOf(holder)) is Amount smallest)
        {
            Arrivals.MergeNeighbours(lots);
            EndWhere(lots, smallest, new SinkKey(SinkKind.Cut, CutNames.SmallestLot), holder);
        }
    }

    private void EndWhere(List<Arrival<TUnits>> lots, Amount? least, SinkKey sink, int holder) =>
        Book(Arrivals.End(lots, Slab.Claims, least), sink, holder, PlaceOf(holder));

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

    /// <summary>Where value that reaches a holder ends.</summary>
    protected SinkKey? StopOf(int holder) => Question.Stops is null ? null : LabelOf(holder);

    // Labels are looked up once for each holder.
    private SinkKey? LabelOf(int holder)
    {
        ref byte flags = ref _flags[holder];
        if ((flags & StopKnown) == 0)
        {
            int address = AddressOf(holder);
            bool ends = address >= 0 && Question.Stops!(address) is not null;
            flags |= (byte)(ends ? StopKnown | Stop : StopKnown);
        }

        return (flags & Stop) == 0 ? null : Question.Stops!(AddressOf(holder));
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
}
