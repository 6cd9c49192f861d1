using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using FlowTracer.Benchmarks.Ledgers;
using FlowTracer.Core.Bulk;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Ledgers;

/// <summary>The made-up account ledger: sound, the same everywhere, and shaped as docs/benchmark-ledgers.md says.</summary>
public sealed class AccountChainTests
{
    private const int Rows = 100_000;
    private static readonly Lazy<AccountChain> Made = new(static () => AccountChain.Make(Rows, 1));

    private static AccountLedger<Units64> Ledger => Made.Value.Ledger;

    // Recorded when the ledger was first made: whoever changes what is made changes this, and every figure measured on it.
    [Fact]
    public void The_first_million_rows_are_the_same_everywhere() =>
        Assert.Equal("10a652eb2ae226567675efda9063d29d", DigestOf(AccountChain.Make(1_000_000, 1).Ledger));

    [Fact]
    public void A_seed_makes_one_ledger_and_another_seed_another()
    {
        Assert.Equal(DigestOf(Ledger), DigestOf(AccountChain.Make(Rows, 1).Ledger));
        Assert.NotEqual(DigestOf(Ledger), DigestOf(AccountChain.Make(Rows, 2).Ledger));
    }

    [Theory]
    [InlineData(AccountChain.LeastTransfers)]
    [InlineData(12_345)]
    [InlineData(Rows)]
    public void Nobody_overdraws_and_all_inflows_fit(int rows)
    {
        AccountChain chain = AccountChain.Make(rows, 3);
        Assert.Equal(rows, chain.Ledger.Rows);
        BigInteger[] balances = new BigInteger[chain.Ledger.Holders.Count];
        BigInteger[] inflows = new BigInteger[chain.Ledger.Holders.Count];
        for (int row = 0; row < rows; row++)
        {
            (int from, int to, ulong amount) = RowOf(chain.Ledger, row);
            Assert.True(amount > 0 && from != to && (from >= 0 || to >= 0));
            if (from >= 0)
            {
                balances[from] -= amount;
                Assert.True(balances[from] >= 0, $"row {row} overdraws");
            }

            if (to >= 0)
            {
                balances[to] += amount;
                inflows[to] += amount;
            }
        }

        Assert.True(inflows.Max() <= ulong.MaxValue);
        Assert.DoesNotContain(inflows, static inflow => inflow.IsZero);
    }

    [Theory]
    [InlineData(AccountChain.LeastTransfers)]
    [InlineData(Rows)]
    public void Half_of_what_is_ever_issued_is_the_treasury_s_in_the_first_row(int rows)
    {
        AccountChain chain = AccountChain.Make(rows, 3);
        BigInteger issued = 0;
        for (int row = 0; row < rows; row++)
        {
            (int from, int to, ulong amount) = RowOf(chain.Ledger, row);
            issued += from < 0 ? amount : 0;
            Assert.Equal(row == 0, to == chain.Treasury);
        }

        Assert.Equal(rows * new BigInteger(1_000_000_000), issued);
        Assert.Equal((AccountLedger<Units64>.Nobody, chain.Treasury, (ulong)(issued / 2)), RowOf(chain.Ledger, 0));
    }

    [Theory]
    [InlineData(AccountChain.LeastTransfers, 2_000)]
    [InlineData(Rows, 2_000)]
    [InlineData(5_000_000, 5_000)]
    public void The_treasury_pays_all_of_it_to_a_thousand_holders_early_on(int rows, int end)
    {
        AccountChain chain = AccountChain.Make(rows, 3);
        int[] given = [.. Enumerable.Range(0, rows).Where(row => chain.Ledger.From.Span[row] == chain.Treasury)];

        Assert.Equal(chain.LootRows.ToArray(), given);
        Assert.Equal(1_000, given.Length);
        Assert.Equal(1_000, given.Select(row => chain.Ledger.To.Span[row]).Distinct().Count());
        Assert.True(given[^1] < end);
        Assert.Equal(RowOf(chain.Ledger, 0).Amount, given.Aggregate(0UL, (sum, row) => sum + RowOf(chain.Ledger, row).Amount));
    }

    [Fact]
    public void The_theft_takes_all_that_a_holder_has_in_the_middle_of_the_ledger()
    {
        int row = Made.Value.TheftRow;
        (int victim, int thief, ulong amount) = RowOf(Ledger, row);
        BigInteger had = 0;
        for (int earlier = 0; earlier < row; earlier++)
        {
            (int from, int to, ulong moved) = RowOf(Ledger, earlier);
            had += (to == victim ? moved : 0) - (BigInteger)(from == victim ? moved : 0);
            Assert.NotEqual(thief, to);
        }

        Assert.InRange(row, Rows / 2, (Rows / 2) + 1_000);
        Assert.Equal(had, amount);
        Assert.DoesNotContain(row, Made.Value.LootRows.ToArray());
        Assert.Contains(thief, Ledger.From.ToArray());
    }

    [Fact]
    public void Blocks_follow_one_another_and_hold_all_rows()
    {
        int[] starts = Ledger.Blocks.FirstRows.ToArray();
        long[] times = Ledger.Blocks.Times.ToArray();

        Assert.Equal(0, starts[0]);
        Assert.True(starts[^1] < Rows);
        Assert.All(starts.Zip(starts.Skip(1)), static pair => Assert.True(pair.First < pair.Second));
        Assert.All(times.Zip(times.Skip(1)), static pair => Assert.True(pair.First < pair.Second));
        Assert.Equal(Enumerable.Range(0, starts.Length).Select(static number => (ulong)number), Ledger.Blocks.Numbers.ToArray());
    }

    // Wide about what the page states for a million rows.
    [Fact]
    public void Its_shape_is_near_that_of_real_data()
    {
        AccountStatistics about = AccountStatistics.Of(Ledger);

        Assert.InRange(about.Received.TailExponent(), 0.9, 2);
        Assert.InRange(about.Given.TailExponent(), 0.9, 2);
        Assert.InRange(about.Received.At(1_000) / Rows, 0.03, 0.15);
        Assert.InRange(about.Values.At(900) / about.Values.At(500), 20, 200);
        Assert.InRange(about.Values.At(500) / about.Values.At(100), 20, 200);
        Assert.InRange(about.OnceShare, 0.1, 0.6);
        Assert.InRange(about.ReturnShare, 0.004, 0.1);
        Assert.InRange(about.FeeShare, 0.005, 0.05);
        Assert.InRange(about.Peels.At(1_000), 10, 200);
    }

    [Fact]
    public void A_ledger_too_small_for_the_loot_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(static () => AccountChain.Make(AccountChain.LeastTransfers - 1, 1));

    private static (int From, int To, ulong Amount) RowOf(AccountLedger<Units64> ledger, int row) =>
        (ledger.From.Span[row], ledger.To.Span[row], ledger.Amounts.Span[row].Value);

    private static string DigestOf(AccountLedger<Units64> ledger)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(MemoryMarshal.AsBytes(ledger.From.Span));
        hash.AppendData(MemoryMarshal.AsBytes(ledger.To.Span));
        hash.AppendData(MemoryMarshal.AsBytes(ledger.Amounts.Span));
        hash.AppendData(MemoryMarshal.AsBytes(ledger.Blocks.FirstRows.Span));
        hash.AppendData(MemoryMarshal.AsBytes(ledger.Blocks.Times.Span));
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));
    }
}
