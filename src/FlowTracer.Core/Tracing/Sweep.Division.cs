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
            DivideCoins(flow, given, give, take);
            return;
        }

        if (flow.From.Length == 1 && flow.To.Length == 1 && give == take)
        {
            flow.Shares[0] = given;
            return;
        }

        LotPool pool = PoolOf(given);
        if (flow.To.Length == 1 && give == take)
        {
            // One taker takes all as it was given: drawing once more would only turn a last-in order round.
            pool.CopyTo(flow.Shares[0]);
            return;
        }

        if (give < take)
        {
            pool.Put(Lot.CleanOf(take - give));
        }

        Serve(flow, pool);
        pool.Drain(flow.Rest);
    }

    // A Bitcoin transaction: its inputs, in their order, are the pool, and whatever leaves it is drawn once. New issue goes
    // first into a coinbase's pool, and first out of it backward. What nobody takes (a fee that is not followed, one that a
    // coinbase left lying) is the last taker; backward it is clean money behind the outputs.
    private void DivideCoins(Flow flow, List<Lot> given, Amount give, Amount take)
    {
        bool isCoinbase = flow.Movement.Kind == MovementKind.Reward;
        if (give < take)
        {
            given.Insert(isCoinbase && _forward ? 0 : given.Count, Lot.CleanOf(take - give));
        }

        LotPool pool = PoolOf(given);
        if (isCoinbase && !_forward && take < give)
        {
            pool.Take(give - take, flow.Rest);
        }

        Serve(flow, pool);
        pool.Drain(flow.Rest);
    }

    private LotPool PoolOf(List<Lot> lots)
    {
        LotPool pool = _question.Policy.NewPool(_claims);
        foreach (Lot lot in lots)
        {
            pool.Put(lot);
        }

        return pool;
    }

    // Takers are served in the policy's out-order, a transaction's fee after them.
    private void Serve(Flow flow, LotPool pool)
    {
        int takers = flow.To.Length;
        bool takesFee = _forward && takers > 0 && flow.To[^1].Holder.IsFee;
        Amount[] takes = new Amount[takesFee ? takers - 1 : takers];
        for (int i = 0; i < takes.Length; i++)
        {
            takes[i] = flow.To[i].Amount;
        }

        foreach (int taker in _question.Policy.OutOrder.Serve(takes))
        {
            pool.Take(takes[taker], flow.Shares[taker]);
        }

        if (takesFee)
        {
            pool.Take(flow.To[^1].Amount, flow.Shares[^1]);
        }
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
        public List<SeedClaim> Seeds { get; } = seeds;

        /// <summary>Those of one output.</summary>
        public IEnumerable<SeedClaim> SeedsAt(int output) =>
            (_seedsByOutput ??= Seeds.ToLookup(static seed => ((TransferSeed)seed.Seed).Output))[output];

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
