using System.Buffers.Binary;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum;

/// <summary>32 bytes as the virtual machine knows them: a block's hash, a topic, an argument in a log's data.</summary>
public readonly record struct Word(UInt128 High, UInt128 Low)
{
    /// <summary>How many bytes it has.</summary>
    public const int ByteLength = 32;

    private const int AddressOffset = ByteLength - Address.HashLength;

    /// <summary>From 32 big-endian bytes.</summary>
    public static Word FromBytes(ReadOnlySpan<byte> bytes32) => new(
        BinaryPrimitives.ReadUInt128BigEndian(bytes32), BinaryPrimitives.ReadUInt128BigEndian(bytes32[(ByteLength / 2)..]));

    /// <summary>The address in its last 20 bytes; false when the others are not zero.</summary>
    public bool TryGetAddress(ChainId chain, out Address address)
    {
        Span<byte> bytes = stackalloc byte[ByteLength];
        CopyTo(bytes);
        bool clean = !bytes[..AddressOffset].ContainsAnyExcept((byte)0);
        address = clean ? Address.FromAccountBytes(chain, bytes[AddressOffset..]) : default;
        return clean;
    }

    /// <summary>Its bytes as an unsigned number.</summary>
    public Amount ToAmount()
    {
        Span<byte> bytes = stackalloc byte[ByteLength];
        CopyTo(bytes);
        return Amount.FromBigEndian(bytes);
    }

    /// <summary>The same as a hash of a transaction or block.</summary>
    public TxHash ToTxHash()
    {
        Span<byte> bytes = stackalloc byte[ByteLength];
        CopyTo(bytes);
        return TxHash.FromBytes(bytes);
    }

    /// <summary>Writes the 32 bytes.</summary>
    public void CopyTo(Span<byte> destination32)
    {
        BinaryPrimitives.WriteUInt128BigEndian(destination32, High);
        BinaryPrimitives.WriteUInt128BigEndian(destination32[(ByteLength / 2)..], Low);
    }

    /// <summary><c>0x</c> and 64 lower-case digits.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[ByteLength];
        CopyTo(bytes);
        return "0x" + Convert.ToHexStringLower(bytes);
    }
}
