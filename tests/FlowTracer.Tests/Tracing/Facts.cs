using System.Buffers.Binary;
using FlowTracer.Core.Attributions;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Tests.Tracing;

/// <summary>Small facts for tests: addresses by number, movements by block.</summary>
internal static class Facts
{
    public static readonly Asset Eth = Asset.Coin(ChainId.Ethereum);

    public static readonly Asset Token = Asset.Token(Account(0x7000));

    public static Address Account(int number, ChainId? chain = null)
    {
        byte[] bytes = new byte[Address.HashLength];
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(16), number);
        return Address.FromAccountBytes(chain ?? ChainId.Ethereum, bytes);
    }

    public static Holder Holds(int number, Asset? asset = null) =>
        Holder.Account(Account(number, (asset ?? Eth).Chain), asset ?? Eth);

    /// <summary>A transaction hash whose last bytes are a number.</summary>
    public static TxHash Tx(int number)
    {
        byte[] bytes = new byte[TxHash.ByteLength];
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(28), number);
        return TxHash.FromBytes(bytes);
    }

    /// <summary>A transfer that is the only one of its block.</summary>
    public static Movement Transfer(
        int block, int from, int to, Amount amount, Asset? asset = null, long? time = null, TxHash? tx = null) =>
        Movement.Create(
            MovementKind.External, Grade.Recorded, new Position((ulong)block, 0, 1), new Stamp((ulong)block, null, 0, time), tx,
            "test", [new Leg(Holds(from, asset), amount)], [new Leg(Holds(to, asset), amount)]);

    /// <summary>Before all of a block.</summary>
    public static Position Before(int block) => new((ulong)block, 0, 0);
}

/// <summary>Labels of a few numbered addresses.</summary>
internal sealed class FewTags(params (int Number, string Category, string Label)[] labels) : ITagSource
{
    public IReadOnlyList<Tag> TagsOf(Address address) =>
    [
        .. labels.Where(label => Facts.Account(label.Number, address.Chain) == address)
            .Select(label => new Tag(address, label.Label, label.Category, label.Label, "ledger", "test", "", "test")),
    ];
}
