using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Numerics;
using System.Security.Cryptography;
using FlowTracer.Chains.Bitcoin.Scripts;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>
/// Whole blocks from a node or a folder of block files, as <see cref="BitcoinSource"/> sees their transactions. Coinbases are
/// stated with the fees they take in wherever all inputs of the block are known.
/// </summary>
/// <param name="rpc">Who answers the questions of <see cref="BitcoinRpc"/>.</param>
/// <param name="chain">The chain it is on.</param>
public sealed class BitcoinBlocks(IRpc rpc, ChainId chain) : IBlockSource
{
    private readonly BitcoinNode _node = new(rpc, chain);

    /// <inheritdoc/>
    public string Name => rpc.Name;

    /// <inheritdoc/>
    public string Method => "blocks with what they spend";

    /// <inheritdoc/>
    public ChainId Chain => chain;

    /// <inheritdoc/>
    public Task<ChainView> LookAsync(ulong? confirmations, ulong? asOf, CancellationToken cancellationToken) =>
        new BitcoinProbe(rpc).LookAsync(chain, confirmations, asOf, cancellationToken);

    /// <inheritdoc/>
    public async Task<TxHash?> HashNowAsync(ulong number, CancellationToken cancellationToken) =>
        (await _node.FreshHeaderAsync(number, isKept: false, cancellationToken).ConfigureAwait(false))?.ComputeHash().ToTxHash();

    /// <inheritdoc/>
    public async Task<IReadOnlyList<CoinWorth?>> WorthAsync(IReadOnlyList<OutPoint> coins, CancellationToken cancellationToken)
    {
        // A node object for each question: what it remembers goes with it.
        BitcoinNode node = new(rpc, chain);
        SpentOutput?[] outputs = await Task.WhenAll(coins.Select(coin => node.OutputAsync(coin, cancellationToken))).ConfigureAwait(false);
        return [.. outputs.Select(WorthOf)];
    }

    /// <inheritdoc/>
    public Task<TokenName> NameOfAsync(Asset token, CancellationToken cancellationToken) =>
        throw new InvariantException("Bitcoin has no tokens");

    /// <inheritdoc/>
    public Task<BigInteger?> HeldAsync(Holder holder, ulong block, CancellationToken cancellationToken) =>
        throw new InvariantException("a coin is made by a transaction: nobody has it before");

    /// <inheritdoc/>
    public async Task<IFetchedBlock> FetchAsync(ulong number, CancellationToken cancellationToken) =>
        await _node.BlockAsync(number, cancellationToken).ConfigureAwait(false) is { } whole
            ? new Fetched(whole, number, chain)
            : throw new SourceException(Name, BitcoinCalls.BlockAt(number).Shown, "has no such block") { IsAnswered = true };

    private CoinWorth? WorthOf(SpentOutput? output) => output is null ? null
        : new CoinWorth(output.ValueSats, ScriptAddress.TryGet(chain, output.Script, out Address address) ? address : default);

    private sealed class Fetched(WholeBlock whole, ulong height, ChainId chain) : IFetchedBlock
    {
        public Task<BlockFacts> DecodeAsync(CancellationToken cancellationToken) => Task.Run(() => Decode(whole.Spent), cancellationToken);

        private BlockFacts Decode(IReadOnlyList<SpentOutput?> known)
        {
            Block block = whole.Block;
            List<Movement> movements = [];
            TxHash[] ids = new TxHash[block.TransactionCount];
            ulong[] fees = new ulong[block.TransactionCount];
            int at = 0;
            for (int i = 0; i < ids.Length; i++)
            {
                ids[i] = block.TransactionIds[i].ToTxHash();
                if (i > 0)
                {
                    SpentOutput?[] spent = [.. known.Skip(at).Take(block[i].InputCount)];
                    at += spent.Length;
                    fees[i] = FeeSats(block[i], spent);
                    movements.AddRange(BitcoinMovements.Of(Placed(i, ids[i]), spent, null, chain));
                }
            }

            if (!IsRepeatedLater(ids[0]))
            {
                BlockFees? taken = known.Contains(null) ? null : new BlockFees(ids, fees);
                movements.AddRange(BitcoinMovements.Of(Placed(0, ids[0]), [], taken, chain));
            }

            OutPoint[] unknown = [.. CoinsSpent().Where((_, i) => known[i] is null)];
            return new BlockFacts(
                new FlowBlock(height, block.Hash.ToTxHash(), block.Header.Previous.ToTxHash(), block.Header.Time, Digest(known)), movements)
            {
                UnknownCoins = unknown,
                Knowing = unknown.Length == 0 ? null : worth => Decode([.. CoinsSpent().Select((coin, i) => known[i] ?? OutputOf(worth, coin))]),
            };
        }

        private IEnumerable<OutPoint> CoinsSpent()
        {
            for (int i = 1; i < whole.Block.TransactionCount; i++)
            {
                foreach (OutPoint coin in BitcoinNode.CoinsOf(whole.Block[i]))
                {
                    yield return coin;
                }
            }
        }

        // With the one script that its address stands for; of one without, the script says nothing that is used.
        private static SpentOutput? OutputOf(IReadOnlyDictionary<OutPoint, CoinWorth> worth, OutPoint coin) =>
            worth.TryGetValue(coin, out CoinWorth known) && known.Amount.TryGetUInt64(out ulong sats)
                ? new SpentOutput(sats, known.Address.IsNone ? [] : ScriptAddress.ScriptOf(known.Address))
                : null;

        private PlacedTransaction Placed(int index, TxHash id) => new(whole.Block[index], id, height, (uint)index, whole.Block.Header);

        private static ulong FeeSats(Transaction tx, SpentOutput?[] spent)
        {
            ulong worth = 0;
            foreach (SpentOutput? output in spent)
            {
                worth += output?.ValueSats ?? 0;
            }

            return worth > tx.OutputSats ? worth - tx.OutputSats : 0;
        }

        // Its coins were lost when a later coinbase took their name (BIP 30), and a node finds the later one by it.
        private bool IsRepeatedLater(TxHash coinbase) => chain == ChainId.Bitcoin
            && RepeatedCoinbases.OnMainNetwork.Any(pair => pair.Id == coinbase && (ulong)pair.FirstHeight == height);

        // The block's bytes; then each output it spends: 8 bytes of value and 4 of the script's length, the lowest first, and the
        // script where an address stands for it; 8 bytes of ones for one that is not known.
        private string Digest(IReadOnlyList<SpentOutput?> known)
        {
            using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            hash.AppendData(whole.Block.Bytes.Span);
            Span<byte> head = stackalloc byte[sizeof(ulong) + sizeof(int)];
            foreach (SpentOutput? output in known)
            {
                byte[] script = output is not null && ScriptAddress.TryGet(chain, output.Script, out _) ? output.Script : [];
                BinaryPrimitives.WriteUInt64LittleEndian(head, output?.ValueSats ?? ulong.MaxValue);
                BinaryPrimitives.WriteInt32LittleEndian(head[sizeof(ulong)..], script.Length);
                hash.AppendData(output is null ? head[..sizeof(ulong)] : head);
                hash.AppendData(script);
            }

            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
    }
}
