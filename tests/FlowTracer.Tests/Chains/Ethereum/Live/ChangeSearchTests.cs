using System.Collections.Concurrent;
using System.Numerics;
using FlowTracer.Chains.Ethereum.Live;

namespace FlowTracer.Tests.Chains.Ethereum.Live;

/// <summary>Bisecting finds every block in which a count rose, and no other, in few samples.</summary>
public sealed class ChangeSearchTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 60)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Finds_exactly_the_blocks_of_a_random_step_function(int seed)
    {
        Random random = new(seed);
        ulong before = (ulong)random.Next(0, 20_000_000);
        ulong blocks = (ulong)(1 << random.Next(0, 21)) + (ulong)random.Next(0, 1000);
        Steps steps = new(Enumerable.Range(0, random.Next(0, 40)).Select(_ => before + 1 + (ulong)random.NextInt64((long)blocks)));
        (IReadOnlyList<ulong> found, ulong upTo) = await ChangeSearch.FindAsync(before, before + blocks, 1000, steps.At);
        Assert.Equal(steps.Blocks, found);
        Assert.Equal(before + blocks, upTo);

        // At each of log4(n/k) levels each change is in one stretch, which is cut in five at most; above that level the
        // stretches are fewer than the changes.
        int changes = Math.Max(1, steps.Blocks.Count);
        int levels = 2 + (int)Math.Ceiling(Math.Log((double)blocks / changes, 4));
        Assert.True(steps.Asked.Count <= 2 + (5 * changes * Math.Max(2, levels)), $"{steps.Asked.Count} samples for {changes} in {blocks}");
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task With_a_limit_finds_the_first_changes_and_says_up_to_where(int seed)
    {
        Random random = new(seed);
        int most = random.Next(1, 20);
        Steps steps = new(Enumerable.Range(0, 400).Select(_ => 1 + (ulong)random.Next(100_000)));
        (IReadOnlyList<ulong> found, ulong upTo) = await ChangeSearch.FindAsync(0, 100_000, most, steps.At);
        Assert.Equal(steps.Blocks.Where(block => block <= upTo), found);
        Assert.True(found.Count <= most, $"{found.Count} where {most} were asked for");
        Assert.Contains(steps.Blocks, block => block > upTo);
    }

    [Fact]
    public async Task An_empty_range_needs_no_sample()
    {
        Steps steps = new([5]);
        (IReadOnlyList<ulong> found, ulong upTo) = await ChangeSearch.FindAsync(7, 7, 10, steps.At);
        Assert.Empty(found);
        Assert.Equal(7UL, upTo);
        Assert.Empty(steps.Asked);
    }

    [Theory]
    [InlineData(0, 1, "0-1")]
    [InlineData(3, 9, "3-4 4-8 8-9")]
    [InlineData(0, 16, "0-4 4-8 8-12 12-16")]
    [InlineData(5, 18, "5-8 8-12 12-16 16-18")]
    public void Cuts_fall_on_multiples_of_a_power_of_four(ulong before, ulong last, string stretches) =>
        Assert.Equal(stretches, string.Join(' ', ChangeSearch.Cut(before, last).Select(cut => $"{cut.Before}-{cut.Last}")));

    private sealed class Steps(IEnumerable<ulong> blocks)
    {
        public IReadOnlyList<ulong> Blocks { get; } = [.. blocks.Distinct().Order()];

        public ConcurrentDictionary<ulong, bool> Asked { get; } = [];

        public Task<Sample> At(ulong block)
        {
            Asked[block] = true;
            return Task.FromResult(new Sample(BigInteger.Zero, Blocks.Count(step => step <= block)));
        }
    }
}
