using System.Collections.Immutable;
using System.Numerics;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Chains.Ethereum.Live;

/// <summary>
/// Whole blocks from a node: transactions, receipts and traces, netted as <see cref="EthereumSource"/> nets them, what the
/// block itself credits, and, where the node has old balances, each holder that the block concerns held against them.
/// </summary>
public sealed class EthereumBlocks : IBlockSource
{
    private readonly IRpc _rpc;
    private readonly NodeAbilities _abilities;
    private readonly bool _audits;
    private readonly EthereumNode _lasting;
    private readonly WrapDetector _wraps;
    private readonly Address _nobody;
    private ulong _head;

    /// <summary>Blocks of a node.</summary>
    /// <param name="rpc">The node, or several.</param>
    /// <param name="abilities">What it can do.</param>
    /// <param name="chain">The chain it is on.</param>
    /// <param name="audits">
    /// Whether holders are held against the balances that the node states, two questions for each holder and block. Without
    /// it, what neither logs nor traces show is missing, as it is where the node has no old balances.
    /// </param>
    public EthereumBlocks(IRpc rpc, NodeAbilities abilities, ChainId chain, bool audits)
    {
        (_rpc, _abilities, Chain) = (rpc, abilities, chain);
        _audits = audits && abilities.HasOldState;
        _nobody = Address.FromAccountBytes(chain, new byte[Address.HashLength]);
        _lasting = new EthereumNode(rpc, chain);
        _wraps = new WrapDetector(_lasting, WrappedCoins.KnownOn(chain), () => _head);
        string inside = EthereumSource.ReaderOf(abilities, _lasting)?.Method
            ?? (abilities.HasOldState ? "internal transfers derived from balances" : "internal transfers not seen");
        Method = $"blocks, receipts and {inside}{(_audits ? ", held against balances" : string.Empty)}";
    }

    /// <inheritdoc/>
    public string Name => _rpc.Name;

    /// <inheritdoc/>
    public string Method { get; }

    /// <inheritdoc/>
    public ChainId Chain { get; }

    /// <inheritdoc/>
    public async Task<ChainView> LookAsync(ulong? confirmations, ulong? asOf, CancellationToken cancellationToken)
    {
        ChainView view = await new NodeProbe(_rpc).LookAsync(Chain, confirmations, asOf, cancellationToken).ConfigureAwait(false);
        _lasting.Forget();
        _wraps.Clear();
        _head = view.Head;
        return view;
    }

    /// <inheritdoc/>
    public async Task<TxHash?> HashNowAsync(ulong number, CancellationToken cancellationToken) =>
        (await _lasting.FreshHeaderAsync(RpcParams.Quantity(number), cancellationToken).ConfigureAwait(false))?.Hash.ToTxHash();

    /// <inheritdoc/>
    public Task<IReadOnlyList<CoinWorth?>> WorthAsync(IReadOnlyList<OutPoint> coins, CancellationToken cancellationToken) =>
        throw new InvariantException("an account chain has no coins of their own");

    /// <inheritdoc/>
    public Task<TokenName> NameOfAsync(Asset token, CancellationToken cancellationToken) =>
        TokenText.NameOfAsync(new EthereumNode(_rpc, Chain), token, _head, cancellationToken);

    /// <inheritdoc/>
    public Task<BigInteger?> HeldAsync(Holder holder, ulong block, CancellationToken cancellationToken) =>
        _abilities.HasOldState || block + NodeAbilities.RecentBlocks >= _head
            ? new EthereumNode(_rpc, Chain).HeldAsync(holder, block, cancellationToken)
            : Task.FromResult<BigInteger?>(null);

    /// <inheritdoc/>
    public async Task<IFetchedBlock> FetchAsync(ulong number, CancellationToken cancellationToken)
    {
        // A node object for each block: what it remembers goes with the block.
        AnswersDigest digest = new();
        EthereumNode node = new(new NotedRpc(_rpc, digest), Chain);
        Block block = await node.BlockAsync(number, cancellationToken).ConfigureAwait(false);
        if (block.Transactions.IsEmpty)
        {
            return new Fetched(this, node, digest, block, [], []);
        }

        Task<ImmutableArray<Receipt>> receipts = node.ReceiptsAsync(number, cancellationToken);
        IInternalReader? reader = EthereumSource.ReaderOf(_abilities, node);
        Task<IReadOnlyList<InternalFlow>>? flows = reader?.ReadBlockAsync(block, cancellationToken);
        await Task.WhenAll([receipts, .. flows is null ? (Task[])[] : [flows]]).ConfigureAwait(false);
        return new Fetched(
            this, node, digest, block, await receipts.ConfigureAwait(false), flows is null ? null : await flows.ConfigureAwait(false));
    }

    /// <param name="source">Whose.</param>
    /// <param name="node">The node, with what it was asked for this block.</param>
    /// <param name="digest">Of its answers.</param>
    /// <param name="block">The block.</param>
    /// <param name="receipts">Its receipts.</param>
    /// <param name="flows">What its transactions moved inside; null where nobody says.</param>
    private sealed class Fetched(
        EthereumBlocks source, EthereumNode node, AnswersDigest digest, Block block, ImmutableArray<Receipt> receipts,
        IReadOnlyList<InternalFlow>? flows) : IFetchedBlock
    {
        public async Task<BlockFacts> DecodeAsync(CancellationToken cancellationToken)
        {
            // Nothing moves in the first block: what it gives is there before it.
            IReadOnlyList<Movement> movements = block.Number == 0 ? []
                : await MovementsAsync(cancellationToken).ConfigureAwait(false);
            return new BlockFacts(
                new FlowBlock(block.Number, block.Hash.ToTxHash(), block.ParentHash.ToTxHash(), block.TimeSeconds, digest.ToHex()),
                movements);
        }

        private async Task<IReadOnlyList<Movement>> MovementsAsync(CancellationToken cancellationToken)
        {
            IInternalReader? reader = EthereumSource.ReaderOf(source._abilities, node);
            BalanceDerivation? derivation = EthereumSource.DerivationOf(source._abilities, reader, node);
            TransactionBook book = new(node, reader, derivation, source._wraps);
            BlockCredits credits = new(node, book);
            IReadOnlyCollection<Holder> concerned = await book.ReadBlockAsync(block, receipts, flows, cancellationToken).ConfigureAwait(false);
            await credits.AddAllAsync(block, cancellationToken).ConfigureAwait(false);
            if (source._audits)
            {
                BalanceAudit audit = new(node, book, credits, reader, derivation, int.MaxValue);
                await audit.ExplainBlockAsync(block.Number, [.. Audited(concerned, derivation)], cancellationToken).ConfigureAwait(false);
            }

            return book.All;
        }

        // Whom facts or credits of the block name; where nobody traces, also whom transactions only mention. A token's own
        // contract and nobody mint and burn, and have no balance that follows from it.
        private IEnumerable<Holder> Audited(IReadOnlyCollection<Holder> concerned, BalanceDerivation? derivation)
        {
            IEnumerable<Address> accounts = [block.FeeRecipient, .. block.Withdrawals.Select(static withdrawal => withdrawal.To)];
            if (derivation is not null && !receipts.IsEmpty)
            {
                BlockAccounts named = new(block, receipts, source.Chain);
                accounts = accounts.Concat(block.Transactions.SelectMany(tx => named.NamedBy(tx.Index)));
            }

            return concerned.Concat(accounts.Select(address => Holder.Account(address, Asset.Coin(source.Chain)))).Distinct()
                .Where(holder => holder.Asset.IsCoin || (holder.Address != holder.Asset.Contract && holder.Address != source._nobody));
        }
    }
}
