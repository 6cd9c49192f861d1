using FlowTracer.Core.Model;
using static FlowTracer.Tests.Tracing.Facts;

namespace FlowTracer.Tests.Model;

/// <summary>What several movements come to for one holder.</summary>
public sealed class MovementsTests
{
    [Fact]
    public void What_came_less_what_went_in_the_holders_own_asset()
    {
        Movement[] movements = [Transfer(1, 1, 2, 10), Transfer(2, 2, 3, 4), Transfer(3, 1, 2, 100, Token)];
        Assert.Equal(10 - 4, movements.NetOf(Holds(2)));
        Assert.Equal(-10, movements.NetOf(Holds(1)));
        Assert.Equal(100, movements.NetOf(Holds(2, Token)));
        Assert.Equal(0, movements.Take(0).NetOf(Holds(2)));
    }
}
