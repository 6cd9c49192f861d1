using FlowTracer.Core.Model;
using FlowTracer.Core.Ranking;
using static FlowTracer.Tests.Tracing.Facts;

namespace FlowTracer.Tests.Ranking;

/// <summary>The ranks of the literature: small graphs by hand, random ones against slow dense references.</summary>
public sealed class SpreadingTests
{
    private const int A = 1, B = 2, C = 3, D = 4, E = 5, F = 6;

    // --- by hand ----------------------------------------------------------------------------------------------------

    // Of what A has, 0.15 settles; 0.85 × 0.7 = 0.595 goes on and 0.85 × 0.3 = 0.255 goes back. What has nowhere to go settles.
    private static readonly Payment[] Star = [Pay(1, D, A, 2), Pay(2, A, B, 3), Pay(3, A, C, 1)];

    [Fact]
    public void The_base_rank_takes_payments_alike() =>
        Ranks([(A, 0.15), (B, 0.2975), (C, 0.2975), (D, 0.255)], Spread(Star, Core.Ranking.Spread.Base));

    // 3 and 1 of 4.
    [Fact]
    public void The_weighted_rank_divides_by_amount() =>
        Ranks([(A, 0.15), (B, 0.44625), (C, 0.14875), (D, 0.255)], Spread(Star, Core.Ranking.Spread.Weight));

    // 1 unit of a token counts as much as 4 ETH where each is all there is of its asset.
    [Fact]
    public void Assets_count_alike() =>
        Ranks(
            [(A, 0.15 + 0.255), (B, 0.223125), (C, 0.074375), (E, 0.2975)],
            Spread([Pay(2, A, B, 3), Pay(3, A, C, 1), Pay(4, A, E, 1, Token)], Core.Ranking.Spread.Weight));

    [Fact]
    public void Haircut_hands_all_of_it_on() =>
        Ranks([(B, 0.75), (C, 0.25)], Spread(Star, Core.Ranking.Spread.Haircut));

    // A start at 5 reaches what A paid later (1 and 3 of 4) and who paid it before.
    [Fact]
    public void In_time_money_goes_on_later_and_came_before() =>
        Ranks(
            [(A, 0.15), (C, 0.14875), (D, 0.44625), (E, 0.255)],
            Timed([Pay(2, E, A, 4), Pay(3, A, B, 10), Pay(6, F, A, 5), Pay(7, A, C, 1), Pay(9, A, D, 3)], Eth, byAsset: false));

    // Half of the token is swapped and all that A paid in ETH after that is what became of it; ETH paid before is not.
    [Fact]
    public void By_asset_a_swap_is_gone_through() =>
        Ranks(
            [(A, 0.15 + 0.255), (B, 0.2975), (C, 0.2975)],
            Timed([Pay(4, A, D, 5), Swap(6, A, Token, 10, Eth, 7), Pay(7, A, C, 3), Pay(8, A, B, 10, Token)], Token, byAsset: true));

    // Backward: half of the ETH was bought with a token that D paid, half came from F.
    [Fact]
    public void By_asset_a_swap_is_gone_through_backward() =>
        Ranks(
            [(A, 0.15 + 0.595), (D, 0.1275), (F, 0.1275)],
            Timed([Pay(1, D, A, 3, Token), Pay(2, F, A, 7), Swap(3, A, Token, 3, Eth, 7), Pay(4, E, A, 9, Token)], Eth, byAsset: true));

    [Fact]
    public void Breadth_first_looks_at_whom_it_saw_first()
    {
        Payment[] payments = [Pay(1, D, A, 2), Pay(2, A, B, 3), Pay(3, A, C, 1), Pay(4, C, E, 1)];
        Assert.Equal([A, D, B, C, E], Order(new BreadthFirst([StartAt(A)], bothWays: true), payments));
        Assert.Equal([A, B, C, E], Order(new BreadthFirst([StartAt(A)], bothWays: false), payments));
    }

    // --- against slow references -------------------------------------------------------------------------------------

    // Andersen, Chung and Lang 2006: no rank is above the exact one, nor below it by more than epsilon times the degree.
    [Fact]
    public void Approximate_PageRank_is_within_epsilon_times_the_degree()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            Payment[] payments = RandomPayments(seed, swaps: false);
            Spreading frontier = new([StartAt(A)], Core.Ranking.Spread.PageRank);
            Order(frontier, payments);
            Dictionary<Address, HashSet<Address>> neighbours = [];
            foreach (Payment payment in payments.Where(static payment => payment.From != payment.To))
            {
                Of(neighbours, payment.From).Add(payment.To);
                Of(neighbours, payment.To).Add(payment.From);
            }

            Dictionary<Address, double> exact = ExactLazyPageRank(neighbours, Account(A));
            foreach ((Address address, double rank) in exact)
            {
                double approximate = frontier.Ranks.GetValueOrDefault(address);
                Assert.InRange(rank - approximate, -1e-12, (1e-5 * neighbours[address].Count) + 1e-12);
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Ranks_in_time_are_those_of_a_walk_written_out_payment_by_payment(bool byAsset)
    {
        int compared = 0;
        for (int seed = 0; seed < 8; seed++)
        {
            Payment[] payments = RandomPayments(seed, swaps: byAsset);
            TimedSpreading frontier = new([StartAt(A, Eth)], byAsset);
            Order(frontier, payments);
            Dictionary<Address, double> exact = new SlowTimedRank(payments, byAsset).From(Account(A), Eth, Before(5));

            // What is left at an address at the end is less than epsilon, and each has at most all of it less.
            foreach (Address address in payments.SelectMany(static payment => new[] { payment.From, payment.To }).Distinct())
            {
                Assert.InRange(exact.GetValueOrDefault(address) - frontier.Ranks.GetValueOrDefault(address), -1e-9, 12 * 1e-5);
                compared += exact.GetValueOrDefault(address) > 0.001 ? 1 : 0;
            }

            Assert.InRange(frontier.Ranks.Values.Sum(), 1 - (12 * 1e-5), 1 + 1e-9);
        }

        Assert.True(compared > 24, $"{compared} compared");
    }

    // --- helpers ----------------------------------------------------------------------------------------------------

    private static Payment Pay(int block, int from, int to, double amount, Asset? asset = null) =>
        new(Account(from), Account(to), asset ?? Eth, asset ?? Eth, amount, amount, Before(block));

    private static Payment Swap(int block, int who, Asset given, double paid, Asset got, double received) =>
        new(Account(who), Account(who), given, got, paid, received, Before(block));

    private static Start StartAt(int address, Asset? asset = null) => new(Account(address), asset ?? Eth, Before(5));

    private static IReadOnlyDictionary<Address, double> Spread(Payment[] payments, Func<Address, IReadOnlyList<Payment>, Spread> spreadOf)
    {
        Spreading frontier = new([StartAt(A)], spreadOf);
        OnlyFirst(frontier, payments);
        return frontier.Ranks;
    }

    private static IReadOnlyDictionary<Address, double> Timed(Payment[] payments, Asset asset, bool byAsset)
    {
        TimedSpreading frontier = new([StartAt(A, asset)], byAsset);
        OnlyFirst(frontier, payments);
        return frontier.Ranks;
    }

    // All but the first address did nothing: what they got settles with them.
    private static void OnlyFirst(IFrontier frontier, Payment[] payments)
    {
        HashSet<Address> known = [];
        while (frontier.Pop(address => !known.Contains(address)) is Address next)
        {
            frontier.Push(next, known.Count == 0 ? payments : []);
            known.Add(next);
        }
    }

    private static List<int> Order(IFrontier frontier, Payment[] payments)
    {
        List<int> order = [];
        HashSet<Address> known = [];
        while (frontier.Pop(address => !known.Contains(address)) is Address next)
        {
            known.Add(next);
            order.Add(Enumerable.Range(1, 20).Single(number => Account(number) == next));
            frontier.Push(next, [.. payments.Where(payment => payment.From == next || payment.To == next)]);
        }

        return order;
    }

    private static void Ranks((int Address, double Rank)[] expected, IReadOnlyDictionary<Address, double> actual)
    {
        foreach ((int address, double rank) in expected)
        {
            Assert.Equal(rank, actual[Account(address)], 12);
        }

        Assert.Equal(1, actual.Values.Sum(), 12);
    }

    // 60 payments between 12 addresses, in two assets.
    private static Payment[] RandomPayments(int seed, bool swaps)
    {
        Random random = new(seed);
        Asset Any() => random.Next(2) == 0 ? Eth : Token;
        return
        [
            Pay(1, 2, A, 50),
            .. Enumerable.Range(2, 60).Select(block => swaps && random.Next(4) == 0
                ? Swap(block, random.Next(1, 13), Token, random.Next(1, 20), Eth, random.Next(1, 20))
                : Pay(block, random.Next(1, 13), random.Next(1, 13), random.Next(1, 100), Any()))
                .Where(static payment => payment.From != payment.To || payment.IsOwnSwap),
        ];
    }

    private static HashSet<Address> Of(Dictionary<Address, HashSet<Address>> neighbours, Address address) =>
        neighbours.TryGetValue(address, out HashSet<Address>? known) ? known : neighbours[address] = [];

    // p = a s + (1-a) p W with the lazy walk W = (I + A/D) / 2, iterated until nothing is left of the first guess.
    private static Dictionary<Address, double> ExactLazyPageRank(Dictionary<Address, HashSet<Address>> neighbours, Address start)
    {
        Dictionary<Address, double> rank = neighbours.Keys.ToDictionary(static address => address, static _ => 0.0);
        for (int step = 0; step < 400; step++)
        {
            Dictionary<Address, double> next = rank.ToDictionary(static entry => entry.Key, static entry => 0.85 * entry.Value / 2);
            next[start] += 0.15;
            foreach ((Address address, double here) in rank)
            {
                foreach (Address other in neighbours[address])
                {
                    next[other] += 0.85 * here / 2 / neighbours[address].Count;
                }
            }

            rank = next;
        }

        return rank;
    }

    /// <summary>
    /// The walk in time, chip by chip and payment by payment, as the definition says it: no rates, no order of pushing. Chips
    /// too small to matter settle.
    /// </summary>
    private sealed class SlowTimedRank(Payment[] payments, bool byAsset)
    {
        private readonly Dictionary<Address, double> _ranks = [];

        public Dictionary<Address, double> From(Address start, Asset asset, Position at)
        {
            Dictionary<(Address, Asset, Position), double> chips = new() { [(start, asset, at)] = 1 };
            for (int step = 0; step < 120; step++)
            {
                Dictionary<(Address, Asset, Position), double> next = [];
                foreach (((Address address, Asset held, Position since), double amount) in chips)
                {
                    Settle(address, 0.15 * amount);
                    Move(address, held, since, 0.595 * amount, forward: true, next);
                    Move(address, held, since, 0.255 * amount, forward: false, next);
                }

                chips = next;
            }

            return _ranks;
        }

        private void Move(
            Address address, Asset held, Position since, double amount, bool forward, Dictionary<(Address, Asset, Position), double> next)
        {
            (Payment Payment, double Weight)[] ahead =
            [
                .. payments.Where(payment => (forward ? payment.From : payment.To) == address)
                    .Where(payment => forward ? payment.At.CompareTo(since) > 0 : payment.At.CompareTo(since) < 0)
                    .Where(payment => byAsset ? AssetOf(payment, forward) == held : payment.From != payment.To)
                    .Select(payment => (payment, WeightOf(payment, forward))),
            ];
            double total = ahead.Sum(static one => one.Weight);
            if (ahead.Length == 0)
            {
                Settle(address, amount);
            }

            foreach ((Payment payment, double weight) in ahead)
            {
                Address other = forward ? payment.To : payment.From;
                Asset asset = forward ? payment.Got : payment.Given;
                double part = amount * weight / total;
                if (other == address)
                {
                    Move(address, asset, payment.At, part, forward, next);
                }
                else
                {
                    next[(other, asset, payment.At)] = next.GetValueOrDefault((other, asset, payment.At)) + part;
                }
            }
        }

        private double WeightOf(Payment payment, bool forward)
        {
            double own = forward ? payment.Paid : payment.Received;
            Address address = forward ? payment.From : payment.To;
            return byAsset ? own : own / payments
                .Where(other => other.From != other.To && (forward ? other.From : other.To) == address && AssetOf(other, forward) == AssetOf(payment, forward))
                .Sum(other => forward ? other.Paid : other.Received);
        }

        private static Asset AssetOf(Payment payment, bool forward) => forward ? payment.Given : payment.Got;

        private void Settle(Address address, double amount) => _ranks[address] = _ranks.GetValueOrDefault(address) + amount;
    }
}
