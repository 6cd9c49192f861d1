using FlowTracer.Core.Model;
using FlowTracer.Core.Taint;
using FlowTracer.Core.Tracing;

namespace FlowTracer.Core.Bulk;

/// <summary>One row: who gives, how it is divided, who receives.</summary>
internal abstract partial class BulkSweep<TUnits, TPool>
{
    protected void Visit(int row)
    {
        MovementKind kind = Read(row);
        if (!(From.Count == 1 && To.Count == 1 && From.Holders[0] == To.Holders[0]))
        {
            Follow(row, kind);
        }

        QueueNext(row);
    }

    private void Follow(int row, MovementKind kind)
    {
        List<(SeedClaim<TUnits> Seed, int Output)>? seeds = _seedsAt.GetValueOrDefault(row);
        if (IsPastWindow(row))
        {
            Invariant.Check(seeds is null, $"a seed at row {row} lies past the time window");
            MarkLaterGivers();
            return;
        }

        int? depth = DrawAll();
        if (seeds is null && depth is null && !AnyClaims())
        {
            ReceiveClean();
            return;
        }

        ClaimGiven(seeds);
        Mix(row);
        int place = From.Count == 1 && !(IsForward && kind == MovementKind.Reward)
            ? From.Holders[0]
            : From.Count == 0 ? BulkHop.Nobody : BulkHop.Together;
        RecordGiven(row, place);
        List<Lot<TUnits>> dust = [];
        LotChain rest = Divide(kind, dust);
        for (int taker = 0; taker < To.Count; taker++)
        {
            Receive(row, place, taker, seeds, depth is int giver ? giver + 1 : 0);
        }

        if (dust.Count > 0)
        {
            Book(dust, new SinkKey(SinkKind.Cut, CutNames.Dust), To.Holders[0], place < 0 ? place - Rows : PlaceOf(place));
        }

        End(row, kind, place, rest);
    }

    // Once past, always past: a movement without a time is past the window when one before it was.
    private bool IsPastWindow(int row) => _windowPassed |= LiesPastWindow(row);

    /// <summary>Whether a row's own block or time says that it lies past the window.</summary>
    protected bool LiesPastWindow(int row)
    {
        if (Question.Limits.Window is not Moment window || Blocks.Of(row) is not (>= 0 and int block))
        {
            return false;
        }

        long time = Blocks.Times.Span[block];
        return window.IsPassedBy(Blocks.Numbers.Span[block], time < 0 ? null : time, Question.Direction);
    }

    private void MarkLaterGivers()
    {
        for (int i = 0; i < From.Count; i++)
        {
            if (IsActive(From.Holders[i]))
            {
                _flags[From.Holders[i]] |= GivesLater;
            }
        }
    }

    // Takes what each giver gives. Returns the smallest depth of those that give tainted lots; null when none does.
    private int? DrawAll()
    {
        int? depth = null;
        for (int i = 0; i < From.Count; i++)
        {
            (int holder, TUnits amount) = (From.Holders[i], From.Amounts[i]);
            if (!IsActive(holder))
            {
                From.Lots[i] = Slab.Of(Lot<TUnits>.CleanOf(amount));
                continue;
            }

            From.Lots[i] = DrawWithGap(holder, amount);
            if (IsTainted(From.Lots[i]))
            {
                int own = DepthOf(holder);
                depth = depth is int smallest ? Math.Min(smallest, own) : own;
            }
        }

        return depth;
    }

    protected LotChain DrawWithGap(int holder, TUnits amount)
    {
        TUnits total = TotalOf(holder);
        if (total < amount)
        {
            TUnits shortfall = amount - total;
            Put(holder, Slab.Of(Lot<TUnits>.CleanOf(shortfall)), shortfall);
            _unexplained[holder] = _unexplained.GetValueOrDefault(holder) + shortfall;
        }

        return Draw(holder, amount);
    }

    protected bool IsTainted(LotChain lots)
    {
        for (int link = Slab.First(lots); link != 0; link = Slab.Next(lots, link))
        {
            if (Slab.ClaimOf(link) != Lot<TUnits>.Clean)
            {
                return true;
            }
        }

        return false;
    }

    private bool AnyClaims()
    {
        for (int i = 0; i < To.Count; i++)
        {
            if (HasClaims(To.Holders[i]) && _claimsOf[To.Holders[i]].Exists(static claim => claim.IsOpen))
            {
                return true;
            }
        }

        return false;
    }

    private void ReceiveClean()
    {
        for (int i = 0; i < From.Count; i++)
        {
            Slab.Free(From.Lots[i]);
        }

        for (int i = 0; i < To.Count; i++)
        {
            if (IsActive(To.Holders[i]))
            {
                Put(To.Holders[i], Slab.Of(Lot<TUnits>.CleanOf(To.Amounts[i])), To.Amounts[i]);
            }
        }
    }

    // Backward, a seed claims what its output gives back.
    private void ClaimGiven(List<(SeedClaim<TUnits> Seed, int Output)>? seeds)
    {
        if (IsForward || seeds is null)
        {
            return;
        }

        for (int i = 0; i < From.Count; i++)
        {
            if (seeds.Exists(seed => seed.Output == i))
            {
                List<Arrival<TUnits>> given = ArrivalsOf(From.Lots[i]);
                ClaimOutput(seeds, i, given);
                From.Lots[i] = ChainOf(given);
            }
        }
    }

    private void ClaimOutput(List<(SeedClaim<TUnits> Seed, int Output)> seeds, int output, List<Arrival<TUnits>> lots)
    {
        foreach ((SeedClaim<TUnits> seed, int at) in seeds)
        {
            if (at == output)
            {
                seed.ClaimOutput(lots, Slab.Claims);
            }
        }
    }

    // Where many owners mix, what enters ends, and what comes out is clean.
    private void Mix(int row)
    {
        if (Question.Mixes is null || !Array.Exists(From.Lots[..From.Count], IsTainted) || Question.Mixes(row) is not string protocol)
        {
            return;
        }

        for (int i = 0; i < From.Count; i++)
        {
            if (IsTainted(From.Lots[i]))
            {
                Hop(row, From.Holders[i], BulkHop.Together, From.Amounts[i], From.Lots[i]);
                EndAll(From.Lots[i], new SinkKey(SinkKind.Mixer, $"CoinJoin ({protocol})"), From.Holders[i], -3 - row);
                From.Lots[i] = Slab.Of(Lot<TUnits>.CleanOf(From.Amounts[i]));
            }
        }
    }

    private void RecordGiven(int row, int place)
    {
        for (int i = 0; Question.Hops is not null && place == BulkHop.Together && i < From.Count; i++)
        {
            Hop(row, From.Holders[i], BulkHop.Together, From.Amounts[i], From.Lots[i]);
        }
    }

    // Gives every taker its lots, and what no taker takes to the rest.
    private LotChain Divide(MovementKind kind, List<Lot<TUnits>> dust)
    {
        LotChain given = default;
        TUnits give = TUnits.Zero;
        for (int i = 0; i < From.Count; i++)
        {
            given = Slab.Join(given, From.Lots[i]);
            give += From.Amounts[i];
        }

        if (kind == MovementKind.Swap)
        {
            List<Lot<TUnits>> lots = [];
            Slab.MoveTo(given, lots);
            dust.AddRange(SwapLots.Convert(lots, From.Amounts[0], To.Amounts[0]));
            To.Lots[0] = Slab.Of(lots);
            return default;
        }

        TPool pool = default;
        ReadOnlySpan<TUnits> takes = To.Amounts.AsSpan(0, To.Count);
        OutOrder order = Question.Policy.OutOrder;
        if (IsCoin)
        {
            CoinMovement movement = new(
                kind == MovementKind.Reward, IsForward, IsForward && To.Count > 0 && IsFee(To.Holders[To.Count - 1]));
            return Division.Coins(ref pool, Slab, order, movement, given, give, takes, To.Lots);
        }

        if (From.Count == 1 && To.Count == 1 && give == takes[0])
        {
            To.Lots[0] = given;
            return default;
        }

        return Division.Transfers(ref pool, Slab, order, given, give, takes, To.Lots);
    }

    private void End(int row, MovementKind kind, int place, LotChain rest)
    {
        if (!IsTainted(rest))
        {
            Slab.Free(rest);
            return;
        }

        Hop(row, place, BulkHop.Nobody, SumOf(rest), rest);
        EndAll(rest, SinkKey.OfRest(kind, IsForward), From.Holders[0], BulkHop.Nobody);
    }
}
