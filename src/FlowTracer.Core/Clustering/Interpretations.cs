using System.Numerics;
using FlowTracer.Core.Model;

namespace FlowTracer.Core.Clustering;

/// <summary>
/// In how many ways the inputs and outputs of a transaction can be divided among payers, and in how many of them an
/// input and an output belong to one payer: the measure of LaurentMT's Boltzmann ("Introducing Boltzmann", 2015), after
/// Maxwell's CoinJoin Sudoku (Atlas, 2014).
/// </summary>
/// <remarks>
/// An interpretation divides the inputs into groups and gives each output to one of them, so that each group's inputs
/// make up its outputs but for a part of the fee: what a group has left over lies between zero and the whole fee. A
/// group may have no output, where what it has would do for the fee. In a CoinJoin whose participants pay each other, a
/// group may gain up to the makers' fee and lose up to the taker's beside the miners'. Counts are exact. They double
/// with every input and output, so that there is an upper limit, and no estimate beyond it.
/// </remarks>
public sealed class Interpretations
{
    /// <summary>The most inputs and outputs together that are counted.</summary>
    public const int MaxSides = 18;

    private readonly ulong[] _links;
    private readonly int _outputs;

    private Interpretations(ulong count, ulong[] links, int outputs) =>
        (Count, _links, _outputs) = (count, links, outputs);

    /// <summary>How many there are, at least one; entropy in bits is its logarithm to base two.</summary>
    public ulong Count { get; }

    /// <summary>In how many an input and an output belong to one payer; in all of them, the link is certain.</summary>
    /// <param name="input">The place of the input, from 0.</param>
    /// <param name="output">The place of the output, from 0.</param>
    public ulong LinkCount(int input, int output) => _links[(input * _outputs) + output];

    /// <summary>Counts them.</summary>
    /// <param name="transaction">A transaction with inputs and outputs.</param>
    /// <param name="makerFeeSats">What a group may gain from others, in satoshi.</param>
    /// <param name="takerFeeSats">What a group may pay others, in satoshi.</param>
    /// <returns>Null where there are no inputs, no outputs or more of both than <see cref="MaxSides"/>.</returns>
    public static Interpretations? Of(CoinTransaction transaction, ulong makerFeeSats = 0, ulong takerFeeSats = 0)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        int inputs = transaction.Inputs.Length;
        int outputs = transaction.Outputs.Length;
        if (inputs == 0 || outputs == 0 || inputs + outputs > MaxSides)
        {
            return null;
        }

        ulong fee = transaction.InputSats - transaction.OutputSats;
        Counter counter = new(
            SubsetSums([.. transaction.Inputs.Select(static side => side.Sats)]),
            SubsetSums([.. transaction.Outputs.Select(static side => side.Sats)]),
            makerFeeSats,
            fee + takerFeeSats);
        ulong[] links = new ulong[inputs * outputs];
        ulong count = counter.Count(links, inputs, outputs);
        Invariant.Check(count > 0,
            $"transaction {transaction.Id} as a whole is one interpretation, and none was counted");
        return new Interpretations(count, links, outputs);
    }

    // The sum of every set, by the bits of its members.
    private static ulong[] SubsetSums(ulong[] values)
    {
        ulong[] sums = new ulong[1 << values.Length];
        for (int set = 1; set < sums.Length; set++)
        {
            int lowest = BitOperations.TrailingZeroCount(set);
            sums[set] = sums[set & (set - 1)] + values[lowest];
        }

        return sums;
    }

    /// <summary>
    /// Counts by dynamic programming over pairs of sets: how many ways there are to divide the inputs A and outputs B
    /// is the sum over the groups that hold A's first input of the ways to divide what is left.
    /// </summary>
    private sealed class Counter
    {
        private readonly int _inputSets;
        private readonly int _outputSets;

        // The sets of outputs that go with a set of inputs as one group.
        private readonly int[][] _matches;
        private readonly ulong[] _ways;

        public Counter(ulong[] inputSums, ulong[] outputSums, ulong mayGain, ulong mayLose)
        {
            (_inputSets, _outputSets) = (inputSums.Length, outputSums.Length);
            _matches = new int[_inputSets][];
            _matches[0] = [];
            List<int> found = [];
            for (int inputs = 1; inputs < _inputSets; inputs++)
            {
                found.Clear();
                for (int outputs = 0; outputs < _outputSets; outputs++)
                {
                    if (outputSums[outputs] <= inputSums[inputs] + mayGain
                        && inputSums[inputs] <= outputSums[outputs] + mayLose)
                    {
                        found.Add(outputs);
                    }
                }

                _matches[inputs] = [.. found];
            }

            _ways = new ulong[_inputSets * _outputSets];
        }

        public ulong Count(ulong[] links, int inputs, int outputs)
        {
            _ways[0] = 1;
            for (int set = 1; set < _inputSets; set++)
            {
                Divide(set);
            }

            (int allInputs, int allOutputs) = (_inputSets - 1, _outputSets - 1);
            for (int group = 1; group < _inputSets; group++)
            {
                foreach (int match in _matches[group])
                {
                    ulong ways = _ways[((allInputs & ~group) * _outputSets) + (allOutputs & ~match)];
                    AddLinks(links, ways, group, match, inputs, outputs);
                }
            }

            return _ways[(allInputs * _outputSets) + allOutputs];
        }

        private static void AddLinks(ulong[] links, ulong ways, int group, int match, int inputs, int outputs)
        {
            for (int input = 0; ways > 0 && input < inputs; input++)
            {
                for (int output = 0; (group >> input & 1) != 0 && output < outputs; output++)
                {
                    links[(input * outputs) + output] += (match >> output & 1) != 0 ? ways : 0;
                }
            }
        }

        // All groups that hold the first input of the set, so that each division is counted once.
        private void Divide(int set)
        {
            int first = set & -set;
            int others = set & ~first;
            int chosen = others;
            while (true)
            {
                AddGroup(set, chosen | first);
                if (chosen == 0)
                {
                    return;
                }

                chosen = (chosen - 1) & others;
            }
        }

        // Every set of outputs that divides what is left goes with every match it has nothing in common with.
        private void AddGroup(int set, int group)
        {
            Span<ulong> total = _ways.AsSpan(set * _outputSets, _outputSets);
            ReadOnlySpan<ulong> left = _ways.AsSpan((set & ~group) * _outputSets, _outputSets);
            foreach (int match in _matches[group])
            {
                int free = _outputSets - 1 & ~match;
                for (int rest = free; ; rest = (rest - 1) & free)
                {
                    total[rest | match] += left[rest];
                    if (rest == 0)
                    {
                        break;
                    }
                }
            }
        }
    }
}
