using FlowTracer.Core.Model;

namespace FlowTracer.Core.Bulk;

/// <summary>
/// The movements of Bitcoin as columns, in chain order, a coinbase at the end of its block. Coins are numbered in the order
/// they are made, so that the outputs of a row lie together; coins made before the ledger begins come after all others. Each
/// coin knows the row that spends it.
/// </summary>
public sealed class CoinLedger
{
    private readonly Lazy<int[]> _makers;

    /// <summary>A ledger of columns that fit together; see <see cref="CoinLedgerBuilder"/>.</summary>
    public CoinLedger(
        ReadOnlyMemory<MovementKind> kinds, ReadOnlyMemory<int> inputStarts, ReadOnlyMemory<int> inputs, ReadOnlyMemory<int> outputStarts,
        ReadOnlyMemory<Units64> values, ReadOnlyMemory<int> addresses, ReadOnlyMemory<int> spenders, BlockColumns blocks)
    {
        (Kinds, InputStarts, Inputs, OutputStarts) = (kinds, inputStarts, inputs, outputStarts);
        (Values, Addresses, Spenders, Blocks) = (values, addresses, spenders, blocks);
        _makers = new Lazy<int[]>(Makers);
    }

    /// <summary>How many movements.</summary>
    public int Rows => Kinds.Length;

    /// <summary>How many coins.</summary>
    public int Coins => Values.Length;

    /// <summary>What each row is: a transaction, a reward (coinbase), or an unresolved side.</summary>
    public ReadOnlyMemory<MovementKind> Kinds { get; }

    /// <summary>Where the inputs of each row begin; one more at the end.</summary>
    public ReadOnlyMemory<int> InputStarts { get; }

    /// <summary>The coins spent. In a coinbase that states the fees of its block, <c>~n</c> for the fee of row n.</summary>
    public ReadOnlyMemory<int> Inputs { get; }

    /// <summary>The first coin that each row makes; one more at the end.</summary>
    public ReadOnlyMemory<int> OutputStarts { get; }

    /// <summary>What each coin is worth, in satoshi.</summary>
    public ReadOnlyMemory<Units64> Values { get; }

    /// <summary>The number of each coin's address; -1 where its script has none.</summary>
    public ReadOnlyMemory<int> Addresses { get; }

    /// <summary>The row that spends each coin; -1 while it is unspent.</summary>
    public ReadOnlyMemory<int> Spenders { get; }

    /// <summary>Which rows are of which block.</summary>
    public BlockColumns Blocks { get; }

    /// <summary>The row that makes a coin; -1 when it was made before the ledger begins. Made when first asked for.</summary>
    public int MakerOf(int coin) => _makers.Value[coin];

    private int[] Makers()
    {
        int[] makers = new int[Coins];
        Array.Fill(makers, -1);
        ReadOnlySpan<int> starts = OutputStarts.Span;
        for (int row = 0; row < Rows; row++)
        {
            makers.AsSpan(starts[row], starts[row + 1] - starts[row]).Fill(row);
        }

        return makers;
    }
}

/// <summary>Makes a Bitcoin ledger from movements in chain order.</summary>
/// <param name="rows">About how many.</param>
public sealed class CoinLedgerBuilder(int rows = 0)
{
    private readonly List<MovementKind> _kinds = new(rows);
    private readonly List<int> _inputStarts = new(rows) { 0 };
    private readonly List<int> _inputs = new(2 * rows);
    private readonly List<int> _outputStarts = new(rows) { 0 };
    private readonly List<Units64> _values = new(2 * rows);
    private readonly List<int> _addresses = new(2 * rows);
    private readonly List<(Units64 Value, int Address)> _earlier = [];
    private readonly List<int> _blockRows = [];
    private readonly List<ulong> _blockNumbers = [];
    private readonly List<long> _blockTimes = [];

    /// <summary>How many rows there are.</summary>
    public int Rows => _kinds.Count;

    /// <summary>How many coins have been made.</summary>
    public int Coins => _values.Count;

    /// <summary>What follows is in this block.</summary>
    /// <param name="number">More than that of the block before.</param>
    /// <param name="timeSeconds">Unix seconds; -1 when not known.</param>
    public void BeginBlock(ulong number, long timeSeconds)
    {
        _blockRows.Add(Rows);
        _blockNumbers.Add(number);
        _blockTimes.Add(timeSeconds);
    }

    /// <summary>A coin made before the ledger begins; the name to spend it by.</summary>
    public int AddEarlier(Units64 value, int address)
    {
        _earlier.Add((value, address));
        return int.MinValue + _earlier.Count - 1;
    }

    /// <summary>A transaction, coinbase or unresolved side; the number of the first coin it makes.</summary>
    /// <param name="kind">Which.</param>
    /// <param name="inputs">The coins it spends, each once; in a coinbase <c>~n</c> for the fee of row n.</param>
    /// <param name="outputs">The coins it makes, of more than nothing; -1 for no address.</param>
    public int Add(MovementKind kind, ReadOnlySpan<int> inputs, ReadOnlySpan<(Units64 Value, int Address)> outputs)
    {
        int first = Coins;
        _kinds.Add(kind);
        _inputs.AddRange(inputs);
        _inputStarts.Add(_inputs.Count);
        foreach ((Units64 value, int address) in outputs)
        {
            _values.Add(value);
            _addresses.Add(address);
        }

        _outputStarts.Add(Coins);
        return first;
    }

    /// <summary>The ledger.</summary>
    public CoinLedger Build()
    {
        int made = Coins;
        int[] inputs = [.. _inputs];
        int[] spenders = new int[made + _earlier.Count];
        Array.Fill(spenders, -1);
        for (int row = 0; row < Rows; row++)
        {
            for (int i = _inputStarts[row]; i < _inputStarts[row + 1]; i++)
            {
                // Names of earlier coins lie far below those of fees.
                inputs[i] = inputs[i] < int.MinValue / 2 ? made + (inputs[i] - int.MinValue) : inputs[i];
                if (inputs[i] >= 0)
                {
                    spenders[inputs[i]] = row;
                }
            }
        }

        return new CoinLedger(
            _kinds.ToArray(), _inputStarts.ToArray(), inputs, _outputStarts.ToArray(),
            (Units64[])[.. _values, .. _earlier.Select(static coin => coin.Value)],
            (int[])[.. _addresses, .. _earlier.Select(static coin => coin.Address)], spenders,
            new BlockColumns(_blockRows.ToArray(), _blockNumbers.ToArray(), _blockTimes.ToArray()));
    }
}
