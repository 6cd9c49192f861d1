using FlowTracer.Core.Bulk;
using FlowTracer.Core.Model;

namespace FlowTracer.Benchmarks.Ledgers;

/// <summary>
/// Makes an <see cref="AccountChain"/>: row after row, each paid from what its giver has at that moment. The holders are the
/// exchanges' hot wallets, the treasury, then all others in the order they first appear.
/// </summary>
internal sealed class AccountChainMaker
{
    private const int Nobody = AccountLedger<Units64>.Nobody;
    private const int Exchanges = 64;
    private const int Treasury = Exchanges;
    private const int FirstUsers = 256;
    private const int FirstRows = 1 + Exchanges + FirstUsers;
    private const int Tries = 8;

    // The exchange of a holder that is no deposit address.
    private const sbyte Ordinary = -1;

    // In millionths of a token.
    private const ulong MedianPayment = 100_000_000;
    private const ulong LeastGiven = 10_000;
    private const ulong LeastWalked = 1_000_000_000;
    private const int MostDust = 1_000;
    private const ulong MedianFee = 500_000;

    private readonly int _rows;

    // Of the half that is not loot, half is there from the start; the other is issued block by block.
    private readonly ulong _loot;
    private readonly ulong _firstIssue;
    private readonly Chance _chance;
    private readonly BlockPlan _blocks;
    private readonly int[] _from;
    private readonly int[] _to;
    private readonly Units64[] _amounts;
    private readonly Column<ulong> _balances;
    private readonly Column<sbyte> _exchanges;
    private readonly Queue<int> _deposits = new();
    private readonly int[] _walkers = new int[AccountChain.Branches];
    private readonly int[] _lootRows = new int[AccountChain.Branches];
    private int _row;
    private int _looted;
    private int _theftRow = -1;

    public AccountChainMaker(int rows, int seed)
    {
        _rows = rows;
        _loot = AccountChain.Supply(rows) / 2;
        _firstIssue = _loot / 2;
        _chance = new Chance((uint)seed);
        _blocks = new BlockPlan(rows, rowsPerBlock: 150, secondsPerBlock: 10);
        (_from, _to, _amounts) = (new int[rows], new int[rows], new Units64[rows]);
        (_balances, _exchanges) = (new Column<ulong>(rows / 3), new Column<sbyte>(rows / 3));
    }

    public AccountChain Make()
    {
        IssueFirst();
        while (_row < _rows)
        {
            _blocks.Begin(_chance);
            Put(Nobody, DrawPayee(Nobody), _blocks.Issue(_loot - _firstIssue));
            Sweep();
            while (!IsBlockFull)
            {
                Act();
            }
        }

        int[] addresses = new int[_balances.Count];
        for (int holder = 0; holder < addresses.Length; holder++)
        {
            addresses[holder] = holder;
        }

        AccountLedger<Units64> ledger = new(
            _from, _to, _amounts, new HolderColumns(addresses, default),
            new LegColumns<Units64>(default, new int[1], default, default), _blocks.Columns(), null);
        return new AccountChain(ledger, Treasury, _lootRows, _theftRow);
    }

    private bool IsBlockFull => _row == _blocks.End;

    private bool IsLootDue => _looted < AccountChain.Branches
        && _row >= FirstRows + ((long)_looted * ((AccountChain.LootEnd(_rows) * 3 / 4) - FirstRows) / AccountChain.Branches);

    private void IssueFirst()
    {
        _blocks.Begin(_chance, FirstRows);
        for (int holder = 0; holder < Exchanges + 1 + FirstUsers; holder++)
        {
            AddHolder(Ordinary);
        }

        Put(Nobody, Treasury, _loot);
        ulong left = _firstIssue;
        for (int user = 1; user <= FirstUsers; user++)
        {
            left -= Put(Nobody, Treasury + user, _firstIssue / 2 / FirstUsers);
        }

        for (int exchange = 0; exchange < Exchanges; exchange++)
        {
            left -= Put(Nobody, exchange, left / (ulong)(Exchanges - exchange));
        }
    }

    // One thing that somebody does; it ends early where the block does.
    private void Act()
    {
        if (IsLootDue)
        {
            PayLoot();
            return;
        }

        if (_theftRow < 0 && _row >= _rows / 2)
        {
            Steal();
            return;
        }

        switch (_chance.Below(100))
        {
            case < 66:
                Pay(DrawGiver());
                break;
            case < 80:
                PayOut();
                break;
            case < 87:
                Walk(_chance.Below(_walkers.Length));
                break;
            case < 92:
                Return();
                break;
            case < 97:
                Dust(DrawGiver());
                break;
            default:
                MoveBetweenExchanges();
                break;
        }
    }

    private void PayLoot()
    {
        int left = AccountChain.Branches - _looted;
        ulong all = _balances[Treasury];
        ulong part = left == 1 ? all : all / (ulong)left * (ulong)(50 + _chance.Below(101)) / 100;
        int branch = AddHolder(Ordinary);
        (_walkers[_looted], _lootRows[_looted]) = (branch, _row);
        _looted++;
        Put(Treasury, branch, part);
    }

    // What is stolen is walked off like the loot.
    private void Steal()
    {
        int victim = DrawGiver();
        if (!IsUser(victim) || _balances[victim] < LeastWalked)
        {
            return;
        }

        int thief = AddHolder(Ordinary);
        (_walkers[0], _theftRow) = (thief, _row);
        Put(victim, thief, _balances[victim]);
        Walk(0);
    }

    // A payment, to a deposit address too; some take a fee. Every fourth spends all there is.
    private void Pay(int giver)
    {
        if (_balances[giver] == 0)
        {
            return;
        }

        Put(giver, DrawPayee(giver), _chance.Percent(25) ? _balances[giver] : DrawAmount());
        if (_chance.Percent(12))
        {
            Put(giver, Nobody, _chance.LogNormal(MedianFee, LeastWalked, 100));
        }
    }

    // An exchange pays one or many of its customers.
    private void PayOut()
    {
        int exchange = DrawExchange();
        for (int left = (int)_chance.Pareto(1, 100, 70); left > 0 && _balances[exchange] >= LeastGiven && !IsBlockFull; left--)
        {
            Put(exchange, DrawPayee(exchange), Math.Min(_balances[exchange] / 4, DrawAmount()));
        }
    }

    // Hops of a peel chain: at each a little is paid, and the rest goes on to an address of its own.
    private void Walk(int place)
    {
        ref int walker = ref _walkers[place];
        if (_balances[walker] < LeastWalked || !IsUser(walker))
        {
            walker = DrawGiver();
            return;
        }

        for (int left = (int)_chance.Pareto(1, 100, 80); left > 0 && _blocks.End - _row >= 2; left--)
        {
            Put(walker, DrawPayee(walker), _balances[walker] / 1_000 * (ulong)(5 + _chance.Below(75)));
            int next = AddHolder(Ordinary);
            Put(walker, next, _balances[walker]);
            walker = next;
        }
    }

    // Some of a payment goes back where it came from.
    private void Return()
    {
        int row = DrawRow();
        (int giver, int payee) = (_to[row], _from[row]);
        if (IsUser(giver) && payee >= 0 && payee != Treasury)
        {
            ulong part = _amounts[row].Value / 100 * (ulong)(50 + _chance.Below(51));
            Put(giver, payee, part);
        }
    }

    // Next to nothing, sent to somebody who is often paid.
    private void Dust(int giver)
    {
        if (_balances[giver] > 0)
        {
            Put(giver, DrawKnown(giver), (ulong)(1 + _chance.Below(MostDust)));
        }
    }

    private void MoveBetweenExchanges()
    {
        (int giver, int payee) = (DrawExchange(), DrawExchange());
        Put(giver, payee, _balances[giver] / 1_000 * (ulong)(1 + _chance.Below(200)));
    }

    // Exchanges gather about half of what lies at deposit addresses, the longest there first.
    private void Sweep()
    {
        for (int left = (_deposits.Count + 1) / 2; left > 0 && !IsBlockFull; left--)
        {
            int address = _deposits.Dequeue();
            Put(address, _exchanges[address], _balances[address]);
        }
    }

    // Somebody who was paid and has something left: mostly not long ago, so that money moves on soon or rests long.
    private int DrawGiver()
    {
        for (int i = 0; i < Tries; i++)
        {
            int holder = _to[DrawRow()];
            if (IsUser(holder) && _balances[holder] >= LeastGiven)
            {
                return holder;
            }
        }

        return DrawExchange();
    }

    // How long ago is Pareto of exponent 1/3 from 50 rows on; past the first row, any row.
    private int DrawRow()
    {
        ulong ago = _chance.Pareto(50, int.MaxValue, 300);
        return ago > (ulong)_row ? _chance.Below(_row) : _row - (int)ago;
    }

    private int DrawPayee(int giver) => _chance.Below(100) switch
    {
        < 36 => AddHolder(Ordinary),
        < 48 => AddHolder((sbyte)DrawExchange()),
        _ => DrawKnown(giver),
    };

    // Any payee so far, as often as it was paid; or the k-th of all about as often as k^-1.2.
    private int DrawKnown(int giver)
    {
        for (int i = 0; i < Tries; i++)
        {
            int holder = _chance.Percent(40) ? _to[_chance.Below(_row)] : _chance.Rank(_balances.Count, 500);
            if (holder > Treasury && holder != giver)
            {
                return holder;
            }
        }

        return AddHolder(Ordinary);
    }

    private int DrawExchange() => _chance.Rank(Exchanges, 100);

    private ulong DrawAmount() => 1 + _chance.LogNormal(MedianPayment, _loot, 400);

    private bool IsUser(int holder) => holder > Treasury && _exchanges[holder] == Ordinary;

    private int AddHolder(sbyte exchange)
    {
        _balances.Add(0);
        return _exchanges.Add(exchange);
    }

    // A row of what is asked for, or of what the giver has; none that would move nothing or not be of this block. What it moves.
    private ulong Put(int from, int to, ulong asked)
    {
        ulong amount = from >= 0 ? Math.Min(asked, _balances[from]) : asked;
        if (amount == 0 || from == to || IsBlockFull)
        {
            return 0;
        }

        if (from >= 0)
        {
            _balances[from] -= amount;
        }

        if (to >= 0)
        {
            _balances[to] += amount;
            if (_exchanges[to] != Ordinary)
            {
                _deposits.Enqueue(to);
            }
        }

        (_from[_row], _to[_row], _amounts[_row]) = (from, to, new Units64(amount));
        _row++;
        return amount;
    }
}
