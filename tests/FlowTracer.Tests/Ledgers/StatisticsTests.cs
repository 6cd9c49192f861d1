using FlowTracer.Benchmarks.Ledgers;
using FlowTracer.Core.Bulk;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Ledgers;

/// <summary>What ledgers are described by, counted by hand on small ones.</summary>
public sealed class StatisticsTests
{
    // Quantiles of 2^((i - 1/2) ÷ 1,000 from above): a Pareto distribution of exponent 2, x = (1,000 ÷ (i - 1/2))^(1/2).
    [Fact]
    public void Hill_s_estimator_finds_the_exponent_of_a_Pareto_tail()
    {
        const int count = 100_000;
        Distribution pareto = new([.. Enumerable.Range(1, count).Select(static i => Math.Sqrt(count / (i - 0.5)))]);

        Assert.InRange(pareto.TailExponent(), 1.95, 2.05);
        Assert.True(double.IsNaN(new Distribution([.. Enumerable.Repeat(1.0, count)]).TailExponent()));
        Assert.True(double.IsNaN(new Distribution([1, 2, 3]).TailExponent()));
    }

    [Fact]
    public void Quantiles_and_shares_are_counted()
    {
        Distribution numbers = new([.. Enumerable.Range(1, 11).Reverse().Select(static i => (double)i)]);

        Assert.Equal((1.0, 6.0, 10.0, 11.0), (numbers.At(0), numbers.At(500), numbers.At(900), numbers.At(1_000)));
        Assert.Equal(3 / 11.0, numbers.Share(2, 4));
    }

    // 0 has 100 issued and pays 1 two; 1 pays one back and a fee of one. 2 gets 97, peels 5 to 3 and passes 92 on to 4, which
    // peels 1 to 3 and passes 91 on to 5: two hops.
    [Fact]
    public void An_account_ledger_is_counted()
    {
        AccountLedgerBuilder<Units64> builder = new();
        for (int holder = 0; holder < 6; holder++)
        {
            builder.AddHolder(holder);
        }

        builder.Issue(0, new Units64(100));
        builder.Transfer(0, 1, new Units64(2));
        builder.Transfer(1, 0, new Units64(1));
        builder.Fee(1, new Units64(1));
        builder.Transfer(0, 2, new Units64(97));
        builder.Transfer(2, 3, new Units64(5));
        builder.Transfer(2, 4, new Units64(92));
        builder.Transfer(4, 3, new Units64(1));
        builder.Transfer(4, 5, new Units64(91));
        AccountStatistics about = AccountStatistics.Of(builder.Build());

        Assert.Equal((6, 4, 7), (about.Received.Count, about.Given.Count, about.Values.Count));
        Assert.Equal((2.0, 2.0), (about.Received.At(1_000), about.Given.At(1_000)));
        Assert.Equal((1, 2.0), (about.Peels.Count, about.Peels.At(1_000)));
        Assert.Equal(1 / 6.0, about.OnceShare);
        Assert.Equal(0, about.PassingShare);
        Assert.Equal(1 / 7.0, about.ReturnShare);
        Assert.Equal(1 / 9.0, about.FeeShare);
    }

    // A coinbase of 100 at address 0. 0 to 1 and 2: 95 and 5, no fee. The 95 at 1 to 3 and 1: 90 and 4, fee 1. The 5 at 2 back
    // to 0, fee 1, which 1's transaction did not pay. Then the coinbase of what was paid.
    [Fact]
    public void A_ledger_of_coins_is_counted()
    {
        CoinLedgerBuilder builder = new();
        builder.BeginBlock(0, 0);
        builder.Add(MovementKind.Reward, [], [(new Units64(100), 0)]);
        builder.BeginBlock(1, 1);
        builder.Add(MovementKind.Transaction, [0], [(new Units64(95), 1), (new Units64(5), 2)]);
        builder.Add(MovementKind.Transaction, [1], [(new Units64(90), 3), (new Units64(4), 1)]);
        builder.Add(MovementKind.Transaction, [2], [(new Units64(4), 0)]);
        builder.Add(MovementKind.Reward, [~2, ~3], [(new Units64(2), 4)]);
        CoinStatistics about = CoinStatistics.Of(builder.Build());

        Assert.Equal((3, 3, 5), (about.Inputs.Count, about.Outputs.Count, about.Values.Count));
        Assert.Equal((2 / 3.0, 1 / 3.0), (about.OneToTwoShare, about.OneToOneShare));
        Assert.Equal((0.0, 1 / 95.0, 0.2), (about.Fees.At(0), about.Fees.At(500), about.Fees.At(1_000)));
        Assert.Equal((1 / 3.0, 1 / 3.0), (about.SelfShare, about.ReturnShare));
        Assert.Equal((1, 2.0), (about.Peels.Count, about.Peels.At(1_000)));
        Assert.Equal(3 / 5.0, about.OnceShare);
        Assert.Equal(4 / 7.0, about.UnspentShare);
        Assert.Equal((1.0, 2.0), (about.Ages.At(0), about.Ages.At(1_000)));
    }
}
