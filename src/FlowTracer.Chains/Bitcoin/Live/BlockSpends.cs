using System.Buffers.Binary;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>
/// Which coins a block spends, in 12 bytes each: enough to tell of nearly every block that it does not spend a coin. Who
/// is told that it may looks at the transaction.
/// </summary>
internal sealed class BlockSpends
{
    private readonly ulong[] _marks;
    private readonly int[] _indexes;

    private BlockSpends(ulong[] marks, int[] indexes) => (_marks, _indexes) = (marks, indexes);

    /// <summary>What a block spends.</summary>
    public static BlockSpends Of(Block block)
    {
        List<ulong> marks = [];
        List<int> indexes = [];
        for (int index = 1; index < block.TransactionCount; index++)
        {
            foreach (TxIn input in block[index].Inputs)
            {
                marks.Add(MarkOf(input.OutPointBytes));
                indexes.Add(index);
            }
        }

        (ulong[] sorted, int[] places) = (marks.ToArray(), indexes.ToArray());
        Array.Sort(sorted, places);
        return new BlockSpends(sorted, places);
    }

    /// <summary>The indexes in the block of transactions that may spend a coin.</summary>
    public IEnumerable<int> Candidates(OutPoint coin)
    {
        ulong mark = MarkOf(coin);
        int at = Array.BinarySearch(_marks, mark);
        while (at > 0 && _marks[at - 1] == mark)
        {
            at--;
        }

        for (; at >= 0 && at < _marks.Length && _marks[at] == mark; at++)
        {
            yield return _indexes[at];
        }
    }

    // The first bytes of an id are as evenly spread as any, and the index tells the coins of one transaction apart.
    private static ulong MarkOf(ReadOnlySpan<byte> outPoint) => unchecked(
        BinaryPrimitives.ReadUInt64LittleEndian(outPoint)
        + BinaryPrimitives.ReadUInt32LittleEndian(outPoint[Hash256.ByteLength..]));

    private static ulong MarkOf(OutPoint coin)
    {
        Span<byte> bytes = stackalloc byte[Hash256.ByteLength + sizeof(uint)];
        Hash256.FromTxHash(coin.Tx).CopyTo(bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[Hash256.ByteLength..], coin.Index);
        return MarkOf(bytes);
    }
}
