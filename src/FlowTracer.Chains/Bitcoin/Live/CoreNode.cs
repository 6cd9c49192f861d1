using System.Globalization;
using FlowTracer.Chains.Ethereum;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>How far an index of the node's is.</summary>
internal enum IndexState
{
    /// <summary>The node has none.</summary>
    Missing,

    /// <summary>It is being built.</summary>
    Building,

    /// <summary>It has all blocks.</summary>
    Ready,
}

/// <summary>The indexes of a node.</summary>
/// <param name="Transactions">Of transactions (txindex).</param>
/// <param name="Filters">Of block filters (blockfilterindex).</param>
/// <param name="Spenders">Of spenders (txospenderindex).</param>
internal sealed record CoreIndexes(IndexState Transactions, IndexState Filters, IndexState Spenders)
{
    /// <summary>Whether it stays as it is while the node runs.</summary>
    public bool IsSettled => !new[] { Transactions, Filters, Spenders }.Contains(IndexState.Building);
}

/// <summary>What a node says of itself.</summary>
/// <param name="Client">E.g. <c>/Satoshi:28.0.0/</c>; empty when it does not say.</param>
/// <param name="PrunedBelow">The first height whose block it still has; null for one that has all.</param>
internal sealed record CoreInfo(string Client, ulong? PrunedBelow);

/// <summary>
/// The methods of Bitcoin Core that are used, one C# method each. What the node can do is found out by asking, once, and
/// never by its name. A refusal that says nothing about the question is a fault.
/// </summary>
internal sealed class CoreNode(IRpc rpc)
{
    private const int MiscError = -1;
    private const int TypeError = -3;
    private const int NoSuchThing = -5;
    private const int InvalidParameter = -8;

    // Verbosity as truth values, which all versions and bcoin take; as a number only where there is no other way.
    private const string Raw = "false";
    private const string Listed = "true";

    private volatile CoreIndexes? _indexes;
    private volatile bool _hasNoSpends;
    private volatile bool _hasNoBlockSpends;
    private volatile bool _hasNoFees;

    /// <summary>For a person: the node without its secrets.</summary>
    public string Name => rpc.Name;

    /// <summary>The newest block's height.</summary>
    public Task<ulong> HeightAsync(CancellationToken cancellationToken) =>
        AskAsync("getblockcount", "[]", static answer => answer.Height(), cancellationToken);

    /// <summary>The hash of the block at a height; null when the chain is not that long.</summary>
    public async Task<Hash256?> HashAsync(ulong height, CancellationToken cancellationToken)
    {
        (RpcCall call, Hash256 hash, RpcError? refusal) = await TryAsync(
            "getblockhash", $"[{Text(height)}]", static answer => answer.Hash(), cancellationToken).ConfigureAwait(false);
        return refusal switch
        {
            null => hash,
            { Code: InvalidParameter } => null,
            _ => throw Refused(call, refusal),
        };
    }

    /// <summary>A block's header.</summary>
    public Task<BlockHeader> HeaderAsync(Hash256 hash, CancellationToken cancellationToken) => AskAsync(
        "getblockheader", $"[\"{hash}\",{Raw}]", answer => CoreDecoder.Header(answer, hash), cancellationToken);

    /// <summary>The height of a block, on the chain or off it.</summary>
    public Task<ulong> HeightOfAsync(Hash256 hash, CancellationToken cancellationToken) => AskAsync(
        "getblockheader", $"[\"{hash}\",{Listed}]", static answer => answer["height"].Height(), cancellationToken);

    /// <summary>A block.</summary>
    public Task<Block> BlockAsync(Hash256 hash, CancellationToken cancellationToken) => AskAsync(
        "getblock", $"[\"{hash}\",{Raw}]", answer => CoreDecoder.Block(answer, hash), cancellationToken);

    /// <summary>A block's transactions, which must be those that its header stands for.</summary>
    public async Task<ListedBlock> ListedAsync(Hash256 hash, CancellationToken cancellationToken)
    {
        BlockHeader header = await HeaderAsync(hash, cancellationToken).ConfigureAwait(false);
        return await AskAsync(
            "getblock", $"[\"{hash}\",{Listed}]", answer => CoreDecoder.Listed(answer, header), cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>What a block's transactions pay; null where the node does not state it.</summary>
    public async Task<BlockFees?> FeesAsync(Hash256 hash, CancellationToken cancellationToken)
    {
        if (_hasNoFees)
        {
            return null;
        }

        // From Bitcoin Core 22 on with verbosity 2, while it has what undoes the block.
        foreach (string verbosity in new[] { "2", "3" })
        {
            (RpcCall call, BlockFees? fees, RpcError? refusal) = await TryAsync(
                "getblock", $"[\"{hash}\",{verbosity}]", CoreDecoder.Fees, cancellationToken).ConfigureAwait(false);
            if (refusal is not null && !IsOtherForm(refusal))
            {
                throw Refused(call, refusal);
            }

            if (fees is not null)
            {
                return fees;
            }
        }

        _hasNoFees = true;
        return null;
    }

    /// <summary>What the transactions of a block spend; null where the node does not state it.</summary>
    public async Task<IReadOnlyDictionary<TxHash, SpentOutput[]>?> BlockSpendsAsync(Hash256 hash, CancellationToken cancellationToken)
    {
        if (_hasNoBlockSpends)
        {
            return null;
        }

        // From Bitcoin Core 23 on.
        (RpcCall call, Dictionary<TxHash, SpentOutput[]?>? spends, RpcError? refusal) = await TryAsync(
            "getblock",
            $"[\"{hash}\",3]",
            static answer => answer["tx"].Items().ToDictionary(static one => one["txid"].Id(), CoreDecoder.Spends),
            cancellationToken).ConfigureAwait(false);
        if (refusal is not null && !IsOtherForm(refusal))
        {
            throw Refused(call, refusal);
        }

        if (spends is null || spends.Values.Any(static one => one is null))
        {
            _hasNoBlockSpends = true;
            return null;
        }

        return spends.ToDictionary(static one => one.Key, static one => one.Value!);
    }

    /// <summary>What a transaction spends; null where the node does not state it.</summary>
    /// <param name="id">The transaction.</param>
    /// <param name="block">Its block, where that is known: a node without an index finds it there.</param>
    /// <param name="cancellationToken">Ends the question.</param>
    public async Task<SpentOutput[]?> SpendsAsync(TxHash id, Hash256? block, CancellationToken cancellationToken)
    {
        if (_hasNoSpends)
        {
            return null;
        }

        // From Bitcoin Core 25 on.
        (RpcCall call, (SpentOutput[]? Spends, bool IsMined) told, RpcError? refusal) = await TryAsync(
            "getrawtransaction",
            $"[\"{id}\",2{InBlock(block)}]",
            static answer => (CoreDecoder.Spends(answer), answer.Find("blockhash") is not null),
            cancellationToken).ConfigureAwait(false);
        if (refusal is not null && !IsOtherForm(refusal))
        {
            return IsUnknown(refusal) ? null : throw Refused(call, refusal);
        }

        // One that waits for a block has nothing that undoes it: that says nothing of others.
        _hasNoSpends |= refusal is not null || (told.Spends is null && told.IsMined);
        return told.Spends;
    }

    /// <summary>A transaction's bytes; null where the node finds none.</summary>
    /// <param name="id">The transaction.</param>
    /// <param name="block">Its block, where it is to be looked for there.</param>
    /// <param name="cancellationToken">Ends the question.</param>
    public async Task<byte[]?> TransactionAsync(TxHash id, Hash256? block, CancellationToken cancellationToken)
    {
        (RpcCall call, byte[]? bytes, RpcError? refusal) = await TryAsync(
            "getrawtransaction",
            $"[\"{id}\",{Raw}{InBlock(block)}]",
            answer => CoreDecoder.Transaction(answer, id),
            cancellationToken).ConfigureAwait(false);
        return refusal is null || IsUnknown(refusal) ? bytes : throw Refused(call, refusal);
    }

    /// <summary>Where a transaction is by the node's index; null where the node finds none.</summary>
    public async Task<ListedTransaction?> PlacedAsync(TxHash id, CancellationToken cancellationToken)
    {
        (RpcCall call, ListedTransaction? placed, RpcError? refusal) = await TryAsync(
            "getrawtransaction",
            $"[\"{id}\",{Listed}]",
            answer => CoreDecoder.Placed(answer, id),
            cancellationToken).ConfigureAwait(false);
        return refusal is null || IsUnknown(refusal) ? placed : throw Refused(call, refusal);
    }

    /// <summary>A coin, as blocks alone have it; null when it is spent or never was.</summary>
    public Task<UnspentCoin?> UnspentAsync(OutPoint coin, CancellationToken cancellationToken) => AskAsync(
        "gettxout", $"[\"{coin.Tx}\",{Text(coin.Index)},false]", CoreDecoder.Unspent, cancellationToken);

    /// <summary>The spender of a coin by the node's index of spenders.</summary>
    public Task<SpendingPrevout> SpendingAsync(OutPoint coin, CancellationToken cancellationToken) => AskAsync(
        "gettxspendingprevout",
        $"[[{{\"txid\":\"{coin.Tx}\",\"vout\":{Text(coin.Index)}}}],{{\"mempool_only\":false}}]",
        CoreDecoder.Spending,
        cancellationToken);

    /// <summary>The blocks whose filters (BIP 158) match a script; some of them may not hold it.</summary>
    public Task<Hash256[]> ScanAsync(byte[] script, ulong from, ulong upTo, CancellationToken cancellationToken) => AskAsync(
        "scanblocks",
        $"[\"start\",[\"raw({Convert.ToHexStringLower(script)})\"],{Text(from)},{Text(upTo)}]",
        CoreDecoder.Relevant,
        cancellationToken);

    /// <summary>Which indexes the node has; asked again while one is being built.</summary>
    public async Task<CoreIndexes> IndexesAsync(CancellationToken cancellationToken)
    {
        if (_indexes is { IsSettled: true } known)
        {
            return known;
        }

        (RpcCall call, CoreIndexes? told, RpcError? refusal) = await TryAsync(
            "getindexinfo", "[]", static answer => Indexes(answer), cancellationToken).ConfigureAwait(false);
        if (refusal is not null && !RpcErrors.IsMethodMissing(refusal))
        {
            throw Refused(call, refusal);
        }

        CoreIndexes indexes = told ?? new CoreIndexes(
            await TriedIndexAsync(cancellationToken).ConfigureAwait(false), IndexState.Missing, IndexState.Missing);
        _indexes = indexes;
        return indexes;
    }

    /// <summary>What the node says of itself.</summary>
    public async Task<CoreInfo> InfoAsync(CancellationToken cancellationToken)
    {
        // A provider may keep its own name to itself.
        (_, string? client, _) = await TryAsync(
            "getnetworkinfo", "[]", static answer => answer["subversion"].Text(), cancellationToken).ConfigureAwait(false);
        ulong? pruned = await AskAsync(
            "getblockchaininfo",
            "[]",
            static answer => answer.Find("pruned")?.Flag() == true ? answer.Find("pruneheight")?.Height() : null,
            cancellationToken).ConfigureAwait(false);
        return new CoreInfo(client ?? string.Empty, pruned);
    }

    /// <summary>A fault of this node that no call is to blame for.</summary>
    public SourceException Fault(string call, string reason) => new(Name, call, reason) { IsAnswered = true };

    private static CoreIndexes Indexes(AnswerReader answer)
    {
        return new CoreIndexes(State("txindex"), State("basic block filter index"), State("txospenderindex"));

        IndexState State(string name) => answer.Find(name) is not { } index ? IndexState.Missing
            : index["synced"].Flag() ? IndexState.Ready : IndexState.Building;
    }

    // A node that does not tell of its indexes: whether it finds a transaction that is there. The first block's is not
    // found by any.
    private async Task<IndexState> TriedIndexAsync(CancellationToken cancellationToken)
    {
        if (await HashAsync(1, cancellationToken).ConfigureAwait(false) is not { } hash)
        {
            return IndexState.Missing;
        }

        ListedBlock block = await ListedAsync(hash, cancellationToken).ConfigureAwait(false);
        byte[]? found = await TransactionAsync(block.Ids[0].ToTxHash(), null, cancellationToken).ConfigureAwait(false);
        return found is null ? IndexState.Missing : IndexState.Ready;
    }

    private static string Text(ulong number) => number.ToString(CultureInfo.InvariantCulture);

    private static string InBlock(Hash256? block) => block is { } hash ? $",\"{hash}\"" : string.Empty;

    // Verbosity is no number there (bcoin), or there are too many parameters: the answer is the method's help.
    private static bool IsOtherForm(RpcError error) =>
        error.Code is TypeError || (error.Code == MiscError && error.Message.StartsWith("getrawtransaction ", StringComparison.Ordinal));

    // Bitcoin Core gives a code to it; bcoin has words alone.
    private static bool IsUnknown(RpcError error) => error.Code == NoSuchThing
        || (error.Code == MiscError && error.Message.StartsWith("Transaction not found", StringComparison.Ordinal));

    private Exception Refused(RpcCall call, RpcError error)
    {
        if (error.Message.Contains("pruned", StringComparison.OrdinalIgnoreCase)
            || error.Message.Contains("block not available", StringComparison.OrdinalIgnoreCase))
        {
            return new CannotKnowException("the node no longer has the block (prune); ask one that has all");
        }

        return RpcErrors.IsMethodMissing(error)
            ? new CannotKnowException($"the node has no {call.Method}")
            : new SourceException(Name, call.Shown, $"refused: {error.Message} ({Text(error.Code)})") { IsAnswered = true };
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private async Task<T> AskAsync<T>(
        string method, string parameters, Func<AnswerReader, T> decode, CancellationToken cancellationToken)
    {
        (RpcCall call, T? value, RpcError? refusal) =
            await TryAsync(method, parameters, decode, cancellationToken).ConfigureAwait(false);
        return refusal is null ? value! : throw Refused(call, refusal);
    }

    // What cannot be read is asked for again, by way of the call's check, which keeps what it read.
    private async Task<(RpcCall Call, T? Value, RpcError? Refusal)> TryAsync<T>(
        string method, string parameters, Func<AnswerReader, T> decode, CancellationToken cancellationToken)
    {
        T? value = default;
        bool isRead = false;
        RpcCall call = new(method, parameters)
        {
            IsKept = false,
            Check = answer =>
            {
                try
                {
                    value = decode(new AnswerReader(answer));
                    isRead = true;
                    return null;
                }
                catch (AnswerFormatException bad)
                {
                    return bad.Message;
                }
            },
        };
        RpcAnswer told = await rpc.AskAsync(call, cancellationToken).ConfigureAwait(false);
        if (told.Error is { } error)
        {
            return (call, default, error);
        }

        string? wrong = isRead ? null : call.Check!(told.Result);
        return wrong is null ? (call, value, null) : throw new SourceException(Name, call.Shown, wrong) { IsAnswered = true };
    }
}
