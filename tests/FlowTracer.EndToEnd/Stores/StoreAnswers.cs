using System.Buffers;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Store;

namespace FlowTracer.EndToEnd.Stores;

/// <summary>Holds the answers of a store against those of a record of the same movements.</summary>
internal static class StoreAnswers
{
    public static readonly FlowOrigin Origin = new("transfers.csv", new string('a', 64));

    /// <summary>A record of movements.</summary>
    public static FlowLoad Record(IReadOnlyList<Movement> movements, string source = "transfers.csv") =>
        new(movements[0].Chain, Origin with { Source = source }, [], movements);

    /// <summary>All holders some movements name, fees too.</summary>
    public static Holder[] HoldersIn(IEnumerable<Movement> movements) =>
    [
        .. movements.SelectMany(static movement => movement.Inputs.Concat(movement.Outputs).Select(static leg => leg.Holder)
            .Concat(movement.Fee is Leg fee ? [fee.Holder] : [])).Distinct().Order(),
    ];

    /// <summary>Both ways from the beginning, the end and some places between for each holder.</summary>
    public static List<HistoryRequest> RequestsFor(IReadOnlyList<Movement> movements)
    {
        List<HistoryRequest> requests = [];
        Holder[] holders = HoldersIn(movements);
        for (int i = 0; i < holders.Length; i++)
        {
            Position between = movements[i * 7919 % movements.Count].Position;
            foreach (Position at in (Position[])[Position.Start, between, between with { Step = between.Step + 1 }, Position.End])
            {
                requests.Add(new HistoryRequest(holders[i], at, Direction.Forward));
                requests.Add(new HistoryRequest(holders[i], at, Direction.Backward));
            }
        }

        return requests;
    }

    /// <summary>Everything a source is asked is answered alike; the store's histories with one request.</summary>
    public static async Task AssertSameAsync(IHistorySource expected, IHistorySource actual, IReadOnlyList<Movement> movements)
    {
        List<HistoryRequest> requests = RequestsFor(movements);
        IReadOnlyList<History> wanted = await expected.ReadAsync(requests, CancellationToken.None);
        IReadOnlyList<History> given = await actual.ReadAsync(requests, CancellationToken.None);
        Assert.Equal(wanted.Select(Text), given.Select(Text));
        ChainId chain = movements[0].Chain;
        TxHash[] txs = [.. movements.Select(static movement => movement.Tx).OfType<TxHash>().Distinct()];
        IReadOnlyList<IReadOnlyList<Movement>> found = await actual.FindTransactionsAsync(chain, txs, CancellationToken.None);
        for (int i = 0; i < txs.Length; i++)
        {
            Assert.Equal(
                (await expected.FindTransactionAsync(chain, txs[i], CancellationToken.None)).Select(Text), found[i].Select(Text));
        }

        foreach (Address address in HoldersIn(movements).Select(static holder => holder.Address).Where(static address => !address.IsNone).Distinct().Take(50))
        {
            Assert.Equal(
                await expected.HoldersOfAsync(address, Position.Start, Direction.Forward, CancellationToken.None),
                await actual.HoldersOfAsync(address, Position.Start, Direction.Forward, CancellationToken.None));
        }
    }

    /// <summary>Two stores have the same blocks and all of some movements, and give the same answers about these and their holders.</summary>
    /// <param name="expected">The one.</param>
    /// <param name="actual">The other.</param>
    /// <param name="movements">All that they should have.</param>
    /// <param name="every">Of how many movements one is asked about; the digests of all are checked.</param>
    public static async Task AssertSameStoresAsync(IFlowStore expected, IFlowStore actual, IReadOnlyList<Movement> movements, int every = 1)
    {
        FlowCoverage wanted = Assert.Single(await expected.CoverageAsync(CancellationToken.None));
        FlowCoverage given = Assert.Single(await actual.CoverageAsync(CancellationToken.None));
        Assert.Equal((wanted.First, wanted.Last, wanted.Movements), (given.First, given.Last, given.Movements));
        Assert.Equal(movements.Count, given.Movements);
        Assert.Empty(given.Unfinished);
        for (ulong number = wanted.First?.Number ?? 0; number <= wanted.Last?.Number; number++)
        {
            Assert.Equal(
                await expected.BlockAsync(wanted.Chain, number, CancellationToken.None), await actual.BlockAsync(wanted.Chain, number, CancellationToken.None));
        }

        await AssertSameAsync(expected, actual, [.. movements.Where((_, i) => i % every == 0)]);
        Assert.Empty(await actual.CheckAsync(null, CancellationToken.None));
    }

    /// <summary>A movement with all its parts.</summary>
    public static string Text(Movement movement)
    {
        ArrayBufferWriter<byte> bytes = new();
        MovementBytes.Write(movement, bytes);
        return Convert.ToHexString(bytes.WrittenSpan);
    }

    /// <summary>A history with all its parts.</summary>
    public static string Text(History history) =>
        $"{history.Request} opening {history.Opening} closing {history.Closing} {history.Coverage} {string.Join(' ', history.Movements.Select(Text))}";
}
