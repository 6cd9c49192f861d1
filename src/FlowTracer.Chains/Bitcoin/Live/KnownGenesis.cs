using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>The first blocks, as every node of their chain has them built in.</summary>
internal static class KnownGenesis
{
    // The fourth test network counts as the test network: nobody's money is on either.
    private static readonly (ChainId Chain, Hash256 Hash)[] Networks =
    [
        (ChainId.Bitcoin, Parse("000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f")),
        (ChainId.BitcoinTestnet, Parse("000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943")),
        (ChainId.BitcoinTestnet, Parse("00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043")),
        (ChainId.BitcoinSignet, Parse("00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6")),
        (ChainId.BitcoinRegtest, Parse("0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206")),
    ];

    /// <summary>The one transaction of all but the fourth test network's: its coin was never entered among those that can
    /// be spent.</summary>
    public static TxHash Coinbase { get; } =
        Parse("4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b").ToTxHash();

    /// <summary>The hash of a chain's first block.</summary>
    /// <exception cref="ArgumentException">The chain is not Bitcoin's.</exception>
    public static Hash256 HashOf(ChainId chain) => Array.Find(Networks, network => network.Chain == chain) is { Hash.IsZero: false } found
        ? found.Hash
        : throw new ArgumentException($"The chain {chain} has no such first block.", nameof(chain));

    /// <summary>The chain that begins with a block; null for none known here.</summary>
    public static ChainId? ChainOf(Hash256 genesis) =>
        Array.Find(Networks, network => network.Hash == genesis) is { Hash.IsZero: false } found ? found.Chain : null;

    private static Hash256 Parse(string text)
    {
        bool parsed = Hash256.TryParse(text, out Hash256 hash);
        Invariant.Check(parsed, $"a built-in hash is none: {text}");
        return hash;
    }
}
