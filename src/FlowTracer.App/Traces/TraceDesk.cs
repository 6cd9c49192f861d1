using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using FlowTracer.App.Heists;
using FlowTracer.App.Labels;
using FlowTracer.App.Sources;
using FlowTracer.App.Stores;
using FlowTracer.Chains.Rpc;
using FlowTracer.Chains.Recorded;
using FlowTracer.Core.Clustering;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Taint;
using FlowTracer.Core.Tracing;

namespace FlowTracer.App.Traces;

/// <summary>Opens cases and traces them: what the command line, the batch host and the screen share.</summary>
/// <param name="fixtures">The folder of the facts that ship with the program.</param>
/// <param name="labels">The labels; they may still be loading while the facts are read.</param>
/// <param name="settings">Settings of live sources; those of this machine unless given.</param>
public sealed class TraceDesk(string fixtures, Task<LabelIndex> labels, SourceSettings? settings = null)
{
    private readonly HeistCatalogue _heists = new(fixtures);

    /// <summary>The program's version, as exports state it.</summary>
    public static string ProgramVersion { get; } =
        typeof(TraceDesk).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    /// <summary>The facts that ship with the program, wherever it is installed or run from.</summary>
    public static string ShippedFixtures { get; } = Path.Combine(AppContext.BaseDirectory, "fixtures");

    /// <summary>The symbols and decimals that ship with the program.</summary>
    public static AssetCatalogue ShippedAssets() => AssetsOf(ShippedFixtures);

    /// <summary>Reads the facts of a request and finds its seeds in them.</summary>
    /// <exception cref="InputException">The subject, the record or an option cannot be used.</exception>
    /// <exception cref="SourceException">A live source does not answer.</exception>
    public async Task<TraceCase> OpenAsync(TraceRequest request, CancellationToken cancellationToken)
    {
        TraceSubject subject = TraceSubject.Parse(request.Subject, request.Chain);
        Heist? heist = subject is TraceSubject.OfHeist of ? _heists.Read(of.Id) : null;
        ChainId chain = ChainOf(subject, heist, request);
        bool isUtxo = chain.Family == ChainFamily.Utxo;
        if (!isUtxo && (request.FollowsFees || request.ThroughCoinJoins || request.Heuristics is not null))
        {
            throw new InputException(
                $"{(request.FollowsFees ? "--follow-fees" : request.ThroughCoinJoins ? "--through-coinjoin" : "--heuristics")} is for Bitcoin, and this trace is on {chain}");
        }

        if (isUtxo && request.AllowsContract)
        {
            throw new InputException("--allow-contract is for Ethereum: Bitcoin has no contracts");
        }

        if (request.Store is string store)
        {
            return await OpenStoreAsync(request, subject, heist, chain, store, cancellationToken).ConfigureAwait(false);
        }

        if (request.Source is not { } asked)
        {
            return await OpenRecordAsync(request, subject, heist, cancellationToken).ConfigureAwait(false);
        }

        SourceOpener opener = new(settings ?? SourceSettings.Load(), TimeProvider.System, asked.Reading);
        SourcePurpose purpose = new(
            chain, SubjectText(subject), (subject as TraceSubject.OfTransaction)?.Tx, request.FollowsFees);
        LiveSource live = await opener.OpenAsync(asked, purpose, cancellationToken).ConfigureAwait(false);
        try
        {
            return await OpenLiveAsync(request, subject, heist, live, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            if (fault is InputException)
            {
                live.ForgetView();
            }

            await live.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Traces a case under a policy.</summary>
    public static async Task<TraceReport> RunAsync(
        TraceCase opened, ITaintPolicy policy, IProgress<TraceProgress>? progress, CancellationToken cancellationToken)
    {
        Budget budget = BudgetOf(opened);
        Trace trace = opened.Live is { } source
            ? await RunLiveAsync(opened, source, policy, budget, progress, cancellationToken).ConfigureAwait(false)
            : await RunKeptAsync(opened, policy, budget, progress, cancellationToken).ConfigureAwait(false);
        RefuseMoreThanThere(trace, opened.Assets);
        RefuseNothing(trace);
        Asset[] unnamed = [.. UnnamedIn(trace, opened.Assets)];
        IReadOnlyList<TokenName> names = opened.Live is { } live ? await live.NamesOfAsync(unnamed, cancellationToken).ConfigureAwait(false)
            : opened.Store is { } store ? await store.NamesOfAsync(unnamed, cancellationToken).ConfigureAwait(false)
            : [];
        Provenance provenance = opened.Provenance with
        {
            DataDigest = FactsDigest.Of(trace),
            AsOf = opened.Live is { } view ? AsOfView(view) : opened.Provenance.AsOf,
        };
        return new TraceReport(trace, provenance, opened.Assets.With(names), opened.Heist);
    }

    // Facts of a record or a store do not change on the way.
    private static Task<Trace> RunKeptAsync(
        TraceCase opened, ITaintPolicy policy, Budget budget, IProgress<TraceProgress>? progress, CancellationToken cancellationToken) =>
        new Tracer(opened.Source, opened.Tags, opened.Store is null ? FetchOptions.OneByOne : FetchOptions.Nearby) { Budget = budget }
            .RunAsync(opened.Question with { Policy = policy }, progress, cancellationToken);

    // The time runs from here on: a trace's own, not what it took to find the seeds.
    private static Budget BudgetOf(TraceCase opened)
    {
        long start = TimeProvider.System.GetTimestamp();
        return new Budget(
            opened.MaxRequests,
            opened.MaxTime is TimeSpan most ? () => TimeProvider.System.GetElapsedTime(start) >= most : null);
    }

    // A chain that was reorganised on the way may have put anything elsewhere, the seeds too: then all is asked again.
    private static async Task<Trace> RunLiveAsync(
        TraceCase opened, LiveSource live, ITaintPolicy policy, Budget budget, IProgress<TraceProgress>? progress,
        CancellationToken cancellationToken)
    {
        TraceQuestion question = opened.Question;
        string? seen = opened.SeenHash;
        while (true)
        {
            Trace? trace = null;
            try
            {
                trace = await new Tracer(opened.Source, opened.Tags, FetchOptions.AllAtOnce) { Budget = budget }
                    .RunAsync(question with { Policy = policy }, progress, cancellationToken).ConfigureAwait(false);
            }
            catch (LedgerException)
            {
                // Facts of two chains cannot be true together: whether it is that, the source finds out.
                await live.Source.ChangedAsync(cancellationToken).ConfigureAwait(false);
                if (HeadOf(live) == seen)
                {
                    throw;
                }
            }

            if (trace is not null && HeadOf(live) == seen)
            {
                return trace;
            }

            seen = HeadOf(live);
            await live.Source.StartOverAsync(cancellationToken).ConfigureAwait(false);
            question = await AskAgainAsync(opened, cancellationToken).ConfigureAwait(false);
        }
    }

    private static string HeadOf(LiveSource live) => live.Source.View.HeadHash;

    private static async Task<TraceQuestion> AskAgainAsync(TraceCase opened, CancellationToken cancellationToken)
    {
        try
        {
            return await opened.AskAgain!(cancellationToken).ConfigureAwait(false);
        }
        catch (InputException gone)
        {
            throw new InputException($"the chain was reorganised during the trace: {gone.Message}");
        }
    }

    private async Task<TraceCase> OpenRecordAsync(
        TraceRequest request, TraceSubject subject, Heist? heist, CancellationToken cancellationToken)
    {
        (string name, byte[] bytes) = request.Data
            ?? (heist is not null ? await ShippedAsync(heist, cancellationToken).ConfigureAwait(false) : throw NoData(request));
        RecordedSource source = new(TransfersCsv.Read(bytes, name), heist?.Coverage ?? []);
        AssetCatalogue assets = AssetsOf(fixtures);
        return await AskAsync(
            request, subject, heist, source, assets, name, null, cancellationToken).ConfigureAwait(false);
    }

    private async Task<TraceCase> OpenStoreAsync(
        TraceRequest request, TraceSubject subject, Heist? heist, ChainId chain, string location, CancellationToken cancellationToken)
    {
        IFlowStore store = await StoreOpener.OpenAsync(location, create: false, cancellationToken).ConfigureAwait(false);
        try
        {
            FlowCoverage covered = (await store.CoverageAsync(cancellationToken).ConfigureAwait(false))
                .FirstOrDefault(of => of.Chain == chain)
                ?? throw new InputException($"{store.Name} has nothing of {chain}: import or ingest it first");
            if (covered.Unfinished is [var origin, ..])
            {
                throw new InputException($"{store.Name}: the import of {origin.Source} was not finished: run it again first");
            }

            IHistorySource source = covered.Last is null && heist is not null
                ? new CoveredSource(store, heist.Coverage)
                : store;
            AssetCatalogue assets = AssetsOf(fixtures)
                .With(await store.NamesOfAsync(NamedIn(request, chain), cancellationToken).ConfigureAwait(false));
            TraceCase opened = await AskAsync(
                request, subject, heist, source, assets, store.Name, null, cancellationToken).ConfigureAwait(false);
            AsOf? asOf = covered.Last is { } last
                ? new AsOf(chain, last.Number, last.Hash.ToString(chain.Family), last.TimeSeconds)
                : null;
            return opened with { Store = store, Provenance = opened.Provenance with { AsOf = asOf } };
        }
        catch
        {
            await store.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task<TraceCase> OpenLiveAsync(
        TraceRequest request, TraceSubject subject, Heist? heist, LiveSource live, CancellationToken cancellationToken)
    {
        if (subject is TraceSubject.OfAddress of && !request.AllowsContract
            && await live.IsContractAsync(of.Address, cancellationToken).ConfigureAwait(false))
        {
            throw new InputException(
                $"{of.Address} is a contract: what passes through it is its users' money. Trace the theft's transaction, or add --allow-contract to follow all that it gives");
        }

        AssetCatalogue assets = AssetsOf(fixtures)
            .With(await live.NamesOfAsync(NamedIn(request, live.Source.View.Chain), cancellationToken).ConfigureAwait(false));
        return await AskAsync(
            request, subject, heist, live.Source, assets,
            string.Create(CultureInfo.InvariantCulture, $"{live.Name} up to block {live.Source.View.Head}"), live,
            cancellationToken).ConfigureAwait(false);
    }

    private async Task<TraceCase> AskAsync(
        TraceRequest request, TraceSubject subject, Heist? heist, IHistorySource source, AssetCatalogue assets, string name,
        LiveSource? live, CancellationToken cancellationToken)
    {
        ChainId chain = ChainOf(subject, heist, request);
        async Task<TraceQuestion> FindAsync(CancellationToken token)
        {
            Limits limits = await WithBlockAsync(request, chain, source, token).ConfigureAwait(false);
            SeedFinder finder = new(source, request with { Limits = limits }, chain, assets, name);
            ImmutableArray<Seed> seeds = subject switch
            {
                TraceSubject.OfHeist => await finder.OfHeistAsync(heist!, token).ConfigureAwait(false),
                TraceSubject.OfTransaction tx => await finder.OfTransactionAsync(tx, token).ConfigureAwait(false),
                TraceSubject.OfCoin coin => await finder.OfCoinAsync(coin, token).ConfigureAwait(false),
                TraceSubject.OfAddress address => await finder.OfAddressAsync(address.Address, token).ConfigureAwait(false),
                _ => throw new InvariantException("no such subject"),
            };
            return new TraceQuestion(
                seeds, request.Policy, request.Direction,
                limits with { SmallestLot = finder.SmallestLots() },
                heist?.Known ?? [])
            {
                FollowFees = request.FollowsFees,
                Heuristics = chain.Family == ChainFamily.Utxo
                    ? request.Heuristics ?? HeuristicSet.Default
                    : HeuristicSet.None,
                ThroughCoinJoins = request.ThroughCoinJoins,
            };
        }

        string? seen = live is null ? null : HeadOf(live);
        TraceQuestion question = await FindAsync(cancellationToken).ConfigureAwait(false);
        LabelIndex index = await labels.ConfigureAwait(false);
        return new TraceCase(
            source, index, question, new Provenance(SubjectText(subject), string.Empty, index.Digest, ProgramVersion), assets, heist, live)
        {
            AskAgain = live is null ? null : FindAsync,
            SeenHash = seen,
            MaxRequests = request.MaxRequests,
            MaxTime = request.MaxTime,
        };
    }

    // A Bitcoin block's time may lie before its parent's: a window that ends with a time ends with a block, the same for all
    // that is traced.
    private static async Task<Limits> WithBlockAsync(
        TraceRequest request, ChainId chain, IHistorySource source, CancellationToken cancellationToken)
    {
        if (chain.Family != ChainFamily.Utxo || request.Limits.Window is not { TimeSeconds: long time })
        {
            return request.Limits;
        }

        bool forward = request.Direction == Direction.Forward;
        Position? at = await source.PositionAtAsync(chain, forward ? time + 1 : time, cancellationToken).ConfigureAwait(false);
        return at is not { } block ? request.Limits
            : forward && block.Block == 0 ? throw new InputException("--until lies before the chain's first block")
            : request.Limits with { Window = new Moment(forward ? block.Block - 1 : block.Block, null) };
    }

    private static AsOf AsOfView(LiveSource live)
    {
        ChainView view = live.Source.View;
        return new AsOf(view.Chain, view.Head, view.HeadHash, view.HeadTimeSeconds);
    }

    // Tokens whose amounts the user writes, in the units that their decimals make.
    private static Asset[] NamedIn(TraceRequest request, ChainId chain) =>
    [
        .. new[] { request.Asset }.Concat(request.SmallestLots.Select(static lot => lot.Split('=')[0]))
            .Select(text => Asset.TryParse(chain, text, out Asset asset, out _) && !asset.IsCoin ? asset : default)
            .Where(static asset => asset != default),
    ];

    private static IEnumerable<Asset> UnnamedIn(Trace trace, AssetCatalogue assets) => trace.Hops
        .SelectMany(static hop => (Asset[])(hop.Paid is Leg paid ? [hop.Asset, paid.Holder.Asset] : [hop.Asset]))
        .Concat(trace.Gaps.Select(static gap => gap.Asset))
        .Concat(trace.Balance.Select(static balance => balance.Asset))
        .Distinct()
        .Where(asset => !asset.IsCoin && !assets.Knows(asset));

    // What an address received becomes known only in the sweep: an answer about less than was asked for is none.
    private static void RefuseMoreThanThere(Trace trace, AssetCatalogue assets)
    {
        foreach (SeedBalance balance in trace.Balance)
        {
            if (trace.Question.Seeds[balance.Seed] is BalanceSeed { Limit: Amount asked } seed && balance.Stolen < asked)
            {
                throw new InputException(
                    $"--amount '{assets[seed.Asset].Exact(asked)}': {seed.Holder.Address} had and received only {assets[seed.Asset].Text(balance.Stolen)}");
            }
        }
    }

    private static void RefuseNothing(Trace trace)
    {
        if (trace.Balance.All(static balance => balance.Stolen.IsZero))
        {
            throw new InputException(
                $"nothing in the facts says that {trace.Question.Seeds[0].Holder.Address} had or {(trace.Question.Direction == Direction.Forward ? "received" : "gave")} anything {(trace.Question.Direction == Direction.Forward ? "from there on (what it gave, if anything, came from nowhere in them; --backward looks from the other end)" : "up to there")}");
        }
    }

    /// <summary>The tokens that a folder of fixtures knows.</summary>
    public static AssetCatalogue AssetsOf(string folder) =>
        AssetCatalogue.Read(Path.Combine(folder, "ethereum", "tokens.csv"));

    private async Task<(string Name, byte[] Bytes)> ShippedAsync(Heist heist, CancellationToken cancellationToken)
    {
        string path = _heists.RecordOf(heist);
        return (heist.DataPath, await File.ReadAllBytesAsync(path, cancellationToken).ConfigureAwait(false));
    }

    private static string SubjectText(TraceSubject subject) => subject switch
    {
        TraceSubject.OfHeist heist => heist.Id,
        TraceSubject.OfAddress address => $"{address.Address.Chain}:{address.Address}",
        TraceSubject.OfTransaction tx => $"{tx.Chain}:{tx.Tx.ToString(tx.Chain.Family)}",
        TraceSubject.OfCoin coin => $"{coin.Chain}:{coin.Coin}",
        _ => throw new InvariantException("no such subject"),
    };

    private static ChainId ChainOf(TraceSubject subject, Heist? heist, TraceRequest request) => subject switch
    {
        TraceSubject.OfAddress address => address.Address.Chain,
        TraceSubject.OfTransaction tx => tx.Chain,
        TraceSubject.OfCoin coin => coin.Chain,
        _ => heist is { Seeds: [var first, ..] } ? first.Asset.Chain : request.Chain ?? ChainId.Ethereum,
    };

    private static InputException NoData(TraceRequest request) =>
        new($"'{request.Subject}' needs facts to be traced in: give a live node with --source URL, a store with --store, or a record with --data transfers.csv");
}
