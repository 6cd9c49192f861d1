using System.Text.Json.Nodes;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>
/// Whatever a node does wrong, the trace comes to the sheet it comes to at a healthy node, byte for byte, or ends with
/// one line that names the node and the call.
/// </summary>
public sealed class FaultMatrixTests(SmallChain small) : IClassFixture<SmallChain>
{
    private static readonly string[] Kinds = ["trace_filter", "otterscan", "plain archive"];

    private static readonly Dictionary<string, Fault> Passing = new()
    {
        ["429"] = Fault.TooManyRequests(),
        ["429 with Retry-After"] = Fault.TooManyRequests(1),
        ["500"] = Fault.InternalServerError(),
        ["half a body"] = Fault.HalfBody(),
        ["invalid JSON"] = Fault.InvalidJson(),
        ["a web page"] = Fault.HtmlPage(),
        ["no answer"] = Fault.Hang(),
        ["wrong ids"] = Fault.WrongIds(),
        ["busy"] = Fault.Answers(-32603, "Internal error"),
        ["too often"] = Fault.Answers(-32005, "daily request count exceeded, request rate limited"),
        ["another block"] = Fault.OtherBlock(),
    };

    // So that a hung request is given up; what answers at all answers sooner, or is asked again.
    private static readonly FetchSettings Impatient = SmallChain.Quick with { TimeoutMs = 1_500 };

    public static TheoryData<string, string> FaultsByKind
    {
        get
        {
            TheoryData<string, string> all = [];
            foreach (string kind in Kinds)
            {
                foreach (string fault in Passing.Keys)
                {
                    all.Add(kind, fault);
                }
            }

            return all;
        }
    }

    public static TheoryData<int> Refusals => [.. Enumerable.Range(0, Fault.RangeRefusals.Count)];

    [AnvilTheory]
    [MemberData(nameof(FaultsByKind))]
    public async Task What_passes_leaves_no_trace(string kind, string fault)
    {
        foreach (string story in new[] { "splitter", "fee on transfer" })
        {
            Scenario scenario = small.Told[story];
            (string right, int requests) = await small.HealthyAsync(story, kind);
            foreach (int skip in new[] { 1, requests / 2 })
            {
                await using FaultyNode node = small.NodeOf(kind, proxy => proxy.Add(Passing[fault], MethodsOf(fault), skip, times: 2));
                using Desk desk = new();
                Assert.Equal(right, await Desk.JsonAsync(desk.Request(scenario.Theft, node.Url), SettingsFor(fault)));
            }
        }
    }

    [AnvilTheory]
    [MemberData(nameof(FaultsByKind))]
    public async Task What_stays_ends_in_one_line_or_at_the_right_sheet(string kind, string fault)
    {
        Scenario scenario = small.Told["fee on transfer"];
        (string right, int requests) = await small.HealthyAsync(scenario.Name, kind);
        foreach (int skip in new[] { 0, requests / 3, requests - 1 })
        {
            await using FaultyNode node = small.NodeOf(kind, proxy => proxy.Add(Passing[fault], MethodsOf(fault), skip));
            using Desk desk = new();
            FetchSettings fetch = SettingsFor(fault) with { Retries = 1, TimeoutMs = 1_000 };
            try
            {
                string came = await Desk.JsonAsync(desk.Request(scenario.Theft, node.Url), fetch);
                Assert.Equal(right, came);
                Assert.True(skip > 0, $"{fault} from the first call on is not seen");
            }
            catch (SourceException line)
            {
                ExpectNames(line.Message, node);
            }
            catch (InputException line) when (skip == 0)
            {
                // From the first answer on, it is no node at all.
                Assert.Contains(node.Url.Authority, line.Message, StringComparison.Ordinal);
                Assert.Contains("neither an Ethereum node nor an explorer", line.Message, StringComparison.Ordinal);
            }
        }
    }

    [AnvilFact]
    public async Task Batches_are_refused_or_limited()
    {
        foreach (string kind in Kinds)
        {
            Scenario scenario = small.Told["splitter"];
            (string right, _) = await small.HealthyAsync(scenario.Name, kind);
            foreach (Fault limit in new[] { Fault.NoBatches(), Fault.BatchLimit(1), Fault.BatchLimit(3), Fault.BatchLimit(10) })
            {
                await using FaultyNode node = small.NodeOf(kind, proxy => proxy.Add(limit));
                using Desk desk = new();
                Assert.Equal(right, await Desk.JsonAsync(desk.Request(scenario.Theft, node.Url), SmallChain.Quick));
            }
        }
    }

    // Refused from the start, a range is found out by the probe; refused later, by the trace.
    [AnvilTheory]
    [MemberData(nameof(Refusals))]
    public async Task Ranges_are_split_however_the_refusal_is_worded(int number)
    {
        (int code, string text) = Fault.RangeRefusals[number];
        Fault limit = Fault.RangeLimit(8, text, code);
        foreach ((string kind, string method) in new[] { ("trace_filter", "trace_filter"), ("trace_filter", "eth_getLogs"), ("plain archive", "eth_getLogs") })
        {
            Scenario scenario = small.Told["fee on transfer"];
            (string right, _) = await small.HealthyAsync(scenario.Name, kind);
            foreach (bool atProbe in number == 0 ? [true, false] : new[] { false })
            {
                await using FaultyNode node = small.NodeOf(kind, proxy => proxy.Add(limit, method, when: call => atProbe || !IsProbe(call)));
                using Desk desk = new();
                Assert.Equal(right, await Desk.JsonAsync(desk.Request(scenario.Theft, node.Url), SmallChain.Quick));

                // What was refused is kept too: nobody is asked again, not even for that.
                node.Heal();
                node.ResetCounters();
                Assert.Equal(right, await Desk.JsonAsync(desk.Request(scenario.Theft, node.Url), SmallChain.Quick));
                Assert.Equal(0, node.Requests);
            }
        }
    }

    [AnvilFact]
    public async Task Answers_that_are_too_long_are_asked_for_in_parts()
    {
        Scenario scenario = small.Told["fee on transfer"];
        foreach ((string kind, string method) in new[] { ("trace_filter", "trace_filter"), ("plain archive", "eth_getLogs") })
        {
            (string right, _) = await small.HealthyAsync(scenario.Name, kind);
            await using FaultyNode node = small.NodeOf(kind, proxy => proxy.Add(Fault.ResultLimit(3), method));
            using Desk desk = new();
            Assert.Equal(right, await Desk.JsonAsync(desk.Request(scenario.Theft, node.Url), SmallChain.Quick));
        }
    }

    // Old balances tell what is missing.
    [AnvilTheory]
    [InlineData("trace_filter", "trace_filter")]
    [InlineData("trace_filter", "eth_getLogs")]
    [InlineData("otterscan", "ots_searchTransactions*")]
    [InlineData("otterscan", "eth_getLogs")]
    [InlineData("plain archive", "eth_getLogs")]
    public async Task A_dropped_last_page_is_found_out_by_the_balances(string kind, string method)
    {
        foreach ((string name, Scenario scenario) in small.Told)
        {
            (string right, _) = await small.HealthyAsync(scenario.Name, kind);
            await using FaultyNode node = small.NodeOf(kind, proxy => proxy.Add(Fault.DropLastPage(), method));
            using Desk desk = new();
            using LiveTrace healthy = new(right);
            using LiveTrace came = new(await Desk.JsonAsync(desk.Request(scenario.Theft, node.Url), SmallChain.Quick));
            Assert.True(healthy.AtRest().SequenceEqual(came.AtRest()), $"{name}: {string.Join("; ", came.AtRest())}");
            Assert.Equal(healthy.Sheet(), came.Sheet());
        }
    }

    private static bool IsProbe(JsonNode? call) => call!.ToJsonString().Contains("dead1", StringComparison.Ordinal);

    // A block asked for by its number is what can be another one.
    private static string MethodsOf(string fault) => fault == "another block" ? "eth_getBlock*" : "*";

    private static FetchSettings SettingsFor(string fault) => fault == "no answer" ? Impatient : SmallChain.Quick;

    private static void ExpectNames(string line, FaultyNode node)
    {
        Assert.DoesNotContain(line, char.IsControl);
        Assert.Contains($"http://{node.Url.Authority}: ", line, StringComparison.Ordinal);
        Assert.Matches(@": (eth|trace|ots|debug|web3|net)_[A-Za-z]+", line);
    }
}
