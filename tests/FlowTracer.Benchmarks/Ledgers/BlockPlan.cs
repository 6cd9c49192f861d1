using FlowTracer.Core.Bulk;

namespace FlowTracer.Benchmarks.Ledgers;

/// <summary>Cuts a ledger's rows into blocks of uneven size, and spreads what is issued over them.</summary>
/// <param name="rows">How many rows the ledger will have.</param>
/// <param name="rowsPerBlock">The median.</param>
/// <param name="secondsPerBlock">The median.</param>
internal sealed class BlockPlan(int rows, int rowsPerBlock, int secondsPerBlock)
{
    private const int SizeDeviation = 80;
    private const int TimeDeviation = 100;
    private const int LeastRows = 3;

    private readonly List<int> _firstRows = [];
    private readonly List<ulong> _numbers = [];
    private readonly List<long> _times = [];
    private long _timeSeconds = 1_600_000_000;
    private ulong _issued;

    /// <summary>The row behind the block.</summary>
    public int End { get; private set; }

    /// <summary>Begins a block at <see cref="End"/>: the first one of a given size, the others drawn.</summary>
    public void Begin(Chance chance, int size = 0)
    {
        _firstRows.Add(End);
        _numbers.Add((ulong)_numbers.Count);
        _times.Add(_timeSeconds);
        _timeSeconds += 1 + (long)chance.LogNormal((ulong)secondsPerBlock, (ulong)secondsPerBlock * 100, TimeDeviation);
        int drawn = LeastRows + (int)chance.LogNormal((ulong)rowsPerBlock, (ulong)rowsPerBlock * 100, SizeDeviation);
        int end = (int)Math.Min(rows, (long)End + (size > 0 ? size : drawn));
        End = rows - end < LeastRows ? rows : end;
    }

    /// <summary>What a block issues so that all of it is issued by the last row, evenly by row.</summary>
    /// <param name="total">In base units, for the whole ledger: the same at each block.</param>
    public ulong Issue(ulong total)
    {
        ulong due = (ulong)((UInt128)total * (ulong)End / (ulong)rows) - _issued;
        _issued += due;
        return due;
    }

    /// <summary>The blocks so far.</summary>
    public BlockColumns Columns() => new(_firstRows.ToArray(), _numbers.ToArray(), _times.ToArray());
}
