using System.Buffers;
using System.Runtime.InteropServices;
using FlowTracer.Chains.Bitcoin.Hashing;

namespace FlowTracer.Chains.Bitcoin;

/// <summary>
/// The tree of double SHA-256 over a block's transactions. A level with an odd number of nodes takes its last one
/// twice, so a list with its end repeated has the root of the list without (CVE-2012-2459): such lists are found out.
/// </summary>
public static class MerkleTree
{
    /// <summary>The root over the leaves in their order; zero for none.</summary>
    /// <param name="leaves">Transaction ids as stored.</param>
    /// <param name="repeatsBranch">
    /// True when somewhere two neighbours that were hashed together were the same: the list may be another block's list
    /// with its end repeated, and must not be taken for the block.
    /// </param>
    public static Hash256 Root(ReadOnlySpan<Hash256> leaves, out bool repeatsBranch)
    {
        repeatsBranch = false;
        if (leaves.IsEmpty)
        {
            return Hash256.Zero;
        }

        Hash256[] rented = ArrayPool<Hash256>.Shared.Rent(leaves.Length + 1);
        leaves.CopyTo(rented);
        int count = leaves.Length;
        while (count > 1)
        {
            repeatsBranch |= HasEqualPair(rented.AsSpan(0, count));
            rented[count] = rented[count - 1];
            count += count & 1;
            DoubleSha256.OfPairs(rented.AsSpan(0, count), rented);
            count /= 2;
        }

        Hash256 root = rented[0];
        ArrayPool<Hash256>.Shared.Return(rented);
        return root;
    }

    /// <summary>The other halves of the pairs from a leaf up to the root: the proof that it is among the leaves.</summary>
    /// <param name="leaves">Transaction ids as stored.</param>
    /// <param name="index">Which of them, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such leaf.</exception>
    public static Hash256[] Branch(ReadOnlySpan<Hash256> leaves, int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, leaves.Length);
        List<Hash256> branch = [];
        Hash256[] level = [.. leaves, Hash256.Zero];
        for (int count = leaves.Length; count > 1; count /= 2, index /= 2)
        {
            level[count] = level[count - 1];
            count += count & 1;
            branch.Add(level[index ^ 1]);
            DoubleSha256.OfPairs(level.AsSpan(0, count), level);
        }

        return [.. branch];
    }

    /// <summary>
    /// The root that a leaf and its branch come to; null when there can be no leaf at that index: it lies beyond what the
    /// branch can reach, or in the repeated end of a level, or below what may be a transaction itself (CVE-2017-12842).
    /// </summary>
    /// <param name="leaf">A transaction id as stored.</param>
    /// <param name="index">Its index among the leaves: each bit says on which side its half of a pair stands.</param>
    /// <param name="branch">See <see cref="Branch"/>.</param>
    public static Hash256? RootOf(Hash256 leaf, uint index, IReadOnlyList<Hash256> branch)
    {
        Hash256[] pair = new Hash256[2];
        foreach (Hash256 half in branch)
        {
            bool isRight = (index & 1) == 1;
            if (isRight && half == leaf)
            {
                return null;
            }

            (pair[0], pair[1]) = isRight ? (half, leaf) : (leaf, half);
            if (IsTransaction(pair))
            {
                return null;
            }

            DoubleSha256.OfPairs(pair, pair);
            (leaf, index) = (pair[0], index / 2);
        }

        return index == 0 ? leaf : null;
    }

    // A pair of hashes that reads as a transaction of 64 bytes: one input and one output, hardly by chance.
    private static bool IsTransaction(ReadOnlySpan<Hash256> pair)
    {
        const int inputCountAt = sizeof(uint);
        byte[] bytes = MemoryMarshal.AsBytes(pair).ToArray();
        if (bytes[inputCountAt] != 1)
        {
            return false;
        }

        try
        {
            Transaction.Parse(bytes);
            return true;
        }
        catch (BitcoinFormatException)
        {
            return false;
        }
    }

    // Before the last node is taken twice.
    private static bool HasEqualPair(ReadOnlySpan<Hash256> level)
    {
        for (int i = 0; i + 1 < level.Length; i += 2)
        {
            if (level[i] == level[i + 1])
            {
                return true;
            }
        }

        return false;
    }
}
