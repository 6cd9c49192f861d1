using System.Text;
using FlowTracer.Core.Model;

namespace FlowTracer.Store;

/// <summary>Reads what a <see cref="ByteSink"/> wrote; what it was not written so is an <see cref="InvalidDataException"/>.</summary>
internal ref struct ByteCursor(ReadOnlySpan<byte> bytes)
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private ReadOnlySpan<byte> _rest = bytes;

    public byte Byte() => Take(1)[0];

    public ReadOnlySpan<byte> Take(int count)
    {
        if (count > _rest.Length)
        {
            throw new InvalidDataException("stored bytes end too early");
        }

        ReadOnlySpan<byte> taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }

    public ulong Number()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte next = Byte();
            ulong bits = (ulong)(next & 0x7F);
            if (shift == 63 && bits > 1)
            {
                break;
            }

            value |= bits << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new InvalidDataException("a stored number is over 2^64-1");
    }

    /// <summary>A number of things to come, each of at least a byte: more than are left, and nobody makes room for them.</summary>
    public readonly int CountOf(ulong stated) => stated <= (ulong)_rest.Length
        ? (int)stated
        : throw new InvalidDataException("stored bytes end too early");

    public TxHash Hash() => TxHash.FromBytes(Take(TxHash.ByteLength));

    public Address Address(ChainId chain, AddressKind kind) => kind switch
    {
        default(AddressKind) => default,
        AddressKind.Account => Core.Model.Address.FromAccountBytes(chain, Take(Core.Model.Address.HashLength)),
        AddressKind.PubKeyHash => Core.Model.Address.FromPubKeyHash(chain, Take(Core.Model.Address.HashLength)),
        AddressKind.ScriptHash => Core.Model.Address.FromScriptHash(chain, Take(Core.Model.Address.HashLength)),
        _ => throw new InvalidDataException("stored bytes name no kind of address"),
    };

    public Amount Amount() => Core.Model.Amount.FromBigEndian(Take(Byte()));

    public string Text()
    {
        ulong length = Number();
        return Utf8.GetString(Take((int)Math.Min(length, int.MaxValue)));
    }

    public readonly void End()
    {
        if (!_rest.IsEmpty)
        {
            throw new InvalidDataException("there are more stored bytes than needed");
        }
    }
}
