using FlowTracer.Chains.Bitcoin.Live;
using FlowTracer.Chains.Ethereum.Live;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.App.Sources;

/// <summary>What speaks at an address.</summary>
public enum SourceKind : byte
{
    /// <summary>An Ethereum node's JSON-RPC.</summary>
    EthereumNode = 1,

    /// <summary>An explorer of Ethereum with Etherscan's API.</summary>
    Explorer,

    /// <summary>A Bitcoin node's JSON-RPC.</summary>
    BitcoinNode,

    /// <summary>An explorer of Bitcoin with Esplora's API.</summary>
    Esplora,

    /// <summary>An Electrum server.</summary>
    Electrum,

    /// <summary>A folder of a Bitcoin node's block files.</summary>
    BlockFiles,
}

/// <summary>One address of a source, and what was found there.</summary>
/// <param name="Url">The address.</param>
/// <param name="Kind">What speaks there.</param>
/// <param name="Rpc">To ask it.</param>
/// <param name="Chain">The chain it is on.</param>
public sealed record FoundSource(NodeUrl Url, SourceKind Kind, IRpc Rpc, ChainId Chain);

/// <summary>Finds out what sources are, by asking them.</summary>
/// <param name="settings">How patiently they are asked, and how far they look.</param>
/// <param name="time">What delays go by.</param>
/// <param name="reading">Told how far the reading of block files has come.</param>
public sealed class SourceFinder(SourceSettings settings, TimeProvider time, IProgress<BlockFilesProgress>? reading = null)
{
    /// <summary>Finds out what one address is.</summary>
    /// <param name="url">The address.</param>
    /// <param name="family">What it should be a source of; null for either.</param>
    /// <param name="pipeline">For asking it later.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="InputException">It is none of the sources known.</exception>
    /// <exception cref="SourceException">It does not answer.</exception>
    public async Task<FoundSource> FindAsync(
        NodeUrl url, ChainFamily? family, HttpPipeline pipeline, CancellationToken cancellationToken)
    {
        // Whatever answers a node's question with a page is given two attempts, not six.
        if (url.IsFolder && family != ChainFamily.Account)
        {
            IRpc files = Make(url, SourceKind.BlockFiles, pipeline);
            return new FoundSource(
                url, SourceKind.BlockFiles, files, await ChainAsync(files, SourceKind.BlockFiles, cancellationToken).ConfigureAwait(false));
        }

        using HttpPipeline hasty = new(settings.Fetch with { Retries = Math.Min(1, settings.Fetch.Retries) }, new RpcMeter(), time);
        Exception? first = null;
        foreach (SourceKind kind in KindsOf(url, family))
        {
            IRpc asked = Make(url, kind, hasty);
            try
            {
                ChainId chain = await ChainAsync(asked, kind, cancellationToken).ConfigureAwait(false);
                return new FoundSource(url, kind, Make(url, kind, pipeline), chain);
            }
            catch (Exception fault) when (fault is InputException or SourceException { IsForeign: true } or SourceException { IsAnswered: true })
            {
                first ??= fault;
            }
            finally
            {
                await DisposeAsync(asked).ConfigureAwait(false);
            }
        }

        throw url.IsElectrum ? first! : new InputException(
            $"{url} is neither {Names(family)}: {(first as SourceException)?.Reason ?? first!.Message}");
    }

    /// <summary>A client for a source of a known kind.</summary>
    public IRpc Make(NodeUrl url, SourceKind kind, HttpPipeline pipeline) => kind switch
    {
        SourceKind.EthereumNode => new JsonRpcNode(url, pipeline),
        SourceKind.Explorer => new ExplorerRpc(url, pipeline),
        SourceKind.BitcoinNode => new CoreRpc(new JsonRpcNode(url, pipeline), settings.Reach.MostScannedBlocks, settings.Reach.MostTransactions),
        SourceKind.Esplora => new EsploraRpc(url, pipeline, settings.Reach.MostTransactions),
        SourceKind.Electrum => new ElectrumRpc(url, pipeline, settings.Reach.MostTransactions),
        SourceKind.BlockFiles => new LateRpc(
            url.Display, async token => await BlockFilesRpc.OpenAsync(url.Folder!, null, reading, token).ConfigureAwait(false)),
        _ => throw new InvariantException("no such kind of source"),
    };

    /// <summary>The chain a source is on.</summary>
    private static Task<ChainId> ChainAsync(IRpc rpc, SourceKind kind, CancellationToken cancellationToken) =>
        kind is SourceKind.EthereumNode or SourceKind.Explorer
            ? new NodeProbe(rpc).ChainAsync(cancellationToken)
            : new BitcoinProbe(rpc).ChainAsync(cancellationToken);

    private static ValueTask DisposeAsync(IRpc rpc)
    {
        if (rpc is IAsyncDisposable owned)
        {
            return owned.DisposeAsync();
        }

        (rpc as IDisposable)?.Dispose();
        return ValueTask.CompletedTask;
    }

    private static IEnumerable<SourceKind> KindsOf(NodeUrl url, ChainFamily? family)
    {
        if (url.IsFolder || url.IsElectrum)
        {
            return family == ChainFamily.Account
                ? throw new InputException($"{url} is a source of Bitcoin: add --chain bitcoin")
                : [SourceKind.Electrum];
        }

        IEnumerable<SourceKind> account = family == ChainFamily.Utxo ? [] : [SourceKind.EthereumNode, SourceKind.Explorer];
        IEnumerable<SourceKind> utxo = family == ChainFamily.Account ? [] : [SourceKind.BitcoinNode, SourceKind.Esplora];
        return account.Concat(utxo);
    }

    // Reading a folder of block files takes long: it is read when it is first asked, which a trace from kept answers never does.
    private sealed class LateRpc(string name, Func<CancellationToken, Task<IRpc>> open) : IRpc
    {
        private readonly Lock _lock = new();
        private Task<IRpc>? _opened;

        public string Name => name;

        public async Task<RpcAnswer> AskAsync(RpcCall call, CancellationToken cancellationToken)
        {
            Task<IRpc> opened;
            lock (_lock)
            {
                opened = _opened ??= open(cancellationToken);
            }

            return await (await opened.ConfigureAwait(false)).AskAsync(call, cancellationToken).ConfigureAwait(false);
        }
    }

    private static string Names(ChainFamily? family) => family switch
    {
        ChainFamily.Account => "an Ethereum node nor an explorer with Etherscan's API",
        ChainFamily.Utxo => "a Bitcoin node nor an explorer with Esplora's API",
        _ => "a node of Ethereum or Bitcoin nor an explorer with Etherscan's or Esplora's API",
    };
}
