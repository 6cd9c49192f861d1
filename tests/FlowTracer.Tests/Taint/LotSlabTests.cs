using FlowTracer.Core.Model;
using FlowTracer.Core.Taint;

namespace FlowTracer.Tests.Taint;

/// <summary>Chains of lots against plain lists.</summary>
public sealed class LotSlabTests
{
    [Fact]
    public void Lots_that_count_as_one_become_one_where_chains_meet()
    {
        LotSlab<Amount> slab = new(new ClaimTable(2));
        LotChain chain = slab.Of(new Lot(1, 5, 5));
        chain = slab.JoinMerging(chain, slab.Of([new Lot(1, 2, 2), new Lot(1, 2, 1)]));
        chain = slab.JoinMerging(chain, slab.Of(new Lot(1, 2, 1)));
        chain = slab.JoinMerging(chain, slab.Of(Lot.CleanOf(3)));
        chain = slab.JoinMerging(chain, slab.Of(Lot.CleanOf(4)));
        Assert.Equal([new Lot(1, 7, 7), new Lot(1, 2, 1), new Lot(1, 2, 1), Lot.CleanOf(7)], All(slab, chain));
        chain = slab.Join(chain, slab.Of(Lot.CleanOf(1)));
        Assert.Equal(5, All(slab, chain).Count);
    }

    // Many chains at once in one slab: appended to, joined, cut, turned round and given up, whatever the order.
    [Fact]
    public void Chains_are_lists()
    {
        Random random = new(4);
        LotSlab<Amount> slab = new(new ClaimTable(3));
        LotChain[] chains = new LotChain[8];
        List<Lot>[] lists = [.. chains.Select(static _ => new List<Lot>())];
        for (int step = 0; step < 20_000; step++)
        {
            int at = random.Next(chains.Length);
            int other = (at + 1 + random.Next(chains.Length - 1)) % chains.Length;
            Lot lot = new(step % 3, (ulong)step + 1, 0);
            switch (random.Next(7))
            {
                case 0 or 1:
                    slab.Append(ref chains[at], lot);
                    lists[at].Add(lot);
                    break;
                case 2:
                    chains[at] = slab.Join(slab.Of(lot), chains[at]);
                    lists[at].Insert(0, lot);
                    break;
                case 3:
                    (chains[at], chains[other]) = (slab.Join(chains[at], chains[other]), default);
                    lists[at].AddRange(lists[other]);
                    lists[other].Clear();
                    break;
                case 4 when !chains[at].IsEmpty:
                    Assert.Equal([lists[at][0]], All(slab, slab.Cut(ref chains[at])));
                    lists[at].RemoveAt(0);
                    break;
                case 5:
                    chains[at] = slab.Reverse(chains[at]);
                    lists[at].Reverse();
                    break;
                default:
                    List<Lot> moved = [];
                    slab.MoveTo(chains[at], moved);
                    Assert.Equal(lists[at], moved);
                    chains[at] = default;
                    lists[at].Clear();
                    break;
            }

            Assert.Equal(lists[at], All(slab, chains[at]));
        }
    }

    private static List<Lot> All(LotSlab<Amount> slab, LotChain chain)
    {
        List<Lot> lots = [];
        slab.CopyTo(chain, lots);
        return lots;
    }
}
