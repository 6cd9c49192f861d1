using FlowTracer.Core.Model;
using FlowTracer.Core.Taint;

namespace FlowTracer.Tests.Taint;

/// <summary>The ring of lots against a plain list.</summary>
public sealed class LotDequeTests
{
    [Fact]
    public void Append_says_whether_the_lot_became_part_of_the_one_before_it()
    {
        LotDeque deque = new();
        Assert.False(deque.Append(new Lot(1, 5, 5)));
        Assert.True(deque.Append(new Lot(1, 2, 2)));
        Assert.False(deque.Append(new Lot(1, 2, 1)));
        Assert.False(deque.Append(Lot.CleanOf(3)));
        Assert.True(deque.Append(Lot.CleanOf(4)));
        Assert.Equal([new Lot(1, 7, 7), new Lot(1, 2, 1), Lot.CleanOf(7)], All(deque));
        deque.AppendApart(Lot.CleanOf(1));
        Assert.Equal(4, deque.Count);
    }

    [Fact]
    public void What_is_wanting_is_returned()
    {
        LotDeque deque = new();
        deque.Append(new Lot(1, 5, 5));
        List<Lot> taken = [];
        Assert.Equal(Amount.Zero, deque.Take(3, newestFirst: false, taken));
        Assert.Equal((Amount)7, deque.Take(9, newestFirst: true, taken));
        Assert.Equal([new Lot(1, 3, 3), new Lot(1, 2, 2)], taken);
        Assert.Equal(0, deque.Count);
    }

    // Both ends, and a ring that goes round and grows many times.
    [Fact]
    public void It_is_a_list_taken_from_both_ends()
    {
        Random random = new(4);
        LotDeque deque = new();
        List<Lot> list = [];
        for (int step = 0; step < 20_000; step++)
        {
            if (random.Next(100) < (step / 1000 % 2 == 0 ? 60 : 45))
            {
                Lot lot = new(1 + (step % 3), (ulong)random.Next(1, 6), (ulong)random.Next(6, 9));
                deque.AppendApart(lot);
                list.Add(lot);
            }
            else if (list.Count > 0)
            {
                bool newest = random.Next(2) == 0;
                int end = newest ? list.Count - 1 : 0;
                List<Lot> taken = [];
                deque.Take(list[end].Amount, newest, taken);
                Assert.Equal(list[end], Assert.Single(taken));
                list.RemoveAt(end);
            }

            Assert.Equal(list.Count, deque.Count);
            if (step % 500 == 0)
            {
                Assert.Equal(list, All(deque));
            }
        }
    }

    private static IEnumerable<Lot> All(LotDeque deque) => Enumerable.Range(0, deque.Count).Select(i => deque[i]);
}
