namespace FlowTracer.Benchmarks.Ledgers;

/// <summary>Numbers of one kind, to be described. Sorts what it is given.</summary>
internal sealed class Distribution
{
    private const int LeastTail = 30;

    private readonly double[] _sorted;

    public Distribution(double[] numbers)
    {
        Array.Sort(numbers);
        _sorted = numbers;
    }

    /// <summary>How many.</summary>
    public int Count => _sorted.Length;

    /// <summary>The number that so many thousandths are below; not a number where there are none.</summary>
    public double At(int thousandths) =>
        _sorted.Length == 0 ? double.NaN : _sorted[(int)((_sorted.Length - 1) * (long)thousandths / 1_000)];

    /// <summary>The share of them from one number to another, both included.</summary>
    public double Share(double from, double to) =>
        Count == 0 ? double.NaN : _sorted.Count(number => number >= from && number <= to) / (double)Count;

    /// <summary>
    /// The exponent of the tail by Hill's estimator ("A simple general approach to inference about the tail of a distribution",
    /// Annals of Statistics 3, 1975) over the largest hundredth, 30 at least: k ÷ Σ ln(x ÷ x of rank k+1). Not a number
    /// where there are fewer or the tail does not rise.
    /// </summary>
    public double TailExponent()
    {
        int tail = Math.Max(LeastTail, Count / 100);
        if (Count <= tail)
        {
            return double.NaN;
        }

        double threshold = _sorted[^(tail + 1)];
        double sum = _sorted.AsSpan(Count - tail).ToArray().Sum(number => Math.Log(number / threshold));
        return sum > 0 ? tail / sum : double.NaN;
    }
}
