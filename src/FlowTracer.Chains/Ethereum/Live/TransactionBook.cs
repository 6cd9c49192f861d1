using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Chains.Ethereum.Live;

/// <summary>A transaction with what it moved, netted.</summary>
internal sealed record BookedTransaction(Transaction Tx, Receipt Receipt, ImmutableArray<Movement> Movements);

/// <summary>
/// Everything read so far that moved value, by account: whole transactions, each netted once whoever asks, and what
/// blocks themselves credit. A history is a view of it.
/// </summary>
internal sealed class TransactionBook(
    EthereumNode node, IInternalReader? internals, BalanceDerivation? derivation, WrapDetector wraps)
{
    // Places in a block behind all its transactions, none of which has such an index.
    private const uint UnexplainedPlaces = 0x8000_0000;
    private const uint UnexplainedGains = 0x4000_0000;
    private const uint WithdrawalPlace = uint.MaxValue - 2;
    private const uint RewardPlace = uint.MaxValue - 1;

    private readonly Memo<TxHash, BookedTransaction> _transactions = new();

    // By account and block, since balances are held against blocks one by one.
    private readonly ConcurrentDictionary<Address, ConcurrentDictionary<ulong, ImmutableSortedDictionary<Position, Movement>>>
        _byAddress = [];

    private readonly ConcurrentDictionary<Address, ConcurrentDictionary<ulong, int>> _sent = [];

    /// <summary>Reads a transaction, once.</summary>
    public Task<BookedTransaction> ReadAsync(TxRef tx, CancellationToken cancellationToken) =>
        _transactions.GetAsync(tx.Hash, _ => ReadOnceAsync(tx, cancellationToken));

    /// <summary>Reads all transactions of a block from what was asked for it as a whole; returns whom they concern.</summary>
    /// <param name="block">The block.</param>
    /// <param name="receipts">Its receipts, in the order of the transactions.</param>
    /// <param name="flows">What contracts moved inside them; null where no trace says.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Holders that gave or got something, those that came to nothing too.</returns>
    public async Task<IReadOnlyCollection<Holder>> ReadBlockAsync(
        Block block, ImmutableArray<Receipt> receipts, IReadOnlyList<InternalFlow>? flows, CancellationToken cancellationToken)
    {
        ConcurrentDictionary<Holder, bool> concerned = [];
        await Task.WhenAll(block.Transactions.Select((tx, i) => _transactions.GetAsync(
            tx.Hash, _ => BookAsync(tx, receipts[i], flows?[i], block, null, concerned, cancellationToken)))).ConfigureAwait(false);
        return [.. concerned.Keys];
    }

    /// <summary>All movements, in chain order.</summary>
    public IReadOnlyList<Movement> All =>
    [
        .. _byAddress.Values.SelectMany(static blocks => blocks.Values).SelectMany(static movements => movements.Values)
            .DistinctBy(static movement => movement.Position).OrderBy(static movement => movement.Position),
    ];

    /// <summary>All movements of an account, in chain order.</summary>
    public IReadOnlyList<Movement> MovementsOf(Address address) => _byAddress.TryGetValue(address, out var blocks)
        ? [.. blocks.Values.SelectMany(static movements => movements.Values).OrderBy(static movement => movement.Position)]
        : [];

    /// <summary>An account's movements that belong to one block, in chain order.</summary>
    public IEnumerable<Movement> MovementsOf(Address address, ulong block) =>
        _byAddress.TryGetValue(address, out var blocks) && blocks.TryGetValue(block, out var movements) ? movements.Values : [];

    /// <summary>How many transactions an account sent in each block, as far as they are read.</summary>
    public IReadOnlyDictionary<ulong, int> SentBy(Address address) =>
        _sent.TryGetValue(address, out var sent) ? sent : ImmutableDictionary<ulong, int>.Empty;

    /// <summary>The block a movement belongs to: that of its position, but for a gain that stands before its block.</summary>
    public static ulong BlockOf(Movement movement) => movement.Stamp.Block ?? movement.Position.Block;

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _transactions.Clear();
        _byAddress.Clear();
        _sent.Clear();
        derivation?.Clear();
        wraps.Clear();
    }

    /// <summary>A credit by the protocol that belongs to no transaction (EIP-4895).</summary>
    public void AddWithdrawal(Block block, Withdrawal withdrawal)
    {
        uint ordinal = (uint)block.Withdrawals.IndexOf(withdrawal);
        Add(Movement.Create(
            MovementKind.Reward, Grade.Recorded, new Position(block.Number, WithdrawalPlace, ordinal + 1), StampOf(block), null,
            $"withdrawal {withdrawal.Index.ToString(CultureInfo.InvariantCulture)}", [],
            [new Leg(Holder.Account(withdrawal.To, Asset.Coin(node.Chain)), withdrawal.Amount)]));
    }

    /// <summary>What a block's producer got: tips, and before the Merge the block's reward.</summary>
    public void AddReward(Block block, Address to, Amount amount) => Add(Movement.Create(
        MovementKind.Reward, Grade.Derived, new Position(block.Number, RewardPlace, RewardStep(block, to)), StampOf(block), null,
        "tips and rewards of the block", [], [new Leg(Holder.Account(to, Asset.Coin(node.Chain)), amount)]));

    /// <summary>A change of balance that nothing in its block explains: who was on the other side is not known.</summary>
    public void AddUnexplained(Block block, Holder holder, Amount amount, bool isGain)
    {
        ImmutableArray<Leg> legs = [new Leg(holder, amount)];
        Add(Movement.Create(
            MovementKind.Unresolved, Grade.Derived, PlaceOfUnexplained(block.Number, holder, isGain), StampOf(block), null,
            "a change of balance that no transaction of the block explains", isGain ? [] : legs, isGain ? legs : []));
    }

    /// <summary>Nets a transaction anew after what is known of its insides has changed; returns whom it concerns.</summary>
    public async Task<IReadOnlyCollection<Address>> RereadAsync(BookedTransaction old, CancellationToken cancellationToken)
    {
        Block header = await node.HeaderAsync(old.Tx.Block, cancellationToken).ConfigureAwait(false);
        BookedTransaction renewed = await BookAsync(old.Tx, old.Receipt, null, header, old, null, cancellationToken).ConfigureAwait(false);
        _transactions.Set(old.Tx.Hash, renewed);
        return [.. AddressesOf(old.Movements).Concat(AddressesOf(renewed.Movements)).Distinct()];
    }

    private static IEnumerable<Address> AddressesOf(IEnumerable<Movement> movements) => movements
        .SelectMany(static movement => movement.Inputs.Concat(movement.Outputs))
        .Select(static leg => leg.Holder.Address);

    private static Stamp StampOf(Block block) => new(block.Number, null, null, block.TimeSeconds);

    // The fee recipient first; an uncle's producer by its address, after.
    private static uint RewardStep(Block block, Address to) => block.FeeRecipient == to ? 1 : 2 + (uint)(Spread(to) >> 33);

    // Which holders of a block turn out to be unexplained, and when, depends on who is asked about; their places must not.
    // When in its block a change happened is not known. A loss is put behind everything and a gain before it: then what
    // the block spends is there, and nothing is spent that only came with it from nowhere.
    private static Position PlaceOfUnexplained(ulong block, Holder holder, bool isGain)
    {
        ulong spread = Spread(holder.Address) ^ (holder.Asset.IsCoin ? 0 : ulong.RotateLeft(Spread(holder.Asset.Contract), 1));
        uint place = UnexplainedPlaces | (uint)(spread >> 38);
        uint step = (uint)(spread & uint.MaxValue) | 1;
        return isGain ? new Position(block - 1, place | UnexplainedGains, step) : new Position(block, place, step);
    }

    private static ulong Spread(Address address)
    {
        Span<byte> bytes = stackalloc byte[Address.HashLength];
        address.CopyTo(bytes);
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(Keccak256.Hash(bytes));
    }

    private async Task<BookedTransaction> ReadOnceAsync(TxRef tx, CancellationToken cancellationToken)
    {
        Task<Transaction> transaction = node.TransactionAsync(tx, cancellationToken);
        Task<Receipt> receipt = ReceiptAsync(tx, transaction, cancellationToken);
        Task<Block> header = node.HeaderAsync(tx.Block, cancellationToken);
        Task<InternalFlow>? flow = internals?.ReadAsync(tx, cancellationToken);
        await Task.WhenAll([transaction, receipt, header, .. flow is null ? (Task[])[] : [flow]]).ConfigureAwait(false);
        BookedTransaction booked = await BookAsync(
            await transaction.ConfigureAwait(false), await receipt.ConfigureAwait(false),
            flow is null ? null : await flow.ConfigureAwait(false), await header.ConfigureAwait(false), null, null, cancellationToken)
            .ConfigureAwait(false);
        _sent.GetOrAdd(booked.Tx.From, static _ => []).AddOrUpdate(tx.Block, 1, static (_, count) => count + 1);
        return booked;
    }

    // Old nodes state no effective price in receipts: then the transaction's own is needed first.
    private async Task<Receipt> ReceiptAsync(TxRef tx, Task<Transaction> transaction, CancellationToken cancellationToken)
    {
        try
        {
            return await node.ReceiptAsync(tx, null, cancellationToken).ConfigureAwait(false);
        }
        catch (SourceException fault) when (fault.InnerException is AnswerFormatException)
        {
            Amount? price = (await transaction.ConfigureAwait(false)).GasPrice;
            return await node.ReceiptAsync(tx, price, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<BookedTransaction> BookAsync(
        Transaction tx, Receipt receipt, InternalFlow? flow, Block header, BookedTransaction? replaced,
        ConcurrentDictionary<Holder, bool>? concerned, CancellationToken cancellationToken)
    {
        WrappedCoins wrapped = await wraps.InAsync(receipt, cancellationToken).ConfigureAwait(false);
        if (flow is { IsUnsure: true } && derivation is not null
            && !await derivation.AgreesAsync(tx, flow.InsideOf(tx, receipt), cancellationToken).ConfigureAwait(false))
        {
            flow = null;
        }

        List<TransferFact> facts =
        [
            .. TransactionFacts.Of(tx, receipt, flow?.InsideOf(tx, receipt) ?? [], wrapped, header.BaseFee, flow?.TookEffect),
        ];
        if (flow is null && derivation is not null)
        {
            facts.InsertRange(
                facts.Count > 0 && facts[0].Kind == MovementKind.External ? 1 : 0,
                await derivation.OfAsync(tx, receipt, wrapped, cancellationToken).ConfigureAwait(false));
        }

        foreach (Holder holder in facts.SelectMany(static fact => fact.Holders))
        {
            concerned?.TryAdd(holder, true);
        }

        IReadOnlyList<string> events = KnownEvents.SwapEventsIn(receipt);
        Stamp stamp = new(tx.Block, null, tx.Index, header.TimeSeconds);
        ImmutableArray<Movement>.Builder movements = ImmutableArray.CreateBuilder<Movement>();
        foreach (TransactionNetting.Part part in TransactionNetting.Net(facts))
        {
            string source = part.Kind == MovementKind.Swap ? SwapSource(part, events) : part.Source;
            movements.Add(Movement.Create(
                part.Kind, part.Grade, new Position(tx.Block, tx.Index, (uint)movements.Count + 1), stamp, tx.Hash, source,
                part.Inputs, part.Outputs,
                part.Kind == MovementKind.Swap && events.Count == 0 && !IsWrap(part, wrapped)
                    ? "both amounts are netted from the transaction's transfers, and no event of a known protocol confirms it"
                    : null));
        }

        BookedTransaction booked = new(tx, receipt, movements.ToImmutable());
        foreach (Movement movement in replaced?.Movements ?? [])
        {
            Remove(movement);
        }

        foreach (Movement movement in booked.Movements)
        {
            Add(movement);
        }

        return booked;
    }

    private static bool IsWrap(TransactionNetting.Part part, WrappedCoins wrapped) =>
        part.Inputs.Concat(part.Outputs).All(leg => leg.Holder.Asset.IsCoin || wrapped.Contains(leg.Holder.Asset.Contract));

    private static string SwapSource(TransactionNetting.Part part, IReadOnlyList<string> events) => events.Count == 0
        ? $"netted, confirmed by no event of a known protocol: {part.Source}"
        : $"netted, confirmed by {string.Join(", ", events)}: {part.Source}";

    private void Remove(Movement movement)
    {
        foreach (Address address in AddressesOf([movement]))
        {
            _byAddress.GetValueOrDefault(address)?.AddOrUpdate(
                BlockOf(movement), static (_, _) => ImmutableSortedDictionary<Position, Movement>.Empty,
                static (_, known, old) => known.Remove(old.Position), movement);
        }
    }

    private void Add(Movement movement)
    {
        foreach (Address address in AddressesOf([movement]).Distinct())
        {
            _byAddress.GetOrAdd(address, static _ => []).AddOrUpdate(
                BlockOf(movement),
                static (_, added) => ImmutableSortedDictionary<Position, Movement>.Empty.Add(added.Position, added),
                static (_, known, added) => known.SetItem(added.Position, added), movement);
        }
    }
}
