using FlowTracer.Chains.Ethereum.Live;
using FlowTracer.Core.Ports;

namespace FlowTracer.Tests.Chains.Ethereum.Live;

/// <summary>Ranges are split where a node refuses them, and nowhere else; every block is read once.</summary>
public sealed class RangeReaderTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 40)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Every_block_is_read_exactly_once(int seed)
    {
        Random random = new(seed);
        ulong first = (ulong)random.Next(0, 10_000);
        ulong last = first + (ulong)random.Next(0, 5_000);
        ulong widest = random.Next(2) == 0 ? 0 : 1UL << random.Next(0, 12);
        ulong bears = 1 + (ulong)random.Next(0, 800);
        List<(ulong First, ulong Last)> asked = [];
        List<ulong> read = await RangeReader.ReadAsync(first, last, widest, (start, end) =>
        {
            asked.Add((start, end));
            return Task.FromResult<IReadOnlyList<ulong>?>(
                end - start + 1 > bears ? null : [.. Enumerable.Range(0, (int)(end - start + 1)).Select(i => start + (ulong)i)]);
        });
        Assert.Equal(Enumerable.Range(0, (int)(last - first + 1)).Select(i => first + (ulong)i), read);
        Assert.All(asked, range => Assert.True(widest == 0 || range.Last - range.First + 1 <= widest));

        // Of what was asked and borne, nothing was asked again in parts.
        (ulong First, ulong Last)[] borne = [.. asked.Where(range => range.Last - range.First + 1 <= bears)];
        Assert.Equal((ulong)read.Count, borne.Aggregate(0UL, (sum, range) => sum + (range.Last - range.First + 1)));
    }

    [Fact]
    public async Task What_is_not_refused_is_asked_in_one()
    {
        List<(ulong, ulong)> asked = [];
        await RangeReader.ReadAsync<int>(17, 1_000_000, 0, (start, end) =>
        {
            asked.Add((start, end));
            return Task.FromResult<IReadOnlyList<int>?>([]);
        });
        Assert.Equal([(17UL, 1_000_000UL)], asked);
    }

    [Fact]
    public async Task A_node_that_refuses_everything_fails_after_as_many_calls_as_halvings()
    {
        int calls = 0;
        await Assert.ThrowsAsync<SourceException>(() => RangeReader.ReadAsync<int>(0, (1 << 20) - 1, 0, (start, end) =>
        {
            calls++;
            return start < end ? Task.FromResult<IReadOnlyList<int>?>(null) : throw new SourceException("node", "call", "refuses");
        }));
        Assert.Equal(21, calls);
    }

    [Theory]
    [InlineData(0, 7, 4)]
    [InlineData(5, 6, 6)]
    [InlineData(3, 9, 8)]
    [InlineData(9, 15, 12)]
    public void The_boundary_is_the_roundest_number(ulong first, ulong last, ulong boundary) =>
        Assert.Equal(boundary, RangeReader.Boundary(first, last));
}
