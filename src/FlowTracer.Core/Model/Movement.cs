using System.Collections.Immutable;
using System.Numerics;

namespace FlowTracer.Core.Model;

/// <summary>How sure it is that value moved as stated.</summary>
public enum Grade : byte
{
    /// <summary>A chain states it.</summary>
    Recorded = 1,

    /// <summary>Netted from recorded facts.</summary>
    Derived,

    /// <summary>A source's estimate.</summary>
    Inferred,

    /// <summary>A link nobody can prove.</summary>
    Hypothesis,
}

/// <summary>What kind of movement it is.</summary>
public enum MovementKind : byte
{
    /// <summary>A transaction's own value.</summary>
    External = 1,

    /// <summary>Value moved by a contract.</summary>
    Internal,

    /// <summary>A token's transfer.</summary>
    Token,

    /// <summary>Paid to the network: inputs, no output.</summary>
    Fee,

    /// <summary>
    /// Newly issued or credited by the protocol: outputs, no input. A Bitcoin coinbase is one: it stands at
    /// <see cref="Model.Position.OfCoinbase"/>, and a source that knows the fees of its block's transactions states them as
    /// its inputs, each by its <see cref="Holder.FeeOf"/> and in the order of the transactions. What its outputs have beyond
    /// those is new issue.
    /// </summary>
    Reward,

    /// <summary>One asset turned into another: one input, one output, two assets.</summary>
    Swap,

    /// <summary>A Bitcoin transaction, or several transfers of one asset netted: many to many, one asset, never paired.</summary>
    Transaction,

    /// <summary>A part of a transaction that could not be paired: inputs only, or outputs only.</summary>
    Unresolved,
}

/// <summary>One side of a movement.</summary>
/// <param name="Holder">Who gives or receives.</param>
/// <param name="Amount">How much, in base units of the holder's asset.</param>
public readonly record struct Leg(Holder Holder, Amount Amount);

/// <summary>
/// What a source states of when something happened. Anything it does not state is null, and exports leave it empty.
/// </summary>
/// <param name="Block">Block, or the first of a range.</param>
/// <param name="BlockMax">Last block of the range when the block is not exact.</param>
/// <param name="TxIndex">Index of the transaction in its block.</param>
/// <param name="TimeSeconds">Unix time of the block in seconds.</param>
public readonly record struct Stamp(ulong? Block, ulong? BlockMax, uint? TxIndex, long? TimeSeconds);

/// <summary>
/// Value that changes hands at one position: what the tracer consumes. A transfer has one input and one output; a
/// Bitcoin transaction has many and is never flattened into invented pairs; a swap has one of each in two assets.
/// </summary>
public sealed class Movement
{
    private Movement(
        MovementKind kind,
        Grade grade,
        Position position,
        Stamp stamp,
        TxHash? tx,
        string source,
        ImmutableArray<Leg> inputs,
        ImmutableArray<Leg> outputs)
    {
        (Kind, Grade, Position, Stamp, Tx, Source) = (kind, grade, position, stamp, tx, source);
        (Inputs, Outputs) = (inputs, outputs);
    }

    /// <summary>What kind of movement it is.</summary>
    public MovementKind Kind { get; }

    /// <summary>How sure it is.</summary>
    public Grade Grade { get; }

    /// <summary>Its place in the chain's order; unique on its chain.</summary>
    public Position Position { get; }

    /// <summary>What the source states of its block and time.</summary>
    public Stamp Stamp { get; }

    /// <summary>The transaction, when known: never invented.</summary>
    public TxHash? Tx { get; }

    /// <summary>Where the fact comes from, for a person.</summary>
    public string Source { get; }

    /// <summary>Why it may be read otherwise than as stated, as the end of a sentence; null where nothing speaks against it.</summary>
    public string? Doubt { get; private init; }

    /// <summary>Whether it is a Bitcoin transaction with an output of no value that carries data (OP_RETURN).</summary>
    public bool CarriesData { get; private init; }

    /// <summary>Who gives. The amounts of each leg are more than zero.</summary>
    public ImmutableArray<Leg> Inputs { get; }

    /// <summary>Who receives.</summary>
    public ImmutableArray<Leg> Outputs { get; }

    /// <summary>The chain it happened on.</summary>
    public ChainId Chain => (Inputs.IsEmpty ? Outputs[0] : Inputs[0]).Holder.Chain;

    /// <summary>
    /// What a Bitcoin transaction pays as its fee, at its <see cref="Holder.FeeOf"/>: its inputs less its outputs. Null when
    /// it pays none, when its id is not known, and for anything else.
    /// </summary>
    public Leg? Fee
    {
        get
        {
            if (Kind != MovementKind.Transaction || Chain.Family != ChainFamily.Utxo || Tx is not TxHash tx)
            {
                return null;
            }

            Amount fee = Sum(Inputs) - Sum(Outputs);
            return fee.IsZero ? null : new Leg(Holder.FeeOf(Chain, tx), fee);
        }
    }

    /// <summary>Whether the asset changes on the way.</summary>
    public bool IsSwap => Kind == MovementKind.Swap;

    /// <summary>Whether an account pays itself: no lot changes (DESIGN section 3).</summary>
    public bool IsSelfTransfer => Inputs.Length == 1 && Outputs.Length == 1 && Inputs[0].Holder == Outputs[0].Holder;

    /// <summary>The same movement, of which it is less sure that value moved as stated.</summary>
    public Movement As(Grade grade, string doubt) =>
        new(Kind, grade, Position, Stamp, Tx, Source, Inputs, Outputs) { Doubt = doubt, CarriesData = CarriesData };

    /// <summary>A movement, checked: see the rules of each <see cref="MovementKind"/>.</summary>
    /// <exception cref="ArgumentException">
    /// A leg is zero, there is no leg, a swap is not 1→1 in two assets, or anything else mixes assets, gives out more
    /// than it takes in (other than a reward or an unresolved inflow), or loses value without saying where; or a fee is
    /// given to or by anything but a coinbase.
    /// </exception>
    public static Movement Create(
        MovementKind kind,
        Grade grade,
        Position position,
        Stamp stamp,
        TxHash? tx,
        string source,
        ImmutableArray<Leg> inputs,
        ImmutableArray<Leg> outputs,
        string? doubt = null,
        bool carriesData = false)
    {
        if (Fault(kind, position, inputs, outputs) is string fault)
        {
            throw new ArgumentException($"not a movement: {fault}", nameof(kind));
        }

        return new Movement(kind, grade, position, stamp, tx, source, inputs, outputs) { Doubt = doubt, CarriesData = carriesData };
    }

    private static string? Fault(
        MovementKind kind, Position position, ImmutableArray<Leg> inputs, ImmutableArray<Leg> outputs)
    {
        if (inputs.IsDefault || outputs.IsDefault || inputs.Length + outputs.Length == 0)
        {
            return "it has no legs";
        }

        if (position.Step == 0)
        {
            return "steps count from 1";
        }

        if (HasZero(inputs) || HasZero(outputs))
        {
            return "a leg moves nothing";
        }

        if (HasFee(outputs) || (kind != MovementKind.Reward && HasFee(inputs)))
        {
            return "only a coinbase takes fees in";
        }

        return kind switch
        {
            MovementKind.Swap => SwapFault(inputs, outputs),
            MovementKind.Fee => outputs.IsEmpty ? AssetFault(inputs, outputs) : "a fee has no output",
            MovementKind.Reward => outputs.IsEmpty || !inputs.All(static leg => leg.Holder.IsFee)
                ? "a reward has outputs, and no inputs but fees"
                : AssetFault(inputs, outputs),
            MovementKind.Unresolved => inputs.IsEmpty || outputs.IsEmpty
                ? AssetFault(inputs, outputs)
                : "an unresolved part has one side only",
            MovementKind.Transaction => inputs.IsEmpty || Sum(outputs) > Sum(inputs)
                ? "it gives out more than it takes in"
                : AssetFault(inputs, outputs),
            _ => inputs.Length == 1 && outputs.Length == 1 && inputs[0].Amount == outputs[0].Amount
                ? AssetFault(inputs, outputs)
                : "a transfer has one input and one output of one amount",
        };
    }

    private static string? SwapFault(ImmutableArray<Leg> inputs, ImmutableArray<Leg> outputs) =>
        inputs.Length == 1 && outputs.Length == 1 && inputs[0].Holder.Asset != outputs[0].Holder.Asset
            ? null
            : "a swap has one input and one output in two assets";

    private static string? AssetFault(ImmutableArray<Leg> inputs, ImmutableArray<Leg> outputs)
    {
        Asset asset = (inputs.IsEmpty ? outputs[0] : inputs[0]).Holder.Asset;
        return AllOf(inputs, asset) && AllOf(outputs, asset) ? null : "it mixes assets";
    }

    private static bool AllOf(ImmutableArray<Leg> legs, Asset asset)
    {
        foreach (Leg leg in legs)
        {
            if (leg.Holder.Asset != asset)
            {
                return false;
            }
        }

        return true;
    }

    private static bool HasZero(ImmutableArray<Leg> legs)
    {
        foreach (Leg leg in legs)
        {
            if (leg.Amount.IsZero)
            {
                return true;
            }
        }

        return false;
    }

    private static bool HasFee(ImmutableArray<Leg> legs)
    {
        foreach (Leg leg in legs)
        {
            if (leg.Holder.IsFee)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The total of some legs of one asset.</summary>
    /// <exception cref="OverflowException">The total is over 2^256-1.</exception>
    public static Amount Sum(ImmutableArray<Leg> legs)
    {
        Amount sum = Amount.Zero;
        foreach (Leg leg in legs)
        {
            sum += leg.Amount;
        }

        return sum;
    }

    /// <summary>What the movement adds to a holder's balance, in base units; negative when it takes.</summary>
    public BigInteger NetOf(Holder holder)
    {
        BigInteger net = holder.IsFee && Fee is Leg fee && fee.Holder == holder ? fee.Amount.ToBigInteger() : BigInteger.Zero;
        foreach (Leg leg in Outputs)
        {
            net += leg.Holder == holder ? leg.Amount.ToBigInteger() : BigInteger.Zero;
        }

        foreach (Leg leg in Inputs)
        {
            net -= leg.Holder == holder ? leg.Amount.ToBigInteger() : BigInteger.Zero;
        }

        return net;
    }
}
