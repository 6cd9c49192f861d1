using System.Security.Cryptography;
using System.Text.Json;
using FlowTracer.Chains.Bitcoin.Scripts;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>
/// An Electrum server (ElectrumX, Fulcrum, electrs …): it knows transactions by id, and by script what paid to it or spent
/// from it. It is given no place of a transaction and no spender of a coin, so both are found in a script's history. The
/// calls are those of the Electrum protocol, 1.4 to 1.6.
/// </summary>
public sealed class ElectrumRpc : BitcoinRpc, IAsyncDisposable
{
    // Beyond so many, one question more may save them all.
    private const int FewCandidates = 16;
    private readonly ElectrumClient _client;
    private readonly int _mostTransactions;
    private readonly RawTransactions _known = new();

    /// <summary>A server, asked with a pipeline's patience.</summary>
    /// <param name="url">Its address, of tcp or ssl.</param>
    /// <param name="pipeline">Its settings and meter count; others may share it.</param>
    /// <param name="mostTransactions">The longest history of a script that is gone through.</param>
    /// <exception cref="ArgumentException">The address is not an Electrum server's.</exception>
    public ElectrumRpc(NodeUrl url, HttpPipeline pipeline, int mostTransactions)
    {
        _client = new ElectrumClient(url, pipeline);
        (Name, _mostTransactions) = (url.Display, mostTransactions);
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <summary>Ends the connection.</summary>
    public ValueTask DisposeAsync() => _client.DisposeAsync();

    /// <inheritdoc/>
    protected override Task<ulong> HeightAsync(CancellationToken cancellationToken)
    {
        ElectrumCall call = new("blockchain.headers.subscribe");
        return _client.AskAsync(
            call, answer => ElectrumDecoder.Height(Result(call, answer)), cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task<Hash256> GenesisAsync(CancellationToken cancellationToken)
    {
        // What server.features states is not asked for: not all have it, and this is the hash itself.
        ElectrumCall call = HeaderCall(0);
        BlockHeader genesis = await _client.AskAsync(
            call, answer => ElectrumDecoder.Header(Result(call, answer)), cancellationToken).ConfigureAwait(false);
        return genesis.ComputeHash();
    }

    /// <inheritdoc/>
    protected override async Task<AboutSource> AboutAsync(CancellationToken cancellationToken)
    {
        ElectrumServer server = await _client.ServerAsync(cancellationToken).ConfigureAwait(false);
        return new AboutSource(
            "Electrum", server.Software,
            $"transactions by id, spenders and histories by script (Electrum protocol {server.Protocol})",
            ["what a transaction spends is looked up one by one", "the fees of a block are not stated"]);
    }

    /// <inheritdoc/>
    protected override async Task<BlockHeader?> HeaderAsync(ulong height, CancellationToken cancellationToken)
    {
        ElectrumCall call = HeaderCall(height);
        (BlockHeader? Header, RpcError? Error) given = await _client.AskAsync(
            call,
            answer => answer.Error is { } error ? ((BlockHeader?)null, error) : (ElectrumDecoder.Header(answer.Result), null),
            cancellationToken).ConfigureAwait(false);

        // Each server has its own words for a height behind the end.
        return given.Error is { } refusal && height <= await HeightAsync(cancellationToken).ConfigureAwait(false)
            ? throw Refused(call, refusal)
            : given.Header;
    }

    /// <inheritdoc/>
    protected override async Task<byte[]?> RawAsync(TxHash id, CancellationToken cancellationToken) =>
        (await TransactionsAsync([id], cancellationToken).ConfigureAwait(false))[0];

    /// <inheritdoc/>
    protected override async Task<TxPlace?> PlaceAsync(TxHash id, CancellationToken cancellationToken)
    {
        if (await RawAsync(id, cancellationToken).ConfigureAwait(false) is not { } raw)
        {
            return null;
        }

        Transaction transaction = Transaction.Parse(raw);
        (bool Found, ulong? Height) seen =
            await HeightByScriptsAsync(id, PayableScripts(transaction), cancellationToken).ConfigureAwait(false);
        if (!seen.Found && !transaction.IsCoinbase)
        {
            // Histories that could not be read, or outputs that no server lists: the inputs' scripts list it as well.
            IReadOnlyList<byte[]> spent = await SpentScriptsAsync(transaction, cancellationToken).ConfigureAwait(false);
            seen = await HeightByScriptsAsync(id, spent, cancellationToken).ConfigureAwait(false);
        }

        return !seen.Found ? throw new CannotKnowException(
                $"the server lists {id} under none of its scripts, or gives no list: their histories are too long")
            : seen.Height is { } height ? (await PlacesAsync([id], height, cancellationToken).ConfigureAwait(false))[0]
            : null;
    }

    /// <inheritdoc/>
    protected override async Task<TxHash?> SpenderAsync(SpenderQuestion question, CancellationToken cancellationToken)
    {
        IReadOnlyList<HistoryEntry> history = await HistoryOfAsync(question.Script, cancellationToken).ConfigureAwait(false)
            ?? throw TooLong();
        TxHash[] candidates = [.. history
            .Where(entry => entry.Height is { } height && height >= question.Height && height <= question.UpTo
                && entry.Id != question.Coin.Tx)
            .OrderBy(static entry => entry.Height).Select(static entry => entry.Id).Distinct()];
        if (candidates.Length > FewCandidates
            && await IsUnspentAsync(question, cancellationToken).ConfigureAwait(false))
        {
            return null;
        }

        if (candidates.Length > _mostTransactions)
        {
            throw TooLong();
        }

        for (int from = 0, size = FewCandidates; from < candidates.Length; from += size, size *= 2)
        {
            TxHash[] next = [.. candidates.Skip(from).Take(size)];
            byte[]?[] raws = await TransactionsAsync(next, cancellationToken).ConfigureAwait(false);
            for (int at = 0; at < next.Length; at++)
            {
                if (Spends(raws[at] ?? throw Lost(next[at]), question.Coin))
                {
                    return next[at];
                }
            }
        }

        return null;
    }

    /// <inheritdoc/>
    protected override async Task<IReadOnlyList<TxHash>> HistoryAsync(
        byte[] script, ulong upTo, CancellationToken cancellationToken)
    {
        IReadOnlyList<HistoryEntry> history =
            await HistoryOfAsync(script, cancellationToken).ConfigureAwait(false) ?? throw TooLong();
        // Of two with one id the later one stands for both (BIP 30).
        HistoryEntry[] confirmed = [.. history.Where(entry => entry.Height <= upTo)
            .GroupBy(static entry => entry.Id).Select(static same => same.MaxBy(static entry => entry.Height)!)];
        if (confirmed.Length > _mostTransactions)
        {
            throw TooLong();
        }

        List<TxHash> ids = [];
        foreach (IGrouping<ulong, HistoryEntry> block in confirmed.GroupBy(static entry => entry.Height!.Value).OrderBy(static g => g.Key))
        {
            TxHash[] within = [.. block.Select(static entry => entry.Id)];
            ids.AddRange(within.Length == 1
                ? within
                : await InBlockOrderAsync(within, block.Key, cancellationToken).ConfigureAwait(false));
        }

        return ids;
    }

    private static ElectrumCall HeaderCall(ulong height) => new("blockchain.block.header", height);

    // The protocol's name of a script: its SHA-256, bytes turned round.
    private static string ScriptHash(byte[] script) => new Hash256(SHA256.HashData(script)).ToString();

    // Nothing can spend such an output, so no server lists it.
    private static bool IsPayable(ReadOnlySpan<byte> script) => ScriptClassifier.Classify(script) != ScriptKind.NullData;

    private static List<byte[]> PayableScripts(Transaction transaction)
    {
        List<byte[]> scripts = [];
        foreach (TxOut output in transaction.Outputs)
        {
            if (IsPayable(output.Script))
            {
                scripts.Add(output.Script.ToArray());
            }
        }

        return scripts;
    }

    private static bool Spends(byte[] raw, OutPoint coin)
    {
        Transaction transaction = Transaction.Parse(raw);
        foreach (TxIn input in transaction.Inputs)
        {
            if (!input.IsCoinbase && input.Spends == coin)
            {
                return true;
            }
        }

        return false;
    }

    private CannotKnowException TooLong() => new(
        $"the script's history has more transactions than the server gives, or than are gone through ({Numbers.Text(_mostTransactions)})");

    private SourceException Lost(TxHash id) => new(
        Name, $"blockchain.transaction.get {id}", "the server lists the transaction in a history and does not have it")
    {
        IsAnswered = true,
    };

    private SourceException Refused(ElectrumCall call, RpcError error) =>
        new(Name, call.Shown, $"refused: “{error.Message}”") { IsAnswered = true };

    /// <summary>An answer's result; what may pass is asked for again.</summary>
    private JsonElement Result(ElectrumCall call, RpcAnswer answer) => answer.Error switch
    {
        null => answer.Result,
        { } error when RpcErrors.IsPassing(error) => throw new BadAnswerException($"says “{error.Message}”"),
        { } error => throw Refused(call, error),
    };

    private async Task<IReadOnlyList<TxHash>> InBlockOrderAsync(
        TxHash[] ids, ulong height, CancellationToken cancellationToken)
    {
        TxPlace[] places = await PlacesAsync(ids, height, cancellationToken).ConfigureAwait(false);
        return [.. ids.Zip(places).OrderBy(static pair => pair.Second.Index).Select(static pair => pair.First)];
    }

    private Task<TxPlace[]> PlacesAsync(TxHash[] ids, ulong height, CancellationToken cancellationToken)
    {
        ElectrumCall[] calls =
            [.. ids.Select(id => new ElectrumCall("blockchain.transaction.get_merkle", id.ToString(), height))];
        return _client.AskAsync(
            calls, (at, answer) => ElectrumDecoder.Place(Result(calls[at], answer), height), cancellationToken);
    }

    /// <summary>Transactions' bytes in the order of their ids, which are checked; null for one there is not.</summary>
    private async Task<byte[]?[]> TransactionsAsync(TxHash[] ids, CancellationToken cancellationToken)
    {
        byte[]?[] raws = [.. ids.Select(_known.Find)];
        int[] missing = [.. Enumerable.Range(0, raws.Length).Where(at => raws[at] is null)];
        ElectrumCall[] calls =
            [.. missing.Select(at => new ElectrumCall("blockchain.transaction.get", ids[at].ToString()))];
        byte[]?[] found = await _client.AskAsync(
            calls,
            (at, answer) => answer.Error is { } error && ElectrumErrors.IsMissing(error)
                ? null
                : ElectrumDecoder.Raw(Result(calls[at], answer), ids[missing[at]]),
            cancellationToken).ConfigureAwait(false);
        for (int at = 0; at < missing.Length; at++)
        {
            raws[missing[at]] = found[at];
            if (found[at] is { } raw)
            {
                _known.Keep(ids[missing[at]], raw);
            }
        }

        return raws;
    }

    private async Task<IReadOnlyList<byte[]>> SpentScriptsAsync(Transaction transaction, CancellationToken cancellationToken)
    {
        List<OutPoint> spent = [];
        foreach (TxIn input in transaction.Inputs)
        {
            spent.Add(input.Spends);
        }

        TxHash[] ids = [.. spent.Select(static coin => coin.Tx).Distinct()];
        byte[]?[] raws = await TransactionsAsync(ids, cancellationToken).ConfigureAwait(false);
        Dictionary<TxHash, byte[]> byId = ids.Zip(raws).ToDictionary(
            static pair => pair.First, pair => pair.Second ?? throw Lost(pair.First));
        return [.. spent.Select(coin => Transaction.Parse(byId[coin.Tx]).OutputAt(coin.Index).Script.ToArray())];
    }

    /// <summary>
    /// The height of a transaction's block by the first history that lists it; no height while it is in none. Of two with
    /// one id it is the later one's, whose coins took the place of the first one's (BIP 30).
    /// </summary>
    private async Task<(bool Found, ulong? Height)> HeightByScriptsAsync(
        TxHash id, IReadOnlyList<byte[]> scripts, CancellationToken cancellationToken)
    {
        HashSet<string> asked = [];
        foreach (byte[] script in scripts.Where(script => asked.Add(ScriptHash(script))))
        {
            IReadOnlyList<HistoryEntry>? history = await HistoryOfAsync(script, cancellationToken).ConfigureAwait(false);
            if (history?.Where(entry => entry.Id == id).ToArray() is { Length: > 0 } listed)
            {
                return (true, listed.Max(static entry => entry.Height));
            }
        }

        return (false, null);
    }

    /// <summary>What a script took part in; null when it is more than the server gives.</summary>
    private Task<IReadOnlyList<HistoryEntry>?> HistoryOfAsync(byte[] script, CancellationToken cancellationToken)
    {
        ElectrumCall call = new("blockchain.scripthash.get_history", ScriptHash(script));
        return _client.AskAsync(
            call,
            answer => answer.Error is { } error && ElectrumErrors.IsTooLong(error)
                ? null
                : ElectrumDecoder.History(Result(call, answer)),
            cancellationToken);
    }

    private Task<bool> IsUnspentAsync(SpenderQuestion question, CancellationToken cancellationToken)
    {
        ElectrumCall call = new("blockchain.scripthash.listunspent", ScriptHash(question.Script));
        return _client.AskAsync(
            call,
            answer => answer.Error is null && ElectrumDecoder.Unspent(answer.Result).Contains(question.Coin),
            cancellationToken);
    }
}
