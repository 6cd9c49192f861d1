using FlowTracer.Chains.Ethereum;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Recorded;

/// <summary>
/// Makes movements of the rows of a record, one transaction after the other. Rows come in chain order; where a row states
/// no block, no index or no time, its place is after the row before it. It keeps the hashes of all transactions it has
/// seen, and nothing else of them.
/// </summary>
public sealed class RecordBuilder
{
    private readonly List<RecordRow> _transaction = [];
    private readonly Dictionary<ChainId, Place> _places = [];

    /// <summary>Adds a row.</summary>
    /// <returns>The movements of the transaction that ends before it; none while it goes on.</returns>
    /// <exception cref="InputException">It is not in chain order, or the one before it was not.</exception>
    public IReadOnlyList<Movement> Add(RecordRow row)
    {
        bool ends = _transaction.Count > 0
            && (row.Tx is null || row.Tx != _transaction[0].Tx || row.Chain != _transaction[0].Chain);
        IReadOnlyList<Movement> ended = ends ? End() : [];
        if (_transaction.Count > 0 && Contradicts(row, _transaction[0]))
        {
            throw row.Fault("not the block, time or index of its transaction's first row");
        }

        _transaction.Add(row);
        return ended;
    }

    /// <summary>The movements of the last transaction.</summary>
    /// <exception cref="InputException">It is not in chain order.</exception>
    public IReadOnlyList<Movement> End()
    {
        if (_transaction.Count == 0)
        {
            return [];
        }

        RecordRow first = _transaction[0];
        Place place = _places.TryGetValue(first.Chain, out Place? known) ? known : _places[first.Chain] = new Place();
        if (first.Tx is TxHash tx && !place.Finished.Add(tx))
        {
            throw first.Fault(
                $"transaction {tx.ToString(first.Chain.Family)} was there before: its rows must stand together, in order");
        }

        foreach (RecordRow row in _transaction)
        {
            place.MoveTo(row);
        }

        try
        {
            return MovementsAt(place);
        }
        catch (OverflowException)
        {
            throw first.Fault("the transfers of this transaction add up to more than 2^256-1, the most there is");
        }
        finally
        {
            _transaction.Clear();
        }
    }

    // A row may leave out what the first one states: a transaction has one place.
    private static bool Contradicts(RecordRow row, RecordRow first) =>
        (row.Block ?? first.Block) != first.Block
        || (row.BlockMax ?? first.BlockMax) != first.BlockMax
        || (row.TxIndex ?? first.TxIndex) != first.TxIndex
        || (row.Time ?? first.Time) != first.Time;

    private List<Movement> MovementsAt(Place place)
    {
        RecordRow first = _transaction[0];
        Stamp stamp = new(first.Block, first.BlockMax, first.TxIndex, first.Time);
        List<Movement> movements = [];
        foreach (TransactionNetting.Part part in TransactionNetting.Net([.. _transaction.Select(static row => row.Fact)]))
        {
            movements.Add(Movement.Create(
                part.Kind, part.Grade, place.NextStep(), stamp, first.Tx, part.Source, part.Inputs, part.Outputs));
        }

        return movements;
    }

    /// <summary>Where a chain's record has come to.</summary>
    private sealed class Place
    {
        private Position _at;
        private long _time = long.MinValue;

        /// <summary>The transactions whose rows are all there.</summary>
        public HashSet<TxHash> Finished { get; } = [];

        public void MoveTo(RecordRow row)
        {
            if (row.Time < _time)
            {
                throw Unsorted(row, "an earlier time than the row before it");
            }

            if ((row.BlockMax ?? row.Block) < _at.Block)
            {
                throw Unsorted(row, "an earlier block than the row before it");
            }

            _time = row.Time ?? _time;
            if (row.Block > _at.Block)
            {
                _at = new Position(row.Block.Value, 0, 0);
            }

            // An index says something of the order only within a block that both rows are known to be in.
            uint? index = row.Block is not null && row.BlockMax is null ? row.TxIndex : null;
            if (index < _at.TxIndex)
            {
                throw Unsorted(row, "an earlier transaction index than the row before it");
            }

            if (index > _at.TxIndex)
            {
                _at = new Position(_at.Block, index.Value, 0);
            }
        }

        public Position NextStep() => _at = _at with { Step = _at.Step + 1 };

        private static InputException Unsorted(RecordRow row, string what) =>
            row.Fault($"{what}: rows must be in chain order");
    }
}
