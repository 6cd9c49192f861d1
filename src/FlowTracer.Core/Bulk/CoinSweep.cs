using FlowTracer.Core.Model;
using FlowTracer.Core.Taint;

namespace FlowTracer.Core.Bulk;

/// <summary>
/// The sweep over Bitcoin's ledger. A holder is a coin, or, where fees are followed, the fee of a row: these are numbered
/// behind the coins.
/// </summary>
internal sealed class CoinSweep<TPool> : BulkSweep<Units64, TPool>
    where TPool : struct, ILotPool<Units64>
{
    private readonly CoinLedger _ledger;
    private readonly LotChain[] _lots;
    private readonly Dictionary<int, int> _coinbases = [];

    public CoinSweep(CoinLedger ledger, BulkQuestion question)
        : base(question, ledger.Rows, HoldersOf(ledger, question), ledger.Blocks)
    {
        _ledger = ledger;
        _lots = Memory.Scattered<LotChain>(HoldersOf(ledger, question));
        if (question.FollowFees)
        {
            FindCoinbases();
        }
    }

    private static int HoldersOf(CoinLedger ledger, BulkQuestion question) =>
        ledger.Coins + (question.FollowFees ? ledger.Rows : 0);

    protected override bool IsCoin => true;

    protected override bool IsOnlyHolderOfPlace => true;

    protected override MovementKind Read(int row)
    {
        (Side from, Side to) = IsForward ? (From, To) : (To, From);
        from.Clear();
        to.Clear();
        MovementKind kind = _ledger.Kinds.Span[row];
        ReadOnlySpan<int> inputs = _ledger.Inputs.Span[_ledger.InputStarts.Span[row].._ledger.InputStarts.Span[row + 1]];
        (int first, int end) = (_ledger.OutputStarts.Span[row], _ledger.OutputStarts.Span[row + 1]);
        foreach (int input in inputs)
        {
            if (input >= 0)
            {
                from.Add(input, _ledger.Values.Span[input]);
            }
            else if (Question.FollowFees)
            {
                from.Add(_ledger.Coins + ~input, FeeOf(~input));
            }
        }

        for (int coin = first; coin < end; coin++)
        {
            to.Add(coin, _ledger.Values.Span[coin]);
        }

        if (Question.FollowFees && FeeOf(row) is { IsZero: false } fee)
        {
            to.Add(_ledger.Coins + row, fee);
        }

        return kind;
    }

    protected override void QueueNext(int row)
    {
        Side side = To;
        for (int i = 0; i < side.Count; i++)
        {
            if (IsActive(side.Holders[i]))
            {
                Queue(NextOf(side.Holders[i], row));
            }
        }
    }

    protected override void QueueFrom(int holder, int boundary)
    {
        QueueBehind(_ledger.MakerOf(holder), boundary);
        QueueBehind(_ledger.Spenders.Span[holder], boundary);
    }

    protected override Net OpeningAt(int holder, int boundary)
    {
        Net opening = default;
        (int made, int spent) = (_ledger.MakerOf(holder), _ledger.Spenders.Span[holder]);
        opening.Add(made >= 0 && made < boundary ? _ledger.Values.Span[holder] : Units64.Zero);
        opening.Subtract(spent >= 0 && spent < boundary ? _ledger.Values.Span[holder] : Units64.Zero);
        return opening;
    }

    protected override bool IsFee(int holder) => holder >= _ledger.Coins;

    protected override int AddressOf(int holder) => IsFee(holder) ? -1 : _ledger.Addresses.Span[holder];

    protected override int PlaceOf(int holder) => holder;

    protected override int AssetOf(int holder) => 0;

    protected override int AssetOf(BulkSeed seed) => 0;

    protected override Units64 TotalOf(int holder) => SumOf(_lots[holder]);

    // A coin is spent as a whole: what is in it keeps its order, and the transaction's pool is where the policy orders.
    protected override void Put(int holder, LotChain lots, Units64 amount) => _lots[holder] = Slab.Join(_lots[holder], lots);

    // Lots that have come to be alike are one again, as in any pool.
    protected override void PutChanged(int holder, LotChain lots, Units64 amount)
    {
        TPool pool = default;
        Units64 before = TotalOf(holder);
        if (!before.IsZero)
        {
            pool.Put(Slab, DrainAll(holder), before);
        }

        pool.Put(Slab, lots, amount);
        Put(holder, pool.Drain(Slab), amount);
    }

    protected override LotChain Draw(int holder, Units64 amount) => DrainAll(holder);

    protected override LotChain DrainAll(int holder)
    {
        LotChain lots = _lots[holder];
        _lots[holder] = default;
        return lots;
    }

    protected override int Counterparties(int holder, int row)
    {
        HashSet<int> others = [];
        int next = NextOf(holder, row);
        if (next >= 0 && !LiesPastWindow(next))
        {
            ReadOnlySpan<int> starts = _ledger.InputStarts.Span;
            ReadOnlySpan<int> inputs = _ledger.Inputs.Span;
            for (int i = starts[next]; !IsForward && i < starts[next + 1]; i++)
            {
                AddOther(others, inputs[i]);
            }

            for (int coin = _ledger.OutputStarts.Span[next]; IsForward && coin < _ledger.OutputStarts.Span[next + 1]; coin++)
            {
                AddOther(others, coin);
            }
        }

        others.Remove(AddressOf(holder));
        return others.Count;
    }

    private void AddOther(HashSet<int> others, int coin)
    {
        if (coin >= 0)
        {
            others.Add(AddressOf(coin));
        }
    }

    // Forward the row that spends a coin, or the coinbase that takes a fee in; backward the row that makes either.
    private int NextOf(int holder, int row)
    {
        if (IsFee(holder))
        {
            int paid = holder - _ledger.Coins;
            return !IsForward ? paid : _coinbases.GetValueOrDefault(paid, -1);
        }

        return IsForward ? _ledger.Spenders.Span[holder] : _ledger.MakerOf(holder);
    }

    private Units64 FeeOf(int row)
    {
        if (_ledger.Kinds.Span[row] != MovementKind.Transaction)
        {
            return default;
        }

        Units64 fee = default;
        for (int i = _ledger.InputStarts.Span[row]; i < _ledger.InputStarts.Span[row + 1]; i++)
        {
            fee += _ledger.Values.Span[_ledger.Inputs.Span[i]];
        }

        for (int coin = _ledger.OutputStarts.Span[row]; coin < _ledger.OutputStarts.Span[row + 1]; coin++)
        {
            fee -= _ledger.Values.Span[coin];
        }

        return fee;
    }

    private void FindCoinbases()
    {
        ReadOnlySpan<int> inputs = _ledger.Inputs.Span;
        for (int row = 0; row < Rows; row++)
        {
            for (int i = _ledger.InputStarts.Span[row]; i < _ledger.InputStarts.Span[row + 1]; i++)
            {
                if (inputs[i] < 0)
                {
                    _coinbases[~inputs[i]] = row;
                }
            }
        }
    }
}
