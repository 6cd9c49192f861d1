using System.Security.Cryptography;
using System.Text.Json;
using FlowTracer.Chains.Bitcoin;
using FlowTracer.Chains.Bitcoin.Live;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Chains.Bitcoin;

/// <summary>
/// The slow way to the answers: every transaction of a chain in dictionaries. It asks a source everything there is to ask
/// about the chain, and compares.
/// </summary>
internal sealed class SlowBlockReading
{
    private readonly List<Block> _chain;
    private readonly ulong _first;
    private readonly List<Entry> _entries = [];
    private readonly Dictionary<TxHash, Entry> _last = [];
    private readonly Dictionary<OutPoint, List<Entry>> _spenders = [];
    private readonly Dictionary<string, List<Entry>> _payments = [];

    public SlowBlockReading(IEnumerable<byte[]> chain, ulong first = 0)
    {
        _chain = [.. chain.Select(static bytes => Block.Parse(bytes))];
        _first = first;
        for (int i = 0; i < _chain.Count; i++)
        {
            for (int at = 0; at < _chain[i].TransactionCount; at++)
            {
                Add(new Entry(first + (ulong)i, at, _chain[i][at]));
            }
        }
    }

    private ulong Tip => _first + (ulong)_chain.Count - 1;

    /// <summary>How many coins there are to ask about.</summary>
    public int CoinCount => _entries.Sum(static entry => entry.Transaction.OutputCount);

    public static async Task<JsonElement> AskAsync(BitcoinRpc rpc, RpcCall call)
    {
        RpcAnswer answer = await rpc.AskAsync(call, CancellationToken.None);
        Assert.True(answer.Error is null, $"{call.Shown}: {answer.Error?.Message}");
        return answer.Result;
    }

    public static async Task<string> RefusedAsync(BitcoinRpc rpc, RpcCall call)
    {
        RpcAnswer answer = await rpc.AskAsync(call, CancellationToken.None);
        Assert.True(answer.Error is not null, $"{call.Shown} was answered: {answer.Result}");
        Assert.Equal(BitcoinRpc.CannotKnow, answer.Error.Code);
        return answer.Error.Message;
    }

    public static async Task<ulong> HeightAsync(BitcoinRpc rpc) => (await AskAsync(rpc, BitcoinCalls.HeightNow())).GetUInt64();

    /// <summary>Asks all there is, and of the histories those of so many scripts.</summary>
    public async Task CompareAsync(BitcoinRpc rpc, int mostScripts = int.MaxValue)
    {
        await CompareChainAsync(rpc);
        foreach (Entry entry in _entries)
        {
            await CompareTransactionAsync(rpc, entry);
        }

        foreach (ulong upTo in (ulong[])[Tip, (_first + Tip) / 2])
        {
            foreach (string script in _payments.Keys.Order(StringComparer.Ordinal).Take(mostScripts))
            {
                await CompareHistoryAsync(rpc, script, upTo);
            }
        }

        for (int i = 0; i < _chain.Count; i++)
        {
            await CompareFeesAsync(rpc, _first + (ulong)i);
        }
    }

    private void Add(Entry entry)
    {
        _entries.Add(entry);
        _last[entry.Transaction.Id] = entry;
        foreach (TxIn input in entry.Transaction.Inputs)
        {
            if (!input.IsCoinbase)
            {
                ListOf(_spenders, input.Spends).Add(entry);
            }
        }

        foreach (TxOut output in entry.Transaction.Outputs)
        {
            ListOf(_payments, Convert.ToHexStringLower(output.Script)).Add(entry);
        }
    }

    private async Task CompareChainAsync(BitcoinRpc rpc)
    {
        Assert.Equal(Tip, await HeightAsync(rpc));
        for (int i = 0; i < _chain.Count; i++)
        {
            JsonElement header = await AskAsync(rpc, BitcoinCalls.HeaderAt(_first + (ulong)i));
            Assert.Equal(Convert.ToHexStringLower(_chain[i].Bytes.Span[..80]), header.GetString());
        }

        Assert.Equal(JsonValueKind.Null, (await AskAsync(rpc, BitcoinCalls.HeaderAt(Tip + 1))).ValueKind);
    }

    private async Task CompareTransactionAsync(BitcoinRpc rpc, Entry entry)
    {
        Transaction transaction = entry.Transaction;
        TxHash id = transaction.Id;
        Assert.Equal(Convert.ToHexStringLower(transaction.Bytes), (await AskAsync(rpc, BitcoinCalls.RawOf(id))).GetString());

        Entry last = _last[id];
        JsonElement place = await AskAsync(rpc, BitcoinCalls.PlaceOf(id));
        Assert.Equal(last.Height, place.GetProperty("height").GetUInt64());
        Assert.Equal(last.Index, place.GetProperty("index").GetInt32());
        Hash256 root = _chain[(int)(last.Height - _first)].Header.MerkleRoot;
        Assert.Equal(root.ToString(), Fold(id, last.Index, place.GetProperty("branch")));

        await CompareSpendsAsync(rpc, transaction);
        foreach (uint index in Enumerable.Range(0, transaction.OutputCount).Select(static i => (uint)i))
        {
            foreach (ulong upTo in (ulong[])[Tip, (_first + Tip) / 2])
            {
                byte[] script = transaction.OutputAt(index).Script.ToArray();
                SpenderQuestion question = new(new OutPoint(id, index), script, entry.Height, upTo);
                Entry? spender = _spenders.GetValueOrDefault(question.Coin, []).Find(spent => spent.Height >= entry.Height);
                string? expected = spender is not null && spender.Height <= upTo ? Convert.ToHexStringLower(spender.Transaction.Bytes) : null;
                Assert.Equal(expected, (await AskAsync(rpc, BitcoinCalls.SpenderOf(question))).GetString());
            }
        }
    }

    private async Task CompareSpendsAsync(BitcoinRpc rpc, Transaction transaction)
    {
        RpcCall call = BitcoinCalls.SpendsOf(transaction.Id);
        List<OutPoint> coins = CoinsOf(transaction);
        int all = coins.Select(static coin => coin.Tx).Distinct().Count();
        int missing = coins.Select(static coin => coin.Tx).Distinct().Count(id => !_last.ContainsKey(id));
        if (missing > 0)
        {
            Assert.Contains($"lack {missing} of the {all} transactions", await RefusedAsync(rpc, call));
            return;
        }

        JsonElement answer = await AskAsync(rpc, call);
        Assert.Equal(
            coins.Select(coin => (ValueOf(coin), ScriptOf(coin))),
            answer.EnumerateArray().Select(static spent => (spent.GetProperty("value").GetUInt64(), spent.GetProperty("script").GetString()!)));
    }

    private async Task CompareHistoryAsync(BitcoinRpc rpc, string script, ulong upTo)
    {
        RpcCall call = BitcoinCalls.HistoryOf(Convert.FromHexString(script), upTo);
        if (_first > 0)
        {
            Assert.Contains($"missing: 0 to {_first - 1}", await RefusedAsync(rpc, call));
            return;
        }

        HashSet<TxHash> ids = [];
        foreach (Entry entry in _entries.Where(entry => entry.Height <= upTo))
        {
            bool pays = _payments[script].Contains(entry);
            if (pays || CoinsOf(entry.Transaction).Exists(coin => ScriptOf(coin) == script))
            {
                ids.Add(entry.Transaction.Id);
            }
        }

        Dictionary<TxHash, int> order = [];
        foreach ((int at, Entry entry) in _entries.Where(entry => entry.Height <= upTo).Index())
        {
            order[entry.Transaction.Id] = at;
        }

        JsonElement answer = await AskAsync(rpc, call);
        Assert.Equal(
            ids.OrderBy(id => order[id]).Select(static id => id.ToString()),
            answer.EnumerateArray().Select(static id => id.GetString()!));
    }

    private async Task CompareFeesAsync(BitcoinRpc rpc, ulong height)
    {
        RpcCall call = BitcoinCalls.FeesAt(height);
        Entry[] block = [.. _entries.Where(entry => entry.Height == height)];
        if (block.SelectMany(entry => CoinsOf(entry.Transaction)).Any(coin => !_last.ContainsKey(coin.Tx)))
        {
            Assert.Contains("the block files lack", await RefusedAsync(rpc, call));
            return;
        }

        JsonElement answer = await AskAsync(rpc, call);
        Assert.Equal(
            block.Select(static entry => entry.Transaction.Id.ToString()),
            answer.GetProperty("ids").EnumerateArray().Select(static id => id.GetString()!));
        Assert.Equal(
            block.Select(entry => entry.Index == 0 ? 0 : CoinsOf(entry.Transaction).Select(ValueOf).Aggregate(0UL, Sum) - Paid(entry)),
            answer.GetProperty("fees").EnumerateArray().Select(static fee => fee.GetUInt64()));
    }

    private ulong ValueOf(OutPoint coin) => _last[coin.Tx].Transaction.OutputAt(coin.Index).ValueSats;

    private string ScriptOf(OutPoint coin) => _last.TryGetValue(coin.Tx, out Entry? entry)
        ? Convert.ToHexStringLower(entry.Transaction.OutputAt(coin.Index).Script)
        : "not here";

    private static List<OutPoint> CoinsOf(Transaction transaction)
    {
        List<OutPoint> coins = [];
        foreach (TxIn input in transaction.Inputs)
        {
            if (!input.IsCoinbase)
            {
                coins.Add(input.Spends);
            }
        }

        return coins;
    }

    private static ulong Paid(Entry entry)
    {
        ulong paid = 0;
        foreach (TxOut output in entry.Transaction.Outputs)
        {
            paid += output.ValueSats;
        }

        return paid;
    }

    private static ulong Sum(ulong left, ulong right) => left + right;

    // The merkle tree's rule by the base library alone.
    private static string Fold(TxHash id, int index, JsonElement branch)
    {
        byte[] node = Convert.FromHexString(id.ToString());
        Array.Reverse(node);
        foreach (JsonElement half in branch.EnumerateArray())
        {
            byte[] other = Convert.FromHexString(half.GetString()!);
            Array.Reverse(other);
            byte[] pair = index % 2 == 0 ? [.. node, .. other] : [.. other, .. node];
            node = SHA256.HashData(SHA256.HashData(pair));
            index /= 2;
        }

        Assert.Equal(0, index);
        Array.Reverse(node);
        return Convert.ToHexStringLower(node);
    }

    private static List<Entry> ListOf<TKey>(Dictionary<TKey, List<Entry>> lists, TKey key)
        where TKey : notnull
    {
        if (!lists.TryGetValue(key, out List<Entry>? list))
        {
            lists.Add(key, list = []);
        }

        return list;
    }

    private sealed record Entry(ulong Height, int Index, Transaction Transaction);
}
