using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Taint;
using FlowTracer.Core.Tracing;

namespace FlowTracer.Core.Bulk;

/// <summary>
/// The sweep over columns: the rules of <see cref="Sweep"/> with its pools, division and claims, for a ledger that is at hand
/// as a whole. Steps count rows in the direction of the trace, so that backward is forward on mirrored rows.
/// </summary>
internal abstract partial class BulkSweep<TUnits, TPool>
    where TUnits : struct, IUnits<TUnits>
    where TPool : struct, ILotPool<TUnits>
{
    private const byte Active = 1;
    private const byte Claims = 2;
    private const byte Stop = 4;
    private const byte StopKnown = 8;
    private const byte GivesLater = 16;

    private readonly BulkBook _book;
    private readonly SeedClaim<TUnits>[] _seeds;
    private readonly Dictionary<int, List<(SeedClaim<TUnits> Seed, int Output)>> _seedsAt = [];
    private readonly Dictionary<int, List<SeedClaim<TUnits>>> _claimsOf = [];
    private readonly SortedDictionary<int, TUnits> _unexplained = [];
    private readonly SortedSet<int> _openingUnknown = [];
    private readonly HashSet<int> _activeAddresses = [];
    private readonly List<int> _reached = [];
    private readonly Queue<int> _waiting;
    private readonly Queue<int> _seedSteps;
    private readonly Dictionary<(int Place, int Kind, int Asset), Dictionary<int, BulkBook.Row>> _sheetRows = [];
    private (int Place, int Kind, int Asset) _lastBooked;
    private Dictionary<int, BulkBook.Row>? _lastRows;
    private int[]? _seedAssets;
    private readonly RowQueue _queue;
    private readonly byte[] _flags;
    private readonly int[] _depths;
    private readonly bool _isSimple;
    private Dictionary<int, BulkBook.Row>? _heldRows;
    private Dictionary<int, BulkBook.Row>? _edgeRows;
    private bool _windowPassed;
    private long _rowsRead;

    protected BulkSweep(BulkQuestion question, int rows, int holders, BlockColumns blocks)
    {
        (Question, Rows, Blocks) = (question, rows, blocks);
        IsForward = question.Direction == Direction.Forward;
        Slab = new LotSlab<TUnits>(new ClaimTable(question.Seeds.Length));
        _book = new BulkBook(Slab.Claims, question.Seeds.Length);
        _queue = new RowQueue(rows);
        _flags = Memory.Scattered<byte>(holders);
        _depths = question.Limits.Hops is null ? [] : new int[holders];
        _isSimple = question.Limits.Hops is null && question.Limits.Addresses is null && question.Limits.Degree is null;
        _seeds = [.. question.Seeds.Select((seed, index) => new SeedClaim<TUnits>(
            index, seed.Limit is Amount limit ? TUnits.Of(limit) : null, seed.Output >= 0, question.Policy.MeasuresReach))];
        foreach (SeedClaim<TUnits> claim in _seeds)
        {
            Await(claim, question.Seeds[claim.Index]);
        }

        // Those that start at one place keep the order of the question.
        _waiting = new Queue<int>(_seeds.Select(static seed => seed.Index)
            .Where(seed => question.Seeds[seed].Output < 0)
            .OrderBy(seed => StepOfBoundary(question.Seeds[seed].Row)));
        _seedSteps = new Queue<int>(_seedsAt.Keys.Select(StepOf).Order());
    }

    /// <summary>What is asked.</summary>
    protected BulkQuestion Question { get; }

    protected bool IsForward { get; }

    protected int Rows { get; }

    protected BlockColumns Blocks { get; }

    protected LotSlab<TUnits> Slab { get; }

    protected Side From { get; } = new();

    protected Side To { get; } = new();

    /// <summary>Whether no limit asks for more than which holders are active.</summary>
    protected bool IsSimple => _isSimple && Question.Limits.Window is null && Question.SmallestLot is null && Question.Hops is null;

    protected long RowsRead => _rowsRead;

    protected void CountRows(int rows) => _rowsRead += rows;

    /// <summary>Runs to the end.</summary>
    /// <exception cref="OverflowException">A holder would have more than the width counts.</exception>
    /// <exception cref="InvariantException">The result does not add up: a bug.</exception>
    public BulkTrace Run(CancellationToken cancellationToken)
    {
        while (true)
        {
            int next = _queue.First();
            if (_waiting.TryPeek(out int seed) && (next < 0 || StepOfBoundary(Question.Seeds[seed].Row) <= next))
            {
                Start(_seeds[_waiting.Dequeue()]);
                continue;
            }

            if (next < 0)
            {
                return Settle();
            }

            _queue.Remove(next);
            if ((++_rowsRead & 0xFFFF) == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            Visit(RowOf(next));
            if (WantsScan(next))
            {
                Scan(next + 1, cancellationToken);
                return Settle();
            }
        }
    }

    // --- what the two ledgers do each in their way ------------------------------------------------------------------

    /// <summary>Fills the two sides of a row, givers and takers in the direction of the trace.</summary>
    protected abstract MovementKind Read(int row);

    /// <summary>Adds the next rows of a row's active holders to the queue.</summary>
    protected abstract void QueueNext(int row);

    /// <summary>Adds the first row of a holder that lies behind a boundary of rows.</summary>
    protected abstract void QueueFrom(int holder, int boundary);

    /// <summary>What a holder got and gave before a boundary of rows; it gave more where the ledger lacks some.</summary>
    protected abstract Net OpeningAt(int holder, int boundary);

    /// <summary>Whether no two holders are one place in the sheet, and all are of asset 0.</summary>
    protected abstract bool IsOnlyHolderOfPlace { get; }

    /// <summary>Whether a holder has nothing before the row that makes it active, but what that row says.</summary>
    protected abstract bool IsCoin { get; }

    protected abstract bool IsFee(int holder);

    /// <summary>The number of a holder's address; negative where it has none.</summary>
    protected abstract int AddressOf(int holder);

    /// <summary>The place that a holder is in the sheet.</summary>
    protected abstract int PlaceOf(int holder);

    protected abstract int AssetOf(int holder);

    protected abstract int AssetOf(BulkSeed seed);

    protected abstract TUnits TotalOf(int holder);

    protected abstract void Put(int holder, LotChain lots, TUnits amount);

    /// <summary>Puts lots that claims or ends have changed since they were divided.</summary>
    protected virtual void PutChanged(int holder, LotChain lots, TUnits amount) => Put(holder, lots, amount);

    /// <summary>Takes what a holder gives, at most what it has.</summary>
    protected abstract LotChain Draw(int holder, TUnits amount);

    protected abstract LotChain DrainAll(int holder);

    /// <summary>With whom a holder deals from a row on, inside the window.</summary>
    protected abstract int Counterparties(int holder, int row);

    /// <summary>Whether from here on it is better to read every row.</summary>
    protected virtual bool WantsScan(int step) => false;

    /// <summary>Reads every row from a step on.</summary>
    protected virtual void Scan(int step, CancellationToken cancellationToken) => throw new InvariantException("nothing to scan");

    // --- rows and steps -----------------------------------------------------------------------------------------------

    protected int RowOf(int step) => IsForward ? step : Rows - 1 - step;

    protected int StepOf(int row) => IsForward ? row : Rows - 1 - row;

    /// <summary>The first step that lies behind a boundary: forward the row itself, backward the one before it.</summary>
    protected int StepOfBoundary(int row) => IsForward ? row : Rows - row;

    /// <summary>The boundary just before a row, in the direction.</summary>
    protected int BoundaryAt(int row) => IsForward ? row : row + 1;

    protected void Queue(int row)
    {
        if (row >= 0)
        {
            _queue.Add(StepOf(row));
        }
    }

    protected void QueueBehind(int row, int boundary)
    {
        if (row >= 0 && StepOf(row) >= StepOfBoundary(boundary))
        {
            Queue(row);
        }
    }

    protected bool IsActive(int holder) => (_flags[holder] & Active) != 0;

    protected bool HasClaims(int holder) => (_flags[holder] & Claims) != 0;

    /// <summary>The first step from one on at which a seed is an output; steps are asked for in their order.</summary>
    protected int NextSeedFrom(int step)
    {
        while (_seedSteps.TryPeek(out int next) && next < step)
        {
            _seedSteps.Dequeue();
        }

        return _seedSteps.TryPeek(out int found) ? found : Rows;
    }

    protected ref byte FlagsOf(int holder) => ref _flags[holder];

    /// <summary>Starts the seeds of holders that claim from a step on.</summary>
    protected void StartUntil(int step)
    {
        while (_waiting.TryPeek(out int seed) && StepOfBoundary(Question.Seeds[seed].Row) <= step)
        {
            Start(_seeds[_waiting.Dequeue()]);
        }
    }

    protected bool IsWaiting => _waiting.Count > 0;

    private void Await(SeedClaim<TUnits> claim, BulkSeed seed)
    {
        if (seed.Output < 0)
        {
            return;
        }

        if (!_seedsAt.TryGetValue(seed.Row, out List<(SeedClaim<TUnits>, int)>? seeds))
        {
            seeds = _seedsAt[seed.Row] = [];
            Queue(seed.Row);
        }

        seeds.Add((claim, seed.Output));
    }

    private void Start(SeedClaim<TUnits> seed)
    {
        (int holder, int boundary) = (Question.Seeds[seed.Index].Holder, Question.Seeds[seed.Index].Row);
        if (!IsActive(holder))
        {
            Activate(holder, OpeningAt(holder, boundary), depth: 0);
            QueueFrom(holder, boundary);
        }

        // Seeds that claim one holder's money claim it in the order the question gives them.
        if (!_claimsOf.TryGetValue(holder, out List<SeedClaim<TUnits>>? claims))
        {
            claims = _claimsOf[holder] = [];
        }

        int place = claims.FindIndex(other => other.Index > seed.Index);
        claims.Insert(place < 0 ? claims.Count : place, seed);
        _flags[holder] |= Claims;
        SetDepth(holder, 0);
        TUnits total = TotalOf(holder);
        if (total.IsZero)
        {
            return;
        }

        List<Lot<TUnits>> lots = [];
        Slab.MoveTo(DrainAll(holder), lots);
        List<Arrival<TUnits>> claimed = [.. lots.Select(static lot => new Arrival<TUnits>(lot, Lot<TUnits>.Clean))];
        seed.Take(claimed);
        PutChanged(holder, ChainOf(claimed), total);
    }

    /// <summary>What came in less what went out: one of the two is zero.</summary>
    protected struct Net
    {
        public TUnits In { get; private set; }

        public TUnits Out { get; private set; }

        public void Add(TUnits amount) =>
            (In, Out) = Out >= amount ? (In, Out - amount) : (In + (amount - Out), TUnits.Zero);

        public void Subtract(TUnits amount) =>
            (In, Out) = In >= amount ? (In - amount, Out) : (TUnits.Zero, Out + (amount - In));
    }

    /// <summary>One side of a row.</summary>
    protected sealed class Side
    {
        public int Count { get; private set; }

        public int[] Holders { get; private set; } = new int[4];

        public TUnits[] Amounts { get; private set; } = new TUnits[4];

        /// <summary>What each gives or gets.</summary>
        public LotChain[] Lots { get; private set; } = new LotChain[4];

        public void Clear() => Count = 0;

        public void Add(int holder, TUnits amount)
        {
            if (Count == Holders.Length)
            {
                int[] holders = Holders;
                TUnits[] amounts = Amounts;
                Array.Resize(ref holders, 2 * Count);
                Array.Resize(ref amounts, 2 * Count);
                (Holders, Amounts, Lots) = (holders, amounts, new LotChain[2 * Count]);
            }

            (Holders[Count], Amounts[Count]) = (holder, amount);
            Count++;
        }
    }
}
