using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Bitcoin;

/// <summary>A coinbase whose id an earlier block's coinbase has already.</summary>
/// <param name="Id">The id of both.</param>
/// <param name="FirstHeight">Where it stood first. That block's coins were lost when the second took their
/// name.</param>
/// <param name="Height">Where it stands again.</param>
public readonly record struct RepeatedCoinbase(TxHash Id, int FirstHeight, int Height);

/// <summary>
/// Finds transactions that share an id (BIP 30). Before BIP 34 put the height into the coinbase two of them could be
/// the same bytes, and an output is named by its id: two such pairs are on the main chain. Everything else that repeats
/// descends from such a pair, so only coinbases are remembered, 36 bytes or so for each block.
/// </summary>
public sealed class RepeatedCoinbases
{
    /// <summary>The two pairs on the main chain (BIP 30): 50 bitcoin each were lost.</summary>
    public static IReadOnlyList<RepeatedCoinbase> OnMainNetwork { get; } =
    [
        new(Parse("d5d27987d2a3dfc724e359870c6644b40e497bdc0589a033220fe15429d88599"), 91_812, 91_842),
        new(Parse("e3bf3d07d4b0375638d5f1db5255fe07ba2c4cb067cd81b84ee974b6585fb468"), 91_722, 91_880),
    ];

    private readonly Dictionary<TxHash, int> _firstHeights = [];
    private readonly List<RepeatedCoinbase> _found = [];

    /// <summary>The pairs found so far, in the order of the second.</summary>
    public IReadOnlyList<RepeatedCoinbase> Found => _found;

    /// <summary>Takes in the next block of a chain.</summary>
    /// <param name="block">A block.</param>
    /// <param name="height">Its height, more than that of any block before.</param>
    public void Add(Block block, int height)
    {
        TxHash id = block[0].Id;
        if (_firstHeights.TryAdd(id, height))
        {
            return;
        }

        _found.Add(new RepeatedCoinbase(id, _firstHeights[id], height));
        _firstHeights[id] = height;
    }

    private static TxHash Parse(string text)
    {
        bool parsed = TxHash.TryParse(ChainFamily.Utxo, text, out TxHash id, out ParseError error);
        Invariant.Check(parsed, $"a built-in transaction id is none: {error}");
        return id;
    }
}
