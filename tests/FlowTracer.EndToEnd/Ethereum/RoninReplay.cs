using System.Globalization;
using System.Numerics;
using System.Text.Json;
using FlowTracer.Testing;

namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>A row of the Ronin record.</summary>
/// <param name="Number">Its place among the rows, from 0.</param>
/// <param name="Block">Its block; null where the record does not know it.</param>
/// <param name="Time">Unix seconds.</param>
/// <param name="TxHash">Its transaction; empty where the record does not know it.</param>
/// <param name="Kind"><c>external</c>, <c>internal</c> or <c>erc20</c>.</param>
/// <param name="From">Who pays.</param>
/// <param name="To">Who is paid.</param>
/// <param name="Asset"><c>ETH</c> or the token's contract.</param>
/// <param name="Amount">Base units.</param>
internal sealed record RoninRow(
    int Number, long? Block, long Time, string TxHash, string Kind, string From, string To, string Asset, BigInteger Amount)
{
    /// <summary>All rows of the record, in its order. Its fields hold neither quotes nor line ends where they are used.</summary>
    public static IReadOnlyList<RoninRow> Read()
    {
        string[] lines = File.ReadAllLines(Repository.PathOf("fixtures", "ethereum", "ronin-2022", "transfers.csv"));
        string[] header = lines[0].Split(',');
        return [.. lines.Skip(1).Select((line, number) =>
        {
            string[] fields = line.Split(',');
            string Field(string name) => fields[Array.IndexOf(header, name)];
            return new RoninRow(
                number,
                Field("block").Length == 0 ? null : long.Parse(Field("block"), CultureInfo.InvariantCulture),
                DateTimeOffset.Parse(Field("time"), CultureInfo.InvariantCulture).ToUnixTimeSeconds(),
                Field("tx_hash"),
                Field("kind"),
                Field("from"),
                Field("to"),
                Field("asset"),
                BigInteger.Parse(Field("amount"), CultureInfo.InvariantCulture));
        })];
    }
}

/// <summary>How the record's deposits to the mixer are made.</summary>
internal enum DepositRoute
{
    /// <summary>As they were: the depositor calls the router, which pays the pool inside the transaction.</summary>
    Router,

    /// <summary>The depositor calls the pool itself, so that no internal call carries value.</summary>
    Direct,
}

/// <summary>What a replay gives a test to compare with.</summary>
/// <param name="Rows">The record.</param>
/// <param name="Transactions">The replay's transaction of each row, by the row's number.</param>
/// <param name="TopUps">Amounts by (account, asset) that an account lacked before an outflow and was given without any
/// transaction: the record's unexplained inflows.</param>
internal sealed record ReplayedRonin(
    IReadOnlyList<RoninRow> Rows,
    IReadOnlyList<string> Transactions,
    IReadOnlyDictionary<(string Account, string Asset), BigInteger> TopUps)
{
    /// <summary>The replay's transaction of one of the record's.</summary>
    public string TransactionOf(string recordHash) => Transactions[Rows.First(row => row.TxHash == recordHash).Number];
}

/// <summary>
/// Plays the Ronin record on a test node, in its order, at the real addresses: one transaction for each of the record's,
/// rows of one block (or, where none is known, of one time) in one block, at the record's time or a second after the
/// block before where that is no later. Gas costs nothing, and the record has neither fees nor rewards.
/// </summary>
/// <remarks>
/// External rows are plain transactions of their sender. Tokens have a stand-in's code at their real address. What a
/// contract pays, it pays as a puppet, called by who is paid. Accounts that lack what a row takes are given exactly that
/// before the block: no transaction explains it, as nothing in the record does.
/// </remarks>
internal sealed class RoninReplay
{
    /// <summary>The mixer's 100 ETH pool.</summary>
    public const string Pool = "0xa160cdab225685da1d56aa342ad8841c3b53f291";

    /// <summary>USDC's contract: the only token of the record.</summary>
    public const string Dollar = "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48";

    // Before the record's first row.
    private const long StartTime = 1_648_000_000;

    private readonly TestChain _chain;
    private readonly TestRpc _rpc;
    private readonly DepositRoute _route;
    private readonly CompiledContract _puppet = Contracts.Named("Puppet");
    private readonly CompiledContract _token = Contracts.Named("ReplayToken");
    private readonly HashSet<string> _puppets = [];
    private readonly Dictionary<(string Account, string Asset), BigInteger> _has = [];
    private readonly Dictionary<(string Account, string Asset), BigInteger> _topUps = [];
    private readonly List<string> _transactions = [];
    private long _time = StartTime;
    private int _leaves;

    private RoninReplay(TestChain chain, DepositRoute route)
    {
        _chain = chain;
        _rpc = chain.Rpc;
        _route = route;
    }

    /// <summary>Starts a node whose chain begins before the record.</summary>
    public static Task<AnvilNode> StartNodeAsync() => AnvilNode.StartAsync(genesisTime: StartTime);

    /// <summary>Plays the record on a chain that <see cref="StartNodeAsync"/> began.</summary>
    public static async Task<ReplayedRonin> PlayAsync(TestChain chain, DepositRoute route = DepositRoute.Router)
    {
        RoninReplay replay = new(chain, route);
        IReadOnlyList<RoninRow> rows = RoninRow.Read();
        await chain.PlaceAsync("ReplayToken", Dollar);
        await chain.PlaceAsync("MixerPool", Pool);
        await chain.SetStorageAsync(Pool, 0, 100 * TestChain.Ether);
        await chain.PlaceAsync("MixerRouter", Scenarios.MixerRouter);
        for (int start = 0; start < rows.Count;)
        {
            int end = start + 1;
            while (end < rows.Count && rows[end].Block == rows[start].Block
                && (rows[start].Block is not null || rows[end].Time == rows[start].Time))
            {
                end++;
            }

            await replay.PlayBlockAsync([.. rows.Take(start..end)]);
            start = end;
        }

        return new ReplayedRonin(rows, replay._transactions, replay._topUps);
    }

    private async Task PlayBlockAsync(RoninRow[] rows)
    {
        await TopUpAsync(rows);
        List<string> hashes = [];
        for (int start = 0; start < rows.Length;)
        {
            int end = start + 1;
            while (end < rows.Length && rows[start].TxHash.Length > 0 && rows[end].TxHash == rows[start].TxHash)
            {
                end++;
            }

            hashes.AddRange(Enumerable.Repeat(await SendAsync(rows[start..end]), end - start));
            start = end;
        }

        _time = Math.Max(rows[0].Time, _time + 1);
        await _chain.SetNextBlockTimeAsync(_time);
        await _rpc.CallAsync("evm_mine");
        _transactions.AddRange(hashes);
    }

    // Gives accounts what the block's rows, played one after the other, will lack.
    private async Task TopUpAsync(RoninRow[] rows)
    {
        Dictionary<(string Account, string Asset), BigInteger> before = new(_has);
        Dictionary<(string Account, string Asset), BigInteger> lacking = [];
        foreach (RoninRow row in rows)
        {
            (string, string) payer = (row.From, row.Asset);
            BigInteger shortfall = BigInteger.Max(0, row.Amount - _has.GetValueOrDefault(payer));
            if (!shortfall.IsZero)
            {
                lacking[payer] = lacking.GetValueOrDefault(payer) + shortfall;
                _topUps[payer] = _topUps.GetValueOrDefault(payer) + shortfall;
            }

            _has[payer] = _has.GetValueOrDefault(payer) + shortfall - row.Amount;
            (string, string) payee = (row.To, row.Asset);
            _has[payee] = _has.GetValueOrDefault(payee) + row.Amount;
        }

        foreach (((string account, string asset), BigInteger amount) in lacking)
        {
            BigInteger balance = before.GetValueOrDefault((account, asset)) + amount;
            await (asset == "ETH"
                ? _chain.SetBalanceAsync(account, balance)
                : _chain.SetStorageAsync(asset, await _chain.MappingSlotAsync(account, 0), balance));
        }
    }

    private async Task<string> SendAsync(RoninRow[] rows)
    {
        if (rows.FirstOrDefault(row => row.Kind is not ("external" or "internal" or "erc20")) is { } other)
        {
            // Gas costs nothing here, and nobody is rewarded: such a row would have to be played otherwise.
            throw new NotSupportedException($"Row {other.Number} is a {other.Kind}.");
        }

        (string from, string to, BigInteger value, byte[] data) = rows switch
        {
            [{ Kind: "external" } row] => (row.From, row.To, row.Amount, []),
            [{ To: Pool } row] => Deposit(row),
            [{ Kind: "erc20", TxHash: not StolenDollars } row] =>
                (row.From, row.Asset, BigInteger.Zero, _token.Encode("transfer", row.To, row.Amount)),
            _ => await PuppetAsync(rows),
        };
        JsonElement hash = await _rpc.CallAsync("eth_sendTransaction", new Dictionary<string, string>
        {
            ["from"] = from,
            ["to"] = to,
            ["value"] = TestRpc.Hex(value),
            ["data"] = Abi.Text(data),
            ["gas"] = TestRpc.Hex(500_000),
            ["gasPrice"] = "0x0",
        });
        return hash.GetString()!;
    }

    // The bridge, a contract, pays the thief by a token transfer of its own.
    private const string StolenDollars = "0xed2c72ef1a552ddaec6dd1f5cddf0b59a8f37f82bdda5257d9c7c37db7bb9b08";

    private (string From, string To, BigInteger Value, byte[] Data) Deposit(RoninRow row)
    {
        string commitment = Abi.Text(Abi.Word(++_leaves));
        CompiledContract router = Contracts.Named("MixerRouter");
        return _route == DepositRoute.Direct
            ? (row.From, Pool, row.Amount, Contracts.Named("MixerPool").Encode("deposit", commitment))
            : (row.From, Scenarios.MixerRouter, row.Amount, router.Encode("deposit", Pool, commitment, Array.Empty<byte>()));
    }

    // One contract is a party of every row: it pays, and may take a token of who calls it. Who calls it is the other one.
    private async Task<(string From, string To, BigInteger Value, byte[] Data)> PuppetAsync(RoninRow[] rows)
    {
        string puppet = rows[^1].From;
        string caller = rows[^1].To;
        if (_puppets.Add(puppet))
        {
            await _chain.PlaceAsync("Puppet", puppet);
        }

        object[] calls = [.. rows.Select(row => row.Kind == "erc20"
            ? new object[] { row.Asset, 0, _token.Encode("move", row.From, row.To, row.Amount) }
            : [row.To, row.Amount, Array.Empty<byte>()])];
        return (caller, puppet, BigInteger.Zero, _puppet.Encode("run", [calls]));
    }
}
