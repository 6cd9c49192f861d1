using System.Collections.Immutable;
using FlowTracer.Core.Model;

namespace FlowTracer.Core.Ranking;

/// <summary>Where a unit of residual at an address goes when it is pushed. The parts add up to one.</summary>
/// <param name="Settles">What becomes rank.</param>
/// <param name="Stays">What stays residual.</param>
/// <param name="Goes">What neighbours get as residual.</param>
/// <param name="Least">Residual below this is not pushed.</param>
internal sealed record Spread(double Settles, double Stays, ImmutableArray<(Address Address, double Part)> Goes, double Least)
{
    /// <summary>How much settles with each step: 0.15 (Wu et al. 2023, for APPR and TTR).</summary>
    public const double Alpha = 0.15;

    /// <summary>How much of the rest goes on with the money rather than back to where it came from: 0.7 (Wu et al. 2023).</summary>
    public const double Beta = 0.7;

    /// <summary>
    /// The residual below which an address is not looked at: 0.00001, the default of the authors' program. Their comparison
    /// has 0.001; here the requests are the limit.
    /// </summary>
    public const double Epsilon = 1e-5;

    /// <summary>The taint below which haircut looks no further: a thousandth (Wu et al. 2023).</summary>
    public const double LeastTaint = 1e-3;

    /// <summary>
    /// Approximate personalised PageRank by local push (Andersen, Chung and Lang, "Local Graph Partitioning using PageRank
    /// Vectors", FOCS 2006, section 3), on the lazy walk over neighbours whatever paid whom: alpha settles, half of the rest
    /// stays and half goes to the neighbours alike. Pushed where the residual is at least epsilon times the degree, so that
    /// in the end the rank of each address is short of the exact one by at most epsilon times its degree.
    /// </summary>
    public static Spread PageRank(Address address, IReadOnlyList<Payment> payments)
    {
        Address[] neighbours = [.. payments.SelectMany(static payment => (Address[])[payment.From, payment.To])
            .Where(other => other != address).Distinct()];
        double rest = (1 - Alpha) / 2;
        return neighbours.Length == 0
            ? new Spread(1, 0, [], Epsilon)
            : new Spread(
                Alpha, rest, [.. neighbours.Select(other => (other, rest / neighbours.Length))], Epsilon * neighbours.Length);
    }

    /// <summary>
    /// The taint of an address goes to whom it paid, by amount (haircut: Möser, Böhme and Breuker 2014): all of it, at once.
    /// </summary>
    public static Spread Haircut(Address address, IReadOnlyList<Payment> payments) =>
        Along(address, payments, onward: 1, back: 0, ByAmount, LeastTaint);

    /// <summary>Transaction tracing rank with all payments alike (Wu et al. 2023, without weights).</summary>
    public static Spread Base(Address address, IReadOnlyList<Payment> payments) =>
        Along(address, payments, Beta * (1 - Alpha), (1 - Beta) * (1 - Alpha), Alike, Epsilon);

    /// <summary>Transaction tracing rank with payments weighted by amount (Wu et al. 2023, weighted pollution).</summary>
    public static Spread Weight(Address address, IReadOnlyList<Payment> payments) =>
        Along(address, payments, Beta * (1 - Alpha), (1 - Beta) * (1 - Alpha), ByAmount, Epsilon);

    /// <summary>
    /// Weights of payments by amount within their asset. Base units of different assets cannot be added, so the assets
    /// count alike: each asset's weights come to one.
    /// </summary>
    /// <param name="payments">Payments of one address, all given or all received by it.</param>
    /// <param name="isOutgoing">Which.</param>
    public static double[] ByAmount(IReadOnlyList<Payment> payments, bool isOutgoing)
    {
        Dictionary<Asset, double> totals = [];
        foreach (Payment payment in payments)
        {
            (Asset asset, double amount) = Side(payment, isOutgoing);
            totals[asset] = totals.GetValueOrDefault(asset) + amount;
        }

        return [.. payments.Select(payment => Side(payment, isOutgoing)).Select(side => side.Amount / totals[side.Asset])];
    }

    /// <summary>What an address gave or received in a payment.</summary>
    public static (Asset Asset, double Amount) Side(Payment payment, bool isOutgoing) =>
        isOutgoing ? (payment.Given, payment.Paid) : (payment.Got, payment.Received);

    private static double[] Alike(IReadOnlyList<Payment> payments, bool isOutgoing) => [.. payments.Select(static _ => 1.0)];

    // What has nowhere to go settles.
    private static Spread Along(
        Address address, IReadOnlyList<Payment> payments, double onward, double back,
        Func<IReadOnlyList<Payment>, bool, double[]> weigh, double least)
    {
        Dictionary<Address, double> parts = [];
        double gone = 0;
        foreach ((bool isOutgoing, double share) in new[] { (true, onward), (false, back) })
        {
            Payment[] some = [.. payments.Where(payment => (isOutgoing ? payment.From : payment.To) == address && payment.From != payment.To)];
            double[] weights = weigh(some, isOutgoing);
            double total = weights.Sum();
            for (int i = 0; i < some.Length; i++)
            {
                Address other = isOutgoing ? some[i].To : some[i].From;
                parts[other] = parts.GetValueOrDefault(other) + (share * weights[i] / total);
            }

            gone += some.Length > 0 ? share : 0;
        }

        return new Spread(1 - gone, 0, [.. parts.Select(static part => (part.Key, part.Value))], least);
    }
}
