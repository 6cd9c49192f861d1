using System.Security.Cryptography;
using FlowTracer.Chains.Bitcoin;

namespace FlowTracer.Tests.Chains.Bitcoin;

public sealed class MerkleBranchTests
{
    [Fact]
    public void The_branches_of_three_leaves_by_hand()
    {
        Hash256[] leaves = Leaves(3);
        Hash256 pair = Parent(leaves[0], leaves[1]);
        Hash256 twice = Parent(leaves[2], leaves[2]);
        Assert.Equal([leaves[1], twice], MerkleTree.Branch(leaves, 0));
        Assert.Equal([leaves[0], twice], MerkleTree.Branch(leaves, 1));
        Assert.Equal([leaves[2], pair], MerkleTree.Branch(leaves, 2));
        Assert.Equal(Parent(pair, twice), MerkleTree.RootOf(leaves[1], 1, [leaves[0], twice]));
        Assert.Equal(Parent(pair, twice), MerkleTree.RootOf(leaves[2], 2, [leaves[2], pair]));
    }

    [Fact]
    public void Every_leaf_of_every_number_of_leaves_comes_to_the_root_and_to_no_other_index()
    {
        for (int count = 1; count <= 40; count++)
        {
            Hash256[] leaves = Leaves(count);
            Hash256 root = MerkleTree.Root(leaves, out _);
            for (int index = 0; index < count; index++)
            {
                Hash256[] branch = MerkleTree.Branch(leaves, index);
                Assert.Equal(root, MerkleTree.RootOf(leaves[index], (uint)index, branch));
                for (uint other = 0; other < 130; other++)
                {
                    if (other != index)
                    {
                        Assert.NotEqual(root, MerkleTree.RootOf(leaves[index], other, branch));
                    }
                }
            }
        }
    }

    [Fact]
    public void A_changed_branch_or_leaf_comes_to_another_root()
    {
        Hash256[] leaves = Leaves(11);
        Hash256 root = MerkleTree.Root(leaves, out _);
        Hash256[] branch = MerkleTree.Branch(leaves, 5);
        Assert.NotEqual(root, MerkleTree.RootOf(leaves[6], 5, branch));
        Assert.NotEqual(root, MerkleTree.RootOf(leaves[5], 5, branch[..^1]));
        for (int i = 0; i < branch.Length; i++)
        {
            Hash256[] changed = [.. branch];
            changed[i] = leaves[0];
            Assert.NotEqual(root, MerkleTree.RootOf(leaves[5], 5, changed));
        }
    }

    [Fact]
    public void There_is_no_leaf_in_the_repeated_end_of_a_level()
    {
        Hash256[] leaves = Leaves(3);

        // As a right half the repeated leaf would pass for a fourth one.
        Hash256 pair = Parent(leaves[0], leaves[1]);
        Assert.Null(MerkleTree.RootOf(leaves[2], 3, [leaves[2], pair]));

        // And beyond the branch's reach there is nothing.
        Assert.Null(MerkleTree.RootOf(leaves[0], 4, MerkleTree.Branch(leaves, 0)));
        Assert.Null(MerkleTree.RootOf(leaves[0], 1, []));
    }

    [Fact]
    public void A_leaf_that_is_not_there_has_no_branch()
    {
        Assert.Empty(MerkleTree.Branch(Leaves(1), 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => MerkleTree.Branch(Leaves(3), 3));
        Assert.ThrowsAny<ArgumentException>(() => MerkleTree.Branch(Leaves(3), -1));
    }

    private static Hash256[] Leaves(int count) =>
        [.. Enumerable.Range(1, count).Select(static i => new Hash256(SHA256.HashData([(byte)i])))];

    private static Hash256 Parent(Hash256 left, Hash256 right)
    {
        byte[] pair = new byte[64];
        left.CopyTo(pair);
        right.CopyTo(pair.AsSpan(32));
        return new Hash256(SHA256.HashData(SHA256.HashData(pair)));
    }
}
