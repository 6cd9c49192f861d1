using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using Microsoft.Data.Sqlite;

namespace FlowTracer.Store.Sqlite;

/// <summary>What a file says.</summary>
internal sealed class SqliteReader : IDisposable
{
    private readonly SqliteNames _names;
    private readonly PairIndex _touches;
    private readonly PairIndex _hashes;
    private readonly Statement _transaction;
    private readonly Statement _opening;
    private readonly Statement _holders;
    private readonly Statement _origins;
    private readonly Statement _origin;
    private readonly Statement _block;
    private readonly Statement _ends;
    private readonly Statement _after;
    private readonly Statement _chains;

    // A movement that several holders share is one and the same, as every source gives it.
    private readonly Kept<long, Movement[]> _known = new();
    private readonly Dictionary<ChainId, (FlowBlock? First, FlowBlock? Last)> _blocks = [];

    public SqliteReader(SqliteConnection connection, SqliteNames names)
    {
        _names = names;
        _touches = new PairIndex(connection, SqliteSchema.ByHolder);
        _hashes = new PairIndex(connection, SqliteSchema.ByHash);
        _transaction = new Statement(connection, $"SELECT {TransactionColumns} FROM transactions WHERE id = ?1");
        _opening = new Statement(connection, "SELECT opening FROM holders WHERE id = ?1");
        _holders = new Statement(connection, "SELECT id FROM holders WHERE address = ?1");
        _origins = new Statement(connection, "SELECT source, answer FROM origins WHERE chain = ?1 AND unfinished = 1 ORDER BY id");
        _origin = new Statement(
            connection,
            """
            SELECT o.source, COALESCE(b.answer, o.answer) FROM transactions t JOIN origins o ON o.id = t.origin
            LEFT JOIN blocks b ON b.chain = t.chain AND b.number = t.block AND b.origin = o.id WHERE t.id = ?1
            """);
        _block = new Statement(connection, "SELECT number, hash, parent, time, answer FROM blocks WHERE chain = ?1 AND number = ?2");
        _ends = new Statement(connection, "SELECT min(number), max(number) FROM blocks WHERE chain = ?1");
        _after = new Statement(connection, "SELECT number FROM blocks WHERE chain = ?1 AND time >= ?2 ORDER BY number LIMIT 1");
        _chains = new Statement(
            connection, "SELECT c.id, sum(o.movements) FROM chains c LEFT JOIN origins o ON o.chain = c.id GROUP BY c.id");
    }

    /// <summary>What <see cref="Read"/> takes.</summary>
    public const string TransactionColumns = "block, tx_index, step, time, hash, body, chain";

    /// <summary>Forgets what was not asked for lately, where there is much: before a question, not within.</summary>
    public void Trim()
    {
        _names.Trim();
        _known.Trim();
    }

    /// <summary>What is read again, because it may have changed.</summary>
    public void Forget()
    {
        _known.Clear();
        _blocks.Clear();
    }

    /// <summary>The histories of many holders: each index and each row is gone through once, in its order.</summary>
    public IReadOnlyList<History> Histories(IReadOnlyList<HistoryRequest> requests, CancellationToken cancellationToken)
    {
        Dictionary<Holder, long> ids = _names.Find([.. requests.Select(static request => request.Holder)]);
        List<Pair> touches = _touches.Find([.. ids.Values.Order()]);
        foreach (long tx in touches.Select(static touch => touch.Value).Order())
        {
            cancellationToken.ThrowIfCancellationRequested();
            Transaction(tx);
        }

        Dictionary<Holder, List<Movement>> movements = [];
        foreach ((Holder holder, long id) in ids)
        {
            movements[holder] = MovementsOf(holder, id, touches);
        }

        return [.. requests.Select(request => ids.TryGetValue(request.Holder, out long id)
            ? HistoryOf(request, id, movements[request.Holder])
            : HistoryOf(request, null, []))];
    }

    /// <summary>The movements of a transaction's row.</summary>
    public Movement[] Transaction(long id)
    {
        if (_known.TryGet(id, out Movement[]? known))
        {
            return known;
        }

        try
        {
            return _known.Keep(id, _transaction.Set(1, id).Read()
                ? Read(_transaction)
                : throw new InvalidDataException($"no transaction has number {id}"));
        }
        finally
        {
            _transaction.Close();
        }
    }

    /// <summary>The rows of some transactions by hash.</summary>
    public Dictionary<TxHash, List<long>> Find(ChainId chain, IEnumerable<TxHash> txs)
    {
        Dictionary<TxHash, List<long>> found = [];
        foreach ((TxHash tx, long id) in _hashes.Candidates(txs, Keys.IndexOf))
        {
            if (Transaction(id)[0] is var movement && movement.Tx == tx && movement.Chain == chain)
            {
                (CollectionsMarshal.GetValueRefOrAddDefault(found, tx, out _) ??= []).Add(id);
            }
        }

        return found;
    }

    public IReadOnlyList<Movement> Transaction(ChainId chain, TxHash tx) =>
        [.. Find(chain, [tx]).GetValueOrDefault(tx, []).SelectMany(Transaction)];

    public IReadOnlyList<Holder> HoldersOf(Address address)
    {
        if (_names.Find(address) is not long id)
        {
            return [];
        }

        List<long> ids = [];
        _holders.Set(1, id);
        while (_holders.Read())
        {
            ids.Add(_holders.Long(0));
        }

        return [.. ids.Select(_names.HolderOf).Order()];
    }

    public Position? PositionAt(ChainId chain, long timeSeconds)
    {
        if (EndsOf(chain).Last is not { } last)
        {
            return null;
        }

        long? block = _after.Set(1, _names.IdOf(chain)).Set(2, timeSeconds).Number();
        return new Position(block is long found ? (ulong)found : last.Number + 1, 0, 0);
    }

    public FlowBlock? Block(ChainId chain, ulong number) => _names.Find(chain) is long id ? Block(id, Keys.Of(number)) : null;

    public IReadOnlyList<FlowOrigin> OriginsOf(ChainId chain, TxHash tx)
    {
        List<FlowOrigin> origins = [];
        foreach (long id in Find(chain, [tx]).GetValueOrDefault(tx, []))
        {
            origins.AddRange(OriginsIn(_origin.Set(1, id)));
        }

        return [.. origins.Distinct()];
    }

    public IReadOnlyList<FlowCoverage> Coverage()
    {
        List<(long Id, long Movements)> chains = [];
        while (_chains.Read())
        {
            chains.Add((_chains.Long(0), _chains.Long(1)));
        }

        return
        [
            .. chains.Select(chain => (Chain: _names.ChainOf(chain.Id), chain.Id, chain.Movements)).OrderBy(static chain => chain.Chain)
                .Select(chain => new FlowCoverage(
                    chain.Chain, EndsOf(chain.Chain).First, EndsOf(chain.Chain).Last, chain.Movements,
                    [.. OriginsIn(_origins.Set(1, chain.Id))])),
        ];
    }

    /// <summary>The first and the last block of a chain; null where there is none.</summary>
    public (FlowBlock? First, FlowBlock? Last) EndsOf(ChainId chain)
    {
        if (_blocks.TryGetValue(chain, out (FlowBlock?, FlowBlock?) known))
        {
            return known;
        }

        if (_names.Find(chain) is not long id)
        {
            return default;
        }

        (long First, long Last)? ends = _ends.Set(1, id).Read() && !_ends.IsNull(0) ? (_ends.Long(0), _ends.Long(1)) : null;
        _ends.Close();
        return _blocks[chain] = ends is var (first, last) ? (Block(id, first), Block(id, last)) : default;
    }

    /// <summary>The movements of a row of <see cref="TransactionColumns"/>.</summary>
    /// <exception cref="InvalidDataException">It was not written so.</exception>
    public Movement[] Read(Statement row)
    {
        try
        {
            Position first = new((ulong)row.Long(0), (uint)row.Long(1), (uint)row.Long(2));
            long? time = row.IsNull(3) ? null : row.Long(3);
            TxHash? tx = row.IsNull(4) ? null : TxHash.FromBytes(row.Blob(4));
            return TransactionBody.Read(row.Blob(5), first, tx, time, _names);
        }
        catch (Exception fault) when (fault is ArgumentException or OverflowException)
        {
            throw new InvalidDataException($"a transaction cannot be read: {fault.Message}", fault);
        }
    }

    public void Dispose()
    {
        foreach (IDisposable one in (IDisposable[])[
            _touches, _hashes, _transaction, _opening, _holders, _origins, _origin, _block, _ends, _after, _chains])
        {
            one.Dispose();
        }
    }

    // A transaction has movements that are not this holder's.
    private List<Movement> MovementsOf(Holder holder, long id, List<Pair> touches)
    {
        List<Movement> all = [];
        int at = touches.BinarySearch(new Pair(id, long.MinValue));
        for (int i = at < 0 ? ~at : at; i < touches.Count && touches[i].Key == id; i++)
        {
            foreach (Movement movement in Transaction(touches[i].Value))
            {
                if (movement.Concerns(holder))
                {
                    all.Add(movement);
                }
            }
        }

        all.Sort(static (a, b) => a.Position.CompareTo(b.Position));
        return all;
    }

    private History HistoryOf(HistoryRequest request, long? id, List<Movement> all)
    {
        (FlowBlock? first, FlowBlock? last) = EndsOf(request.Holder.Chain);
        if (last is null)
        {
            return History.Within(request, all, BigInteger.Zero, Core.Ports.Coverage.OfRecord);
        }

        if (request.Holder.Chain.Family == ChainFamily.Utxo)
        {
            return HistoryOfCoin(request, all, first!, last);
        }

        BigInteger? before = id is long of && OpeningOf(of) is Amount told ? told.ToBigInteger()
            : first!.Number == 0 ? BigInteger.Zero
            : null;
        return History.Within(request, all, before, CoverageOf(first!, last)) with
        {
            Closing = request.Direction == Direction.Forward ? before + all.NetOf(request.Holder) : before,
        };
    }

    // A coin has nothing before it is made; one that is spent here and was made before, had its value.
    private static History HistoryOfCoin(HistoryRequest request, List<Movement> all, FlowBlock first, FlowBlock last)
    {
        bool isMadeHere = all.Exists(movement => movement.NetOf(request.Holder).Sign > 0);
        BigInteger? before = isMadeHere || first.Number == 0 ? BigInteger.Zero : null;
        Coverage coverage = isMadeHere ? CoverageOf(first, last) : new Coverage(
            false, null, string.Create(CultureInfo.InvariantCulture, $"the store, which begins with block {first.Number}, does not have what made it"));
        return History.Within(request, all, before, coverage) with
        {
            Closing = request.Direction == Direction.Backward ? BigInteger.Zero : before + all.NetOf(request.Holder),
        };
    }

    private static Coverage CoverageOf(FlowBlock first, FlowBlock last) => new(
        true, last.TimeSeconds, string.Create(CultureInfo.InvariantCulture, $"all of blocks {first.Number} to {last.Number}"));

    private Amount? OpeningOf(long holder) => _opening.Set(1, holder).First(
        static row => row.IsNull(0) ? default(Amount?) : Keys.AmountOf(row.Blob(0)));

    private FlowBlock? Block(long chain, long number) => _block.Set(1, chain).Set(2, number).First(static row => new FlowBlock(
        (ulong)row.Long(0), TxHash.FromBytes(row.Blob(1)), TxHash.FromBytes(row.Blob(2)), row.Long(3), row.Text(4)));

    private static List<FlowOrigin> OriginsIn(Statement rows)
    {
        List<FlowOrigin> origins = [];
        while (rows.Read())
        {
            origins.Add(new FlowOrigin(rows.Text(0), rows.Text(1)));
        }

        return origins;
    }
}
