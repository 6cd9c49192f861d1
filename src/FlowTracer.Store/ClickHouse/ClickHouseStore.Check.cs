namespace FlowTracer.Store.ClickHouse;

/// <summary>Whether what is stored is whole.</summary>
public sealed partial class ClickHouseStore
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> CheckAsync(IProgress<int>? progress, CancellationToken cancellationToken)
    {
        _state = null;
        StoreState state = await StateAsync(cancellationToken).ConfigureAwait(false);
        StoreCheck check = new(_schema, _journal, _client, state);
        return await check.RunAsync(progress, cancellationToken).ConfigureAwait(false);
    }
}
