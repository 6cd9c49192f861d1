using System.Numerics;
using FlowTracer.Core.Model;
using FlowTracer.Core.Taint;

namespace FlowTracer.Tests.Taint;

/// <summary>
/// The pools. A lot is written <c>claim:amount/origin</c>; the origin is left out where it is the amount, or where the lot
/// is clean.
/// </summary>
public sealed class PoolTests
{
    private static readonly string[] Policies = ["fifo", "lifo", "pifo", "libr", "tiho", "haircut", "poison"];

    // --- by hand ----------------------------------------------------------------------------------------------------

    [Theory]
    [InlineData("fifo", "1:3 0:5 1:2 | take 4 | take 6", "1:3 0:1 | 0:4 1:2")]
    [InlineData("lifo", "1:3 0:5 1:2 | take 4 | take 6", "1:2 0:2 | 0:3 1:3")]
    [InlineData("pifo", "1:3 0:5 1:2 | take 4 | take 6", "1:3 1:1 | 1:1 0:5")]
    [InlineData("libr", "1:3 0:5 1:2 | take 4 | take 6", "0:4 | 0:1 1:3 1:2")]
    [InlineData("tiho", "1:3 0:5 1:2 | take 4 | take 6", "1:3 1:1 | 1:1 0:5")]
    [InlineData("haircut", "1:3 0:5 1:2 | take 4 | take 6", "1:2 0:2 | 1:3 0:3")]
    [InlineData("poison", "1:3 0:5 1:2 | take 4 | take 6", "1:4/0 | 1:6/0")]
    public void What_leaves_first(string policy, string steps, string taken) => Expect(policy, steps, taken);

    // Neighbours of one seed are one lot, unless something lies between them.
    [Theory]
    [InlineData("fifo", "1:3 1:2 | take 5", "1:5")]
    [InlineData("fifo", "1:3 2:1 1:2 | take 6", "1:3 2:1 1:2")]
    [InlineData("lifo", "0:3 0:2 | take 4", "0:4")]
    [InlineData("pifo", "1:3 1:2 | take 5", "1:5")]
    [InlineData("fifo", "1:3/1 1:2 | take 5", "1:3/1 1:2")]
    [InlineData("fifo", "1:3/0 1:2/0 | take 5", "1:5/0")]
    public void Neighbours(string policy, string steps, string taken) => Expect(policy, steps, taken);

    // A taker of part of a lot gets floor(origin × part ÷ lot); the last taker gets what is left.
    [Theory]
    [InlineData("fifo", "1:3/10 | take 1 | take 1 | take 1", "1:1/3 | 1:1/3 | 1:1/4")]
    [InlineData("lifo", "1:3/10 | take 2 | take 1", "1:2/6 | 1:1/4")]
    [InlineData("pifo", "1:10/3 | take 3 | take 3 | take 4", "1:3/0 | 1:3/1 | 1:4/2")]
    [InlineData("libr", "1:7/2 0:1 | take 4 | take 4", "0:1 1:3/0 | 1:4/2")]
    [InlineData("haircut", "1:4/100 0:4 | take 3 | take 5", "1:2/50 0:1 | 1:2/50 0:3")]
    public void Origin_of_a_part(string policy, string steps, string taken) => Expect(policy, steps, taken);

    // 5 of 2 + 3 + 5: 1, 1½ and 2½. The unit over goes to the earlier of the two halves.
    [Fact]
    public void Haircut_gives_a_unit_over_to_the_earlier_of_equals() =>
        Expect("haircut", "1:2 2:3 0:5 | take 5 | take 5", "1:1 2:2 0:2 | 1:1 2:1 0:3");

    // Seed 1 came first, left, and came again: seed 2 is the earliest still there, and gets the unit over.
    [Fact]
    public void Haircut_forgets_a_place_when_its_lot_is_gone() =>
        Expect("haircut", "1:1 2:1 | take 1 | take 1 | 2:1 1:1 | take 1", "1:1 | 2:1 | 2:1");

    [Fact]
    public void Haircut_keeps_one_lot_for_each_claim_in_the_place_of_the_first() =>
        Expect("haircut", "1:1 0:1 1:9 | take 11", "1:10 0:1");

    // What is tainted stays as it came; a class' lots leave in order of arrival.
    [Fact]
    public void Classes_leave_in_order_of_arrival() =>
        Expect("libr", "2:1 0:1 1:1 0:2 | take 3 | take 2", "0:1 0:2 | 2:1 1:1");

    [Fact]
    public void Poison_lasts_until_the_pool_is_empty()
    {
        LotPool pool = New("poison", out ClaimTable claims);
        pool.Put(new Lot(1, 1, 1));
        pool.Put(Lot.CleanOf(9));
        Assert.Equal("1:9/0", Take(pool, 9));
        pool.Put(new Lot(2, 1, 1));
        List<Lot> taken = [];
        pool.Take(2, taken);
        Assert.Equal([0, 1], claims.SeedsOf(Assert.Single(taken).Claim).ToArray());
        pool.Put(Lot.CleanOf(4));
        Assert.Equal("0:4", Take(pool, 4));
    }

    [Theory]
    [MemberData(nameof(AllPolicies))]
    public void A_lot_of_nothing_is_refused(string policy) =>
        Assert.Throws<InvariantException>(() => New(policy, out _).Put(Lot.CleanOf(Amount.Zero)));

    [Theory]
    [MemberData(nameof(AllPolicies))]
    public void More_than_there_is_cannot_be_taken(string policy)
    {
        LotPool pool = New(policy, out _);
        pool.Put(new Lot(1, 5, 5));
        Assert.Throws<InvariantException>(() => pool.Take(6, []));
        Assert.Equal((Amount)5, pool.Total);
    }

    [Theory]
    [MemberData(nameof(AllPolicies))]
    public void More_than_256_bits_can_count_is_an_overflow_that_changes_nothing(string policy)
    {
        LotPool pool = New(policy, out _);
        pool.Put(new Lot(1, Amount.MaxValue, Amount.MaxValue));
        Assert.Throws<OverflowException>(() => pool.Put(Lot.CleanOf(Amount.One)));
        Assert.Equal(Amount.MaxValue, pool.Total);
    }

    public static TheoryData<string> AllPolicies() => [.. Policies];

    // --- whatever happens -------------------------------------------------------------------------------------------

    [Theory]
    [MemberData(nameof(AllPolicies))]
    public void What_goes_in_comes_out_unit_for_unit(string policy)
    {
        for (int number = 0; number < 1500; number++)
        {
            Random random = new(number);
            LotPool pool = New(policy, out _);
            SortedDictionary<int, (BigInteger Amount, BigInteger Origin)> balance = [];
            for (int step = random.Next(1, 40); step > 0; step--)
            {
                List<Lot> moved = [];
                bool isPut = pool.Total.IsZero || random.Next(2) == 0;
                if (isPut)
                {
                    moved.Add(RandomLot(random));
                    pool.Put(moved[0]);
                }
                else
                {
                    Amount amount = Amount.MulDivFloor(pool.Total, (ulong)random.Next(11), 10);
                    pool.Take(amount, moved);
                    Assert.Equal(amount, moved.Aggregate(Amount.Zero, (sum, lot) => sum + lot.Amount));
                    Assert.All(moved, lot => Assert.False(lot.Amount.IsZero));
                }

                foreach (Lot lot in moved)
                {
                    (BigInteger amount, BigInteger origin) = balance.GetValueOrDefault(lot.Claim);
                    int sign = isPut ? 1 : -1;
                    balance[lot.Claim] = (amount + (sign * lot.Amount.ToBigInteger()), origin + (sign * lot.Origin.ToBigInteger()));
                }

                CheckContents(policy, pool, balance, $"{policy} {number}");
            }
        }
    }

    private static void CheckContents(
        string policy, LotPool pool, SortedDictionary<int, (BigInteger Amount, BigInteger Origin)> balance, string where)
    {
        List<Lot> lots = [];
        pool.CopyTo(lots);
        BigInteger total = lots.Aggregate(BigInteger.Zero, (sum, lot) => sum + lot.Amount.ToBigInteger());
        Assert.True(total == pool.Total.ToBigInteger(), where);
        Assert.True(total == balance.Values.Aggregate(BigInteger.Zero, (sum, b) => sum + b.Amount), where);

        // Poison mixes claims and counts no origin: there only the sum is kept.
        if (policy != "poison")
        {
            foreach ((int claim, (BigInteger amount, BigInteger origin)) in balance)
            {
                Lot[] own = [.. lots.Where(lot => lot.Claim == claim)];
                Assert.True(amount == own.Aggregate(BigInteger.Zero, (sum, lot) => sum + lot.Amount.ToBigInteger()), where);
                Assert.True(origin == own.Aggregate(BigInteger.Zero, (sum, lot) => sum + lot.Origin.ToBigInteger()), where);
            }
        }
    }

    // The pool merges neighbours; a plain list of lots that merges nothing must give the same units to the same takers.
    [Theory]
    [InlineData("fifo")]
    [InlineData("lifo")]
    [InlineData("pifo")]
    [InlineData("libr")]
    public void Merging_neighbours_changes_no_figure(string policy)
    {
        for (int number = 0; number < 1500; number++)
        {
            Random random = new(number);
            LotPool pool = New(policy, out _);
            List<Lot> plain = [];
            for (int step = random.Next(1, 40); step > 0; step--)
            {
                if (pool.Total.IsZero || random.Next(2) == 0)
                {
                    Lot lot = RandomLot(random);
                    pool.Put(lot);
                    plain.Add(lot);
                    continue;
                }

                Amount amount = Amount.MulDivFloor(pool.Total, (ulong)random.Next(11), 10);
                List<Lot> taken = [];
                pool.Take(amount, taken);
                List<Lot> expected = TakePlainly(policy, plain, amount);
                Assert.True(Sums(expected) == Sums(taken), $"{policy} {number}: {Text(expected)} and not {Text(taken)}");
            }
        }
    }

    private static List<Lot> TakePlainly(string policy, List<Lot> lots, Amount amount)
    {
        List<Lot> taken = [];
        while (!amount.IsZero)
        {
            int next = policy switch
            {
                "fifo" => 0,
                "lifo" => lots.Count - 1,
                "pifo" => Math.Max(0, lots.FindIndex(lot => lot.Claim != Lot.Clean)),
                _ => Math.Max(0, lots.FindIndex(lot => lot.Claim == Lot.Clean)),
            };
            (int claim, Amount has, Amount origin) = lots[next];
            Amount part = Amount.Min(has, amount);
            Amount moved = part == has
                ? origin
                : Amount.FromBigInteger(origin.ToBigInteger() * part.ToBigInteger() / has.ToBigInteger());
            taken.Add(new Lot(claim, part, moved));
            amount -= part;
            if (part == has)
            {
                lots.RemoveAt(next);
            }
            else
            {
                lots[next] = new Lot(claim, has - part, origin - moved);
            }
        }

        return taken;
    }

    private static string Sums(List<Lot> lots) => string.Join(' ', lots.GroupBy(lot => lot.Claim).OrderBy(g => g.Key).Select(g =>
        $"{g.Key}:{g.Aggregate(Amount.Zero, (s, l) => s + l.Amount)}/{g.Aggregate(Amount.Zero, (s, l) => s + l.Origin)}"));

    private static Lot RandomLot(Random random)
    {
        int claim = random.Next(4);
        Amount amount = random.Next(3) == 0 ? Amount.FromBigInteger(BigInteger.Pow(2, random.Next(200)) + random.Next(9)) : (ulong)random.Next(1, 10);
        Amount origin = claim == Lot.Clean ? Amount.Zero : random.Next(3) switch
        {
            0 => amount,
            1 => Amount.Zero,
            _ => (ulong)random.Next(50),
        };
        return new Lot(claim, amount, origin);
    }

    // --- the notation -----------------------------------------------------------------------------------------------

    private static void Expect(string policy, string steps, string takings)
    {
        LotPool pool = New(policy, out _);
        List<string> taken = [];
        foreach (string step in steps.Split(" | "))
        {
            if (step.StartsWith("take ", StringComparison.Ordinal))
            {
                taken.Add(Take(pool, Amount.Parse(step[5..])));
            }
            else
            {
                step.Split(' ').Select(Parse).ToList().ForEach(pool.Put);
            }
        }

        Assert.Equal(takings, string.Join(" | ", taken));
    }

    private static LotPool New(string policy, out ClaimTable claims) => TaintPolicies.Find(policy)!.NewPool(new LotSlab<Amount>(claims = new ClaimTable(3)));

    private static string Take(LotPool pool, Amount amount)
    {
        List<Lot> taken = [];
        pool.Take(amount, taken);
        return Text(taken);
    }

    private static Lot Parse(string text)
    {
        string[] parts = text.Split(':', '/');
        Amount amount = Amount.Parse(parts[1]);
        return parts[0] == "0" ? Lot.CleanOf(amount)
            : new Lot(int.Parse(parts[0], null), amount, parts.Length == 3 ? Amount.Parse(parts[2]) : amount);
    }

    private static string Text(List<Lot> lots) => string.Join(' ', lots.Select(lot =>
        lot.Claim == Lot.Clean || lot.Origin == lot.Amount ? $"{lot.Claim}:{lot.Amount}" : $"{lot.Claim}:{lot.Amount}/{lot.Origin}"));
}
