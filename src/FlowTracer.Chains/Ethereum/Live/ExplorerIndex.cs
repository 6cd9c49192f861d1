using System.Collections.Immutable;
using System.Text.Json;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum.Live;

/// <summary>
/// The lists of an explorer with Etherscan's API: <c>txlist</c>, <c>txlistinternal</c> and <c>tokentx</c>. A list is read
/// until nothing new comes: a full page is never taken for the end, however large the explorer's pages are.
/// </summary>
internal sealed class ExplorerIndex(EthereumNode node) : ITransactionIndex
{
    // The most rows that Etherscan gives in one answer, over all pages.
    private const int Window = 10_000;

    public string Method => "the explorer's lists";

    public bool FindsInternal => true;

    public bool ReadsFromStart => true;

    public ulong LastCovered(ulong first, ulong last) => last;

    public async Task<IReadOnlyList<TxRef>> FindAsync(
        Address address, ulong first, ulong last, CancellationToken cancellationToken)
    {
        Task<List<TxRef>> own = ReadAllAsync(
            "txlist", address, first, last, static row => Ref(row.Tx, row.Block, row.Index),
            answer => ExplorerDecoder.Transactions(answer, node.Chain), cancellationToken);
        Task<List<TxRef>> inside = ReadAllAsync(
            "txlistinternal", address, first, last, static row => Ref(row.Tx, row.Block, TxRef.UnknownIndex),
            answer => ExplorerDecoder.Internals(answer, node.Chain), cancellationToken);
        Task<List<TxRef>> tokens = ReadAllAsync(
            "tokentx", address, first, last, static row => Ref(row.Tx, row.Block, row.TxIndex),
            answer => ExplorerDecoder.Tokens(answer, node.Chain), cancellationToken);
        await Task.WhenAll(own, inside, tokens).ConfigureAwait(false);
        return [.. await own.ConfigureAwait(false), .. await inside.ConfigureAwait(false), .. await tokens.ConfigureAwait(false)];
    }

    private static TxRef? Ref(TxHash? tx, ulong block, uint index) => tx is TxHash hash ? new TxRef(hash, block, index) : null;

    private async Task<List<TxRef>> ReadAllAsync<T>(
        string action, Address address, ulong first, ulong last, Func<T, TxRef?> reference,
        Func<JsonElement, ExplorerAnswer<T>> decode, CancellationToken cancellationToken)
    {
        HashSet<TxHash> seen = [];
        List<TxRef> all = [];
        ulong start = first;
        while (true)
        {
            ExplorerAnswer<T> answer = await PageAsync(action, address, start, last, decode, cancellationToken).ConfigureAwait(false);
            TxRef[] page = [.. answer.Rows.Select(reference).OfType<TxRef>()];
            if (page.FirstOrDefault(tx => tx.Block < start || tx.Block > last) is { Block: > 0 } stray)
            {
                throw new SourceException(node.Name, action, $"a row is of block {stray.Block}, which was not asked for");
            }

            int before = all.Count;
            all.AddRange(page.Where(tx => seen.Add(tx.Hash)));
            if (answer.RowCount == 0 || (all.Count == before && page.All(tx => tx.Block == start)))
            {
                return answer.RowCount < Window ? all
                    : throw new SourceException(
                        node.Name, action, $"block {start} alone has {answer.RowCount} rows of {address}, and the explorer gives no more");
            }

            ulong next = page.Length == 0 ? last + 1 : page.Max(static tx => tx.Block);
            if (next > last)
            {
                return all;
            }

            // The last block again: the page may have ended inside it. When it was the only one, what follows it.
            start = next > start ? next : next + 1;
            if (start > last)
            {
                return all;
            }
        }
    }

    private async Task<ExplorerAnswer<T>> PageAsync<T>(
        string action, Address address, ulong first, ulong last, Func<JsonElement, ExplorerAnswer<T>> decode,
        CancellationToken cancellationToken)
    {
        string parameters =
            $"{{\"address\":\"{EthereumNode.Lower(address)}\",\"startblock\":\"{first}\",\"endblock\":\"{last}\",\"page\":\"1\",\"offset\":\"{Window}\",\"sort\":\"asc\"}}";
        return await node.AskAsync(
            new RpcCall(ExplorerRpc.Prefix + action, RpcParams.Of(new RawJson(parameters))) { LastBlock = last },
            decode, cancellationToken).ConfigureAwait(false);
    }
}

/// <summary><c>txlistinternal</c> by transaction.</summary>
internal sealed class ExplorerReader(EthereumNode node) : IInternalReader
{
    public string Method => "txlistinternal";

    public Task<InternalFlow> ReadAsync(TxRef tx, CancellationToken cancellationToken) => node.AskAsync(
        new RpcCall(
            ExplorerRpc.Prefix + "txlistinternal",
            RpcParams.Of(new RawJson($"{{\"txhash\":\"{tx.Hash.ToString(ChainFamily.Account)}\"}}"))) { LastBlock = tx.Block },
        answer =>
        {
            ImmutableArray<ExplorerInternalRow> rows = ExplorerDecoder.Internals(answer, node.Chain).Rows;
            if (rows.FirstOrDefault(row => row.Block != tx.Block) is { } stray)
            {
                throw new AnswerFormatException("result", $"is of block {stray.Block}, and the transaction is in block {tx.Block}");
            }

            return new InternalFlow(InternalTransfers.FromExplorer(rows), null);
        },
        cancellationToken);
}
