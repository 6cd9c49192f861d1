using System.Globalization;
using System.Numerics;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Chains.Ethereum.Live;

/// <summary>How far a live source looks.</summary>
/// <param name="MostTransactions">
/// An account with more transactions than this (an unlabelled exchange, say) is read up to there, and its coverage says so.
/// </param>
/// <param name="MostScannedBlocks">
/// How many blocks are read one by one for a node that has neither an index nor old state.
/// </param>
public sealed record LiveLimits(int MostTransactions, ulong MostScannedBlocks)
{
    /// <summary>20,000 transactions an account, 20,000 scanned blocks.</summary>
    public static LiveLimits Default { get; } = new(20_000, 20_000);
}

/// <summary>
/// Histories from a live node: transactions found by the best the node offers, each read whole and netted, token
/// transfers by their logs, and all of it held against the balances that the chain states.
/// </summary>
public sealed class EthereumSource : ILiveSource
{
    private readonly EthereumNode _node;
    private readonly TransactionBook _book;
    private readonly BalanceAudit _audit;
    private readonly AccountReader _accounts;
    private readonly LiveLimits _limits;
    private readonly bool _hasOldState;
    private readonly bool _readsFromStart;
    private readonly ChainWatch _watch;

    /// <summary>A source over a node.</summary>
    /// <param name="rpc">The node, or several, or kept answers.</param>
    /// <param name="abilities">What it can do.</param>
    /// <param name="view">The chain up to the block that is the last one looked at.</param>
    /// <param name="look">Looks again where the chain ends, after a reorganisation.</param>
    /// <param name="hasAsked">
    /// Whether the node was asked anything: answers kept from before agree with each other, and nobody need be asked if the
    /// chain has changed since.
    /// </param>
    /// <param name="limits">How far to look.</param>
    public EthereumSource(
        IRpc rpc, NodeAbilities abilities, ChainView view, Func<CancellationToken, Task<ChainView>> look, Func<bool> hasAsked,
        LiveLimits limits)
    {
        _watch = new ChainWatch(rpc.Name, view, look, HashNowAsync, hasAsked, Clear);
        _limits = limits;
        _hasOldState = abilities.HasOldState;
        _node = new EthereumNode(rpc, view.Chain);
        WrapDetector wraps = new(_node, WrappedCoins.KnownOn(view.Chain), () => View.Head);
        ITransactionIndex index = IndexOf(abilities, _node, view.Head, limits);
        IInternalReader? internals = ReaderOf(abilities, _node);
        BalanceDerivation? derivation = DerivationOf(abilities, internals, _node);
        // Where nobody gives logs, the explorer's list of token transfers finds the same transactions.
        TokenLogs? logs = index is ExplorerIndex && !abilities.HasLogs ? null : new TokenLogs(_node, wraps.Known, abilities.WidestLogRange);
        _readsFromStart = index.ReadsFromStart && !_hasOldState;
        _book = new TransactionBook(_node, internals, derivation, wraps);
        _audit = new BalanceAudit(_node, _book, new BlockCredits(_node, _book), internals, derivation, limits.MostTransactions);
        _accounts = new AccountReader(_node, index, logs, _book, _audit, _hasOldState, _readsFromStart, limits.MostTransactions);
        Method = index.Method
            + (internals is not null ? $" and {internals.Method}" : derivation is not null ? ", internal transfers derived" : string.Empty);
    }

    /// <inheritdoc/>
    public ChainView View => _watch.View;

    /// <inheritdoc/>
    public string Method { get; }

    /// <summary>Whether an address is a contract at the last block; false also when the node cannot say.</summary>
    public async Task<bool> IsContractAsync(Address address, CancellationToken cancellationToken) =>
        (await _node.KindAsync(address, View.Head, cancellationToken).ConfigureAwait(false)).IsContract;

    /// <summary>What a token states of itself at the last block.</summary>
    public Task<TokenName> NameOfAsync(Asset token, CancellationToken cancellationToken) =>
        TokenText.NameOfAsync(_node, token, View.Head, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _watch.Dispose();

    /// <inheritdoc/>
    public Task<IReadOnlyList<History>> ReadAsync(
        IReadOnlyList<HistoryRequest> requests, CancellationToken cancellationToken) =>
        AskAsync(() => ReadOnceAsync(requests, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Movement>> FindTransactionAsync(
        ChainId chain, TxHash tx, CancellationToken cancellationToken) =>
        AskAsync(() => FindOnceAsync(chain, tx, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Holder>> HoldersOfAsync(
        Address address, Position at, Direction direction, CancellationToken cancellationToken) =>
        AskAsync(() => HoldersOnceAsync(address, at, direction, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task<Position?> PositionAtAsync(ChainId chain, long timeSeconds, CancellationToken cancellationToken) =>
        AskAsync(() => PositionOnceAsync(timeSeconds, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<HistoryRequest>> ChangedAsync(CancellationToken cancellationToken) => _watch.InTurnAsync<IReadOnlyList<HistoryRequest>>(
        async () =>
        {
            if (await _watch.HasMovedOnAsync(cancellationToken).ConfigureAwait(false))
            {
                return [.. _watch.Answered];
            }

            HashSet<Address> changed = [.. _audit.Changed];
            _audit.Changed.Clear();
            return [.. _watch.Answered.Where(request => changed.Contains(request.Holder.Address))];
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task StartOverAsync(CancellationToken cancellationToken) => _watch.StartOverAsync(cancellationToken);

    // A node that names two blocks under one number, or no longer knows what it named before, was reorganised meanwhile, or
    // lies; its head tells which.
    private Task<T> AskAsync<T>(Func<Task<T>> ask, CancellationToken cancellationToken) =>
        _watch.AskAsync(ask, fault => _node.SawConflict || fault.IsAnswered, cancellationToken);

    private async Task<string?> HashNowAsync(ulong block, CancellationToken cancellationToken) =>
        (await _node.FreshHeaderAsync(RpcParams.Quantity(block), cancellationToken).ConfigureAwait(false))?.Hash.ToString();

    private void Clear()
    {
        _node.Forget();
        _book.Clear();
        _accounts.Clear();
        _audit.Changed.Clear();
    }

    private async Task<IReadOnlyList<Movement>> FindOnceAsync(ChainId chain, TxHash hash, CancellationToken cancellationToken)
    {
        if (chain != View.Chain || await _node.FindAsync(hash, cancellationToken).ConfigureAwait(false) is not Transaction tx)
        {
            return [];
        }

        if (tx.Block > View.Head)
        {
            throw new InputException(
                $"transaction 0x{hash} is in block {tx.Block}, and this trace looks no further than block {View.Head}: wait until it is final, or look closer with --confirmations 0");
        }

        return (await _book.ReadAsync(tx.Ref, cancellationToken).ConfigureAwait(false)).Movements;
    }

    private async Task<Position?> PositionOnceAsync(long timeSeconds, CancellationToken cancellationToken)
    {
        (ulong low, ulong high) = (0, View.Head + 1);
        while (low < high)
        {
            ulong middle = low + ((high - low) / 2);
            Block block = await _node.HeaderAsync(middle, cancellationToken).ConfigureAwait(false);
            (low, high) = block.TimeSeconds < timeSeconds ? (middle + 1, high) : (low, middle);
        }

        return new Position(low, 0, 0);
    }

    private async Task<IReadOnlyList<Holder>> HoldersOnceAsync(
        Address address, Position at, Direction direction, CancellationToken cancellationToken)
    {
        (ulong first, ulong last) = RangeOf(at, direction);
        Holder coin = Holder.Account(address, Asset.Coin(View.Chain));
        SortedSet<Holder> holders = [];
        if (first > last)
        {
            return [];
        }

        await _accounts.ReadAsync([new AccountRange(address, first, last)], direction, cancellationToken).ConfigureAwait(false);
        AccountRead read = _accounts.Of(address);
        holders.UnionWith(_book.MovementsOf(address)
            .Where(movement => TransactionBook.BlockOf(movement) >= first && TransactionBook.BlockOf(movement) <= read.UpTo)
            .SelectMany(static movement => movement.Inputs.Concat(movement.Outputs))
            .Select(static leg => leg.Holder)
            .Where(holder => holder.Address == address));
        if (await _node.BalanceAsync(address, last, cancellationToken).ConfigureAwait(false) is { Sign: > 0 })
        {
            holders.Add(coin);
        }

        return [.. holders];
    }

    private (ulong First, ulong Last) RangeOf(Position at, Direction direction) => direction == Direction.Forward
        ? (at.Block, View.Head)
        : (0, Math.Min(at.Block, View.Head));

    private async Task<IReadOnlyList<History>> ReadOnceAsync(
        IReadOnlyList<HistoryRequest> requests, CancellationToken cancellationToken)
    {
        Direction direction = requests[0].Direction;
        IEnumerable<AccountRange> ranges = requests.GroupBy(static request => request.Holder.Address, RangeOf)
            .Select(static group => new AccountRange(group.Key, group.Min(static range => range.First), group.Max(static range => range.Last)));
        await _accounts.ReadAsync(ranges, direction, cancellationToken).ConfigureAwait(false);
        History?[] histories = await Task.WhenAll(requests.Select(request => _accounts.HasRead(RangeOf(request))
            ? HistoryAsync(request, cancellationToken)
            : Task.FromResult<History?>(null))).ConfigureAwait(false);

        // What is too long to be read from the first of them on is read from each on, whoever else asks beside it.
        for (int i = 0; i < histories.Length; i++)
        {
            if (histories[i] is null)
            {
                await _accounts.ReadAsync([RangeOf(requests[i])], direction, cancellationToken).ConfigureAwait(false);
                histories[i] = await HistoryAsync(requests[i], cancellationToken).ConfigureAwait(false);
            }
        }

        _watch.Answered.UnionWith(requests);
        return histories!;
    }

    private AccountRange RangeOf(HistoryRequest request)
    {
        (ulong first, ulong last) = RangeOf(request.At, request.Direction);
        return new AccountRange(request.Holder.Address, first, last);
    }

    private async Task<History?> HistoryAsync(HistoryRequest request, CancellationToken cancellationToken)
    {
        AccountRead account = _accounts.Of(request.Holder.Address);

        bool forward = request.Direction == Direction.Forward;
        if (!forward && account.UpTo < account.Range.Last)
        {
            // What is read of a long history is its beginning, and what a backward trace needs is its end.
            return new History(request, null, [], CoverageOf(request.Holder, account));
        }

        if (!request.Holder.Asset.IsCoin && _hasOldState)
        {
            await _accounts.CheckTokenAsync(request.Holder, account, cancellationToken).ConfigureAwait(false);
        }

        ulong start = forward ? account.UpTo : 0;
        List<Movement> all = [.. _book.MovementsOf(request.Holder.Address).Where(movement =>
            TransactionBook.BlockOf(movement) >= account.Range.First && TransactionBook.BlockOf(movement) <= account.UpTo
            && Concerns(movement, request.Holder))];
        List<Movement> wanted = [.. all.Where(movement => forward
            ? movement.Position.CompareTo(request.At) >= 0
            : movement.Position.CompareTo(request.At) <= 0 && TransactionBook.BlockOf(movement) <= request.At.Block)];
        BigInteger? opening = await OpeningAsync(request, account, all, cancellationToken).ConfigureAwait(false);
        BigInteger? closing = _hasOldState || forward
            ? await _node.HeldAsync(request.Holder, start, cancellationToken).ConfigureAwait(false)
            : null;
        return new History(request, opening, wanted, CoverageOf(request.Holder, account), closing);
    }

    private static bool Concerns(Movement movement, Holder holder)
    {
        foreach (Leg leg in movement.Inputs)
        {
            if (leg.Holder == holder)
            {
                return true;
            }
        }

        foreach (Leg leg in movement.Outputs)
        {
            if (leg.Holder == holder)
            {
                return true;
            }
        }

        return false;
    }

    // The balance before the block of the position, and what moves in that block on this side of it.
    private async Task<BigInteger?> OpeningAsync(
        HistoryRequest request, AccountRead account, List<Movement> all, CancellationToken cancellationToken)
    {
        bool forward = request.Direction == Direction.Forward;
        if (_readsFromStart && account.UpTo == account.Range.Last)
        {
            return all.Where(movement => forward
                ? movement.Position.CompareTo(request.At) < 0
                : movement.Position.CompareTo(request.At) <= 0).NetOf(request.Holder);
        }

        ulong block = Math.Min(request.At.Block, account.UpTo);
        ulong at = forward ? block == 0 ? 0 : block - 1 : block;
        if (!_hasOldState && at + NodeAbilities.RecentBlocks < View.Head)
        {
            return null;
        }

        BigInteger? balance = await _node.HeldAsync(request.Holder, at, cancellationToken).ConfigureAwait(false);
        return forward
            ? balance + all.Where(movement => TransactionBook.BlockOf(movement) > at && movement.Position.CompareTo(request.At) < 0)
                .NetOf(request.Holder)
            : balance - all.Where(movement => TransactionBook.BlockOf(movement) <= at && movement.Position.CompareTo(request.At) > 0)
                .NetOf(request.Holder);
    }

    private Coverage CoverageOf(Holder holder, AccountRead account)
    {
        string upTo = string.Create(CultureInfo.InvariantCulture, $"block {account.UpTo}");
        if (account.UpTo < account.Range.Last)
        {
            return new Coverage(
                false, null,
                string.Create(CultureInfo.InvariantCulture, $"read up to {upTo} only: it has more than {_limits.MostTransactions} transactions"));
        }

        long? time = account.UpTo == View.Head ? View.HeadTimeSeconds : null;
        return holder.Asset.IsCoin && account.CoinGap is string gap
            ? new Coverage(false, time, gap)
            : new Coverage(true, time, holder.Asset.IsCoin ? $"{Method}{Unchecked}, up to {upTo}" : $"transfer logs{Unchecked} up to {upTo}");
    }

    private string Unchecked => _hasOldState ? string.Empty
        : " (not held against balances, since the source has no old ones: withdrawals, tips and rewards are not seen)";

    // A trace_filter that takes few blocks at a time would be asked more often than bisecting asks about a busy account.
    private static bool CanFilter(NodeAbilities abilities, ulong head)
    {
        const ulong mostRanges = 1_000;
        return abilities.HasTraceFilter
            && (abilities.WidestTraceRange == 0 || head / abilities.WidestTraceRange <= mostRanges || !abilities.HasOldState);
    }

    private static ITransactionIndex IndexOf(NodeAbilities abilities, EthereumNode node, ulong head, LiveLimits limits) =>
        CanFilter(abilities, head) ? new TraceFilterIndex(node, abilities.WidestTraceRange)
        : abilities.HasOtterscan ? new OtterscanIndex(node)
        : abilities.HasExplorer ? new ExplorerIndex(node, abilities.MostExplorerRows, readsTokens: !abilities.HasLogs)
        : abilities.HasOldState ? new BalanceIndex()
        : new BlockScanIndex(node, limits.MostScannedBlocks);

    /// <summary>What tells balances apart where no trace is to be had, or none to be relied on; null where it is not needed.</summary>
    internal static BalanceDerivation? DerivationOf(NodeAbilities abilities, IInternalReader? internals, EthereumNode node) =>
        internals is null or OtterscanReader && abilities.HasOldState ? new BalanceDerivation(node) : null;

    /// <summary>The best trace that a node offers; null where it offers none.</summary>
    internal static IInternalReader? ReaderOf(NodeAbilities abilities, EthereumNode node) =>
        abilities.HasTraceTransaction ? new TraceReader(node)
        : abilities.HasCallTracer ? new CallTracerReader(node)
        : abilities.HasOtterscanInternals ? new OtterscanReader(node)
        : abilities.HasExplorer ? new ExplorerReader(node, abilities.MostExplorerRows)
        : null;
}
