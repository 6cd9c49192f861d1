using FlowTracer.Core.Clustering;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Clustering;

/// <summary>Transactions made by hand: an address is known by a number, an id too.</summary>
internal static class Sample
{
    /// <summary>A P2WPKH address of its own for each number.</summary>
    public static Address Segwit(int number) => Address.FromWitness(ChainId.Bitcoin, 0, Bytes(number, 20));

    /// <summary>A P2PKH address of its own for each number.</summary>
    public static Address Legacy(int number) => Address.FromPubKeyHash(ChainId.Bitcoin, Bytes(number, 20));

    /// <summary>A transaction id of its own for each number.</summary>
    public static TxHash Id(int number) => TxHash.FromBytes(Bytes(number, TxHash.ByteLength));

    /// <summary>A coin that no transaction of the test makes.</summary>
    public static CoinSide From(Address address, ulong sats) => new(default, address, sats);

    /// <summary>A transaction; inputs without a coin get one of their own.</summary>
    public static CoinTransaction Tx(
        int number, CoinSide[] inputs, (Address Address, ulong Sats)[] outputs, bool hasData = false)
    {
        const int foreign = 1_000_000;
        TxHash id = Id(number);
        return new CoinTransaction(
            id,
            [.. inputs.Select((side, i) => side.Coin == default
                ? side with { Coin = new OutPoint(Id(foreign + number), (uint)i) }
                : side)],
            [.. outputs.Select((side, i) => new CoinSide(new OutPoint(id, (uint)i), side.Address, side.Sats))],
            hasData);
    }

    /// <summary>A transaction whose inputs and outputs have these values and P2WPKH addresses of their own.</summary>
    public static CoinTransaction OfValues(
        int number, IEnumerable<ulong> inputs, IEnumerable<ulong> outputs, bool hasData = false)
    {
        const int outputAddresses = 500;
        return Tx(
            number,
            [.. inputs.Select((sats, i) => From(Segwit((number * 1000) + i), sats))],
            [.. outputs.Select((sats, i) => (Segwit((number * 1000) + outputAddresses + i), sats))],
            hasData);
    }

    private static byte[] Bytes(int number, int length)
    {
        byte[] bytes = new byte[length];
        BitConverter.TryWriteBytes(bytes, number);
        return bytes;
    }
}
