using System.Collections.Concurrent;
using System.Numerics;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum.Live;

/// <summary>
/// What contracts moved inside a transaction, from balances before and after its block: for nodes that trace nothing.
/// Whoever a transaction names (its receiver, addresses among its data and logs, and what a node that runs it again on
/// the block before says it touches) and no other of the block does, changed
/// its balance by this transaction alone; what the block's facts do not explain of that change is internal. Where those
/// changes come to zero, who gave and who got is certain; what is left over went to or came from somebody unnamed.
/// </summary>
internal sealed class BalanceDerivation(EthereumNode node)
{
    private readonly Memo<ulong, BlockAccounts> _blocks = new();
    private readonly ConcurrentDictionary<TxHash, HashSet<Address>> _alsoTouched = [];

    /// <summary>Transactions that moved coin to or from somebody unnamed, and how much (wei; negative: it went away).</summary>
    public ConcurrentDictionary<TxHash, BigInteger> Open { get; } = [];

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _blocks.Clear();
        _alsoTouched.Clear();
        Open.Clear();
    }

    /// <summary>Who names whom in a block, and what its own facts move.</summary>
    public Task<BlockAccounts> AccountsAsync(ulong block, CancellationToken cancellationToken) => _blocks.GetAsync(
        block,
        async _ => new BlockAccounts(
            await node.BlockAsync(block, cancellationToken).ConfigureAwait(false),
            await node.ReceiptsAsync(block, cancellationToken).ConfigureAwait(false),
            node.Chain));

    /// <summary>States that a transaction touched an account that it does not name.</summary>
    public void AlsoTouches(TxHash tx, Address address)
    {
        HashSet<Address> also = _alsoTouched.GetOrAdd(tx, static _ => []);
        lock (also)
        {
            also.Add(address);
        }
    }

    /// <summary>The transfers inside a transaction, through the contract it called.</summary>
    public async Task<IReadOnlyList<TransferFact>> OfAsync(
        Transaction tx, Receipt receipt, WrappedCoins wrapped, CancellationToken cancellationToken)
    {
        Open.TryRemove(tx.Hash, out _);
        Address contract = tx.To.IsNone ? receipt.Created : tx.To;
        if (receipt.Succeeded == false || contract.IsNone || receipt.GasUsed == BlockAccounts.PlainTransferGas)
        {
            return [];
        }

        BlockAccounts block = await AccountsAsync(tx.Block, cancellationToken).ConfigureAwait(false);
        HashSet<Address> named =
        [
            .. block.NamedBy(tx.Index),
            .. await node.TouchedAsync(tx, cancellationToken).ConfigureAwait(false),
        ];
        if (_alsoTouched.TryGetValue(tx.Hash, out HashSet<Address>? also))
        {
            named.UnionWith(also);
        }

        // What a contract that wraps the coin got and gave here it logs itself, however many others used it in this block.
        SortedDictionary<Address, BigInteger> changes = Wraps(receipt, contract, wrapped);
        IReadOnlySet<Address> shared = await TouchedByOthersAsync(block, tx, contract, cancellationToken).ConfigureAwait(false);
        Address[] own =
        [
            .. named.Where(address =>
                !changes.ContainsKey(address) && !block.IsNamedByOthers(address, tx.Index) && !shared.Contains(address)),
        ];
        BigInteger?[] unexplained = await Task
            .WhenAll(own.Select(address => UnexplainedAsync(block, address, cancellationToken))).ConfigureAwait(false);
        for (int i = 0; i < own.Length; i++)
        {
            if (unexplained[i] is not BigInteger change)
            {
                return [];
            }

            changes[own[i]] = change;
        }

        return Facts(tx, contract, changes, block.IsNamedByOthers(contract, tx.Index), isLinked: also is not null);
    }

    /// <summary>
    /// Whether balances bear out what a trace says: for everybody it names whom no other transaction of the block does.
    /// </summary>
    public async Task<bool> AgreesAsync(
        Transaction tx, IReadOnlyList<InternalTransfer> transfers, CancellationToken cancellationToken)
    {
        if (transfers.Count == 0)
        {
            return true;
        }

        BlockAccounts block = await AccountsAsync(tx.Block, cancellationToken).ConfigureAwait(false);
        Dictionary<Address, BigInteger> nets = [];
        foreach (InternalTransfer transfer in transfers)
        {
            nets[transfer.From] = nets.GetValueOrDefault(transfer.From) - transfer.Value.ToBigInteger();
            nets[transfer.To] = nets.GetValueOrDefault(transfer.To) + transfer.Value.ToBigInteger();
        }

        Address contract = tx.To.IsNone ? transfers[0].From : tx.To;
        IReadOnlySet<Address> shared = await TouchedByOthersAsync(block, tx, contract, cancellationToken).ConfigureAwait(false);
        Address[] own = [.. nets.Keys.Where(address => !block.IsNamedByOthers(address, tx.Index) && !shared.Contains(address))];
        bool[] agree = await Task.WhenAll(own.Select(async address =>
            await UnexplainedAsync(block, address, cancellationToken).ConfigureAwait(false) == nets[address])).ConfigureAwait(false);
        return Array.TrueForAll(agree, static one => one);
    }

    // Whom other transactions of the block reach without naming them: what they got cannot be told apart by balances. Those
    // through the same contract are looked at first, and no more than can be run again in a moment.
    private async Task<IReadOnlySet<Address>> TouchedByOthersAsync(
        BlockAccounts block, Transaction tx, Address contract, CancellationToken cancellationToken)
    {
        const int mostOthers = 32;
        Transaction[] others =
        [
            .. block.RunningCode(contract).Where(other => other.Index != tx.Index)
                .OrderBy(other => block.NamedBy(other.Index).Contains(contract) ? 0 : 1).Take(mostOthers),
        ];
        IReadOnlyList<Address>[] touched = await Task
            .WhenAll(others.Select(other => node.TouchedAsync(other, cancellationToken))).ConfigureAwait(false);
        return touched.SelectMany(static one => one).ToHashSet();
    }

    /// <summary>What of an account's change in a block the block's own facts do not explain, in wei; null without old state.</summary>
    public async Task<BigInteger?> UnexplainedAsync(BlockAccounts block, Address address, CancellationToken cancellationToken)
    {
        Holder holder = Holder.Account(address, Asset.Coin(node.Chain));
        return await node.ChangeAsync(holder, block.Block.Number, cancellationToken).ConfigureAwait(false) - block.ExplainedNetOf(address);
    }

    private static SortedDictionary<Address, BigInteger> Wraps(Receipt receipt, Address called, WrappedCoins wrapped)
    {
        SortedDictionary<Address, BigInteger> changes = [];
        foreach (Log log in receipt.Logs)
        {
            if (log.Contract != called && wrapped.Contains(log.Contract) && log.Topics.Length > 0
                && (log.Topics[0] == KnownEvents.Deposit || log.Topics[0] == KnownEvents.Withdrawal)
                && TransactionFacts.TokenTransfer(log, wrapped) is TransferFact wrap)
            {
                BigInteger coin = log.Topics[0] == KnownEvents.Deposit ? wrap.Signed : -wrap.Signed;
                changes[log.Contract] = changes.GetValueOrDefault(log.Contract) + coin;
            }
        }

        return changes;
    }

    private List<TransferFact> Facts(
        Transaction tx, Address contract, SortedDictionary<Address, BigInteger> changes, bool contractIsShared,
        bool isLinked)
    {
        List<TransferFact> facts = [];
        Asset coin = Asset.Coin(node.Chain);
        string source = $"balances around block {tx.Block}";

        // A contract that other transactions of the block call too may have changed by them: only that it passed on what it
        // got can be said, and that is an estimate; so is a recipient found because just as much was missing elsewhere.
        Grade grade = contractIsShared || isLinked ? Grade.Inferred : Grade.Derived;
        BigInteger left = BigInteger.Zero;
        foreach ((Address address, BigInteger change) in changes)
        {
            left += change;
            if (change.IsZero || address == contract)
            {
                continue;
            }

            Amount amount = Amount.FromBigInteger(BigInteger.Abs(change));
            facts.Add(change.Sign > 0
                ? new TransferFact(MovementKind.Internal, contract, address, coin, amount, grade, source)
                : new TransferFact(MovementKind.Internal, address, contract, coin, amount, grade, source));
        }

        if (!contractIsShared && !left.IsZero)
        {
            Open[tx.Hash] = left;
            Amount amount = Amount.FromBigInteger(BigInteger.Abs(left));
            facts.Add(new TransferFact(
                MovementKind.Unresolved, left.Sign < 0 ? contract : default, left.Sign < 0 ? default : contract, coin, amount, grade,
                source));
        }

        return facts;
    }
}
