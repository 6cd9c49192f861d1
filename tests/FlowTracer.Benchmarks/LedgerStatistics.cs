using System.Globalization;
using FlowTracer.Benchmarks.Ledgers;
using FlowTracer.Core.Bulk;
using FlowTracer.Core.Model;

namespace FlowTracer.Benchmarks;

/// <summary><c>ledger-statistics [SIZE [SEED]]</c>: what the made-up ledgers look like, beside real data (docs/benchmark-ledgers.md).</summary>
internal static class LedgerStatistics
{
    private const int DefaultSize = 1_000_000;

    public static int Run(string[] arguments)
    {
        int size = arguments.Length > 0 ? int.Parse(arguments[0], CultureInfo.InvariantCulture) : DefaultSize;
        int seed = arguments.Length > 1 ? int.Parse(arguments[1], CultureInfo.InvariantCulture) : 1;
        AccountLedger<Units128> ronin = RealLedgers.Ronin();
        Print(
            "accounts",
            [
                Describe("made up", AccountChain.Make(size, seed).Ledger),
                Describe("Ronin record", ronin),
            ]);
        Print(
            "coins",
            [
                .. RealLedgers.Coins().Prepend(("made up", CoinChain.Make(size, seed).Ledger))
                    .Select(static named => Describe(named.Item1, named.Item2)),
            ]);
        return 0;
    }

    private static List<(string Name, string Text)> Describe<TUnits>(string name, AccountLedger<TUnits> ledger)
        where TUnits : struct, IUnits<TUnits>
    {
        AccountStatistics about = AccountStatistics.Of(ledger);
        return
        [
            ("", name),
            ("rows", Whole(ledger.Rows)),
            ("holders", Whole(ledger.Holders.Count)),
            ("received: median, 90 %, 99 %, most", Degrees(about.Received)),
            ("received: tail exponent", Number(about.Received.TailExponent())),
            ("given: median, 90 %, 99 %, most", Degrees(about.Given)),
            ("given: tail exponent", Number(about.Given.TailExponent())),
            ("values ÷ median: 1 %, 10 %, 25 %, 75 %, 90 %, 99 %", Spread(about.Values)),
            ("values: tail exponent", Number(about.Values.TailExponent())),
            ("holders in one row", Percent(about.OnceShare)),
            ("holders that received once and gave once", Percent(about.PassingShare)),
            ("transfers back to who paid before", Percent(about.ReturnShare)),
            ("rows from receipt to giving: median, 90 %, 99 %", Ages(about.Rests)),
            ("fees, of rows", Percent(about.FeeShare)),
            .. Peels(about.Peels, ledger.Rows),
        ];
    }

    private static List<(string Name, string Text)> Describe(string name, CoinLedger ledger)
    {
        CoinStatistics about = CoinStatistics.Of(ledger);
        return
        [
            ("", name),
            ("rows", Whole(ledger.Rows)),
            ("coins made", Whole(ledger.OutputStarts.Span[^1])),
            ("inputs: 1, 2, 3 to 9, 10 and more, most", Counts(about.Inputs)),
            ("outputs: 1, 2, 3 to 9, 10 and more, most", Counts(about.Outputs)),
            ("one coin into two", Percent(about.OneToTwoShare)),
            ("one coin into one", Percent(about.OneToOneShare)),
            ("fee ÷ spent: 10 %, median, 90 %", $"{Percent(about.Fees.At(100))}, {Percent(about.Fees.At(500))}, {Percent(about.Fees.At(900))}"),
            ("values ÷ median: 1 %, 10 %, 25 %, 75 %, 90 %, 99 %", Spread(about.Values)),
            ("values: tail exponent", Number(about.Values.TailExponent())),
            ("coins of an address: median, 90 %, 99 %, most", Degrees(about.Received)),
            ("coins of an address: tail exponent", Number(about.Received.TailExponent())),
            ("coins spent of an address: median, 90 %, 99 %, most", Degrees(about.Spent)),
            ("coins spent of an address: tail exponent", Number(about.Spent.TailExponent())),
            ("addresses in one coin", Percent(about.OnceShare)),
            ("transactions that pay an address they spend from", Percent(about.SelfShare)),
            ("transactions that pay back who paid before", Percent(about.ReturnShare)),
            ("age of a coin spent, in rows: median, 90 %, 99 %", ledger.Blocks.FirstRows.IsEmpty ? "no order" : Ages(about.Ages)),
            ("coins left unspent", Percent(about.UnspentShare)),
            .. Peels(about.Peels, ledger.Rows),
        ];
    }

    private static IEnumerable<(string Name, string Text)> Peels(Distribution peels, int rows) =>
    [
        ("peel chains of two hops and more, for 1,000 rows", Number(1_000.0 * peels.Count * peels.Share(2, double.MaxValue) / rows)),
        ("hops of a peel chain: median, 99 %, most", $"{Number(peels.At(500))}, {Number(peels.At(990))}, {Number(peels.At(1_000))}"),
    ];

    private static void Print(string what, List<(string Name, string Text)>[] ledgers)
    {
        Console.WriteLine($"| {what} | {string.Join(" | ", ledgers.Select(static ledger => ledger[0].Text))} |");
        Console.WriteLine($"|---{string.Concat(ledgers.Select(static _ => "|---"))}|");
        for (int i = 1; i < ledgers[0].Count; i++)
        {
            Console.WriteLine($"| {ledgers[0][i].Name} | {string.Join(" | ", ledgers.Select(ledger => ledger[i].Text))} |");
        }

        Console.WriteLine();
    }

    private static string Counts(Distribution about) =>
        $"{Percent(about.Share(1, 1))}, {Percent(about.Share(2, 2))}, {Percent(about.Share(3, 9))}, {Percent(about.Share(10, double.MaxValue))}, {Number(about.At(1_000))}";

    private static string Degrees(Distribution about) =>
        $"{Number(about.At(500))}, {Number(about.At(900))}, {Number(about.At(990))}, {Number(about.At(1_000))}";

    private static string Ages(Distribution about) => $"{Number(about.At(500))}, {Number(about.At(900))}, {Number(about.At(990))}";

    private static string Spread(Distribution about) =>
        string.Join(", ", new[] { 10, 100, 250, 750, 900, 990 }.Select(thousandths => Number(about.At(thousandths) / about.At(500))));

    private static string Whole(int number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Percent(double share) => double.IsNaN(share) ? "unknown" : $"{Number(100 * share)} %";

    // Two digits that count.
    private static string Number(double number) => number switch
    {
        double.NaN => "unknown",
        >= 10 or 0 => number.ToString("N0", CultureInfo.InvariantCulture),
        >= 1 => number.ToString("0.#", CultureInfo.InvariantCulture),
        _ => number.ToString("G2", CultureInfo.InvariantCulture),
    };
}
