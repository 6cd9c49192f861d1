using System.Buffers;
using System.Buffers.Binary;
using FlowTracer.Core.Model;

namespace FlowTracer.Store.ClickHouse;

/// <summary>
/// A holder as the bytes its rows are ordered by: chain and address first, so that all an address held is one range, then the
/// asset or the coin. Every part has a fixed length or states it, so that no key is the beginning of another.
/// </summary>
internal static class HolderKey
{
    // The longest rest behind an address is a coin: 32 bytes and an index.
    private const int LongestRest = TxHash.ByteLength + sizeof(uint) + 1;

    public static byte[] Of(Holder holder)
    {
        ArrayBufferWriter<byte> bytes = new();
        ByteSink sink = new(bytes);
        Start(sink, holder.Chain, holder.Address);
        if (holder.Chain.Family == ChainFamily.Account)
        {
            sink.Byte((byte)(holder.Asset.IsCoin ? 0 : 1));
            sink.Address(holder.Asset.Contract);
        }
        else
        {
            sink.Hash(holder.Coin.Tx);
            Span<byte> index = stackalloc byte[sizeof(uint)];
            BinaryPrimitives.WriteUInt32BigEndian(index, holder.Coin.Index);
            sink.Bytes(index);
        }

        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>The first and the last key there can be of an address' holders.</summary>
    public static (byte[] First, byte[] Last) RangeOf(Address address)
    {
        ArrayBufferWriter<byte> bytes = new();
        Start(new ByteSink(bytes), address.Chain, address);
        byte[] first = bytes.WrittenSpan.ToArray();
        byte[] last = new byte[first.Length + LongestRest];
        Array.Fill(last, byte.MaxValue);
        first.CopyTo(last, 0);
        return (first, last);
    }

    /// <exception cref="InvalidDataException">The bytes are no key.</exception>
    public static Holder Read(ReadOnlySpan<byte> key)
    {
        ByteCursor cursor = new(key);
        try
        {
            ChainFamily family = (ChainFamily)cursor.Byte();
            ChainId chain = MovementBytes.ChainOf(family, BinaryPrimitives.ReadUInt64BigEndian(cursor.Take(sizeof(ulong))));
            AddressKind kind = (AddressKind)cursor.Byte();
            (int version, int length) = (cursor.Byte(), cursor.Byte());
            Address address = kind == AddressKind.Witness
                ? Address.FromWitness(chain, version, cursor.Take(length))
                : cursor.Address(chain, kind);
            if (family == ChainFamily.Utxo)
            {
                TxHash tx = cursor.Hash();
                return Holder.Output(chain, new OutPoint(tx, BinaryPrimitives.ReadUInt32BigEndian(cursor.Take(sizeof(uint)))), address);
            }

            return Holder.Account(
                address, cursor.Byte() == 0 ? Asset.Coin(chain) : Asset.Token(cursor.Address(chain, AddressKind.Account)));
        }
        catch (ArgumentException fault)
        {
            throw new InvalidDataException($"the key of a holder is damaged: {fault.Message}", fault);
        }
    }

    private static void Start(ByteSink sink, ChainId chain, Address address)
    {
        Span<byte> network = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(network, chain.Network);
        sink.Byte((byte)chain.Family);
        sink.Bytes(network);
        sink.Byte((byte)address.Kind);
        sink.Byte((byte)(address.Kind == AddressKind.Witness ? address.WitnessVersion : 0));
        sink.Byte((byte)address.Length);
        sink.Address(address);
    }
}
