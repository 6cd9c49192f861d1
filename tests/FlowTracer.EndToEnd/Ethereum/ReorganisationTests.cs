using System.Numerics;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>A chain that changes while it is read: the answer is that of the chain as it is afterwards.</summary>
public sealed class ReorganisationTests
{
    private static readonly BigInteger Ether = TestChain.Ether;

    [AnvilTheory]
    [InlineData("trace_filter")]
    [InlineData("plain archive")]
    public async Task A_shallow_one_at_any_moment_is_noticed(string kind)
    {
        await using AnvilNode node = await AnvilNode.StartAsync();
        Story story = new("reorganised", node.Chain);
        Theft theft = await story.StealAsync(10 * Ether);
        await story.PayAsync("to the mule", "thief", "mule", 4 * Ether);
        await PayOnAsync(story, 0);
        int at = 1;
        while (true)
        {
            await using FaultyNode proxy = new FaultyNode(node.Url).Without(SourceKinds.All[kind]);
            int when = at;
            bool happened = false;
            proxy.Before = async number =>
            {
                if (number == when)
                {
                    happened = true;
                    await node.Chain.RollBackAsync(1);
                    await PayOnAsync(story, when);
                }
            };
            using Desk desk = new();
            string during = await Desk.JsonAsync(desk.Request(theft, proxy.Url), SmallChain.Quick);
            if (!happened)
            {
                break;
            }

            proxy.Before = null;
            using Desk fresh = new();
            string after = await Desk.JsonAsync(fresh.Request(theft, proxy.Url), SmallChain.Quick);
            Assert.True(during == after, $"reorganised at request {at}");
            Assert.Contains(story[$"friend {at}"], after, StringComparison.OrdinalIgnoreCase);

            // Kept is what was true in the end.
            proxy.ResetCounters();
            Assert.Equal(after, await Desk.JsonAsync(desk.Request(theft, proxy.Url), SmallChain.Quick));
            Assert.Equal(0, proxy.Requests);
            at += at < 8 ? 1 : 3;
        }

        Assert.True(at > 5, "too few requests to reorganise between");
    }

    [AnvilFact]
    public async Task One_after_the_other_ends_in_a_line()
    {
        await using AnvilNode node = await AnvilNode.StartAsync();
        Story story = new("restless", node.Chain);
        Theft theft = await story.StealAsync(10 * Ether);
        await story.PayAsync("to the mule", "thief", "mule", 4 * Ether);
        await PayOnAsync(story, 0);
        await using FaultyNode proxy = new(node.Url);
        SemaphoreSlim one = new(1, 1);
        proxy.Before = async number =>
        {
            await one.WaitAsync();
            await node.Chain.RollBackAsync(1);
            await PayOnAsync(story, number);
            one.Release();
        };
        using Desk desk = new();
        SourceException line = await Assert.ThrowsAsync<SourceException>(
            () => Desk.JsonAsync(desk.Request(theft, proxy.Url), SmallChain.Quick));
        Assert.Contains(proxy.Url.Authority, line.Message, StringComparison.Ordinal);
        Assert.Contains("block ", line.Message, StringComparison.Ordinal);
    }

    [AnvilFact]
    public async Task A_theft_that_is_no_longer_there_is_said_to_be_gone()
    {
        await using AnvilNode node = await AnvilNode.StartAsync();
        await node.Chain.MineAsync(3);
        for (int at = 2; at <= 8; at++)
        {
            Story story = new($"undone {at}", node.Chain);
            Theft theft = await story.StealAsync(10 * Ether);
            await using FaultyNode proxy = new(node.Url);
            int when = at;
            proxy.Before = number => number == when ? node.Chain.ReorganiseAsync(1) : Task.CompletedTask;
            using Desk desk = new();
            try
            {
                await Desk.JsonAsync(desk.Request(theft, proxy.Url), SmallChain.Quick);
                Assert.True(proxy.Requests < at, $"reorganised at request {at} of {proxy.Requests}");
                break;
            }
            catch (InputException line)
            {
                Assert.Contains($"transaction {theft.Transaction} is not in http://{proxy.Url.Authority}", line.Message, StringComparison.Ordinal);
            }
        }
    }

    private static async Task PayOnAsync(Story story, int number) =>
        await story.PayAsync($"on {number}", "mule", $"friend {number}", (1 * Ether) + number);
}
