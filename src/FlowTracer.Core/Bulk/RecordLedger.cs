using System.Collections.Immutable;
using FlowTracer.Core.Attributions;
using FlowTracer.Core.Clustering;
using FlowTracer.Core.Model;
using FlowTracer.Core.Tracing;

namespace FlowTracer.Core.Bulk;

/// <summary>
/// A chain's recorded movements as a ledger of columns, and the way between their names and its numbers, so that any question
/// can be put to it.
/// </summary>
public sealed class RecordLedger
{
    private readonly IReadOnlyList<Movement> _movements;
    private readonly IReadOnlyList<Holder> _others;
    private readonly Dictionary<Holder, int> _numbers = [];
    private readonly List<Holder> _holders = [];
    private readonly Dictionary<Address, int> _addressNumbers = [];
    private readonly List<Address> _addresses = [];
    private readonly Dictionary<Asset, int> _assetNumbers = [];
    private readonly List<Asset> _assets = [];
    private readonly Func<BulkQuestion, CancellationToken, BulkTrace> _run;

    /// <summary>Lays out movements of one chain.</summary>
    /// <param name="chain">The chain.</param>
    /// <param name="movements">In chain order.</param>
    /// <param name="others">Holders that a question will name though no movement does.</param>
    public RecordLedger(ChainId chain, IReadOnlyList<Movement> movements, IReadOnlyList<Holder> others)
    {
        (_movements, _others) = (movements, others);
        if (chain.Family == ChainFamily.Utxo)
        {
            _ = NumberOf(_assetNumbers, _assets, Asset.Coin(chain));
            CoinLedger coins = Coins();
            _run = (question, cancel) => BulkTracer.Run(coins, question, cancel);
        }
        else
        {
            _run = Narrowest() switch
            {
                1 => Accounts<Units64>(),
                2 => Accounts<Units128>(),
                _ => Accounts<Amount>(),
            };
        }
    }

    /// <summary>The holder of a number.</summary>
    public Holder HolderAt(int number) => _holders[number];

    /// <summary>Whether a number is a holder's: those behind them are of fees on their way to a coinbase.</summary>
    public bool IsHolder(int number) => number < _holders.Count;

    /// <summary>The asset of a number.</summary>
    public Asset AssetAt(int number) => _assets[number];

    /// <summary>The movement of a row.</summary>
    public Movement MovementAt(int row) => _movements[row];

    /// <summary>Puts a question to the ledger.</summary>
    /// <param name="question">Its seeds are movements and holders of this record.</param>
    /// <param name="attributions">Who is behind an address.</param>
    /// <param name="isComplete">Whether all movements of a holder are in the record.</param>
    /// <param name="adjust">The last word on the question in numbers, e.g. to receive hops; null for none.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public BulkTrace Run(
        TraceQuestion question, Func<Address, Attribution?> attributions, Func<Holder, bool> isComplete,
        Func<BulkQuestion, BulkQuestion>? adjust, CancellationToken cancellationToken)
    {
        BulkQuestion asked = new(question.Policy, question.Direction, [.. question.Seeds.Select(SeedOf)])
        {
            FollowFees = question.FollowFees,
            Stops = address => SinkKey.Of(attributions(_addresses[address])),
            IsLabelled = address => attributions(_addresses[address]) is not null,
            IsComplete = holder => isComplete(_holders[holder]),
            Mixes = question.Heuristics == HeuristicSet.None || question.ThroughCoinJoins ? null : row => MixOf(row, question),
            Limits = question.Limits,
            SmallestLot = question.Limits.SmallestLot.IsEmpty
                ? null
                : asset => question.Limits.SmallestLot.TryGetValue(_assets[asset], out Amount least) ? least : null,
        };
        return _run(adjust is null ? asked : adjust(asked), cancellationToken);
    }

    private string? MixOf(int row, TraceQuestion question) =>
        CoinTransaction.Of(_movements[row]) is { } transaction
        && CoinJoinDetector.Find(transaction, question.Heuristics) is { Mixes: true } found
            ? found.Protocol
            : null;

    private BulkSeed SeedOf(Seed seed) => seed switch
    {
        TransferSeed transfer => BulkSeed.OfOutput(RowAt(transfer.Movement.Position), transfer.Output, transfer.Amount),
        BalanceSeed balance => BulkSeed.OfHolder(_numbers[balance.Holder], RowAt(balance.From), balance.Limit),
        _ => throw new InvariantException($"no such seed: {seed}"),
    };

    // The first row at or after a position.
    private int RowAt(Position position)
    {
        (int first, int end) = (0, _movements.Count);
        while (first < end)
        {
            int middle = (first + end) / 2;
            (first, end) = _movements[middle].Position.CompareTo(position) < 0 ? (middle + 1, end) : (first, middle);
        }

        return first;
    }

    // --- accounts -----------------------------------------------------------------------------------------------------

    // How many 64-bit words hold all that any holder ever gets and gives, so that no sum can overflow.
    private int Narrowest()
    {
        Dictionary<Holder, Amount> sums = [];
        int words = 1;
        foreach (Leg leg in _movements.SelectMany(static movement => movement.Inputs.Concat(movement.Outputs)))
        {
            Amount sum = sums.GetValueOrDefault(leg.Holder);
            if (sum > Amount.MaxValue - leg.Amount)
            {
                return 4;
            }

            sum = sums[leg.Holder] = sum + leg.Amount;
            words = Math.Max(words, sum.TryGetUInt64(out _) ? 1 : sum <= Amount.FromUInt128(UInt128.MaxValue) ? 2 : 4);
        }

        return words;
    }

    private Func<BulkQuestion, CancellationToken, BulkTrace> Accounts<TUnits>()
        where TUnits : struct, IUnits<TUnits>
    {
        AccountLedgerBuilder<TUnits> builder = new(_movements.Count);
        Movement? last = null;
        foreach (Movement movement in _movements)
        {
            if (StartsBlock(last, movement))
            {
                builder.BeginBlock(movement.Position.Block, movement.Stamp.TimeSeconds ?? -1);
            }

            last = movement;
            Add(builder, movement);
        }

        foreach (Holder holder in _others)
        {
            _ = NumberOf(builder, holder);
        }

        AccountLedger<TUnits> ledger = builder.Build();
        return (question, cancel) => BulkTracer.Run(ledger, question, cancel);
    }

    private void Add<TUnits>(AccountLedgerBuilder<TUnits> builder, Movement movement)
        where TUnits : struct, IUnits<TUnits>
    {
        (int Holder, TUnits Amount)[] from = LegsOf(builder, movement.Inputs);
        (int Holder, TUnits Amount)[] to = LegsOf(builder, movement.Outputs);
        if (movement.Kind is MovementKind.Swap or MovementKind.Unresolved or MovementKind.Transaction || from.Length > 1 || to.Length > 1)
        {
            builder.Legs(movement.Kind, from, to);
        }
        else if (from.Length == 0)
        {
            builder.Issue(to[0].Holder, to[0].Amount);
        }
        else if (to.Length == 0)
        {
            builder.Fee(from[0].Holder, from[0].Amount);
        }
        else
        {
            builder.Transfer(from[0].Holder, to[0].Holder, from[0].Amount);
        }
    }

    private (int Holder, TUnits Amount)[] LegsOf<TUnits>(AccountLedgerBuilder<TUnits> builder, ImmutableArray<Leg> legs)
        where TUnits : struct, IUnits<TUnits> =>
        [.. legs.Select(leg => (NumberOf(builder, leg.Holder), TUnits.Of(leg.Amount)))];

    private int NumberOf<TUnits>(AccountLedgerBuilder<TUnits> builder, Holder holder)
        where TUnits : struct, IUnits<TUnits>
    {
        if (!_numbers.TryGetValue(holder, out int number))
        {
            number = _numbers[holder] = builder.AddHolder(
                NumberOf(_addressNumbers, _addresses, holder.Address), NumberOf(_assetNumbers, _assets, holder.Asset));
            _holders.Add(holder);
        }

        return number;
    }

    private static int NumberOf<T>(Dictionary<T, int> numbers, List<T> items, T item)
        where T : notnull
    {
        if (!numbers.TryGetValue(item, out int number))
        {
            number = numbers[item] = items.Count;
            items.Add(item);
        }

        return number;
    }

    // A record may state a time for some rows of a block only.
    private static bool StartsBlock(Movement? last, Movement movement) =>
        last is null || last.Position.Block != movement.Position.Block || last.Stamp.TimeSeconds != movement.Stamp.TimeSeconds;

    // --- coins --------------------------------------------------------------------------------------------------------

    private CoinLedger Coins()
    {
        CoinLedgerBuilder builder = new(_movements.Count);
        Dictionary<Holder, int> made = [];
        Dictionary<Holder, int> earlier = [];
        Dictionary<Holder, int> fees = [];
        Movement? last = null;
        foreach (Movement movement in _movements)
        {
            if (StartsBlock(last, movement))
            {
                builder.BeginBlock(movement.Position.Block, movement.Stamp.TimeSeconds ?? -1);
            }

            last = movement;
            int row = builder.Rows;
            int[] inputs = [.. movement.Inputs.Select(leg => leg.Holder.IsFee ? ~fees[leg.Holder] : CoinOf(builder, leg, made, earlier))];
            int first = builder.Add(
                movement.Kind, inputs, [.. movement.Outputs.Select(leg => (Units64.Of(leg.Amount), AddressNumberOf(leg.Holder)))]);
            for (int i = 0; i < movement.Outputs.Length; i++)
            {
                made[movement.Outputs[i].Holder] = first + i;
                _holders.Add(movement.Outputs[i].Holder);
            }

            if (movement.Fee is Leg fee)
            {
                fees[fee.Holder] = row;
            }
        }

        foreach (Holder holder in _others.Where(holder => !made.ContainsKey(holder) && !earlier.ContainsKey(holder)))
        {
            // What it is worth nobody asks: it is neither made nor spent.
            earlier[holder] = builder.AddEarlier(default, AddressNumberOf(holder));
        }

        foreach ((Holder holder, int coin) in made)
        {
            _numbers[holder] = coin;
        }

        foreach (Holder holder in earlier.Keys)
        {
            _numbers[holder] = _holders.Count;
            _holders.Add(holder);
        }

        return builder.Build();
    }

    private int CoinOf(CoinLedgerBuilder builder, Leg leg, Dictionary<Holder, int> made, Dictionary<Holder, int> earlier)
    {
        if (made.TryGetValue(leg.Holder, out int coin))
        {
            return coin;
        }

        return earlier[leg.Holder] = builder.AddEarlier(Units64.Of(leg.Amount), AddressNumberOf(leg.Holder));
    }

    private int AddressNumberOf(Holder holder) =>
        holder.Address.IsNone ? -1 : NumberOf(_addressNumbers, _addresses, holder.Address);
}
