using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum.Live;

/// <summary>
/// <c>ots_searchTransactionsBefore</c>: the transactions that touch an account, internal ones too, newest first. A page
/// holds whole blocks, so the next one starts before the oldest block of the last.
/// </summary>
internal sealed class OtterscanIndex(EthereumNode node) : ITransactionIndex
{
    // The most that Erigon allows.
    private const ulong PageSize = 25;

    public string Method => "ots_searchTransactionsBefore";

    public bool FindsInternal => true;

    public async Task<IReadOnlyList<TxRef>> FindAsync(
        Address address, ulong first, ulong last, CancellationToken cancellationToken)
    {
        List<TxRef> found = [];
        ulong before = last + 1;
        while (true)
        {
            OtsPage page = await PageAsync(address, before, cancellationToken).ConfigureAwait(false);
            found.AddRange(page.Transactions.Where(tx => tx.Block >= first)
                .Select(static tx => new TxRef(tx.Hash, tx.Block, tx.Index)));
            ulong oldest = page.Transactions.IsEmpty ? 0 : page.Transactions.Min(static tx => tx.Block);
            if (page.IsLast || oldest <= first || page.Transactions.IsEmpty)
            {
                return found;
            }

            before = oldest;
        }
    }

    private Task<OtsPage> PageAsync(Address address, ulong before, CancellationToken cancellationToken) => node.AskAsync(
        new RpcCall(
            "ots_searchTransactionsBefore",
            RpcParams.Of(EthereumNode.Lower(address), new RawJson($"{before}"), new RawJson($"{PageSize}"))) { LastBlock = before - 1 },
        answer =>
        {
            OtsPage page = OtsPage.Decode(answer, node.Chain);
            foreach (Transaction tx in page.Transactions)
            {
                if (tx.Block >= before)
                {
                    throw new AnswerFormatException("txs", $"holds block {tx.Block}, which is not before {before}");
                }

                node.CheckHash(tx.Block, tx.BlockHash);
            }

            return page;
        },
        cancellationToken);
}
