using System.Buffers;
using System.Collections.Immutable;
using FlowTracer.Core.Model;
using FlowTracer.Store;
using FlowTracer.Store.ClickHouse;
using FlowTracer.Testing;

namespace FlowTracer.Tests.Stores;

/// <summary>Movements as bytes: literal ones, the way there and back, and what damage is told.</summary>
public sealed class MovementBytesTests
{
    private static readonly TxHash Tx = TxHash.FromBytes([.. Enumerable.Range(1, 32).Select(static i => (byte)i)]);

    public static TheoryData<string> Chains => ["ethereum", "ethereum-31337", "bitcoin", "bitcoin-testnet", "bitcoin-regtest", "bitcoin-signet"];

    [Fact]
    public void A_transfer_is_written_byte_for_byte()
    {
        Address from = Address.FromAccountBytes(ChainId.Ethereum, [.. Enumerable.Repeat((byte)0xAA, 20)]);
        Address to = Address.FromAccountBytes(ChainId.Ethereum, [.. Enumerable.Repeat((byte)0xBB, 20)]);
        Asset eth = Asset.Coin(ChainId.Ethereum);
        Movement movement = Movement.Create(
            MovementKind.External, Grade.Recorded, new Position(300, 2, 1), new Stamp(300, null, 2, 64), Tx, "node",
            [new Leg(Holder.Account(from, eth), 1000)], [new Leg(Holder.Account(to, eth), 1000)]);

        // 300 = 0b10_0101100, so AC 02; 64 in zig-zag is 128, so 80 01; 1000 = 03E8.
        const string facts = "01" + "01" + "69" + "01" + "01" + "AC02" + "02" + "01" + "AC02" + "02" + "8001"
            + "0102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F20"
            + "01" + "01" + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" + "02" + "03E8"
            + "01" + "01" + "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB" + "02" + "03E8";
        ArrayBufferWriter<byte> bytes = new();
        int factsLength = MovementBytes.Write(movement, bytes);

        Assert.Equal(facts + "04" + "6E6F6465", Convert.ToHexString(bytes.WrittenSpan));
        Assert.Equal(facts.Length / 2, factsLength);
    }

    [Theory]
    [MemberData(nameof(Chains))]
    public void What_is_written_is_read_again_with_all_its_parts(string name)
    {
        Assert.True(ChainId.TryParse(name, out ChainId chain));
        for (int number = 0; number < 40; number++)
        {
            foreach (Movement movement in RandomMovements.Make(number, chain, 700_000, blocks: 5))
            {
                AssertSame(movement, MovementBytes.Read(BytesOf(movement)));
            }
        }
    }

    [Fact]
    public void Numbers_at_their_limits_are_read_again()
    {
        Holder holder = Holder.Account(RandomMovements.Account(ChainId.Account(ulong.MaxValue), 1), Asset.Coin(ChainId.Account(ulong.MaxValue)));
        foreach (long time in (long[])[long.MinValue, -1, 0, 1, long.MaxValue])
        {
            Movement movement = Movement.Create(
                MovementKind.Reward, Grade.Hypothesis, Position.End, new Stamp(ulong.MaxValue, 0, uint.MaxValue, time), null, "",
                [], [new Leg(holder, Amount.MaxValue)], "");
            AssertSame(movement, MovementBytes.Read(BytesOf(movement)));
        }
    }

    [Fact]
    public void Facts_do_not_depend_on_who_states_them()
    {
        Movement[] stated = [.. ((string[])["a", "another source"]).Select(source => Movement.Create(
            MovementKind.Reward, Grade.Recorded, new Position(1, 0, 1), default, Tx, source, [],
            [new Leg(Holder.Output(ChainId.Bitcoin, new OutPoint(Tx, 0), default), 5)]))];
        byte[][] facts = [.. stated.Select(static movement =>
        {
            ArrayBufferWriter<byte> bytes = new();
            int length = MovementBytes.Write(movement, bytes);
            return bytes.WrittenSpan[..length].ToArray();
        })];

        Assert.NotEqual(BytesOf(stated[0]), BytesOf(stated[1]));
        Assert.NotEmpty(facts[0]);
        Assert.Equal(facts[0], facts[1]);
    }

    [Fact]
    public void Bytes_cut_short_or_with_more_behind_them_are_refused()
    {
        foreach (Movement movement in RandomMovements.Make(3, ChainId.Bitcoin, 5, blocks: 2).Concat(RandomMovements.Make(3, ChainId.Ethereum, 5, blocks: 2)))
        {
            byte[] bytes = BytesOf(movement);
            for (int length = 0; length < bytes.Length; length++)
            {
                Assert.Throws<InvalidDataException>(() => MovementBytes.Read(bytes.AsSpan(0, length)));
            }

            Assert.Throws<InvalidDataException>(() => MovementBytes.Read([.. bytes, 0]));
        }
    }

    [Fact]
    public void Damaged_bytes_are_refused_or_another_movement_and_never_a_fault_of_the_program()
    {
        Random random = new(11);
        foreach (Movement movement in RandomMovements.Make(4, ChainId.Bitcoin, 5, blocks: 9).Concat(RandomMovements.Make(4, ChainId.Ethereum, 5, blocks: 9)))
        {
            byte[] bytes = BytesOf(movement);
            bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            Exception? fault = Record.Exception(() => MovementBytes.Read(bytes));
            Assert.True(fault is null or InvalidDataException, fault?.ToString());
        }
    }

    [Theory]
    [MemberData(nameof(Chains))]
    public void Keys_are_read_again_and_lie_in_the_range_of_their_address_alone(string name)
    {
        Assert.True(ChainId.TryParse(name, out ChainId chain));
        Holder[] holders = [.. RandomMovements.Make(9, chain, 5, blocks: 20)
            .SelectMany(static movement => movement.Inputs.Concat(movement.Outputs)).Select(static leg => leg.Holder).Distinct()];
        foreach (Holder holder in holders.Where(static holder => !holder.Address.IsNone))
        {
            Assert.Equal(holder, HolderKey.Read(HolderKey.Of(holder)));
            (byte[] first, byte[] last) = HolderKey.RangeOf(holder.Address);
            Assert.Equal(
                holders.Where(other => other.Address == holder.Address).ToHashSet(),
                holders.Where(other => first.AsSpan().SequenceCompareTo(HolderKey.Of(other)) <= 0
                    && last.AsSpan().SequenceCompareTo(HolderKey.Of(other)) >= 0).ToHashSet());
        }
    }

    private static byte[] BytesOf(Movement movement)
    {
        ArrayBufferWriter<byte> bytes = new();
        MovementBytes.Write(movement, bytes);
        return bytes.WrittenSpan.ToArray();
    }

    private static void AssertSame(Movement expected, Movement actual)
    {
        Assert.Equal(
            (expected.Kind, expected.Grade, expected.Position, expected.Stamp, expected.Tx, expected.Source, expected.Doubt, expected.CarriesData),
            (actual.Kind, actual.Grade, actual.Position, actual.Stamp, actual.Tx, actual.Source, actual.Doubt, actual.CarriesData));
        Assert.Equal<ImmutableArray<Leg>>(expected.Inputs, actual.Inputs, SameLegs);
        Assert.Equal<ImmutableArray<Leg>>(expected.Outputs, actual.Outputs, SameLegs);
    }

    private static bool SameLegs(ImmutableArray<Leg> a, ImmutableArray<Leg> b) => a.SequenceEqual(b);
}
