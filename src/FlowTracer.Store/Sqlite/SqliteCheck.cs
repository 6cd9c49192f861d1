using System.Globalization;
using FlowTracer.Core.Model;
using Microsoft.Data.Sqlite;

namespace FlowTracer.Store.Sqlite;

/// <summary>Looks at a whole file.</summary>
internal sealed class SqliteCheck(SqliteConnection connection, SqliteNames names, SqliteReader reader, IProgress<int>? progress)
{
    // The database's own check, the references, the chain of blocks, and every movement against its origin's digest.
    private const int OfFile = 20;
    private const int Whole = 100;
    private const int MostFaults = 100;
    private const int RowsOfReport = 10_000;

    private static readonly (string Sql, string Fault)[] References =
    [
        ("SELECT count(*) FROM transactions t WHERE NOT EXISTS (SELECT 1 FROM origins o WHERE o.id = t.origin AND o.chain = t.chain)", "transactions of no origin"),
        ("SELECT count(*) FROM holders h WHERE h.address IS NOT NULL AND NOT EXISTS (SELECT 1 FROM addresses a WHERE a.id = h.address AND a.chain = h.chain)", "holders of no address"),
        ("SELECT count(*) FROM holders h WHERE h.contract IS NOT NULL AND NOT EXISTS (SELECT 1 FROM addresses a WHERE a.id = h.contract AND a.chain = h.chain)", "holders of no contract"),
        ("SELECT count(*) FROM blocks b WHERE NOT EXISTS (SELECT 1 FROM origins o WHERE o.id = b.origin)", "blocks of no origin"),
        ("SELECT count(*) FROM blocks b WHERE EXISTS (SELECT 1 FROM blocks f WHERE f.chain = b.chain AND f.number < b.number) AND NOT EXISTS (SELECT 1 FROM blocks p WHERE p.chain = b.chain AND p.number = b.number - 1 AND p.hash = b.parent)", "blocks that do not follow the one before"),
        ("SELECT count(*) FROM transactions t JOIN blocks b ON b.chain = t.chain AND b.number = t.block WHERE t.id < b.first", "transactions before the first of their block"),
        ("SELECT count(*) FROM blocks b JOIN blocks n ON n.chain = b.chain AND n.number = b.number + 1 WHERE n.first < b.first", "blocks that begin after the next"),
        ("SELECT count(*) FROM blocks WHERE length(answer) <> 64 OR answer GLOB '*[^0-9a-f]*'", "blocks without the digest of their answer"),
        ("SELECT count(*) FROM blocks WHERE length(hash) <> 32 OR length(parent) <> 32", "blocks without a hash"),
        ("SELECT count(*) FROM holders WHERE length(opening) > 32 OR substr(opening, 1, 1) = x'00'", "holders of an opening that is no amount"),
        ("SELECT count(*) FROM chunks c WHERE NOT EXISTS (SELECT 1 FROM runs r WHERE r.id = c.run)", "chunks of no index"),
    ];

    private readonly List<string> _faults = [];
    private readonly List<Holder> _touched = [];
    private readonly Dictionary<long, (long Count, FactsSum Facts)> _origins = [];
    private readonly Dictionary<string, PairSum> _expected = new()
    {
        [SqliteSchema.ByHolder] = new(), [SqliteSchema.ByHash] = new(), [SqliteSchema.ByPlace] = new(), [SqliteSchema.ByAddress] = new(),
        [SqliteSchema.ByCoin] = new(),
    };

    public IReadOnlyList<string> Run(CancellationToken cancellationToken)
    {
        CheckFile();
        progress?.Report(OfFile);
        if (_faults.Count == 0)
        {
            CheckReferences(cancellationToken);
            CheckTransactions(cancellationToken);
            CheckOrigins();
            ReadNames(cancellationToken);
            CheckIndexes(cancellationToken);
        }

        progress?.Report(Whole);
        return _faults;
    }

    private void CheckFile()
    {
        using Statement own = new(connection, $"PRAGMA integrity_check({MostFaults})");
        while (own.Read())
        {
            if (own.Text(0) is not "ok" and string fault)
            {
                _faults.Add(fault.ReplaceLineEndings(" "));
            }
        }
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

    private void CheckTransactions(CancellationToken cancellationToken)
    {
        Dictionary<long, (ulong First, ulong Last)> blocks = BlocksByChain();
        long all = Math.Max(1, SqliteSchema.Number(connection, "SELECT count(*) FROM transactions"));
        long done = 0;
        long strayed = 0;
        using Statement rows = new(connection, $"SELECT {SqliteReader.TransactionColumns}, id, origin FROM transactions");
        while (rows.Read() && _faults.Count < MostFaults)
        {
            strayed += IsSound(rows, blocks) ? 0 : 1;
            if (++done % RowsOfReport == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                names.Trim();
                progress?.Report(OfFile + (int)((Whole - OfFile) * done / all));
            }
        }

        if (strayed > 0)
        {
            _faults.Add(string.Create(CultureInfo.InvariantCulture, $"{strayed} transactions of blocks that are not there"));
        }
    }

    private Dictionary<long, (ulong First, ulong Last)> BlocksByChain()
    {
        Dictionary<long, (ulong First, ulong Last)> blocks = [];
        using Statement rows = new(connection, "SELECT chain, min(number), max(number) FROM blocks GROUP BY chain");
        while (rows.Read())
        {
            blocks[rows.Long(0)] = ((ulong)rows.Long(1), (ulong)rows.Long(2));
        }

        return blocks;
    }

    // Whether a transaction is of a block that is there, of a record or cannot be read, which is a fault of its own.
    private bool IsSound(Statement row, Dictionary<long, (ulong First, ulong Last)> blocks)
    {
        try
        {
            Movement[] movements = reader.Read(row);
            bool isOfBlock = blocks.TryGetValue(row.Long(6), out (ulong First, ulong Last) ends);
            ulong block = movements[0].Stamp.Block ?? movements[0].Position.Block;
            Count(movements, row.Long(7), row.Long(8), isRecord: !isOfBlock);
            return !isOfBlock || (block >= ends.First && block <= ends.Last);
        }
        catch (InvalidDataException fault)
        {
            _faults.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"the transaction at {row.Long(0)}/{row.Long(1)}/{row.Long(2)} cannot be read: {fault.Message.ReplaceLineEndings(" ")}"));
            return true;
        }
    }

    private void Count(Movement[] movements, long id, long origin, bool isRecord)
    {
        (long count, FactsSum facts) = _origins.TryGetValue(origin, out (long Count, FactsSum Facts) known) ? known : (0, new FactsSum([]));
        _touched.Clear();
        foreach (Movement movement in movements)
        {
            facts.Add(movement);
            Touches.Add(movement, _touched);
        }

        _origins[origin] = (count + movements.Length, facts);
        foreach (Holder holder in _touched.Distinct())
        {
            _expected[SqliteSchema.ByHolder].Add(new Pair(names.IdOf(holder), id));
        }

        if (movements[0].Tx is TxHash tx)
        {
            _expected[SqliteSchema.ByHash].Add(new Pair(Keys.IndexOf(tx), id));
        }

        if (isRecord)
        {
            _expected[SqliteSchema.ByPlace].Add(new Pair(Keys.IndexOf(movements[0].Position), id));
        }
    }

    private void CheckOrigins()
    {
        using Statement rows = new(connection, "SELECT id, source, movements, facts FROM origins");
        while (rows.Read())
        {
            (long count, FactsSum facts) = _origins.TryGetValue(rows.Long(0), out (long Count, FactsSum Facts) known) ? known : (0, new FactsSum([]));
            if (count != rows.Long(2) || !facts.ToArray().AsSpan().SequenceEqual(rows.Blob(3)))
            {
                _faults.Add(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{rows.Text(1)}: its {count} movements are not the {rows.Long(2)} that were stored, by their digest"));
            }
        }
    }

    private void ReadNames(CancellationToken cancellationToken)
    {
        try
        {
            foreach ((string index, Pair pair) in names.Entries())
            {
                cancellationToken.ThrowIfCancellationRequested();
                _expected[index].Add(pair);
            }
        }
        catch (Exception fault) when (fault is InvalidDataException or ArgumentException or OverflowException)
        {
            _faults.Add($"a holder cannot be read: {fault.Message.ReplaceLineEndings(" ")}");
        }
    }

    private void CheckIndexes(CancellationToken cancellationToken)
    {
        foreach ((string name, PairSum expected) in _expected)
        {
            using PairIndex index = new(connection, name);
            PairSum found = new();
            try
            {
                index.Check(found, cancellationToken);
            }
            catch (InvalidDataException fault)
            {
                _faults.Add($"the index by {name}: {fault.Message}");
                continue;
            }

            if (!found.Equals(expected))
            {
                _faults.Add(found.Count != expected.Count
                    ? string.Create(CultureInfo.InvariantCulture, $"the index by {name} has {found.Count} entries where there should be {expected.Count}")
                    : $"the index by {name} leads elsewhere than it should");
            }
        }
    }
}
