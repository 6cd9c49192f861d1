using System.Globalization;
using System.Numerics;
using FlowTracer.Core.Model;

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
        lock (_accounts)
        {
            _accounts.Clear();
        }
    }

    /// <summary>Reads an account in a range of blocks, or more of it than is read already.</summary>
    public async Task<AccountRead> ReadAsync(
        Address address, ulong first, ulong last, CancellationToken cancellationToken)
    {
        AccountRead? known;
        lock (_accounts)
        {
            known = _accounts.GetValueOrDefault(address);
        }

        if (known is not null && known.First <= first && known.Last >= last)
        {
            return known;
        }

        (first, last) = known is null ? (first, last) : (Math.Min(first, known.First), Math.Max(last, known.Last));
        AccountRead read = await ReadAccountAsync(address, readsFromStart ? 0 : first, last, cancellationToken).ConfigureAwait(false);
        lock (_accounts)
        {
            _accounts[address] = read;
        }

        return read;
    }

    private async Task<AccountRead> ReadAccountAsync(
        Address address, ulong first, ulong last, CancellationToken cancellationToken)
    {
        ulong indexed = index.LastCovered(first, last);
        ulong before = first == 0 ? 0 : first - 1;
        Task<IReadOnlyList<TxRef>> found = index.FindAsync(address, first, last, cancellationToken);
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
        ulong? audited = hasOldState
            ? await audit.RunAsync(address, before, upTo, cancellationToken).ConfigureAwait(false)
            : null;
        upTo = Math.Min(upTo, audited ?? upTo);
        bool hasCode = (await kind.ConfigureAwait(false)).HasCode;
        return new AccountRead(first, last, upTo, CoinGap(audited is not null, hasCode, indexed, upTo));
    }

    // Why the coin's history may lack something; null when it does not.
    private string? CoinGap(bool audited, bool hasCode, ulong indexed, ulong upTo) =>
        index.FindsInternal ? null
        : !audited ? string.Create(
            CultureInfo.InvariantCulture,
            $"the node has no index and no old state: only transactions' own values and token logs are seen, transactions up to block {Math.Min(indexed, upTo)}")
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
            .Where(movement => movement.Position.Block > before && movement.Position.Block <= account.UpTo)
            .Aggregate(BigInteger.Zero, (sum, movement) => sum + movement.NetOf(holder));
        if (await last.ConfigureAwait(false) - await first.ConfigureAwait(false) - net is { IsZero: false })
        {
            await audit.RunTokenAsync(holder, before, account.UpTo, cancellationToken).ConfigureAwait(false);
        }
    }
}
