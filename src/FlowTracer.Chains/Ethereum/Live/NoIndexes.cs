using System.Collections.Concurrent;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Chains.Ethereum.Live;

/// <summary>No index: an account's changes are found by its old balances and counts of transactions.</summary>
internal sealed class BalanceIndex : ITransactionIndex
{
    public string Method => "old balances";

    public bool FindsInternal => false;

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

    public (ulong First, ulong Last) Covered(ulong first, ulong last, Direction direction) =>
        last - first < mostBlocks ? (first, last)
        : direction == Direction.Forward ? (first, first + mostBlocks - 1)
        : (last - mostBlocks + 1, last);

    public void Forget() => _blocks.Clear();

    public async Task<IReadOnlyList<TxRef>> FindAsync(
        Address address, ulong first, ulong last, CancellationToken cancellationToken)
    {
        ConcurrentBag<TxRef> found = [];
        IEnumerable<Task> scans = Enumerable.Range(0, checked((int)(last - first + 1))).Select(async offset =>
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
