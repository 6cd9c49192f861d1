using FlowTracer.EndToEnd.Ethereum;

namespace FlowTracer.Benchmarks;

/// <summary>
/// <c>live</c>: what tracing costs a real node (Anvil) behind 50 ms of latency, by kind of source: rounds, requests and
/// calls over flows of several depths and widths, and what finding an account's transactions by bisecting takes.
/// </summary>
internal static class LiveNodes
{
    private static readonly TimeSpan Latency = TimeSpan.FromMilliseconds(50);

    public static async Task<int> RunAsync()
    {
        if (NodePackages.MissingReason(NodePackages.Anvil) is string reason)
        {
            Console.Error.WriteLine(reason);
            return 1;
        }

        // Once for nothing, so that no figure is of compiling.
        await using (AnvilNode warm = await AnvilNode.StartAsync())
        {
            await LiveCost.MeasureAsync(warm.Url, "plain archive", await LiveCost.LayersAsync(warm.Chain, 1, 1), TimeSpan.Zero);
        }

        await LayersAsync();
        await BisectingAsync();
        return 0;
    }

    private static async Task LayersAsync()
    {
        Console.WriteLine("| source | depth | width | rounds | bound 3·d·r | requests | calls | most at once | ms | bound ms |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|");
        await using AnvilNode node = await AnvilNode.StartAsync();
        (int Depth, int Width)[] shapes = [(1, 1), (4, 1), (4, 50), (8, 50)];
        List<string> thefts = [];
        foreach ((int depth, int width) in shapes)
        {
            thefts.Add(await LiveCost.LayersAsync(node.Chain, depth, width));
        }

        await node.Chain.MineAsync(1000);
        foreach (string kind in SourceKinds.All.Keys)
        {
            int one = 0;
            for (int i = 0; i < shapes.Length; i++)
            {
                Cost cost = await LiveCost.MeasureAsync(node.Url, kind, thefts[i], Latency);
                one = i == 0 ? cost.Rounds : one;
                int bound = 3 * shapes[i].Depth * one;
                Console.WriteLine(
                    $"| {kind} | {shapes[i].Depth} | {shapes[i].Width} | {cost.Rounds} | {bound} | {cost.Requests} | {cost.Calls} | {cost.MostConcurrent} | {cost.Milliseconds} | {bound * (int)Latency.TotalMilliseconds} |");
            }
        }
    }

    private static async Task BisectingAsync()
    {
        Console.WriteLine();
        Console.WriteLine("| sent k | blocks n | k·log₂(n/k) | eth_getTransactionCount | eth_getBalance | requests |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (int sent in (int[])[1, 4, 16, 64, 256])
        {
            const int blocks = 2048;
            await using AnvilNode node = await AnvilNode.StartAsync();
            string theft = await LiveCost.SpenderAsync(node.Chain, sent, blocks);
            await using FaultyNode proxy = new FaultyNode(node.Url).Without(SourceKinds.All["plain archive"]);
            using Desk desk = new();
            using LiveTrace trace = await Desk.TraceAsync(desk.Request(theft, proxy.Url));
            double logarithm = sent * Math.Log2((double)blocks / sent);
            Console.WriteLine(
                $"| {sent} | {blocks} | {logarithm:F0} | {proxy.CallsOf("eth_getTransactionCount")} | {proxy.CallsOf("eth_getBalance")} | {proxy.Requests} |");
        }
    }
}
