using FlowTracer.Chains.Ethereum.Live;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;

namespace FlowTracer.App.Sources;

/// <summary>One address of a source, and what was found there.</summary>
/// <param name="Url">The address.</param>
/// <param name="IsExplorer">An explorer's API rather than a node.</param>
/// <param name="Rpc">To ask it.</param>
public sealed record FoundNode(NodeUrl Url, bool IsExplorer, IRpc Rpc);

/// <summary>Opens live sources: finds out what they are, and puts patience, comparison and keeping before them.</summary>
public sealed class SourceOpener(SourceSettings settings, TimeProvider time)
{
    /// <summary>Where answers are kept, unless told otherwise.</summary>
    public static string DefaultCacheFolder { get; } = Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache ? cache
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
        "flowtracer", "answers");

    /// <summary>Opens a source.</summary>
    /// <param name="request">What the user says.</param>
    /// <param name="chain">The chain the trace is on; another one's node is refused.</param>
    /// <param name="subject">What is traced: an earlier trace of it is continued where the chain ended then.</param>
    /// <param name="known">A transaction that should be there, to try methods on; null for any.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="InputException">The source is not usable, or of another chain.</exception>
    /// <exception cref="SourceException">It does not answer.</exception>
    public async Task<LiveSource> OpenAsync(
        SourceRequest request, ChainId chain, string subject, TxHash? known, CancellationToken cancellationToken)
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
        string file = Session.FileOf(cache.Folder, QuestionOf(request, urls, chain, subject));
        Session? session = request.Refresh ? null : Session.Read(file);
        if (session is null && request.Offline)
        {
            throw new SourceException(
                $"the cache in {cache.Folder}", "opening",
                "nothing is kept of this subject and source; run once without --offline");
        }

        RpcMeter meter = new();
        HttpPipeline pipeline = new(settings.Fetch, meter, time);
        List<FoundNode> nodes = [];
        try
        {
            List<string> warnings = [];
            nodes.AddRange(session is null
                ? await FindAllAsync(urls, chain, pipeline, warnings, cancellationToken).ConfigureAwait(false)
                : Enumerable.Range(0, urls.Length).Where(i => session.Explorers.ElementAtOrDefault(i) is not null)
                    .Select(i => Make(urls[i], session.Explorers[i]!.Value, pipeline)));
            if (request.CrossCheck && nodes.Count < 2)
            {
                throw new SourceException(urls[0].Display, "--cross-check", $"two sources are needed; {warnings[0]}");
            }

            CrossCheckedRpc? crossCheck = request.CrossCheck
                ? new CrossCheckedRpc(nodes[0].Rpc, Joined(nodes[1..]))
                : null;
            IRpc asked = crossCheck ?? Joined(nodes);
            bool isKept = session is not null;
            session ??= await LookAsync(asked, request, chain, known, urls, nodes, cancellationToken).ConfigureAwait(false);
            session.Write(file);
            return Open(request, session, file, asked, crossCheck, cache, meter, warnings, nodes, pipeline, isKept, urls);
        }
        catch
        {
            foreach (IAsyncDisposable node in nodes.Select(static node => node.Rpc).OfType<IAsyncDisposable>())
            {
                await node.DisposeAsync().ConfigureAwait(false);
            }

            pipeline.Dispose();
            throw;
        }
    }

    /// <summary>Finds out what one address is.</summary>
    /// <exception cref="InputException">Neither a node of Ethereum nor an explorer.</exception>
    /// <exception cref="SourceException">It does not answer.</exception>
    public async Task<(FoundNode Node, ChainId Chain)> FindAsync(
        NodeUrl url, HttpPipeline pipeline, CancellationToken cancellationToken)
    {
        // Whatever answers a node's question with a page is given two attempts, not six.
        using HttpPipeline hasty = new(settings.Fetch with { Retries = Math.Min(1, settings.Fetch.Retries) }, new RpcMeter(), time);
        FoundNode node = Make(url, isExplorer: false, hasty);
        try
        {
            ChainId chain = await new NodeProbe(node.Rpc).ChainAsync(cancellationToken).ConfigureAwait(false);
            return (Make(url, isExplorer: false, pipeline), chain);
        }
        catch (Exception fault) when (fault is InputException or SourceException { IsForeign: true })
        {
            ChainId? chain = await ExplorerChainAsync(url, hasty, cancellationToken).ConfigureAwait(false);
            return chain is ChainId found
                ? (Make(url, isExplorer: true, pipeline), found)
                : throw new InputException(
                    $"{url} is neither an Ethereum node nor an explorer with Etherscan's API: {(fault as SourceException)?.Reason ?? fault.Message}");
        }
        finally
        {
            await ((IAsyncDisposable)node.Rpc).DisposeAsync().ConfigureAwait(false);
        }
    }

    private static async Task<ChainId?> ExplorerChainAsync(NodeUrl url, HttpPipeline pipeline, CancellationToken cancellationToken)
    {
        try
        {
            return await new NodeProbe(new ExplorerRpc(url, pipeline)).ChainAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is InputException or SourceException { IsForeign: true })
        {
            return null;
        }
    }

    private static FoundNode Make(NodeUrl url, bool isExplorer, HttpPipeline pipeline) =>
        new(url, isExplorer, isExplorer ? new ExplorerRpc(url, pipeline) : new JsonRpcNode(url, pipeline));

    private IRpc Joined(List<FoundNode> nodes) =>
        nodes.Count == 1 ? nodes[0].Rpc : new FailoverRpc([.. nodes.Select(static node => node.Rpc)], time);

    private static string QuestionOf(SourceRequest request, IEnumerable<NodeUrl> urls, ChainId chain, string subject) => string.Join(
        '\n', ["session/1", chain.ToString(), subject, $"{request.Confirmations}", $"{request.AsOf}", $"{request.CrossCheck}", .. urls.Select(static url => url.Fingerprint)]);

    private async Task<List<FoundNode>> FindAllAsync(
        NodeUrl[] urls, ChainId chain, HttpPipeline pipeline, List<string> warnings, CancellationToken cancellationToken)
    {
        List<FoundNode> nodes = [];
        InputException? wrong = null;
        Exception? unusable = null;
        foreach (NodeUrl url in urls)
        {
            try
            {
                (FoundNode node, ChainId found) = await FindAsync(url, pipeline, cancellationToken).ConfigureAwait(false);
                nodes.Add(node);
                wrong ??= found == chain ? null : new InputException(
                    $"{url} is on {found}, and the trace is on {chain}: add --chain {found}, or give another source");
            }
            catch (Exception fault) when (fault is SourceException or InputException)
            {
                unusable ??= fault;
                warnings.Add($"not used: {fault.Message}");
            }
        }

        return wrong is not null ? throw wrong : nodes.Count > 0 ? nodes : throw unusable!;
    }

    private static async Task<Session> LookAsync(
        IRpc asked, SourceRequest request, ChainId chain, TxHash? known, NodeUrl[] urls, List<FoundNode> nodes,
        CancellationToken cancellationToken)
    {
        NodeProbe probe = new(asked);
        ChainView view = await probe.LookAsync(chain, (ulong?)request.Confirmations, request.AsOf, cancellationToken).ConfigureAwait(false);
        NodeAbilities abilities = await probe.AbilitiesAsync(view, known, cancellationToken).ConfigureAwait(false);
        return new Session(
            [.. urls.Select(url => nodes.Find(node => node.Url == url)?.IsExplorer)], abilities, view);
    }

    private LiveSource Open(
        SourceRequest request, Session session, string file, IRpc asked, CrossCheckedRpc? crossCheck, AnswerCache cache,
        RpcMeter meter, List<string> warnings, List<FoundNode> nodes, HttpPipeline pipeline, bool isKept, NodeUrl[] urls)
    {
        string name = string.Join(", ", urls.Select(static url => url.Display));
        KeptRpc kept = new(cache, request.Offline ? null : asked, name, meter)
        {
            Scope = ScopeOf(session.View),
            // A comparison is made each time: what one source said alone, or what differed before, must not pass for agreed.
            AsksAnew = request.CrossCheck,
        };
        async Task<ChainView> LookAgainAsync(CancellationToken token)
        {
            ChainView view = await new NodeProbe(asked)
                .LookAsync(session.View.Chain, (ulong?)request.Confirmations, request.AsOf, token).ConfigureAwait(false);
            (session with { View = view }).Write(file);
            kept.Scope = ScopeOf(view);
            return view;
        }

        EthereumSource source = new(
            kept, session.Abilities, session.View, LookAgainAsync, () => kept.HasAsked,
            new LiveLimits(settings.Reach.MostTransactions, (ulong)settings.Reach.MostScannedBlocks));
        return new LiveSource(
            source, session.Abilities, name, isKept, meter, kept, crossCheck, warnings, file,
            [.. nodes.Select(static node => node.Rpc).OfType<IAsyncDisposable>(), new Owned(pipeline)]);
    }

    private static AnswerScope ScopeOf(ChainView view) => new(view.Genesis, view.HeadHash, view.FinalBlock);

    private sealed class Owned(IDisposable inner) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            inner.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
