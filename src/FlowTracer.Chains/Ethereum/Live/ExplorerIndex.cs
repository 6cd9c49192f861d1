using System.Collections.Immutable;
using System.Text.Json;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Chains.Ethereum.Live;

/// <summary>
/// The lists of an explorer with Etherscan's API: <c>txlist</c>, <c>txlistinternal</c> and, where nobody gives logs,
/// <c>tokentx</c>. A list is read until the explorer says that nothing follows: no page is taken for the last because it
/// is short, however large the explorer's pages are.
/// </summary>
/// <param name="node">The explorer.</param>
/// <param name="mostRows">The most rows it shows of one question, over all pages.</param>
/// <param name="readsTokens">Whether token transfers are to be found here.</param>
internal sealed class ExplorerIndex(EthereumNode node, int mostRows, bool readsTokens) : ITransactionIndex
{
    public string Method => "the explorer's lists";

    public bool FindsInternal => true;

    public bool ReadsFromStart => true;

    public async Task<IReadOnlyList<TxRef>> FindAsync(
        Address address, ulong first, ulong last, CancellationToken cancellationToken)
    {
        List<Task<List<TxRef>>> lists =
        [
            ReadAllAsync(
                "txlist", address, first, last, static row => Ref(row.Tx, row.Block, row.Index),
                answer => ExplorerDecoder.Transactions(answer, node.Chain), cancellationToken),
            ReadAllAsync(
                "txlistinternal", address, first, last, static row => Ref(row.Tx, row.Block, TxRef.UnknownIndex),
                answer => ExplorerDecoder.Internals(answer, node.Chain), cancellationToken),
        ];
        if (readsTokens)
        {
            lists.Add(ReadAllAsync(
                "tokentx", address, first, last, static row => Ref(row.Tx, row.Block, row.TxIndex),
                answer => ExplorerDecoder.Tokens(answer, node.Chain), cancellationToken));
        }

        return [.. (await Task.WhenAll(lists).ConfigureAwait(false)).SelectMany(static list => list)];
    }

    private static TxRef? Ref(TxHash? tx, ulong block, uint index) => tx is TxHash hash ? new TxRef(hash, block, index) : null;

    private async Task<List<TxRef>> ReadAllAsync<T>(
        string action, Address address, ulong first, ulong last, Func<T, TxRef?> reference,
        Func<JsonElement, ExplorerAnswer<T>> decode, CancellationToken cancellationToken)
    {
        List<TxRef> all = [];
        ulong? next = first;
        while (next is ulong start)
        {
            next = await ReadFromAsync(
                action, address, start, last, decode,
                rows => all.AddRange(rows.Select(reference).OfType<TxRef>()), cancellationToken).ConfigureAwait(false);
        }

        return all;
    }

    // Reads the first page and what follows it, until a later block than the first row's shows up: from that one on all is
    // asked for again, for a page may end inside a block. Null when nothing follows.
    private async Task<ulong?> ReadFromAsync<T>(
        string action, Address address, ulong first, ulong last, Func<JsonElement, ExplorerAnswer<T>> decode,
        Action<ImmutableArray<T>> add, CancellationToken cancellationToken)
    {
        (ulong reached, int rows, int rowsInPage) = (first, 0, mostRows);
        for (int page = 1; rows < mostRows; page++)
        {
            // The next page; where it would end behind the last row shown, the next row.
            (int number, int size) = (long)page * rowsInPage <= mostRows ? (page, rowsInPage) : (rows + 1, 1);
            ExplorerAnswer<T> answer = await PageAsync(action, address, first, last, number, size, decode, cancellationToken)
                .ConfigureAwait(false);
            if (answer.RowCount == 0)
            {
                return null;
            }

            add(answer.Rows);
            reached = Math.Max(reached, answer.LastBlock);
            rows += answer.RowCount;
            rowsInPage = page == 1 ? answer.RowCount : rowsInPage;
            if (page > 1 && reached > first)
            {
                return reached;
            }
        }

        return reached > first ? reached
            : throw new SourceException(
                node.Name, action,
                $"block {first} alone has more rows of {address} than the explorer gives ({mostRows}); add a node with --source");
    }

    private Task<ExplorerAnswer<T>> PageAsync<T>(
        string action, Address address, ulong first, ulong last, int page, int rows, Func<JsonElement, ExplorerAnswer<T>> decode,
        CancellationToken cancellationToken)
    {
        string parameters =
            $"{{\"address\":\"{EthereumNode.Lower(address)}\",\"startblock\":\"{first}\",\"endblock\":\"{last}\",\"page\":\"{page}\",\"offset\":\"{rows}\",\"sort\":\"asc\"}}";
        return node.AskAsync(
            new RpcCall(ExplorerRpc.Prefix + action, RpcParams.Of(new RawJson(parameters))) { LastBlock = last },
            answer =>
            {
                ExplorerAnswer<T> decoded = decode(answer);
                return decoded.RowCount == 0 || (decoded.FirstBlock >= first && decoded.LastBlock <= last) ? decoded
                    : throw new AnswerFormatException(
                        "result", $"holds blocks {decoded.FirstBlock} to {decoded.LastBlock}, where {first} to {last} were asked for");
            },
            cancellationToken);
    }
}

/// <summary><c>txlistinternal</c> by transaction.</summary>
/// <param name="node">The explorer.</param>
/// <param name="mostRows">The most rows it shows: as many may not be all.</param>
internal sealed class ExplorerReader(EthereumNode node, int mostRows) : IInternalReader
{
    public string Method => "txlistinternal";

    public Task<InternalFlow> ReadAsync(TxRef tx, CancellationToken cancellationToken) => node.AskAsync(
        new RpcCall(
            ExplorerRpc.Prefix + "txlistinternal",
            RpcParams.Of(new RawJson($"{{\"txhash\":\"{tx.Hash.ToString(ChainFamily.Account)}\"}}"))) { LastBlock = tx.Block },
        answer =>
        {
            ExplorerAnswer<ExplorerInternalRow> decoded = ExplorerDecoder.Internals(answer, node.Chain);
            if (decoded.Rows.FirstOrDefault(row => row.Block != tx.Block) is { } stray)
            {
                throw new AnswerFormatException("result", $"is of block {stray.Block}, and the transaction is in block {tx.Block}");
            }

            return decoded.RowCount < mostRows ? new InternalFlow(InternalTransfers.FromExplorer(decoded.Rows), null)
                : throw new SourceException(
                    node.Name, $"txlistinternal[{tx.Hash.ToString(ChainFamily.Account)}]",
                    $"the transaction alone has more rows than the explorer gives ({mostRows}); add a node that traces with --source");
        },
        cancellationToken);
}
