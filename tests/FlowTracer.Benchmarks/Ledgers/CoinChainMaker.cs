using FlowTracer.Core.Bulk;
using FlowTracer.Core.Model;

namespace FlowTracer.Benchmarks.Ledgers;

/// <summary>
/// Makes a <see cref="CoinChain"/>: transaction after transaction, each of one owner's coins. The owners are the services
/// (exchanges, then mining pools), then all others in the order they first appear; the first address of a service has its number.
/// </summary>
internal sealed class CoinChainMaker
{
    private const int Exchanges = 48;
    private const int Pools = 16;
    private const int Services = Exchanges + Pools;
    private const int FirstUsers = 256;
    private const int LeastGathered = 6;
    private const int Tries = 16;
    private const int None = -1;

    // In satoshi.
    private const ulong MedianPayment = 1_000_000;
    private const ulong LeastCoin = 546;
    private const ulong LeastSpent = 2_000;
    private const ulong LeastWalked = 10_000_000;
    private const ulong MedianRate = 20;
    private const ulong MostRate = 1_000;

    private readonly int _rows;

    // Of the half that is not loot, half is there from the start; the other is issued block by block.
    private readonly ulong _loot;
    private readonly ulong _firstIssue;
    private readonly Chance _chance;
    private readonly BlockPlan _blocks;
    private readonly MovementKind[] _kinds;
    private readonly int[] _inputStarts;
    private readonly int[] _outputStarts;
    private readonly Column<int> _inputs;
    private readonly Column<Units64> _values;
    private readonly Column<int> _addresses;
    private readonly Column<int> _spenders;

    // By coin: the owner's next older one. By address: its owner. By owner: its newest coin, and who paid it last.
    private readonly Column<int> _olders;
    private readonly Column<int> _owners;
    private readonly Column<int> _newest;
    private readonly Column<int> _payers;

    private readonly List<int> _spent = [];
    private readonly List<(ulong Value, int Address)> _made = [];
    private readonly List<int> _feeRows = [];
    private readonly int[] _walkers = new int[CoinChain.Branches];
    private ulong _fees;
    private int _row;
    private int _firstLoot = None;
    private int _theft = None;

    public CoinChainMaker(int rows, int seed)
    {
        _rows = rows;
        _loot = CoinChain.Supply(rows) / 2;
        _firstIssue = _loot / 2;
        _chance = new Chance((uint)seed);
        _blocks = new BlockPlan(rows, rowsPerBlock: 1_500, secondsPerBlock: 500);
        (_kinds, _inputStarts, _outputStarts) = (new MovementKind[rows], new int[rows + 1], new int[rows + 1]);
        int coins = checked(rows * 2);
        _inputs = new Column<int>(coins + rows);
        (_values, _addresses, _spenders, _olders) = (new Column<Units64>(coins), new Column<int>(coins), new Column<int>(coins), new Column<int>(coins));
        (_owners, _newest, _payers) = (new Column<int>(rows), new Column<int>(rows), new Column<int>(rows));
    }

    public CoinChain Make()
    {
        IssueFirst();
        while (_row < _rows)
        {
            _blocks.Begin(_chance);
            while (_row < _blocks.End - 1)
            {
                Act();
            }

            Reward();
        }

        CoinLedger ledger = new(
            _kinds, _inputStarts, _inputs.Memory, _outputStarts, _values.Memory, _addresses.Memory, _spenders.Memory, _blocks.Columns());
        return new CoinChain(ledger, 0, _firstLoot, _theft);
    }

    // The treasury's coin, then those that services and the first users have from the start.
    private void IssueFirst()
    {
        _blocks.Begin(_chance, size: 1);
        for (int owner = 0; owner < Services + FirstUsers; owner++)
        {
            AddAddress(AddOwner());
        }

        _made.Add((_loot, AddAddress(AddOwner())));
        ulong left = _firstIssue;
        for (int user = 0; user < FirstUsers; user++)
        {
            _made.Add((_firstIssue / 2 / FirstUsers, Services + user));
            left -= _made[^1].Value;
        }

        for (int service = 0; service < Services; service++)
        {
            _made.Add((left / (ulong)(Services - service), service));
            left -= _made[^1].Value;
        }

        Put(MovementKind.Reward);
    }

    // One transaction, or none where whoever was drawn has nothing to spend.
    private void Act()
    {
        if (_firstLoot < 0)
        {
            Split();
            return;
        }

        if (_theft < 0 && _row >= _rows / 2)
        {
            Steal();
            return;
        }

        switch (_chance.Below(100))
        {
            case < 58:
                Pay(DrawPayer());
                break;
            case < 65:
                Forward(DrawPayer());
                break;
            case < 69:
                Walk(_chance.Below(_walkers.Length));
                break;
            case < 72:
                Return(DrawPayer());
                break;
            case < 84:
                Gather(DrawService(Services));
                break;
            default:
                PayOut(DrawService(Services));
                break;
        }
    }

    private void Split()
    {
        _firstLoot = _values.Count;
        ulong left = Take(Services + FirstUsers, _loot, 1, 1) - Fee(1, CoinChain.Branches, _loot);
        for (int branch = 0; branch < CoinChain.Branches; branch++)
        {
            int branches = CoinChain.Branches - branch;
            ulong part = branches == 1 ? left : left / (ulong)branches * (ulong)(50 + _chance.Below(101)) / 100;
            _walkers[branch] = AddOwner();
            _made.Add((part, AddAddress(_walkers[branch])));
            left -= part;
        }

        Put(MovementKind.Transaction);
    }

    // What is stolen is walked off like the loot.
    private void Steal()
    {
        int victim = DrawPayer();
        ulong all = Take(victim, ulong.MaxValue, 1, 10);
        if (all < LeastWalked * 2)
        {
            GiveBack(victim);
            return;
        }

        (_theft, _walkers[0]) = (_values.Count, AddOwner());
        _made.Add((all - Fee(_spent.Count, 1, all), AddAddress(_walkers[0])));
        Put(MovementKind.Transaction);
        Walk(0);
    }

    // To one payee, all there is if it is too little, or now and then to several; some wallets spend more coins than they must.
    private void Pay(int payer)
    {
        int payees = _chance.Percent(8) ? (int)_chance.Pareto(2, 100, 80) : 1;
        int least = _chance.Percent(18) ? (int)_chance.Pareto(2, 300, 110) : 1;
        Spend(payer, payees, least);
    }

    // All of a coin to one address, the owner's own or another's.
    private void Forward(int payer)
    {
        if (payer >= 0)
        {
            PayAll(Take(payer, 1, 1, 1), _chance.Percent(30) ? AddAddress(payer) : DrawPayee());
        }
    }

    // Hops of a peel chain: at each a little is paid, and the rest goes on to a new address.
    private void Walk(int place)
    {
        ref int walker = ref _walkers[place];
        for (int left = (int)_chance.Pareto(1, 100, 80); left > 0 && _row < _blocks.End - 1; left--)
        {
            int coin = walker < 0 ? None : _newest[walker];
            if (coin < 0 || _values[coin].Value < LeastWalked)
            {
                walker = DrawPayer();
                return;
            }

            ulong all = Take(walker, 1, 1, 1);
            ulong rest = all - Fee(1, 2, all);
            ulong peel = rest / 1_000 * (ulong)(5 + _chance.Below(75));
            walker = AddOwner();
            _made.Add((peel, DrawPayee()));
            AddChange(rest - peel, walker, reusePercent: 0);
            Put(MovementKind.Transaction);
        }
    }

    // Some goes back to the address that paid last.
    private void Return(int payer)
    {
        if (payer >= 0 && _payers[payer] >= 0)
        {
            ulong all = Take(payer, 1, 1, 1);
            ulong left = all - Fee(1, 2, all);
            ulong part = left / 100 * (ulong)(50 + _chance.Below(51));
            _made.Add((part, _payers[payer]));
            AddChange(left - part, payer, reusePercent: 0);
            Put(MovementKind.Transaction);
        }
    }

    // A service puts many coins together, once it has some.
    private void Gather(int service)
    {
        ulong all = Take(service, ulong.MaxValue, 1, (int)_chance.Pareto(LeastGathered, 1_000, 130));
        if (_spent.Count < LeastGathered)
        {
            GiveBack(service);
            return;
        }

        PayAll(all, service);
    }

    // A service pays several of its customers at once.
    private void PayOut(int service) => Spend(service, (int)_chance.Pareto(1, 2_000, 95), 1);

    private void Spend(int payer, int payees, int least)
    {
        ulong wanted = 0;
        for (int i = 0; i < payees; i++)
        {
            _made.Add((LeastCoin + _chance.LogNormal(MedianPayment, _loot, 450), None));
            wanted += _made[^1].Value;
        }

        ulong all = Take(payer, wanted, least, 200);
        ulong left = all - Fee(_spent.Count, payees + 1, all);
        if (left < wanted && (payees > 1 || left < LeastCoin))
        {
            _made.Clear();
            GiveBack(payer);
            return;
        }

        for (int i = 0; i < payees; i++)
        {
            _made[i] = (Math.Min(left, _made[i].Value), DrawPayee());
        }

        AddChange(left - Math.Min(left, wanted), payer, reusePercent: 25);
        Put(MovementKind.Transaction);
    }

    // A coinbase takes in the fees of its block and what is newly issued.
    private void Reward()
    {
        ulong all = _blocks.Issue(_loot - _firstIssue) + _fees;
        _made.Add((all, Exchanges + DrawService(Pools)));
        Put(MovementKind.Reward);
        _feeRows.Clear();
        _fees = 0;
    }

    // The newest coins of an owner, at least and at most so many, until they are worth what is wanted. They are in _spent.
    private ulong Take(int owner, ulong wanted, int least, int most)
    {
        ulong sum = 0;
        if (owner >= 0)
        {
            for (; _newest[owner] >= 0 && _spent.Count < most && (_spent.Count < least || sum < wanted); _newest[owner] = _olders[_newest[owner]])
            {
                _spent.Add(_newest[owner]);
                sum += _values[_newest[owner]].Value;
            }
        }

        return sum;
    }

    private void GiveBack(int owner)
    {
        if (_spent.Count > 0)
        {
            _newest[owner] = _spent[0];
            _spent.Clear();
        }
    }

    private void PayAll(ulong all, int address)
    {
        if (all > 0)
        {
            _made.Add((all - Fee(_spent.Count, 1, all), address));
            Put(MovementKind.Transaction);
        }
    }

    // Among the outputs, anywhere, to a new address or that of the first coin spent; too little for a coin of its own goes to
    // the first payee.
    private void AddChange(ulong value, int owner, int reusePercent)
    {
        if (value < LeastCoin)
        {
            _made[0] = (_made[0].Value + value, _made[0].Address);
            return;
        }

        int place = _chance.Below(_made.Count + 1);
        _made.Add((value, _chance.Percent(reusePercent) ? _addresses[_spent[0]] : AddAddress(owner)));
        (_made[place], _made[^1]) = (_made[^1], _made[place]);
    }

    // About what a transaction of such a shape weighs, in bytes, times a rate; no more than a quarter of what is spent.
    private ulong Fee(int inputs, int outputs, ulong all)
    {
        ulong bytes = (ulong)(10 + (68 * inputs) + (31 * outputs));
        return Math.Min(bytes * (1 + _chance.LogNormal(MedianRate, MostRate, 120)), all / 4);
    }

    // The owner of an unspent coin, mostly of one not long made: how long ago is Pareto of exponent 1/3 from 50 coins on.
    private int DrawPayer()
    {
        for (int i = 0; i < Tries; i++)
        {
            ulong ago = _chance.Pareto(50, int.MaxValue, 300);
            int coin = ago > (ulong)_values.Count ? _chance.Below(_values.Count) : _values.Count - (int)ago;
            int owner = _owners[_addresses[coin]];
            if (_spenders[coin] < 0 && owner >= Services && _values[coin].Value >= LeastSpent)
            {
                return owner;
            }
        }

        return None;
    }

    // An address: a newcomer's, a service's for one deposit, of an owner so far, as often as it was paid, or the k-th of all
    // about as often as k^-1.2.
    private int DrawPayee()
    {
        int kind = _chance.Below(100);
        if (kind < 70)
        {
            return AddAddress(kind < 48 ? AddOwner() : DrawService(Services));
        }

        if (_chance.Percent(50))
        {
            return _chance.Rank(_owners.Count, 500);
        }

        int known = _addresses[_chance.Below(_values.Count)];
        return _chance.Percent(50) ? known : AddAddress(_owners[known]);
    }

    private int DrawService(int count) => _chance.Rank(count, 100);

    private int AddOwner()
    {
        _payers.Add(None);
        return _newest.Add(None);
    }

    private int AddAddress(int owner) => _owners.Add(owner);

    // The next row: it spends what was taken and makes what was listed.
    private void Put(MovementKind kind)
    {
        _kinds[_row] = kind;
        ulong fee = 0;
        int payer = None;
        foreach (int coin in _spent)
        {
            _inputs.Add(coin);
            _spenders[coin] = _row;
            fee += _values[coin].Value;
            payer = _addresses[coin];
        }

        foreach (int row in kind == MovementKind.Reward ? _feeRows : [])
        {
            _inputs.Add(~row);
        }

        foreach ((ulong value, int address) in _made)
        {
            Make(value, address, payer);
            fee -= kind == MovementKind.Reward ? 0 : value;
        }

        if (fee > 0)
        {
            _feeRows.Add(_row);
            _fees += fee;
        }

        _spent.Clear();
        _made.Clear();
        _row++;
        (_inputStarts[_row], _outputStarts[_row]) = (_inputs.Count, _values.Count);
    }

    private void Make(ulong value, int address, int payer)
    {
        int coin = _values.Add(new Units64(value));
        int owner = _owners[address];
        _addresses.Add(address);
        _spenders.Add(None);
        _olders.Add(_newest[owner]);
        _newest[owner] = coin;
        if (payer >= 0 && _owners[payer] != owner)
        {
            _payers[owner] = payer;
        }
    }
}
