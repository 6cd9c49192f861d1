using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Store.ClickHouse;

/// <summary>What tokens state of themselves: written before what names them counts, and never taken back.</summary>
public sealed partial class ClickHouseStore
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<TokenName>> NamesOfAsync(IReadOnlyCollection<Asset> tokens, CancellationToken cancellationToken)
    {
        if (tokens.Count == 0 || !_schema.HasNames)
        {
            return [];
        }

        Dictionary<(string Chain, string Contract), Asset> wanted = tokens.Distinct().ToDictionary(static token => (token.Chain.ToString(), KeyOf(token)));
        SentTable asked = new("asked", "chain String, contract String", new RowsContent<Asset>(tokens, WriteToken));
        List<TokenName> names = [];
        await _client.QueryAsync(
            FormattableString.Invariant($"reading the names of {tokens.Count} tokens"),
            $"""
            SELECT chain, contract, symbol, decimals FROM {_schema.Of("tokens")} FINAL
            WHERE (chain, contract) IN (SELECT chain, contract FROM asked)
            """,
            async row => names.Add(new TokenName(
                wanted[(await row.TextAsync().ConfigureAwait(false), Convert.ToHexString(await row.BlobAsync().ConfigureAwait(false)))],
                await row.IsNullAsync().ConfigureAwait(false) ? null : await row.TextAsync().ConfigureAwait(false),
                await row.IsNullAsync().ConfigureAwait(false) ? null : await row.ByteAsync().ConfigureAwait(false))),
            [asked], cancellationToken).ConfigureAwait(false);
        return names;
    }

    // The first that was told stays.
    private async Task AddNamesAsync(IReadOnlyList<TokenName> names, CancellationToken cancellationToken)
    {
        IReadOnlyList<TokenName> known = await NamesOfAsync([.. names.Select(static name => name.Token)], cancellationToken).ConfigureAwait(false);
        HashSet<Asset> there = [.. known.Select(static name => name.Token)];
        await WriteAsync("tokens", names.Where(name => !there.Contains(name.Token)), WriteName, cancellationToken).ConfigureAwait(false);
    }

    private static string KeyOf(Asset token)
    {
        byte[] contract = new byte[token.Contract.Length];
        token.Contract.CopyTo(contract);
        return Convert.ToHexString(contract);
    }

    private static void WriteToken(ByteSink sink, Asset token)
    {
        sink.Text(token.Chain.ToString());
        sink.Number((ulong)token.Contract.Length);
        sink.Address(token.Contract);
    }

    private static void WriteName(ByteSink sink, TokenName name)
    {
        WriteToken(sink, name.Token);
        sink.IsNull(name.Symbol is null);
        if (name.Symbol is string symbol)
        {
            sink.Text(symbol);
        }

        sink.IsNull(name.Decimals is null);
        if (name.Decimals is int decimals)
        {
            sink.Byte(checked((byte)decimals));
        }
    }
}
