using FlowTracer.Core.Attributions;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Attributions;

public sealed class RulesTablesTests
{
    // The levels of confidence.csv in GraphSense's TagPack tool.
    [Theory]
    [InlineData("override", 100)]
    [InlineData("ownership", 100)]
    [InlineData("ledger_immanent", 100)]
    [InlineData("manual_transaction", 90)]
    [InlineData("service_api", 70)]
    [InlineData("forensic_investigation", 70)]
    [InlineData("authority_data", 60)]
    [InlineData("trusted_provider", 50)]
    [InlineData("service_data", 50)]
    [InlineData("forensic", 50)]
    [InlineData("untrusted_transaction", 40)]
    [InlineData("web_crawl", 20)]
    [InlineData("heuristic", 10)]
    [InlineData("unknown", 5)]
    public void GraphSense_words_have_GraphSense_levels(string word, int level) =>
        Assert.Equal(level, ConfidenceRules.RankOf(word));

    [Fact]
    public void Our_words_stand_between_them()
    {
        Assert.Equal(ConfidenceRules.RankOf("ledger_immanent"), ConfidenceRules.RankOf("ledger"));
        Assert.Equal(ConfidenceRules.RankOf("authority_data"), ConfidenceRules.RankOf("authority"));
        Assert.InRange(ConfidenceRules.RankOf("analyst"), 41, 49);
        Assert.InRange(ConfidenceRules.RankOf("explorer"), 21, 39);
        Assert.Equal(5, ConfidenceRules.RankOf(""));
        Assert.Equal(0, ConfidenceRules.RankOf("no such word"));
    }

    [Theory]
    [InlineData("mixer", SinkKind.Mixer)]
    [InlineData("coinjoin", SinkKind.Mixer)]
    [InlineData("mixing_service", SinkKind.Mixer)]
    [InlineData("Mixing Service", SinkKind.Mixer)]
    [InlineData("exchange", SinkKind.Exchange)]
    [InlineData("exchange-deposit", SinkKind.Exchange)]
    [InlineData("defi_bridge", SinkKind.Bridge)]
    [InlineData("swap-service", SinkKind.Service)]
    [InlineData("defi_dex", SinkKind.Service)]
    [InlineData("wallet_service", SinkKind.Service)]
    [InlineData("burn", SinkKind.Burn)]
    public void What_an_address_does_stops_a_trace(string category, SinkKind kind) =>
        Assert.Equal(kind, CategoryRules.StopOf(category));

    [Theory]
    [InlineData("heist")]
    [InlineData("sanctioned")]
    [InlineData("user")]
    [InlineData("miner")]
    [InlineData("black_list")]
    [InlineData("ransomware")]
    [InlineData("service_hack")]
    [InlineData("organization")]
    public void Who_holds_it_does_not(string category)
    {
        Assert.Null(CategoryRules.StopOf(category));
        Assert.True(CategoryRules.IsListed(category));
    }

    [Fact]
    public void A_word_nobody_listed_does_not_either()
    {
        Assert.Null(CategoryRules.StopOf("no such word"));
        Assert.False(CategoryRules.IsListed("no such word"));
    }
}
