using System.Numerics;
using FlowTracer.Chains.Ethereum;
using FlowTracer.Core.Model;
using static FlowTracer.Tests.Tracing.Facts;

namespace FlowTracer.Tests.Chains;

/// <summary>What the transfers of one transaction come to. Expected movements are worked out by hand.</summary>
public sealed class TransactionNettingTests
{
    private const int A = 0xa;
    private const int B = 0xb;
    private const int C = 0xc;
    private const int D = 0xd;
    private const int E = 0xe;
    private const int Zero = 0;

    private static readonly Asset Usdc = Asset.Token(Account(0x7001));
    private static readonly Asset Dai = Asset.Token(Account(0x7002));
    private static readonly Asset Weth = Asset.Token(Account(0x7003));
    private static readonly Asset Share = Asset.Token(Account(0x7004));

    private static readonly Dictionary<Asset, string> Symbols =
        new() { [Eth] = "ETH", [Usdc] = "USDC", [Dai] = "DAI", [Weth] = "WETH", [Share] = "SHARE" };

    // --- one asset --------------------------------------------------------------------------------------------------

    [Fact]
    public void A_transfer_stands_as_it_is() =>
        Expect([Move(A, B, 5)], "External Recorded: a 5 ETH → b 5 ETH");

    [Fact]
    public void Nothing_moves_nothing() => Expect([Move(A, B, 0), Move(B, C, 0, Usdc)]);

    [Fact]
    public void A_payment_of_nothing_beside_another_changes_nothing() =>
        Expect([Move(A, C, 0, Usdc), Move(A, B, 5)], "External Recorded: a 5 ETH → b 5 ETH");

    [Fact]
    public void Paying_oneself_is_no_movement() =>
        Expect([Move(A, A, 7), Move(A, B, 5)], "External Recorded: a 5 ETH → b 5 ETH");

    [Fact]
    public void A_splitter_that_keeps_nothing_vanishes() =>
        Expect([Move(A, C, 10), Move(C, B, 4), Move(C, D, 6)], "Transaction Derived: a 10 ETH → b 4 ETH + d 6 ETH");

    [Fact]
    public void A_splitter_that_keeps_a_part_is_a_holder() => Expect(
        [Move(A, C, 10), Move(C, B, 4), Move(C, D, 5)],
        "External Recorded: a 10 ETH → c 10 ETH", "External Recorded: c 4 ETH → b 4 ETH", "External Recorded: c 5 ETH → d 5 ETH");

    [Fact]
    public void What_an_intermediary_refunds_was_never_paid() =>
        Expect([Move(A, C, 10), Move(C, B, 7), Move(C, A, 3)], "Transaction Derived: a 7 ETH → b 7 ETH");

    [Fact]
    public void A_flash_loan_paid_back_in_full_vanishes() => Expect([Move(A, B, 1000), Move(B, C, 1000), Move(C, A, 1000)]);

    [Fact]
    public void A_flash_loan_leaves_its_fee() =>
        Expect([Move(A, B, 1000), Move(B, A, 1003)], "External Recorded: a 1000 ETH → b 1000 ETH", "External Recorded: b 1003 ETH → a 1003 ETH");

    [Fact]
    public void Many_pay_many_through_one_and_nobody_pairs_them() => Expect(
        [Move(A, C, 3), Move(B, C, 4), Move(C, D, 5), Move(C, E, 2)],
        "Transaction Derived: a 3 ETH + b 4 ETH → d 5 ETH + e 2 ETH");

    [Fact]
    public void Each_asset_is_netted_by_itself() => Expect(
        [Move(A, C, 10), Move(A, B, 8, Usdc), Move(C, D, 10)],
        "Transaction Derived: a 10 ETH → d 10 ETH", "Token Recorded: a 8 USDC → b 8 USDC");

    // --- swaps ------------------------------------------------------------------------------------------------------

    [Fact]
    public void A_trader_and_its_pool_both_swap() => Expect(
        [Move(A, C, 100, Usdc), Move(C, A, 3)],
        "Swap Derived: a 100 USDC → a 3 ETH", "Swap Derived: c 3 ETH → c 100 USDC");

    [Fact]
    public void A_router_between_trader_and_pool_vanishes() => Expect(
        [Move(A, B, 100, Usdc), Move(B, C, 100, Usdc), Move(C, B, 3), Move(B, A, 3)],
        "Swap Derived: a 100 USDC → a 3 ETH", "Swap Derived: c 3 ETH → c 100 USDC");

    [Fact]
    public void What_a_swap_does_not_use_is_refunded() => Expect(
        [Move(A, C, 100, Usdc), Move(C, A, 3), Move(C, A, 20, Usdc)],
        "Swap Derived: a 80 USDC → a 3 ETH", "Swap Derived: c 3 ETH → c 80 USDC");

    [Fact]
    public void A_swap_for_somebody_else_goes_to_who_receives() => Expect(
        [Move(A, C, 100, Usdc), Move(C, B, 3)],
        "Swap Derived: c 3 ETH → c 100 USDC", "Swap Derived: a 100 USDC → b 3 ETH");

    [Fact]
    public void A_fee_in_the_paid_asset_goes_beside_a_swap_for_somebody_else() => Expect(
        [Move(A, C, 97, Usdc), Move(A, D, 3, Usdc), Move(C, B, 2)],
        "Swap Derived: c 2 ETH → c 97 USDC",
        "Transaction Derived: a 3 USDC → d 3 USDC",
        "Swap Derived: a 97 USDC → b 2 ETH");

    [Fact]
    public void A_fee_in_the_asset_bought_comes_from_the_pool_whose_trade_is_unresolved_for_the_two_receivers() => Expect(
        [Move(A, C, 100, Usdc), Move(C, B, 9), Move(C, D, 1)],
        "Swap Derived: c 10 ETH → c 100 USDC",
        "Unresolved Derived: a 100 USDC → ", "Unresolved Derived:  → b 9 ETH", "Unresolved Derived:  → d 1 ETH");

    [Fact]
    public void A_swap_through_two_pools_is_one_for_the_trader() => Expect(
        [Move(A, B, 100, Usdc), Move(B, C, 99, Dai), Move(C, A, 3)],
        "Swap Derived: a 100 USDC → a 3 ETH",
        "Swap Derived: b 99 DAI → b 100 USDC",
        "Swap Derived: c 3 ETH → c 99 DAI");

    // A contract that mints names the zero address as giver: it stands for the contract's other side.
    [Fact]
    public void Wrapping_is_a_swap() => Expect(
        [Move(A, C, 5), Move(Zero, A, 5, Weth)],
        "Swap Derived: a 5 ETH → a 5 WETH", "Swap Derived: zero 5 WETH → c 5 ETH");

    [Fact]
    public void Unwrapping_is_a_swap() => Expect(
        [Move(A, Zero, 5, Weth), Move(C, A, 5)],
        "Swap Derived: a 5 WETH → a 5 ETH", "Swap Derived: c 5 ETH → zero 5 WETH");

    [Fact]
    public void Providing_two_assets_for_one_share_is_unresolved_with_its_amounts() => Expect(
        [Move(A, C, 100, Usdc), Move(A, C, 3), Move(C, A, 17, Share)],
        "Unresolved Derived: a 100 USDC → ", "Unresolved Derived: a 3 ETH → ", "Unresolved Derived:  → a 17 SHARE",
        "Unresolved Derived: c 17 SHARE → ", "Unresolved Derived:  → c 100 USDC", "Unresolved Derived:  → c 3 ETH");

    [Fact]
    public void Two_payers_whose_swap_has_one_receiver_are_not_paired() => Expect(
        [Move(A, C, 60, Usdc), Move(B, C, 40, Usdc), Move(C, D, 3)],
        "Swap Derived: c 3 ETH → c 100 USDC",
        "Unresolved Derived: a 60 USDC → ", "Unresolved Derived: b 40 USDC → ", "Unresolved Derived:  → d 3 ETH");

    // --- what else a movement says ----------------------------------------------------------------------------------

    [Fact]
    public void Fees_and_rewards_stand_aside_from_netting() => Expect(
        [Fee(A, 1), Move(A, C, 100, Usdc), Reward(B, 2), Move(C, A, 3)],
        "Swap Derived: a 100 USDC → a 3 ETH", "Swap Derived: c 3 ETH → c 100 USDC",
        "Fee Recorded: a 1 ETH → ", "Reward Recorded:  → b 2 ETH");

    [Fact]
    public void A_fee_of_nothing_is_none() => Expect([Fee(A, 0)]);

    [Theory]
    [InlineData(Grade.Recorded, Grade.Derived)]
    [InlineData(Grade.Inferred, Grade.Inferred)]
    [InlineData(Grade.Hypothesis, Grade.Hypothesis)]
    public void An_estimate_among_the_transfers_makes_the_result_one(Grade one, Grade result)
    {
        TransactionNetting.Part part = Assert.Single(
            TransactionNetting.Net([Move(A, C, 10), Move(C, B, 10) with { Grade = one }]));
        Assert.Equal(result, part.Grade);
    }

    [Fact]
    public void An_estimate_in_another_asset_leaves_a_payment_alone()
    {
        IReadOnlyList<TransactionNetting.Part> parts = TransactionNetting.Net(
            [Move(A, C, 10), Move(C, B, 10), Move(A, B, 8, Usdc) with { Grade = Grade.Inferred }]);
        Assert.Equal([Grade.Derived, Grade.Inferred], parts.Select(p => p.Grade));
    }

    [Fact]
    public void Sources_are_joined_and_named_once()
    {
        TransferFact[] transfers =
        [
            Move(A, C, 10) with { Source = "one" }, Move(C, B, 4) with { Source = "two" }, Move(C, D, 6) with { Source = "one" },
        ];
        Assert.Equal("one; two", Assert.Single(TransactionNetting.Net(transfers)).Source);
    }

    // --- many parties -----------------------------------------------------------------------------------------------

    // Looking through all addresses for each address and asset would take hours here.
    [Fact]
    public void A_drop_of_thousands_of_tokens_beside_a_swap_pays_each_of_its_receivers()
    {
        const int count = 5000;
        List<TransferFact> transfers = [Move(A, C, 100, Usdc), Move(C, A, 3)];
        for (int i = 0; i < count; i++)
        {
            transfers.Add(Move(B, 0x10000 + i, 1 + (ulong)i, Asset.Token(Account(0x20000 + i))));
        }

        IReadOnlyList<TransactionNetting.Part> parts = TransactionNetting.Net(transfers);

        Assert.Equal(2 + count, parts.Count);
        Assert.All(parts.Take(2), part => Assert.Equal(MovementKind.Swap, part.Kind));
        for (int i = 0; i < count; i++)
        {
            TransactionNetting.Part part = parts[2 + i];
            Asset asset = Asset.Token(Account(0x20000 + i));
            Assert.Equal(MovementKind.Transaction, part.Kind);
            Assert.Equal(new Leg(Holder.Account(Account(B), asset), 1 + (ulong)i), Assert.Single(part.Inputs));
            Assert.Equal(new Leg(Holder.Account(Account(0x10000 + i), asset), 1 + (ulong)i), Assert.Single(part.Outputs));
        }
    }

    [Fact]
    public void A_splitter_with_thousands_of_receivers_vanishes()
    {
        const int count = 5000;
        List<TransferFact> transfers = [Move(A, C, count * (count + 1UL) / 2)];
        transfers.AddRange(Enumerable.Range(1, count).Select(i => Move(C, 0x10000 + i, (ulong)i)));

        TransactionNetting.Part part = Assert.Single(TransactionNetting.Net(transfers));

        Assert.Equal(MovementKind.Transaction, part.Kind);
        Assert.Equal(new Leg(Holder.Account(Account(A), Eth), count * (count + 1UL) / 2), Assert.Single(part.Inputs));
        Assert.Equal(
            Enumerable.Range(1, count).Select(i => new Leg(Holder.Account(Account(0x10000 + i), Eth), (ulong)i)),
            part.Outputs);
    }

    // --- nothing lost, nothing invented -----------------------------------------------------------------------------

    [Fact]
    public void Movements_change_every_balance_by_what_the_transfers_do()
    {
        HashSet<MovementKind> seen = [];
        for (int number = 0; number < 5000; number++)
        {
            List<TransferFact> transfers = RandomTransfers(new Random(number));
            IReadOnlyList<TransactionNetting.Part> parts = TransactionNetting.Net(transfers);
            Dictionary<Holder, BigInteger> expected = [];
            foreach (TransferFact t in transfers)
            {
                Add(expected, t.From, t.Asset, -t.Amount.ToBigInteger());
                Add(expected, t.To, t.Asset, t.Amount.ToBigInteger());
            }

            Dictionary<Holder, BigInteger> actual = [];
            foreach (TransactionNetting.Part part in parts)
            {
                seen.Add(part.Kind);
                part.Inputs.ToList().ForEach(leg => Add(actual, leg.Holder.Address, leg.Holder.Asset, -leg.Amount.ToBigInteger()));
                part.Outputs.ToList().ForEach(leg => Add(actual, leg.Holder.Address, leg.Holder.Asset, leg.Amount.ToBigInteger()));

                // Each part is a movement by the model's own rules.
                Movement.Create(part.Kind, part.Grade, new Position(1, 0, 1), default, null, part.Source, part.Inputs, part.Outputs);
            }

            Assert.True(
                Text(expected) == Text(actual),
                $"transaction {number}: {string.Join("; ", transfers.Select(t => $"{Name(t.From)}→{Name(t.To)} {t.Amount} {Symbols[t.Asset]}"))}\nexpected {Text(expected)}\nactual {Text(actual)}");
        }

        Assert.Equal(Enum.GetValues<MovementKind>(), seen.Order());
    }

    // Small amounts, so that nets of zero and equal sums are frequent; often somebody passes on just what it got.
    private static List<TransferFact> RandomTransfers(Random random)
    {
        Asset[] assets = [Eth, Usdc, Dai];
        int addresses = random.Next(2, 6);
        List<TransferFact> transfers = [];
        for (int i = random.Next(1, 9); i > 0; i--)
        {
            Asset asset = assets[random.Next(random.Next(1, 4))];
            int from = 1 + random.Next(addresses);
            int to = 1 + random.Next(addresses);
            ulong amount = (ulong)random.Next(5);
            if (transfers.Count > 0 && random.Next(3) == 0 && !transfers[^1].To.IsNone)
            {
                transfers.Add(transfers[^1] with { Kind = MovementKind.Internal, From = transfers[^1].To, To = Account(to) });
                continue;
            }

            transfers.Add(random.Next(10) switch
            {
                0 => Fee(from, amount),
                1 => Reward(to, amount),
                _ => Move(from, to, amount, asset),
            });
        }

        return transfers;
    }

    private static void Add(Dictionary<Holder, BigInteger> nets, Address address, Asset asset, BigInteger amount)
    {
        if (!address.IsNone)
        {
            Holder holder = Holder.Account(address, asset);
            nets[holder] = nets.GetValueOrDefault(holder) + amount;
        }
    }

    private static string Text(Dictionary<Holder, BigInteger> nets) => string.Join(
        ", ", nets.Where(n => !n.Value.IsZero).OrderBy(n => n.Key).Select(n => $"{Name(n.Key.Address)} {n.Value} {Symbols[n.Key.Asset]}"));

    // --- saying cases -----------------------------------------------------------------------------------------------

    private static TransferFact Move(int from, int to, ulong amount, Asset? asset = null) => new(
        (asset ?? Eth).IsCoin ? MovementKind.External : MovementKind.Token, Account(from), Account(to), asset ?? Eth, amount,
        Grade.Recorded, "test");

    private static TransferFact Fee(int from, ulong amount) => Move(from, from, amount) with { Kind = MovementKind.Fee, To = default };

    private static TransferFact Reward(int to, ulong amount) =>
        Move(to, to, amount) with { Kind = MovementKind.Reward, From = default };

    private static void Expect(TransferFact[] transfers, params string[] movements) =>
        Assert.Equal(movements, TransactionNetting.Net(transfers).Select(Text));

    private static string Text(TransactionNetting.Part part) =>
        $"{part.Kind} {part.Grade}: {string.Join(" + ", part.Inputs.Select(Text))} → {string.Join(" + ", part.Outputs.Select(Text))}";

    private static string Text(Leg leg) => $"{Name(leg.Holder.Address)} {leg.Amount} {Symbols[leg.Holder.Asset]}";

    private static string Name(Address address) => address.IsNone ? "nobody" : address.ToString()[2..].TrimStart('0').ToLowerInvariant() is { Length: > 0 } name ? name : "zero";
}
