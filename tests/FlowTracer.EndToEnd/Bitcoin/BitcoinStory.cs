using FlowTracer.EndToEnd.Ethereum;

namespace FlowTracer.EndToEnd.Bitcoin;

/// <summary>
/// A bcoin with a story on it: three people of three kinds of addresses, who mix, peel and merge, with blocks in between and
/// some after. Nobody may change it.
/// </summary>
public sealed class BitcoinStory : IAsyncLifetime
{
    private const int BlocksBetween = 30;

    private BcoinNode? _node;
    private BitcoinTestChain? _chain;

    internal BcoinNode Node => _node!;

    internal BitcoinTestChain Chain => _chain!;

    internal TestWallet Ann { get; } = new("Ann");

    internal TestWallet Ben { get; } = new("Ben", WalletKind.ScriptHash);

    internal TestWallet Cid { get; } = new("Cid", WalletKind.NestedWitness);

    /// <summary>What the three had first: 2 BTC each.</summary>
    internal List<TestCoin> Coins { get; } = [];

    /// <summary>Spends all three.</summary>
    internal TestTx Join { get; private set; } = null!;

    /// <summary>Spend the first mixed coin, one after the other, 30 blocks later.</summary>
    internal IReadOnlyList<TestTx> Peels { get; private set; } = [];

    /// <summary>Spends what the peels left and the two last coins of the mix.</summary>
    internal TestTx Merge { get; private set; } = null!;

    /// <summary>Two in one block: the second spends the first, and back to Ann, with a note.</summary>
    internal TestTx Back { get; private set; } = null!;

    /// <inheritdoc cref="Back"/>
    internal TestTx Again { get; private set; } = null!;

    /// <summary>Waits for a block: it spends the second mixed coin.</summary>
    internal TestTx Waiting { get; private set; } = null!;

    /// <summary>A coin that nobody spends.</summary>
    internal TestCoin Unspent => Join.Outputs[2];

    public async Task InitializeAsync()
    {
        if (NodePackages.MissingReason(NodePackages.Bcoin) is not null)
        {
            return;
        }

        _node = await BcoinNode.StartAsync();
        _chain = await BitcoinTestChain.StartAsync(_node);
        foreach (TestWallet owner in new[] { Ann, Ben, Cid })
        {
            Coins.Add(await _chain.FundAsync(owner, 2 * BitcoinTestChain.Bitcoin));
        }

        Join = await _chain.CoinJoinAsync(Coins, BitcoinTestChain.Bitcoin, 1_001);
        await _chain.MineEmptyAsync(BlocksBetween);
        Peels = await _chain.PeelAsync(Join.Outputs[0], 501, (new("shop"), 10_000_000), (new("pub"), 5_000_000));
        await _chain.MineEmptyAsync(BlocksBetween);
        Merge = await _chain.MergeAsync([Peels[^1].Outputs[1], Join.Outputs[4], Join.Outputs[5]], new("hoard"), 253);
        Back = TestTx.Of([Merge.Outputs[0]], (Ann, 1), (new TestWallet("hoard"), Merge.Outputs[0].Sats - 2_000), TestOutput.Note([1, 2, 3]));
        Again = TestTx.Of([Back.Outputs[0], Back.Outputs[1]], (Ann, Back.Outputs[1].Sats));
        await _chain.MineAsync(Back, Again);
        await _chain.MineEmptyAsync(2);
        Waiting = TestTx.Of([Join.Outputs[1]], (new TestWallet("late"), Join.Outputs[1].Sats - 300));
        await _chain.SendAsync(Waiting);
    }

    public async Task DisposeAsync()
    {
        if (_node is not null)
        {
            await _node.DisposeAsync();
        }
    }
}
