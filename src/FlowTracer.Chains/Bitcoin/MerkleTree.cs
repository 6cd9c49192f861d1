using System.Buffers;
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
