using System.Globalization;
using System.Numerics;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>
/// The chain with the most work among blocks in any order. The work of a block is 2^256 ÷ (target + 1), rounded down:
/// how many hashes it took on average. A chain counts from its first block that is there: either the network's first, or
/// a block whose parent is missing, if the blocks behind it state their heights (BIP 34) and agree. Of chains with equal
/// work the one whose last block stands first in the files counts, as a node stays with what it saw first.
/// </summary>
internal sealed class BestChain
{
    private const int None = -1;

    private readonly int[] _heights;
    private readonly int[] _ordinals;

    private BestChain(int firstHeight, int[] ordinals, int[] heights) =>
        (FirstHeight, _ordinals, _heights) = (firstHeight, ordinals, heights);

    /// <summary>The height of its first block.</summary>
    public int FirstHeight { get; }

    /// <summary>The height of its last block.</summary>
    public int TipHeight => FirstHeight + _ordinals.Length - 1;

    /// <summary>How many blocks it has.</summary>
    public int Length => _ordinals.Length;

    /// <summary>Which of the blocks stands at a height; null outside of the chain.</summary>
    public int? OrdinalAt(ulong height) =>
        height >= (ulong)FirstHeight && height <= (ulong)TipHeight ? _ordinals[(int)height - FirstHeight] : null;

    /// <summary>The height of a block; null for one beside the chain.</summary>
    public int? HeightOf(int ordinal) => _heights[ordinal] == None ? null : _heights[ordinal];

    /// <summary>Finds the chain; null when no block's height can be known.</summary>
    /// <param name="blocks">Blocks with different hashes.</param>
    /// <param name="ordinals">Their places by hash.</param>
    /// <param name="chain">The network.</param>
    public static BestChain? Find(
        IReadOnlyList<StoredBlock> blocks, IReadOnlyDictionary<Hash256, int> ordinals, ChainId chain)
    {
        int[] parents = new int[blocks.Count];
        for (int i = 0; i < parents.Length; i++)
        {
            parents[i] = ordinals.TryGetValue(blocks[i].Header.Previous, out int parent) ? parent : None;
        }

        Standing[] standings = new Standing[blocks.Count];
        Dictionary<uint, BigInteger> works = [];
        int best = None;
        foreach (int ordinal in ParentsFirst(parents))
        {
            StoredBlock block = blocks[ordinal];
            if (!works.TryGetValue(block.Header.Bits, out BigInteger work))
            {
                works.Add(block.Header.Bits, work = WorkOf(block.Header.Bits));
            }

            Standing? parent = parents[ordinal] == None ? null : standings[parents[ordinal]];
            Standing standing = StandingOf(block, parent, chain) with { Work = work + (parent?.Work ?? BigInteger.Zero) };
            standings[ordinal] = standing;
            if (standing.Height != None && (best == None || IsBetter(ordinal, best, standings, blocks)))
            {
                best = ordinal;
            }
        }

        return best == None ? null : Build(best, parents, standings[best]);
    }

    /// <summary>What a block adds to its chain.</summary>
    public static BigInteger WorkOf(uint bits)
    {
        bool known = ProofOfWork.TryGetTarget(bits, out Hash256 target);
        Invariant.Check(known, $"a block whose target {bits} is none was taken for one");
        BigInteger number = BigInteger.Parse("0" + target, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        return (BigInteger.One << (8 * Hash256.ByteLength)) / (number + 1);
    }

    // Every block once, behind its parent.
    private static IEnumerable<int> ParentsFirst(int[] parents)
    {
        bool[] isDone = new bool[parents.Length];
        Stack<int> waiting = new();
        for (int i = 0; i < parents.Length; i++)
        {
            for (int at = i; at != None && !isDone[at]; at = parents[at])
            {
                isDone[at] = true;
                waiting.Push(at);
            }

            while (waiting.TryPop(out int next))
            {
                yield return next;
            }
        }
    }

    private static Standing StandingOf(StoredBlock block, Standing? parent, ChainId chain)
    {
        if (parent is null && block.Hash == KnownGenesis.HashOf(chain))
        {
            return new Standing(0, 0, IsLinked: true, IsWrong: false);
        }

        int depth = parent is null ? 0 : parent.Value.Depth + 1;
        Standing unknown = new(None, depth, IsLinked: false, IsWrong: true);
        if (parent is { IsWrong: true })
        {
            return unknown;
        }

        if (parent is { IsLinked: true })
        {
            return new Standing(parent.Value.Height + 1, depth, IsLinked: true, IsWrong: false);
        }

        // Without the first block the height must be stated, from the height on where all do, and agree with the parent's.
        int first = CoinbaseHeight.FirstOn(chain);
        int stated = block.StatedHeight is { } height && height >= first ? height : None;
        bool agrees = parent is { Height: not None }
            ? stated == parent.Value.Height + 1
            : stated == None || CanBegin(stated, depth, first);
        return agrees ? new Standing(stated, depth, IsLinked: false, IsWrong: false) : unknown;
    }

    // The first block of a run that states its height: those before it must be from before all did, and not more than
    // there are heights.
    private static bool CanBegin(int height, int depth, int first) => depth == 0 || (height == first && depth < height);

    private static bool IsBetter(int ordinal, int best, Standing[] standings, IReadOnlyList<StoredBlock> blocks)
    {
        int byWork = standings[ordinal].Work.CompareTo(standings[best].Work);
        return byWork != 0
            ? byWork > 0
            : (blocks[ordinal].File, blocks[ordinal].Offset).CompareTo((blocks[best].File, blocks[best].Offset)) < 0;
    }

    private static BestChain Build(int tip, int[] parents, Standing standing)
    {
        int[] ordinals = new int[standing.Depth + 1];
        int[] heights = new int[parents.Length];
        Array.Fill(heights, None);
        for (int at = tip, i = standing.Depth; i >= 0; at = parents[at], i--)
        {
            ordinals[i] = at;
            heights[at] = standing.Height - (standing.Depth - i);
        }

        return new BestChain(standing.Height - standing.Depth, ordinals, heights);
    }

    /// <param name="Height">Its height, or <see cref="None"/> while unknown.</param>
    /// <param name="Depth">How many blocks of its chain stand before it.</param>
    /// <param name="IsLinked">Whether the chain begins with the network's first block.</param>
    /// <param name="IsWrong">Whether it or one before it states a height it cannot have.</param>
    private readonly record struct Standing(int Height, int Depth, bool IsLinked, bool IsWrong)
    {
        public BigInteger Work { get; init; }
    }
}
