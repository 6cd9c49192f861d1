using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using System.Text;
using FlowTracer.Core.Bulk;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Taint;
using FlowTracer.Core.Tracing;

namespace FlowTracer.Tests.Chains;

/// <summary>Small random ledgers of columns with every kind of row, questions about them, and answers as text. A seed gives the same ones.</summary>
internal static class RandomColumns
{
    private const int Rows = 40;

    /// <summary>Three assets of up to eight holders each; every other ledger starts by giving each of them more than it ever pays.</summary>
    public static AccountLedger<TUnits> Accounts<TUnits>(int seed)
        where TUnits : struct, IUnits<TUnits>
    {
        Random random = new(seed);
        AccountLedgerBuilder<TUnits> builder = new();
        int assets = 1 + (seed % 3);
        int addresses = 3 + random.Next(6);
        for (int holder = 0; holder < assets * addresses; holder++)
        {
            builder.AddHolder(holder / assets, holder % assets);
        }

        for (int holder = 0; seed % 2 == 0 && holder < assets * addresses; holder++)
        {
            builder.Issue(holder, Units<TUnits>(1_000_000));
        }

        for (int i = 0; i < Rows; i++)
        {
            if (random.Next(4) == 0)
            {
                builder.BeginBlock((ulong)(i / 3), random.Next(3) == 0 ? -1 : 1_600_000_000 + i);
            }

            AddRow(builder, random, assets, addresses);
        }

        return builder.Build();
    }

    /// <summary>Coins of ten addresses and of none, some made before, in blocks whose coinbase takes in their fees.</summary>
    public static CoinLedger Coins(int seed)
    {
        Random random = new(seed);
        CoinLedgerBuilder builder = new();
        List<(int Coin, ulong Value)> unspent = [];
        for (int i = 0; i < 4; i++)
        {
            unspent.Add((builder.AddEarlier(new Units64(1_000), i - 1), 1_000));
        }

        for (ulong block = 0; block < 8; block++)
        {
            builder.BeginBlock(100 + block, random.Next(3) == 0 ? -1 : 1_600_000_000 + (long)block);
            List<int> fees = [];
            ulong paid = 0;
            for (int i = random.Next(4); i >= 0 && unspent.Count > 0; i--)
            {
                int row = builder.Rows;
                ulong fee = Spend(builder, random, unspent);
                if (fee > 0)
                {
                    fees.Add(~row);
                    paid += fee;
                }
            }

            Make(builder, random, unspent, MovementKind.Reward, [.. fees], paid + 50);
        }

        return builder.Build();
    }

    /// <summary>Two seeds at outputs of rows and one at a holder, with stops, a policy and a direction.</summary>
    public static BulkQuestion Question<TUnits>(AccountLedger<TUnits> ledger, int seed, ITaintPolicy policy, Direction direction)
        where TUnits : struct, IUnits<TUnits>
    {
        Random random = new(seed);
        int[] rows = [.. Enumerable.Range(0, ledger.Rows).Where(row => ledger.To.Span[row] >= 0 && ledger.From.Span[row] != ledger.To.Span[row])];
        ImmutableArray<BulkSeed> seeds =
        [
            .. rows.OrderBy(_ => random.Next()).Take(2).Order().Select(row => BulkSeed.OfOutput(row, 0, ledger.Amounts.Span[row].ToAmount())),
            BulkSeed.OfHolder(random.Next(ledger.Holders.Count), random.Next(ledger.Rows), Units<TUnits>(500).ToAmount()),
        ];
        return new BulkQuestion(policy, direction, seeds) { Stops = StopOf, IsComplete = static holder => holder % 2 == 0 };
    }

    /// <summary>The same, with fees followed.</summary>
    public static BulkQuestion Question(CoinLedger ledger, int seed, ITaintPolicy policy, Direction direction)
    {
        Random random = new(seed);
        int row = Enumerable.Range(0, ledger.Rows).OrderBy(_ => random.Next())
            .First(row => ledger.OutputStarts.Span[row + 1] > ledger.OutputStarts.Span[row]);
        ImmutableArray<BulkSeed> seeds =
        [
            BulkSeed.OfOutput(row, 0, ledger.Values.Span[ledger.OutputStarts.Span[row]].ToAmount()),
            BulkSeed.OfHolder(random.Next(ledger.Coins), random.Next(ledger.Rows), null),
        ];
        return new BulkQuestion(policy, direction, seeds) { Stops = StopOf, IsComplete = static coin => coin % 2 == 0, FollowFees = seed % 2 == 0 };
    }

    /// <summary>All that a trace says: every hop, what is left, the sheets and what they rest on.</summary>
    public static string AnswerOf(Func<BulkQuestion, BulkTrace> run, BulkQuestion question)
    {
        StringBuilder text = new();
        void Say(string line) => text.Append(CultureInfo.InvariantCulture, $"{line}\n");
        BulkTrace trace = run(question with
        {
            Hops = hop => Say($"hop {hop.Row} {hop.From} {hop.To} {hop.Amount}: {string.Join(' ', hop.Lots)}"),
            Left = (holder, lots) => Say($"left {holder}: {string.Join(' ', lots.Select(lot => $"{string.Join('+', lot.Seeds)} {lot.Amount} {lot.Origin}"))}"),
        });
        foreach (BulkSheet sheet in trace.Sheets)
        {
            Say($"sheet {sheet.Seed} {sheet.Stolen} {string.Join(' ', sheet.ClaimedBefore)}: {string.Join(' ', sheet.Sinks)}");
        }

        Say($"{string.Join(' ', trace.Unexplained)}; {string.Join(' ', trace.OpeningUnknown)}; {trace.RowsRead} {trace.HoldersReached} {trace.MostLots}");
        return text.ToString();
    }

    private static SinkKey? StopOf(int address) => address % 7 == 6 ? new SinkKey(SinkKind.Mixer, $"mixer {address}") : null;

    // In the middle of the width's range, and no number that its upper half does not need.
    private static TUnits Units<TUnits>(int number)
        where TUnits : struct, IUnits<TUnits>
    {
        int shift = TUnits.Zero switch { Units64 => 30, Units128 => 90, _ => 200 };
        return TUnits.Of(Amount.FromBigInteger(((BigInteger)number << shift) + number));
    }

    private static void AddRow<TUnits>(AccountLedgerBuilder<TUnits> builder, Random random, int assets, int addresses)
        where TUnits : struct, IUnits<TUnits>
    {
        int asset = random.Next(assets);
        int[] who = [.. Enumerable.Range(0, addresses).OrderBy(_ => random.Next()).Select(address => (address * assets) + asset)];
        int number = 2 + random.Next(900);
        TUnits amount = Units<TUnits>(number);
        switch (random.Next(10))
        {
            case 0:
                builder.Issue(who[0], amount);
                break;
            case 1:
                builder.Fee(who[0], amount);
                break;
            case 2 when assets > 1:
                int other = (who[0] / assets * assets) + ((asset + 1) % assets);
                builder.Legs(MovementKind.Swap, [(who[0], amount)], [(other, Units<TUnits>(1 + random.Next(900)))]);
                break;
            case 3:
                builder.Legs(
                    MovementKind.Transaction, [(who[0], amount), (who[1], Units<TUnits>(1))],
                    [(who[2], Units<TUnits>(number / 2)), (who[1], Units<TUnits>(number + 1 - (number / 2)))]);
                break;
            case 4:
                builder.Legs(MovementKind.Unresolved, [(who[0], amount)], []);
                break;
            case 5:
                builder.Transfer(who[0], who[0], amount);
                break;
            default:
                builder.Transfer(who[0], who[1], amount);
                break;
        }
    }

    private static ulong Spend(CoinLedgerBuilder builder, Random random, List<(int Coin, ulong Value)> unspent)
    {
        List<int> inputs = [];
        ulong sum = 0;
        for (int i = random.Next(3); i >= 0 && unspent.Count > 0; i--)
        {
            int at = random.Next(unspent.Count);
            inputs.Add(unspent[at].Coin);
            sum += unspent[at].Value;
            unspent.RemoveAt(at);
        }

        ulong fee = Math.Min(sum / 2, (ulong)random.Next(5));
        Make(builder, random, unspent, MovementKind.Transaction, [.. inputs], sum - fee);
        return fee;
    }

    // Outputs of more than nothing that come to a sum.
    private static void Make(
        CoinLedgerBuilder builder, Random random, List<(int Coin, ulong Value)> unspent, MovementKind kind, int[] inputs, ulong sum)
    {
        List<(Units64 Value, int Address)> outputs = [];
        while (sum > 0)
        {
            ulong value = outputs.Count == 3 ? sum : 1 + (ulong)random.NextInt64((long)sum);
            outputs.Add((new Units64(value), random.Next(11) - 1));
            sum -= value;
        }

        int first = builder.Add(kind, inputs, outputs.ToArray());
        unspent.AddRange(outputs.Select((output, i) => (first + i, output.Value.Value)));
    }
}
