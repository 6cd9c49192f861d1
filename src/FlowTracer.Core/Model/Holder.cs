using System.Globalization;

namespace FlowTracer.Core.Model;

/// <summary>A Bitcoin coin: the output <paramref name="Index"/> (from 0) of a transaction.</summary>
public readonly record struct OutPoint(TxHash Tx, uint Index) : IComparable<OutPoint>
{
    // No output has this index: Bitcoin itself writes it where there is no output to name (the coinbase's input).
    internal const uint FeeIndex = uint.MaxValue;

    /// <summary>By transaction, then index.</summary>
    public int CompareTo(OutPoint other)
    {
        int byTx = Tx.CompareTo(other.Tx);
        return byTx != 0 ? byTx : Index.CompareTo(other.Index);
    }

    /// <summary><c>txid:index</c>; <c>txid:fee</c> for the fee of a transaction (<see cref="Holder.FeeOf"/>).</summary>
    public override string ToString() => Index == FeeIndex
        ? $"{Tx.ToString(ChainFamily.Utxo)}:fee"
        : string.Create(CultureInfo.InvariantCulture, $"{Tx.ToString(ChainFamily.Utxo)}:{Index}");
}

/// <summary>
/// What can hold value: on an account chain an address in one asset, on Bitcoin an output. A class, and its hash is kept:
/// every movement looks its holders up, and one holder is named by many movements.
/// </summary>
public sealed class Holder : IEquatable<Holder>, IComparable<Holder>
{
    private readonly int _hash;

    private Holder(Asset asset, Address address, OutPoint coin)
    {
        (Asset, Address, Coin) = (asset, address, coin);
        _hash = HashCode.Combine(asset, address, coin);
    }

    /// <summary>What is held.</summary>
    public Asset Asset { get; }

    /// <summary>Whose it is; <see cref="Address.IsNone"/> for an output whose script has no address form.</summary>
    public Address Address { get; }

    /// <summary>The output, on Bitcoin; otherwise default.</summary>
    public OutPoint Coin { get; }

    /// <summary>The chain.</summary>
    public ChainId Chain => Asset.Chain;

    /// <summary>An address' balance in one asset.</summary>
    /// <exception cref="ArgumentException">Address and asset are not of one account chain.</exception>
    public static Holder Account(Address address, Asset asset)
    {
        if (address.IsNone || address.Chain != asset.Chain || asset.Chain.Family != ChainFamily.Account)
        {
            throw new ArgumentException("an account holds an asset of its own account chain", nameof(address));
        }

        return new Holder(asset, address, default);
    }

    /// <summary>Whether this is no coin but the fee of a transaction: see <see cref="FeeOf"/>.</summary>
    public bool IsFee => Coin.Index == OutPoint.FeeIndex && Chain.Family == ChainFamily.Utxo;

    /// <summary>
    /// The fee of a Bitcoin transaction, as what the coinbase of its block takes in. It is no coin: it exists from that
    /// transaction to the end of the block.
    /// </summary>
    public static Holder FeeOf(ChainId chain, TxHash tx) =>
        Output(chain, new OutPoint(tx, OutPoint.FeeIndex), default);

    /// <summary>A Bitcoin output and the address its script pays, if it has one.</summary>
    /// <exception cref="ArgumentException">The chain is not Bitcoin's, or the address is of another chain.</exception>
    public static Holder Output(ChainId chain, OutPoint coin, Address address)
    {
        if (chain.Family != ChainFamily.Utxo || (!address.IsNone && address.Chain != chain))
        {
            throw new ArgumentException("an output lives on Bitcoin and pays an address of its chain", nameof(address));
        }

        return new Holder(Asset.Coin(chain), address, coin);
    }

    public static bool operator ==(Holder? left, Holder? right) => left is null ? right is null : left.Equals(right);

    public static bool operator !=(Holder? left, Holder? right) => !(left == right);

    /// <summary>By address, asset and coin.</summary>
    public bool Equals(Holder? other) =>
        ReferenceEquals(this, other)
        || (other is not null
            && _hash == other._hash && Address.Equals(other.Address) && Asset.Equals(other.Asset) && Coin.Equals(other.Coin));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Holder);

    /// <inheritdoc/>
    public override int GetHashCode() => _hash;

    /// <summary>By address, asset and coin: an order that every run shares.</summary>
    public int CompareTo(Holder? other)
    {
        if (other is null)
        {
            return 1;
        }

        int byAddress = Address.CompareTo(other.Address);
        if (byAddress != 0)
        {
            return byAddress;
        }

        int byAsset = Asset.CompareTo(other.Asset);
        return byAsset != 0 ? byAsset : Coin.CompareTo(other.Coin);
    }

    /// <summary>The address and what it holds, or the coin.</summary>
    public override string ToString() =>
        Chain.Family == ChainFamily.Account ? $"{Address} {Asset}" : Coin.ToString();
}
