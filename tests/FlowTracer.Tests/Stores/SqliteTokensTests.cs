using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Store.Sqlite;

namespace FlowTracer.Tests.Stores;

/// <summary>What tokens state of themselves, kept in a file.</summary>
public sealed class SqliteTokensTests : StoreFileTests
{
    [Fact]
    public async Task The_first_that_was_told_stays_whatever_is_rolled_back()
    {
        Assert.True(ChainId.TryParse("ethereum-11155111", out ChainId test));
        Asset[] tokens = [Token(ChainId.Ethereum, 1), Token(ChainId.Ethereum, 2), Token(ChainId.Ethereum, 3), Token(test, 1)];
        TokenName[] told = [new(tokens[0], "ONE", 18), new(tokens[1], null, 6), new(tokens[3], "Ölé 😀", null)];
        await using (SqliteStore store = SqliteStore.Open(File, create: true))
        {
            await store.AppendAsync(Load(0, 3) with { Names = told }, default);
            await store.AppendAsync(Load(0, 3) with { Names = told }, default);
            await store.AppendAsync(Load(4, 5) with { Names = [new TokenName(tokens[0], "OTHER", 1)] }, default);
            await store.RollBackAsync(ChainId.Ethereum, null, default);
        }

        await using SqliteStore again = SqliteStore.Open(File, create: false);
        Assert.Equal(told, await again.NamesOfAsync(tokens, default));
        Assert.Empty(await again.NamesOfAsync([tokens[2]], default));
        Assert.Empty(await again.CheckAsync(null, default));
    }

    private static FlowLoad Load(ulong first, ulong last) => new(ChainId.Ethereum, StoreFacts.Origin("node"), StoreFacts.Blocks(first, last), []);

    private static Asset Token(ChainId chain, byte number) =>
        Asset.Token(Address.FromAccountBytes(chain, [.. new byte[Address.HashLength - 1], number]));
}
