using System.Collections.Immutable;
using System.Numerics;
using FlowTracer.Core.Model;
using FlowTracer.Core.Taint;

namespace FlowTracer.Core.Tracing;

/// <summary>Who gives and who takes in a movement, and how what is given is divided.</summary>
internal sealed partial class Sweep
{
    // Givers and takers in the direction of the trace. Where fees are followed, a transaction's fee is one more output, and
    // a coinbase takes in those of its block; else the fee is what nobody takes, and a coinbase is all new.
    private (ImmutableArray<Leg> From, ImmutableArray<Leg> To) SidesOf(Movement movement)
    {
        ImmutableArray<Leg> inputs = movement.Inputs;
        ImmutableArray<Leg> outputs = movement.Outputs;
        if (_question.FollowFees)
        {
            outputs = movement.Fee is Leg fee ? outputs.Add(fee) : outputs;
        }
        else if (movement.Kind == MovementKind.Reward)
        {
            inputs = [];
        }

        return _forward ? (inputs, outputs) : (outputs, inputs);
    }

    // Gives every taker its lots, and what no taker takes to the rest.
    private void Divide(Flow flow)
    {
        List<Lot> given = [.. flow.Drawn.SelectMany(static lots => lots)];
        if (flow.Movement.IsSwap)
        {
            flow.Dust = SwapLots.Convert(given, flow.From[0].Amount, flow.To[0].Amount);
            flow.Shares[0] = given;
            return;
        }

        Amount give = Movement.Sum(flow.From);
        Amount take = Movement.Sum(flow.To);
        if (flow.Movement.Chain.Family == ChainFamily.Utxo)
        {
            DivideCoins(flow, given, give);
            return;
        }

        if (flow.From.Length == 1 && flow.To.Length == 1 && give == take)
        {
            flow.Shares[0] = given;
            return;
        }

        LotPool pool = _question.Policy.NewPool(_lots);
        LotChain[] shares = new LotChain[flow.To.Length];
        LotChain rest = Division.Transfers(
            ref pool, _lots, _question.Policy.OutOrder, _lots.Of(given), give, TakesOf(flow), shares);
        HandOut(flow, shares, rest);
    }

    private void DivideCoins(Flow flow, List<Lot> given, Amount give)
    {
        LotPool pool = _question.Policy.NewPool(_lots);
        LotChain[] shares = new LotChain[flow.To.Length];
        CoinMovement movement = new(
            flow.Movement.Kind == MovementKind.Reward, _forward, _forward && flow.To is [.., { Holder.IsFee: true }]);
        LotChain rest = Division.Coins(
            ref pool, _lots, _question.Policy.OutOrder, movement, _lots.Of(given), give, TakesOf(flow), shares);
        HandOut(flow, shares, rest);
    }

    private static Amount[] TakesOf(Flow flow) => [.. flow.To.Select(static leg => leg.Amount)];

    private void HandOut(Flow flow, LotChain[] shares, LotChain rest)
    {
        for (int taker = 0; taker < shares.Length; taker++)
        {
            _lots.MoveTo(shares[taker], flow.Shares[taker]);
        }

        _lots.MoveTo(rest, flow.Rest);
    }

    /// <summary>A movement on its way through the sweep.</summary>
    private sealed class Flow(
        Movement movement,
        ImmutableArray<Leg> from,
        ImmutableArray<Leg> to,
        List<Lot>[] drawn,
        List<SeedClaim> seeds,
        int depth)
    {
        private ILookup<int, SeedClaim>? _seedsByOutput;

        public Movement Movement { get; set; } = movement;

        public ImmutableArray<Leg> From { get; } = from;

        public ImmutableArray<Leg> To { get; } = to;

        /// <summary>What each giver gave.</summary>
        public List<Lot>[] Drawn { get; } = drawn;

        /// <summary>What each taker takes.</summary>
        public List<Lot>[] Shares { get; } = [.. to.Select(static _ => new List<Lot>())];

        /// <summary>What no taker takes.</summary>
        public List<Lot> Rest { get; } = [];

        /// <summary>Origin that a swap left without an amount.</summary>
        public List<Lot> Dust { get; set; } = [];

        /// <summary>The seeds put here.</summary>
        public List<SeedClaim> Seeds { get; private set; } = seeds;

        /// <summary>Those of one output.</summary>
        public IEnumerable<SeedClaim> SeedsAt(int output) =>
            (_seedsByOutput ??= Seeds.ToLookup(static seed => ((TransferSeed)seed.Seed).Output))[output];

        /// <summary>Where the giving side stands in the graph.</summary>
        public int Node { get; set; }

        /// <summary>The taker whose turn it is.</summary>
        public int Taker { get; set; }

        /// <summary>What came to it, while it waits for its history.</summary>
        public Reached? Reached { get; set; }

        /// <summary>The same for a sweep with seeds of its own: what both go on reading, neither changes.</summary>
        public Flow For(SeedClaim[] own)
        {
            Flow copy = (Flow)MemberwiseClone();
            copy.Seeds = Seeds.ConvertAll(seed => own[seed.Index]);
            copy._seedsByOutput = null;
            return copy;
        }

        /// <summary>What a taker gave, and got before, in this same movement: negative when it gave more.</summary>
        public BigInteger OwnLegs(int taker)
        {
            BigInteger net = BigInteger.Zero;
            foreach (Leg leg in From)
            {
                net -= leg.Holder == To[taker].Holder ? leg.Amount.ToBigInteger() : BigInteger.Zero;
            }

            for (int i = 0; i < taker; i++)
            {
                net += To[i].Holder == To[taker].Holder ? To[i].Amount.ToBigInteger() : BigInteger.Zero;
            }

            return net;
        }

        /// <summary>Hops from a seed to the takers.</summary>
        public int Depth { get; } = depth;
    }
}
