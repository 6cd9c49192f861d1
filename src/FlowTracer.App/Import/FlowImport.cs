using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using FlowTracer.Chains.Recorded;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.App.Import;

/// <summary>How far an import is.</summary>
/// <param name="BytesRead">Bytes of files read so far.</param>
/// <param name="BytesTotal">Bytes that will have been read at the end, for files are read several times; 0 while that is not known.</param>
public readonly record struct ImportProgress(long BytesRead, long BytesTotal);

/// <summary>What files have of a chain.</summary>
/// <param name="Chain">Which.</param>
/// <param name="Movements">How many movements.</param>
/// <param name="FirstBlock">The lowest block stated; null when none is.</param>
/// <param name="LastBlock">The highest block stated.</param>
/// <param name="FirstTimeSeconds">The earliest Unix time stated; null when none is.</param>
/// <param name="LastTimeSeconds">The latest Unix time stated.</param>
public sealed record ImportSpan(
    ChainId Chain, long Movements, ulong? FirstBlock, ulong? LastBlock, long? FirstTimeSeconds, long? LastTimeSeconds);

/// <summary>What the check of files to import found.</summary>
/// <param name="Files">The files, with how many lines each has.</param>
/// <param name="Spans">What they have, by chain.</param>
/// <param name="Problems">The first problems, each in one line; empty when all can be imported.</param>
/// <param name="ProblemCount">How many problems there are.</param>
public sealed record ImportReport(
    ImmutableArray<(ImportFile File, long Lines)> Files, ImmutableArray<ImportSpan> Spans, ImmutableArray<string> Problems, long ProblemCount);

/// <summary>
/// Files that investigators have already, as loads for a store. <see cref="Check"/> reads all of them and finds what is wrong
/// before anything is written; <see cref="Loads"/> reads them again, and holds each against the digest it had then.
/// </summary>
public sealed class FlowImport
{
    /// <summary>A load has about so many movements: its last transaction is in it whole.</summary>
    public const int LoadMovements = 50_000;

    private const int ProblemsShown = 20;

    private readonly ImmutableArray<FileRecord> _records;
    private readonly ImportOptions _options;
    private readonly IProgress<ImportProgress>? _progress;
    private readonly CancellationToken _cancellation;
    private readonly Dictionary<ImportFile, long> _lines = [];
    private long _bytesRead;
    private long _bytesTotal;

    /// <summary>Looks at files: what each is, and its digest.</summary>
    /// <param name="paths">The files.</param>
    /// <param name="options">What the user says of them.</param>
    /// <param name="progress">Told how far it is; null for nobody.</param>
    /// <param name="cancellationToken">Ends it, and everything done with it.</param>
    /// <exception cref="InputException">A file cannot be read, or is of no format that can be imported.</exception>
    public FlowImport(
        IReadOnlyList<string> paths, ImportOptions options, IProgress<ImportProgress>? progress, CancellationToken cancellationToken)
    {
        (_options, _progress, _cancellation) = (options, progress, cancellationToken);
        ImportFile[] files = [.. paths.Select(path => ImportFile.Inspect(path, options.Format, OnRead))];

        // Each for its digest, for the check and for the loads; where the order must be found first, the last two twice.
        _bytesTotal = files.Sum(static file => file.Length * (file.Format == ImportFormat.Esplora ? 5 : 3));
        _records =
        [
            .. files.Where(static file => file.Format == ImportFormat.Transfers).Select(file => new FileRecord([file], onFault => Transfers(file, onFault))),
            .. Together(files.Where(static file => file.Format.IsEtherscan()), Etherscan),
            .. Together(files.Where(static file => file.Format == ImportFormat.Esplora), Esplora),
        ];
    }

    /// <summary>The files, in the order in which they are read.</summary>
    public IEnumerable<ImportFile> Files => _records.SelectMany(static record => record.Files);

    /// <summary>Reads everything, and writes nothing.</summary>
    public ImportReport Check()
    {
        List<string> problems = [];
        long count = 0;
        void Note(InputException problem)
        {
            count++;
            if (problems.Count < ProblemsShown)
            {
                problems.Add(problem.Message);
            }
        }

        SortedDictionary<ChainId, ImportSpan> spans = [];
        foreach (FileRecord record in _records)
        {
            try
            {
                foreach (Movement movement in record.Movements(Note))
                {
                    spans[movement.Chain] = Including(spans.GetValueOrDefault(movement.Chain), movement);
                }
            }
            catch (InputException problem)
            {
                Note(problem);
            }
        }

        return new ImportReport([.. Files.Select(file => (file, _lines.GetValueOrDefault(file)))], [.. spans.Values], [.. problems], count);
    }

    /// <summary>
    /// What to append to a store: by record and chain, in loads of about <paramref name="size"/> movements, in chain order
    /// within each load. All but the last load of a record and chain have more to come.
    /// </summary>
    /// <param name="size">How many movements a load has; a transaction is never parted.</param>
    /// <exception cref="InputException">What the check finds, or a file has changed since it was looked at.</exception>
    public IEnumerable<FlowLoad> Loads(int size = LoadMovements)
    {
        foreach (FileRecord record in _records)
        {
            SortedDictionary<ChainId, List<Movement>> pending = [];
            foreach (Movement movement in record.Movements(static problem => throw problem))
            {
                if (!pending.TryGetValue(movement.Chain, out List<Movement>? load))
                {
                    load = pending[movement.Chain] = [];
                }

                if (load.Count >= size && (movement.Tx is null || movement.Tx != load[^1].Tx))
                {
                    yield return LoadOf(record, load, hasMore: true);
                    load = pending[movement.Chain] = [];
                }

                load.Add(movement);
            }

            foreach (List<Movement> last in pending.Values)
            {
                yield return LoadOf(record, last, hasMore: false);
            }
        }
    }

    private static FlowLoad LoadOf(FileRecord record, List<Movement> movements, bool hasMore)
    {
        movements.Sort(static (a, b) => a.Position.CompareTo(b.Position));
        return new FlowLoad(movements[0].Chain, record.Origin, [], movements) { HasMore = hasMore };
    }

    private static ImportSpan Including(ImportSpan? span, Movement movement)
    {
        Stamp stamp = movement.Stamp;
        span ??= new ImportSpan(movement.Chain, 0, stamp.Block, stamp.Block, stamp.TimeSeconds, stamp.TimeSeconds);
        return span with
        {
            Movements = span.Movements + 1,
            FirstBlock = Least(span.FirstBlock, stamp.Block),
            LastBlock = Most(span.LastBlock, stamp.BlockMax ?? stamp.Block),
            FirstTimeSeconds = Least(span.FirstTimeSeconds, stamp.TimeSeconds),
            LastTimeSeconds = Most(span.LastTimeSeconds, stamp.TimeSeconds),
        };
    }

    private static T? Least<T>(T? known, T? other)
        where T : struct, IComparable<T> =>
        known is null || (other is T less && less.CompareTo(known.Value) < 0) ? other : known;

    private static T? Most<T>(T? known, T? other)
        where T : struct, IComparable<T> =>
        known is null || (other is T more && more.CompareTo(known.Value) > 0) ? other : known;

    // Files that are one record are taken in an order of their own, so that it says the same whatever order they are given in.
    private static IEnumerable<FileRecord> Together(
        IEnumerable<ImportFile> files, Func<ImmutableArray<ImportFile>, Action<InputException>, IEnumerable<Movement>> read)
    {
        ImmutableArray<ImportFile> all =
            [.. files.DistinctBy(static file => file.Sha256).OrderBy(static file => file.Format).ThenBy(static file => file.Sha256, StringComparer.Ordinal)];
        return all.IsEmpty ? [] : [new FileRecord(all, onFault => read(all, onFault))];
    }

    private IEnumerable<Movement> Transfers(ImportFile file, Action<InputException> onFault) =>
        Read(file, text => TransfersCsv.Read(text, file.Path, onFault));

    private IEnumerable<Movement> Etherscan(ImmutableArray<ImportFile> files, Action<InputException> onFault)
    {
        EtherscanRecord record = new();
        foreach (ImportFile file in files)
        {
            record.Add([.. Read(file, text => EtherscanRows(file, text, onFault))]);
        }

        return record.Movements(_options.AccountChain);
    }

    private IEnumerable<EtherscanRow> EtherscanRows(ImportFile file, Stream text, Action<InputException> onFault)
    {
        EtherscanRowReader? reader = null;
        foreach ((long line, string[] fields) in CsvRecords.Read(text, file.Path))
        {
            if (reader is null)
            {
                EtherscanColumns columns = EtherscanColumns.Read(file.Path, file.Format, fields, _options.AccountChain);
                reader = new EtherscanRowReader(file.Path, file.Format, columns, _options);
            }
            else if (Tried(() => reader.Read(line, fields), onFault) is EtherscanRow row)
            {
                yield return row;
            }
        }
    }

    private IEnumerable<Movement> Esplora(ImmutableArray<ImportFile> files, Action<InputException> onFault)
    {
        EsploraLines lines = new(_options.CoinChain);
        foreach (ImportFile file in files)
        {
            foreach ((long line, ReadOnlyMemory<byte> json) in Read(file, text => TextLines.Of(text, file.Path, EsploraLines.MaxLineBytes)))
            {
                Tried(() => lines.Plan(file.Path, line, json) ? string.Empty : null, onFault);
            }
        }

        lines.Settle();
        foreach (ImportFile file in files)
        {
            foreach ((long line, ReadOnlyMemory<byte> json) in Read(file, text => TextLines.Of(text, file.Path, EsploraLines.MaxLineBytes)))
            {
                // Whoever wants to know of faults has been told by the first reading.
                foreach (Movement movement in Tried(() => lines.Movements(file.Path, line, json), static _ => { }) ?? [])
                {
                    yield return movement;
                }
            }
        }
    }

    private static T? Tried<T>(Func<T?> read, Action<InputException> onFault)
        where T : class
    {
        try
        {
            return read();
        }
        catch (InputException fault)
        {
            onFault(fault);
            return null;
        }
    }

    private IEnumerable<T> Read<T>(ImportFile file, Func<CheckedText, IEnumerable<T>> read)
    {
        CheckedText? opened = null;
        foreach (T item in file.Read(text => read(opened = text), OnRead))
        {
            _cancellation.ThrowIfCancellationRequested();
            yield return item;
        }

        _lines[file] = opened!.Lines;
    }

    private void OnRead(int bytes)
    {
        _cancellation.ThrowIfCancellationRequested();
        _bytesRead += bytes;
        _progress?.Report(new ImportProgress(_bytesRead, _bytesTotal));
    }

    /// <summary>Files that say something together, or one that says it alone.</summary>
    private sealed record FileRecord(ImmutableArray<ImportFile> Files, Func<Action<InputException>, IEnumerable<Movement>> Movements)
    {
        /// <summary>Several files' digest is over theirs, in lower-case hexadecimal, each with a line end, in the order they are named in.</summary>
        public FlowOrigin Origin { get; } = Files.Length == 1
            ? new FlowOrigin($"file {Files[0].Name}", Files[0].Sha256)
            : new FlowOrigin(
                "files " + string.Join(", ", Files.Select(static file => file.Name)),
                Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(string.Concat(Files.Select(static file => file.Sha256 + "\n"))))));
    }
}
