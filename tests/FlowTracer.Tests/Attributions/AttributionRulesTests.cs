using FlowTracer.Core.Attributions;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Attributions;

public sealed class AttributionRulesTests
{
    [Fact]
    public void A_tornado_pool_is_a_mixer_though_an_authority_lists_it_as_sanctioned()
    {
        Attribution found = AttributionRules.Conclude(
        [
            Some.Tag("sanctioned", "authority", "tornado-cash", "Tornado Cash"),
            Some.Tag("mixer", "explorer", "tornado-cash", "Tornado Cash: 100 ETH"),
        ]);

        Assert.Equal(SinkKind.Mixer, found.Stop);
        Assert.Equal("Tornado Cash: 100 ETH", found.Label);
        Assert.Equal(
            "mixer says what the address does and comes before sanctioned, which says who holds it or what happened", found.Why);
        Assert.Equal(["mixer", "sanctioned"], found.Claims.Select(claim => claim.Category));
    }

    [Fact]
    public void A_sanctioned_mixer_from_one_authority_is_a_mixer()
    {
        Attribution found = AttributionRules.Conclude(
            [Some.Tag("sanctioned", "authority", "sinbad"), Some.Tag("mixer", "authority", "sinbad-io")]);

        Assert.Equal(SinkKind.Mixer, found.Stop);
        Assert.Equal("sinbad-io", found.Actor);
    }

    [Fact]
    public void A_sanctioned_exchange_is_an_exchange()
    {
        Attribution found = AttributionRules.Conclude(
            [Some.Tag("sanctioned", "authority", "garantex"), Some.Tag("exchange", "web_crawl", "garantex")]);

        Assert.Equal(SinkKind.Exchange, found.Stop);
    }

    [Theory]
    [InlineData("heist", "service_data")]
    [InlineData("sanctioned", "authority")]
    [InlineData("user", "ownership")]
    [InlineData("", "ledger")]
    [InlineData("a word nobody listed", "ledger")]
    public void A_thiefs_wallet_never_stops_a_trace(string category, string confidence)
    {
        Attribution found = AttributionRules.Conclude(
            [Some.Tag(category, confidence, "lazarus-group"), Some.Tag("sanctioned", "authority", "lazarus-group")]);

        Assert.Null(found.Stop);
    }

    [Fact]
    public void One_claim_wins_because_it_is_the_only_one()
    {
        Tag claim = Some.Tag("bridge", "explorer", "across-protocol", "Across", "a list", "a note");

        Attribution found = AttributionRules.Conclude([claim]);

        Assert.Equal("only claim", found.Why);
        Assert.Equal((SinkKind.Bridge, "bridge", "across-protocol", "Across", "explorer", "a list"),
            (found.Stop, found.Category, found.Actor, found.Label, found.Confidence, found.Source));
        Assert.Same(claim, found.Winner);
    }

    [Fact]
    public void The_higher_confidence_wins_between_two_claims_that_stop()
    {
        Attribution found = AttributionRules.Conclude(
            [Some.Tag("bridge", "explorer", "bridge"), Some.Tag("exchange", "service_data", "huobi")]);

        Assert.Equal(SinkKind.Exchange, found.Stop);
        Assert.Equal("service_data (rank 50) outranks explorer (rank 30)", found.Why);
    }

    [Fact]
    public void A_claim_without_confidence_ranks_as_unknown()
    {
        Attribution found = AttributionRules.Conclude(
            [Some.Tag("exchange", "", "one"), Some.Tag("exchange", "heuristic", "two")]);

        Assert.Equal("two", found.Actor);
        Assert.Equal("heuristic (rank 10) outranks no stated confidence (rank 5)", found.Why);
    }

    [Fact]
    public void Equal_confidence_is_decided_by_the_order_of_stops_then_by_a_named_actor_then_by_text()
    {
        Assert.Equal("equal confidence (rank 30): bridge comes before dex in the order of stops", Why(
            Some.Tag("dex", "explorer", "a"), Some.Tag("bridge", "explorer", "b")));
        Assert.Equal("equal confidence (rank 50): a claim that names an actor comes before one that does not", Why(
            Some.Tag("exchange", actor: ""), Some.Tag("exchange", actor: "z")));
        Assert.Equal("equal confidence (rank 50): the first in alphabetical order", Why(
            Some.Tag("exchange", actor: "b"), Some.Tag("exchange", actor: "a")));
    }

    [Fact]
    public void Claims_that_agree_need_no_explaining()
    {
        Assert.Equal("all 2 claims name the same category and actor", Why(
            Some.Tag("mixer", "authority", "tornado-cash"), Some.Tag("mixer", "ledger", "tornado-cash")));
    }

    [Fact]
    public void The_order_in_which_claims_come_never_matters()
    {
        string[] categories = ["mixer", "exchange", "bridge", "dex", "burn", "sanctioned", "heist", "user", ""];
        string[] confidences = ["ledger", "authority", "explorer", "forensic", "service_data", "", "strange"];
        string[] texts = ["", "a", "b"];
        var random = new Random(20220323);
        for (int round = 0; round < 500; round++)
        {
            Tag[] claims = [.. Enumerable.Range(0, random.Next(1, 7)).Select(_ => Some.Tag(
                Pick(categories), Pick(confidences), Pick(texts), Pick(texts), Pick(texts), Pick(texts), Pick(texts)))];
            Attribution first = AttributionRules.Conclude(claims);
            Tag[] shuffled = [.. claims];
            random.Shuffle(shuffled);
            Attribution second = AttributionRules.Conclude(shuffled);

            Assert.Equal(first.Claims, second.Claims);
            Assert.Equal(first with { Winner = second.Winner, Claims = second.Claims }, second);
            Assert.Equal(claims.Any(claim => CategoryRules.StopOf(claim.Category).HasValue), first.Stop.HasValue);
        }

        string Pick(string[] from) => from[random.Next(from.Length)];
    }

    [Fact]
    public void Claims_about_two_addresses_are_refused()
    {
        Address other = Some.Parse(ChainId.Ethereum, "0x098b716b8aaf21512996dc57eb0615e2383e2f96");

        Assert.Throws<ArgumentException>(() => AttributionRules.Conclude([]));
        Assert.Throws<ArgumentException>(() => AttributionRules.Conclude([Some.Tag("mixer"), Some.Tag("mixer", address: other)]));
    }

    private static string Why(params Tag[] claims) => AttributionRules.Conclude(claims).Why;
}
