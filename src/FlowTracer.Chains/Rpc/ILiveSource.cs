using FlowTracer.Core.Ports;

namespace FlowTracer.Chains.Rpc;

/// <summary>Histories read from a chain as it is now, up to one block of it.</summary>
public interface ILiveSource : IHistorySource, IDisposable
{
    /// <summary>The chain as it is seen.</summary>
    ChainView View { get; }

    /// <summary>How transactions are found and read, for a person.</summary>
    string Method { get; }

    /// <summary>
    /// Forgets what was read, so that a trace that starts over asks as a first one does; kept answers are not asked for again.
    /// </summary>
    Task StartOverAsync(CancellationToken cancellationToken);
}
