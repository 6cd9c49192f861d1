using System.Runtime.CompilerServices;
using FlowTracer.Core.Model;
using FlowTracer.Core.Taint;
using FlowTracer.Core.Tracing;

namespace FlowTracer.Core.Bulk;

/// <summary>The sweep over an account ledger.</summary>
internal sealed class AccountSweep<TUnits, TPool> : BulkSweep<TUnits, TPool>
    where TUnits : struct, IUnits<TUnits>
    where TPool : struct, IHolderPool<TUnits, TPool>
{
    private const int Nobody = AccountLedger<TUnits>.Nobody;

    // Following a row costs about as much as scanning three, and the way back from scanning does not pay: where so large a part
    // of so many rows in a row was followed, the rest is scanned.
    private const int ScanFromOneRowIn = 3;
    private const int RowsOfWindow = 4096;
    private const int RowsOfStretch = 1 << 16;

    // How many rows ahead memory is asked for: of holders, of their last lots and of their first, each told by the one before.
    private const int HoldersAhead = 24;
    private const int LastAhead = 14;
    private const int FirstAhead = 7;

    private readonly AccountLedger<TUnits> _ledger;
    private readonly ReadOnlyMemory<int> _givers;
    private readonly ReadOnlyMemory<int> _takers;
    private readonly Links _links;
    private readonly Aligned<TPool> _pools;
    private bool _isScanning;
    private int _windowStart = -RowsOfWindow * ScanFromOneRowIn;

    public AccountSweep(AccountLedger<TUnits> ledger, BulkQuestion question)
        : base(question, ledger.Rows, ledger.Holders.Count, ledger.Blocks)
    {
        _ledger = ledger;
        (_givers, _takers) = IsForward ? (ledger.From, ledger.To) : (ledger.To, ledger.From);
        _links = ledger.LinksOf(question.Direction);
        _pools = Memory.Lined<TPool>(ledger.Holders.Count);
    }

    protected override bool IsCoin => false;

    protected override bool IsOnlyHolderOfPlace => _ledger.Holders.Assets.IsEmpty;

    protected override MovementKind Read(int row)
    {
        (Side from, Side to) = (From, To);
        from.Clear();
        to.Clear();
        (int giver, int taker) = (_ledger.From.Span[row], _ledger.To.Span[row]);
        int special = AccountLedger<TUnits>.LegsAt(giver);
        if (special >= 0)
        {
            ReadOnlySpan<int> starts = _ledger.Legs.Starts.Span[(2 * special)..];
            AddLegs(IsForward ? from : to, starts[0], starts[1]);
            AddLegs(IsForward ? to : from, starts[1], starts[2]);
            return _ledger.Legs.Kinds.Span[special];
        }

        Add(IsForward ? from : to, giver, row);
        Add(IsForward ? to : from, taker, row);
        return giver == Nobody ? MovementKind.Reward : taker == Nobody ? MovementKind.Fee : MovementKind.External;
    }

    protected override void QueueNext(int row)
    {
        int special = AccountLedger<TUnits>.LegsAt(_ledger.From.Span[row]);
        if (special >= 0)
        {
            ReadOnlySpan<int> starts = _ledger.Legs.Starts.Span;
            for (int leg = starts[2 * special]; leg < starts[(2 * special) + 2]; leg++)
            {
                QueueNext(_ledger.Legs.Holders.Span[leg], _links.OfLegs.Span[leg]);
            }

            return;
        }

        QueueNext(_ledger.From.Span[row], _links.OfFrom.Span[row]);
        QueueNext(_ledger.To.Span[row], _links.OfTo.Span[row]);
    }

    protected override void QueueFrom(int holder, int boundary)
    {
        int row = _links.First.Span[holder];
        while (row >= 0 && StepOf(row) < StepOfBoundary(boundary))
        {
            row = NextOf(_links, row, holder);
        }

        Queue(row);
    }

    // The rows before the boundary in chain order, whatever the direction; while scanning, what they leave is at hand, and
    // given over.
    protected override Net OpeningAt(int holder, int boundary)
    {
        Net opening = default;
        if (_isScanning)
        {
            opening.Add(_pools[holder].Idle);
            _pools[holder].Idle = TUnits.Zero;
            return opening;
        }

        Links links = _ledger.LinksOf(Ports.Direction.Forward);
        for (int row = links.First.Span[holder]; row >= 0 && row < boundary; row = NextOf(links, row, holder))
        {
            Count(ref opening, row, holder);
        }

        return opening;
    }

    protected override bool IsFee(int holder) => false;

    protected override int AddressOf(int holder) => _ledger.Holders.Addresses.Span[holder];

    protected override int PlaceOf(int holder) => AddressOf(holder);

    protected override int AssetOf(int holder) =>
        _ledger.Holders.Assets.IsEmpty ? 0 : _ledger.Holders.Assets.Span[holder];

    protected override int AssetOf(BulkSeed seed) =>
        AssetOf(seed.Output < 0 ? seed.Holder : ReceiverOf(seed.Row, seed.Output));

    private void Touch(int holder)
    {
        if (holder >= 0)
        {
            Memory.Prefetch(ref _pools[holder]);
            Memory.Prefetch(ref FlagsOf(holder));
        }
    }

    protected override TUnits TotalOf(int holder) => _pools[holder].Total;

    protected override void Put(int holder, LotChain lots, TUnits amount) => _pools[holder].Put(Slab, lots, amount);

    protected override LotChain Draw(int holder, TUnits amount) => _pools[holder].Take(Slab, amount);

    protected override LotChain DrainAll(int holder) => _pools[holder].Drain(Slab);

    protected override int Counterparties(int holder, int row)
    {
        HashSet<int> others = [];
        for (int next = NextOf(_links, row, holder); next >= 0; next = NextOf(_links, next, holder))
        {
            if (LiesPastWindow(next))
            {
                continue;
            }

            int special = AccountLedger<TUnits>.LegsAt(_ledger.From.Span[next]);
            if (special < 0)
            {
                AddOthers(others, [_ledger.From.Span[next]], [_ledger.To.Span[next]], holder);
                continue;
            }

            ReadOnlySpan<int> starts = _ledger.Legs.Starts.Span[(2 * special)..];
            ReadOnlySpan<int> legs = _ledger.Legs.Holders.Span;
            AddOthers(others, legs[starts[0]..starts[1]], legs[starts[1]..starts[2]], holder);
        }

        others.Remove(AddressOf(holder));
        return others.Count;
    }

    // --- one row after the other --------------------------------------------------------------------------------------

    protected override bool WantsScan(int step) => Question.Pace switch
    {
        Pace.Scan => !_ledger.IsEverOverdrawn,
        Pace.Follow => false,
        _ => IsDense(step) && !_ledger.IsEverOverdrawn,
    };

    private bool IsDense(int step)
    {
        if (RowsRead % RowsOfWindow != 0)
        {
            return false;
        }

        int passed = step - _windowStart;
        _windowStart = step;
        return passed < RowsOfWindow * ScanFromOneRowIn;
    }

    protected override void Scan(int step, CancellationToken cancellationToken)
    {
        StartScanning(step);
        CountRows(Rows - step);
        while (step < Rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int end = Math.Min(step + RowsOfStretch, Rows);
            ScanStretch(step, end);
            step = end;
        }
    }

    // Compiled as a method of its own, so that after some calls it is compiled again with what is known of its branches; one
    // loop over all rows would stay as it was when it began.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ScanStretch(int step, int end)
    {
        ReadOnlySpan<int> givers = _givers.Span;
        ReadOnlySpan<int> takers = _takers.Span;
        ReadOnlySpan<TUnits> amounts = _ledger.Amounts.Span;
        bool isSimple = IsSimple;
        int seedStep = NextSeedFrom(step);
        for (; step < end; step++)
        {
            if (IsWaiting)
            {
                StartUntil(step);
            }

            if (step + HoldersAhead < Rows)
            {
                int later = RowOf(step + HoldersAhead);
                Touch(givers[later]);
                Touch(takers[later]);
                later = RowOf(step + LastAhead);
                Touch(givers[later], isSecond: false);
                Touch(takers[later], isSecond: false);
                later = RowOf(step + FirstAhead);
                Touch(givers[later], isSecond: true);
            }

            int row = RowOf(step);
            (int giver, int taker) = (givers[row], takers[row]);
            if (giver >= Nobody && taker >= Nobody && step != seedStep)
            {
                Transfer(row, giver, taker, amounts[row], isSimple);
            }
            else
            {
                VisitScanning(row);
                seedStep = NextSeedFrom(step + 1);
            }
        }
    }

    private static bool Is(int holder) => holder != Nobody;

    // A row with one giver and one receiver at most, where no seed is put.
    private void Transfer(int row, int giver, int taker, TUnits amount, bool isSimple)
    {
        bool gives = Is(giver) && IsActive(giver);
        bool receives = Is(taker) && IsActive(taker);
        if (!gives && !receives)
        {
            MoveIdle(giver, taker, amount);
        }
        else if (giver != taker && (!isSimple || (receives && HasClaims(taker))))
        {
            VisitScanning(row);
        }
        else if (!gives)
        {
            MoveIdle(giver, Nobody, amount);
            _pools[taker].Put(Slab, Slab.Of(Lot<TUnits>.CleanOf(amount)), amount);
        }
        else if (giver != taker)
        {
            Give(giver, taker, receives, amount);
        }
    }

    private void Give(int giver, int taker, bool receives, TUnits amount)
    {
        ref TPool pool = ref _pools[giver];
        if (pool.Total < amount)
        {
            Move(DrawWithGap(giver, amount), giver, taker, receives, amount);
        }
        else if (Is(taker) && StopOf(taker) is null && pool.TryGive(Slab, amount, ref _pools[taker], out bool isTainted))
        {
            if (isTainted && !receives)
            {
                Activate(taker, default, depth: 0);
            }
        }
        else
        {
            Move(pool.Take(Slab, amount), giver, taker, receives, amount);
        }
    }

    private void MoveIdle(int giver, int taker, TUnits amount)
    {
        if (Is(giver))
        {
            _pools[giver].Idle -= amount;
        }

        if (Is(taker))
        {
            _pools[taker].Idle += amount;
        }
    }

    // What an active holder gave, where no limit is in sight and no seed claims.
    private void Move(LotChain lots, int giver, int taker, bool receives, TUnits amount)
    {
        if (!IsTainted(lots))
        {
            Pass(taker, receives, lots, amount);
        }
        else if (!Is(taker))
        {
            EndAll(lots, SinkKey.OfRest(IsForward ? MovementKind.Fee : MovementKind.Reward, IsForward), giver, Nobody);
        }
        else if (StopOf(taker) is SinkKey sink)
        {
            EndAll(lots, sink, taker, PlaceOf(taker));
            Pass(taker, receives, Slab.Of(Lot<TUnits>.CleanOf(amount)), amount);
        }
        else
        {
            if (!receives)
            {
                Activate(taker, OpeningAt(taker, Rows), depth: 0);
            }

            _pools[taker].Put(Slab, lots, amount);
        }
    }

    private void Pass(int taker, bool receives, LotChain clean, TUnits amount)
    {
        if (receives)
        {
            _pools[taker].Put(Slab, clean, amount);
        }
        else
        {
            MoveIdle(Nobody, taker, amount);
            Slab.Free(clean);
        }
    }

    // Any row: what holders that are not active give and get still changes what they have.
    private void VisitScanning(int row)
    {
        Read(row);
        List<(int Holder, TUnits In, TUnits Out)> idle = IdleOf();
        Visit(row);
        foreach ((int holder, TUnits received, TUnits given) in idle)
        {
            if (!IsActive(holder))
            {
                _pools[holder].Idle = _pools[holder].Idle + received - given;
            }
        }
    }

    private List<(int Holder, TUnits In, TUnits Out)> IdleOf()
    {
        List<(int, TUnits, TUnits)> idle = [];
        for (int i = 0; i < To.Count; i++)
        {
            if (!IsActive(To.Holders[i]))
            {
                idle.Add((To.Holders[i], To.Amounts[i], TUnits.Zero));
            }
        }

        for (int i = 0; i < From.Count; i++)
        {
            if (!IsActive(From.Holders[i]))
            {
                idle.Add((From.Holders[i], TUnits.Zero, From.Amounts[i]));
            }
        }

        return idle;
    }

    // What every holder has at a step that is not active: forward by the rows before it, backward by those not yet gone back
    // through.
    private void StartScanning(int step)
    {
        TUnits[] nets = new TUnits[_pools.Length];
        _ledger.AddNets(nets, IsForward ? step : Rows - step);
        for (int holder = 0; holder < nets.Length; holder++)
        {
            if (!nets[holder].IsZero && !IsActive(holder))
            {
                _pools[holder].Idle = nets[holder];
            }
        }

        _isScanning = true;
    }

    private void Touch(int holder, bool isSecond)
    {
        if (holder >= 0)
        {
            _pools[holder].Touch(Slab, isSecond);
        }
    }

    private void QueueNext(int holder, int next)
    {
        if (holder >= 0 && IsActive(holder))
        {
            Queue(next);
        }
    }

    private int NextOf(Links links, int row, int holder)
    {
        int giver = _ledger.From.Span[row];
        int special = AccountLedger<TUnits>.LegsAt(giver);
        if (special < 0)
        {
            return giver == holder ? links.OfFrom.Span[row] : links.OfTo.Span[row];
        }

        int start = _ledger.Legs.Starts.Span[2 * special];
        return links.OfLegs.Span[start + _ledger.Legs.Holders.Span[start..].IndexOf(holder)];
    }

    private void Count(ref Net net, int row, int holder)
    {
        int special = AccountLedger<TUnits>.LegsAt(_ledger.From.Span[row]);
        if (special < 0)
        {
            TUnits amount = _ledger.Amounts.Span[row];
            net.Subtract(_ledger.From.Span[row] == holder ? amount : TUnits.Zero);
            net.Add(_ledger.To.Span[row] == holder ? amount : TUnits.Zero);
            return;
        }

        ReadOnlySpan<int> starts = _ledger.Legs.Starts.Span[(2 * special)..];
        for (int leg = starts[0]; leg < starts[2]; leg++)
        {
            TUnits amount = _ledger.Legs.Holders.Span[leg] == holder ? _ledger.Legs.Amounts.Span[leg] : TUnits.Zero;
            if (leg < starts[1])
            {
                net.Subtract(amount);
            }
            else
            {
                net.Add(amount);
            }
        }
    }

    private int ReceiverOf(int row, int output)
    {
        int special = AccountLedger<TUnits>.LegsAt(_ledger.From.Span[row]);
        return special < 0
            ? _ledger.To.Span[row]
            : _ledger.Legs.Holders.Span[_ledger.Legs.Starts.Span[(2 * special) + 1] + output];
    }

    private void Add(Side side, int holder, int row)
    {
        if (holder != Nobody)
        {
            side.Add(holder, _ledger.Amounts.Span[row]);
        }
    }

    private void AddLegs(Side side, int start, int end)
    {
        for (int leg = start; leg < end; leg++)
        {
            side.Add(_ledger.Legs.Holders.Span[leg], _ledger.Legs.Amounts.Span[leg]);
        }
    }

    private void AddOthers(HashSet<int> others, ReadOnlySpan<int> from, ReadOnlySpan<int> to, int holder)
    {
        AddAll(others, from.Contains(holder) ? to : []);
        AddAll(others, to.Contains(holder) ? from : []);
    }

    private void AddAll(HashSet<int> others, ReadOnlySpan<int> holders)
    {
        foreach (int other in holders)
        {
            if (other != Nobody)
            {
                others.Add(AddressOf(other));
            }
        }
    }
}
