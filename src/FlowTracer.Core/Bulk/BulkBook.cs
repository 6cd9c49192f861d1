using System.Collections.Immutable;
using FlowTracer.Core.Model;
using FlowTracer.Core.Taint;
using FlowTracer.Core.Tracing;

namespace FlowTracer.Core.Bulk;

/// <summary>
/// The balance sheets of a bulk trace as they grow. They are kept by claim, and a claim of several seeds (poison) is counted
/// for each of them at the end.
/// </summary>
internal sealed class BulkBook(ClaimTable claims, int seeds)
{
    private readonly Dictionary<(SinkKey Sink, int Asset), Dictionary<int, Row>> _byClaim = [];
    private readonly Dictionary<(SinkKey Sink, int Asset), Row[]> _rows = [];

    /// <summary>The rows of one sink and asset, by claim, to add to.</summary>
    public Dictionary<int, Row> At(SinkKey sink, int asset)
    {
        if (!_byClaim.TryGetValue((sink, asset), out Dictionary<int, Row>? rows))
        {
            rows = _byClaim[(sink, asset)] = [];
        }

        return rows;
    }

    /// <summary>Closes the book: what was booked by claim is counted by seed.</summary>
    public void Close()
    {
        foreach (((SinkKey, int) key, Dictionary<int, Row> byClaim) in _byClaim)
        {
            Row[] rows = _rows[key] = new Row[seeds];
            foreach ((int claim, Row row) in byClaim.OrderBy(static entry => entry.Key))
            {
                foreach (int seed in claims.SeedsOf(claim))
                {
                    rows[seed].Add(row);
                }
            }
        }
    }

    /// <summary>What all sinks of a seed come to.</summary>
    public Amount Total(int seed) =>
        _rows.Values.Aggregate(Amount.Zero, (sum, rows) => sum + rows[seed].Amount);

    /// <summary>The rows of a seed.</summary>
    public ImmutableArray<BulkSink> Of(int seed) =>
    [
        .. _rows.Where(entry => entry.Value[seed].IsThere)
            .Select(entry => new BulkSink(entry.Key.Sink, entry.Key.Asset, entry.Value[seed].Amount, entry.Value[seed].Count))
            .OrderBy(static row => row.Sink.Kind)
            .ThenByDescending(static row => row.Amount)
            .ThenBy(static row => row.Sink.Name, StringComparer.Ordinal)
            .ThenBy(static row => row.Asset),
    ];

    /// <summary>A claim's or a seed's value at one sink.</summary>
    internal struct Row
    {
        private HashSet<int>? _places;
        private int _lastPlace;
        private int _others;

        public Amount Amount { get; private set; }

        public bool IsThere { get; private set; }

        public readonly int Count => _others + (_places?.Count ?? 0);

        /// <summary>Adds what another claim of the same seed has there.</summary>
        public void Add(in Row other)
        {
            if (other._places is not null)
            {
                (_places ??= []).UnionWith(other._places);
            }

            _others += other._others;
            (Amount, IsThere) = (Amount + other.Amount, true);
        }

        /// <summary>Adds value that ended at a place which may have been named before.</summary>
        public void Add(Amount amount, int place)
        {
            if (_places is null || place != _lastPlace)
            {
                (_places ??= []).Add(place);
                _lastPlace = place;
            }

            (Amount, IsThere) = (Amount + amount, true);
        }

        /// <summary>Adds value that ended at a place, where each place is named in one run of calls only.</summary>
        public void AddInTurn(Amount amount, int place)
        {
            if (!IsThere || place != _lastPlace)
            {
                _others++;
                _lastPlace = place;
            }

            (Amount, IsThere) = (Amount + amount, true);
        }
    }
}
