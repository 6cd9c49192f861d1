using System.Globalization;
using FlowTracer.Core.Model;
using Microsoft.Data.Sqlite;

namespace FlowTracer.Store.Sqlite;

/// <summary>Looks at a whole file.</summary>
internal sealed class SqliteCheck(SqliteConnection connection, SqliteReader reader, IProgress<int>? progress)
{
    // The database's own check, the references, the chain of blocks, and every movement against its origin's digest.
    private const int OfFile = 20;
    private const int Whole = 100;
    private const int MostFaults = 100;

    private static readonly (string Sql, string Fault)[] References =
    [
        ("SELECT count(*) FROM movements m WHERE NOT EXISTS (SELECT 1 FROM transactions t WHERE t.id = m.tx AND t.chain = m.chain)", "movements of no transaction"),
        ("SELECT count(*) FROM transactions t WHERE NOT EXISTS (SELECT 1 FROM origins o WHERE o.id = t.origin AND o.chain = t.chain)", "transactions of no origin"),
        ("SELECT count(*) FROM touches k WHERE NOT EXISTS (SELECT 1 FROM holders h JOIN movements m ON m.chain = h.chain AND m.block = k.block AND m.tx_index = k.tx_index AND m.step = k.step WHERE h.id = k.holder)", "entries of the index of holders that lead nowhere"),
        ("SELECT count(*) FROM holders h WHERE h.address IS NOT NULL AND NOT EXISTS (SELECT 1 FROM addresses a WHERE a.id = h.address)", "holders of no address"),
        ("SELECT count(*) FROM blocks b WHERE NOT EXISTS (SELECT 1 FROM origins o WHERE o.id = b.origin)", "blocks of no origin"),
        ("SELECT count(*) FROM blocks b WHERE EXISTS (SELECT 1 FROM blocks f WHERE f.chain = b.chain AND f.number < b.number) AND NOT EXISTS (SELECT 1 FROM blocks p WHERE p.chain = b.chain AND p.number = b.number - 1 AND p.hash = b.parent)", "blocks that do not follow the one before"),
        ("SELECT count(*) FROM movements m CROSS JOIN transactions t ON t.id = m.tx WHERE EXISTS (SELECT 1 FROM blocks c WHERE c.chain = m.chain) AND NOT EXISTS (SELECT 1 FROM blocks b WHERE b.chain = m.chain AND b.number = COALESCE(t.stamp_block, m.block))", "movements of blocks that are not there"),
    ];

    private readonly List<string> _faults = [];

    public IReadOnlyList<string> Run(CancellationToken cancellationToken)
    {
        using (SqliteCommand own = connection.CreateCommand())
        {
            own.CommandText = $"PRAGMA integrity_check({MostFaults})";
            using SqliteDataReader rows = own.ExecuteReader();
            while (rows.Read())
            {
                if (rows.GetString(0) is not "ok" and string fault)
                {
                    _faults.Add(fault.ReplaceLineEndings(" "));
                }
            }
        }

        progress?.Report(OfFile);
        if (_faults.Count == 0)
        {
            CheckReferences(cancellationToken);
            CheckMovements(cancellationToken);
        }

        progress?.Report(Whole);
        return _faults;
    }

    private void CheckReferences(CancellationToken cancellationToken)
    {
        foreach ((string sql, string fault) in References)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (SqliteSchema.Number(connection, sql) is > 0 and long count)
            {
                _faults.Add(string.Create(CultureInfo.InvariantCulture, $"{count} {fault}"));
            }
        }
    }

    private void CheckMovements(CancellationToken cancellationToken)
    {
        Dictionary<long, (long Count, FactsSum Facts)> origins = [];
        long all = Math.Max(1, SqliteSchema.Number(connection, "SELECT count(*) FROM movements"));
        long touches = 0;
        long done = 0;
        using Statement read = new(
            connection,
            $"SELECT {SqliteReader.MovementColumns}, t.origin, m.chain FROM movements m CROSS JOIN transactions t ON t.id = m.tx", 0);
        using SqliteDataReader rows = read.Rows();
        while (rows.Read() && _faults.Count < MostFaults)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Try(() => reader.Read(rows, rows.GetInt64(12)), rows) is Movement movement)
            {
                long origin = rows.GetInt64(11);
                (long count, FactsSum facts) = origins.TryGetValue(origin, out (long Count, FactsSum Facts) known) ? known : (0, new FactsSum([]));
                facts.Add(movement);
                origins[origin] = (count + 1, facts);
                touches += HoldersOf(movement);
            }

            if (++done % 10_000 == 0)
            {
                progress?.Report(OfFile + (int)((Whole - OfFile) * done / all));
            }
        }

        Compare(origins, touches);
    }

    private Movement? Try(Func<Movement> read, SqliteDataReader row)
    {
        try
        {
            return read();
        }
        catch (Exception fault) when (fault is InvalidDataException or ArgumentException or InvalidCastException or OverflowException)
        {
            _faults.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"the movement at {row.GetInt64(0)}/{row.GetInt64(1)}/{row.GetInt64(2)} cannot be read: {fault.Message.ReplaceLineEndings(" ")}"));
            return null;
        }
    }

    private static int HoldersOf(Movement movement)
    {
        HashSet<Holder> holders = [.. movement.Inputs.Concat(movement.Outputs).Select(static leg => leg.Holder)];
        return holders.Count + (movement.Fee is null ? 0 : 1);
    }

    private void Compare(Dictionary<long, (long Count, FactsSum Facts)> found, long touches)
    {
        if (SqliteSchema.Number(connection, "SELECT count(*) FROM touches") is long stored && stored != touches)
        {
            _faults.Add(string.Create(
                CultureInfo.InvariantCulture, $"the index of holders has {stored} entries where the movements have {touches}"));
        }

        using Statement read = new(connection, "SELECT id, source, movements, facts FROM origins", 0);
        using SqliteDataReader rows = read.Rows();
        while (rows.Read())
        {
            (long count, FactsSum facts) = found.TryGetValue(rows.GetInt64(0), out (long Count, FactsSum Facts) known) ? known : (0, new FactsSum([]));
            if (count != rows.GetInt64(2) || !facts.ToArray().AsSpan().SequenceEqual(rows.GetFieldValue<byte[]>(3)))
            {
                _faults.Add(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{rows.GetString(1)}: its {count} movements are not the {rows.GetInt64(2)} that were stored, by their digest"));
            }
        }
    }
}
