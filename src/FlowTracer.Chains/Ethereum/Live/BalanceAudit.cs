using System.Collections.Immutable;
using System.Numerics;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Chains.Ethereum.Live;

/// <summary>A value that only changes in some blocks: balance and count of sent transactions, less what is known.</summary>
internal readonly record struct Sample(BigInteger Balance, BigInteger Sent);

/// <summary>
/// Finds the blocks in which something changed by asking at ever closer blocks: a stretch that begins and ends alike is
/// left alone. Cuts fall on multiples of powers of four, so that all searches ask about the same blocks; finding k
/// changes among n blocks takes O(k log(n/k)) samples in log₄ n rounds.
/// </summary>
internal static class ChangeSearch
{
    private const ulong Ways = 4;

    /// <summary>The blocks in (before, last] whose sample differs from that of the block before, in order.</summary>
    /// <param name="before">The block before the first one of interest.</param>
    /// <param name="last">The last block.</param>
    /// <param name="most">Looks for no more than about this many changes.</param>
    /// <param name="sample">The value after a block.</param>
    /// <returns>The blocks, and up to which block these are all.</returns>
    public static async Task<(IReadOnlyList<ulong> Blocks, ulong UpTo)> FindAsync(
        ulong before, ulong last, int most, Func<ulong, Task<Sample>> sample)
    {
        List<(ulong Before, ulong Last)> stretches = before < last ? [(before, last)] : [];
        List<ulong> changed = [];
        ulong upTo = last;
        while (stretches.Count > 0)
        {
            ulong[] ends = [.. stretches.SelectMany(static s => (ulong[])[s.Before, s.Last]).Distinct()];
            Sample[] values = await Task.WhenAll(ends.Select(sample)).ConfigureAwait(false);
            Dictionary<ulong, Sample> at = ends.Zip(values).ToDictionary(static pair => pair.First, static pair => pair.Second);
            List<(ulong Before, ulong Last)> next = [];
            foreach ((ulong start, ulong end) in stretches)
            {
                if (at[start] == at[end])
                {
                    continue;
                }

                if (end == start + 1)
                {
                    changed.Add(end);
                }
                else
                {
                    next.AddRange(Cut(start, end));
                }
            }

            stretches = next;
            if (changed.Count + stretches.Count > most * (int)Ways)
            {
                stretches = stretches[..Math.Max(0, Math.Min(stretches.Count, (most * (int)Ways) - changed.Count))];
                upTo = Math.Min(upTo, stretches.Count > 0 ? stretches[^1].Last : before);
            }
        }

        changed.Sort();
        if (changed.Count > most)
        {
            upTo = Math.Min(upTo, changed[most] - 1);
        }

        return ([.. changed.Where(block => block <= upTo)], upTo);
    }

    /// <summary>The stretches that (before, last] is cut into: at every multiple of the largest power of four inside.</summary>
    internal static IEnumerable<(ulong Before, ulong Last)> Cut(ulong before, ulong last)
    {
        ulong grain = 1;
        while (grain * Ways < last - before)
        {
            grain *= Ways;
        }

        ulong start = before;
        for (ulong cut = before - (before % grain) + grain; cut < last; cut += grain)
        {
            yield return (start, cut);
            start = cut;
        }

        yield return (start, last);
    }
}

/// <summary>
/// Holds an account's known movements against the balances and counts that the chain states, finds the blocks where
/// they part, and explains those from the blocks themselves. What an index left out, a node without an index could not
/// say and contracts moved unseen all come to light here.
/// </summary>
internal sealed class BalanceAudit(
    EthereumNode node, TransactionBook book, BlockCredits credits, IInternalReader? internals, BalanceDerivation? derivation,
    int mostChanges)
{
    private const int MostTokenChanges = 256;

    /// <summary>Accounts whose earlier answers were completed by a later finding.</summary>
    public List<Address> Changed { get; } = [];

    /// <summary>What is known of an account's coin before a round of searches: each of them starts from the same.</summary>
    public Known KnownOf(Address address) => new(address, book);

    /// <summary>
    /// The blocks in (before, last] where an account's coin changed by more than is known; null when the node has no old
    /// state there.
    /// </summary>
    /// <returns>The blocks, and up to which block these are all.</returns>
    public async Task<(IReadOnlyList<ulong> Blocks, ulong UpTo)?> SearchAsync(
        Address address, Known known, ulong before, ulong last, CancellationToken cancellationToken)
    {
        Task<BigInteger?>[] balances =
            [.. ((ulong[])[before, last]).Select(block => node.BalanceAsync(address, block, cancellationToken))];
        Task<ulong?>[] nonces = [.. ((ulong[])[before, last]).Select(block => node.NonceAsync(address, block, cancellationToken))];
        await Task.WhenAll([.. balances, .. nonces]).ConfigureAwait(false);
        if (await balances[0].ConfigureAwait(false) is null || await balances[1].ConfigureAwait(false) is null)
        {
            return null;
        }

        async Task<Sample> SampleAsync(ulong block)
        {
            Task<BigInteger?> balance = node.BalanceAsync(address, block, cancellationToken);
            Task<ulong?> nonce = node.NonceAsync(address, block, cancellationToken);
            await Task.WhenAll(balance, nonce).ConfigureAwait(false);
            return known.Unknown(
                block, await balance.ConfigureAwait(false) ?? throw NoState(address, $"{block}"),
                await nonce.ConfigureAwait(false) ?? throw NoState(address, $"{block}"));
        }

        return await ChangeSearch.FindAsync(before, last, mostChanges, SampleAsync).ConfigureAwait(false);
    }

    /// <summary>
    /// Completes accounts' coin movements in blocks where they changed. First what the blocks themselves say of each; then,
    /// block by block and in one order of accounts, what is left over: one account's finding may explain another's, and which
    /// of them is looked at first must not depend on whose answers come first.
    /// </summary>
    public async Task ExplainAsync(
        IReadOnlyCollection<(Address Address, ulong Block)> changes, CancellationToken cancellationToken)
    {
        await Task.WhenAll(changes.Select(change => ReadNamedAsync(change.Address, change.Block, cancellationToken)))
            .ConfigureAwait(false);
        await Task.WhenAll(changes.GroupBy(static change => change.Block).Select(async block =>
        {
            foreach ((Address address, ulong number) in block.OrderBy(static change => change.Address))
            {
                await ExplainLeftAsync(address, number, cancellationToken).ConfigureAwait(false);
            }
        })).ConfigureAwait(false);
    }

    /// <summary>
    /// Completes a block of which every transaction is read: holders whose balances changed by more or less than their
    /// movements say, in one order.
    /// </summary>
    public async Task ExplainBlockAsync(ulong number, IReadOnlyCollection<Holder> holders, CancellationToken cancellationToken)
    {
        await Task.WhenAll(holders.Select(holder => node.ChangeAsync(holder, number, cancellationToken))).ConfigureAwait(false);
        foreach (Holder holder in holders.Order())
        {
            await (holder.Asset.IsCoin
                ? ExplainLeftAsync(holder.Address, number, cancellationToken)
                : ExplainTokenAsync(holder, number, cancellationToken)).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Completes a token's movements where the logs do not come to the balances: transfers that a node left out of its
    /// answer are in the receipts of the blocks where the balance changed. What a token changes without a log (a fee on
    /// transfer, a rebase) is unresolved; one that does so all the time is left to differ.
    /// </summary>
    public async Task RunTokenAsync(Holder holder, ulong before, ulong last, CancellationToken cancellationToken)
    {
        Known known = new(holder, book);
        bool answers = true;
        async Task<Sample> SampleAsync(ulong block)
        {
            BigInteger? balance = await node
                .TokenBalanceAsync(holder.Asset.Contract, holder.Address, block, cancellationToken).ConfigureAwait(false);
            answers &= balance is not null;
            return known.Unknown(block, balance ?? 0, 0);
        }

        (IReadOnlyList<ulong> blocks, ulong upTo) = await ChangeSearch
            .FindAsync(before, last, MostTokenChanges, SampleAsync).ConfigureAwait(false);
        if (answers && upTo == last)
        {
            await Task.WhenAll(blocks.Select(block => ExplainTokenAsync(holder, block, cancellationToken))).ConfigureAwait(false);
        }
    }

    private async Task ExplainTokenAsync(Holder holder, ulong number, CancellationToken cancellationToken)
    {
        foreach (Receipt receipt in await node.ReceiptsAsync(number, cancellationToken).ConfigureAwait(false))
        {
            if (receipt.Logs.Any(log => log.Contract == holder.Asset.Contract && Names(log, holder.Address)))
            {
                await book.ReadAsync(new TxRef(receipt.Tx, receipt.Block, receipt.Index), cancellationToken).ConfigureAwait(false);
            }
        }

        BigInteger? left = await node.ChangeAsync(holder, number, cancellationToken).ConfigureAwait(false)
            - book.MovementsOf(holder.Address, number).NetOf(holder);
        if (left is { IsZero: false } change)
        {
            Block block = await node.BlockAsync(number, cancellationToken).ConfigureAwait(false);
            book.AddUnexplained(block, holder, Amount.FromBigInteger(BigInteger.Abs(change)), change.Sign > 0);
        }
    }

    private bool Names(Log log, Address address) =>
        log.Topics.Any(topic => topic.TryGetAddress(node.Chain, out Address named) && named == address);

    private SourceException NoState(Address address, string block) =>
        new(node.Name, $"eth_getBalance of {address}", $"the node has state of older blocks, but not of block {block}");

    private async Task ReadNamedAsync(Address address, ulong number, CancellationToken cancellationToken)
    {
        Block block = await node.BlockAsync(number, cancellationToken).ConfigureAwait(false);
        await Task.WhenAll(block.Transactions
            .Where(tx => tx.From == address || tx.To == address)
            .Select(tx => book.ReadAsync(tx.Ref, cancellationToken))).ConfigureAwait(false);
        await credits.AddAsync(block, address, cancellationToken).ConfigureAwait(false);
    }

    private async Task ExplainLeftAsync(Address address, ulong number, CancellationToken cancellationToken)
    {
        if ((await LeftAsync(address, number, cancellationToken).ConfigureAwait(false)).IsZero)
        {
            return;
        }

        Block block = await node.BlockAsync(number, cancellationToken).ConfigureAwait(false);
        await FindInsideAsync(address, block, cancellationToken).ConfigureAwait(false);
        BigInteger left = await LeftAsync(address, number, cancellationToken).ConfigureAwait(false);
        if (!left.IsZero)
        {
            book.AddUnexplained(
                block, Holder.Account(address, Asset.Coin(node.Chain)), Amount.FromBigInteger(BigInteger.Abs(left)), left.Sign > 0);
        }
    }

    private async Task FindInsideAsync(Address address, Block block, CancellationToken cancellationToken)
    {
        if (internals is not null)
        {
            IReadOnlyList<TxRef> found = await internals.FindInBlockAsync(block, address, cancellationToken).ConfigureAwait(false);
            await Task.WhenAll(found.Select(tx => book.ReadAsync(tx, cancellationToken))).ConfigureAwait(false);
        }
        else if (derivation is not null)
        {
            await DeriveAsync(address, block, derivation, cancellationToken).ConfigureAwait(false);
        }
    }

    // First the transactions that name the account; then the one that moved exactly this much to or from somebody unnamed.
    private async Task DeriveAsync(
        Address address, Block block, BalanceDerivation derive, CancellationToken cancellationToken)
    {
        BlockAccounts accounts = await derive.AccountsAsync(block.Number, cancellationToken).ConfigureAwait(false);
        Transaction[] running = [.. accounts.RunningCode(address)];
        await Task.WhenAll(running.Where(tx => accounts.NamedBy(tx.Index).Contains(address))
            .Select(tx => book.ReadAsync(tx.Ref, cancellationToken))).ConfigureAwait(false);
        BigInteger left = await LeftAsync(address, block.Number, cancellationToken).ConfigureAwait(false);
        if (left.IsZero)
        {
            return;
        }

        BookedTransaction[] read = await Task.WhenAll(running.Select(tx => book.ReadAsync(tx.Ref, cancellationToken)))
            .ConfigureAwait(false);
        BookedTransaction[] fitting = [.. read.Where(tx => derive.Open.TryGetValue(tx.Tx.Hash, out BigInteger open) && open == -left)];
        if (fitting is [BookedTransaction only])
        {
            derive.AlsoTouches(only.Tx.Hash, address);
            IReadOnlyCollection<Address> touched = await book.RereadAsync(only, cancellationToken).ConfigureAwait(false);
            lock (Changed)
            {
                Changed.AddRange(touched);
            }
        }
    }

    // What of an account's change in one block its known movements there leave over, in wei.
    private async Task<BigInteger> LeftAsync(Address address, ulong block, CancellationToken cancellationToken)
    {
        Holder holder = Holder.Account(address, Asset.Coin(node.Chain));
        return (await node.ChangeAsync(holder, block, cancellationToken).ConfigureAwait(false)
            ?? throw NoState(address, $"{block - 1} or {block}")) - book.MovementsOf(address, block).NetOf(holder);
    }

    /// <summary>What is known of a holder so far: net and count of sent transactions, up to any block.</summary>
    internal sealed class Known
    {
        private readonly ImmutableArray<ulong> _blocks;
        private readonly ImmutableArray<(BigInteger Net, BigInteger Sent)> _sums;

        public Known(Address address, TransactionBook book)
            : this(Holder.Account(address, Asset.Coin(address.Chain)), book)
        {
        }

        public Known(Holder holder, TransactionBook book)
        {
            SortedDictionary<ulong, (BigInteger Net, BigInteger Sent)> changes = [];
            foreach (Movement movement in book.MovementsOf(holder.Address))
            {
                ulong block = TransactionBook.BlockOf(movement);
                (BigInteger net, BigInteger sent) = changes.GetValueOrDefault(block);
                changes[block] = (net + movement.NetOf(holder), sent);
            }

            foreach ((ulong block, int count) in holder.Asset.IsCoin ? book.SentBy(holder.Address) : ImmutableDictionary<ulong, int>.Empty)
            {
                (BigInteger net, BigInteger sent) = changes.GetValueOrDefault(block);
                changes[block] = (net, sent + count);
            }

            _blocks = [.. changes.Keys];
            (BigInteger Net, BigInteger Sent) sum = default;
            _sums = [.. changes.Values.Select(change => sum = (sum.Net + change.Net, sum.Sent + change.Sent))];
        }

        /// <summary>A sample of the chain less what is known up to that block.</summary>
        public Sample Unknown(ulong block, BigInteger balance, BigInteger sent)
        {
            int found = _blocks.BinarySearch(block);
            int last = found >= 0 ? found : ~found - 1;
            return last < 0 ? new Sample(balance, sent) : new Sample(balance - _sums[last].Net, sent - _sums[last].Sent);
        }
    }
}
