using FlowTracer.Chains.Bitcoin.Live;
using FlowTracer.Chains.Ethereum.Live;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.App.Sources;

/// <summary>What a live source is opened for.</summary>
/// <param name="Chain">The chain the trace is on; a source of another one is refused.</param>
/// <param name="Subject">What is traced: an earlier trace of it is continued where the chain ended then.</param>
/// <param name="Known">A transaction that should be there, to try methods on; null for any.</param>
/// <param name="FollowsFees">Whether the fees of Bitcoin's blocks will be wanted.</param>
public sealed record SourcePurpose(ChainId Chain, string Subject, TxHash? Known = null, bool FollowsFees = false);

/// <summary>Opens live sources: finds out what they are, and puts patience, comparison and keeping before them.</summary>
/// <param name="settings">How patiently they are asked, and how far they look.</param>
/// <param name="time">What delays go by.</param>
/// <param name="reading">Told how far the reading of block files has come.</param>
public sealed class SourceOpener(SourceSettings settings, TimeProvider time, IProgress<BlockFilesProgress>? reading = null)
{
    private readonly SourceFinder _finder = new(settings, time, reading);

    /// <summary>Where answers are kept, unless told otherwise.</summary>
    public static string DefaultCacheFolder { get; } = Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache ? cache
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
        "flowtracer", "answers");

    /// <summary>Opens a source.</summary>
    /// <param name="request">What the user says.</param>
    /// <param name="purpose">What for.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="InputException">The source is not usable, or of another chain.</exception>
    /// <exception cref="SourceException">It does not answer.</exception>
    public async Task<LiveSource> OpenAsync(SourceRequest request, SourcePurpose purpose, CancellationToken cancellationToken)
    {
        NodeUrl[] urls = [.. request.Sources.SelectMany(settings.Resolve)];
        if (request.CrossCheck && urls.Length < 2)
        {
            throw new InputException("--cross-check compares two sources: give --source twice");
        }

        if (request.CrossCheck && request.Offline)
        {
            throw new InputException("--cross-check asks two sources and --offline asks nobody: give one of them");
        }

        AnswerCache cache = new(request.CacheFolder ?? (settings.Cache.Folder.Length > 0 ? settings.Cache.Folder : DefaultCacheFolder), time);
        string file = Session.FileOf(cache.Folder, QuestionOf(request, urls, purpose));
        Session? session = request.Refresh ? null : Session.Read(file);
        if (session is null && request.Offline)
        {
            throw new SourceException(
                $"the cache in {cache.Folder}", "opening",
                "nothing is kept of this subject and source; run once without --offline");
        }

        RpcMeter meter = new();
        HttpPipeline pipeline = new(settings.Fetch, meter, time);
        List<FoundSource> found = [];
        try
        {
            List<string> warnings = [];
            found.AddRange(session is null
                ? await FindAllAsync(urls, purpose.Chain, pipeline, warnings, cancellationToken).ConfigureAwait(false)
                : Known(session, urls, pipeline));
            if (request.CrossCheck && found.Count < 2)
            {
                throw new SourceException(urls[0].Display, "--cross-check", $"two sources are needed; {warnings[0]}");
            }

            CrossCheckedRpc? crossCheck = request.CrossCheck
                ? new CrossCheckedRpc(found[0].Rpc, Joined(found[1..]))
                : null;
            IRpc asked = crossCheck ?? Joined(found);
            bool isKept = session is not null;
            if (session is null)
            {
                session = await LookAsync(asked, request, purpose, urls, found, cancellationToken).ConfigureAwait(false);
                session.Write(file);
            }

            return Open(request, purpose, session, file, asked, crossCheck, cache, meter, warnings, found, pipeline, isKept, urls);
        }
        catch
        {
            foreach (IAsyncDisposable source in found.Select(static source => source.Rpc).OfType<IAsyncDisposable>())
            {
                await source.DisposeAsync().ConfigureAwait(false);
            }

            pipeline.Dispose();
            throw;
        }
    }

    /// <summary>Opens nodes or a folder of block files to read whole blocks from; answers are not kept.</summary>
    /// <param name="sources">URLs, names or a folder, the preferred one first.</param>
    /// <param name="chain">The chain they must be on.</param>
    /// <param name="audits">See <see cref="EthereumBlocks"/>.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="InputException">A source is not usable, has no whole blocks, or is of another chain.</exception>
    /// <exception cref="SourceException">It does not answer.</exception>
    public async Task<OpenBlocks> OpenBlocksAsync(
        IReadOnlyList<string> sources, ChainId chain, bool audits, CancellationToken cancellationToken)
    {
        RpcMeter meter = new();
        Owned pipeline = new(new HttpPipeline(settings.Fetch, meter, time));
        try
        {
            List<string> warnings = [];
            List<FoundSource> found = await FindAllAsync(
                [.. sources.SelectMany(settings.Resolve)], chain, pipeline.Pipeline, warnings, cancellationToken).ConfigureAwait(false);
            if (found.Find(static one => one.Kind is SourceKind.Explorer or SourceKind.Esplora or SourceKind.Electrum) is { } listing)
            {
                throw new InputException(
                    $"{listing.Url} is an explorer or an index, and has no whole blocks: give a node, or a folder of Bitcoin's block files");
            }

            IRpc asked = Joined(found);
            IBlockSource blocks = chain.Family == ChainFamily.Utxo
                ? new BitcoinBlocks(asked, chain)
                : await EthereumBlocksAsync(asked, chain, audits, cancellationToken).ConfigureAwait(false);
            return new OpenBlocks(blocks, meter, warnings, pipeline);
        }
        catch
        {
            await pipeline.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static async Task<EthereumBlocks> EthereumBlocksAsync(
        IRpc asked, ChainId chain, bool audits, CancellationToken cancellationToken)
    {
        NodeProbe probe = new(asked);
        ChainView newest = await probe.LookAsync(chain, 0, null, cancellationToken).ConfigureAwait(false);
        return new EthereumBlocks(asked, await probe.AbilitiesAsync(newest, null, cancellationToken).ConfigureAwait(false), chain, audits);
    }

    private IRpc Joined(List<FoundSource> found) =>
        found.Count == 1 ? found[0].Rpc : new FailoverRpc([.. found.Select(static source => source.Rpc)], time);

    private static string QuestionOf(SourceRequest request, IEnumerable<NodeUrl> urls, SourcePurpose purpose) => string.Join(
        '\n', ["session/2", purpose.Chain.ToString(), purpose.Subject, $"{request.Confirmations}", $"{request.AsOf}", $"{request.CrossCheck}", .. urls.Select(static url => url.Fingerprint)]);

    private IEnumerable<FoundSource> Known(Session session, NodeUrl[] urls, HttpPipeline pipeline) =>
        from i in Enumerable.Range(0, urls.Length)
        let kind = session.Kinds.ElementAtOrDefault(i)
        where kind is not null
        select new FoundSource(urls[i], kind.Value, _finder.Make(urls[i], kind.Value, pipeline), session.View.Chain);

    private async Task<List<FoundSource>> FindAllAsync(
        NodeUrl[] urls, ChainId chain, HttpPipeline pipeline, List<string> warnings, CancellationToken cancellationToken)
    {
        List<FoundSource> sources = [];
        InputException? wrong = null;
        Exception? unusable = null;
        foreach (NodeUrl url in urls)
        {
            try
            {
                FoundSource found = await _finder.FindAsync(url, chain.Family, pipeline, cancellationToken).ConfigureAwait(false);
                sources.Add(found);
                wrong ??= found.Chain == chain ? null : new InputException(
                    $"{url} is on {found.Chain}, and the trace is on {chain}: add --chain {found.Chain}, or give another source");
            }
            catch (Exception fault) when (fault is SourceException or InputException)
            {
                unusable ??= fault;
                warnings.Add($"not used: {fault.Message}");
            }
        }

        return wrong is not null ? throw wrong : sources.Count > 0 ? sources : throw unusable!;
    }

    private static async Task<Session> LookAsync(
        IRpc asked, SourceRequest request, SourcePurpose purpose, NodeUrl[] urls, List<FoundSource> found, CancellationToken cancellationToken)
    {
        ChainView view = await ViewAsync(asked, purpose.Chain, request, cancellationToken).ConfigureAwait(false);
        SourceKind?[] kinds = [.. urls.Select(url => found.Find(source => source.Url == url)?.Kind)];
        return purpose.Chain.Family == ChainFamily.Account
            ? new Session(kinds, view)
            {
                Abilities = await new NodeProbe(asked).AbilitiesAsync(view, purpose.Known, cancellationToken).ConfigureAwait(false),
            }
            : new Session(kinds, view) { About = await AboutAsync(found, cancellationToken).ConfigureAwait(false) };
    }

    private static Task<ChainView> ViewAsync(IRpc asked, ChainId chain, SourceRequest request, CancellationToken cancellationToken) =>
        chain.Family == ChainFamily.Account
            ? new NodeProbe(asked).LookAsync(chain, (ulong?)request.Confirmations, request.AsOf, cancellationToken)
            : new BitcoinProbe(asked).LookAsync(chain, (ulong?)request.Confirmations, request.AsOf, cancellationToken);

    // One that cannot say what it can do is asked for the rest all the same: where it fails, the next answers.
    private static async Task<AboutSource> AboutAsync(List<FoundSource> found, CancellationToken cancellationToken)
    {
        List<AboutSource> all = [];
        SourceException? fault = null;
        foreach (FoundSource source in found)
        {
            try
            {
                all.Add(await new BitcoinProbe(source.Rpc).AboutAsync(cancellationToken).ConfigureAwait(false));
            }
            catch (SourceException silent)
            {
                fault ??= silent;
            }
        }

        return all.Count == 0 ? throw fault! : all[0] with
        {
            Method = string.Join("; else ", all.Select(static about => about.Method).Distinct()),
            Kind = string.Join(", ", all.Select(static about => about.Kind).Distinct()),
            Limits = all.Count == 1 ? all[0].Limits
                : [.. all.SelectMany(static about => about.Limits.Select(limit => $"{limit} ({about.Kind})")).Distinct()],
        };
    }

    private LiveSource Open(
        SourceRequest request, SourcePurpose purpose, Session session, string file, IRpc asked, CrossCheckedRpc? crossCheck,
        AnswerCache cache, RpcMeter meter, List<string> warnings, List<FoundSource> found, HttpPipeline pipeline, bool isKept, NodeUrl[] urls)
    {
        string name = string.Join(", ", urls.Select(static url => url.Display));
        // What a source of Bitcoin cannot know depends on its indexes: with others, it is asked again (after --refresh).
        string refuser = session.About is { } about ? $"{name} ({about.Method}; {string.Join("; ", about.Limits)})" : name;
        KeptRpc kept = new(cache, request.Offline ? null : asked, refuser, meter)
        {
            Scope = ScopeOf(session.View),
            // A comparison is made each time: what one source said alone, or what differed before, must not pass for agreed.
            AsksAnew = request.CrossCheck,
            LooksAgain = request.Refresh,
        };
        async Task<ChainView> LookAgainAsync(CancellationToken token)
        {
            ChainView view = await ViewAsync(asked, session.View.Chain, request, token).ConfigureAwait(false);
            (session with { View = view }).Write(file);
            kept.Scope = ScopeOf(view);
            return view;
        }

        ILiveSource source = session.Abilities is { } abilities
            ? new EthereumSource(
                kept, abilities, session.View, LookAgainAsync, () => kept.HasAsked,
                new LiveLimits(settings.Reach.MostTransactions, (ulong)settings.Reach.MostScannedBlocks))
            : new BitcoinSource(kept, session.About!, session.View, LookAgainAsync, () => kept.HasAsked, purpose.FollowsFees);
        return new LiveSource(
            source, session, name, isKept, meter, kept, crossCheck, warnings, file,
            [.. found.Select(static one => one.Rpc).OfType<IAsyncDisposable>(), new Owned(pipeline)]);
    }

    private static AnswerScope ScopeOf(ChainView view) => new(view.Genesis, view.HeadHash, view.FinalBlock);

    private sealed class Owned(HttpPipeline pipeline) : IAsyncDisposable
    {
        public HttpPipeline Pipeline => pipeline;

        public ValueTask DisposeAsync()
        {
            pipeline.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
