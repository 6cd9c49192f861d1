using FlowTracer.Core.Model;

namespace FlowTracer.Core.Bulk;

/// <summary>Makes an account ledger from movements in chain order.</summary>
/// <typeparam name="TUnits">The width of the amounts.</typeparam>
public sealed class AccountLedgerBuilder<TUnits>
    where TUnits : struct, IUnits<TUnits>
{
    private readonly List<int> _from;
    private readonly List<int> _to;
    private readonly List<TUnits> _amounts;
    private readonly List<int> _addresses = [];
    private readonly List<int> _assets = [];
    private readonly List<MovementKind> _kinds = [];
    private readonly List<int> _starts = [0];
    private readonly List<int> _legHolders = [];
    private readonly List<TUnits> _legAmounts = [];
    private readonly List<int> _blockRows = [];
    private readonly List<ulong> _blockNumbers = [];
    private readonly List<long> _blockTimes = [];
    private bool _hasAssets;

    /// <summary>A ledger of about so many rows.</summary>
    public AccountLedgerBuilder(int rows = 0) => (_from, _to, _amounts) = (new(rows), new(rows), new(rows));

    /// <summary>How many rows there are.</summary>
    public int Rows => _from.Count;

    /// <summary>A new holder; they are numbered from 0.</summary>
    public int AddHolder(int address, int asset = 0)
    {
        _addresses.Add(address);
        _assets.Add(asset);
        _hasAssets |= asset != 0;
        return _addresses.Count - 1;
    }

    /// <summary>What follows is in this block.</summary>
    /// <param name="number">More than that of the block before.</param>
    /// <param name="timeSeconds">Unix seconds; -1 when not known.</param>
    public void BeginBlock(ulong number, long timeSeconds)
    {
        _blockRows.Add(Rows);
        _blockNumbers.Add(number);
        _blockTimes.Add(timeSeconds);
    }

    /// <summary>A transfer of more than nothing.</summary>
    public void Transfer(int from, int to, TUnits amount)
    {
        _from.Add(from);
        _to.Add(to);
        _amounts.Add(amount);
    }

    /// <summary>Money that is newly issued.</summary>
    public void Issue(int to, TUnits amount) => Transfer(AccountLedger<TUnits>.Nobody, to, amount);

    /// <summary>A fee.</summary>
    public void Fee(int from, TUnits amount) => Transfer(from, AccountLedger<TUnits>.Nobody, amount);

    /// <summary>A movement with any number of givers and receivers: a swap, several transfers netted, or a part nobody can pair.</summary>
    public void Legs(
        MovementKind kind, ReadOnlySpan<(int Holder, TUnits Amount)> from, ReadOnlySpan<(int Holder, TUnits Amount)> to)
    {
        Transfer(-2 - _kinds.Count, AccountLedger<TUnits>.Nobody, TUnits.Zero);
        _kinds.Add(kind);
        AddSide(from);
        AddSide(to);
    }

    /// <summary>The ledger.</summary>
    public AccountLedger<TUnits> Build() => new(
        _from.ToArray(), _to.ToArray(), _amounts.ToArray(),
        new HolderColumns(_addresses.ToArray(), _hasAssets ? _assets.ToArray() : default),
        new LegColumns<TUnits>(_kinds.ToArray(), _starts.ToArray(), _legHolders.ToArray(), _legAmounts.ToArray()),
        new BlockColumns(_blockRows.ToArray(), _blockNumbers.ToArray(), _blockTimes.ToArray()),
        null);

    private void AddSide(ReadOnlySpan<(int Holder, TUnits Amount)> legs)
    {
        foreach ((int holder, TUnits amount) in legs)
        {
            _legHolders.Add(holder);
            _legAmounts.Add(amount);
        }

        _starts.Add(_legHolders.Count);
    }
}
