using System.Security.Cryptography;
using FlowTracer.Chains.Recorded;
using FlowTracer.Core.Bulk;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Taint;
using FlowTracer.Core.Tracing;
using FlowTracer.Testing;
using FlowTracer.Tests.Reference;

namespace FlowTracer.Tests.Chains;

/// <summary>Ledgers written to a file and mapped: the same columns, the same traces, the bytes that docs/bulk.md states.</summary>
public sealed class LedgerFileTests : IDisposable
{
    private const int Ledgers = 25;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    private string Path => System.IO.Path.Combine(_folder.FullName, "chain.ledger");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Accounts_with_amounts_of_8_bytes_come_back_and_trace_alike() => AccountsComeBack<Units64>(8);

    [Fact]
    public void Accounts_with_amounts_of_16_bytes_come_back_and_trace_alike() => AccountsComeBack<Units128>(16);

    [Fact]
    public void Accounts_with_amounts_of_32_bytes_come_back_and_trace_alike() => AccountsComeBack<Amount>(32);

    [Fact]
    public void Coins_come_back_and_trace_alike()
    {
        for (int seed = 0; seed < Ledgers; seed++)
        {
            CoinLedger ledger = RandomColumns.Coins(seed);
            LedgerFile.Write(Path, ledger, CancellationToken.None);
            using LedgerFile file = LedgerFile.Open(Path);
            file.Check(CancellationToken.None);

            Assert.Equal((LedgerKind.Coins, 8), (file.Kind, file.AmountBytes));
            SameColumns(ledger, file.Coins());
            SameAnswers(
                (policy, direction) => RandomColumns.Question(ledger, seed, policy, direction),
                question => BulkTracer.Run(ledger, question, CancellationToken.None), file);
        }
    }

    [Fact]
    public void A_ledger_without_rows_comes_back()
    {
        LedgerFile.Write(Path, new AccountLedgerBuilder<Units64>().Build(), CancellationToken.None);
        using (LedgerFile file = LedgerFile.Open(Path))
        {
            file.Check(CancellationToken.None);
            Assert.Equal((0, 0), (file.Accounts<Units64>().Rows, file.Accounts<Units64>().Holders.Count));
        }

        LedgerFile.Write(Path, new CoinLedgerBuilder().Build(), CancellationToken.None);
        using LedgerFile coins = LedgerFile.Open(Path);
        coins.Check(CancellationToken.None);
        Assert.Equal((0, 0), (coins.Coins().Rows, coins.Coins().Coins));
    }

    // Written out by hand from docs/bulk.md: a coin of 5,000 satoshi, issued in block 170 to address 0 and spent as a whole to
    // address 1.
    [Fact]
    public void The_bytes_are_those_the_page_states()
    {
        CoinLedgerBuilder builder = new();
        builder.BeginBlock(170, 1_231_731_025);
        int coin = builder.Add(MovementKind.Reward, [], [(new Units64(5_000), 0)]);
        builder.Add(MovementKind.Transaction, [coin], [(new Units64(5_000), 1)]);
        LedgerFile.Write(Path, builder.Build(), CancellationToken.None);
        byte[] bytes = File.ReadAllBytes(Path);

        Assert.Equal(11 * 4096, bytes.Length);
        Assert.Equal(
            "46544C4544474552" + "04030201" + "01000000" + "02000000" + "08000000" + "0A000000" + new string('0', 72),
            Convert.ToHexString(bytes, 0, 64));
        Assert.Equal(
            Convert.ToHexString("spenders"u8) + "0000000000000000" + "0070000000000000" + "0200000000000000" + "04000000" + "00000000"
                + Convert.ToHexString(SHA256.HashData(Convert.FromHexString("01000000FFFFFFFF"))),
            Convert.ToHexString(bytes, 64 + (6 * 72), 72));
        Assert.Equal(Convert.ToHexString(SHA256.HashData(bytes.AsSpan(0, 4064))), Convert.ToHexString(bytes, 4064, 32));
        string[] columns =
        [
            "0507", "000000000000000001000000", "00000000", "000000000100000002000000", "88130000000000008813000000000000",
            "0000000001000000", "01000000FFFFFFFF", "00000000", "AA00000000000000", "51B96A4900000000",
        ];
        for (int i = 0; i < columns.Length; i++)
        {
            Assert.Equal(columns[i].PadRight(8192, '0'), Convert.ToHexString(bytes, 4096 * (1 + i), 4096));
        }
    }

    [Fact]
    public void The_same_ledger_gives_the_same_bytes()
    {
        LedgerFile.Write(Path, RandomColumns.Accounts<Units128>(5), CancellationToken.None);
        byte[] first = File.ReadAllBytes(Path);
        LedgerFile.Write(Path, RandomColumns.Accounts<Units128>(5), CancellationToken.None);

        Assert.Equal(first, File.ReadAllBytes(Path));
    }

    [Fact]
    public void A_column_of_more_than_one_chunk_is_whole()
    {
        AccountLedgerBuilder<Amount> builder = new(150_000);
        (int giver, int taker) = (builder.AddHolder(0), builder.AddHolder(1));
        for (int row = 0; row < 150_000; row++)
        {
            builder.Transfer(giver, taker, (ulong)(row + 1));
        }

        LedgerFile.Write(Path, builder.Build(), CancellationToken.None);
        using LedgerFile file = LedgerFile.Open(Path);
        file.Check(CancellationToken.None);

        // 150,000 amounts of 32 bytes are 4.8 MB: more than one chunk of either kind. Their sum is n(n+1)/2.
        Amount sum = Amount.Zero;
        foreach (Amount amount in file.Accounts<Amount>().Amounts.Span)
        {
            sum += amount;
        }

        Assert.Equal(11_250_075_000UL, sum);
    }

    [Fact]
    public void A_file_takes_the_place_of_another_that_is_still_open()
    {
        CoinLedger old = RandomColumns.Coins(1);
        LedgerFile.Write(Path, old, CancellationToken.None);
        using LedgerFile before = LedgerFile.Open(Path);
        LedgerFile.Write(Path, RandomColumns.Accounts<Amount>(1), CancellationToken.None);
        using LedgerFile after = LedgerFile.Open(Path);

        before.Check(CancellationToken.None);
        SameColumns(old, before.Coins());
        Assert.Equal((LedgerKind.Accounts, 32), (after.Kind, after.AmountBytes));
        Assert.Equal(["chain.ledger"], Names());
    }

    [Fact]
    public void What_cannot_be_written_leaves_nothing_and_what_was_there_stays()
    {
        LedgerFile.Write(Path, RandomColumns.Coins(1), CancellationToken.None);
        byte[] before = File.ReadAllBytes(Path);
        Assert.Throws<OperationCanceledException>(() => LedgerFile.Write(Path, RandomColumns.Coins(2), new CancellationToken(canceled: true)));
        Assert.Equal(before, File.ReadAllBytes(Path));

        string folder = _folder.CreateSubdirectory("taken").FullName;
        InputException taken = Assert.Throws<InputException>(() => LedgerFile.Write(folder, RandomColumns.Coins(2), CancellationToken.None));
        Assert.StartsWith($"cannot write {folder}: ", taken.Message, StringComparison.Ordinal);

        string nowhere = System.IO.Path.Combine(_folder.FullName, "none", "chain.ledger");
        InputException gone = Assert.Throws<InputException>(() => LedgerFile.Write(nowhere, RandomColumns.Coins(2), CancellationToken.None));
        Assert.StartsWith($"cannot write {nowhere}: ", gone.Message, StringComparison.Ordinal);

        Assert.Equal(["chain.ledger", "taken"], Names());
    }

    [Fact]
    public void Columns_that_do_not_fit_together_are_not_written()
    {
        CoinLedger ledger = new(new MovementKind[1], new int[2], default, new int[2], new Units64[1], default, new int[1], NoBlocks);

        ArgumentException fault = Assert.Throws<ArgumentException>(() => LedgerFile.Write(Path, ledger, CancellationToken.None));

        Assert.Equal("the ledger's columns do not fit together: column 'addresses' has 0 elements and should have 1", fault.Message);
        Assert.Empty(Names());
    }

    [Fact]
    public void A_closed_file_hands_out_nothing()
    {
        LedgerFile.Write(Path, RandomColumns.Accounts<Units64>(1), CancellationToken.None);
        LedgerFile file = LedgerFile.Open(Path);
        AccountLedger<Units64> ledger = file.Accounts<Units64>();
        file.Dispose();
        file.Dispose();

        Assert.Throws<ObjectDisposedException>(() => ledger.From.Span[0]);
        Assert.Throws<ObjectDisposedException>(() => file.Check(CancellationToken.None));
        Assert.Throws<ObjectDisposedException>(
            () => file.Run(new BulkQuestion(TaintPolicies.Fifo, Direction.Forward, [BulkSeed.OfHolder(0, 0, null)]), CancellationToken.None));
    }

    [Fact]
    public void What_is_pinned_may_be_let_go_after_the_file_is_closed()
    {
        LedgerFile.Write(Path, RandomColumns.Accounts<Units64>(1), CancellationToken.None);
        LedgerFile file = LedgerFile.Open(Path);
        ReadOnlyMemory<Units64> amounts = file.Accounts<Units64>().Amounts;
        System.Buffers.MemoryHandle pinned = amounts[2..].Pin();
        file.Dispose();

        Assert.Throws<ObjectDisposedException>(() => amounts.Span.Length);
        pinned.Dispose();
        Assert.Throws<ObjectDisposedException>(() => amounts.Pin());
    }

    [Fact]
    public void Asking_for_another_kind_or_width_says_what_the_file_holds()
    {
        LedgerFile.Write(Path, RandomColumns.Accounts<Units128>(1), CancellationToken.None);
        using LedgerFile accounts = LedgerFile.Open(Path);
        Says("holds accounts with amounts of 16 bytes, not accounts with amounts of 8 bytes", () => accounts.Accounts<Units64>());
        Says("holds accounts with amounts of 16 bytes, not coins", () => accounts.Coins());

        LedgerFile.Write(Path, RandomColumns.Coins(1), CancellationToken.None);
        using LedgerFile coins = LedgerFile.Open(Path);
        Says("holds coins, not accounts with amounts of 32 bytes", () => coins.Accounts<Amount>());
    }

    // The example of docs/bulk.md; The_page_s_example_is_the_one_above holds them together.
    [Fact]
    public void The_example_of_the_page_gives_what_it_says()
    {
        string path = Path;
        StringWriter output = new();

        // example
        AccountLedgerBuilder<Units64> builder = new();
        int bank = builder.AddHolder(address: 0);
        int thief = builder.AddHolder(address: 1);
        int mixer = builder.AddHolder(address: 2);
        builder.BeginBlock(number: 100, timeSeconds: 1_700_000_000);
        builder.Issue(thief, new Units64(40));
        builder.Transfer(bank, thief, new Units64(100));
        builder.Transfer(thief, mixer, new Units64(90));
        LedgerFile.Write(path, builder.Build(), CancellationToken.None);

        using LedgerFile file = LedgerFile.Open(path);
        BulkQuestion question = new(TaintPolicies.Fifo, Direction.Forward, [BulkSeed.OfOutput(row: 1, output: 0, amount: 100)])
        {
            Stops = address => address == 2 ? new SinkKey(SinkKind.Mixer, "a mixer") : null,
        };
        foreach (BulkSink sink in file.Run(question, CancellationToken.None).Sheets[0].Sinks)
        {
            output.WriteLine($"{sink.Sink.Kind} {sink.Sink.Name} {sink.Amount}");
        }

        // end
        // First in, first out: the 40 clean units leave first, then 50 stolen ones; 50 stay.
        Assert.Equal("Mixer a mixer 50\nHeld  50\n", output.ToString().ReplaceLineEndings("\n"));
    }

    [GitFact]
    public void The_page_s_example_is_the_one_above()
    {
        string[] parts = Repository.Read("tests/FlowTracer.Tests/Chains/LedgerFileTests.cs").Split("        // example\n", 2)[1].Split("        // end\n", 2);
        string example = string.Join('\n', parts[0].TrimEnd().Split('\n').Select(line => line.Length > 8 ? line[8..] : line));

        Assert.Contains($"```csharp\n{example.Replace("output.", "Console.", StringComparison.Ordinal)}\n```", Repository.Read("docs/bulk.md"), StringComparison.Ordinal);
    }

    private static BlockColumns NoBlocks => new(default, default, default);

    private void AccountsComeBack<TUnits>(int width)
        where TUnits : struct, IUnits<TUnits>
    {
        for (int seed = 0; seed < Ledgers; seed++)
        {
            AccountLedger<TUnits> ledger = RandomColumns.Accounts<TUnits>(seed);
            LedgerFile.Write(Path, ledger, CancellationToken.None);
            using LedgerFile file = LedgerFile.Open(Path);
            file.Check(CancellationToken.None);

            Assert.Equal((LedgerKind.Accounts, width), (file.Kind, file.AmountBytes));
            SameColumns(ledger, file.Accounts<TUnits>());
            foreach (Pace pace in new[] { Pace.Follow, Pace.Scan })
            {
                SameAnswers(
                    (policy, direction) => RandomColumns.Question(ledger, seed, policy, direction) with { Pace = pace },
                    question => BulkTracer.Run(ledger, question, CancellationToken.None), file);
            }
        }
    }

    private static void SameAnswers(
        Func<ITaintPolicy, Direction, BulkQuestion> questionOf, Func<BulkQuestion, BulkTrace> inMemory, LedgerFile file)
    {
        foreach (string policy in SlowTrace.Policies)
        {
            foreach (Direction direction in new[] { Direction.Forward, Direction.Backward })
            {
                BulkQuestion question = questionOf(TaintPolicies.Find(policy)!, direction);
                string expected = RandomColumns.AnswerOf(inMemory, question);
                string actual = RandomColumns.AnswerOf(asked => file.Run(asked, CancellationToken.None), question);

                Assert.Contains("sheet 0", expected, StringComparison.Ordinal);
                Assert.Equal(expected, actual);
            }
        }
    }

    private static void SameColumns<TUnits>(AccountLedger<TUnits> expected, AccountLedger<TUnits> actual)
        where TUnits : struct, IUnits<TUnits>
    {
        Same(expected.From, actual.From);
        Same(expected.To, actual.To);
        Same(expected.Amounts, actual.Amounts);
        Same(expected.Holders.Addresses, actual.Holders.Addresses);
        Same(expected.Holders.Assets, actual.Holders.Assets);
        Same(expected.Legs.Kinds, actual.Legs.Kinds);
        Same(expected.Legs.Starts, actual.Legs.Starts);
        Same(expected.Legs.Holders, actual.Legs.Holders);
        Same(expected.Legs.Amounts, actual.Legs.Amounts);
        SameBlocks(expected.Blocks, actual.Blocks);
        foreach (Direction direction in new[] { Direction.Forward, Direction.Backward })
        {
            (Links links, Links mapped) = (expected.LinksOf(direction), actual.LinksOf(direction));
            Same(links.OfFrom, mapped.OfFrom);
            Same(links.OfTo, mapped.OfTo);
            Same(links.OfLegs, mapped.OfLegs);
            Same(links.First, mapped.First);
        }
    }

    private static void SameColumns(CoinLedger expected, CoinLedger actual)
    {
        Same(expected.Kinds, actual.Kinds);
        Same(expected.InputStarts, actual.InputStarts);
        Same(expected.Inputs, actual.Inputs);
        Same(expected.OutputStarts, actual.OutputStarts);
        Same(expected.Values, actual.Values);
        Same(expected.Addresses, actual.Addresses);
        Same(expected.Spenders, actual.Spenders);
        SameBlocks(expected.Blocks, actual.Blocks);
    }

    private static void SameBlocks(BlockColumns expected, BlockColumns actual)
    {
        Same(expected.FirstRows, actual.FirstRows);
        Same(expected.Numbers, actual.Numbers);
        Same(expected.Times, actual.Times);
    }

    private static void Same<T>(ReadOnlyMemory<T> expected, ReadOnlyMemory<T> actual) => Assert.Equal(expected.ToArray(), actual.ToArray());

    private void Says(string fault, Func<object> action) => Assert.Equal($"{Path}: {fault}", Assert.Throws<InputException>(action).Message);

    private string[] Names() => [.. _folder.EnumerateFileSystemInfos().Select(entry => entry.Name).Order(StringComparer.Ordinal)];
}
