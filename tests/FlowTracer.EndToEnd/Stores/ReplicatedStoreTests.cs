using FlowTracer.Chains.Recorded;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Store.ClickHouse;
using FlowTracer.Testing;

namespace FlowTracer.EndToEnd.Stores;

/// <summary>A store whose rows lie on two replicas: what one has alone does not count.</summary>
public sealed class ReplicatedStoreTests(ReplicatedCluster cluster) : IClassFixture<ReplicatedCluster>
{
    [ReplicatedFact]
    public async Task A_load_is_on_both_replicas_and_one_of_them_answers_alone()
    {
        IReadOnlyList<Movement> movements = RandomMovements.Make(1, ChainId.Ethereum, 100, blocks: 8, perBlock: 7);
        string database = cluster.NewDatabase();
        await using ClickHouseStore store = await OpenAsync(database);

        Assert.Equal(new FlowAppended(movements.Count, 0), await store.AppendAsync(StoreAnswers.Record(movements), CancellationToken.None));
        Assert.Equal(new FlowAppended(0, movements.Count), await store.AppendAsync(StoreAnswers.Record(movements), CancellationToken.None));

        string rows = await cluster.RunAsync(0, $"SELECT count() FROM {database}.touches_local");
        Assert.NotEqual("0\n", rows);
        Assert.Equal(rows, await cluster.RunAsync(1, $"SELECT count() FROM {database}.touches_local"));
        await StoreAnswers.AssertSameAsync(new RecordedSource(movements, []), store, movements);
        Assert.Empty(await store.CheckAsync(null, CancellationToken.None));

        await cluster.Second.KillAsync();
        await using (ClickHouseStore alone = await OpenAsync(database))
        {
            await StoreAnswers.AssertSameAsync(new RecordedSource(movements, []), alone, movements);
        }

        await cluster.ReviveAsync();
    }

    [ReplicatedFact]
    public async Task With_one_replica_away_nothing_of_a_load_is_there_and_a_second_run_completes_it()
    {
        IReadOnlyList<Movement> movements = RandomMovements.Make(2, ChainId.Bitcoin, 100, blocks: 8, perBlock: 7);
        Movement[] first = [.. movements.Take(movements.Count / 2)];
        string database = cluster.NewDatabase();
        await using (ClickHouseStore store = await OpenAsync(database))
        {
            await store.AppendAsync(StoreAnswers.Record(first), CancellationToken.None);
            await cluster.Second.KillAsync();
            await Assert.ThrowsAsync<SourceException>(() =>
                store.AppendAsync(StoreAnswers.Record([.. movements.Skip(first.Length)]), CancellationToken.None));
        }

        await cluster.ReviveAsync();
        await using ClickHouseStore again = await OpenAsync(database);
        await StoreAnswers.AssertSameAsync(new RecordedSource(first, []), again, first);
        await again.AppendAsync(StoreAnswers.Record([.. movements.Skip(first.Length)]), CancellationToken.None);
        await StoreAnswers.AssertSameAsync(new RecordedSource(movements, []), again, movements);
        Assert.Empty(await again.CheckAsync(null, CancellationToken.None));
    }

    private Task<ClickHouseStore> OpenAsync(string database) => ClickHouseStore.OpenAsync(
        cluster.Location(database, options: "&replicated=true&timeout=20"), create: true, CancellationToken.None);
}
