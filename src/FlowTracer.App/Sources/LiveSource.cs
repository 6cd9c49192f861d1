using FlowTracer.Chains.Ethereum.Live;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.App.Sources;

/// <summary>An open live source, with what it costs and rests on.</summary>
public sealed class LiveSource : IAsyncDisposable
{
    private readonly KeptRpc _kept;
    private readonly string _sessionFile;
    private readonly IReadOnlyList<IAsyncDisposable> _owned;

    internal LiveSource(
        ILiveSource source, Session session, string name, bool isKept, RpcMeter meter, KeptRpc kept,
        CrossCheckedRpc? crossCheck, IReadOnlyList<string> warnings, string sessionFile, IReadOnlyList<IAsyncDisposable> owned)
    {
        (Source, Session, Name, ViewIsKept, Meter, CrossCheck, Warnings) = (source, session, name, isKept, meter, crossCheck, warnings);
        (_kept, _sessionFile, _owned) = (kept, sessionFile, owned);
    }

    /// <summary>The histories.</summary>
    public ILiveSource Source { get; }

    /// <summary>What they are and can do.</summary>
    public Session Session { get; }

    /// <summary>The nodes, without their secrets.</summary>
    public string Name { get; }

    /// <summary>Whether where the chain ends was kept from an earlier run.</summary>
    public bool ViewIsKept { get; }

    /// <summary>What asking costs.</summary>
    public RpcMeter Meter { get; }

    /// <summary>The comparison of two nodes, where one was asked for.</summary>
    public CrossCheckedRpc? CrossCheck { get; }

    /// <summary>What the user should know of the nodes before reading the answer.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>SHA-256 over all questions and answers used so far.</summary>
    public string AnswersDigest => _kept.Digest;

    /// <summary>What the sources cannot do, one clause each.</summary>
    public IReadOnlyList<string> Limits => Session.About is { } about ? [.. about.Limits.Select(limit => $"{about.Kind}: {limit}")]
        : Session.Abilities!.SeesInternal ? []
        : ["these sources show neither old balances nor what contracts do: internal transfers are not seen, and the coverage says so"];

    /// <summary>Symbols and decimals that tokens state of themselves, for display; kept like every answer.</summary>
    public async Task<IReadOnlyList<TokenName>> NamesOfAsync(
        IReadOnlyCollection<Asset> tokens, CancellationToken cancellationToken) => Source is EthereumSource ethereum
        ? await Task.WhenAll(tokens.Select(token => ethereum.NameOfAsync(token, cancellationToken))).ConfigureAwait(false)
        : [];

    /// <summary>Whether an address is a contract at the last block looked at.</summary>
    public async Task<bool> IsContractAsync(Address address, CancellationToken cancellationToken) =>
        Source is EthereumSource ethereum && await ethereum.IsContractAsync(address, cancellationToken).ConfigureAwait(false);

    /// <summary>
    /// Where the chain ended need not be kept when the subject was not there: the next run looks for it anew. What an
    /// earlier run began with stays.
    /// </summary>
    public void ForgetView()
    {
        if (!ViewIsKept)
        {
            File.Delete(_sessionFile);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Source.Dispose();
        foreach (IAsyncDisposable owned in _owned)
        {
            await owned.DisposeAsync().ConfigureAwait(false);
        }
    }
}
