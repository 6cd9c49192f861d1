using System.Globalization;
using System.Text.Json;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>Where a transaction stands in the chain, with the proof of it.</summary>
/// <param name="Height">The height of its block.</param>
/// <param name="Index">Its index in the block, from 0.</param>
/// <param name="Branch">
/// The other halves of the merkle tree's pairs on the way from the transaction up to the root, as stored; empty for a
/// block with the coinbase alone.
/// </param>
public sealed record TxPlace(ulong Height, uint Index, IReadOnlyList<Hash256> Branch);

/// <summary>An output as who spends it states it.</summary>
/// <param name="ValueSats">What it is worth, in satoshi.</param>
/// <param name="Script">The script that locks it.</param>
public sealed record SpentOutput(ulong ValueSats, byte[] Script);

/// <summary>A coin whose spender is wanted.</summary>
/// <param name="Coin">The output.</param>
/// <param name="Script">The script that locks it: some sources find a coin by it.</param>
/// <param name="Height">The height of the block that made it: no spender stands before.</param>
/// <param name="UpTo">The height of the last block looked at: a later spender counts for none.</param>
public sealed record SpenderQuestion(OutPoint Coin, byte[] Script, ulong Height, ulong UpTo);

/// <summary>The transactions of a block and what each pays.</summary>
/// <param name="Ids">All of them in order, the coinbase first.</param>
/// <param name="FeesSats">The fees in satoshi in the same order; the coinbase's is 0.</param>
public sealed record BlockFees(IReadOnlyList<TxHash> Ids, IReadOnlyList<ulong> FeesSats);

/// <summary>A block with what it spends.</summary>
/// <param name="Block">The block.</param>
/// <param name="Spent">
/// What each input is worth, in the order of the transactions and of their inputs, the coinbase's left out; null for what
/// nobody knows.
/// </param>
public sealed record WholeBlock(Block Block, IReadOnlyList<SpentOutput?> Spent);

/// <summary>What a source is and can do.</summary>
/// <param name="Kind">Its kind, for a person: <c>Bitcoin Core</c>, <c>Esplora</c>, <c>Electrum</c>, <c>block files</c>.</param>
/// <param name="Client">What it says of itself, e.g. <c>/Satoshi:28.0.0/</c>; empty when it says nothing.</param>
/// <param name="Method">How transactions and spenders are found, for a person, without a full stop.</param>
/// <param name="Limits">What it cannot do, one clause each; empty when it can do all.</param>
public sealed record AboutSource(string Kind, string Client, string Method, IReadOnlyList<string> Limits);

/// <summary>Thrown by a source that cannot know an answer, whoever asks and however often: its text says why.</summary>
/// <param name="reason">A clause for a person, e.g. <c>the node has no transaction index (txindex=1)</c>.</param>
public sealed class CannotKnowException(string reason) : Exception(reason);

/// <summary>
/// A source of Bitcoin facts, whatever protocol it speaks, as a node with a few questions of our own: so the answers of
/// all kinds of sources are kept, compared, repeated and replaced by one another, as those of Ethereum's nodes are. An
/// answer's bytes depend on the chain alone, never on the source.
/// <list type="table">
/// <item><c>bitcoin_height []</c>: the newest block's height, a number.</item>
/// <item><c>bitcoin_genesis []</c>: the first block's hash.</item>
/// <item><c>bitcoin_about []</c>: see <see cref="AboutSource"/>.</item>
/// <item><c>bitcoin_header [height]</c>: 80 bytes in hex; <c>null</c> behind the chain's end.</item>
/// <item><c>bitcoin_raw [txid]</c>: the transaction's bytes with its witness in hex; <c>null</c> when there is none.</item>
/// <item><c>bitcoin_place [txid]</c>: <c>{"height","index","branch","header"}</c>; <c>null</c> while it is in no block.</item>
/// <item><c>bitcoin_spends [txid]</c>: <c>[{"value","script"}…]</c>, the outputs it spends; refused where they would have to
/// be looked up one by one.</item>
/// <item><c>bitcoin_spender [txid, index, script, height, upTo]</c>: the bytes of the confirmed transaction that spends the
/// coin in hex; <c>null</c> while there is none up to that height.</item>
/// <item><c>bitcoin_history [script, upTo]</c>: ids of the confirmed transactions that pay to a script or spend from it,
/// in the chain's order.</item>
/// <item><c>bitcoin_fees [height]</c>: <c>{"ids","fees"}</c>.</item>
/// <item><c>bitcoin_block [height]</c>: <c>{"block","spends"}</c>, its bytes and the outputs it spends as
/// <c>bitcoin_spends</c> states them, <c>null</c> for one that is not known.</item>
/// </list>
/// Hashes are hex as people write them; scripts are hex.
/// </summary>
public abstract class BitcoinRpc : IRpc
{
    /// <summary>The code of a refusal by <see cref="CannotKnowException"/>.</summary>
    public const int CannotKnow = RpcErrors.CannotKnow;

    private const int MostChecks = 3;

    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <inheritdoc/>
    public async Task<RpcAnswer> AskAsync(RpcCall call, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            RpcAnswer answer = await AnswerAsync(call, cancellationToken).ConfigureAwait(false);
            if (answer.Error is not null || call.Check?.Invoke(answer.Result) is not string wrong)
            {
                return answer;
            }

            if (attempt == MostChecks)
            {
                throw new SourceException(Name, call.Shown, wrong) { IsAnswered = true };
            }
        }
    }

    /// <summary>The newest block's height.</summary>
    protected abstract Task<ulong> HeightAsync(CancellationToken cancellationToken);

    /// <summary>The hash of the chain's first block: it tells the networks apart.</summary>
    protected abstract Task<Hash256> GenesisAsync(CancellationToken cancellationToken);

    /// <summary>What the source is and can do.</summary>
    protected abstract Task<AboutSource> AboutAsync(CancellationToken cancellationToken);

    /// <summary>The header of the block at a height; null when the chain is not that long.</summary>
    protected abstract Task<BlockHeader?> HeaderAsync(ulong height, CancellationToken cancellationToken);

    /// <summary>The bytes of a transaction, with its witness; null when the source has none of that id.</summary>
    protected abstract Task<byte[]?> RawAsync(TxHash id, CancellationToken cancellationToken);

    /// <summary>Where a transaction stands; null while it is in no block.</summary>
    protected abstract Task<TxPlace?> PlaceAsync(TxHash id, CancellationToken cancellationToken);

    /// <summary>The outputs a transaction spends, in the order of its inputs; none for a coinbase.</summary>
    /// <exception cref="CannotKnowException">They would have to be looked up one by one: whoever asks does that.</exception>
    protected virtual Task<IReadOnlyList<SpentOutput>> SpendsAsync(TxHash id, CancellationToken cancellationToken) =>
        throw new CannotKnowException("the source does not state what a transaction's inputs are worth");

    /// <summary>The transaction that spends a coin; null while there is none.</summary>
    /// <exception cref="CannotKnowException">The source cannot find it.</exception>
    protected abstract Task<TxHash?> SpenderAsync(SpenderQuestion question, CancellationToken cancellationToken);

    /// <summary>The transactions that pay to a script or spend from it, in the chain's order.</summary>
    /// <exception cref="CannotKnowException">The source cannot find them, or they are too many.</exception>
    protected abstract Task<IReadOnlyList<TxHash>> HistoryAsync(byte[] script, ulong upTo, CancellationToken cancellationToken);

    /// <summary>What the transactions of a block pay.</summary>
    /// <exception cref="CannotKnowException">It would have to be looked up one by one.</exception>
    protected virtual Task<BlockFees> FeesAsync(ulong height, CancellationToken cancellationToken) =>
        throw new CannotKnowException("the source does not state the fees of a block");

    /// <summary>A block with what it spends; null when the chain is not that long.</summary>
    /// <exception cref="CannotKnowException">The source has no whole blocks.</exception>
    protected virtual Task<WholeBlock?> BlockAsync(ulong height, CancellationToken cancellationToken) =>
        throw new CannotKnowException("the source does not hand out whole blocks with what they spend");

    private async Task<RpcAnswer> AnswerAsync(RpcCall call, CancellationToken cancellationToken)
    {
        try
        {
            using JsonDocument parsed = JsonDocument.Parse(call.Params);
            return await AnswerAsync(call.Method, parsed.RootElement, cancellationToken).ConfigureAwait(false);
        }
        catch (CannotKnowException reason)
        {
            return RpcAnswer.Refused(new RpcError(CannotKnow, reason.Message));
        }
    }

    private async Task<RpcAnswer> AnswerAsync(string method, JsonElement given, CancellationToken cancellationToken) => method switch
    {
        BitcoinCalls.Height => Answer(await HeightAsync(cancellationToken).ConfigureAwait(false)),
        BitcoinCalls.Genesis => Answer((await GenesisAsync(cancellationToken).ConfigureAwait(false)).ToString()),
        BitcoinCalls.About => Answer(await AboutAsync(cancellationToken).ConfigureAwait(false)),
        BitcoinCalls.Header => Answer(HexOf(await HeaderAsync(given[0].GetUInt64(), cancellationToken).ConfigureAwait(false))),
        BitcoinCalls.Raw => Answer(HexOf(await RawAsync(IdIn(given), cancellationToken).ConfigureAwait(false))),
        BitcoinCalls.Place => await PlaceOfAsync(IdIn(given), cancellationToken).ConfigureAwait(false),
        BitcoinCalls.Spends => Answer((await SpendsAsync(IdIn(given), cancellationToken).ConfigureAwait(false))
            .Select(Shown)),
        BitcoinCalls.Spender => await SpenderOfAsync(
            new SpenderQuestion(
                new OutPoint(IdIn(given), given[1].GetUInt32()), ScriptIn(given[2]), given[3].GetUInt64(), given[4].GetUInt64()),
            cancellationToken).ConfigureAwait(false),
        BitcoinCalls.History => Answer((await HistoryAsync(ScriptIn(given[0]), given[1].GetUInt64(), cancellationToken)
            .ConfigureAwait(false)).Select(static id => id.ToString())),
        BitcoinCalls.Fees => FeesOf(await FeesAsync(given[0].GetUInt64(), cancellationToken).ConfigureAwait(false)),
        BitcoinCalls.Block => BlockOf(await BlockAsync(given[0].GetUInt64(), cancellationToken).ConfigureAwait(false)),
        _ => RpcAnswer.Refused(new RpcError(RpcErrors.MethodNotFound, $"no such question: {method}")),
    };

    // With the block's header, so that the answer proves itself.
    private async Task<RpcAnswer> PlaceOfAsync(TxHash id, CancellationToken cancellationToken)
    {
        if (await PlaceAsync(id, cancellationToken).ConfigureAwait(false) is not { } place)
        {
            return Answer<string?>(null);
        }

        BlockHeader header = await HeaderAsync(place.Height, cancellationToken).ConfigureAwait(false)
            ?? throw new SourceException(
                Name, id.ToString(), string.Create(CultureInfo.InvariantCulture, $"names block {place.Height} for it and has no such block"))
            {
                IsAnswered = true,
            };
        return Answer(new
        {
            height = place.Height,
            index = place.Index,
            branch = place.Branch.Select(static half => half.ToString()),
            header = HexOf(header),
        });
    }

    // The spender's bytes, so that the answer proves itself.
    private async Task<RpcAnswer> SpenderOfAsync(SpenderQuestion question, CancellationToken cancellationToken)
    {
        if (await SpenderAsync(question, cancellationToken).ConfigureAwait(false) is not { } id)
        {
            return Answer<string?>(null);
        }

        return await RawAsync(id, cancellationToken).ConfigureAwait(false) is { } bytes ? Answer(HexOf(bytes))
            : throw new SourceException(Name, question.Coin.ToString(), $"names {id} as what spends it and has no such transaction") { IsAnswered = true };
    }

    private static RpcAnswer FeesOf(BlockFees block) =>
        Answer(new { ids = block.Ids.Select(static id => id.ToString()), fees = block.FeesSats });

    private static RpcAnswer BlockOf(WholeBlock? whole) => whole is null ? Answer<string?>(null)
        : Answer(new { block = Convert.ToHexStringLower(whole.Block.Bytes.Span), spends = whole.Spent.Select(Shown) });

    private static object? Shown(SpentOutput? output) =>
        output is null ? null : new { value = output.ValueSats, script = HexOf(output.Script) };

    private static RpcAnswer Answer<T>(T value) => RpcAnswer.Of(JsonSerializer.SerializeToElement(value));

    private static TxHash IdIn(JsonElement given) => TxHash.TryParse(ChainFamily.Utxo, given[0].GetString(), out TxHash id, out _)
        ? id
        : throw new InvariantException(string.Create(CultureInfo.InvariantCulture, $"no transaction id: {given}"));

    private static byte[] ScriptIn(JsonElement hex) => Convert.FromHexString(hex.GetString()!);

    private static string? HexOf(byte[]? bytes) => bytes is null ? null : Convert.ToHexStringLower(bytes);

    private static string? HexOf(BlockHeader? header)
    {
        if (header is not { } some)
        {
            return null;
        }

        byte[] bytes = new byte[BlockHeader.ByteLength];
        some.WriteTo(bytes);
        return Convert.ToHexStringLower(bytes);
    }
}
