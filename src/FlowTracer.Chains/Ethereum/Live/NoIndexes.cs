using System.Collections.Concurrent;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum.Live;

/// <summary>No index: an account's changes are found by its old balances and counts of transactions.</summary>
internal sealed class BalanceIndex : ITransactionIndex
{
    public string Method => "old balances";

    public bool FindsInternal => false;

    public ulong LastCovered(ulong first, ulong last) => last;

    public Task<IReadOnlyList<TxRef>> FindAsync(
        Address address, ulong first, ulong last, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<TxRef>>([]);
}

/// <summary>
/// No index and no old state: blocks are read one by one, so far as <paramref name="mostBlocks"/> allows from where an
/// account is first asked about. Shows who sends to whom, nothing that contracts do.
/// </summary>
internal sealed class BlockScanIndex(EthereumNode node, ulong mostBlocks) : ITransactionIndex
{
    private readonly Memo<ulong, (Address From, Address To, TxRef Tx)[]> _blocks = new();

    public string Method => "reading blocks";

    public bool FindsInternal => false;

    public ulong LastCovered(ulong first, ulong last) => Math.Min(last, first + mostBlocks - 1);

    public async Task<IReadOnlyList<TxRef>> FindAsync(
        Address address, ulong first, ulong last, CancellationToken cancellationToken)
    {
        ConcurrentBag<TxRef> found = [];
        ulong end = LastCovered(first, last);
        IEnumerable<Task> scans = Enumerable.Range(0, checked((int)(end - first + 1))).Select(async offset =>
        {
            ulong number = first + (ulong)offset;
            foreach ((Address from, Address to, TxRef tx) in await EndsAsync(number, cancellationToken).ConfigureAwait(false))
            {
                if (from == address || to == address)
                {
                    found.Add(tx);
                }
            }
        });
        await Task.WhenAll(scans).ConfigureAwait(false);
        return [.. found];
    }

    private Task<(Address, Address, TxRef)[]> EndsAsync(ulong number, CancellationToken cancellationToken) =>
        _blocks.GetAsync(number, async _ =>
        {
            Block block = await node.BlockOnceAsync(number, cancellationToken).ConfigureAwait(false);
            return [.. block.Transactions.Select(static tx => (tx.From, tx.To, new TxRef(tx.Hash, tx.Block, tx.Index)))];
        });
}
