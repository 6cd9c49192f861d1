using System.Diagnostics;
using System.Numerics;

namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>What a trace cost a source.</summary>
/// <param name="Rounds">The longest chain of requests that had to wait for each other.</param>
/// <param name="Requests">HTTP requests.</param>
/// <param name="Calls">JSON-RPC calls in them.</param>
/// <param name="MostConcurrent">The most requests under way at once.</param>
/// <param name="Milliseconds">From opening the source to the finished trace.</param>
internal sealed record Cost(int Rounds, int Requests, int Calls, int MostConcurrent, long Milliseconds);

/// <summary>
/// Chains of known shape, and what tracing over them costs: a flow of given depth and width, and an account that sent a
/// given number of transactions among very many blocks.
/// </summary>
internal static class LiveCost
{
    /// <summary>
    /// Loot that is split among <paramref name="width"/> addresses, each of which passes all of it on to one other,
    /// <paramref name="depth"/> times in all, a block a step. Returns the theft's transaction.
    /// </summary>
    public static async Task<string> LayersAsync(TestChain chain, int depth, int width)
    {
        string name = $"layers {depth} {width}";
        string thief = TestChain.Account($"{name} thief");
        string theft = (await chain.SendAsync(TestChain.Faucet, thief, width * TestChain.Ether)).Hash;
        for (int step = 1; step <= depth; step++)
        {
            for (int i = 0; i < width; i++)
            {
                string from = step == 1 ? thief : TestChain.Account($"{name} {step - 1} {i}");
                await QueueAsync(chain, from, TestChain.Account($"{name} {step} {i}"), TestChain.Ether);
            }

            await chain.Rpc.CallAsync("evm_mine");
        }

        return theft;
    }

    /// <summary>An account that sends <paramref name="sent"/> transactions, evenly among <paramref name="blocks"/> blocks.</summary>
    public static async Task<string> SpenderAsync(TestChain chain, int sent, int blocks)
    {
        string spender = TestChain.Account($"spender {sent} {blocks}");
        string theft = (await chain.SendAsync(TestChain.Faucet, spender, 1000 * TestChain.Ether)).Hash;
        for (int i = 0; i < sent; i++)
        {
            await chain.MineAsync((blocks / sent) - 1);
            await QueueAsync(chain, spender, TestChain.Account($"paid by {sent} {blocks}"), TestChain.Ether);
            await chain.Rpc.CallAsync("evm_mine");
        }

        return theft;
    }

    /// <summary>Traces a theft to its end through a proxy, from nothing, and counts.</summary>
    public static async Task<Cost> MeasureAsync(Uri node, string kind, string theft, TimeSpan latency)
    {
        await using FaultyNode proxy = new FaultyNode(node).Without(SourceKinds.All[kind]);
        proxy.Latency = latency;
        using Desk desk = new();
        Stopwatch clock = Stopwatch.StartNew();
        using LiveTrace trace = await Desk.TraceAsync(desk.Request(theft, proxy.Url));
        return new Cost(proxy.Rounds, proxy.Requests, proxy.TotalCalls, proxy.MostConcurrent, clock.ElapsedMilliseconds);
    }

    private static async Task QueueAsync(TestChain chain, string from, string to, BigInteger wei)
    {
        await chain.ImpersonateAsync(from);
        await chain.Rpc.CallAsync("eth_sendTransaction", new Dictionary<string, string>
        {
            ["from"] = from,
            ["to"] = to,
            ["value"] = TestRpc.Hex(wei),
            ["gas"] = TestRpc.Hex(21_000),
            ["maxFeePerGas"] = "0x0",
            ["maxPriorityFeePerGas"] = "0x0",
        });
    }
}
