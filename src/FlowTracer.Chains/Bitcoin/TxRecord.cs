using FlowTracer.Chains.Bitcoin.Hashing;

namespace FlowTracer.Chains.Bitcoin;

/// <summary>Where the parts of one transaction are in the bytes it was read from.</summary>
/// <param name="Start">The version, four bytes.</param>
/// <param name="BodyStart">The number of inputs: behind the version, and behind marker and flag with a witness.</param>
/// <param name="OutputsStart">The number of outputs.</param>
/// <param name="WitnessStart">Behind the outputs: the witness stacks if there are any, else the lock time.</param>
/// <param name="End">Behind the lock time.</param>
/// <param name="InputCount">At least one.</param>
/// <param name="OutputCount">At least one.</param>
internal readonly record struct TxRecord(
    int Start, int BodyStart, int OutputsStart, int WitnessStart, int End, int InputCount, int OutputCount)
{
    private const int LockTimeBytes = sizeof(uint);

    /// <summary>Whether it is written with marker, flag and witness stacks (BIP 144).</summary>
    public bool HasWitness => BodyStart - Start != sizeof(uint);

    /// <summary>Where the lock time is.</summary>
    public int LockTimeStart => End - LockTimeBytes;

    /// <summary>How many bytes it has without marker, flag and witness.</summary>
    public int StrippedLength => IdMessage.Length;

    /// <summary>What the id is the hash of: everything but the witness.</summary>
    public SplicedMessage IdMessage => new(Start, BodyStart, WitnessStart, End);

    /// <summary>What the witness id is the hash of: everything.</summary>
    public SplicedMessage WitnessIdMessage => new(Start, Start + sizeof(uint), LockTimeStart, End);
}
