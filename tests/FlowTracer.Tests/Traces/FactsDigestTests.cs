using System.Security.Cryptography;
using System.Text;
using FlowTracer.App.Traces;
using FlowTracer.Chains.Recorded;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Taint;
using FlowTracer.Core.Tracing;
using FlowTracer.Tests.Tracing;
using static FlowTracer.Tests.Tracing.Facts;

namespace FlowTracer.Tests.Traces;

/// <summary>The lines are written by hand, as docs/sources.md says they are.</summary>
public sealed class FactsDigestTests
{
    private const string One = "ethereum 1:0000000000000000000000000000000000000001 -";
    private const string Two = "ethereum 1:0000000000000000000000000000000000000002 -";
    private const string Three = "ethereum 1:0000000000000000000000000000000000000003 -";
    private const string Token2 = "ethereum 1:0000000000000000000000000000000000000002 1:0000000000000000000000000000000000007000";
    private const string Tx9 = "0000000000000000000000000000000000000000000000000000000000000009";
    private const string Coin9 = $"bitcoin - {Tx9}";

    // 2 has 7 before the theft, and what it got of a token is nobody's question.
    [Fact]
    public async Task It_is_over_what_the_trace_used_from_where_it_needed_it_on()
    {
        Movement theft = Transfer(10, 1, 2, 100, time: 1000);
        Movement[] record =
        [
            Transfer(5, 3, 2, 7), theft, Transfer(15, 4, 2, 1, Token), Transfer(20, 2, 3, 40, time: 2000, tx: Tx(9)),
        ];
        const string paid = $"movement 20 0 1 2000 External Recorded {Tx9} -40 {Two} +40 {Three}\n";
        const string stolen = $"movement 10 0 1 1000 External Recorded - -100 {One} +100 {Two}\n";
        await Check(
            record, [], theft, Direction.Forward,
            $"{stolen}holder {Two} 10 0 1 forward 7  partial \n{stolen}{paid}holder {Three} 20 0 1 forward -7  partial \n{paid}");
    }

    [Fact]
    public async Task A_token_and_what_a_source_says_of_completeness_are_in_it()
    {
        Movement theft = Transfer(10, 1, 2, 100, Token, time: 1000);
        string stolen = $"movement 10 0 1 1000 External Recorded - -100 {Token2.Replace("02 1:", "01 1:", StringComparison.Ordinal)} +100 {Token2}\n";
        await Check(
            [theft], [new RecordCoverage(Account(2), Token, 3000, "all of it")], theft, Direction.Forward,
            $"{stolen}holder {Token2} 10 0 1 forward 0  complete 3000\n{stolen}");
    }

    [Fact]
    public async Task A_coin_is_named_by_its_transaction_and_index()
    {
        Holder coin = Holder.Output(ChainId.Bitcoin, new OutPoint(Tx(9), 1), default);
        Movement issue = Movement.Create(
            MovementKind.Reward, Grade.Recorded, new Position(1, 0, 1), new Stamp(1, null, 0, 600), Tx(9), "test", [], [new Leg(coin, 50)]);
        string issued = $"movement 1 0 1 600 Reward Recorded {Tx9} +50 {Coin9} 1\n";
        await Check([issue], [], issue, Direction.Forward, $"{issued}holder {Coin9} 1 1 0 1 forward 0  partial \n{issued}");
    }

    private static async Task Check(
        Movement[] record, RecordCoverage[] coverage, Movement seed, Direction direction, string lines)
    {
        TraceQuestion question = new(
            [TransferSeed.Create(seed, 0, seed.Outputs[0].Amount)], TaintPolicies.Fifo, direction, Limits.None, []);
        Trace trace = await new Tracer(new RecordedSource(record, [.. coverage]), new FewTags(), FetchOptions.OneByOne)
            .RunAsync(question, null, default);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(lines))), FactsDigest.Of(trace));
    }
}
