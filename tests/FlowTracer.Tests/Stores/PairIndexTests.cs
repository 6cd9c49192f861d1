using FlowTracer.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace FlowTracer.Tests.Stores;

/// <summary>An index of pairs, against a sorted set of them.</summary>
public sealed class PairIndexTests : IDisposable
{
    private readonly SqliteConnection _connection = new("Data Source=:memory:");

    public PairIndexTests()
    {
        _connection.Open();
        SqliteSchema.Prepare(_connection, "memory", isNew: true);
    }

    public void Dispose() => _connection.Dispose();

    [Fact]
    public void Entries_are_written_as_docs_store_says()
    {
        using PairIndex index = new(_connection, "holder");
        index.Add([new Pair(10, 3), new Pair(9, 17), new Pair(9, 12)]);

        Assert.Equal("10 3 090C00050103", Row("SELECT key || ' ' || value || ' ' || hex(pairs) FROM chunks"));
        Assert.Equal("holder 3 17", Row("SELECT name || ' ' || pairs || ' ' || last FROM runs"));
    }

    [Theory]
    [InlineData(1, 40)]
    [InlineData(2, 5_000)]
    [InlineData(3, 1L << 47)]
    public void It_finds_what_was_added_and_not_removed(int seed, long mostKey)
    {
        Random random = new(seed);
        using PairIndex index = new(_connection, "holder");
        using PairIndex other = new(_connection, "hash");
        other.Add([new Pair(7, 7)]);
        SortedSet<Pair> all = [];
        for (int load = 0; load < 60; load++)
        {
            List<Pair> added = [.. Enumerable.Range(0, random.Next(1, 900)).Select(_ => new Pair(random.NextInt64(mostKey), random.Next(100_000))).Distinct().Where(all.Add)];
            index.Add(added);
            if (load % 9 == 8)
            {
                List<Pair> removed = [.. all.Where(_ => random.Next(20) == 0)];
                all.ExceptWith(removed);
                index.Remove(removed);
            }

            Pair[] there = [.. all];
            long[] keys = [.. Enumerable.Range(0, random.Next(300)).Select(i => i % 2 == 0 ? random.NextInt64(mostKey) : there[random.Next(there.Length)].Key).Order()];
            HashSet<long> asked = [.. keys];
            Assert.Equal(there.Where(pair => asked.Contains(pair.Key)), index.Find(keys).Distinct());
        }

        Assert.Equal(all, index.Find([.. all.Select(static pair => pair.Key).Distinct()]));
        Assert.Equal([new Pair(7, 7)], other.Find([7]));
        PairSum sum = new();
        index.Check(sum, default);
        Assert.Equal(all.Count, sum.Count);

        // Each run is more than twice the next: 20,000 entries are 14 halvings.
        Assert.InRange(long.Parse(Row("SELECT count(*) FROM runs WHERE name = 'holder'"), null), 1, 14);
    }

    [Fact]
    public void What_is_not_there_cannot_be_removed()
    {
        using PairIndex index = new(_connection, "holder");
        index.Add([new Pair(1, 1), new Pair(1, 3)]);

        Assert.Throws<InvalidDataException>(() => index.Remove([new Pair(1, 2)]));
    }

    private string Row(string sql)
    {
        using SqliteCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar()!.ToString()!;
    }
}
