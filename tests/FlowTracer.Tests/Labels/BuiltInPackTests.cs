using FlowTracer.App.Labels;
using FlowTracer.Core.Attributions;
using FlowTracer.Core.Model;
using FlowTracer.Tests.Attributions;

namespace FlowTracer.Tests.Labels;

public sealed class BuiltInPackTests
{
    private static readonly string Directory = Path.Combine(SharedData.RepositoryRoot, "fixtures", "labels");
    private static readonly LabelIndex Index = Load();

    // Rows counted with `grep -c '^ethereum,\|^bitcoin,'`; no row of these files has a line break in a field.
    [Fact]
    public void Every_row_of_every_pack_is_a_claim()
    {
        Assert.Equal(
            [
                ("bridge", 294), ("burn", 6), ("coinjoin", 2), ("dex", 65), ("exchange", 581), ("exchange-deposit", 8), ("heist", 70),
                ("mixer", 121), ("sanctioned", 565), ("sanctioned-services", 172), ("swap-service", 2),
            ],
            Index.Packs.Select(pack => (pack.Name, pack.Tags.Count)));
        Assert.All(Index.Packs, pack => Assert.Empty(pack.Warnings));
        Assert.All(Index.Packs, pack => Assert.Empty(pack.NotIndexed));
    }

    [Theory]
    [InlineData("0xA160cdAB225685dA1d56aa342Ad8841c3b53f291", SinkKind.Mixer)] // Tornado Cash: 100 ETH
    [InlineData("15PggTG7YhJKiE6B16vkKzA1YDTZipXEX4", SinkKind.Mixer)] // Blender.io, sanctioned
    [InlineData("1JHdQHkBZiim1cb4hyUh2PbzEbbg6z2TrF", SinkKind.Mixer)] // Sinbad.io, sanctioned
    [InlineData("3Lpoy53K625zVeE47ZasiG5jGkAxJ27kh1", SinkKind.Exchange)] // Garantex, sanctioned
    [InlineData("0x5b5082214d62585d686850ab8d9e3f6b6a5c58ff", SinkKind.Exchange)] // Huobi deposit of the Ronin thief
    [InlineData("0x1a2a1c938ce3ec39b6d47113c7955baa9dd454f2", SinkKind.Bridge)] // Ronin bridge
    [InlineData("0x000000000000000000000000000000000000dEaD", SinkKind.Burn)]
    [InlineData("0x098b716b8aaf21512996dc57eb0615e2383e2f96", null)] // the Ronin thief, sanctioned
    [InlineData("0xa0e1c89ef1a489c9c7de96311ed5ce5d32c20e4b", null)] // an intermediary, sanctioned
    public void What_stops_a_trace_is_what_an_investigator_expects(string text, SinkKind? stop)
    {
        Assert.True(LabelLookup.TryParse(text, out Address address, out ParseError error), error.Reason);

        Attribution? found = LabelLookup.Of(Index, address).Attribution;

        Assert.NotNull(found);
        Assert.Equal(stop, found.Stop);
    }

    [Fact]
    public void An_address_nobody_speaks_of_has_no_attribution() =>
        Assert.Null(LabelLookup.Of(Index, Some.Parse(ChainId.Ethereum, "0x00000000000000000000000000000000000000ff")).Attribution);

    [Fact]
    public void The_same_address_on_another_chain_is_another_address() =>
        Assert.Empty(Index.TagsOf(Some.Parse(ChainId.Account(31337), "0xA160cdAB225685dA1d56aa342Ad8841c3b53f291")));

    private static LabelIndex Load()
    {
        var store = new LabelStore(Directory, Path.Combine(Directory, "no such folder"));
        Assert.True(store.TryLoad(out LabelIndex? index, out LabelError? error, CancellationToken.None), error?.ToString());
        return index;
    }
}
