using System.Globalization;
using System.Numerics;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Chains.Ethereum.Live;

/// <summary>What of an account has been read.</summary>
/// <param name="First">From which block on.</param>
/// <param name="Last">Up to which block was asked.</param>
/// <param name="UpTo">Up to which block all was read.</param>
/// <param name="CoinGap">Why the coin's history may lack something; null when it does not.</param>
internal sealed record AccountRead(ulong First, ulong Last, ulong UpTo, string? CoinGap);

/// <summary>
/// Reads all that an account did: by an index and by token logs, each transaction whole, then held against the account's
/// balances. What was read is not read again.
/// </summary>
internal sealed class AccountReader(
    EthereumNode node, ITransactionIndex index, TokenLogs? logs, TransactionBook book, BalanceAudit audit, bool hasOldState,
    bool readsFromStart, int mostTransactions)
{
    private readonly Dictionary<Address, AccountRead> _accounts = [];

    /// <summary>What has been read of an account.</summary>
    public AccountRead Of(Address address)
    {
        lock (_accounts)
        {
            return _accounts[address];
        }
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        index.Forget();
        lock (_accounts)
        {
            _accounts.Clear();
        }
    }

    /// <summary>
    /// Reads accounts in ranges of blocks, or more of them than is read already. All are found before any is held against its
    /// balances, so that what is searched does not depend on who answers first.
    /// </summary>
    public async Task ReadAsync(
        IEnumerable<(Address Address, ulong First, ulong Last)> ranges, Direction direction, CancellationToken cancellationToken)
    {
        (Address Address, ulong First, ulong Last)[] wanted = [.. ranges.Select(Unread).OfType<(Address, ulong, ulong)>()];
        Found[] found = await Task.WhenAll(wanted.Select(one => FindAsync(one.Address, one.First, one.Last, direction, cancellationToken)))
            .ConfigureAwait(false);
        BalanceAudit.Known[] known = [.. wanted.Select(one => audit.KnownOf(one.Address))];
        (IReadOnlyList<ulong> Blocks, ulong UpTo)?[] changes = await Task.WhenAll(found.Select((one, i) => hasOldState
            ? audit.SearchAsync(one.Address, known[i], one.First == 0 ? 0 : one.First - 1, one.UpTo, cancellationToken)
            : Task.FromResult<(IReadOnlyList<ulong>, ulong)?>(null))).ConfigureAwait(false);
        await audit.ExplainAsync(
            [.. found.SelectMany((one, i) => (changes[i]?.Blocks ?? []).Select(block => (one.Address, block)))], cancellationToken)
            .ConfigureAwait(false);
        lock (_accounts)
        {
            for (int i = 0; i < found.Length; i++)
            {
                Found one = found[i];
                _accounts[one.Address] = new AccountRead(
                    one.First, one.Last, Math.Min(one.UpTo, changes[i]?.UpTo ?? one.UpTo),
                    CoinGap(changes[i] is not null, one.HasCode, one.FirstIndexed, one.LastIndexed));
            }
        }
    }

    // What of a range is still to be read; null when it is all there. One that was too long to be read so far is read from here on.
    private (Address, ulong, ulong)? Unread((Address Address, ulong First, ulong Last) range)
    {
        AccountRead? known;
        lock (_accounts)
        {
            known = _accounts.GetValueOrDefault(range.Address);
        }

        ulong first = readsFromStart ? 0 : range.First;
        return known is null || known.UpTo < range.First ? (range.Address, first, range.Last)
            : known.First <= range.First && known.Last >= range.Last ? null
            : (range.Address, Math.Min(first, known.First), Math.Max(range.Last, known.Last));
    }

    private async Task<Found> FindAsync(
        Address address, ulong first, ulong last, Direction direction, CancellationToken cancellationToken)
    {
        (ulong firstIndexed, ulong lastIndexed) = index.Covered(first, last, direction);
        ulong before = first == 0 ? 0 : first - 1;
        Task<IReadOnlyList<TxRef>> found = index.FindAsync(address, firstIndexed, lastIndexed, cancellationToken);
        Task<IReadOnlyList<Log>> named = logs?.ReadAsync(address, first, last, cancellationToken) ?? Task.FromResult<IReadOnlyList<Log>>([]);
        Task<(bool HasCode, bool)> kind = node.KindAsync(address, last, cancellationToken);
        Task[] ends = hasOldState
            ?
            [
                .. ((ulong[])[before, last]).SelectMany(block => (Task[])
                    [node.BalanceAsync(address, block, cancellationToken), node.NonceAsync(address, block, cancellationToken)]),
            ]
            : [];
        await Task.WhenAll([found, named, kind, .. ends]).ConfigureAwait(false);
        TxRef[] transactions =
        [
            .. (await found.ConfigureAwait(false))
                .Concat((await named.ConfigureAwait(false)).Select(static log => new TxRef(log.Tx, log.Block, log.TxIndex)))
                .Order().DistinctBy(static tx => tx.Hash),
        ];
        ulong upTo = last;
        if (transactions.Length > mostTransactions)
        {
            upTo = transactions[mostTransactions].Block - 1;
            transactions = [.. transactions.Where(tx => tx.Block <= upTo)];
        }

        await Task.WhenAll(transactions.Select(tx => book.ReadAsync(tx, cancellationToken))).ConfigureAwait(false);
        bool hasCode = (await kind.ConfigureAwait(false)).HasCode;
        return new Found(address, first, last, upTo, hasCode, firstIndexed, lastIndexed);
    }

    // Why the coin's history may lack something; null when it does not.
    private string? CoinGap(bool audited, bool hasCode, ulong firstIndexed, ulong lastIndexed) =>
        index.FindsInternal ? null
        : !audited ? string.Create(
            CultureInfo.InvariantCulture,
            $"the node has no index and no old state: only transactions' own values and token logs are seen, transactions of blocks {firstIndexed} to {lastIndexed}")
        : hasCode ? "a contract whose internal transfers are found by balances alone: what came and went between two blocks looked at is not seen"
        : null;

    /// <summary>
    /// Finds by the balances the logs that a node left out of its answers; a token whose balances follow no logs stays apart.
    /// </summary>
    public async Task CheckTokenAsync(Holder holder, AccountRead account, CancellationToken cancellationToken)
    {
        ulong before = account.First == 0 ? 0 : account.First - 1;
        Task<BigInteger?> first = node.HeldAsync(holder, before, cancellationToken);
        Task<BigInteger?> last = node.HeldAsync(holder, account.UpTo, cancellationToken);
        await Task.WhenAll(first, last).ConfigureAwait(false);
        BigInteger net = book.MovementsOf(holder.Address)
            .Where(movement => TransactionBook.BlockOf(movement) > before && TransactionBook.BlockOf(movement) <= account.UpTo)
            .Aggregate(BigInteger.Zero, (sum, movement) => sum + movement.NetOf(holder));
        if (await last.ConfigureAwait(false) - await first.ConfigureAwait(false) - net is { IsZero: false })
        {
            await audit.RunTokenAsync(holder, before, account.UpTo, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>What an index and logs found of an account, before its balances are looked at.</summary>
    private sealed record Found(
        Address Address, ulong First, ulong Last, ulong UpTo, bool HasCode, ulong FirstIndexed, ulong LastIndexed);
}
