using System.Buffers;
using System.Text;
using FlowTracer.Core.Model;

namespace FlowTracer.Store;

/// <summary>Writes the parts of stored bytes one behind the other.</summary>
internal sealed class ByteSink(IBufferWriter<byte> to)
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    // Seven bits of 64 in each.
    private const int MostBytesOfNumber = 10;

    /// <summary>How many bytes were written.</summary>
    public int Written { get; private set; }

    public void Byte(byte value)
    {
        to.GetSpan(1)[0] = value;
        Advance(1);
    }

    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        to.Write(bytes);
        Written += bytes.Length;
    }

    /// <summary>Seven bits a byte, the lowest first; the high bit says that more follow (LEB128).</summary>
    public void Number(ulong value)
    {
        Span<byte> bytes = to.GetSpan(MostBytesOfNumber);
        int length = 0;
        for (; value > 0x7F; value >>= 7)
        {
            bytes[length++] = (byte)((value & 0x7F) | 0x80);
        }

        bytes[length++] = (byte)value;
        Advance(length);
    }

    public void Hash(TxHash hash)
    {
        hash.CopyTo(to.GetSpan(TxHash.ByteLength));
        Advance(TxHash.ByteLength);
    }

    public void Address(Address address)
    {
        address.CopyTo(to.GetSpan(Core.Model.Address.MaxLength));
        Advance(address.Length);
    }

    /// <summary>Its length in bytes, then these, the most significant first and none of them leading zeros.</summary>
    public void Amount(Amount amount)
    {
        Span<byte> bytes = stackalloc byte[Core.Model.Amount.ByteLength];
        amount.WriteBigEndian(bytes);
        ReadOnlySpan<byte> significant = bytes.TrimStart((byte)0);
        Byte((byte)significant.Length);
        Bytes(significant);
    }

    /// <summary>Its length in bytes, then UTF-8.</summary>
    public void Text(string text)
    {
        byte[] bytes = Utf8.GetBytes(text);
        Number((ulong)bytes.Length);
        Bytes(bytes);
    }

    private void Advance(int length)
    {
        to.Advance(length);
        Written += length;
    }
}
