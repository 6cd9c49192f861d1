using System.Buffers;
using System.Collections.Immutable;
using FlowTracer.Core.Model;

namespace FlowTracer.Store;

/// <summary>
/// A movement with all its parts as bytes that mean the same in every store (docs/cluster.md has them with an example).
/// What is stated first are its facts, last who states them: two sources that state the same differ behind the facts only.
/// </summary>
public static class MovementBytes
{
    private const byte HasTx = 1;
    private const byte HasDoubt = 1 << 1;
    private const byte CarriesData = 1 << 2;
    private const byte HasBlock = 1 << 3;
    private const byte HasBlockMax = 1 << 4;
    private const byte HasTxIndex = 1 << 5;
    private const byte HasTime = 1 << 6;

    // A leg begins with its address' kind; the bits above it say what else is there.
    private const byte KindBits = 0b0000_0111;
    private const byte IsToken = 1 << 3;
    private const byte IsOwnOutput = 1 << 4;

    /// <summary>Writes a movement.</summary>
    /// <returns>How many bytes state its facts: all but its source.</returns>
    /// <exception cref="ArgumentException">Its legs are on more than one chain.</exception>
    public static int Write(Movement movement, IBufferWriter<byte> to)
    {
        ByteSink sink = new(to);
        Stamp stamp = movement.Stamp;
        sink.Byte((byte)movement.Kind);
        sink.Byte((byte)movement.Grade);
        sink.Byte(Flags(movement));
        sink.Byte((byte)movement.Chain.Family);
        sink.Number(movement.Chain.Network);
        sink.Number(movement.Position.Block);
        sink.Number(movement.Position.TxIndex);
        sink.Number(movement.Position.Step);
        WriteIf(sink, stamp.Block);
        WriteIf(sink, stamp.BlockMax);
        WriteIf(sink, stamp.TxIndex);
        WriteIf(sink, stamp.TimeSeconds is long time ? ZigZag(time) : null);
        if (movement.Tx is TxHash tx)
        {
            sink.Hash(tx);
        }

        WriteLegs(sink, movement, movement.Inputs);
        WriteLegs(sink, movement, movement.Outputs);
        if (movement.Doubt is string doubt)
        {
            sink.Text(doubt);
        }

        int facts = sink.Written;
        sink.Text(movement.Source);
        return facts;
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The bytes are no movement.</exception>
    public static Movement Read(ReadOnlySpan<byte> bytes)
    {
        ByteCursor cursor = new(bytes);
        try
        {
            Movement movement = Read(ref cursor);
            cursor.End();
            return movement;
        }
        catch (Exception fault) when (fault is ArgumentException or OverflowException)
        {
            throw new InvalidDataException($"the bytes of a movement are damaged: {fault.Message}", fault);
        }
    }

    private static Movement Read(ref ByteCursor cursor)
    {
        MovementKind kind = (MovementKind)cursor.Byte();
        Grade grade = (Grade)cursor.Byte();
        byte flags = cursor.Byte();
        ChainId chain = ReadChain(ref cursor);
        Position position = new(cursor.Number(), checked((uint)cursor.Number()), checked((uint)cursor.Number()));
        Stamp stamp = new(
            ReadIf(ref cursor, flags, HasBlock),
            ReadIf(ref cursor, flags, HasBlockMax),
            ReadIf(ref cursor, flags, HasTxIndex) is ulong index ? checked((uint)index) : null,
            ReadIf(ref cursor, flags, HasTime) is ulong time ? UnZigZag(time) : null);
        TxHash? tx = (flags & HasTx) != 0 ? cursor.Hash() : null;
        ImmutableArray<Leg> inputs = ReadLegs(ref cursor, chain, tx);
        ImmutableArray<Leg> outputs = ReadLegs(ref cursor, chain, tx);
        string? doubt = (flags & HasDoubt) != 0 ? cursor.Text() : null;
        if (!Enum.IsDefined(kind) || !Enum.IsDefined(grade))
        {
            throw new InvalidDataException("the bytes of a movement are damaged: it is of no kind or grade there is");
        }

        return Movement.Create(
            kind, grade, position, stamp, tx, cursor.Text(), inputs, outputs, doubt, (flags & CarriesData) != 0);
    }

    private static byte Flags(Movement movement)
    {
        Stamp stamp = movement.Stamp;
        int flags = (movement.Tx is null ? 0 : HasTx)
            | (movement.Doubt is null ? 0 : HasDoubt)
            | (movement.CarriesData ? CarriesData : 0)
            | (stamp.Block is null ? 0 : HasBlock)
            | (stamp.BlockMax is null ? 0 : HasBlockMax)
            | (stamp.TxIndex is null ? 0 : HasTxIndex)
            | (stamp.TimeSeconds is null ? 0 : HasTime);
        return (byte)flags;
    }

    private static void WriteIf(ByteSink sink, ulong? value)
    {
        if (value is ulong number)
        {
            sink.Number(number);
        }
    }

    private static ulong? ReadIf(ref ByteCursor cursor, byte flags, byte flag) => (flags & flag) != 0 ? cursor.Number() : null;

    private static void WriteLegs(ByteSink sink, Movement movement, ImmutableArray<Leg> legs)
    {
        sink.Number((ulong)legs.Length);
        foreach (Leg leg in legs)
        {
            if (leg.Holder.Chain != movement.Chain)
            {
                throw new ArgumentException("a movement's legs are on one chain", nameof(movement));
            }

            WriteHolder(sink, leg.Holder, movement.Tx);
            sink.Amount(leg.Amount);
        }
    }

    private static void WriteHolder(ByteSink sink, Holder holder, TxHash? tx)
    {
        bool isCoin = holder.Chain.Family == ChainFamily.Utxo;
        bool isOwn = isCoin && holder.Coin.Tx == tx;
        bool isToken = !holder.Asset.IsCoin;
        sink.Byte((byte)((int)holder.Address.Kind | (isToken ? IsToken : 0) | (isOwn ? IsOwnOutput : 0)));
        if (holder.Address.Kind == AddressKind.Witness)
        {
            sink.Byte((byte)holder.Address.WitnessVersion);
            sink.Byte((byte)holder.Address.Length);
        }

        sink.Address(holder.Address);
        if (isToken)
        {
            sink.Address(holder.Asset.Contract);
        }

        if (isCoin)
        {
            if (!isOwn)
            {
                sink.Hash(holder.Coin.Tx);
            }

            sink.Number(holder.Coin.Index);
        }
    }

    private static ImmutableArray<Leg> ReadLegs(ref ByteCursor cursor, ChainId chain, TxHash? tx)
    {
        ulong count = cursor.Number();
        ImmutableArray<Leg>.Builder legs = ImmutableArray.CreateBuilder<Leg>();
        for (ulong i = 0; i < count; i++)
        {
            Holder holder = ReadHolder(ref cursor, chain, tx);
            legs.Add(new Leg(holder, cursor.Amount()));
        }

        return legs.DrainToImmutable();
    }

    private static Holder ReadHolder(ref ByteCursor cursor, ChainId chain, TxHash? tx)
    {
        byte head = cursor.Byte();
        AddressKind kind = (AddressKind)(head & KindBits);
        Address address = kind == AddressKind.Witness
            ? Address.FromWitness(chain, cursor.Byte(), cursor.Take(cursor.Byte()))
            : cursor.Address(chain, kind);
        if (chain.Family == ChainFamily.Account)
        {
            Asset asset = (head & IsToken) != 0 ? Asset.Token(cursor.Address(chain, AddressKind.Account)) : Asset.Coin(chain);
            return Holder.Account(address, asset);
        }

        TxHash made = (head & IsOwnOutput) == 0 ? cursor.Hash()
            : tx ?? throw new InvalidDataException("the bytes of a movement are damaged: an output of a transaction it does not name");
        return Holder.Output(chain, new OutPoint(made, checked((uint)cursor.Number())), address);
    }

    private static ChainId ReadChain(ref ByteCursor cursor)
    {
        ChainFamily family = (ChainFamily)cursor.Byte();
        return ChainOf(family, cursor.Number());
    }

    /// <summary>The chain of a family and a network.</summary>
    /// <exception cref="InvalidDataException">There is none.</exception>
    internal static ChainId ChainOf(ChainFamily family, ulong network) => (family, network) switch
    {
        (ChainFamily.Account, > 0) => ChainId.Account(network),
        (ChainFamily.Utxo, 0) => ChainId.Bitcoin,
        (ChainFamily.Utxo, 1) => ChainId.BitcoinTestnet,
        (ChainFamily.Utxo, 2) => ChainId.BitcoinRegtest,
        (ChainFamily.Utxo, 3) => ChainId.BitcoinSignet,
        _ => throw new InvalidDataException("the bytes of a movement are damaged: they name no chain"),
    };

    // Times before 1970 are small numbers too: 0, -1, 1, -2 are 0, 1, 2, 3.
    private static ulong ZigZag(long value) => unchecked((ulong)((value << 1) ^ (value >> 63)));

    private static long UnZigZag(ulong value) => unchecked((long)(value >> 1) ^ -(long)(value & 1));
}
