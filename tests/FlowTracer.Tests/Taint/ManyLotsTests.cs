using FlowTracer.Core.Model;
using FlowTracer.Core.Taint;
using FlowTracer.Core.Tracing;

namespace FlowTracer.Tests.Taint;

/// <summary>
/// A hundred thousand lots and as many takers. Each lot is to cost a constant; were any step as long as the pool, a test
/// here would take minutes.
/// </summary>
public sealed class ManyLotsTests
{
    private const int Many = 100_000;

    // Lots of 3, alternately of seed 1 and clean, or of two seeds; takers of 2.
    [Theory]
    [InlineData("fifo")]
    [InlineData("lifo")]
    [InlineData("pifo")]
    [InlineData("libr")]
    [InlineData("tiho")]
    public void A_queue_gives_each_lot_out_once(string policy)
    {
        LotPool pool = TaintPolicies.Find(policy)!.NewPool(new LotSlab<Amount>(new ClaimTable(2)));
        for (int i = 0; i < Many; i++)
        {
            pool.Put(i % 3 == 0 ? Lot.CleanOf(3) : new Lot(1 + (i % 2), 3, 3));
        }

        List<Lot> taken = [];
        for (int taker = 0; taker < Many; taker++)
        {
            pool.Take(2, taken);
        }

        List<Lot> left = [];
        pool.Drain(left);
        Assert.Equal((Amount)(2 * Many), Sum(taken));
        Assert.Equal((Amount)Many, Sum(left));
        Assert.Equal(Amount.Zero, pool.Total);
        Assert.InRange(taken.Count, Many, 3 * Many);
    }

    // Each seed is one lot; the second and third time round each finds its place.
    [Fact]
    public void Haircut_finds_a_seed_among_a_hundred_thousand()
    {
        LotPool pool = TaintPolicies.Haircut.NewPool(new LotSlab<Amount>(new ClaimTable(Many)));
        for (int i = 0; i < 3 * Many; i++)
        {
            pool.Put(new Lot(1 + (i % Many), 1, 1));
        }

        List<Lot> taken = [];
        pool.Take(Many, taken);
        Assert.Equal(Many, taken.Count);
        Assert.All(taken, static lot => Assert.Equal(new Lot(lot.Claim, 1, 1), lot));
        taken.Clear();
        pool.Drain(taken);
        Assert.Equal((2, Many), (Assert.Single(taken.Select(static lot => (int)lot.Amount.ToBigInteger()).Distinct()), taken.Count));
    }

    // 1 unit for 200,000: all but one lot come to nothing and look for an heir, which the first seed's have far behind them.
    [Fact]
    public void A_swap_into_almost_nothing_finds_every_heir()
    {
        List<Lot> lots = [];
        for (int i = 0; i < Many; i++)
        {
            lots.Add(new Lot(1, 1, 2));
            lots.Add(new Lot(2, 1, 3));
        }

        List<Lot> dust = SwapLots.Convert<Amount>(lots, 2 * Many, 1);
        Assert.Equal([new Lot(1, 1, 2 * Many)], lots);
        Assert.Equal(Many, dust.Count);
        Assert.All(dust, static lot => Assert.Equal(new Lot(2, 0, 3), lot));
    }

    private static Amount Sum(List<Lot> lots) => lots.Aggregate(Amount.Zero, static (sum, lot) => sum + lot.Amount);
}
