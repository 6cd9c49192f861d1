using FlowTracer.Core.Bulk;
using FlowTracer.Core.Model;

namespace FlowTracer.Benchmarks.Ledgers;

/// <summary>What an account ledger of plain transfers looks like. Shares are of one.</summary>
internal sealed class AccountStatistics
{
    // A hop of a peel chain passes on so much of what came in.
    private const double LeastPassedOn = 0.9;

    /// <summary>Transfers to a holder, of those with any.</summary>
    public required Distribution Received { get; init; }

    /// <summary>Transfers and fees from a holder, of those with any.</summary>
    public required Distribution Given { get; init; }

    /// <summary>Base units of a transfer between two holders.</summary>
    public required Distribution Values { get; init; }

    /// <summary>Rows from when a giver last received to when it gives; without those of whom no receipt is in the ledger.</summary>
    public required Distribution Rests { get; init; }

    /// <summary>Hops of each peel chain; see <see cref="PeelChains"/>.</summary>
    public required Distribution Peels { get; init; }

    /// <summary>Holders that occur in a single row.</summary>
    public required double OnceShare { get; init; }

    /// <summary>Holders that received once and gave once.</summary>
    public required double PassingShare { get; init; }

    /// <summary>Transfers from A to B after one from B to A.</summary>
    public required double ReturnShare { get; init; }

    /// <summary>Rows that are fees.</summary>
    public required double FeeShare { get; init; }

    /// <summary>Counts a ledger.</summary>
    public static AccountStatistics Of<TUnits>(AccountLedger<TUnits> ledger)
        where TUnits : struct, IUnits<TUnits>
    {
        int holders = ledger.Holders.Count;
        (int[] received, int[] given, int[] receipts) = (new int[holders], new int[holders], new int[holders]);
        Array.Fill(receipts, -1);
        HashSet<(int, int)> pairs = [];
        List<double> values = [];
        List<double> rests = [];
        (int returns, int fees) = (0, 0);
        for (int row = 0; row < ledger.Rows; row++)
        {
            (int from, int to) = (ledger.From.Span[row], ledger.To.Span[row]);
            if (from >= 0)
            {
                given[from]++;
                Add(rests, row - receipts[from], receipts[from] >= 0);
            }

            if (to >= 0)
            {
                received[to]++;
                receipts[to] = row;
            }

            fees += to < 0 ? 1 : 0;
            if (from >= 0 && to >= 0)
            {
                values.Add((double)ledger.Amounts.Span[row].ToAmount().ToBigInteger());
                returns += pairs.Contains((to, from)) ? 1 : 0;
                pairs.Add((from, to));
            }
        }

        return new AccountStatistics
        {
            Received = Positive(received),
            Given = Positive(given),
            Values = new Distribution([.. values]),
            Rests = new Distribution([.. rests]),
            Peels = new Distribution(PeelChains(ledger, received, given)),
            OnceShare = Share(holders, holder => received[holder] + given[holder] == 1),
            PassingShare = Share(holders, holder => received[holder] == 1 && given[holder] == 1),
            ReturnShare = returns / (double)values.Count,
            FeeShare = fees / (double)ledger.Rows,
        };
    }

    /// <summary>Those of some counts that are not zero.</summary>
    public static Distribution Positive(int[] counts) =>
        new([.. counts.Where(static count => count > 0).Select(static count => (double)count)]);

    /// <summary>
    /// How many hops follow one another, for each run of them. A hop is given by who received once and gave twice, and
    /// passed on nine tenths or more in one of the two.
    /// </summary>
    private static double[] PeelChains<TUnits>(AccountLedger<TUnits> ledger, int[] received, int[] given)
        where TUnits : struct, IUnits<TUnits>
    {
        double[] inflow = new double[received.Length];
        int[] next = new int[received.Length];
        Array.Fill(next, -1);
        for (int row = 0; row < ledger.Rows; row++)
        {
            (int from, int to) = (ledger.From.Span[row], ledger.To.Span[row]);
            double amount = (double)ledger.Amounts.Span[row].ToAmount().ToBigInteger();
            if (from >= 0 && to >= 0 && received[from] == 1 && given[from] == 2 && amount >= inflow[from] * LeastPassedOn)
            {
                next[from] = to;
            }

            if (to >= 0)
            {
                inflow[to] += amount;
            }
        }

        return RunLengths(next);
    }

    /// <summary>The length of each run, where an item is followed by another; -1 for one that is no hop.</summary>
    public static double[] RunLengths(int[] next)
    {
        bool[] isFollower = new bool[next.Length];
        foreach (int item in next.Where(static item => item >= 0))
        {
            isFollower[item] = true;
        }

        List<double> lengths = [];
        for (int item = 0; item < next.Length; item++)
        {
            int length = 0;
            for (int at = item; at >= 0 && next[at] >= 0 && !isFollower[item]; at = next[at])
            {
                length++;
            }

            Add(lengths, length, length > 0);
        }

        return [.. lengths];
    }

    private static void Add(List<double> numbers, int number, bool condition)
    {
        if (condition)
        {
            numbers.Add(number);
        }
    }

    private static double Share(int count, Func<int, bool> condition) => Enumerable.Range(0, count).Count(condition) / (double)count;
}
