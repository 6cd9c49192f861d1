using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using FlowTracer.Core.Bulk;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using Microsoft.Win32.SafeHandles;

namespace FlowTracer.Chains.Recorded;

/// <summary>
/// A ledger of columns in a file that is mapped into memory, so that opening one costs nothing whatever its size, and a trace
/// reads from the disk only what it looks at. Forward links are in the file; backward ones are made in memory when first
/// asked for. The same ledger gives the same bytes; docs/bulk.md has them one by one.
/// </summary>
/// <remarks>
/// While it is open, a file may be replaced, as <see cref="Write(string, CoinLedger, CancellationToken)"/> does, but not be
/// changed in place: a file cut short under its mapping ends the process. Nor may it be disposed of while its ledger is in use.
/// </remarks>
public sealed class LedgerFile : IDisposable
{
    private const int ChunkBytes = 1 << 20;

    private readonly string _path;
    private readonly LedgerHeader _header;
    private readonly FileMapping _mapping;
    private readonly object _ledger;
    private Func<CancellationToken, string?> _fault = static _ => null;
    private Func<BulkQuestion, CancellationToken, BulkTrace> _run = static (_, _) => throw new InvariantException("no ledger");
    private int _columnsRead;

    private LedgerFile(string path, LedgerHeader header, FileMapping mapping)
    {
        (_path, _header, _mapping) = (path, header, mapping);
        _ledger = (header.Kind, header.AmountBytes) switch
        {
            (LedgerKind.Accounts, 8) => ReadAccounts<Units64>(),
            (LedgerKind.Accounts, 16) => ReadAccounts<Units128>(),
            (LedgerKind.Accounts, 32) => ReadAccounts<Amount>(),
            _ => ReadCoins(),
        };
    }

    /// <summary>What it holds.</summary>
    public LedgerKind Kind => _header.Kind;

    /// <summary>How wide amounts are: 8 bytes (<see cref="Units64"/>), 16 (<see cref="Units128"/>) or 32 (<see cref="Amount"/>).</summary>
    public int AmountBytes => _header.AmountBytes;

    /// <summary>Writes a ledger of accounts, in place of a file of that name. It has its name only when it is complete.</summary>
    /// <exception cref="ArgumentException">The ledger's columns do not fit together.</exception>
    /// <exception cref="InputException">It cannot be written, e.g. because the disk is full; nothing is left of it.</exception>
    public static void Write<TUnits>(string path, AccountLedger<TUnits> ledger, CancellationToken cancellationToken)
        where TUnits : struct, IUnits<TUnits>
    {
        Links next = ledger.LinksOf(Direction.Forward);
        CheckShape(LedgerShape.FaultOf(ledger));
        ColumnSource[] columns =
        [
            ColumnSource.Of("from", ledger.From),
            ColumnSource.Of("to", ledger.To),
            ColumnSource.Of("amounts", ledger.Amounts),
            ColumnSource.Of("addresses", ledger.Holders.Addresses),
            ColumnSource.Of("assets", ledger.Holders.Assets),
            ColumnSource.Of("leg-kinds", ledger.Legs.Kinds),
            ColumnSource.Of("leg-starts", ledger.Legs.Starts),
            ColumnSource.Of("leg-holders", ledger.Legs.Holders),
            ColumnSource.Of("leg-amounts", ledger.Legs.Amounts),
            .. BlocksOf(ledger.Blocks),
            ColumnSource.Of("next-of-from", next.OfFrom),
            ColumnSource.Of("next-of-to", next.OfTo),
            ColumnSource.Of("next-of-legs", next.OfLegs),
            ColumnSource.Of("first-rows", next.First),
        ];
        LedgerFileWriter.Write(path, LedgerKind.Accounts, Unsafe.SizeOf<TUnits>(), columns, cancellationToken);
    }

    /// <summary>Writes a ledger of coins, in place of a file of that name. It has its name only when it is complete.</summary>
    /// <exception cref="ArgumentException">The ledger's columns do not fit together.</exception>
    /// <exception cref="InputException">It cannot be written, e.g. because the disk is full; nothing is left of it.</exception>
    public static void Write(string path, CoinLedger ledger, CancellationToken cancellationToken)
    {
        CheckShape(LedgerShape.FaultOf(ledger));
        ColumnSource[] columns =
        [
            ColumnSource.Of("kinds", ledger.Kinds),
            ColumnSource.Of("input-starts", ledger.InputStarts),
            ColumnSource.Of("inputs", ledger.Inputs),
            ColumnSource.Of("output-starts", ledger.OutputStarts),
            ColumnSource.Of("values", ledger.Values),
            ColumnSource.Of("addresses", ledger.Addresses),
            ColumnSource.Of("spenders", ledger.Spenders),
            .. BlocksOf(ledger.Blocks),
        ];
        LedgerFileWriter.Write(path, LedgerKind.Coins, Unsafe.SizeOf<Units64>(), columns, cancellationToken);
    }

    /// <summary>Maps a file. The header is held against the file, and the columns' lengths against each other; see <see cref="Check"/>.</summary>
    /// <exception cref="InputException">It cannot be read, or is not a whole ledger file of this version.</exception>
    public static LedgerFile Open(string path)
    {
        CheckByteOrder();
        try
        {
            using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            LedgerHeader header = LedgerHeader.Read(path, file);
            return Map(path, header, new FileMapping(file));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new InputException($"cannot read {path}: {fault.Message.ReplaceLineEndings(" ")}");
        }
    }

    /// <summary>Its ledger of accounts, whose columns are the file's.</summary>
    /// <exception cref="InputException">It holds coins, or amounts of another width.</exception>
    public AccountLedger<TUnits> Accounts<TUnits>()
        where TUnits : struct, IUnits<TUnits> =>
        _ledger as AccountLedger<TUnits> ?? throw Other($"accounts with amounts of {Unsafe.SizeOf<TUnits>()} bytes");

    /// <summary>Its ledger of coins, whose columns are the file's.</summary>
    /// <exception cref="InputException">It holds accounts.</exception>
    public CoinLedger Coins() => _ledger as CoinLedger ?? throw Other("coins");

    /// <summary>Puts a question to the ledger, of whatever kind and width it is.</summary>
    /// <exception cref="OverflowException">A holder would have more than the ledger's width counts.</exception>
    /// <exception cref="ObjectDisposedException">The file is closed.</exception>
    public BulkTrace Run(BulkQuestion question, CancellationToken cancellationToken) => _run(question, cancellationToken);

    /// <summary>
    /// Reads all of the file: whether its columns are as they were written, every number in them is one of something that is
    /// there, and links and spenders are what the rows say. Takes as much memory as there are holders times 4 bytes, or coins
    /// divided by 8.
    /// </summary>
    /// <exception cref="InputException">The first fault.</exception>
    /// <exception cref="ObjectDisposedException">The file is closed.</exception>
    public void Check(CancellationToken cancellationToken)
    {
        foreach (LedgerColumn column in _header.Columns)
        {
            if (!DigestOf(column, cancellationToken).AsSpan().SequenceEqual(column.Digest))
            {
                throw new InputException(_path, 0, 0, $"column '{column.Name}' was altered: its SHA-256 is not the one the header states");
            }
        }

        if (_fault(cancellationToken) is string fault)
        {
            throw new InputException(_path, 0, 0, fault);
        }
    }

    /// <summary>Unmaps the file. From now on its ledger cannot be read.</summary>
    public void Dispose() => _mapping.Dispose();

    /// <summary>Refuses to work where memory is not as in a file.</summary>
    internal static void CheckByteOrder()
    {
        if (!BitConverter.IsLittleEndian)
        {
            throw new InputException("ledger files are little-endian and are mapped as they are: this machine is big-endian");
        }
    }

    private static LedgerFile Map(string path, LedgerHeader header, FileMapping mapping)
    {
        try
        {
            return new LedgerFile(path, header, mapping);
        }
        catch
        {
            mapping.Dispose();
            throw;
        }
    }

    private static ColumnSource[] BlocksOf(BlockColumns blocks) =>
    [
        ColumnSource.Of("block-rows", blocks.FirstRows),
        ColumnSource.Of("block-numbers", blocks.Numbers),
        ColumnSource.Of("block-times", blocks.Times),
    ];

    private static void CheckShape(string? fault)
    {
        if (fault is not null)
        {
            throw new ArgumentException($"the ledger's columns do not fit together: {fault}");
        }
    }

    // --- reading, in the order of writing ----------------------------------------------------------------------------

    private AccountLedger<TUnits> ReadAccounts<TUnits>()
        where TUnits : struct, IUnits<TUnits>
    {
        AccountLedger<TUnits> ledger = new(
            Next<int>("from"), Next<int>("to"), Next<TUnits>("amounts"),
            new HolderColumns(Next<int>("addresses"), Next<int>("assets")),
            new LegColumns<TUnits>(
                Next<MovementKind>("leg-kinds"), Next<int>("leg-starts"), Next<int>("leg-holders"), Next<TUnits>("leg-amounts")),
            NextBlocks(),
            new Links(Next<int>("next-of-from"), Next<int>("next-of-to"), Next<int>("next-of-legs"), Next<int>("first-rows")));
        Accept(LedgerShape.FaultOf(ledger));
        _fault = cancel => AccountLedgerCheck.FaultOf(ledger, cancel);
        _run = (question, cancel) => BulkTracer.Run(ledger, question, cancel);
        return ledger;
    }

    private CoinLedger ReadCoins()
    {
        CoinLedger ledger = new(
            Next<MovementKind>("kinds"), Next<int>("input-starts"), Next<int>("inputs"), Next<int>("output-starts"),
            Next<Units64>("values"), Next<int>("addresses"), Next<int>("spenders"), NextBlocks());
        Accept(LedgerShape.FaultOf(ledger));
        _fault = cancel => CoinLedgerCheck.FaultOf(ledger, cancel);
        _run = (question, cancel) => BulkTracer.Run(ledger, question, cancel);
        return ledger;
    }

    private BlockColumns NextBlocks() => new(Next<int>("block-rows"), Next<ulong>("block-numbers"), Next<long>("block-times"));

    private ReadOnlyMemory<T> Next<T>(string name)
        where T : struct
    {
        LedgerColumn? column = _columnsRead < _header.Columns.Count ? _header.Columns[_columnsRead] : null;
        _columnsRead++;
        return column is not null && column.Name == name && column.ElementBytes == Unsafe.SizeOf<T>()
            ? _mapping.Memory<T>(column.Offset, column.Count)
            : throw new InputException(_path, 0, 0, $"column {_columnsRead} is not '{name}' in elements of {Unsafe.SizeOf<T>()} bytes");
    }

    private void Accept(string? fault)
    {
        fault ??= _columnsRead == _header.Columns.Count ? null : $"{_header.Columns.Count} columns; it should have {_columnsRead}";
        if (fault is not null)
        {
            throw new InputException(_path, 0, 0, fault);
        }
    }

    private byte[] DigestOf(LedgerColumn column, CancellationToken cancellationToken)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long end = column.Offset + ((long)column.Count * column.ElementBytes);
        for (long at = column.Offset; at < end; at += ChunkBytes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            hash.AppendData(_mapping.Span<byte>(at, (int)Math.Min(ChunkBytes, end - at)));
        }

        return hash.GetHashAndReset();
    }

    private InputException Other(string wanted) => new(
        _path, 0, 0, Kind == LedgerKind.Coins ? $"holds coins, not {wanted}" : $"holds accounts with amounts of {AmountBytes} bytes, not {wanted}");
}
