using FlowTracer.Benchmarks.Ledgers;

namespace FlowTracer.Tests.Ledgers;

/// <summary>The generator's own draws.</summary>
public sealed class ChanceTests
{
    // What the authors' C code (splitmix64.c) gives for the seed 1234567, as published at Rosetta Code.
    [Fact]
    public void The_published_sequence_comes_out()
    {
        Chance chance = new(1234567);

        Assert.Equal(
            [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821],
            Enumerable.Range(0, 5).Select(_ => chance.Next()));
    }
}
