using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using FlowTracer.Chains.Bitcoin.Scripts;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>
/// Histories of coins from any source of Bitcoin facts: each coin is made by one transaction and spent by one at most,
/// both read whole.
/// </summary>
public sealed class BitcoinSource : ILiveSource
{
    private readonly BitcoinNode _node;
    private readonly ChainWatch _watch;
    private readonly bool _statesFees;
    private readonly Memo<TxHash, ReadTransaction?> _read = new();
    private readonly Memo<ulong, BlockFees?> _fees = new();
    private readonly ConcurrentDictionary<OutPoint, PlacedTransaction> _spenders = [];

    /// <summary>A source.</summary>
    /// <param name="rpc">Who answers the questions of <see cref="BitcoinRpc"/>: a source, several, or kept answers.</param>
    /// <param name="about">What it can do.</param>
    /// <param name="view">The chain up to the block that is the last one looked at.</param>
    /// <param name="look">Looks again where the chain ends, after a reorganisation.</param>
    /// <param name="hasAsked">Whether anybody was asked anything: see <see cref="ChainWatch"/>.</param>
    /// <param name="statesFees">
    /// Whether coinbases are stated with the fees they take in, which costs a look at their whole block: for traces that
    /// follow fees.
    /// </param>
    public BitcoinSource(
        IRpc rpc, AboutSource about, ChainView view, Func<CancellationToken, Task<ChainView>> look, Func<bool> hasAsked, bool statesFees)
    {
        _node = new BitcoinNode(rpc, view.Chain);
        _watch = new ChainWatch(rpc.Name, view, look, HashNowAsync, hasAsked, Clear);
        _statesFees = statesFees;
        Method = about.Method;
    }

    /// <inheritdoc/>
    public ChainView View => _watch.View;

    /// <inheritdoc/>
    public string Method { get; }

    /// <inheritdoc/>
    public Task<IReadOnlyList<History>> ReadAsync(
        IReadOnlyList<HistoryRequest> requests, CancellationToken cancellationToken) => AskAsync<IReadOnlyList<History>>(
            async () =>
            {
                History[] histories = await Task.WhenAll(requests.Select(request => HistoryAsync(request, cancellationToken)))
                    .ConfigureAwait(false);
                _watch.Answered.UnionWith(requests);
                return histories;
            },
            cancellationToken);

    /// <inheritdoc/>
    /// <exception cref="InputException">The transaction is not confirmed, or not as far down as is looked.</exception>
    public async Task<IReadOnlyList<Movement>> FindTransactionAsync(ChainId chain, TxHash tx, CancellationToken cancellationToken) =>
        (await FindTransactionsAsync(chain, [tx], cancellationToken).ConfigureAwait(false))[0];

    /// <inheritdoc/>
    /// <exception cref="InputException">One of them is not confirmed, or not as far down as is looked.</exception>
    public Task<IReadOnlyList<IReadOnlyList<Movement>>> FindTransactionsAsync(
        ChainId chain, IReadOnlyList<TxHash> txs, CancellationToken cancellationToken) => AskAsync<IReadOnlyList<IReadOnlyList<Movement>>>(
            async () => chain == View.Chain
                ? await Task.WhenAll(txs.Select(async Task<IReadOnlyList<Movement>> (tx) =>
                    (await FindAsync(tx, cancellationToken).ConfigureAwait(false))?.Movements ?? [])).ConfigureAwait(false)
                : [.. txs.Select(static _ => (IReadOnlyList<Movement>)[])],
            cancellationToken);

    /// <inheritdoc/>
    /// <exception cref="SourceException">The source has no index of addresses.</exception>
    public Task<IReadOnlyList<Holder>> HoldersOfAsync(
        Address address, Position at, Direction direction, CancellationToken cancellationToken) =>
        AskAsync<IReadOnlyList<Holder>>(() => HoldersAsync(address, at, direction, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    /// <remarks>
    /// A block's time may lie before its parent's, but the median of eleven never runs backwards (BIP 113), and no time is
    /// more than two hours ahead of the network's: the first block that late is near the first such median.
    /// </remarks>
    public Task<Position?> PositionAtAsync(ChainId chain, long timeSeconds, CancellationToken cancellationToken) =>
        AskAsync<Position?>(() => FirstAtAsync(timeSeconds, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<HistoryRequest>> ChangedAsync(CancellationToken cancellationToken) =>
        _watch.InTurnAsync<IReadOnlyList<HistoryRequest>>(
            async () => await _watch.HasMovedOnAsync(cancellationToken).ConfigureAwait(false) ? [.. _watch.Answered] : [],
            cancellationToken);

    /// <inheritdoc/>
    public Task StartOverAsync(CancellationToken cancellationToken) => _watch.StartOverAsync(cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _watch.Dispose();

    // A place that does not fit the headers, or a spender that is gone, may be the work of a reorganisation.
    private Task<T> AskAsync<T>(Func<Task<T>> ask, CancellationToken cancellationToken) =>
        _watch.AskAsync(ask, static fault => fault.IsAnswered, cancellationToken);

    private async Task<string?> HashNowAsync(ulong height, CancellationToken cancellationToken) =>
        (await _node.FreshHeaderAsync(height, isKept: false, cancellationToken).ConfigureAwait(false))?.ComputeHash().ToString();

    private void Clear()
    {
        _node.Forget();
        _read.Clear();
        _fees.Clear();
        _spenders.Clear();
    }

    private async Task<ReadTransaction?> FindAsync(TxHash tx, CancellationToken cancellationToken)
    {
        ReadTransaction? found = await TransactionAsync(tx, cancellationToken).ConfigureAwait(false);
        if (found is null && await _node.RawAsync(tx, cancellationToken).ConfigureAwait(false) is not null)
        {
            throw new InputException($"transaction {tx} is in no block yet: wait until it is confirmed");
        }

        return found is not null && found.Placed.Height > View.Head
            ? throw new InputException(
                $"transaction {tx} is in block {found.Placed.Height}, and this trace looks no further than block {View.Head}: wait for more confirmations, or look closer with --confirmations 0")
            : found;
    }

    private Task<ReadTransaction?> TransactionAsync(TxHash id, CancellationToken cancellationToken) => _read.GetAsync(
        id,
        async wanted => await _node.PlacedAsync(wanted, cancellationToken).ConfigureAwait(false) is { } placed
            ? await ReadAsync(placed, cancellationToken).ConfigureAwait(false)
            : null);

    private async Task<ReadTransaction> ReadAsync(PlacedTransaction placed, CancellationToken cancellationToken)
    {
        if (placed.Height <= View.Head)
        {
            foreach (OutPoint coin in BitcoinNode.CoinsOf(placed.Tx))
            {
                _spenders[coin] = placed;
            }
        }

        BlockFees? fees = placed.Tx.IsCoinbase && _statesFees
            ? await FeesAsync(placed.Height, cancellationToken).ConfigureAwait(false)
            : null;
        IReadOnlyList<SpentOutput?> spends = await _node.SpendsAsync(placed, cancellationToken).ConfigureAwait(false);
        return new ReadTransaction(placed, BitcoinMovements.Of(placed, spends, fees, View.Chain));
    }

    private Task<BlockFees?> FeesAsync(ulong height, CancellationToken cancellationToken) =>
        _fees.GetAsync(height, wanted => _node.FeesAsync(wanted, cancellationToken));

    private async Task<History> HistoryAsync(HistoryRequest request, CancellationToken cancellationToken)
    {
        ReadTransaction? made = await TransactionAsync(request.Holder.Coin.Tx, cancellationToken).ConfigureAwait(false);
        if (made is null || made.Placed.Height > View.Head)
        {
            return new History(request, null, [], new Coverage(false, null, "its transaction is in no block that is looked at"));
        }

        return request.Holder.IsFee
            ? await FeeHistoryAsync(request, made, cancellationToken).ConfigureAwait(false)
            : await CoinHistoryAsync(request, made, cancellationToken).ConfigureAwait(false);
    }

    private async Task<History> CoinHistoryAsync(HistoryRequest request, ReadTransaction made, CancellationToken cancellationToken)
    {
        Holder holder = request.Holder;
        Spending spending = await SpenderAsync(holder.Coin, made.Placed, cancellationToken).ConfigureAwait(false);
        List<Movement> all = [.. made.Movements.Where(movement => movement.Outputs.Any(leg => leg.Holder == holder))];
        if (spending.By is { } by)
        {
            ReadTransaction spent = (await TransactionAsync(by.Id, cancellationToken).ConfigureAwait(false))!;
            List<Movement> takes = [.. spent.Movements.Where(movement => movement.Inputs.Any(leg => leg.Holder == holder))];
            if (takes.Count == 0)
            {
                throw Contradiction(by.Id, $"spends {holder.Coin}, and what is stated of its inputs is another coin");
            }

            all.AddRange(takes);
        }

        if (all.Count == 0 && made.Placed.Tx.OutputAt(holder.Coin.Index).ValueSats > 0)
        {
            throw Contradiction(holder.Coin.Tx, $"makes another coin than what is stated of {holder.Coin} where it is spent");
        }

        string upTo = string.Create(CultureInfo.InvariantCulture, $"up to block {View.Head}");
        return HistoryOf(request, all, spending.Unknown is not null, spending.Unknown is string why
            ? new Coverage(false, null, $"who spends it is not known: {why}")
            : new Coverage(true, View.HeadTimeSeconds, $"{Method}, {upTo}"));
    }

    private SourceException Contradiction(TxHash tx, string reason) => new(_node.Name, tx.ToString(), reason) { IsAnswered = true };

    // A fee is given by its transaction and taken in by the coinbase of its block.
    private async Task<History> FeeHistoryAsync(HistoryRequest request, ReadTransaction made, CancellationToken cancellationToken)
    {
        BlockFees? fees = _statesFees ? await FeesAsync(made.Placed.Height, cancellationToken).ConfigureAwait(false) : null;
        ReadTransaction? coinbase = fees is null ? null
            : await TransactionAsync(fees.Ids[0], cancellationToken).ConfigureAwait(false);
        return HistoryOf(
            request, [.. made.Movements, .. coinbase?.Movements ?? []], coinbase is null,
            coinbase is null
                ? new Coverage(false, null, "the fees of its block are not known")
                : new Coverage(true, View.HeadTimeSeconds, "all fees of its block"));
    }

    private static History HistoryOf(HistoryRequest request, List<Movement> all, bool endIsUnknown, Coverage coverage)
    {
        bool forward = request.Direction == Direction.Forward;
        bool IsAskedFor(Movement movement) => forward
            ? movement.Position.CompareTo(request.At) >= 0
            : movement.Position.CompareTo(request.At) <= 0;
        List<Movement> wanted = all.FindAll(IsAskedFor);
        BigInteger before = all
            .Where(movement => movement.Position.CompareTo(request.At) is int order && (forward ? order < 0 : order <= 0))
            .NetOf(request.Holder);
        // Once made, a coin whose end nobody knows may or may not be there.
        bool openingIsKnown = !endIsUnknown || before.IsZero;
        BigInteger? closing = !forward ? BigInteger.Zero : endIsUnknown ? null : all.NetOf(request.Holder);
        return new History(request, openingIsKnown ? before : null, wanted, coverage, closing);
    }

    private async Task<Spending> SpenderAsync(OutPoint coin, PlacedTransaction made, CancellationToken cancellationToken)
    {
        if (_spenders.TryGetValue(coin, out PlacedTransaction? known))
        {
            return new Spending(known, null);
        }

        TxOut output = made.Tx.OutputAt(coin.Index);
        return ScriptClassifier.IsUnspendable(output.Script)
            ? default
            : await _node.SpenderAsync(coin, output.Script.ToArray(), made.Height, View.Head, cancellationToken).ConfigureAwait(false);
    }

    private async Task<IReadOnlyList<Holder>> HoldersAsync(
        Address address, Position at, Direction direction, CancellationToken cancellationToken)
    {
        ulong upTo = direction == Direction.Forward ? View.Head : Math.Min(at.Block, View.Head);
        (IReadOnlyList<PlacedTransaction>? placed, string? unknown) = await _node
            .HistoryAsync(ScriptAddress.ScriptOf(address), upTo, cancellationToken).ConfigureAwait(false);
        if (placed is null)
        {
            throw new SourceException(_node.Name, $"the transactions of {address}", unknown!);
        }

        ReadTransaction[] read = await Task.WhenAll(placed.Select(async tx =>
            (await TransactionAsync(tx.Id, cancellationToken).ConfigureAwait(false))!)).ConfigureAwait(false);
        // What was spent before a forward trace begins is no part of it.
        HashSet<Holder> gone = direction == Direction.Backward ? [] : [.. read.SelectMany(static tx => tx.Movements)
            .Where(movement => movement.Position.CompareTo(at) < 0).SelectMany(static movement => movement.Inputs).Select(static leg => leg.Holder)];
        return [.. read.SelectMany(static tx => tx.Movements).SelectMany(static movement => movement.Outputs)
            .Select(static leg => leg.Holder).Where(holder => holder.Address == address && !gone.Contains(holder)).Distinct().Order()];
    }

    private async Task<Position?> FirstAtAsync(long timeSeconds, CancellationToken cancellationToken)
    {
        const long mostAheadSeconds = 3 * 60 * 60;
        (ulong low, ulong high) = (0, View.Head + 1);
        while (low < high)
        {
            ulong middle = low + ((high - low) / 2);
            (low, high) = await MedianAsync(middle, cancellationToken).ConfigureAwait(false) < timeSeconds ? (middle + 1, high) : (low, middle);
        }

        // Back until a whole median's blocks in a row are too early by more than any clock may be wrong.
        ulong first = low;
        int early = 0;
        for (ulong height = Math.Min(low, View.Head); early < MedianTime.BlockCount; height--)
        {
            long time = await TimeAsync(height, cancellationToken).ConfigureAwait(false);
            first = time >= timeSeconds ? height : first;
            early = time < timeSeconds - mostAheadSeconds ? early + 1 : 0;
            if (height == 0)
            {
                break;
            }
        }

        return new Position(first, 0, 0);
    }

    private async Task<long> MedianAsync(ulong height, CancellationToken cancellationToken)
    {
        ulong from = height - Math.Min(height, MedianTime.BlockCount - 1);
        uint[] times = await Task.WhenAll(Enumerable.Range(0, (int)(height - from) + 1)
            .Select(offset => TimeAsync(from + (ulong)offset, cancellationToken))).ConfigureAwait(false);
        return MedianTime.Of(times);
    }

    private async Task<uint> TimeAsync(ulong height, CancellationToken cancellationToken) =>
        (await _node.HeaderAsync(height, cancellationToken).ConfigureAwait(false)
            ?? throw new SourceException(_node.Name, BitcoinCalls.HeaderAt(height).Shown, "has no such block") { IsAnswered = true }).Time;

    private sealed record ReadTransaction(PlacedTransaction Placed, ImmutableArray<Movement> Movements);
}
