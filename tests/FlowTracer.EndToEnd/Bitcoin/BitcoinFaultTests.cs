using FlowTracer.App.Sources;
using FlowTracer.App.Traces;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.EndToEnd.Ethereum;

namespace FlowTracer.EndToEnd.Bitcoin;

/// <summary>
/// Whatever a node does wrong, the trace comes to the answer it comes to at a healthy node, byte for byte, or ends with one
/// line that names the node.
/// </summary>
public sealed class BitcoinFaultTests(BitcoinTheft told) : IClassFixture<BitcoinTheft>
{
    private static readonly Dictionary<string, Fault> Passing = new()
    {
        ["429"] = Fault.TooManyRequests(),
        ["500"] = Fault.InternalServerError(),
        ["half a body"] = Fault.HalfBody(),
        ["invalid JSON"] = Fault.InvalidJson(),
        ["a web page"] = Fault.HtmlPage(),
        ["no answer"] = Fault.Hang(),
        ["wrong ids"] = Fault.WrongIds(),
        ["starting"] = Fault.Answers(-28, "Loading block index…"),
    };

    private static readonly FetchSettings Impatient = new() { FirstDelayMs = 1, LongestDelayMs = 2_000, TimeoutMs = 1_500 };

    public static TheoryData<string> Faults => [.. Passing.Keys];

    [BcoinTheory]
    [MemberData(nameof(Faults))]
    public async Task What_passes_leaves_no_trace(string fault)
    {
        (string right, int requests) = await HealthyAsync();
        foreach (int skip in new[] { 1, requests / 2, requests - 2 })
        {
            await using FaultyNode node = new(told.Node.Url);
            node.Add(Passing[fault], skip: skip, times: 2);
            Assert.Equal(right, await JsonAsync(node.Url, Impatient));
        }
    }

    [BcoinTheory]
    [MemberData(nameof(Faults))]
    public async Task What_stays_ends_in_one_line_or_at_the_right_answer(string fault)
    {
        (string right, int requests) = await HealthyAsync();
        foreach (int skip in new[] { 0, requests / 3, requests - 1 })
        {
            await using FaultyNode node = new(told.Node.Url);
            node.Add(Passing[fault], skip: skip);
            try
            {
                Assert.Equal(right, await JsonAsync(node.Url, Impatient with { Retries = 1, TimeoutMs = 1_000 }));
                Assert.True(skip > 0, $"{fault} from the first call on is not seen");
            }
            catch (Exception line) when (line is SourceException or InputException)
            {
                Assert.Contains(node.Url.Authority, line.Message, StringComparison.Ordinal);
                Assert.DoesNotContain('\n', line.Message);
                Assert.DoesNotContain(BcoinNode.Password, line.Message, StringComparison.Ordinal);
            }
        }
    }

    [BcoinFact]
    public async Task Batches_are_refused_or_limited()
    {
        (string right, _) = await HealthyAsync();
        foreach (Fault limit in new[] { Fault.NoBatches(), Fault.BatchLimit(1), Fault.BatchLimit(3) })
        {
            await using FaultyNode node = new(told.Node.Url);
            node.Add(limit);
            Assert.Equal(right, await JsonAsync(node.Url, Impatient));
        }
    }

    // A node that gives another transaction for the one asked for is asked again, then the next, and its lie is never kept.
    [BcoinFact]
    public async Task A_lying_node_is_found_out_and_the_next_one_asked()
    {
        (string right, _) = await HealthyAsync();
        string wrong = told.Theft.Hex;
        foreach (bool hasOther in new[] { false, true })
        {
            await using FaultyNode liar = new(told.Node.Url);
            await using FaultyNode honest = new(told.Node.Url);
            liar.Add(Fault.Changes(_ => wrong), "getrawtransaction", when: given => given!.AsArray()[0]!.GetValue<string>() != told.Theft.Id);
            using TemporaryFolder cache = new();
            TraceRequest request = Request(cache, hasOther ? [liar.Url, honest.Url] : [liar.Url]);
            if (hasOther)
            {
                Assert.Equal(right, await Desk.JsonAsync(request, Impatient));
                continue;
            }

            SourceException line = await Assert.ThrowsAsync<SourceException>(() => Desk.JsonAsync(request, Impatient));
            Assert.Contains(liar.Url.Authority, line.Message, StringComparison.Ordinal);
        }
    }

    private async Task<(string Json, int Requests)> HealthyAsync()
    {
        await using FaultyNode node = new(told.Node.Url);
        return (await JsonAsync(node.Url, Impatient), node.Requests);
    }

    private async Task<string> JsonAsync(Uri node, FetchSettings fetch)
    {
        using TemporaryFolder cache = new();
        return await Desk.JsonAsync(Request(cache, [node]), fetch);
    }

    private TraceRequest Request(TemporaryFolder cache, IReadOnlyList<Uri> nodes) => new()
    {
        Subject = $"{told.Theft.Id}:0",
        Chain = ChainId.BitcoinRegtest,
        Source = new SourceRequest { Sources = [.. nodes.Select(static node => node.ToString())], Confirmations = 0, CacheFolder = cache.Path },
    };
}
