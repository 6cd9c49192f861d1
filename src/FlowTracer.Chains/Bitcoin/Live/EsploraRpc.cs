using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>
/// An explorer with Esplora's REST interface (Blockstream's electrs, mempool.space): it states what spends a coin, what a
/// transaction spends, and where it stands. The paths are those of Esplora's API page, below the address given, which
/// usually ends in <c>/api</c>.
/// </summary>
/// <param name="url">Its address.</param>
/// <param name="pipeline">The way to the network.</param>
/// <param name="mostTransactions">The longest history of a script that is read.</param>
public sealed class EsploraRpc(NodeUrl url, HttpPipeline pipeline, int mostTransactions) : BitcoinRpc
{
    private const int BlockPage = 25;
    private const int LongestWords = 300;
    private const int MostReads = 3;

    // No block holds more: 4 million bytes, and no transaction is shorter than 60.
    private const int MostInBlock = Block.MaxBytes / TxDecoder.MinBytes;

    private readonly OnceMemo<TxHash, TxQuestion, EsploraTransaction> _transactions = new(mostWeight: 64 * 1024 * 1024);
    private readonly OnceMemo<(TxHash, ulong), uint, IReadOnlyList<Outspend>> _outspends = new(mostWeight: 1_000_000);
    private int _fullPage;

    private enum TxQuestion
    {
        Raw,
        Spends,
    }

    /// <inheritdoc/>
    public override string Name => url.Display;

    /// <inheritdoc/>
    protected override async Task<ulong> HeightAsync(CancellationToken cancellationToken)
    {
        (_, ulong height) = await AskAsync("blocks/tip/height", HeightIn, cancellationToken).ConfigureAwait(false);
        return height;
    }

    /// <inheritdoc/>
    protected override async Task<Hash256> GenesisAsync(CancellationToken cancellationToken) =>
        await BlockAtAsync(0, cancellationToken).ConfigureAwait(false) ?? throw Absent("block-height/0", "the first block");

    /// <inheritdoc/>
    protected override Task<AboutSource> AboutAsync(CancellationToken cancellationToken) => Task.FromResult(
        new AboutSource("Esplora", "", "transactions, spenders and histories from the explorer's index", []));

    /// <inheritdoc/>
    protected override async Task<BlockHeader?> HeaderAsync(ulong height, CancellationToken cancellationToken)
    {
        if (await BlockAtAsync(height, cancellationToken).ConfigureAwait(false) is not { } hash)
        {
            return null;
        }

        string path = $"block/{hash}/header";
        (bool isThere, BlockHeader header) = await AskAsync(path, body => HeaderIn(body, hash), cancellationToken).ConfigureAwait(false);
        return isThere ? header : throw Absent(path, "a block it lists");
    }

    /// <inheritdoc/>
    protected override async Task<byte[]?> RawAsync(TxHash id, CancellationToken cancellationToken) =>
        (await TransactionAsync(id, TxQuestion.Raw, cancellationToken).ConfigureAwait(false))?.Transaction.Bytes.ToArray();

    /// <inheritdoc/>
    protected override async Task<IReadOnlyList<SpentOutput>> SpendsAsync(TxHash id, CancellationToken cancellationToken) =>
        (await TransactionAsync(id, TxQuestion.Spends, cancellationToken).ConfigureAwait(false))?.Spends
            ?? throw Absent($"tx/{id}", "the transaction");

    /// <inheritdoc/>
    protected override async Task<TxPlace?> PlaceAsync(TxHash id, CancellationToken cancellationToken)
    {
        (bool isThere, TxPlace? place) = await AskAsync(
            $"tx/{id}/merkle-proof", static body => ElectrumDecoder.Place(Json(body), height: null), cancellationToken).ConfigureAwait(false);
        return isThere ? place : null;
    }

    /// <inheritdoc/>
    protected override async Task<TxHash?> SpenderAsync(SpenderQuestion question, CancellationToken cancellationToken)
    {
        // Of all coins at once: the next ones are asked about soon after.
        OutPoint coin = question.Coin;
        string path = $"tx/{coin.Tx}/outspends";
        IReadOnlyList<Outspend> outspends = await _outspends.GetAsync(
            (coin.Tx, question.UpTo), coin.Index,
            async token =>
            {
                (bool isThere, IReadOnlyList<Outspend>? list) = await AskAsync(path, OutspendsIn, token).ConfigureAwait(false);
                return isThere ? list : throw Absent(path, "the transaction");
            },
            static list => list.Count, cancellationToken).ConfigureAwait(false) ?? [];
        return coin.Index >= outspends.Count
            ? throw new SourceException(Name, path, $"the answer leaves output {coin.Index} out") { IsAnswered = true }
            : outspends[(int)coin.Index] is { Spender: { } spender, Height: { } height } && height <= question.UpTo ? spender
            : null;
    }

    /// <inheritdoc/>
    protected override async Task<IReadOnlyList<TxHash>> HistoryAsync(
        byte[] script, ulong upTo, CancellationToken cancellationToken)
    {
        string path = $"scripthash/{Convert.ToHexStringLower(SHA256.HashData(script))}";
        for (int read = 1; ; read++)
        {
            History history = await ReadHistoryAsync($"{path}/txs/chain", upTo, cancellationToken).ConfigureAwait(false);
            // Asked for what follows a transaction that a change of the chain has removed, a server may give nothing.
            if (!history.HasPages || history.All == await CountAsync(path, cancellationToken).ConfigureAwait(false))
            {
                return await InChainOrderAsync(history.NewestFirst, cancellationToken).ConfigureAwait(false);
            }

            if (read == MostReads)
            {
                throw new SourceException(
                    Name, path, "the pages of the history are not as many transactions as the explorer states; it may be changing")
                {
                    IsAnswered = true,
                };
            }
        }
    }

    /// <inheritdoc/>
    protected override async Task<BlockFees> FeesAsync(ulong height, CancellationToken cancellationToken)
    {
        Hash256 hash = await BlockAtAsync(height, cancellationToken).ConfigureAwait(false)
            ?? throw new CannotKnowException($"its chain has no block {Numbers.Text(height)}");
        string path = $"block/{hash}";
        (bool isThere, int count) = await AskAsync(path, CountIn, cancellationToken).ConfigureAwait(false);
        if (!isThere)
        {
            throw Absent(path, "a block it lists");
        }

        // The pages are asked for together: the pipeline sends as many at a time as the server bears.
        IReadOnlyList<EsploraTransaction>[] pages = await Task.WhenAll(Enumerable.Range(0, (count + BlockPage - 1) / BlockPage)
            .Select(page => BlockPageAsync(path, page * BlockPage, count, cancellationToken))).ConfigureAwait(false);
        EsploraTransaction[] all = [.. pages.SelectMany(static page => page)];
        return new BlockFees([.. all.Select(static tx => tx.Transaction.Id)], [.. all.Select(static tx => tx.FeeSats)]);
    }

    private async Task<History> ReadHistoryAsync(string path, ulong upTo, CancellationToken cancellationToken)
    {
        List<(TxHash Id, ulong Height)> newestFirst = [];
        HashSet<TxHash> seen = [];
        (TxHash? last, ulong lowest) = (null, ulong.MaxValue);
        for (int pages = 1; ; pages++)
        {
            IReadOnlyList<EsploraTransaction> page =
                await PageAsync(last is { } anchor ? $"{path}/{anchor}" : path, seen, lowest, cancellationToken).ConfigureAwait(false);
            foreach (EsploraTransaction transaction in page)
            {
                (TxHash id, ulong height) = (transaction.Transaction.Id, transaction.Height!.Value);
                seen.Add(id);
                (last, lowest) = (id, height);
                if (height <= upTo)
                {
                    newestFirst.Add((id, height));
                    _transactions.Keep(id, transaction, WeightOf(transaction));
                }
            }

            if (newestFirst.Count > mostTransactions)
            {
                throw new CannotKnowException(
                    $"the script's history has more transactions than are gone through ({Numbers.Text(mostTransactions)})");
            }

            // Servers have pages of different lengths: one shorter than an earlier one is the last.
            int full = Volatile.Read(ref _fullPage);
            if (page.Count == 0 || page.Count < full)
            {
                return new History(newestFirst, seen.Count, pages > 1);
            }

            Interlocked.CompareExchange(ref _fullPage, page.Count, full);
        }
    }

    private async Task<int> CountAsync(string path, CancellationToken cancellationToken)
    {
        (bool isThere, int count) = await AskAsync(
            path,
            static body => ElectrumDecoder.Reading(Json(body), static stats => stats.GetProperty("chain_stats").GetProperty("tx_count").GetInt32()),
            cancellationToken).ConfigureAwait(false);
        return isThere ? count : throw Absent(path, "a script whose history it gives");
    }

    private static long WeightOf(EsploraTransaction transaction) =>
        transaction.Transaction.Length + transaction.Spends.Sum(static output => (long)output.Script.Length);

    private async Task<Hash256?> BlockAtAsync(ulong height, CancellationToken cancellationToken)
    {
        (bool isThere, Hash256 hash) = await AskAsync(
            $"block-height/{Numbers.Text(height)}",
            static body => Hash256.TryParse(Words(body), out Hash256 read) ? read : throw new BadAnswerException("is no block's hash"),
            cancellationToken).ConfigureAwait(false);
        return isThere ? hash : null;
    }

    private Task<EsploraTransaction?> TransactionAsync(TxHash id, TxQuestion question, CancellationToken cancellationToken) =>
        _transactions.GetAsync(
            id, question,
            async token =>
            {
                (bool isThere, EsploraTransaction? transaction) =
                    await AskAsync($"tx/{id}", body => TransactionIn(body, id), token).ConfigureAwait(false);
                return isThere ? transaction : null;
            },
            WeightOf, cancellationToken);

    private async Task<IReadOnlyList<EsploraTransaction>> PageAsync(
        string path, HashSet<TxHash> seen, ulong lowest, CancellationToken cancellationToken)
    {
        (bool isThere, IReadOnlyList<EsploraTransaction>? page) =
            await AskAsync(path, body => HistoryPageIn(body, seen, lowest), cancellationToken).ConfigureAwait(false);
        return isThere ? page! : throw Absent(path, "the page: its chain may have changed in between");
    }

    private async Task<IReadOnlyList<EsploraTransaction>> BlockPageAsync(
        string path, int start, int count, CancellationToken cancellationToken)
    {
        string page = $"{path}/txs/{Numbers.Text(start)}";
        (bool isThere, IReadOnlyList<EsploraTransaction>? transactions) = await AskAsync(
            page, body => BlockPageIn(body, start, Math.Min(BlockPage, count - start)), cancellationToken).ConfigureAwait(false);
        return isThere ? transactions! : throw Absent(page, "a part of the block");
    }

    /// <summary>Oldest first; within a block the explorer's order is its own, so the block is asked for its.</summary>
    private async Task<IReadOnlyList<TxHash>> InChainOrderAsync(
        List<(TxHash Id, ulong Height)> newestFirst, CancellationToken cancellationToken)
    {
        List<TxHash> ids = [];
        foreach (IGrouping<ulong, TxHash> block in newestFirst.GroupBy(static tx => tx.Height, static tx => tx.Id).Reverse())
        {
            ids.AddRange(block.Count() == 1
                ? block
                : await InBlockOrderAsync(block.ToHashSet(), block.Key, cancellationToken).ConfigureAwait(false));
        }

        return ids;
    }

    private async Task<IEnumerable<TxHash>> InBlockOrderAsync(HashSet<TxHash> ids, ulong height, CancellationToken cancellationToken)
    {
        Hash256 hash = await BlockAtAsync(height, cancellationToken).ConfigureAwait(false)
            ?? throw Absent($"block-height/{Numbers.Text(height)}", "a block it lists");
        string path = $"block/{hash}/txids";
        (bool isThere, List<TxHash>? ordered) = await AskAsync(path, body => WithinIn(body, ids), cancellationToken).ConfigureAwait(false);
        return isThere ? ordered! : throw Absent(path, "a block it lists");
    }

    private SourceException Absent(string path, string what) =>
        new(Name, path, $"the explorer says it does not have {what}") { IsAnswered = true };

    private async Task<(bool IsThere, T? Answer)> AskAsync<T>(
        string path, Func<ReadOnlyMemory<byte>, T> read, CancellationToken cancellationToken)
    {
        pipeline.Meter.AddCalls(1);
        return await pipeline.SendAsync(
            url, path,
            () => new HttpRequestMessage(HttpMethod.Get, url.Below(path)),
            (status, body) => status switch
            {
                HttpStatusCode.OK => (true, read(body)),
                HttpStatusCode.NotFound when IsAbsence(Words(body)) => (false, default(T)),
                _ when Words(body).Contains("too many history entries", StringComparison.OrdinalIgnoreCase) =>
                    throw new CannotKnowException("the script's history has more transactions than the explorer gives"),
                _ => throw new BadAnswerException("has another status"),
            },
            cancellationToken).ConfigureAwait(false);
    }

    // A page of a web server says "not found" too; that is a wrong address, not an answer.
    private static bool IsAbsence(string words) =>
        !words.StartsWith('<') && ((string[])["not found", "no such", "out of range"]).Any(
            said => words.Contains(said, StringComparison.OrdinalIgnoreCase));

    private static string Words(ReadOnlyMemory<byte> body) =>
        Encoding.UTF8.GetString(body.Span[..Math.Min(body.Length, LongestWords)]).Trim();

    private static JsonElement Json(ReadOnlyMemory<byte> body)
    {
        using JsonDocument document = JsonDocument.Parse(body);
        return document.RootElement.Clone();
    }

    private static ulong HeightIn(ReadOnlyMemory<byte> body) =>
        ulong.TryParse(Words(body), NumberStyles.None, CultureInfo.InvariantCulture, out ulong height)
            ? ElectrumDecoder.Stated(height)
            : throw new BadAnswerException("is no height");

    private static BlockHeader HeaderIn(ReadOnlyMemory<byte> body, Hash256 hash)
    {
        try
        {
            BlockHeader header = ElectrumDecoder.HeaderIn(Words(body));
            return header.ComputeHash() == hash ? header : throw new BadAnswerException("is another block's header");
        }
        catch (BitcoinFormatException bad)
        {
            throw new BadAnswerException($"is no block header ({bad.Reason})");
        }
    }

    private static EsploraTransaction TransactionIn(ReadOnlyMemory<byte> body, TxHash id)
    {
        EsploraTransaction transaction = EsploraDecoder.Transaction(Json(body));
        return transaction.Transaction.Id == id
            ? transaction
            : throw new BadAnswerException($"is another transaction: {transaction.Transaction.Id}");
    }

    private static List<Outspend> OutspendsIn(ReadOnlyMemory<byte> body) =>
        ElectrumDecoder.Reading(Json(body), static list => list.EnumerateArray().Select(EsploraDecoder.Outspend).ToList());

    private static int CountIn(ReadOnlyMemory<byte> body)
    {
        int count = ElectrumDecoder.Reading(Json(body), static block => block.GetProperty("tx_count").GetInt32());
        return count is > 0 and <= MostInBlock ? count : throw new BadAnswerException("states a number of transactions that no block has");
    }

    private static List<TxHash> WithinIn(ReadOnlyMemory<byte> body, HashSet<TxHash> ids)
    {
        List<TxHash> within = ElectrumDecoder.Reading(Json(body), list => list.EnumerateArray()
            .Select(static id => ElectrumDecoder.IdIn(id.GetString())).Where(ids.Contains).ToList());
        return within.Count == ids.Count ? within : throw new BadAnswerException("leaves transactions of the block out");
    }

    // Pages that overlap, go back up, or hold what is in no block are not the next ones.
    private static IReadOnlyList<EsploraTransaction> HistoryPageIn(ReadOnlyMemory<byte> body, HashSet<TxHash> seen, ulong lowest)
    {
        IReadOnlyList<EsploraTransaction> page = EsploraDecoder.Transactions(Json(body));
        HashSet<TxHash> own = [];
        foreach (EsploraTransaction transaction in page)
        {
            if (transaction.Height is not { } height || height > lowest)
            {
                throw new BadAnswerException("is not in the order of the chain, newest first");
            }

            if (seen.Contains(transaction.Transaction.Id) || !own.Add(transaction.Transaction.Id))
            {
                throw new BadAnswerException("repeats a transaction of the page before");
            }

            lowest = height;
        }

        return page;
    }

    private static IReadOnlyList<EsploraTransaction> BlockPageIn(ReadOnlyMemory<byte> body, int start, int count)
    {
        IReadOnlyList<EsploraTransaction> page = EsploraDecoder.Transactions(Json(body));
        bool hasCoinbaseFirst = page.Count > 0 && page[0].Transaction.IsCoinbase == (start == 0);
        return page.Count == count && hasCoinbaseFirst && page.All(static tx => tx.FeeSats <= TxDecoder.MaxSupplySats)
            ? page
            : throw new BadAnswerException("is not that part of the block");
    }

    /// <param name="NewestFirst">Those up to the last block that counts.</param>
    /// <param name="All">How many there were.</param>
    /// <param name="HasPages">Whether they came in several pages.</param>
    private sealed record History(List<(TxHash Id, ulong Height)> NewestFirst, int All, bool HasPages);
}
