using System.Globalization;
using FlowTracer.Chains.Ethereum;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Recorded;

/// <summary>
/// Checks the rows of a transfers CSV one by one, and makes movements of them. Rows come in chain order; where a row
/// states no block, no index or no time, its place is after the row before it.
/// </summary>
internal sealed class RecordBuilder(string name, int[] columns)
{
    private readonly List<Movement> _movements = [];
    private readonly List<TransfersCsv.Row> _transaction = [];
    private readonly Dictionary<ChainId, Place> _places = [];
    private readonly HashSet<(ChainId, TxHash)> _finished = [];
    private readonly Dictionary<(ChainId, string), Address> _addresses = [];

    /// <summary>Adds a row.</summary>
    /// <exception cref="InputException">It is malformed, or not in chain order.</exception>
    public void Add(string[] record, long line)
    {
        if (record.Length != columns.Length)
        {
            throw new InputException(
                name, line, 0, string.Create(CultureInfo.InvariantCulture, $"{record.Length} fields where the header has {columns.Length}"));
        }

        TransfersCsv.Row row = new RowReader(name, line, record, columns, _addresses).Read();
        if (_transaction.Count > 0 && (row.Tx is null || row.Tx != _transaction[0].Tx || row.Chain != _transaction[0].Chain))
        {
            Finish();
        }

        if (_transaction.Count > 0 && Contradicts(row, _transaction[0]))
        {
            throw new InputException(name, line, 0, "not the block, time or index of its transaction's first row");
        }

        _transaction.Add(row);
    }

    // A row may leave out what the first one states: a transaction has one place.
    private static bool Contradicts(TransfersCsv.Row row, TransfersCsv.Row first) =>
        (row.Block ?? first.Block) != first.Block
        || (row.BlockMax ?? first.BlockMax) != first.BlockMax
        || (row.TxIndex ?? first.TxIndex) != first.TxIndex
        || (row.Time ?? first.Time) != first.Time;

    /// <summary>All movements, in the record's order.</summary>
    public IReadOnlyList<Movement> Build()
    {
        Finish();
        return _movements;
    }

    private void Finish()
    {
        if (_transaction.Count == 0)
        {
            return;
        }

        TransfersCsv.Row first = _transaction[0];
        if (first.Tx is TxHash tx && !_finished.Add((first.Chain, tx)))
        {
            throw new InputException(
                name, first.Line, 0,
                $"transaction {tx.ToString(first.Chain.Family)} was there before: its rows must stand together, in order");
        }

        Place place = _places.TryGetValue(first.Chain, out Place? known) ? known : _places[first.Chain] = new Place(name);
        foreach (TransfersCsv.Row row in _transaction)
        {
            place.MoveTo(row);
        }

        try
        {
            AddMovements(first, place);
        }
        catch (OverflowException)
        {
            throw new InputException(
                name, first.Line, 0, "the transfers of this transaction add up to more than 2^256-1, the most there is");
        }

        _transaction.Clear();
    }

    private void AddMovements(TransfersCsv.Row first, Place place)
    {
        Stamp stamp = new(first.Block, first.BlockMax, first.TxIndex, first.Time);
        foreach (TransactionNetting.Part part in TransactionNetting.Net([.. _transaction.Select(static row => row.Fact)]))
        {
            _movements.Add(Movement.Create(
                part.Kind, part.Grade, place.NextStep(), stamp, first.Tx, part.Source, part.Inputs, part.Outputs));
        }
    }

    /// <summary>Where a chain's record has come to.</summary>
    private sealed class Place(string name)
    {
        private Position _at;
        private long _time = long.MinValue;

        public void MoveTo(TransfersCsv.Row row)
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

        private InputException Unsorted(TransfersCsv.Row row, string what) =>
            new(name, row.Line, 0, $"{what}: rows must be in chain order");
    }
}
