using System.Globalization;
using System.Numerics;
using System.Text;
using System.Xml.Linq;
using FlowTracer.App.Traces;
using FlowTracer.Core.Taint;

namespace FlowTracer.Tests.Export;

/// <summary>GraphML and GEXF, read back with a plain XML reader.</summary>
public sealed class GraphFileTests
{
    private static readonly XNamespace GraphMl = "http://graphml.graphdrawing.org/xmlns";
    private static readonly XNamespace Gexf = "http://www.gexf.net/1.2draft";

    [Fact]
    public async Task GraphMl_has_every_node_and_hop_and_the_exact_amounts()
    {
        TraceReport report = await Reports.RoninAsync();
        XElement graph = ReadGraphMl(report).Element(GraphMl + "graph")!;

        Assert.Equal(report.Trace.Nodes.Select(node => node.Id), graph.Elements(GraphMl + "node").Select(node => node.Attribute("id")!.Value));
        List<XElement> edges = [.. graph.Elements(GraphMl + "edge")];
        Assert.Equal(report.Trace.Hops.Length, edges.Count);
        Assert.Equal(report.Trace.Hops.Select(hop => hop.Amount.ToString()), edges.Select(edge => Data(edge, "e_amount")));
    }

    [Fact]
    public async Task Merged_edges_keep_every_sum()
    {
        TraceReport report = await Reports.RoninAsync();
        List<XElement> single = [.. ReadGraphMl(report).Descendants(GraphMl + "edge")];
        List<XElement> merged = [.. XElement.Parse(Encoding.UTF8.GetString(
            Reports.Bytes("trace.graphml", report, Reports.Aggregated))).Descendants(GraphMl + "edge")];

        Assert.True(merged.Count < single.Count);
        Assert.Equal(merged.Count, merged.Select(Ends).Distinct().Count());
        Assert.Equal(single.Count, merged.Sum(edge => int.Parse(Data(edge, "e_hops")!, CultureInfo.InvariantCulture)));
        foreach (string key in new[] { "e_seed_1_origin", "e_seed_2_origin" })
        {
            Assert.Equal(Sum(single, key), Sum(merged, key));
            Assert.NotEqual(BigInteger.Zero, Sum(merged, key));
        }
    }

    [Fact]
    public void Merged_edges_state_the_sum_by_hand()
    {
        XElement graph = XElement.Parse(Encoding.UTF8.GetString(
            Reports.Bytes("trace.graphml", Reports.ByHand(), Reports.Aggregated)));
        XElement toExchange = graph.Descendants(GraphMl + "edge").ElementAt(1);

        Assert.Equal("flow-2", toExchange.Attribute("id")!.Value);
        Assert.Equal("4000000000000000000", Data(toExchange, "e_amount"));
        Assert.Equal("4", Data(toExchange, "e_amount_value"));
        Assert.Equal("2", Data(toExchange, "e_hops"));
        Assert.Equal("1648041417", Data(toExchange, "e_last_time_seconds"));
    }

    [Fact]
    public void Every_value_has_a_declared_key_for_its_kind_of_element()
    {
        XElement root = ReadGraphMl(Reports.ByHand());
        Dictionary<string, string> keys = root.Elements(GraphMl + "key")
            .ToDictionary(key => key.Attribute("id")!.Value, key => key.Attribute("for")!.Value);

        Assert.All(
            root.Descendants(GraphMl + "data"),
            data => Assert.Equal(data.Parent!.Name.LocalName, keys[data.Attribute("key")!.Value]));
    }

    [Fact]
    public void Evil_labels_come_back_tame()
    {
        XElement graphml = ReadGraphMl(Reports.ByHand());
        XElement gexf = XElement.Parse(Encoding.UTF8.GetString(Reports.Bytes("trace.gexf", Reports.ByHand())));

        Assert.Equal(Reports.Tame, Data(graphml.Descendants(GraphMl + "node").ElementAt(2), "n_label"));
        Assert.Equal(Reports.Tame, Data(graphml.Descendants(GraphMl + "edge").First(), "e_source"));
        Assert.Equal(Reports.Tame, gexf.Descendants(Gexf + "node").ElementAt(2).Attribute("label")!.Value);
        Assert.Contains(
            gexf.Descendants(Gexf + "edge").First().Descendants(Gexf + "attvalue"),
            value => value.Attribute("for")!.Value == "source" && value.Attribute("value")!.Value == Reports.Tame);
    }

    // The schema's ids are NMTOKENs: letters, digits and .-_: only.
    [Fact]
    public void Ids_in_GraphMl_are_name_tokens()
    {
        List<string> ids = [.. ReadGraphMl(Reports.ByHand()).Descendants(GraphMl + "node").Select(node => node.Attribute("id")!.Value)];

        Assert.Equal("ethereum:0x0000000000000000000000000000000000000001", ids[0]);
        Assert.All(ids, id => Assert.Matches("^[A-Za-z0-9._:-]+$", id));
    }

    [Fact]
    public async Task Gexf_has_every_node_and_hop()
    {
        TraceReport report = await Reports.RoninAsync();
        XElement root = XElement.Parse(Encoding.UTF8.GetString(Reports.Bytes("trace.gexf", report)));
        HashSet<string> nodes = [.. root.Descendants(Gexf + "node").Select(node => node.Attribute("id")!.Value)];
        List<XElement> edges = [.. root.Descendants(Gexf + "edge")];

        Assert.Equal(report.Trace.Nodes.Length, nodes.Count);
        Assert.Equal(report.Trace.Hops.Length, edges.Count);
        Assert.All(edges, edge => Assert.Contains(edge.Attribute("source")!.Value, nodes));
        Assert.All(edges, edge => Assert.Contains(edge.Attribute("target")!.Value, nodes));
    }

    [Fact]
    public void Reach_has_no_origins()
    {
        XElement root = ReadGraphMl(Reports.ByHand(TaintPolicies.Poison));

        Assert.DoesNotContain("origin", string.Concat(root.Elements(GraphMl + "key").Select(key => key.Attribute("id")!.Value)),
            StringComparison.Ordinal);
        Assert.Equal("false", Data(root.Element(GraphMl + "graph")!, "g_adds_up"));
    }

    private static XElement ReadGraphMl(TraceReport report) =>
        XElement.Parse(Encoding.UTF8.GetString(Reports.Bytes("trace.graphml", report)));

    private static string? Data(XElement element, string key) =>
        element.Elements(GraphMl + "data").SingleOrDefault(data => data.Attribute("key")!.Value == key)?.Value;

    private static (string, string, string) Ends(XElement edge) =>
        (edge.Attribute("source")!.Value, edge.Attribute("target")!.Value, Data(edge, "e_asset")!);

    private static BigInteger Sum(IEnumerable<XElement> edges, string key) =>
        edges.Aggregate(BigInteger.Zero, (sum, edge) => sum + BigInteger.Parse(Data(edge, key) ?? "0", CultureInfo.InvariantCulture));
}
