using FlowTracer.App.Heists;
using FlowTracer.Core.Model;
using FlowTracer.Testing;

namespace FlowTracer.Tests.Heists;

/// <summary>What a heist file may say, and that a slip in it is refused with its line.</summary>
public sealed class HeistFileTests
{
    private const string File = "heists/some-theft-2022.yaml";

    // Line numbers of the tests count from here.
    private const string Good =
        """
        id: some-theft-2022
        name: Some Theft
        date: 2022-03
        loss_usd: 625
        sources:
          - a book
        data: some/transfers.csv
        seeds:
          - transaction: "0xc28fad5e8d5e0ce6a2eaf67b6687be5d58113e16be590824d6cfa1a94467d0b7"
            to: "0x098b716b8aaf21512996dc57eb0615e2383e2f96"
            asset: ETH
            amount: "173600"
        coverage:
          - text: everything
            until: 2022-05-19T16:28:20Z
            assets: [ETH, "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"]
            addresses: ["0x098b716b8aaf21512996dc57eb0615e2383e2f96"]
        addresses:
          - { address: "0x098b716b8aaf21512996dc57eb0615e2383e2f96", role: primary }

        """;

    [Fact]
    public void Everything_it_says_is_read()
    {
        Heist heist = HeistFile.Parse(Good, File);
        Assert.Equal(("some-theft-2022", "Some Theft", "2022-03", 625L), (heist.Id, heist.Name, heist.Date, heist.LossUsd));
        Assert.Equal("a book", Assert.Single(heist.Sources));
        Assert.Equal(("some/transfers.csv", "", ""), (heist.DataPath, heist.Attribution, heist.Summary));
        HeistSeed seed = Assert.Single(heist.Seeds);
        Assert.Equal(("0x098B716B8Aaf21512996dC57EB0615e2383E2f96", "ETH", (Amount)173600, 9L), (seed.To.ToString(), seed.Asset.ToString(), seed.Amount, seed.Line));

        // One for each address and asset; 19,131 days, 16 hours, 28 minutes and 20 seconds after 1970-01-01.
        Assert.Equal(2, heist.Coverage.Length);
        Assert.All(heist.Coverage, c => Assert.Equal((19_131L * 86_400) + (16 * 3600) + (28 * 60) + 20, c.UpToTimeSeconds));
        Assert.Equal("primary", Assert.Single(heist.Known).Role);
    }

    [Fact]
    public void A_heist_need_say_no_more_than_what_and_when() =>
        Assert.Empty(HeistFile.Parse("id: some-theft-2022\nname: X\ndate: 2022\nsources: [a book]\n", File).Seeds);

    [Fact]
    public void Every_heist_that_ships_can_be_read_and_its_record_is_there()
    {
        HeistCatalogue catalogue = new(Repository.PathOf("fixtures"));
        Assert.Contains("ronin-bridge-2022", catalogue.Ids);
        Assert.All(catalogue.Ids, id =>
        {
            Heist heist = catalogue.Read(id);
            Assert.Equal(id, heist.Id);
            Assert.NotEmpty(heist.Sources);
            if (heist.DataPath.Length > 0)
            {
                Assert.True(System.IO.File.Exists(catalogue.RecordOf(heist)));
            }
        });
    }

    [Fact]
    public void A_record_outside_the_fixtures_is_not_read()
    {
        HeistCatalogue catalogue = new(Repository.PathOf("fixtures"));
        Heist heist = HeistFile.Parse(Good.Replace("some/transfers.csv", "../README.md", StringComparison.Ordinal), File);
        Assert.Equal(
            "a file that heist 'some-theft-2022' names is not there: ../README.md",
            Assert.Throws<InputException>(() => catalogue.RecordOf(heist)).Message);
    }

    [Fact]
    public void The_Bitfinex_theft_s_outputs_load_and_add_up()
    {
        Heist heist = new HeistCatalogue(Repository.PathOf("fixtures")).Read("bitfinex-2016");

        // 119,756.62032288 BTC in 2,072 outputs, as the facts state.
        Assert.Equal(2_072, heist.Seeds.Length);
        Assert.Equal(11_975_662_032_288UL, heist.Seeds.Aggregate(Amount.Zero, static (sum, seed) => sum + seed.Amount));
        Assert.Equal(2_072, heist.Seeds.Select(static seed => (seed.Transaction, seed.To)).Distinct().Count());
        Assert.All(heist.Seeds, static seed => Assert.Equal(Asset.Coin(ChainId.Bitcoin), seed.Asset));
    }

    [Theory]
    [InlineData("chain,tx_hash,from,to,amount,more\n", "expected the header chain,tx_hash,from,to,amount")]
    [InlineData("chain,tx_hash,from,to,amount\nbitcoin,00,x,y,1\n", "'00'")]
    [InlineData("chain,tx_hash,from,to,amount\nbitcoin,4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b,,1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa,-1\n", "'-1'")]
    [InlineData("chain,tx_hash,from,to,amount\nbitcoin,4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b,,1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb,1\n", "checksum")]
    public void A_seed_file_that_is_wrong_is_refused_with_its_line(string text, string expected)
    {
        string file = Path.GetTempFileName();
        try
        {
            System.IO.File.WriteAllText(file, text);
            InputException fault = Assert.Throws<InputException>(() => HeistSeedFile.Read(file));
            Assert.Contains(file, fault.Message, StringComparison.Ordinal);
            Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        }
        finally
        {
            System.IO.File.Delete(file);
        }
    }

    // --- what is refused --------------------------------------------------------------------------------------------

    [Theory]
    [InlineData("name: Some Theft", "naem: Some Theft", ":1: 'name' is missing")]
    [InlineData("loss_usd: 625", "loss: 625", ":4: unknown key 'loss': expected ")]
    [InlineData("    asset: ETH", "    aset: ETH", ":9: 'asset' is missing")]
    [InlineData("role: primary", "roll: primary", ":19: 'role' is missing")]
    [InlineData("    until:", "    untill:", ":15: unknown key 'untill': expected addresses, assets, text, until")]
    [InlineData("name: Some Theft", "name: Some Theft\nname: Other", ":3: key 'name' appears twice")]
    [InlineData("id: some-theft-2022", "id: other-theft", ":1: id 'other-theft' should be the file's name: ")]
    [InlineData("id: some-theft-2022", "id: Some Theft", ":1: id 'Some Theft' should be the file's name: ")]
    [InlineData("date: 2022-03", "date: March", ":3: 'March' is not a date like 2022-03-23, 2022-03 or 2022")]
    [InlineData("date: 2022-03", "date: 2022-13", ":3: '2022-13' is not a date like ")]
    [InlineData("loss_usd: 625", "loss_usd: 6.25", ":4: a loss is a whole number of US dollars")]
    [InlineData("loss_usd: 625", "loss_usd: -1", ":4: a loss is a whole number of US dollars")]
    [InlineData("  - a book", "  - { a: book }", ":6: a source is a text")]
    [InlineData("  - a book", "  []", ":1: a heist names its sources")]
    [InlineData("amount: \"173600\"", "amount: \"1.5\"", ":12: amount '1.5': ")]
    [InlineData("amount: \"173600\"", "amount: \"-1\"", ":12: amount '-1': ")]
    [InlineData("amount: \"173600\"", "amount: [1]", ":12: 'amount' should be a text")]
    [InlineData("    asset: ETH", "    asset: USDC", ":11: asset 'USDC': neither ETH nor a token contract: ")]
    [InlineData("    to: \"0x098b716b8aaf21512996dc57eb0615e2383e2f96\"", "    to: \"0x098B716b8Aaf21512996dC57EB0615e2383E2f96\"", ":10: address '0x098B716b8Aaf21512996dC57EB0615e2383E2f96': ")]
    [InlineData("    to: \"0x098b716b8aaf21512996dc57eb0615e2383e2f96\"", "    to: \"0x098b\"", ":10: address '0x098b': ")]
    [InlineData("94467d0b7", "94467d0b", ":9: transaction '0xc28f")]
    [InlineData("2022-05-19T16:28:20Z", "2022-05-19", ":15: not a time like 2022-05-19T16:28:20Z")]
    [InlineData("    assets: [ETH, ", "    more: []\n    assets: [ETH, ", ":16: unknown key 'more': expected addresses, assets, text, until")]
    [InlineData("seeds:", "chain: dogecoin\nseeds:", ":8: 'dogecoin' is not a chain")]
    [InlineData("data: some/transfers.csv", "data: [x]", ":7: 'data' should be a text")]
    [InlineData("sources:\n  - a book", "sources: a book", ":5: 'sources' should be a list")]
    public void A_slip_is_named_with_its_line(string text, string slip, string expected)
    {
        Assert.Contains(text, Good, StringComparison.Ordinal);
        string message = Refused(Good.Replace(text, slip, StringComparison.Ordinal));
        Assert.StartsWith(File + expected, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Coverage_of_nothing_is_refused() => Assert.Equal(
        $"{File}:14: coverage names its assets and addresses",
        Refused(Good.Replace("[ETH, \"0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48\"]", "[]", StringComparison.Ordinal)));

    [Theory]
    [InlineData("name: &anchor Some Theft", ":2:7: ")]
    [InlineData("name: *anchor", ":2:7: ")]
    [InlineData("name: !!str Some Theft", ":2:7: ")]
    public void Anchors_aliases_and_tags_are_refused(string name, string place) => Assert.Equal(
        $"{File}{place}anchors, aliases and tags are not used here",
        Refused(Good.Replace("name: Some Theft", name, StringComparison.Ordinal)));

    [Fact]
    public void Deep_nesting_is_refused()
    {
        string deep = new string('[', 10_000) + new string(']', 10_000);
        string message = Refused(Good.Replace("name: Some Theft", "name: " + deep, StringComparison.Ordinal));
        Assert.Matches("^heists/some-theft-2022.yaml:2:[0-9]+: nested too deeply$", message);
    }

    [Fact]
    public void A_file_too_large_is_refused() => Assert.Equal(
        $"{File}: too large for a heist file (4 MiB)", Refused(Good + new string('#', 4 * 1024 * 1024)));

    [Theory]
    [InlineData("- a list\n")]
    [InlineData("a text\n")]
    public void Something_else_than_a_map(string text) =>
        Assert.Equal($"{File}:1: a heist file is a map of keys to values", Refused(text));

    [Theory]
    [InlineData("")]
    [InlineData("id: [\n")]
    [InlineData("id: 'open\n")]
    public void What_is_not_YAML(string text) => Assert.Matches("^heists/some-theft-2022.yaml:[0-9:]* not valid YAML: ", Refused(text));

    // Nothing of a file may be passed over in silence.
    [Theory]
    [InlineData("---\nid: other\n")]
    [InlineData("...\n: [not yaml\n")]
    public void What_follows_the_document_is_refused(string more) =>
        Assert.Matches("^heists/some-theft-2022.yaml:[0-9:]* not valid YAML: ", Refused(Good + more));

    private static string Refused(string text)
    {
        string message = Assert.Throws<InputException>(() => HeistFile.Parse(text, File)).Message;
        Assert.DoesNotContain('\n', message);
        return message;
    }
}
