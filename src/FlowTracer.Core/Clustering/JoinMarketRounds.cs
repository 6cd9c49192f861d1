using System.Collections.Immutable;
using System.Numerics;
using FlowTracer.Core.Model;

namespace FlowTracer.Core.Clustering;

/// <summary>JoinMarket: a taker pays makers to join coins.</summary>
/// <remarks>
/// <para>
/// The form: every participant gets one output of the taker's amount and one of change, and only a taker who spends all
/// has no change, so there are 2n or 2n-1 outputs for n participants (Möser and Böhme, "Join Me on a Market for
/// Anonymity", WEIS 2016). They have different addresses, and coins of one script type. As in GraphSense and in
/// JoinMarket's own default of at least four makers a round of two is not enough to tell: n is at least 3.
/// </para>
/// <para>
/// What tells it from other equal outputs is who pays. A maker offers its coins for a fee and never gives more than it
/// gets back; the taker alone pays the makers and the miners. So the inputs must divide into n owners of whom n-1 come
/// out with as much as they put in or a little more: the subset sums that Goldfeder et al. (PETS 2018) look for, with
/// the sign of the fee. A maker's fee is at most 1% of the amount or 10,000 satoshi, whichever is more; divisions with
/// a hundredth and with a tenth of that are looked for first, so that the one reported is no wilder than need be. In
/// rounds where every participant pays a share of the fee, as in those of Wasabi, no such division exists.
/// </para>
/// <para>
/// The search for the division is bounded: at most 64 inputs, eight for each participant, and 100,000 steps for each of
/// the three limits; beyond that no round is found. With more than 32 inputs some subset fits nearly any sum, so that a
/// division says little, and the confidence is low.
/// </para>
/// </remarks>
internal static class JoinMarketRounds
{
    private const int MinParticipants = 3;
    private const int MaxInputs = 64;
    private const int MaxInputsPerParticipant = 8;
    private const int MaxTellingInputs = 32;
    private const int MaxSteps = 100_000;
    private const ulong MinDenominationSats = 2_730;
    private const ulong MinFeeLimitSats = 10_000;
    private const ulong FeeLimitDivisor = 100;
    private static readonly ImmutableArray<ulong> FeeLimitSteps = [100, 10, 1];

    /// <summary>Whether it is a round; <paramref name="count"/> outputs are of <paramref name="sats"/>.</summary>
    public static CoinJoinFinding? Find(CoinTransaction transaction, ulong sats, int count)
    {
        int change = transaction.Outputs.Length - count;
        if (count < MinParticipants
            || (change != count && change != count - 1)
            || transaction.Inputs.Length < count
            || transaction.Inputs.Length > Math.Min(MaxInputs, count * MaxInputsPerParticipant)
            || transaction.HasData
            || sats <= MinDenominationSats
            || !HaveOneType(transaction)
            || !CoinJoinDetector.AllAddressesDiffer(transaction.Outputs))
        {
            return null;
        }

        int owners = CoinJoinDetector.CountAddresses(transaction.Inputs);
        if (owners < count || FindGains(transaction, sats, count) is not { } found)
        {
            return null;
        }

        return new CoinJoinFinding(
            Heuristic.CoinJoinJoinMarket,
            "JoinMarket",
            transaction.Inputs.Length > MaxTellingInputs ? HeuristicConfidence.Low : HeuristicConfidence.Medium,
            sats,
            count,
            $"{count} of {transaction.Outputs.Length} outputs are of {sats} sat each, and the "
            + $"{transaction.Inputs.Length} inputs of {owners} addresses divide into {count - 1} makers who gain "
            + $"{found.LeastGainSats} to {found.MostGainSats} sat and a taker who pays {found.TakerPaysSats} sat, "
            + $"{transaction.InputSats - transaction.OutputSats} sat of it to the miners");
    }

    private static Gains? FindGains(CoinTransaction transaction, ulong sats, int count)
    {
        ulong limit = Math.Max(MinFeeLimitSats, sats / FeeLimitDivisor);
        foreach (ulong step in FeeLimitSteps)
        {
            if (new Division(transaction, sats, count, limit / step).Find() is { } gains)
            {
                return gains;
            }
        }

        return null;
    }

    // All participants use the same wallet software, in one script type; the taker's destination may be of another.
    private static bool HaveOneType(CoinTransaction transaction)
    {
        Address first = transaction.Inputs[0].Address;
        foreach (CoinSide input in transaction.Inputs)
        {
            if (input.Address.IsNone || !ChangeDetector.HaveOneType(input.Address, first))
            {
                return false;
            }
        }

        int others = 0;
        foreach (CoinSide output in transaction.Outputs)
        {
            others += ChangeDetector.HaveOneType(output.Address, first) ? 0 : 1;
        }

        return others <= 1;
    }

    /// <summary>What a division of the inputs into makers and a taker shows.</summary>
    private readonly record struct Gains(ulong LeastGainSats, ulong MostGainSats, ulong TakerPaysSats);

    /// <summary>The search for makers' inputs: one maker after the other, the highest change first.</summary>
    private sealed class Division
    {
        private readonly ulong _sats;
        private readonly ulong _feeLimitSats;
        private readonly ulong _totalSats;
        private readonly ulong[] _inputs;
        private readonly ulong[] _change;
        private readonly ulong[] _gains;
        private readonly bool _takerHasChange;
        private ulong _taken;
        private int _makers;
        private int _steps;
        private bool _takerSeen;

        public Division(CoinTransaction transaction, ulong sats, int count, ulong feeLimitSats)
        {
            _sats = sats;
            _feeLimitSats = feeLimitSats;
            _totalSats = transaction.InputSats;
            _inputs = Descending(transaction.Inputs, null);
            _change = Descending(transaction.Outputs, sats);
            _gains = new ulong[count];
            _takerHasChange = _change.Length == count;
        }

        /// <summary>The first division there is; null when there is none, or none was found within the steps.</summary>
        public Gains? Find()
        {
            if (!Assign(0))
            {
                return null;
            }

            (ulong least, ulong most, ulong sum) = (ulong.MaxValue, 0, 0);
            foreach (ulong gain in _gains.AsSpan(0, _makers))
            {
                (least, most, sum) = (Math.Min(least, gain), Math.Max(most, gain), sum + gain);
            }

            ulong outSats = _sats * (ulong)_gains.Length;
            foreach (ulong change in _change)
            {
                outSats += change;
            }

            return new Gains(least, most, _totalSats - outSats + sum);
        }

        // Who owns the change at this place: a maker, with some inputs, or the taker, who has what is left in the end.
        private bool Assign(int place)
        {
            if (place == _change.Length)
            {
                return HasInputLeft() && _takerSeen == _takerHasChange;
            }

            ulong target = _sats + _change[place];
            if (Choose(place, 0, target, target))
            {
                return true;
            }

            if (!_takerHasChange || _takerSeen || _steps >= MaxSteps)
            {
                return false;
            }

            _takerSeen = true;
            if (Assign(place + 1))
            {
                return true;
            }

            _takerSeen = false;
            return false;
        }

        // Inputs from this index on that make up the target but for the maker's fee; no deeper than there are inputs.
        private bool Choose(int place, int from, ulong missing, ulong target)
        {
            if (missing != target && missing <= _feeLimitSats)
            {
                _gains[_makers++] = missing;
                if (Assign(place + 1))
                {
                    return true;
                }

                _makers--;
            }

            for (int i = from; i < _inputs.Length && _steps < MaxSteps; i++)
            {
                _steps++;
                if ((_taken & (1UL << i)) != 0 || _inputs[i] > missing)
                {
                    continue;
                }

                _taken |= 1UL << i;
                if (Choose(place, i + 1, missing - _inputs[i], target))
                {
                    return true;
                }

                _taken &= ~(1UL << i);
            }

            return false;
        }

        private bool HasInputLeft() => BitOperations.PopCount(_taken) < _inputs.Length;

        private static ulong[] Descending(ImmutableArray<CoinSide> sides, ulong? exceptSats)
        {
            List<ulong> values = new(sides.Length);
            foreach (CoinSide side in sides)
            {
                if (side.Sats != exceptSats)
                {
                    values.Add(side.Sats);
                }
            }

            values.Sort(static (left, right) => right.CompareTo(left));
            return [.. values];
        }
    }
}
