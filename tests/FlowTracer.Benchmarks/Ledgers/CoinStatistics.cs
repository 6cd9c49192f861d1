using FlowTracer.Core.Bulk;
using FlowTracer.Core.Model;

namespace FlowTracer.Benchmarks.Ledgers;

/// <summary>
/// What a ledger of coins looks like; coinbases are left out unless said otherwise. Shares are of one. A coin of no worth is
/// one that was made before the ledger begins and whose worth nobody knows.
/// </summary>
internal sealed class CoinStatistics
{
    // A hop of a peel chain passes on so much of what came in.
    private const double LeastPassedOn = 0.9;

    /// <summary>Coins an address received in the ledger, coinbases too, of those with any.</summary>
    public required Distribution Received { get; init; }

    /// <summary>Coins an address spent, of those with any.</summary>
    public required Distribution Spent { get; init; }

    /// <summary>Satoshi of a coin made.</summary>
    public required Distribution Values { get; init; }

    /// <summary>Inputs of a transaction.</summary>
    public required Distribution Inputs { get; init; }

    /// <summary>Outputs of a transaction that are worth something.</summary>
    public required Distribution Outputs { get; init; }

    /// <summary>The fee in relation to what a transaction spends, where that is known.</summary>
    public required Distribution Fees { get; init; }

    /// <summary>Rows from a coin's making to its spending, where both are in the ledger.</summary>
    public required Distribution Ages { get; init; }

    /// <summary>Hops of each peel chain: transactions of one coin into two, one of them worth nine tenths or more, that spends the other's.</summary>
    public required Distribution Peels { get; init; }

    /// <summary>Transactions of one coin into two.</summary>
    public required double OneToTwoShare { get; init; }

    /// <summary>Transactions of one coin into one.</summary>
    public required double OneToOneShare { get; init; }

    /// <summary>Transactions that pay an address they spend from.</summary>
    public required double SelfShare { get; init; }

    /// <summary>Transactions that pay an address which paid the address of their first input, by the first input too.</summary>
    public required double ReturnShare { get; init; }

    /// <summary>Addresses that occur in a single coin.</summary>
    public required double OnceShare { get; init; }

    /// <summary>Coins made in the ledger that it leaves unspent, coinbases' too.</summary>
    public required double UnspentShare { get; init; }

    /// <summary>Counts a ledger.</summary>
    public static CoinStatistics Of(CoinLedger ledger) => new Counter(ledger).Count();

    private sealed class Counter
    {
        private readonly CoinLedger _ledger;
        private readonly int[] _received;
        private readonly int[] _spent;
        private readonly int[] _occurs;
        private readonly int[] _passedOn;
        private readonly HashSet<(int, int)> _pairs = [];
        private readonly List<double> _values = [];
        private readonly List<double> _inputs = [];
        private readonly List<double> _outputs = [];
        private readonly List<double> _fees = [];
        private readonly List<double> _ages = [];
        private int _toSelf;
        private int _returns;

        public Counter(CoinLedger ledger)
        {
            _ledger = ledger;
            int addresses = 1;
            foreach (int address in ledger.Addresses.Span)
            {
                addresses = Math.Max(addresses, address + 1);
            }

            (_received, _spent, _occurs) = (new int[addresses], new int[addresses], new int[addresses]);
            _passedOn = new int[ledger.Rows];
            Array.Fill(_passedOn, -1);
        }

        public CoinStatistics Count()
        {
            for (int coin = 0; coin < _ledger.Coins; coin++)
            {
                CountCoin(coin);
            }

            for (int row = 0; row < _ledger.Rows; row++)
            {
                if (_ledger.Kinds.Span[row] == MovementKind.Transaction)
                {
                    CountTransaction(row);
                }
            }

            int made = _ledger.OutputStarts.Span[^1];
            return new CoinStatistics
            {
                Received = AccountStatistics.Positive(_received),
                Spent = AccountStatistics.Positive(_spent),
                Values = new Distribution([.. _values]),
                Inputs = new Distribution([.. _inputs]),
                Outputs = new Distribution([.. _outputs]),
                Fees = new Distribution([.. _fees]),
                Ages = new Distribution([.. _ages]),
                Peels = new Distribution(AccountStatistics.RunLengths(Hops())),
                OneToTwoShare = ShareOf(1, 2),
                OneToOneShare = ShareOf(1, 1),
                SelfShare = _toSelf / (double)_inputs.Count,
                ReturnShare = _returns / (double)_inputs.Count,
                OnceShare = _occurs.Count(static count => count == 1) / (double)_occurs.Count(static count => count > 0),
                UnspentShare = _ledger.Spenders.Span[..made].Count(-1) / (double)made,
            };
        }

        private double ShareOf(int inputs, int outputs) =>
            _inputs.Zip(_outputs).Count(pair => (pair.First, pair.Second) == (inputs, outputs)) / (double)_inputs.Count;

        private void CountCoin(int coin)
        {
            int maker = _ledger.MakerOf(coin);
            int spender = _ledger.Spenders.Span[coin];
            if (maker >= 0 && spender >= 0)
            {
                _ages.Add(spender - maker);
            }

            if (_ledger.Addresses.Span[coin] is >= 0 and int address)
            {
                _occurs[address]++;
                _received[address] += maker >= 0 ? 1 : 0;
                _spent[address] += spender >= 0 ? 1 : 0;
            }
        }

        private void CountTransaction(int row)
        {
            ReadOnlySpan<int> starts = _ledger.OutputStarts.Span;
            ReadOnlySpan<int> inputs = _ledger.Inputs.Span[_ledger.InputStarts.Span[row].._ledger.InputStarts.Span[row + 1]];
            _inputs.Add(inputs.Length);
            _outputs.Add(starts[row + 1] - starts[row]);
            double spent = WorthOf(inputs);
            double made = 0;
            for (int coin = starts[row]; coin < starts[row + 1]; coin++)
            {
                double value = _ledger.Values.Span[coin].Value;
                _values.Add(value);
                made += value;
                if (inputs.Length == 1 && starts[row + 1] - starts[row] == 2 && value >= spent * LeastPassedOn && spent > 0)
                {
                    _passedOn[row] = coin;
                }
            }

            if (spent > 0)
            {
                _fees.Add((spent - made) / spent);
            }

            CountPairs(inputs, starts[row], starts[row + 1]);
        }

        // Zero where the worth of one is not known.
        private double WorthOf(ReadOnlySpan<int> coins)
        {
            double sum = 0;
            foreach (int coin in coins)
            {
                double value = _ledger.Values.Span[coin].Value;
                if (value == 0)
                {
                    return 0;
                }

                sum += value;
            }

            return sum;
        }

        private void CountPairs(ReadOnlySpan<int> inputs, int first, int end)
        {
            ReadOnlySpan<int> addresses = _ledger.Addresses.Span;
            int payer = addresses[inputs[0]];
            HashSet<int> payers = [];
            foreach (int coin in inputs)
            {
                payers.Add(addresses[coin]);
            }

            (bool toSelf, bool isReturn) = (false, false);
            foreach (int payee in addresses[first..end])
            {
                bool own = payee >= 0 && payers.Contains(payee);
                toSelf |= own;
                isReturn |= !own && payee >= 0 && _pairs.Contains((payee, payer));
                _pairs.Add((payer, payee));
            }

            _toSelf += toSelf ? 1 : 0;
            _returns += isReturn ? 1 : 0;
        }

        // By row: the hop that spends what this one passed on. A hop whose coin no hop spends is the last of its run, which
        // leads to a place behind all rows.
        private int[] Hops()
        {
            int[] next = new int[_ledger.Rows + 1];
            Array.Fill(next, -1);
            for (int row = 0; row < _ledger.Rows; row++)
            {
                if (_passedOn[row] >= 0)
                {
                    int spender = _ledger.Spenders.Span[_passedOn[row]];
                    next[row] = spender >= 0 && _passedOn[spender] >= 0 ? spender : _ledger.Rows;
                }
            }

            return next;
        }
    }
}
