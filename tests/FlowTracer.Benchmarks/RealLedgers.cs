using System.Buffers.Binary;
using System.IO.Compression;
using System.Text.Json;
using FlowTracer.App.Traces;
using FlowTracer.Chains.Bitcoin;
using FlowTracer.Chains.Recorded;
using FlowTracer.Core.Bulk;
using FlowTracer.Core.Model;
using FlowTracer.Testing;

namespace FlowTracer.Benchmarks;

/// <summary>Real data as ledgers, for comparison: read in place, in whole or not at all.</summary>
internal static class RealLedgers
{
    private const string BlockFolder = "bitcoin-blocks";
    private const string EsploraFile = "esplora/mempool.jsonl.gz";
    private const int FileHeadBytes = 2 * sizeof(uint);

    /// <summary>Those of the shared data that are there, with a name each; a line on standard error for each that is not.</summary>
    public static IEnumerable<(string Name, CoinLedger Ledger)> Coins()
    {
        if (IsThere(EsploraFile))
        {
            yield return ("mempool of 2024", Esplora(Path.Combine(Repository.SharedData, EsploraFile)));
        }

        if (IsThere(BlockFolder))
        {
            string folder = Path.Combine(Repository.SharedData, BlockFolder);
            yield return ("single blocks, 2012 to 2021", OfBlocks(BlockReading.SingleBlocks(folder, 0).Select(static bytes => Block.Parse(bytes)).OrderBy(static block => block.Header.Time)));
            yield return ("blocks 0 to 4,312", OfBlocks(BlocksOfFile(Path.Combine(folder, BlockReading.FirstBlocksName))));
        }
    }

    /// <summary>The transfers of ETH of the Ronin case, in wei.</summary>
    public static AccountLedger<Units128> Ronin()
    {
        byte[] record = File.ReadAllBytes(Path.Combine(TraceDesk.ShippedFixtures, "ethereum", "ronin-2022", "transfers.csv"));
        AccountLedgerBuilder<Units128> builder = new();
        Dictionary<Address, int> holders = [];
        foreach (Movement movement in TransfersCsv.Read(record, "transfers.csv"))
        {
            if (movement is { Inputs: [Leg from], Outputs: [Leg to] } && from.Holder.Asset.IsCoin)
            {
                builder.Transfer(Number(from.Holder.Address), Number(to.Holder.Address), Units128.Of(to.Amount));
            }
        }

        return builder.Build();

        int Number(Address address) =>
            holders.TryGetValue(address, out int known) ? known : holders[address] = builder.AddHolder(holders.Count);
    }

    private static bool IsThere(string path)
    {
        string full = Path.Combine(Repository.SharedData, path);
        bool isThere = File.Exists(full) || Directory.Exists(full);
        if (!isThere)
        {
            Console.Error.WriteLine($"left out: needs ../shared/data/{path}, which is not here");
        }

        return isThere;
    }

    // Blocks of one after the other in a file as a node keeps them: network, length, bytes.
    private static IEnumerable<Block> BlocksOfFile(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        int length;
        for (int at = 0; at + FileHeadBytes <= bytes.Length; at += FileHeadBytes + length)
        {
            length = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at + sizeof(uint)));
            if (length <= 0 || at + FileHeadBytes + length > bytes.Length)
            {
                yield break;
            }

            yield return Block.Parse(bytes.AsMemory(at + FileHeadBytes, length));
        }
    }

    private static CoinLedger OfBlocks(IEnumerable<Block> blocks)
    {
        CoinNumbers coins = new();
        ulong number = 0;
        foreach (Block block in blocks)
        {
            coins.Builder.BeginBlock(number++, block.Header.Time);
            for (int i = 1; i < block.TransactionCount; i++)
            {
                Add(coins, MovementKind.Transaction, block[i]);
            }

            Add(coins, MovementKind.Reward, block[0]);
        }

        return coins.Builder.Build();
    }

    private static void Add(CoinNumbers coins, MovementKind kind, Transaction transaction)
    {
        List<int> inputs = [];
        foreach (TxIn input in transaction.Inputs)
        {
            if (!input.IsCoinbase)
            {
                inputs.Add(coins.Spend(input.Spends.ToString(), 0, null));
            }
        }

        List<(string, ulong, string)> outputs = [];
        foreach (TxOut output in transaction.Outputs)
        {
            outputs.Add((new OutPoint(transaction.Id, (uint)output.Index).ToString(), output.ValueSats, Convert.ToHexStringLower(output.Script)));
        }

        coins.Add(kind, [.. inputs], outputs);
    }

    // In no order but that of who spends whom.
    private static CoinLedger Esplora(string path)
    {
        using StreamReader reader = new(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        Dictionary<string, JsonElement> waiting = [];
        while (reader.ReadLine() is { } line)
        {
            JsonElement json = JsonDocument.Parse(line).RootElement;
            waiting[json.GetProperty("txid").GetString()!] = json;
        }

        CoinNumbers coins = new();
        foreach (string id in waiting.Keys.ToArray())
        {
            AddWithParents(coins, waiting, id);
        }

        return coins.Builder.Build();
    }

    private static void AddWithParents(CoinNumbers coins, Dictionary<string, JsonElement> waiting, string id)
    {
        if (!waiting.Remove(id, out JsonElement json))
        {
            return;
        }

        List<int> inputs = [];
        foreach (JsonElement input in json.GetProperty("vin").EnumerateArray())
        {
            string from = input.GetProperty("txid").GetString()!;
            AddWithParents(coins, waiting, from);
            JsonElement coin = input.GetProperty("prevout");
            inputs.Add(coins.Spend($"{from}:{input.GetProperty("vout").GetInt32()}", Sats(coin), Script(coin)));
        }

        coins.Add(
            MovementKind.Transaction, [.. inputs],
            [.. json.GetProperty("vout").EnumerateArray().Select((output, index) => ($"{id}:{index}", Sats(output), Script(output)))]);

        static ulong Sats(JsonElement coin) => coin.GetProperty("value").GetUInt64();
        static string Script(JsonElement coin) => coin.GetProperty("scriptpubkey").GetString()!;
    }

    /// <summary>Numbers coins by their outpoints, and addresses by their scripts.</summary>
    private sealed class CoinNumbers
    {
        private readonly Dictionary<string, int> _coins = [];
        private readonly Dictionary<string, int> _scripts = [];

        public CoinLedgerBuilder Builder { get; } = new();

        // A coin from before: worth nothing and of no address where that is not known.
        public int Spend(string outPoint, ulong sats, string? script) =>
            _coins.Remove(outPoint, out int coin) ? coin : Builder.AddEarlier(new Units64(sats), script is null ? -1 : Number(script));

        public void Add(MovementKind kind, int[] inputs, IEnumerable<(string OutPoint, ulong Sats, string Script)> outputs)
        {
            (string OutPoint, ulong Sats, string Script)[] coins = [.. outputs.Where(static output => output.Sats > 0)];
            int first = Builder.Add(kind, inputs, [.. coins.Select(coin => (new Units64(coin.Sats), Number(coin.Script)))]);
            for (int i = 0; i < coins.Length; i++)
            {
                _coins[coins[i].OutPoint] = first + i;
            }
        }

        private int Number(string script) => _scripts.TryGetValue(script, out int known) ? known : _scripts[script] = _scripts.Count;
    }
}
