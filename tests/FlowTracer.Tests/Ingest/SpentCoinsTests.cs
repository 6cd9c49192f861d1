using FlowTracer.App.Ingest;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Tests.Stores;

namespace FlowTracer.Tests.Ingest;

/// <summary>What coins were worth that a source does not state, from whoever knows it.</summary>
public sealed class SpentCoinsTests
{
    private static readonly ChainId Btc = ChainId.Bitcoin;
    private static readonly Address Somebody = Address.FromPubKeyHash(Btc, new byte[Address.HashLength]);

    // In the store: a transaction whose first output has 50 and whose second nothing, which is no leg. In the load: one of 7.
    // Of the two that are older, the source knows one.
    [Fact]
    public async Task The_load_is_asked_first_then_the_store_then_the_source()
    {
        (OutPoint stored, OutPoint made, OutPoint older, OutPoint lost) = (Coin(1), Coin(2), Coin(3), Coin(4));
        MemoryStore store = new();
        await store.AppendAsync(new FlowLoad(Btc, StoreFacts.Origin("node"), StoreFacts.Blocks(0, 1), [Making(1, stored, 50)]), default);
        MadeUpChain source = new() { Chain = Btc };
        source.Coins[older] = new CoinWorth(9, default);
        OutPoint[] spent = [stored, stored with { Index = 1 }, made, older, lost];
        Dictionary<OutPoint, CoinWorth> told = [];
        BlockFacts here = new(StoreFacts.Blocks(2, 2)[0], [Making(2, made, 7)]);
        BlockFacts spending = new(StoreFacts.Blocks(3, 3)[0], [])
        {
            UnknownCoins = spent,
            Knowing = known =>
            {
                told = new Dictionary<OutPoint, CoinWorth>(known);
                return new BlockFacts(StoreFacts.Blocks(3, 3)[0], []);
            },
        };

        SpentCoins coins = new(source, store);
        IReadOnlyList<BlockFacts> filled = await coins.FillAsync([here, spending], default);

        Assert.Equal(
            [
                (stored, new CoinWorth(50, Somebody)), (stored with { Index = 1 }, default), (made, new CoinWorth(7, Somebody)),
                (older, new CoinWorth(9, default)),
            ],
            spent[..4].Select(coin => (coin, told[coin])));
        Assert.Equal(4, told.Count);
        Assert.Equal([older, lost], source.CoinsAsked);
        Assert.Equal(1, coins.Unknown);
        Assert.Same(here, filled[0]);
        Assert.Empty(filled[1].UnknownCoins);
    }

    private static OutPoint Coin(ulong number) => new(StoreFacts.Hash(1_000 + number, 0), 0);

    private static Movement Making(ulong block, OutPoint coin, ulong sats) => Movement.Create(
        MovementKind.Reward, Grade.Recorded, Position.OfCoinbase(block), new Stamp(block, null, 0, StoreFacts.FirstTime), coin.Tx, "made up",
        [], [new Leg(Holder.Output(Btc, coin, Somebody), sats)]);
}
