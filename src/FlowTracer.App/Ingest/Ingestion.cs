using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.App.Ingest;

/// <summary>
/// Brings a chain's blocks into a store: fetch, decode, open (what new holders had before, what new tokens are called) and write, one behind the other and
/// all at once. Whatever ends it, the store has whole loads of blocks that follow each other, and a next run goes on behind them.
/// </summary>
/// <param name="source">Where the blocks are.</param>
/// <param name="store">Where they go.</param>
/// <param name="time">What measures, and waits for new blocks.</param>
public sealed class Ingestion(IBlockSource source, IFlowStore store, TimeProvider time)
{
    private const int BlocksAtOnce = 8;
    private const int BlocksWaiting = 64;
    private const long MovementsInALoad = 20_000;
    private const int MostReorganisations = 3;
    private static readonly TimeSpan PollPeriod = TimeSpan.FromSeconds(1);

    private readonly StageMeter _fetching = new("fetch", time);
    private readonly StageMeter _decoding = new("decode", time);
    private readonly StageMeter _opening = new("open", time);
    private readonly StageMeter _writing = new("write", time);
    private readonly Newcomers _newcomers = new(source);
    private readonly SpentCoins _coins = new(source, store);
    private readonly long _start = time.GetTimestamp();

    private ulong? _first;
    private FlowBlock? _last;
    private long _blocks;
    private FlowAppended _appended;
    private ulong _rolledBack;

    /// <summary>What was done so far.</summary>
    public IngestReport Report => new(
        _first, _last?.Number, _blocks, _appended.Added, _appended.Known, _rolledBack, time.GetElapsedTime(_start),
        [_fetching.Cost, _decoding.Cost, _opening.Cost, _writing.Cost])
    {
        UnknownCoins = _coins.Unknown,
    };

    /// <summary>Runs until the last block asked for is written, or, following, until cancelled.</summary>
    /// <param name="request">Which blocks.</param>
    /// <param name="progress">Told after each load; null for nobody.</param>
    /// <param name="cancellationToken">Ends it: what is written stays.</param>
    /// <exception cref="InputException">The blocks asked for are not there, or do not follow those of the store.</exception>
    /// <exception cref="SourceException">The source or the store cannot answer.</exception>
    public async Task<IngestReport> RunAsync(IngestRequest request, IProgress<IngestProgress>? progress, CancellationToken cancellationToken)
    {
        int reorganisations = 0;
        while (true)
        {
            ChainView view = await source.LookAsync(request.Confirmations, request.To, cancellationToken).ConfigureAwait(false);
            long before = _blocks;
            bool isWhole;
            try
            {
                isWhole = await CatchUpAsync(request, view.Head, progress, cancellationToken).ConfigureAwait(false);
            }
            catch (SourceException fault) when (fault.IsAnswered && reorganisations < MostReorganisations)
            {
                // Answers that contradict each other may come of a reorganisation meanwhile; else they are what they are.
                if ((await source.HashNowAsync(view.Head, cancellationToken).ConfigureAwait(false))?.ToString() == Bare(view.HeadHash))
                {
                    throw;
                }

                isWhole = false;
            }

            reorganisations = isWhole || _blocks > before ? 0 : reorganisations + 1;
            if (reorganisations > MostReorganisations)
            {
                throw new SourceException(
                    source.Name, string.Create(CultureInfo.InvariantCulture, $"block {view.Head}"),
                    "the chain was reorganised again and again; end further back with --confirmations");
            }

            if (!isWhole)
            {
                _newcomers.Forget();
            }
            else if (request.Follows)
            {
                await Task.Delay(PollPeriod, time, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                return Report;
            }
        }
    }

    /// <summary>Writes what is missing up to a block; false when the chain turned out to be another than before.</summary>
    private async Task<bool> CatchUpAsync(
        IngestRequest request, ulong head, IProgress<IngestProgress>? progress, CancellationToken cancellationToken)
    {
        FlowCoverage? has = (await store.CoverageAsync(cancellationToken).ConfigureAwait(false)).FirstOrDefault(one => one.Chain == source.Chain);
        FlowBlock? last = has is { First: { } oldest, Last: { } newest }
            ? await CommonAsync(oldest, newest, cancellationToken).ConfigureAwait(false)
            : null;
        if (has?.First is { } first && request.From < first.Number)
        {
            throw new InputException(string.Create(
                CultureInfo.InvariantCulture,
                $"{store.Name} has {source.Chain} from block {first.Number} on, and nothing can be put before it: begin another store for block {request.From}"));
        }

        ulong next = last is null ? request.From ?? 0 : Math.Max(request.From ?? 0, last.Number + 1);
        return next > head || await RunAsync(
            next, head, has?.First?.Number ?? next, last?.Number + 1 == next ? last : null, progress, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The last block of the store's that is the source's too, after what came behind it is taken back.</summary>
    private async Task<FlowBlock> CommonAsync(FlowBlock first, FlowBlock last, CancellationToken cancellationToken)
    {
        if (await IsSharedAsync(last.Number, cancellationToken).ConfigureAwait(false))
        {
            return last;
        }

        // A source that is behind the store says nothing about the blocks it does not have.
        ulong newest = (await source.LookAsync(0, null, cancellationToken).ConfigureAwait(false)).Head;
        ulong high = Math.Min(newest, last.Number);
        if (high < first.Number || await IsSharedAsync(high, cancellationToken).ConfigureAwait(false))
        {
            return last;
        }

        if (!await IsSharedAsync(first.Number, cancellationToken).ConfigureAwait(false))
        {
            throw new InputException(
                $"{source.Name} has none of the {source.Chain} blocks of {store.Name}: it is on another chain, or was reorganised from before block {Text(first.Number)}; begin another store");
        }

        ulong low = first.Number;
        while (low + 1 < high)
        {
            ulong middle = low + ((high - low) / 2);
            (low, high) = await IsSharedAsync(middle, cancellationToken).ConfigureAwait(false) ? (middle, high) : (low, middle);
        }

        await store.RollBackAsync(source.Chain, low, cancellationToken).ConfigureAwait(false);
        _rolledBack += last.Number - low;
        return (await store.BlockAsync(source.Chain, low, cancellationToken).ConfigureAwait(false))!;
    }

    private async Task<bool> IsSharedAsync(ulong number, CancellationToken cancellationToken) =>
        (await store.BlockAsync(source.Chain, number, cancellationToken).ConfigureAwait(false))?.Hash
            == await source.HashNowAsync(number, cancellationToken).ConfigureAwait(false);

    private async Task<bool> RunAsync(
        ulong next, ulong last, ulong storesFirst, FlowBlock? previous, IProgress<IngestProgress>? progress,
        CancellationToken cancellationToken)
    {
        IAsyncEnumerable<FoundBlocks> found = Numbers(next, last).ToAsyncEnumerable()
            .WorkAsync(BlocksAtOnce, source.FetchAsync, _fetching, cancellationToken)
            .WorkAsync(BlocksAtOnce, static (block, token) => block.DecodeAsync(token), _decoding, cancellationToken)
            .GatherAsync(BlocksWaiting, static block => 1 + block.Movements.Count, MovementsInALoad, _opening, cancellationToken)
            .WorkAsync(1, (blocks, token) => OpenAsync(blocks, storesFirst, token), _opening, cancellationToken);
        await foreach (FoundBlocks blocks in found.ConfigureAwait(false))
        {
            if (!IsLinked(blocks.Facts, previous))
            {
                return false;
            }

            FlowLoad load = await LoadOfAsync(blocks, cancellationToken).ConfigureAwait(false);
            await WriteAsync(load, last, progress, cancellationToken).ConfigureAwait(false);
            previous = load.Blocks[^1];
        }

        return true;
    }

    private async Task WriteAsync(FlowLoad load, ulong last, IProgress<IngestProgress>? progress, CancellationToken cancellationToken)
    {
        FlowAppended appended = await _writing.WorkAsync(() => store.AppendAsync(load, cancellationToken)).ConfigureAwait(false);
        _appended = new FlowAppended(_appended.Added + appended.Added, _appended.Known + appended.Known);
        _blocks += load.Blocks.Length;
        _first ??= load.Blocks[0].Number;
        _last = load.Blocks[^1];
        progress?.Report(new IngestProgress(_last.Number, last, _blocks, _appended.Added, time.GetElapsedTime(_start)));
    }

    private async Task<FoundBlocks> OpenAsync(IReadOnlyList<BlockFacts> facts, ulong storesFirst, CancellationToken cancellationToken)
    {
        Movement[] movements = [.. facts.SelectMany(static block => block.Movements)];
        return new FoundBlocks(
            facts,
            await _newcomers.OpeningsAsync(movements, storesFirst, cancellationToken).ConfigureAwait(false),
            await _newcomers.NamesAsync(movements, cancellationToken).ConfigureAwait(false));
    }

    // What is spent may have been made in any block before: all of these are in the store by now.
    private async Task<FlowLoad> LoadOfAsync(FoundBlocks found, CancellationToken cancellationToken)
    {
        IReadOnlyList<BlockFacts> facts = found.Facts.All(static block => block.Knowing is null) ? found.Facts
            : await _opening.WorkAsync(() => _coins.FillAsync(found.Facts, cancellationToken)).ConfigureAwait(false);
        return new FlowLoad(
            source.Chain, OriginOf(facts), [.. facts.Select(static block => block.Block)],
            [.. facts.SelectMany(static block => block.Movements).OrderBy(static movement => movement.Position)])
        {
            Openings = found.Openings,
            Names = found.Names,
        };
    }

    // The SHA-256 of the blocks' own, one behind the other as text.
    private FlowOrigin OriginOf(IEnumerable<BlockFacts> facts) => new(
        source.Name, Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(string.Concat(facts.Select(static block => block.Block.Answer))))));

    // Each block behind the one before it: the chain may change between two questions.
    private static bool IsLinked(IReadOnlyList<BlockFacts> facts, FlowBlock? previous)
    {
        foreach (FlowBlock block in facts.Select(static one => one.Block))
        {
            if (previous is not null && block.Parent != previous.Hash)
            {
                return false;
            }

            previous = block;
        }

        return true;
    }

    private static IEnumerable<ulong> Numbers(ulong first, ulong last)
    {
        for (ulong number = first; number <= last; number++)
        {
            yield return number;
        }
    }

    private sealed record FoundBlocks(
        IReadOnlyList<BlockFacts> Facts, IReadOnlyList<FlowOpening> Openings, IReadOnlyList<TokenName> Names);

    private static string Bare(string hash) => hash.StartsWith("0x", StringComparison.Ordinal) ? hash[2..] : hash;

    private static string Text(ulong number) => number.ToString(CultureInfo.InvariantCulture);
}
