using System.Globalization;
using System.Numerics;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Chains.Ethereum.Live;

/// <summary>An account and a range of blocks.</summary>
internal readonly record struct AccountRange(Address Address, ulong First, ulong Last)
{
    /// <summary>The block after which the range begins; for one from the very first block on, that block: nothing moves in it.</summary>
    public ulong Before => First == 0 ? 0 : First - 1;
}

/// <summary>What of an account has been read.</summary>
/// <param name="Range">From which block on, and up to which was asked.</param>
/// <param name="UpTo">Up to which block all was read.</param>
/// <param name="CoinGap">Why the coin's history may lack something; null when it does not.</param>
internal sealed record AccountRead(AccountRange Range, ulong UpTo, string? CoinGap);

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

    /// <summary>Whether <see cref="Of"/> tells of a range what can be told of it.</summary>
    public bool HasRead(AccountRange range) => Unread(range) is null;

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
    public async Task ReadAsync(IEnumerable<AccountRange> ranges, Direction direction, CancellationToken cancellationToken)
    {
        AccountRange[] wanted = [.. ranges.Select(Unread).OfType<AccountRange>()];
        Found[] found = await Task.WhenAll(wanted.Select(one => FindAsync(one, direction, cancellationToken))).ConfigureAwait(false);
        BalanceAudit.Known[] known = [.. wanted.Select(one => audit.KnownOf(one.Address))];
        (IReadOnlyList<ulong> Blocks, ulong UpTo)?[] changes = await Task.WhenAll(found.Select((one, i) => hasOldState
            ? audit.SearchAsync(one.Range.Address, known[i], one.Range.Before, one.UpTo, cancellationToken)
            : Task.FromResult<(IReadOnlyList<ulong>, ulong)?>(null))).ConfigureAwait(false);
        await audit.ExplainAsync(
            [.. found.SelectMany((one, i) => (changes[i]?.Blocks ?? []).Select(block => (one.Range.Address, block)))], cancellationToken)
            .ConfigureAwait(false);
        lock (_accounts)
        {
            for (int i = 0; i < found.Length; i++)
            {
                Found one = found[i];
                _accounts[one.Range.Address] = new AccountRead(
                    one.Range, Math.Min(one.UpTo, changes[i]?.UpTo ?? one.UpTo),
                    CoinGap(changes[i] is not null, one.HasCode, one.FirstIndexed, one.LastIndexed));
            }
        }
    }

    // What of a range is still to be read; null when it is all there. One that is too long to be read as a whole is read anew from
    // where it is asked for: what is told of it must not hang on who asked before.
    private AccountRange? Unread(AccountRange range)
    {
        AccountRead? known;
        lock (_accounts)
        {
            known = _accounts.GetValueOrDefault(range.Address);
        }

        ulong first = readsFromStart ? 0 : range.First;
        AccountRange whole = range with { First = first };
        return known is null || known.UpTo < range.First || (known.UpTo < known.Range.Last && known.Range != whole)
            ? whole
            : known.Range.First <= range.First && known.Range.Last >= range.Last ? null
            : new AccountRange(range.Address, Math.Min(first, known.Range.First), Math.Max(range.Last, known.Range.Last));
    }

    private async Task<Found> FindAsync(AccountRange range, Direction direction, CancellationToken cancellationToken)
    {
        (Address address, ulong first, ulong last) = range;
        (ulong firstIndexed, ulong lastIndexed) = index.Covered(first, last, direction);
        Task<IReadOnlyList<TxRef>> found = index.FindAsync(address, firstIndexed, lastIndexed, cancellationToken);
        Task<IReadOnlyList<Log>> named = logs?.ReadAsync(address, first, last, cancellationToken) ?? Task.FromResult<IReadOnlyList<Log>>([]);
        Task<(bool HasCode, bool)> kind = node.KindAsync(address, last, cancellationToken);
        Task[] ends = hasOldState
            ?
            [
                .. ((ulong[])[range.Before, last]).SelectMany(block => (Task[])
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
        return new Found(range, upTo, hasCode, firstIndexed, lastIndexed);
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
        ulong before = account.Range.Before;
        Task<BigInteger?> first = node.HeldAsync(holder, before, cancellationToken);
        Task<BigInteger?> last = node.HeldAsync(holder, account.UpTo, cancellationToken);
        await Task.WhenAll(first, last).ConfigureAwait(false);
        BigInteger net = book.MovementsOf(holder.Address)
            .Where(movement => TransactionBook.BlockOf(movement) > before && TransactionBook.BlockOf(movement) <= account.UpTo)
            .NetOf(holder);
        if (await last.ConfigureAwait(false) - await first.ConfigureAwait(false) - net is { IsZero: false })
        {
            await audit.RunTokenAsync(holder, before, account.UpTo, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>What an index and logs found of an account, before its balances are looked at.</summary>
    private sealed record Found(AccountRange Range, ulong UpTo, bool HasCode, ulong FirstIndexed, ulong LastIndexed);
}
