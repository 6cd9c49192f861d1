using System.Text.Json;
using FlowTracer.Chains.Bitcoin.Live;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.EndToEnd.Ethereum;

namespace FlowTracer.EndToEnd.Bitcoin;

/// <summary>A question and the answer that follows from what the test put in the chain.</summary>
internal sealed record Expected(RpcCall Call, string Answer);

/// <summary>
/// One chain for all tests of servers: payments of all kinds, a shop with a history longer than two pages and several
/// transactions to a block, a transaction nobody can be looked up by, one that waits for a block.
/// </summary>
public sealed class ServerStory : IAsyncLifetime
{
    private const ulong Fee = 1_000;
    private const ulong Price = 1_000_000;
    private static readonly string Nobody = new('7', 64);
    private readonly List<TestTx> _payments = [];
    private BcoinNode? _node;
    private BitcoinTestChain? _chain;
    private TestTx? _note;
    private TestTx? _waiting;

    /// <summary>The node.</summary>
    internal BcoinNode Node => _node!;

    /// <summary>Its chain.</summary>
    internal BitcoinTestChain Chain => _chain!;

    /// <summary>Who has the long history: 60 payments in three blocks of 30, 20 and 10, and one transaction out of it.</summary>
    internal TestWallet Shop { get; } = new("the shop");

    /// <summary>The payments to the shop, in the chain's order.</summary>
    internal IReadOnlyList<TestTx> Payments => _payments;

    /// <summary>What the shop spends: two of its coins.</summary>
    internal TestTx ShopSpends { get; private set; } = null!;

    /// <summary>The newest block's height.</summary>
    internal ulong Tip => (ulong)Chain.Height;

    /// <summary>Questions that every source answers, with their answers.</summary>
    internal IReadOnlyList<Expected> ForAll { get; private set; } = [];

    /// <summary>Questions that an explorer answers besides.</summary>
    internal IReadOnlyList<Expected> ForExplorers { get; private set; } = [];

    public async Task InitializeAsync()
    {
        // The facts are skipped then.
        if (NodePackages.MissingReason(NodePackages.Bcoin) is not null)
        {
            return;
        }

        _node = await BcoinNode.StartAsync();
        _chain = await BitcoinTestChain.StartAsync(_node);
        await TellAsync();
        ForAll = [.. ChainQuestions(), .. TransactionQuestions(), .. CoinQuestions(), .. HistoryQuestions()];
        ForExplorers = [.. SpendsQuestions(), .. FeesQuestions()];
    }

    public async Task DisposeAsync()
    {
        if (_node is not null)
        {
            await _node.DisposeAsync();
        }
    }

    /// <summary>Asks, and holds each answer against what is expected, byte for byte.</summary>
    internal static async Task AssertAnswersAsync(IRpc source, IEnumerable<Expected> expected)
    {
        Expected[] all = [.. expected];
        Assert.NotEmpty(all);
        RpcAnswer[] answers = await Task.WhenAll(all.Select(one => source.AskAsync(one.Call, CancellationToken.None)));
        foreach ((Expected one, RpcAnswer answer) in all.Zip(answers))
        {
            Assert.True(answer.Error is null, $"{one.Call.Shown}: {answer.Error}");
            Assert.True(one.Answer == answer.Result.GetRawText(), $"{one.Call.Shown}: expected {one.Answer}, not {answer.Result}");
        }
    }

    /// <summary>A transaction's id.</summary>
    internal static TxHash IdOf(string text) =>
        TxHash.TryParse(ChainFamily.Utxo, text, out TxHash id, out _) ? id : throw new ArgumentException(text);

    /// <summary>The question who spends a coin.</summary>
    internal static RpcCall Spender(TestCoin coin, ulong height, ulong upTo) =>
        BitcoinCalls.SpenderOf(new SpenderQuestion(new OutPoint(IdOf(coin.TxId), coin.Index), coin.Script, height, upTo));

    private IEnumerable<TestTx> Mined => Chain.Blocks.Skip(BitcoinTestChain.Beginning).SelectMany(block => block!.Transactions);

    private async Task TellAsync()
    {
        TestCoin hoard = await Chain.FundAsync(new("a hoard"), 20 * BitcoinTestChain.Bitcoin);
        TestWallet[] buyers = [.. Enumerable.Range(0, 60).Select(
            number => new TestWallet($"buyer {number}", (WalletKind)(number % 3)))];
        TestTx fan = TestTx.Of([hoard], [.. buyers.Select(buyer => (TestOutput)(buyer, Price + Fee)), (new TestWallet("a rest"), Price)]);
        await Chain.MineAsync(fan);
        foreach (int count in (int[])[30, 20, 10])
        {
            TestTx[] block = [.. fan.Outputs.Skip(_payments.Count).Take(count).Select(coin => TestTx.Of([coin], (Shop, Price)))];
            await Chain.MineAsync(block);
            _payments.AddRange(block);
        }

        // A coin made and spent within one block.
        TestCoin ann = await Chain.FundAsync(new("Ann"), 5 * BitcoinTestChain.Bitcoin);
        TestTx first = TestTx.Of([ann], (new("Ben", WalletKind.ScriptHash), BitcoinTestChain.Bitcoin), (new("Ann again"), 3 * BitcoinTestChain.Bitcoin));
        TestTx second = TestTx.Of([first.Outputs[1]], (new("Cid", WalletKind.NestedWitness), BitcoinTestChain.Bitcoin));
        ShopSpends = TestTx.Of([_payments[3].Outputs[0], _payments[41].Outputs[0]], (new("a supplier"), Price));
        await Chain.MineAsync(first, second, ShopSpends);
        _note = TestTx.Of([second.Outputs[0]], TestOutput.Note([1, 2, 3]));
        await Chain.MineAsync(_note);
        await Chain.PeelAsync(first.Outputs[0], Fee, (new("a pub"), Price), (new("an inn"), Price));
        _waiting = TestTx.Of([_payments[0].Outputs[0]], (new("a late supplier"), Price - (10 * Fee)));
        await Chain.SendAsync(_waiting);
    }

    private IEnumerable<Expected> ChainQuestions() =>
    [
        new(BitcoinCalls.HeightNow(), JsonSerializer.Serialize(Chain.Height)),
        new(BitcoinCalls.GenesisHash(), JsonSerializer.Serialize(Chain.Genesis)),
        .. Chain.Blocks.Skip(BitcoinTestChain.Beginning).Select(block =>
            new Expected(BitcoinCalls.HeaderAt((ulong)block!.Height), JsonSerializer.Serialize(Convert.ToHexStringLower(block.Header)))),
        new(BitcoinCalls.HeaderAt(Tip + 1), "null"),
    ];

    private IEnumerable<Expected> TransactionQuestions() =>
    [
        .. Mined.Append(_waiting!).Select(one => new Expected(BitcoinCalls.RawOf(IdOf(one.Id)), JsonSerializer.Serialize(one.Hex))),
        new(BitcoinCalls.RawOf(IdOf(Nobody)), "null"),
        .. Chain.Blocks.Skip(BitcoinTestChain.Beginning).SelectMany(block => block!.Transactions.Select((one, index) =>
            new Expected(BitcoinCalls.PlaceOf(IdOf(one.Id)), Place(block, index)))),
        new(BitcoinCalls.PlaceOf(IdOf(_waiting!.Id)), "null"),
        new(BitcoinCalls.PlaceOf(IdOf(Nobody)), "null"),
    ];

    private IEnumerable<Expected> CoinQuestions()
    {
        foreach (TestTx transaction in Mined)
        {
            ulong height = (ulong)Chain.BlockOf(transaction).Height;
            foreach (TestCoin coin in transaction.Outputs.Where(coin => coin.Owner is not null))
            {
                TestTx? spender = Mined.FirstOrDefault(one => one.Inputs.Any(input => input.ToString() == coin.ToString()));
                yield return new Expected(Spender(coin, height, Tip), JsonSerializer.Serialize(spender?.Hex));
                if (spender is not null && (ulong)Chain.BlockOf(spender).Height > height)
                {
                    // Spent later than what counts: not spent.
                    yield return new Expected(Spender(coin, height, (ulong)Chain.BlockOf(spender).Height - 1), "null");
                }
            }
        }
    }

    private IEnumerable<Expected> HistoryQuestions()
    {
        string[] shop = [.. _payments.Select(one => one.Id), ShopSpends.Id];
        ulong secondBlock = (ulong)Chain.BlockOf(_payments[40]).Height;
        yield return new Expected(BitcoinCalls.HistoryOf(Shop.Script, Tip), JsonSerializer.Serialize(shop));
        yield return new Expected(BitcoinCalls.HistoryOf(Shop.Script, secondBlock), JsonSerializer.Serialize(shop[..50]));
        yield return new Expected(BitcoinCalls.HistoryOf(Shop.Script, BitcoinTestChain.Beginning), "[]");
        yield return new Expected(BitcoinCalls.HistoryOf(new TestWallet("a stranger").Script, Tip), "[]");
        yield return new Expected(
            BitcoinCalls.HistoryOf(_note!.Inputs[0].Script, Tip), JsonSerializer.Serialize((string[])[_note.Inputs[0].TxId, _note.Id]));
    }

    private IEnumerable<Expected> SpendsQuestions() => Mined.Append(_waiting!).Select(one => new Expected(
        BitcoinCalls.SpendsOf(IdOf(one.Id)),
        JsonSerializer.Serialize(one.Inputs.Select(coin => new { value = coin.Sats, script = Convert.ToHexStringLower(coin.Script) }))));

    private IEnumerable<Expected> FeesQuestions() => Chain.Blocks.Skip(BitcoinTestChain.Beginning).Select(block => new Expected(
        BitcoinCalls.FeesAt((ulong)block!.Height),
        JsonSerializer.Serialize(new
        {
            ids = block.Transactions.Select(one => one.Id),
            fees = block.Transactions.Select(one => one.FeeSats),
        })));

    // The other halves of the pairs up to the root, computed without the program's tree.
    private static string Place(TestBlock block, int index)
    {
        List<string> branch = [];
        List<byte[]> level = [.. block.Transactions.Select(one => TestBytes.Stored(one.Id))];
        for (int at = index; level.Count > 1; at /= 2)
        {
            if (level.Count % 2 == 1)
            {
                level.Add(level[^1]);
            }

            branch.Add(TestBytes.Shown(level[at ^ 1]));
            level = [.. level.Chunk(2).Select(pair => TestBytes.Hash([.. pair[0], .. pair[1]]))];
        }

        return JsonSerializer.Serialize(new { height = block.Height, index, branch, header = Convert.ToHexStringLower(block.Header) });
    }
}
