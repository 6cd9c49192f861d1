using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Chains.Ethereum.Live;

/// <summary>
/// What a node is asked, typed and checked: the block asked for, logs within their range, one hash for one block number
/// however often it is seen.
/// </summary>
internal sealed class EthereumNode(IRpc rpc, ChainId chain)
{
    private readonly ConcurrentDictionary<ulong, Word> _hashes = [];
    private readonly Memo<ulong, Block> _headers = new();
    private readonly Memo<ulong, Block> _blocks = new();
    private readonly Memo<ulong, ImmutableArray<Receipt>> _receipts = new();
    private readonly Memo<(Address, ulong), BigInteger?> _balances = new();
    private readonly Memo<(Address, ulong), ulong?> _nonces = new();
    private readonly Memo<(Address Token, Address Holder, ulong Block), BigInteger?> _tokenBalances = new();

    /// <summary>The node without its secrets.</summary>
    public string Name => rpc.Name;

    /// <summary>The chain it is on.</summary>
    public ChainId Chain => chain;

    /// <summary>Whether two answers named different blocks under one number: a reorganisation, or a node that lies.</summary>
    public bool SawConflict { get; private set; }

    /// <summary>Forgets what was asked in this run.</summary>
    public void Forget()
    {
        SawConflict = false;
        _hashes.Clear();
        _headers.Clear();
        _blocks.Clear();
        _receipts.Clear();
        _balances.Clear();
        _nonces.Clear();
        _tokenBalances.Clear();
    }

    /// <summary>A block without its transactions.</summary>
    public Task<Block> HeaderAsync(ulong number, CancellationToken cancellationToken) => _headers.GetAsync(
        number,
        _ => AskAsync(
            new RpcCall("eth_getBlockByNumber", RpcParams.Of(number, false)) { LastBlock = number },
            answer => CheckedBlock(answer, number, headerOnly: true),
            cancellationToken));

    /// <summary>A block with its transactions.</summary>
    public Task<Block> BlockAsync(ulong number, CancellationToken cancellationToken) => _blocks.GetAsync(
        number,
        _ => AskAsync(
            new RpcCall("eth_getBlockByNumber", RpcParams.Of(number, true)) { LastBlock = number },
            answer => CheckedBlock(answer, number, headerOnly: false),
            cancellationToken));

    /// <summary>As <see cref="BlockAsync"/>, and not remembered: for reading many blocks once.</summary>
    public Task<Block> BlockOnceAsync(ulong number, CancellationToken cancellationToken) => AskAsync(
        new RpcCall("eth_getBlockByNumber", RpcParams.Of(number, true)) { LastBlock = number },
        answer => CheckedBlock(answer, number, headerOnly: false),
        cancellationToken);

    /// <summary>An uncle that a block names, without transactions.</summary>
    public Task<Block> UncleAsync(ulong block, int index, CancellationToken cancellationToken) => AskAsync(
        new RpcCall("eth_getUncleByBlockNumberAndIndex", RpcParams.Of(block, index)) { LastBlock = block },
        answer => BlockDecoder.Decode(NotNull(answer, "uncle"), chain, headerOnly: true),
        cancellationToken);

    /// <summary>The newest answer for a header, past everything kept; null when there is no such block any more.</summary>
    public async Task<Block?> FreshHeaderAsync(string numberOrTag, CancellationToken cancellationToken)
    {
        // Many nodes know no final block, and say so in as many ways as there are.
        RpcCall call = new("eth_getBlockByNumber", RpcParams.Of(numberOrTag, false))
        {
            IsKept = false,
            GoesOnFromRefusal = numberOrTag == "finalized",
        };
        RpcAnswer answer = await rpc.AskAsync(call, cancellationToken).ConfigureAwait(false);
        return answer.Error is not null || answer.Result.ValueKind == JsonValueKind.Null
            ? null
            : Decoded(call, answer.Result, element => BlockDecoder.Decode(element, chain, headerOnly: true));
    }

    /// <summary>All receipts of a block, by one call where the node has it, else one by one.</summary>
    public Task<ImmutableArray<Receipt>> ReceiptsAsync(ulong number, CancellationToken cancellationToken) =>
        _receipts.GetAsync(number, _ => ReadReceiptsAsync(number, cancellationToken));

    /// <summary>A transaction; null when the node does not know it or it is in no block.</summary>
    public async Task<Transaction?> FindAsync(TxHash hash, CancellationToken cancellationToken)
    {
        RpcCall call = new("eth_getTransactionByHash", RpcParams.Of(hash.ToString(ChainFamily.Account)));
        RpcAnswer answer = await rpc.AskAsync(call, cancellationToken).ConfigureAwait(false);
        if (answer.Error is RpcError error)
        {
            throw Refused(call, error);
        }

        bool pending = answer.Result.ValueKind == JsonValueKind.Null
            || !answer.Result.TryGetProperty("blockHash", out JsonElement block) || block.ValueKind == JsonValueKind.Null;
        return pending ? null : Decoded(call, answer.Result, element => TransactionDecoder.Decode(element, chain));
    }

    /// <summary>A transaction at its place.</summary>
    public Task<Transaction> TransactionAsync(TxRef tx, CancellationToken cancellationToken) => AskAsync(
        new RpcCall("eth_getTransactionByHash", RpcParams.Of(tx.Hash.ToString(ChainFamily.Account))) { LastBlock = tx.Block },
        answer =>
        {
            Transaction decoded = TransactionDecoder.Decode(NotNull(answer, "transaction"), chain);
            CheckPlace(decoded.Hash, decoded.Block, decoded.BlockHash, tx);
            return decoded;
        },
        cancellationToken);

    /// <summary>A transaction's receipt.</summary>
    public Task<Receipt> ReceiptAsync(TxRef tx, Amount? gasPrice, CancellationToken cancellationToken) => AskAsync(
        new RpcCall("eth_getTransactionReceipt", RpcParams.Of(tx.Hash.ToString(ChainFamily.Account))) { LastBlock = tx.Block },
        answer =>
        {
            Receipt decoded = ReceiptDecoder.Decode(NotNull(answer, "receipt"), chain, gasPrice);
            CheckPlace(decoded.Tx, decoded.Block, decoded.BlockHash, tx);
            return decoded;
        },
        cancellationToken);

    /// <summary>An account's wei after a block; null when the node has no state of that block.</summary>
    public Task<BigInteger?> BalanceAsync(Address address, ulong block, CancellationToken cancellationToken) =>
        _balances.GetAsync((address, block), async _ =>
            await StateAsync("eth_getBalance", address, block, cancellationToken).ConfigureAwait(false));

    /// <summary>How many transactions an account had sent after a block; null when the node has no state of that block.</summary>
    public Task<ulong?> NonceAsync(Address address, ulong block, CancellationToken cancellationToken) =>
        _nonces.GetAsync((address, block), async _ =>
            (ulong?)await StateAsync("eth_getTransactionCount", address, block, cancellationToken).ConfigureAwait(false));

    /// <summary>A token balance after a block, by <c>balanceOf</c>; null when nobody can say.</summary>
    public Task<BigInteger?> TokenBalanceAsync(
        Address token, Address holder, ulong block, CancellationToken cancellationToken) =>
        _tokenBalances.GetAsync((token, holder, block), async _ =>
        {
            // balanceOf(address): selector 70a08231 (ERC-20).
            byte[]? word = await CallAsync(
                token, "0x70a08231" + new string('0', 24) + Lower(holder)[2..], block, cancellationToken).ConfigureAwait(false);
            if (word is { Length: 0 })
            {
                // No code, no token yet: nothing is held.
                return await CodeLengthAsync(token, block, cancellationToken).ConfigureAwait(false) == 0 ? 0 : null;
            }

            return word is { Length: >= Word.ByteLength }
                ? Word.FromBytes(word.AsSpan(0, Word.ByteLength)).ToAmount().ToBigInteger()
                : (BigInteger?)null;
        });

    /// <summary>What a holder has after a block; null when nobody can say.</summary>
    public Task<BigInteger?> HeldAsync(Holder holder, ulong block, CancellationToken cancellationToken) => holder.Asset.IsCoin
        ? BalanceAsync(holder.Address, block, cancellationToken)
        : TokenBalanceAsync(holder.Asset.Contract, holder.Address, block, cancellationToken);

    /// <summary>By how much a block changed what a holder has, in base units; null when nobody can say what it had.</summary>
    public async Task<BigInteger?> ChangeAsync(Holder holder, ulong block, CancellationToken cancellationToken)
    {
        Task<BigInteger?> before = HeldAsync(holder, block - 1, cancellationToken);
        Task<BigInteger?> after = HeldAsync(holder, block, cancellationToken);
        await Task.WhenAll(before, after).ConfigureAwait(false);
        return await after.ConfigureAwait(false) - await before.ConfigureAwait(false);
    }

    /// <summary>How many bytes of code an account has after a block; null when the node cannot say.</summary>
    public async Task<int?> CodeLengthAsync(Address address, ulong block, CancellationToken cancellationToken) =>
        (await CodeAsync(address, block, cancellationToken).ConfigureAwait(false))?.Length;

    /// <summary>
    /// Whether an account acts by code of its own, so that its balance may fall without a transaction it sent. A wallet that
    /// delegates to code (EIP-7702: 0xef0100 and an address) can too, but is no contract to a reader.
    /// </summary>
    public async Task<(bool HasCode, bool IsContract)> KindAsync(Address address, ulong block, CancellationToken cancellationToken)
    {
        byte[]? code = await CodeAsync(address, block, cancellationToken).ConfigureAwait(false);
        bool delegates = code is [0xef, 0x01, 0x00, ..] && code.Length == 3 + Address.HashLength;
        return (code is { Length: > 0 }, code is { Length: > 0 } && !delegates);
    }

    /// <summary>What a read-only call returns; null when it fails or the node has no state of that block.</summary>
    public async Task<byte[]?> CallAsync(Address to, string data, ulong block, CancellationToken cancellationToken)
    {
        RpcCall call = new(
            "eth_call",
            RpcParams.Of(new RawJson($"{{\"to\":\"{Lower(to)}\",\"data\":\"{data}\"}}"), block)) { LastBlock = block };
        RpcAnswer answer = await rpc.AskAsync(call, cancellationToken).ConfigureAwait(false);
        return answer.Error is not RpcError error
            ? Decoded(call, answer.Result, static element => new AnswerReader(element).Data())
            : RpcErrors.IsPassing(error) && !RpcErrors.IsMissingState(error) ? throw Refused(call, error) : null;
    }

    /// <summary>The logs of a range of blocks that fit; null when the node refuses the range.</summary>
    /// <param name="contract">Only those of this contract; null for all.</param>
    /// <param name="topics">For each topic a JSON text: a word, a list of words, or null for any.</param>
    /// <param name="first">First block.</param>
    /// <param name="last">Last block.</param>
    /// <param name="matches">Whether a log fits: a node's answer is not taken on trust.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<IReadOnlyList<Log>?> LogsAsync(
        Address? contract, IReadOnlyList<string> topics, ulong first, ulong last, Func<Log, bool> matches,
        CancellationToken cancellationToken)
    {
        string address = contract is Address of ? $"\"address\":\"{Lower(of)}\"," : string.Empty;
        RpcCall call = new(
            "eth_getLogs",
            RpcParams.Of(new RawJson(
                $"{{{address}\"fromBlock\":\"{RpcParams.Quantity(first)}\",\"toBlock\":\"{RpcParams.Quantity(last)}\",\"topics\":[{string.Join(',', topics)}]}}")))
        {
            LastBlock = last,
        };
        return await AskRangeAsync<Log>(call, first == last, element => CheckedLogs(element, first, last, matches), cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>
    /// Whom a transaction calls when it is run on the state of the block before, by <c>eth_createAccessList</c>: a hint
    /// where else to look. Empty when the node does not say.
    /// </summary>
    public async Task<IReadOnlyList<Address>> TouchedAsync(Transaction tx, CancellationToken cancellationToken)
    {
        string to = tx.To.IsNone ? string.Empty : $"\"to\":\"{Lower(tx.To)}\",";
        string value = "0x" + tx.Value.ToBigInteger().ToString("x", CultureInfo.InvariantCulture).TrimStart('0').PadLeft(1, '0');
        string again =
            $"{{\"from\":\"{Lower(tx.From)}\",{to}\"value\":\"{value}\",\"data\":\"0x{Convert.ToHexStringLower(tx.Input.Span)}\"}}";
        RpcCall call = new("eth_createAccessList", RpcParams.Of(new RawJson(again), tx.Block - 1))
        {
            LastBlock = tx.Block,
            GoesOnFromRefusal = true,
        };
        RpcAnswer answer = await rpc.AskAsync(call, cancellationToken).ConfigureAwait(false);
        return answer.Error is null && answer.Result.ValueKind == JsonValueKind.Object
            && answer.Result.TryGetProperty("accessList", out JsonElement list) && list.ValueKind == JsonValueKind.Array
                ? Decoded(call, list, element => (Address[])[.. new AnswerReader(element).Items().Select(item => item["address"].Address(chain))])
                : [];
    }

    /// <summary>
    /// Asks for a range; null when the node refuses it and it may be narrowed.
    /// </summary>
    public async Task<IReadOnlyList<T>?> AskRangeAsync<T>(
        RpcCall call, bool isNarrowest, Func<JsonElement, IReadOnlyList<T>> decode, CancellationToken cancellationToken)
    {
        IReadOnlyList<T>? decoded = null;
        RpcCall asked = call with { Check = Checking(element => decoded = decode(element)), GoesOnFromRefusal = !isNarrowest };
        RpcAnswer answer = await rpc.AskAsync(asked, cancellationToken).ConfigureAwait(false);
        if (answer.Error is not RpcError error)
        {
            return decoded ?? Decoded(call, answer.Result, decode);
        }

        return isNarrowest || RpcErrors.IsMethodMissing(error) ? throw Refused(call, error) : null;
    }

    /// <summary>Asks for what may be had in another way too; null when the node refuses it for good.</summary>
    /// <exception cref="SourceException">It refuses for the moment, or its answer cannot be used.</exception>
    public async Task<T?> TryAskAsync<T>(RpcCall call, Func<JsonElement, T> decode, CancellationToken cancellationToken)
        where T : class
    {
        T? decoded = null;
        RpcAnswer answer = await rpc.AskAsync(call with { Check = Checking(element => decoded = decode(element)) }, cancellationToken)
            .ConfigureAwait(false);
        return answer.Error is not RpcError error ? decoded ?? Decoded(call, answer.Result, decode)
            : RpcErrors.IsPassing(error) ? throw Refused(call, error) : null;
    }

    /// <summary>Asks, and decodes what comes.</summary>
    /// <exception cref="SourceException">The node refuses, or its answer cannot be used.</exception>
    public async Task<T> AskAsync<T>(RpcCall call, Func<JsonElement, T> decode, CancellationToken cancellationToken)
        where T : class
    {
        T? decoded = null;
        RpcAnswer answer = await rpc.AskAsync(call with { Check = Checking(element => decoded = decode(element)) }, cancellationToken)
            .ConfigureAwait(false);
        return answer.Error is RpcError error ? throw Refused(call, error) : decoded ?? Decoded(call, answer.Result, decode);
    }

    /// <summary>Notes which block stands under a number.</summary>
    /// <exception cref="AnswerFormatException">Another one did before.</exception>
    public void CheckHash(ulong number, Word hash)
    {
        Word known = _hashes.GetOrAdd(number, hash);
        if (known != hash)
        {
            SawConflict = true;
            throw new AnswerFormatException("blockHash", $"names {hash} as block {number}, where {known} was before");
        }
    }

    /// <summary>An address in lower case, as parameters have it.</summary>
    public static string Lower(Address address) => address.ToString().ToLowerInvariant();

    /// <summary>A topic that is an address, as JSON.</summary>
    public static string Topic(Address address) => $"\"0x{new string('0', 24)}{Lower(address)[2..]}\"";

    private static Func<JsonElement, string?> Checking(Action<JsonElement> decode) => element =>
    {
        try
        {
            decode(element);
            return null;
        }
        catch (AnswerFormatException fault)
        {
            return fault.Message;
        }
    };

    private static JsonElement NotNull(JsonElement answer, string what) => answer.ValueKind == JsonValueKind.Null
        ? throw new AnswerFormatException(string.Empty, $"is null: the node does not know this {what}")
        : answer;

    private T Decoded<T>(RpcCall call, JsonElement answer, Func<JsonElement, T> decode)
    {
        try
        {
            return decode(answer);
        }
        catch (AnswerFormatException fault)
        {
            throw new SourceException(Name, Describe(call), fault.Message, fault) { IsAnswered = true };
        }
    }

    private SourceException Refused(RpcCall call, RpcError error) =>
        new(Name, Describe(call), $"the node refuses: {error.Message} ({error.Code})") { IsAnswered = true };

    private static string Describe(RpcCall call)
    {
        const int longest = 160;
        string text = $"{call.Method}{call.Params}";
        return text.Length <= longest ? text : text[..longest] + "…";
    }

    private Block CheckedBlock(JsonElement answer, ulong number, bool headerOnly)
    {
        Block block = BlockDecoder.Decode(NotNull(answer, "block"), chain, headerOnly);
        if (block.Number != number)
        {
            throw new AnswerFormatException("number", $"is {block.Number} where {number} was asked for");
        }

        CheckHash(number, block.Hash);
        if (number > 0)
        {
            CheckHash(number - 1, block.ParentHash);
        }

        return block;
    }

    private ImmutableArray<Log> CheckedLogs(JsonElement answer, ulong first, ulong last, Func<Log, bool> matches)
    {
        ImmutableArray<Log> logs = LogDecoder.DecodeAll(answer, chain);
        foreach (Log log in logs)
        {
            if (log.Block < first || log.Block > last || !matches(log))
            {
                throw new AnswerFormatException(
                    string.Empty, $"holds log {log.Index} of block {log.Block}, which was not asked for");
            }

            CheckHash(log.Block, log.BlockHash);
        }

        return logs;
    }

    private void CheckPlace(TxHash hash, ulong block, Word blockHash, TxRef tx)
    {
        if (hash != tx.Hash || block != tx.Block)
        {
            throw new AnswerFormatException(
                string.Empty, $"is of transaction 0x{hash} in block {block}, which was not asked for");
        }

        CheckHash(block, blockHash);
    }

    private async Task<ImmutableArray<Receipt>> ReadReceiptsAsync(ulong number, CancellationToken cancellationToken)
    {
        Block block = await BlockAsync(number, cancellationToken).ConfigureAwait(false);
        ImmutableArray<Receipt> decoded = default;
        ImmutableArray<Receipt> Decode(JsonElement element)
        {
            ImmutableArray<Receipt> receipts = ReceiptDecoder.DecodeAll(NotNull(element, "block"), chain);
            bool fits = receipts.Length == block.Transactions.Length
                && receipts.Zip(block.Transactions).All(pair => pair.First.Tx == pair.Second.Hash && pair.First.BlockHash == block.Hash);
            return fits ? receipts : throw new AnswerFormatException(string.Empty, $"is not the receipts of block {number}");
        }

        RpcCall call = new("eth_getBlockReceipts", RpcParams.Of(number)) { LastBlock = number };
        RpcAnswer answer = await rpc.AskAsync(call with { Check = Checking(element => decoded = Decode(element)) }, cancellationToken)
            .ConfigureAwait(false);
        if (answer.Error is not RpcError error)
        {
            return decoded.IsDefault ? Decoded(call, answer.Result, Decode) : decoded;
        }

        if (RpcErrors.IsPassing(error))
        {
            throw Refused(call, error);
        }

        return [.. await Task.WhenAll(block.Transactions.Select(tx =>
            ReceiptAsync(new TxRef(tx.Hash, tx.Block, tx.Index), tx.GasPrice, cancellationToken))).ConfigureAwait(false)];
    }

    private async Task<BigInteger?> StateAsync(
        string method, Address address, ulong block, CancellationToken cancellationToken)
    {
        RpcCall call = new(method, RpcParams.Of(Lower(address), block))
        {
            LastBlock = block,
            Check = Checking(static element => new AnswerReader(element).Quantity()),
        };
        RpcAnswer answer = await rpc.AskAsync(call, cancellationToken).ConfigureAwait(false);
        return answer.Error is not RpcError error
            ? Decoded(call, answer.Result, static element => new AnswerReader(element).Quantity()).ToBigInteger()
            : RpcErrors.IsMissingState(error) ? null : throw Refused(call, error);
    }

    private async Task<byte[]?> CodeAsync(Address address, ulong block, CancellationToken cancellationToken)
    {
        RpcCall call = new("eth_getCode", RpcParams.Of(Lower(address), block)) { LastBlock = block };
        RpcAnswer answer = await rpc.AskAsync(call, cancellationToken).ConfigureAwait(false);
        return answer.Error is not RpcError error
            ? Decoded(call, answer.Result, static element => new AnswerReader(element).Data())
            : RpcErrors.IsMissingState(error) ? null : throw Refused(call, error);
    }
}
