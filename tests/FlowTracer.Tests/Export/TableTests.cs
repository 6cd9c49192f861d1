using System.Globalization;
using System.Numerics;
using System.Text;
using FlowTracer.App.Traces;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Export;

/// <summary>The CSV files and the Graphviz file, read back with small readers written for the purpose.</summary>
public sealed class TableTests
{
    [Fact]
    public async Task The_sheet_in_csv_adds_up()
    {
        List<Dictionary<string, string>> rows = Read("balance.csv", await Reports.RoninAsync());

        Assert.Equal(["seed-1", "seed-2"], rows.Select(row => row["seed"]).Distinct());
        Assert.All(rows.GroupBy(row => row["seed"]), seed => Assert.Equal(
            Whole(seed.First()["stolen"]) - Whole(seed.First()["claimed_earlier"]),
            seed.Aggregate(BigInteger.Zero, (sum, row) => sum + Whole(row["amount"]))));
    }

    [Fact]
    public async Task There_is_a_row_for_each_hop_and_seed()
    {
        TraceReport report = await Reports.RoninAsync();
        List<Dictionary<string, string>> rows = Read("hops.csv", report);

        Assert.Equal(report.Trace.Hops.Sum(hop => hop.Lots.Length), rows.Count);
        Assert.Equal(report.Trace.Hops.Length, rows.Select(row => row["hop"]).Distinct().Count());
    }

    [Fact]
    public void A_row_states_what_was_found()
    {
        Dictionary<string, string> swap = Read("hops.csv", Reports.ByHand())[3];
        Dictionary<string, string> exchange = Read("balance.csv", Reports.ByHand())[0];

        Assert.Equal("5000000000000000000", swap["paid_amount"]);
        Assert.Equal("ETH", swap["paid_asset"]);
        Assert.Equal("12345678", swap["amount"]);
        Assert.Equal("5000000000000000000", swap["seed_origin"]);
        Assert.Equal(string.Empty, swap["block"]);
        Assert.Equal("4", exchange["amount_units"]);
        Assert.Equal("0.400000", exchange["share"]);
        Assert.Equal("evil-exchange", exchange["actor"]);
    }

    [Fact]
    public void A_text_that_a_spreadsheet_would_run_is_disarmed()
    {
        Assert.Equal("'" + Reports.Tame, Read("balance.csv", Reports.ByHand())[0]["label"]);
        Assert.Equal("'" + Reports.Tame, Read("hops.csv", Reports.ByHand())[1]["to_name"]);
    }

    [Fact]
    public void Dot_has_one_edge_for_a_pair_and_asset_and_survives_evil_labels()
    {
        string dot = Encoding.UTF8.GetString(Reports.Bytes("trace.dot", Reports.ByHand()));
        string[] lines = dot.Split('\n');
        string exchange = lines.Single(line => line.Contains("box3d", StringComparison.Ordinal));

        Assert.Equal(3, lines.Count(line => line.Contains(" -> ", StringComparison.Ordinal)));
        Assert.Contains("label=\"4 ETH (2×)\"", dot, StringComparison.Ordinal);
        Assert.Equal(
            "=1+1 <a href='x'>&amp;amp; ]]> \\\"q\\\",   C:\\\\N",
            exchange[(exchange.IndexOf("label=\"", StringComparison.Ordinal) + 7)..exchange.IndexOf(" \uFFFD", StringComparison.Ordinal)]);
        Assert.All(lines, line => Assert.True(Quotes(line) % 2 == 0, line));
    }

    [Fact]
    public void What_ends_where_differs_in_colour_and_in_shape()
    {
        string dot = Encoding.UTF8.GetString(Reports.Bytes("trace.dot", Reports.ByHand()));

        Assert.Contains("shape=box3d, fillcolor=\"#56B4E9\"", dot, StringComparison.Ordinal);
        Assert.Contains("shape=doubleoctagon, fillcolor=\"#E69F00\"", dot, StringComparison.Ordinal);
        Assert.Equal(SinkKind.Exchange, Reports.ByHand().Trace.Nodes[2].Sink);
    }

    // Quotes that are not escaped: a backslash escapes what follows it.
    private static int Quotes(string line)
    {
        int count = 0;
        for (int i = 0; i < line.Length; i++)
        {
            i += line[i] == '\\' ? 1 : 0;
            count += i < line.Length && line[i] == '"' && line[i - 1] != '\\' ? 1 : 0;
        }

        return count;
    }

    private static BigInteger Whole(string text) => BigInteger.Parse(text, CultureInfo.InvariantCulture);

    private static List<Dictionary<string, string>> Read(string file, TraceReport report)
    {
        List<List<string>> rows = Parse(Encoding.UTF8.GetString(Reports.Bytes(file, report)));
        Assert.All(rows, row => Assert.Equal(rows[0].Count, row.Count));
        return [.. rows.Skip(1).Select(row => rows[0].Zip(row).ToDictionary(pair => pair.First, pair => pair.Second))];
    }

    // RFC 4180, one character at a time.
    private static List<List<string>> Parse(string text)
    {
        List<List<string>> rows = [[]];
        StringBuilder field = new();
        bool quoted = false;
        for (int i = 0; i < text.Length; i++)
        {
            char next = text[i];
            if (quoted && next == '"' && i + 1 < text.Length && text[i + 1] == '"')
            {
                field.Append('"');
                i++;
            }
            else if (next == '"')
            {
                quoted = !quoted;
            }
            else if (!quoted && next is (',' or '\n'))
            {
                rows[^1].Add(field.ToString());
                field.Clear();
                if (next == '\n' && i + 1 < text.Length)
                {
                    rows.Add([]);
                }
            }
            else
            {
                field.Append(next);
            }
        }

        return rows;
    }
}
