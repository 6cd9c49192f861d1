using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Store.Sqlite;

namespace FlowTracer.Tests.Stores;

/// <summary>A gain that nothing in its block explains stands at a position before the block, and comes and goes with the block.</summary>
public sealed class UnexplainedGainTests : StoreFileTests
{
    [Fact]
    public async Task It_belongs_to_its_block()
    {
        await using SqliteStore sqlite = SqliteStore.Open(File, create: true);
        MemoryStore memory = new();
        foreach (IFlowStore store in (IFlowStore[])[sqlite, memory])
        {
            await store.AppendAsync(Load(5, 7), default);
            Assert.Equal([], await store.CheckAsync(null, default));
            Assert.Equal(18, await ClosingAsync(store));

            // 7 and its gain go; 6 and its own, which stands in block 5, stay. Then 7 comes again, with the rest of a load.
            await store.RollBackAsync(ChainId.Ethereum, 6, default);
            Assert.Equal([], await store.CheckAsync(null, default));
            Assert.Equal(11, await ClosingAsync(store));
            await store.AppendAsync(Load(5, 8), default);
            Assert.Equal([], await store.CheckAsync(null, default));
            Assert.Equal(26, await ClosingAsync(store));
        }
    }

    // Block n gives n wei: 5 + 6 + 7 = 18, 5 + 6 = 11, 5 + 6 + 7 + 8 = 26.
    private static FlowLoad Load(ulong first, ulong last) => new(
        ChainId.Ethereum, StoreFacts.Origin("node"), StoreFacts.Blocks(first, last),
        [
            .. Enumerable.Range((int)first, (int)(last - first) + 1).Select(static n => Movement.Create(
                MovementKind.Unresolved, Grade.Derived, new Position((ulong)n - 1, 0xC000_0000, 1),
                new Stamp((ulong)n, null, null, StoreFacts.FirstTime + (12 * n)), null, "a gain", [], [new Leg(StoreFacts.Somebody, (ulong)n)])),
        ])
    {
        Openings = [new FlowOpening(StoreFacts.Somebody, 0)],
    };

    private static async Task<System.Numerics.BigInteger?> ClosingAsync(IFlowStore store) =>
        (await store.ReadAsync([new HistoryRequest(StoreFacts.Somebody, Position.Start, Direction.Forward)], default))[0].Closing;
}
