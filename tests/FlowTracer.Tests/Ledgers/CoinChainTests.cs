using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using FlowTracer.Benchmarks.Ledgers;
using FlowTracer.Core.Bulk;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Ledgers;

/// <summary>The made-up ledger of coins: sound, the same everywhere, and shaped as docs/benchmark-ledgers.md says.</summary>
public sealed class CoinChainTests
{
    private const int Rows = 100_000;
    private static readonly Lazy<CoinChain> Made = new(static () => CoinChain.Make(Rows, 1));

    private static CoinLedger Ledger => Made.Value.Ledger;

    // Recorded when the ledger was first made: whoever changes what is made changes this, and every figure measured on it.
    [Fact]
    public void The_first_million_rows_are_the_same_everywhere() =>
        Assert.Equal("a731c1afaa7ea8aed9037745d50694d9", DigestOf(CoinChain.Make(1_000_000, 1).Ledger));

    [Fact]
    public void A_seed_makes_one_ledger_and_another_seed_another()
    {
        Assert.Equal(DigestOf(Ledger), DigestOf(CoinChain.Make(Rows, 1).Ledger));
        Assert.NotEqual(DigestOf(Ledger), DigestOf(CoinChain.Make(Rows, 2).Ledger));
    }

    [Theory]
    [InlineData(CoinChain.LeastTransactions)]
    [InlineData(12_345)]
    [InlineData(Rows)]
    public void A_coin_is_spent_once_after_it_was_made_and_coinbases_take_the_fees_of_their_blocks(int rows)
    {
        CoinLedger ledger = CoinChain.Make(rows, 3).Ledger;
        Assert.Equal(rows, ledger.Rows);
        int[] spenders = [.. Enumerable.Repeat(-1, ledger.Coins)];
        List<(int Row, BigInteger Fee)> fees = [];
        BigInteger issued = 0;
        for (int row = 0; row < rows; row++)
        {
            BigInteger made = MadeIn(ledger, row);
            bool isLastOfBlock = row + 1 == rows || ledger.Blocks.Of(row) != ledger.Blocks.Of(row + 1);
            Assert.Equal(isLastOfBlock ? MovementKind.Reward : MovementKind.Transaction, ledger.Kinds.Span[row]);
            int[] inputs = InputsOf(ledger, row);
            if (isLastOfBlock)
            {
                Assert.Equal(fees.Select(static fee => ~fee.Row), inputs);
                issued += made - fees.Aggregate(BigInteger.Zero, static (sum, fee) => sum + fee.Fee);
                fees.Clear();
                continue;
            }

            BigInteger spent = 0;
            foreach (int coin in inputs)
            {
                Assert.True(coin < ledger.OutputStarts.Span[row] && spenders[coin] < 0);
                spenders[coin] = row;
                spent += ledger.Values.Span[coin].Value;
            }

            Assert.True(spent >= made && inputs.Length > 0);
            if (spent > made)
            {
                fees.Add((row, spent - made));
            }
        }

        Assert.Equal(spenders, ledger.Spenders.ToArray());
        Assert.Equal(ledger.Coins, ledger.OutputStarts.Span[rows]);
        Assert.DoesNotContain(ledger.Values.ToArray(), static value => value.IsZero);
        Assert.Equal(ledger.Addresses.ToArray().Max() + 1, ledger.Addresses.ToArray().Distinct().Count());
        Assert.Equal(rows * new BigInteger(20_000_000), issued);
    }

    [Theory]
    [InlineData(CoinChain.LeastTransactions)]
    [InlineData(Rows)]
    public void Half_of_what_is_ever_issued_is_one_coin_that_is_split_into_a_thousand(int rows)
    {
        CoinChain chain = CoinChain.Make(rows, 3);
        CoinLedger ledger = chain.Ledger;
        int spender = ledger.Spenders.Span[chain.Treasury];

        Assert.Equal((ulong)rows * 10_000_000, ledger.Values.Span[chain.Treasury].Value);
        Assert.Equal(0, ledger.MakerOf(chain.Treasury));
        Assert.Equal(1, spender);
        Assert.Equal([chain.Treasury], InputsOf(ledger, spender));
        Assert.Equal((chain.FirstLoot, chain.FirstLoot + 1_000), (ledger.OutputStarts.Span[1], ledger.OutputStarts.Span[2]));
        Assert.Equal(1_000, ledger.Addresses.Span.Slice(chain.FirstLoot, 1_000).ToArray().Distinct().Count());
    }

    [Fact]
    public void The_theft_is_one_coin_of_a_new_address_in_the_middle_of_the_ledger_that_moves_on()
    {
        int theft = Made.Value.Theft;
        int row = Ledger.MakerOf(theft);
        int address = Ledger.Addresses.Span[theft];

        Assert.InRange(row, Rows / 2, (Rows / 2) + 1_000);
        Assert.Equal((theft, theft + 1), (Ledger.OutputStarts.Span[row], Ledger.OutputStarts.Span[row + 1]));
        Assert.DoesNotContain(address, Ledger.Addresses.Span[..theft].ToArray());
        Assert.True(Ledger.Spenders.Span[theft] > row);
    }

    // Wide about what the page states for a million rows.
    [Fact]
    public void Its_shape_is_near_that_of_real_data()
    {
        CoinStatistics about = CoinStatistics.Of(Ledger);

        Assert.InRange(about.Inputs.Share(1, 1), 0.6, 0.9);
        Assert.InRange(about.Inputs.Share(10, double.MaxValue), 0.005, 0.05);
        Assert.InRange(about.Outputs.Share(1, 1), 0.15, 0.55);
        Assert.InRange(about.Outputs.Share(2, 2), 0.35, 0.8);
        Assert.InRange(about.Outputs.Share(10, double.MaxValue), 0.005, 0.05);
        Assert.InRange(about.OneToTwoShare, 0.25, 0.6);
        Assert.InRange(about.Fees.At(500), 0.0001, 0.03);
        Assert.InRange(about.Values.At(900) / about.Values.At(500), 50, 300);
        Assert.InRange(about.Received.TailExponent(), 0.9, 2.5);
        Assert.InRange(about.OnceShare, 0.75, 0.99);
        Assert.InRange(about.SelfShare, 0.05, 0.3);
        Assert.InRange(about.ReturnShare, 0.002, 0.08);
        Assert.InRange(about.UnspentShare, 0.05, 0.4);
        Assert.InRange(about.Peels.At(1_000), 10, 300);
    }

    [Fact]
    public void A_ledger_too_small_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(static () => CoinChain.Make(CoinChain.LeastTransactions - 1, 1));

    private static int[] InputsOf(CoinLedger ledger, int row) =>
        ledger.Inputs.Span[ledger.InputStarts.Span[row]..ledger.InputStarts.Span[row + 1]].ToArray();

    private static BigInteger MadeIn(CoinLedger ledger, int row)
    {
        BigInteger sum = 0;
        foreach (Units64 value in ledger.Values.Span[ledger.OutputStarts.Span[row]..ledger.OutputStarts.Span[row + 1]])
        {
            sum += value.Value;
        }

        return sum;
    }

    private static string DigestOf(CoinLedger ledger)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(MemoryMarshal.AsBytes(ledger.InputStarts.Span));
        hash.AppendData(MemoryMarshal.AsBytes(ledger.Inputs.Span));
        hash.AppendData(MemoryMarshal.AsBytes(ledger.OutputStarts.Span));
        hash.AppendData(MemoryMarshal.AsBytes(ledger.Values.Span));
        hash.AppendData(MemoryMarshal.AsBytes(ledger.Addresses.Span));
        hash.AppendData(MemoryMarshal.AsBytes(ledger.Blocks.FirstRows.Span));
        hash.AppendData(MemoryMarshal.AsBytes(ledger.Blocks.Times.Span));
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));
    }
}
