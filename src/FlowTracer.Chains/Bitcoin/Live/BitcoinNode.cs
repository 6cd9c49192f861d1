using System.Globalization;
using System.Text.Json;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>A transaction in its place in the chain.</summary>
/// <param name="Tx">The transaction.</param>
/// <param name="Id">Its id.</param>
/// <param name="Height">The height of its block.</param>
/// <param name="Index">Its index in the block.</param>
/// <param name="Header">The block's header.</param>
public sealed record PlacedTransaction(Transaction Tx, TxHash Id, ulong Height, uint Index, BlockHeader Header);

/// <summary>Who spends a coin.</summary>
/// <param name="By">The transaction; null while there is none, or when nobody can know.</param>
/// <param name="Unknown">Why nobody can know; null when it is known.</param>
public readonly record struct Spending(PlacedTransaction? By, string? Unknown);

/// <summary>
/// Asks a <see cref="BitcoinRpc"/> and believes no more than it must: a transaction's bytes have its id, its place is
/// proven by a merkle branch to the header of its block, the header has its proof of work, and a spender spends the coin.
/// That a coin is unspent, and what the inputs of a transaction are worth where the source states it, is the source's
/// word; two sources can be compared. Each question is asked once.
/// </summary>
internal sealed class BitcoinNode(IRpc rpc, ChainId chain)
{
    // A transaction of 64 bytes, its witness apart, may be an inner node of a merkle tree passed off as one (CVE-2017-12842).
    private const int InnerNodeLength = 2 * Hash256.ByteLength;
    private const ulong MostSats = 21_000_000UL * 100_000_000;

    // What a source cannot know is to whoever asks as good as not there.
    private static readonly JsonElement Nothing = JsonSerializer.SerializeToElement<string?>(null);

    private readonly Memo<TxHash, Transaction?> _raws = new();
    private readonly Memo<TxHash, PlacedTransaction?> _placed = new();
    private readonly Memo<ulong, BlockHeader?> _headers = new();

    /// <summary>The source without its secrets.</summary>
    public string Name => rpc.Name;

    /// <summary>Forgets what was read.</summary>
    public void Forget()
    {
        _raws.Clear();
        _placed.Clear();
        _headers.Clear();
    }

    /// <summary>The newest block's height, asked anew.</summary>
    public async Task<ulong> HeightAsync(CancellationToken cancellationToken) => (await AskAsync(
        BitcoinCalls.HeightNow(), static answer => answer.TryGetUInt64(out _) ? null : "is no height", cancellationToken)
        .ConfigureAwait(false)).GetUInt64();

    /// <summary>The header of a block, with its proof of work; null behind the chain's end.</summary>
    public Task<BlockHeader?> HeaderAsync(ulong height, CancellationToken cancellationToken) =>
        _headers.GetAsync(height, h => FreshHeaderAsync(h, isKept: true, cancellationToken));

    /// <summary>The header of a block as it is now.</summary>
    public async Task<BlockHeader?> FreshHeaderAsync(ulong height, bool isKept, CancellationToken cancellationToken)
    {
        JsonElement answer = await AskAsync(
            BitcoinCalls.HeaderAt(height) with { IsKept = isKept },
            given => given.ValueKind == JsonValueKind.Null || TryHeader(given, out _) ? null : "is no header with proof of work",
            cancellationToken).ConfigureAwait(false);
        return TryHeader(answer, out BlockHeader header) ? header : null;
    }

    /// <summary>A transaction's bytes; null when the source has none of that id.</summary>
    public Task<Transaction?> RawAsync(TxHash id, CancellationToken cancellationToken) => _raws.GetAsync(id, async Task<Transaction?> (wanted) =>
    {
        JsonElement answer = await AskAsync(
            BitcoinCalls.RawOf(wanted),
            given => given.ValueKind == JsonValueKind.Null || TryTransaction(given, wanted, out _) ? null : "is not the transaction of that id",
            cancellationToken).ConfigureAwait(false);
        return TryTransaction(answer, wanted, out Transaction found) ? found : null;
    });

    /// <summary>A transaction in its place; null while the source has it in no block.</summary>
    /// <exception cref="SourceException">The place belongs to another chain than the headers.</exception>
    public Task<PlacedTransaction?> PlacedAsync(TxHash id, CancellationToken cancellationToken) =>
        _placed.GetAsync(id, wanted => ReadPlacedAsync(wanted, cancellationToken));

    /// <summary>What the inputs of a transaction are worth, in their order; null for what nobody knows.</summary>
    public async Task<IReadOnlyList<SpentOutput?>> SpendsAsync(PlacedTransaction tx, CancellationToken cancellationToken)
    {
        if (tx.Tx.IsCoinbase)
        {
            return [];
        }

        List<OutPoint> coins = CoinsOf(tx.Tx);
        RpcAnswer answer = await rpc.AskAsync(
            BitcoinCalls.SpendsOf(tx.Id) with { Check = given => FaultInSpends(given, coins, tx.Tx) }, cancellationToken).ConfigureAwait(false);
        return answer.Error is null
            ? [.. answer.Result.EnumerateArray().Select(OutputIn)]
            : await Task.WhenAll(coins.Select(coin => OutputAsync(coin, cancellationToken))).ConfigureAwait(false);
    }

    /// <summary>Who spends a coin, up to a block.</summary>
    public async Task<Spending> SpenderAsync(
        OutPoint coin, byte[] script, ulong height, ulong upTo, CancellationToken cancellationToken)
    {
        RpcCall call = BitcoinCalls.SpenderOf(new SpenderQuestion(coin, script, height, upTo));
        RpcAnswer answer = await rpc.AskAsync(
            call with
            {
                Check = given => given.ValueKind == JsonValueKind.Null || (TryRead(given, out Transaction spender) && CoinsOf(spender).Contains(coin))
                    ? null : "is no transaction that spends the coin",
            },
            cancellationToken).ConfigureAwait(false);
        if (answer.Error is RpcError error)
        {
            return new Spending(null, error.Message);
        }

        if (!TryRead(answer.Result, out Transaction found))
        {
            return default;
        }

        TxHash id = found.Id;
        _raws.Set(id, found);
        PlacedTransaction? by = await PlacedAsync(id, cancellationToken).ConfigureAwait(false);
        return by is not null && by.Height <= upTo
            ? new Spending(by, null)
            : throw Wrong(call, $"names {id}, which {(by is null ? "is in no block" : "stands after that block")}");
    }

    /// <summary>The transactions a script took part in, in the chain's order; null with the reason when nobody can know.</summary>
    public async Task<(IReadOnlyList<PlacedTransaction>? Transactions, string? Unknown)> HistoryAsync(
        byte[] script, ulong upTo, CancellationToken cancellationToken)
    {
        RpcCall call = BitcoinCalls.HistoryOf(script, upTo);
        RpcAnswer answer = await rpc.AskAsync(
            call with
            {
                Check = static given => given.ValueKind == JsonValueKind.Array && given.EnumerateArray().All(static id => TryId(id, out _))
                    ? null : "is no list of transaction ids",
            },
            cancellationToken).ConfigureAwait(false);
        if (answer.Error is RpcError error)
        {
            return (null, error.Message);
        }

        PlacedTransaction?[] placed = await Task.WhenAll(answer.Result.EnumerateArray().Select(id => TryId(id, out TxHash hash)
            ? PlacedAsync(hash, cancellationToken)
            : throw new InvariantException("an answer was not checked"))).ConfigureAwait(false);
        return ([.. placed.Select(tx => tx ?? throw Wrong(call, "names a transaction that is in no block"))
            .Where(tx => tx.Height <= upTo).OrderBy(static tx => tx.Height).ThenBy(static tx => tx.Index)], null);
    }

    /// <summary>The transactions of a block with what each pays; null when nobody can know.</summary>
    public async Task<BlockFees?> FeesAsync(ulong height, CancellationToken cancellationToken)
    {
        RpcCall call = BitcoinCalls.FeesAt(height);
        BlockHeader header = await HeaderAsync(height, cancellationToken).ConfigureAwait(false)
            ?? throw Wrong(call, "has no such block");
        RpcAnswer answer = await rpc.AskAsync(
            call with { Check = given => FeesIn(given, header) is null ? "does not list the transactions of the block" : null },
            cancellationToken).ConfigureAwait(false);
        return answer.Error is null ? FeesIn(answer.Result, header) : null;
    }

    /// <summary>
    /// A block with what it spends; null behind the chain's end. The block is proven by its proof of work; what its inputs are
    /// worth is the source's word, but never less than its transactions pay.
    /// </summary>
    /// <exception cref="SourceException">The source has no whole blocks, or what it gives is none.</exception>
    public async Task<WholeBlock?> BlockAsync(ulong height, CancellationToken cancellationToken)
    {
        RpcCall call = BitcoinCalls.BlockAt(height);
        WholeBlock? whole = null;
        RpcAnswer answer = await rpc.AskAsync(
            call with { Check = given => given.ValueKind == JsonValueKind.Null ? null : FaultInBlock(given, out whole) }, cancellationToken)
            .ConfigureAwait(false);
        return answer.Error is RpcError error ? throw Wrong(call, error.Message) : whole;
    }

    /// <summary>The coins a transaction spends; none for a coinbase.</summary>
    public static List<OutPoint> CoinsOf(Transaction tx)
    {
        List<OutPoint> coins = [];
        foreach (TxIn input in tx.Inputs)
        {
            if (!input.IsCoinbase)
            {
                coins.Add(input.Spends);
            }
        }

        return coins;
    }

    private async Task<PlacedTransaction?> ReadPlacedAsync(TxHash id, CancellationToken cancellationToken)
    {
        RpcCall call = BitcoinCalls.PlaceOf(id);
        Task<Transaction?> raw = RawAsync(id, cancellationToken);
        JsonElement answer = await AskAsync(call, given => FaultInPlace(given, id), cancellationToken).ConfigureAwait(false);
        if (await raw.ConfigureAwait(false) is not Transaction tx || answer.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        (ulong height, uint index, BlockHeader header) = PlaceIn(answer);
        BlockHeader? known = await HeaderAsync(height, cancellationToken).ConfigureAwait(false);
        if (known != header)
        {
            throw Wrong(call, string.Create(CultureInfo.InvariantCulture, $"puts it into another block {height} than the chain's"));
        }

        return tx.IsCoinbase == (index == 0)
            ? new PlacedTransaction(tx, id, height, index, header)
            : throw Wrong(call, "puts a transaction in the coinbase's place");
    }

    /// <summary>A coin by the transaction that made it; null where the source finds none of that id.</summary>
    public async Task<SpentOutput?> OutputAsync(OutPoint coin, CancellationToken cancellationToken)
    {
        if (await RawAsync(coin.Tx, cancellationToken).ConfigureAwait(false) is not Transaction made)
        {
            return null;
        }

        if (coin.Index >= made.OutputCount)
        {
            throw Wrong(BitcoinCalls.RawOf(coin.Tx), string.Create(CultureInfo.InvariantCulture, $"has no output {coin.Index}, which is spent"));
        }

        TxOut output = made.OutputAt(coin.Index);
        return new SpentOutput(output.ValueSats, output.Script.ToArray());
    }

    private async Task<JsonElement> AskAsync(
        RpcCall call, Func<JsonElement, string?> check, CancellationToken cancellationToken)
    {
        RpcAnswer answer = await rpc.AskAsync(call with { Check = check }, cancellationToken).ConfigureAwait(false);
        return answer.Error is not RpcError error ? answer.Result
            : error.Code == BitcoinRpc.CannotKnow ? Nothing
            : throw new SourceException(rpc.Name, call.Shown, error.Message) { IsAnswered = true };
    }

    private SourceException Wrong(RpcCall call, string reason) => new(rpc.Name, call.Shown, reason) { IsAnswered = true };

    private bool TryHeader(JsonElement hex, out BlockHeader header)
    {
        header = default;
        if (!TryBytes(hex, out byte[] bytes) || bytes.Length != BlockHeader.ByteLength)
        {
            return false;
        }

        header = BlockHeader.Parse(bytes);
        return header.HasProofOfWork(chain);
    }

    private static bool TryTransaction(JsonElement hex, TxHash id, out Transaction tx) => TryRead(hex, out tx) && tx.Id == id;

    private static bool TryRead(JsonElement hex, out Transaction tx)
    {
        tx = default;
        if (!TryBytes(hex, out byte[] bytes))
        {
            return false;
        }

        try
        {
            tx = Transaction.Parse(bytes);
            return (tx.WeightUnits - tx.Length) / 3 != InnerNodeLength;
        }
        catch (BitcoinFormatException)
        {
            return false;
        }
    }

    private static bool TryBytes(JsonElement hex, out byte[] bytes)
    {
        bytes = [];
        if (hex.ValueKind != JsonValueKind.String)
        {
            return false;
        }

        try
        {
            bytes = Convert.FromHexString(hex.GetString()!);
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static bool TryId(JsonElement text, out TxHash id)
    {
        id = default;
        return text.ValueKind == JsonValueKind.String && TxHash.TryParse(ChainFamily.Utxo, text.GetString(), out id, out _);
    }

    private static bool IsOutput(JsonElement output) =>
        output.ValueKind == JsonValueKind.Object
        && output.TryGetProperty("value", out JsonElement value) && value.ValueKind == JsonValueKind.Number
        && value.TryGetUInt64(out ulong sats) && sats <= MostSats
        && output.TryGetProperty("script", out JsonElement script) && TryBytes(script, out _);

    private static SpentOutput OutputIn(JsonElement output) =>
        new(output.GetProperty("value").GetUInt64(), Convert.FromHexString(output.GetProperty("script").GetString()!));

    // What nobody can prove is held against all that is known: the transactions read before, and that money is not made of
    // nothing.
    private string? FaultInSpends(JsonElement given, List<OutPoint> coins, Transaction tx)
    {
        bool isList = given.ValueKind == JsonValueKind.Array && given.GetArrayLength() == coins.Count && given.EnumerateArray().All(IsOutput);
        if (!isList)
        {
            return "does not list the outputs that are spent";
        }

        ulong spent = 0;
        int at = 0;
        foreach (JsonElement stated in given.EnumerateArray())
        {
            SpentOutput output = OutputIn(stated);
            OutPoint coin = coins[at++];
            spent += output.ValueSats;
            if (_raws.TryGet(coin.Tx, out Transaction? made) && made is { } known
                && (coin.Index >= known.OutputCount || !Is(output, known.OutputAt(coin.Index))))
            {
                return $"states another output than {coin} is";
            }
        }

        return spent >= tx.OutputSats ? null : "states less for the inputs than the outputs are worth";
    }

    private static bool Is(SpentOutput stated, TxOut made) =>
        stated.ValueSats == made.ValueSats && made.Script.SequenceEqual(stated.Script);

    private static (ulong Height, uint Index, BlockHeader Header) PlaceIn(JsonElement place) => (
        place.GetProperty("height").GetUInt64(), place.GetProperty("index").GetUInt32(),
        BlockHeader.Parse(Convert.FromHexString(place.GetProperty("header").GetString()!)));

    private string? FaultInPlace(JsonElement given, TxHash id)
    {
        if (given.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        bool isWhole = given.ValueKind == JsonValueKind.Object
            && given.TryGetProperty("height", out JsonElement height) && height.ValueKind == JsonValueKind.Number && height.TryGetUInt64(out _)
            && given.TryGetProperty("index", out JsonElement index) && index.ValueKind == JsonValueKind.Number && index.TryGetUInt32(out _)
            && given.TryGetProperty("branch", out JsonElement halves) && halves.ValueKind == JsonValueKind.Array
            && given.TryGetProperty("header", out JsonElement header) && TryHeader(header, out _);
        if (!isWhole)
        {
            return "is no place with the header of its block";
        }

        List<Hash256> branch = [];
        foreach (JsonElement half in given.GetProperty("branch").EnumerateArray())
        {
            if (half.ValueKind != JsonValueKind.String || !Hash256.TryParse(half.GetString(), out Hash256 hash))
            {
                return "has no merkle branch";
            }

            branch.Add(hash);
        }

        (_, uint at, BlockHeader block) = PlaceIn(given);
        return MerkleTree.RootOf(Hash256.FromTxHash(id), at, branch) == block.MerkleRoot
            ? null : "does not prove that the transaction is in that block (merkle branch)";
    }

    private string? FaultInBlock(JsonElement given, out WholeBlock? whole)
    {
        const BlockFaults proven = BlockFaults.ProofOfWork | BlockFaults.MerkleRoot | BlockFaults.RepeatedMerkleBranch;
        whole = null;
        if (given.ValueKind != JsonValueKind.Object || !given.TryGetProperty("block", out JsonElement hex) || !TryBytes(hex, out byte[] bytes)
            || !given.TryGetProperty("spends", out JsonElement spends) || spends.ValueKind != JsonValueKind.Array
            || !spends.EnumerateArray().All(static output => output.ValueKind == JsonValueKind.Null || IsOutput(output)))
        {
            return "is no block with what it spends";
        }

        try
        {
            Block block = Block.Parse(bytes);
            if ((block.Check(chain) & proven) != BlockFaults.None)
            {
                return "is no block with proof of work and its own transactions";
            }

            whole = new WholeBlock(
                block, [.. spends.EnumerateArray().Select(static output => output.ValueKind == JsonValueKind.Null ? null : OutputIn(output))]);
            return FaultInSpent(whole);
        }
        catch (BitcoinFormatException bad)
        {
            return $"is no block: {bad.Message}";
        }
    }

    private static string? FaultInSpent(WholeBlock whole)
    {
        int at = 0;
        for (int i = 1; i < whole.Block.TransactionCount; i++)
        {
            Transaction tx = whole.Block[i];
            if (at + tx.InputCount > whole.Spent.Count)
            {
                return "does not list the outputs that are spent";
            }

            SpentOutput?[] spent = [.. whole.Spent.Skip(at).Take(tx.InputCount)];
            at += tx.InputCount;
            if (Array.TrueForAll(spent, static output => output is not null)
                && spent.Aggregate(0UL, static (sum, output) => sum + output!.ValueSats) < tx.OutputSats)
            {
                return "states less for the inputs than the outputs are worth";
            }
        }

        return at == whole.Spent.Count ? null : "does not list the outputs that are spent";
    }

    private static BlockFees? FeesIn(JsonElement given, BlockHeader header)
    {
        if (given.ValueKind != JsonValueKind.Object || !given.TryGetProperty("ids", out JsonElement ids)
            || !given.TryGetProperty("fees", out JsonElement fees) || ids.ValueKind != JsonValueKind.Array
            || fees.ValueKind != JsonValueKind.Array || ids.GetArrayLength() != fees.GetArrayLength())
        {
            return null;
        }

        List<TxHash> hashes = [];
        foreach (JsonElement id in ids.EnumerateArray())
        {
            if (!TryId(id, out TxHash hash))
            {
                return null;
            }

            hashes.Add(hash);
        }

        Hash256 root = MerkleTree.Root([.. hashes.Select(Hash256.FromTxHash)], out bool repeats);
        return root == header.MerkleRoot && !repeats && fees.EnumerateArray().All(static fee => fee.ValueKind == JsonValueKind.Number && fee.TryGetUInt64(out _))
            ? new BlockFees(hashes, [.. fees.EnumerateArray().Select(static fee => fee.GetUInt64())])
            : null;
    }
}
