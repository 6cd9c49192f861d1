using System.Collections.Immutable;
using System.Globalization;
using FlowTracer.Benchmarks.Ledgers;
using FlowTracer.Chains.Recorded;
using FlowTracer.Core.Bulk;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Taint;
using FlowTracer.Core.Tracing;

namespace FlowTracer.Tests.Bulk;

/// <summary>The made-up ledgers of the benchmarks, large enough to be scanned: every way through them comes to one answer.</summary>
public sealed class MadeUpLedgerTests
{
    private const int Rows = 10_000;

    private static readonly AccountChain Accounts = AccountChain.Make(Rows, 7);
    private static readonly CoinChain Coins = CoinChain.Make(Rows, 7);

    public static TheoryData<string, string> Questions()
    {
        TheoryData<string, string> questions = [];
        foreach (ITaintPolicy policy in TaintPolicies.All)
        {
            foreach (string taint in new[] { "theft", "half", "holder", "backward", "thousand" })
            {
                questions.Add(policy.Name, taint);
            }
        }

        return questions;
    }

    [Theory]
    [MemberData(nameof(Questions))]
    public void Following_and_scanning_come_to_the_same(string policy, string taint)
    {
        BulkQuestion question = Question(policy, taint);
        string followed = Text(BulkTracer.Run(Accounts.Ledger, question with { Pace = Pace.Follow }, CancellationToken.None), question);
        BulkTrace scan = BulkTracer.Run(Accounts.Ledger, question with { Pace = Pace.Scan }, CancellationToken.None);
        Assert.Equal(followed, Text(scan, question));
        Assert.Equal(followed, Text(BulkTracer.Run(Accounts.Ledger, question, CancellationToken.None), question));
        Assert.False(Accounts.Ledger.IsEverOverdrawn);
        Assert.True(scan.RowsRead > Rows / 3, $"{scan.RowsRead} rows: nothing was scanned");
    }

    // The general sweep, with its own movements, histories and 256-bit amounts, on the first rows of the same ledger.
    [Theory]
    [InlineData("fifo")]
    [InlineData("lifo")]
    [InlineData("libr")]
    [InlineData("tiho")]
    [InlineData("haircut")]
    [InlineData("poison")]
    public async Task The_general_sweep_agrees_on_accounts(string policy)
    {
        Movement[] movements = [.. Enumerable.Range(0, 4_000).Select(AccountMovement)];
        await Agree(movements, [TransferSeed.Create(movements[0], 0, movements[0].Outputs[0].Amount)], policy);
    }

    [Theory]
    [InlineData("fifo")]
    [InlineData("lifo")]
    [InlineData("libr")]
    [InlineData("tiho")]
    [InlineData("haircut")]
    [InlineData("poison")]
    public async Task The_general_sweep_agrees_on_coins(string policy)
    {
        Movement[] movements = [.. Enumerable.Range(0, 1_500).Select(CoinMovement)];
        await Agree(movements, [TransferSeed.Create(movements[0], 0, movements[0].Outputs[0].Amount)], policy);
    }

    // A sparse trace reads the rows of those it reaches and no others.
    [Fact]
    public void A_theft_that_goes_nowhere_is_one_row()
    {
        AccountLedgerBuilder<Units64> builder = new();
        for (int holder = 0; holder < 1_000; holder++)
        {
            builder.AddHolder(holder);
            builder.Issue(holder, new Units64(1_000));
        }

        for (int row = 0; row < 100_000; row++)
        {
            builder.Transfer(row % 999, (row * 7) % 999, new Units64(1));
            if (row == 50_000)
            {
                builder.Transfer(3, 999, new Units64(5));
            }
        }

        AccountLedger<Units64> ledger = builder.Build();
        BulkTrace trace = BulkTracer.Run(
            ledger, new BulkQuestion(TaintPolicies.Fifo, Direction.Forward, [BulkSeed.OfOutput(1_000 + 50_001, 0, 5)]), CancellationToken.None);
        Assert.Equal((1, 1), (trace.RowsRead, trace.HoldersReached));
        Assert.Equal(new BulkSink(new SinkKey(SinkKind.Held, ""), 0, 5, 1), Assert.Single(trace.Sheets[0].Sinks));
    }

    private static BulkQuestion Question(string policy, string taint) => new(
        TaintPolicies.Find(policy)!, taint == "backward" ? Direction.Backward : Direction.Forward, taint switch
        {
            "theft" => [SeedAt(Accounts.TheftRow)],
            "thousand" => [.. Accounts.LootRows.ToArray().Select(SeedAt)],
            "holder" => [BulkSeed.OfHolder(Accounts.Treasury, 0, null)],
            "backward" => [SeedAt(Rows - 1 - Enumerable.Range(0, Rows).First(back => Accounts.Ledger.To.Span[Rows - 1 - back] >= 0))],
            _ => [SeedAt(0)],
        })
    {
        // Every twentieth address is an exchange.
        Stops = static address => address % 20 == 3 && address != 0
            ? new SinkKey(SinkKind.Exchange, (address % 7).ToString(CultureInfo.InvariantCulture))
            : null,
    };

    private static BulkSeed SeedAt(int row) => BulkSeed.OfOutput(row, 0, Accounts.Ledger.Amounts.Span[row].ToAmount());

    private static string Text(BulkTrace trace, BulkQuestion question)
    {
        StringWriter text = new();
        foreach (BulkSheet sheet in trace.Sheets)
        {
            text.WriteLine($"{sheet.Seed} {sheet.Stolen} {string.Join(' ', sheet.Sinks)}");
        }

        text.WriteLine($"{trace.HoldersReached} {string.Join(' ', trace.Unexplained)} {question.Policy.Name}");
        return text.ToString();
    }

    private static async Task Agree(Movement[] movements, ImmutableArray<Seed> seeds, string policy)
    {
        TraceQuestion question = new(seeds, TaintPolicies.Find(policy)!, Direction.Forward, Limits.None, []);
        Trace general = await new Tracer(new RecordedSource(movements, []), new Nobody(), FetchOptions.Default)
            .RunAsync(question, null, CancellationToken.None);
        RecordLedger ledger = new(movements[0].Chain, movements, []);
        BulkTrace bulk = ledger.Run(question, static _ => null, static _ => false, null, CancellationToken.None);
        Assert.Equal(
            general.Balance[0].Sinks.Select(static row => $"{row.Kind} {row.Name} {row.Amount} at {row.Addresses}"),
            bulk.Sheets[0].Sinks.Select(static row => $"{row.Sink.Kind} {row.Sink.Name} {row.Amount} at {row.Places}"));
        Assert.True(bulk.HoldersReached > 100, $"{bulk.HoldersReached} reached");
    }

    private static Movement AccountMovement(int row)
    {
        (int from, int to) = (Accounts.Ledger.From.Span[row], Accounts.Ledger.To.Span[row]);
        Amount amount = Accounts.Ledger.Amounts.Span[row].ToAmount();
        ImmutableArray<Leg> inputs = from < 0 ? [] : [new Leg(AccountOf(from), amount)];
        ImmutableArray<Leg> outputs = to < 0 ? [] : [new Leg(AccountOf(to), amount)];
        MovementKind kind = from < 0 ? MovementKind.Reward : to < 0 ? MovementKind.Fee : MovementKind.External;
        return Made(kind, row, null, inputs, outputs);
    }

    private static Movement CoinMovement(int row)
    {
        CoinLedger ledger = Coins.Ledger;
        ReadOnlySpan<int> inputs = ledger.Inputs.Span[ledger.InputStarts.Span[row]..ledger.InputStarts.Span[row + 1]];
        List<Leg> from = [];
        foreach (int input in inputs)
        {
            if (input >= 0)
            {
                from.Add(new Leg(CoinOf(input), ledger.Values.Span[input].ToAmount()));
            }
        }

        return Made(ledger.Kinds.Span[row], row, TxOf(row), [.. from],
            [.. Enumerable.Range(ledger.OutputStarts.Span[row], ledger.OutputStarts.Span[row + 1] - ledger.OutputStarts.Span[row])
                .Select(coin => new Leg(CoinOf(coin), ledger.Values.Span[coin].ToAmount()))]);
    }

    private static Movement Made(MovementKind kind, int row, TxHash? tx, ImmutableArray<Leg> inputs, ImmutableArray<Leg> outputs) => Movement.Create(
        kind, Grade.Recorded, new Position((ulong)row, 0, 1), new Stamp((ulong)row, null, 0, null), tx, "made up", inputs, outputs);

    private static Holder AccountOf(int holder) => Holder.Account(
        Address.FromAccountBytes(ChainId.Ethereum, BytesOf(Accounts.Ledger.Holders.Addresses.Span[holder], 20)), Asset.Coin(ChainId.Ethereum));

    private static Holder CoinOf(int coin) => Holder.Output(
        ChainId.Bitcoin, new OutPoint(TxOf(coin), 0),
        Coins.Ledger.Addresses.Span[coin] is >= 0 and int address ? Address.FromPubKeyHash(ChainId.Bitcoin, BytesOf(address, 20)) : default);

    private static TxHash TxOf(int number) => TxHash.FromBytes(BytesOf(number, 32));

    private static byte[] BytesOf(int number, int length)
    {
        byte[] bytes = new byte[length];
        BitConverter.TryWriteBytes(bytes.AsSpan(4), number);
        return bytes;
    }

    private sealed class Nobody : ITagSource
    {
        public IReadOnlyList<Core.Attributions.Tag> TagsOf(Address address) => [];
    }
}
