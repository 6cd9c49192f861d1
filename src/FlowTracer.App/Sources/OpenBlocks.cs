using FlowTracer.Chains.Rpc;

namespace FlowTracer.App.Sources;

/// <summary>An open source of whole blocks, with what it costs.</summary>
public sealed class OpenBlocks : IAsyncDisposable
{
    private readonly IAsyncDisposable _owned;

    internal OpenBlocks(IBlockSource source, RpcMeter meter, IReadOnlyList<string> warnings, IAsyncDisposable owned) =>
        (Source, Meter, Warnings, _owned) = (source, meter, warnings, owned);

    /// <summary>The blocks.</summary>
    public IBlockSource Source { get; }

    /// <summary>What asking costs.</summary>
    public RpcMeter Meter { get; }

    /// <summary>What the user should know of the sources beforehand.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _owned.DisposeAsync();
}
