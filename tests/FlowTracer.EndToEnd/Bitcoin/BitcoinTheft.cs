using System.Buffers.Binary;
using FlowTracer.EndToEnd.Ethereum;

namespace FlowTracer.EndToEnd.Bitcoin;

/// <summary>
/// A theft on a chain of its own, with the same facts behind every kind of source.
/// <code>
/// the victim's 10 BTC pay the thief 7 and the victim 2.999
/// the thief peels off 0.5 (ana), 0.7 (bo), 1.1 (cy), 0.2 (dee), each for 0.0001: 4.4996 are left
/// 1.5004 of a stranger and the 4.4996 are put together for 0.0002: the hoard has 5.9998
/// cy's 1.1 go into a JoinMarket round as the taker's: 5 outputs of 1, and change
/// somebody spends the first of the five
/// </code>
/// </summary>
public sealed class BitcoinTheft : IAsyncLifetime
{
    private const ulong PeelFee = 10_000;
    private BcoinNode? _node;
    private EsploraFace? _esplora;
    private ElectrumFace? _electrum;
    private TemporaryFolder? _files;

    /// <summary>The node.</summary>
    internal BcoinNode Node => _node!;

    /// <summary>Its chain.</summary>
    internal BitcoinTestChain Chain { get; private set; } = null!;

    /// <summary>The theft: its first output is what was stolen.</summary>
    internal TestTx Theft { get; private set; } = null!;

    /// <summary>The four peels.</summary>
    internal IReadOnlyList<TestTx> Peels { get; private set; } = [];

    /// <summary>The stranger's coin and what was left of the peels become the hoard.</summary>
    internal TestTx Merge { get; private set; } = null!;

    /// <summary>The JoinMarket round.</summary>
    internal TestTx Round { get; private set; } = null!;

    /// <summary>Spends the first output of the round.</summary>
    internal TestTx After { get; private set; } = null!;

    /// <summary>A source of every kind, by name.</summary>
    internal IReadOnlyDictionary<string, string> Sources { get; private set; } = new Dictionary<string, string>();

    public async Task InitializeAsync()
    {
        // The facts are skipped then.
        if (NodePackages.MissingReason(NodePackages.Bcoin) is not null)
        {
            return;
        }

        _node = await BcoinNode.StartAsync();
        Chain = await BitcoinTestChain.StartAsync(_node);
        await TellAsync();
        (_esplora, _electrum, _files) = (new EsploraFace(_node), new ElectrumFace(_node), new TemporaryFolder());
        await WriteFilesAsync(_files.Path);
        Sources = new Dictionary<string, string>
        {
            ["node"] = Node.Url.ToString(),
            ["esplora"] = _esplora.Address,
            ["electrum"] = _electrum.Url.ToString(),
            ["files"] = _files.Path,
        };
    }

    public async Task DisposeAsync()
    {
        if (_node is null)
        {
            return;
        }

        await _esplora!.DisposeAsync();
        await _electrum!.DisposeAsync();
        await _node.DisposeAsync();
        _files!.Dispose();
    }

    private async Task TellAsync()
    {
        const ulong btc = BitcoinTestChain.Bitcoin;
        TestWallet thief = new("the thief");
        TestCoin victims = await Chain.FundAsync(new TestWallet("the victim"), 10 * btc);
        Theft = TestTx.Of([victims], (thief, 7 * btc), (new TestWallet("the victim's change"), 299_900_000));
        await Chain.MineAsync(Theft);
        Peels = await Chain.PeelAsync(
            Theft.Outputs[0], PeelFee,
            (new TestWallet("ana"), 50_000_000), (new TestWallet("bo"), 70_000_000), (new TestWallet("cy"), 110_000_000),
            (new TestWallet("dee"), 20_000_000));
        TestCoin strangers = await Chain.FundAsync(new TestWallet("a stranger"), 150_040_000);
        Merge = await Chain.MergeAsync([strangers, Peels[^1].Outputs[1]], new TestWallet("the hoard"), 20_000);

        // The makers come out with 1,000 satoshi more each; the taker pays them and the miner.
        const ulong makerFee = 1_000;
        List<TestCoin> coins = [Peels[2].Outputs[0]];
        for (ulong maker = 1; maker <= 4; maker++)
        {
            coins.Add(await Chain.FundAsync(new TestWallet($"maker {maker}"), (120_000_000 + (maker * 7_000_000)) + maker));
        }

        TestOutput[] equal = [.. coins.Select(static coin => (TestOutput)(new TestWallet($"{coin.Owner!.Name}, mixed"), btc))];
        TestOutput[] change =
        [
            (new TestWallet("cy, rest"), 110_000_000 - btc - (4 * makerFee) - 20_000),
            .. coins.Skip(1).Select(static coin => (TestOutput)(new TestWallet($"{coin.Owner!.Name}, rest"), coin.Sats - btc + makerFee)),
        ];
        Round = TestTx.Of(coins, [.. equal, .. change]);
        await Chain.MineAsync(Round);
        After = TestTx.Of([Round.Outputs[0]], (new TestWallet("a shop"), btc - PeelFee));
        await Chain.MineAsync(After);
        await Chain.MineEmptyAsync(2);
    }

    // As a node keeps them: network magic, length, block.
    private async Task WriteFilesAsync(string folder)
    {
        using FileStream file = File.Create(Path.Combine(folder, "blk00000.dat"));
        byte[] genesis = Convert.FromHexString((await Node.CallAsync("getblock", Chain.Genesis, false)).GetString()!);
        foreach (byte[] block in Chain.Blocks.Select(block => block?.Bytes ?? genesis))
        {
            byte[] head = [0xFA, 0xBF, 0xB5, 0xDA, 0, 0, 0, 0];
            BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(4), block.Length);
            file.Write(head);
            file.Write(block);
        }
    }
}
