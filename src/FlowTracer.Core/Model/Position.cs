using System.Globalization;

namespace FlowTracer.Core.Model;

/// <summary>
/// A place in a chain's own order. Positions of one chain compare; across chains only times do.
/// Steps of movements count from 1, so that <c>(block, 0, 0)</c> lies before all of a block and <c>(block, tx, 0)</c>
/// before all of a transaction.
/// </summary>
/// <param name="Block">Block number.</param>
/// <param name="TxIndex">Index of the transaction in its block, from 0.</param>
/// <param name="Step">Order of the movement within its transaction, from 1.</param>
public readonly record struct Position(ulong Block, uint TxIndex, uint Step) : IComparable<Position>
{
    /// <summary>Before everything on a chain.</summary>
    public static Position Start { get; }

    /// <summary>After everything on a chain.</summary>
    public static Position End { get; } = new(ulong.MaxValue, uint.MaxValue, uint.MaxValue);

    /// <summary>
    /// The place of a Bitcoin block's coinbase: after all of its block. It is the first transaction by index, but it is
    /// paid by the others' fees, and its outputs cannot be spent in the same block (nor in the next 99).
    /// </summary>
    public static Position OfCoinbase(ulong block) => new(block, uint.MaxValue, 1);

    /// <summary>Chain order.</summary>
    public int CompareTo(Position other)
    {
        int byBlock = Block.CompareTo(other.Block);
        if (byBlock != 0)
        {
            return byBlock;
        }

        int byTx = TxIndex.CompareTo(other.TxIndex);
        return byTx != 0 ? byTx : Step.CompareTo(other.Step);
    }

    /// <summary><c>block/tx/step</c>.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Block}/{TxIndex}/{Step}");
}
