using System.Numerics;
using System.Text;
using System.Text.Json;
using FlowTracer.App.Traces;
using FlowTracer.Core.Taint;

namespace FlowTracer.Tests.Export;

/// <summary>trace.json, read back with another program's reader.</summary>
public sealed class TraceJsonTests
{
    [Fact]
    public async Task Every_seed_of_a_real_trace_adds_up()
    {
        using JsonDocument json = Read(await Reports.RoninAsync());
        JsonElement balance = json.RootElement.GetProperty("balance");

        Assert.True(balance.GetProperty("adds_up").GetBoolean());
        Assert.Equal(["173600000000000000000000", "25500000000000"], Texts(balance.GetProperty("seeds"), "stolen"));
        foreach (JsonElement seed in balance.GetProperty("seeds").EnumerateArray())
        {
            BigInteger sinks = Sum(seed.GetProperty("sinks"), "amount");
            Assert.Equal(Whole(seed, "stolen"), sinks + Whole(seed, "claimed_earlier"));
            Assert.Equal("0", seed.GetProperty("residual").GetString());
        }
    }

    // What came to a place less what went on from it is what the sheet says of it: the hops alone give the sheet.
    [Theory]
    [InlineData("fifo")]
    [InlineData("haircut")]
    public async Task The_hops_give_the_balance_sheet(string policy)
    {
        using JsonDocument json = Read(await Reports.RoninAsync(TaintPolicies.Find(policy)));
        JsonElement root = json.RootElement;
        Dictionary<string, JsonElement> nodes = root.GetProperty("nodes").EnumerateArray()
            .ToDictionary(node => node.GetProperty("id").GetString()!);
        Dictionary<(string Node, string Seed), BigInteger> kept = [];
        foreach (JsonElement hop in root.GetProperty("hops").EnumerateArray())
        {
            foreach (JsonElement lot in hop.GetProperty("lots").EnumerateArray())
            {
                (string from, string to, string seed) = (Text(hop, "from"), Text(hop, "to"), Text(lot, "seed"));
                kept[(from, seed)] = kept.GetValueOrDefault((from, seed)) - Whole(lot, "origin");
                kept[(to, seed)] = kept.GetValueOrDefault((to, seed)) + Whole(lot, "origin");
            }
        }

        foreach (JsonElement seed in root.GetProperty("balance").GetProperty("seeds").EnumerateArray())
        {
            foreach (IGrouping<string, JsonElement> rows in seed.GetProperty("sinks").EnumerateArray()
                .GroupBy(row => Text(row, "kind")).Where(rows => rows.Key is "mixer" or "exchange" or "service" or "bridge"))
            {
                BigInteger arrived = kept.Where(entry => entry.Key.Seed == Text(seed, "id")
                        && nodes[entry.Key.Node].GetProperty("sink").GetString() == rows.Key)
                    .Aggregate(BigInteger.Zero, (sum, entry) => sum + entry.Value);
                Assert.Equal(rows.Aggregate(BigInteger.Zero, (sum, row) => sum + Whole(row, "amount")), arrived);
            }
        }
    }

    [Fact]
    public async Task Every_hop_leads_from_a_node_to_a_node()
    {
        using JsonDocument json = Read(await Reports.RoninAsync());
        JsonElement root = json.RootElement;
        string[] nodes = Texts(root.GetProperty("nodes"), "id");
        string[] hops = Texts(root.GetProperty("hops"), "id");

        Assert.Equal(nodes.Length, nodes.Distinct().Count());
        Assert.Equal(Enumerable.Range(1, hops.Length).Select(number => $"hop-{number}"), hops);
        Assert.Empty(Texts(root.GetProperty("hops"), "from").Except(nodes));
        Assert.Empty(Texts(root.GetProperty("hops"), "to").Except(nodes));
    }

    [Fact]
    public void Keys_stand_in_the_order_of_the_format()
    {
        using JsonDocument json = Read(Reports.ByHand());
        JsonElement root = json.RootElement;
        JsonElement seed = root.GetProperty("balance").GetProperty("seeds")[0];

        Assert.Equal(["format", "run", "balance", "nodes", "hops", "gaps", "assumptions"], Keys(root));
        Assert.Equal(
            ["subject", "heist", "seeds", "policy", "policy_summary", "direction", "limits", "digests", "program_version"],
            Keys(root.GetProperty("run")));
        Assert.Equal(
            ["id", "chain", "asset", "symbol", "decimals", "stolen", "stolen_text", "claimed_earlier", "residual", "sinks"],
            Keys(seed));
        Assert.Equal(
            ["kind", "actor", "label", "asset", "symbol", "amount", "amount_text", "share", "payers", "addresses", "movements"],
            Keys(seed.GetProperty("sinks")[0]));
        Assert.Equal(
            ["id", "chain", "kind", "role", "address", "attribution", "sink", "holdings"], Keys(root.GetProperty("nodes")[0]));
        Assert.Equal(
            ["id", "from", "to", "asset", "symbol", "amount", "amount_text", "paid", "lots", "position", "tx_hash", "kind", "grade", "source"],
            Keys(root.GetProperty("hops")[0]));
    }

    [Fact]
    public void What_is_written_is_what_was_found()
    {
        using JsonDocument json = Read(Reports.ByHand());
        JsonElement root = json.RootElement;
        JsonElement seed = root.GetProperty("balance").GetProperty("seeds")[0];
        JsonElement swap = root.GetProperty("hops")[3];

        Assert.Equal("10 ETH", Text(seed, "stolen_text"));
        Assert.Equal(["0.400000", "0.600000"], Texts(seed.GetProperty("sinks"), "share"));
        Assert.Equal(["evil-exchange", null!], Texts(seed.GetProperty("sinks"), "actor"));
        Assert.Equal("5000000000000000000", Text(swap.GetProperty("paid"), "amount"));
        Assert.Equal("12345678", Text(swap, "amount"));
        Assert.Equal("2022-03-23T13:16:57Z", Text(root.GetProperty("hops")[0].GetProperty("position"), "time"));
        Assert.Equal(JsonValueKind.Null, swap.GetProperty("position").GetProperty("block").ValueKind);
    }

    [Fact]
    public void A_policy_that_measures_reach_claims_no_sheet()
    {
        using JsonDocument json = Read(Reports.ByHand(TaintPolicies.Poison));
        JsonElement balance = json.RootElement.GetProperty("balance");

        Assert.False(balance.GetProperty("adds_up").GetBoolean());
        Assert.Contains("reach", Text(balance, "note"), StringComparison.Ordinal);
        Assert.Null(balance.GetProperty("seeds")[0].GetProperty("residual").GetString());
        Assert.All(Texts(balance.GetProperty("seeds")[0].GetProperty("sinks"), "share"), Assert.Null);
        Assert.Null(json.RootElement.GetProperty("hops")[0].GetProperty("lots")[0].GetProperty("origin").GetString());
    }

    // Half a surrogate pair is no text: it becomes U+FFFD. All else is kept.
    [Fact]
    public void Texts_are_kept_and_show_as_they_are()
    {
        byte[] bytes = Reports.Bytes("trace.json", Reports.ByHand());
        using JsonDocument json = JsonDocument.Parse(bytes);
        string text = Encoding.UTF8.GetString(bytes);

        Assert.Equal(
            Reports.Evil.Replace(" \uD800 ", " \uFFFD ", StringComparison.Ordinal),
            json.RootElement.GetProperty("nodes")[2].GetProperty("attribution").GetProperty("label").GetString());
        Assert.DoesNotContain('\u202E', text);
        Assert.DoesNotContain('\r', text);
        Assert.Contains("\\u202E", text, StringComparison.Ordinal);
        Assert.Contains("<a href='x'>", text, StringComparison.Ordinal);
        Assert.NotEqual(0xEF, bytes[0]);
        Assert.EndsWith("}\n", text, StringComparison.Ordinal);
    }

    private static JsonDocument Read(TraceReport report) => JsonDocument.Parse(Reports.Bytes("trace.json", report));

    private static string[] Keys(JsonElement item) => [.. item.EnumerateObject().Select(property => property.Name)];

    private static string[] Texts(JsonElement items, string key) =>
        [.. items.EnumerateArray().Select(item => item.GetProperty(key).GetString()!)];

    private static string Text(JsonElement item, string key) => item.GetProperty(key).GetString()!;

    private static BigInteger Whole(JsonElement item, string key) => BigInteger.Parse(Text(item, key));

    private static BigInteger Sum(JsonElement items, string key) =>
        items.EnumerateArray().Aggregate(BigInteger.Zero, (sum, item) => sum + Whole(item, key));
}
