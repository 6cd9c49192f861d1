using System.Diagnostics;
using FlowTracer.Chains.Bitcoin.Live;
using FlowTracer.Chains.Ethereum.Live;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.App.Sources;

/// <summary>What one address of a source turned out to be.</summary>
/// <param name="Name">The address without its secrets.</param>
/// <param name="Fault">Why it cannot be used; null when it can.</param>
public sealed record SourceReport(string Name, Exception? Fault)
{
    /// <summary>What speaks there.</summary>
    public SourceKind Kind { get; init; }

    /// <summary>The chain it is on.</summary>
    public ChainView? View { get; init; }

    /// <summary>The newest block it has.</summary>
    public ulong NewestBlock { get; init; }

    /// <summary>What a source of Ethereum can do; null for others.</summary>
    public NodeAbilities? Abilities { get; init; }

    /// <summary>What a source of Bitcoin can do; null for others.</summary>
    public AboutSource? About { get; init; }

    /// <summary>The way a trace would take.</summary>
    public string Method { get; init; } = string.Empty;

    /// <summary>How long a small question took, in milliseconds: the median of several.</summary>
    public long LatencyMs { get; init; }

    /// <summary>How many calls it took in one request; 1 when it refuses batches.</summary>
    public int BatchSize { get; init; }
}

/// <summary>Finds out what sources are and can do.</summary>
public sealed class SourceChecker(SourceSettings settings, TimeProvider time)
{
    private const int LatencySamples = 5;

    /// <summary>Checks every address of a source; one that cannot be used is a report too.</summary>
    /// <exception cref="InputException">There is no such source.</exception>
    public async Task<IReadOnlyList<SourceReport>> CheckAsync(string source, CancellationToken cancellationToken)
    {
        List<SourceReport> reports = [];
        foreach (NodeUrl url in settings.Resolve(source))
        {
            try
            {
                reports.Add(await CheckAsync(url, cancellationToken).ConfigureAwait(false));
            }
            catch (Exception fault) when (fault is InputException or SourceException)
            {
                reports.Add(new SourceReport(url.Display, fault));
            }
        }

        return reports;
    }

    private async Task<SourceReport> CheckAsync(NodeUrl url, CancellationToken cancellationToken)
    {
        using HttpPipeline pipeline = new(settings.Fetch, new RpcMeter(), time);
        FoundSource found = await new SourceFinder(settings, time).FindAsync(url, null, pipeline, cancellationToken).ConfigureAwait(false);
        await using IAsyncDisposable? owned = found.Rpc as IAsyncDisposable;
        return found.Chain.Family == ChainFamily.Account
            ? await EthereumAsync(found, cancellationToken).ConfigureAwait(false)
            : await BitcoinAsync(found, cancellationToken).ConfigureAwait(false);
    }

    private async Task<SourceReport> EthereumAsync(FoundSource found, CancellationToken cancellationToken)
    {
        NodeProbe probe = new(found.Rpc);
        ChainView newest = await probe.LookAsync(found.Chain, 0, null, cancellationToken).ConfigureAwait(false);
        NodeAbilities abilities = await probe.AbilitiesAsync(newest, null, cancellationToken).ConfigureAwait(false);
        ChainView view = await probe.LookAsync(found.Chain, null, null, cancellationToken).ConfigureAwait(false);
        using EthereumSource opened = new(found.Rpc, abilities, view, _ => Task.FromResult(view), static () => false, LiveLimits.Default);
        return new SourceReport(found.Url.Display, null)
        {
            Kind = found.Kind,
            View = view,
            NewestBlock = newest.Head,
            Abilities = abilities,
            Method = opened.Method,
            LatencyMs = await LatencyAsync(found.Rpc, "eth_blockNumber", cancellationToken).ConfigureAwait(false),
            BatchSize = await BatchAsync(found.Rpc, cancellationToken).ConfigureAwait(false),
        };
    }

    private static async Task<SourceReport> BitcoinAsync(FoundSource found, CancellationToken cancellationToken)
    {
        BitcoinProbe probe = new(found.Rpc);
        AboutSource about = await probe.AboutAsync(cancellationToken).ConfigureAwait(false);
        return new SourceReport(found.Url.Display, null)
        {
            Kind = found.Kind,
            View = await probe.LookAsync(found.Chain, null, null, cancellationToken).ConfigureAwait(false),
            NewestBlock = (await probe.LookAsync(found.Chain, 0, null, cancellationToken).ConfigureAwait(false)).Head,
            About = about,
            Method = about.Method,
            LatencyMs = await LatencyAsync(found.Rpc, "bitcoin_height", cancellationToken).ConfigureAwait(false),
        };
    }

    private static async Task<long> LatencyAsync(IRpc rpc, string method, CancellationToken cancellationToken)
    {
        List<long> samples = [];
        for (int i = 0; i < LatencySamples; i++)
        {
            long start = Stopwatch.GetTimestamp();
            await rpc.AskAsync(new RpcCall(method, RpcParams.None) { IsKept = false }, cancellationToken).ConfigureAwait(false);
            samples.Add((long)Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        samples.Sort();
        return samples[LatencySamples / 2];
    }

    // As many different questions at once as a batch may hold; the node's client halves what is refused.
    private async Task<int> BatchAsync(IRpc rpc, CancellationToken cancellationToken)
    {
        if (rpc is not JsonRpcNode node)
        {
            return 1;
        }

        await Task.WhenAll(Enumerable.Range(1, settings.Fetch.BatchSize).Select(i => node.AskAsync(
            new RpcCall("eth_getBalance", RpcParams.Of($"0x{i:x40}", "latest")) { IsKept = false }, cancellationToken))).ConfigureAwait(false);
        return node.BatchSize;
    }
}
