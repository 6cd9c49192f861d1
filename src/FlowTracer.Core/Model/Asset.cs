namespace FlowTracer.Core.Model;

/// <summary>
/// What value is counted in: a chain's own coin, or a token by its contract. Two tokens with one symbol are two assets.
/// </summary>
public readonly record struct Asset : IComparable<Asset>
{
    private Asset(ChainId chain, Address contract) => (Chain, Contract) = (chain, contract);

    /// <summary>The chain the asset lives on.</summary>
    public ChainId Chain { get; }

    /// <summary>The token's contract; <see cref="Address.IsNone"/> for the coin.</summary>
    public Address Contract { get; }

    /// <summary>Whether this is the chain's own coin.</summary>
    public bool IsCoin => Contract.IsNone;

    /// <summary>The chain's own coin, in its smallest unit (wei, satoshi).</summary>
    public static Asset Coin(ChainId chain) => new(chain, default);

    /// <summary>The token of a contract, in the contract's own units.</summary>
    /// <exception cref="ArgumentException">The contract is not an account-chain address.</exception>
    public static Asset Token(Address contract)
    {
        if (contract.IsNone || contract.Chain.Family != ChainFamily.Account)
        {
            throw new ArgumentException("a token is named by a contract on an account chain", nameof(contract));
        }

        return new Asset(contract.Chain, contract);
    }

    /// <summary>
    /// Reads an asset as the transfers CSV writes it: the coin's symbol (<c>ETH</c>, <c>BTC</c>) or a contract address.
    /// </summary>
    public static bool TryParse(ChainId chain, ReadOnlySpan<char> text, out Asset asset, out ParseError error)
    {
        asset = Coin(chain);
        error = default;
        if (text.SequenceEqual(chain.CoinSymbol))
        {
            return true;
        }

        if (chain.Family == ChainFamily.Utxo)
        {
            error = new ParseError(text.ToString(), 1, $"{chain} has one asset, {chain.CoinSymbol}");
            return false;
        }

        if (!Address.TryParse(chain, text, out Address contract, out ParseError addressError))
        {
            error = addressError with { Reason = $"neither {chain.CoinSymbol} nor a token contract: {addressError.Reason}" };
            return false;
        }

        asset = Token(contract);
        return true;
    }

    /// <summary>Coin first, then tokens by contract; chains in their own order.</summary>
    public int CompareTo(Asset other)
    {
        int byChain = Chain.CompareTo(other.Chain);
        return byChain != 0 ? byChain : Contract.CompareTo(other.Contract);
    }

    /// <summary>As the transfers CSV writes it: <c>ETH</c>, <c>BTC</c> or the contract's address.</summary>
    public override string ToString() => IsCoin ? Chain.CoinSymbol : Contract.ToString();
}
