using System.Globalization;

namespace FlowTracer.Core.Model;

/// <summary>How a chain keeps value: in accounts with balances, or in unspent outputs.</summary>
public enum ChainFamily : byte
{
    /// <summary>Ethereum and its kin: an address has a balance in each asset.</summary>
    Account = 1,

    /// <summary>Bitcoin and its kin: value sits in outputs that are spent whole.</summary>
    Utxo = 2,
}

/// <summary>
/// A chain. Test networks are chains of their own: money on one is not money on another.
/// Text form: <c>ethereum</c>, <c>ethereum-N</c> (EIP-155 chain id N, e.g. <c>ethereum-31337</c>), <c>bitcoin</c>,
/// <c>bitcoin-testnet</c>, <c>bitcoin-regtest</c>, <c>bitcoin-signet</c>.
/// </summary>
public readonly record struct ChainId : IComparable<ChainId>
{
    private const string EthereumName = "ethereum";
    private static readonly string[] UtxoNames = ["bitcoin", "bitcoin-testnet", "bitcoin-regtest", "bitcoin-signet"];

    private ChainId(ChainFamily family, ulong network) => (Family, Network) = (family, network);

    /// <summary>Ethereum's main network, EIP-155 chain id 1.</summary>
    public static ChainId Ethereum { get; } = new(ChainFamily.Account, 1);

    /// <summary>Bitcoin's main network.</summary>
    public static ChainId Bitcoin { get; } = new(ChainFamily.Utxo, 0);

    /// <summary>Bitcoin's public test network (its address prefixes are those of signet too).</summary>
    public static ChainId BitcoinTestnet { get; } = new(ChainFamily.Utxo, 1);

    /// <summary>A private Bitcoin network for tests.</summary>
    public static ChainId BitcoinRegtest { get; } = new(ChainFamily.Utxo, 2);

    /// <summary>Bitcoin's signed test network (BIP 325).</summary>
    public static ChainId BitcoinSignet { get; } = new(ChainFamily.Utxo, 3);

    /// <summary>Accounts or outputs.</summary>
    public ChainFamily Family { get; }

    /// <summary>The EIP-155 chain id of an account chain; for Bitcoin the index of the network.</summary>
    public ulong Network { get; }

    /// <summary>The symbol of the chain's own coin.</summary>
    public string CoinSymbol => Family == ChainFamily.Account ? "ETH" : "BTC";

    /// <summary>Digits behind the point when a person reads an amount of the coin: 18 for ETH, 8 for BTC.</summary>
    public int CoinDecimals => Family == ChainFamily.Account ? 18 : 8;

    /// <summary>An account chain by its EIP-155 id (1 or more).</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is zero.</exception>
    public static ChainId Account(ulong eip155Id)
    {
        ArgumentOutOfRangeException.ThrowIfZero(eip155Id);
        return new ChainId(ChainFamily.Account, eip155Id);
    }

    /// <summary>Reads the text form; false when it is none of those in the summary.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out ChainId chain)
    {
        chain = Ethereum;
        if (text.SequenceEqual(EthereumName))
        {
            return true;
        }

        if (text.StartsWith(EthereumName + "-")
            && ulong.TryParse(text[(EthereumName.Length + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out ulong id)
            && id > 0)
        {
            chain = new ChainId(ChainFamily.Account, id);
            return true;
        }

        for (int i = 0; i < UtxoNames.Length; i++)
        {
            if (text.SequenceEqual(UtxoNames[i]))
            {
                chain = new ChainId(ChainFamily.Utxo, (ulong)i);
                return true;
            }
        }

        return false;
    }

    /// <summary>Account chains before Bitcoin, then by network: the order used where two chains tie.</summary>
    public int CompareTo(ChainId other) =>
        Family != other.Family ? Family.CompareTo(other.Family) : Network.CompareTo(other.Network);

    /// <summary>The text form.</summary>
    public override string ToString() => Family switch
    {
        ChainFamily.Account => Network == 1
            ? EthereumName
            : string.Create(CultureInfo.InvariantCulture, $"{EthereumName}-{Network}"),
        ChainFamily.Utxo => UtxoNames[Network],
        _ => "(no chain)",
    };
}
