using System.Collections.Immutable;
using FlowTracer.Core.Model;

namespace FlowTracer.Store.Sqlite;

/// <summary>
/// A movement as the <c>body</c> of its row: what its key and its transaction do not say, in numbers of the file. A plain
/// transfer between two numbered holders takes about 15 bytes.
/// </summary>
internal static class MovementBody
{
    private const int GradeShift = 4;
    private const byte KindBits = 0b0000_1111;
    private const byte GradeBits = 0b0011_0000;
    private const byte HasDoubt = 0b0100_0000;
    private const byte CarriesData = 0b1000_0000;

    // One giver, one receiver, one amount: the number of givers is never this large in another sense.
    private const ulong Transfer = 0;

    /// <summary>Writes the body; the holders touched, each once, fees too, are added to a list.</summary>
    public static byte[] Write(Movement movement, SqliteNames names, List<long> touched)
    {
        BodyWriter writer = new();
        int head = (int)movement.Kind | ((int)movement.Grade << GradeShift)
            | (movement.Doubt is null ? 0 : HasDoubt) | (movement.CarriesData ? CarriesData : 0);
        writer.Byte((byte)head);
        writer.Number((ulong)names.IdOf(movement.Source));
        if (movement.Doubt is string doubt)
        {
            writer.Number((ulong)names.IdOf(doubt));
        }

        bool isTransfer = movement.Inputs is [var giver] && movement.Outputs is [var receiver] && giver.Amount == receiver.Amount;
        writer.Number(isTransfer ? Transfer : (ulong)(movement.Inputs.Length + movement.Outputs.Length));
        if (!isTransfer)
        {
            writer.Number((ulong)movement.Inputs.Length);
        }

        foreach (Leg leg in movement.Inputs)
        {
            Touch(touched, writer.Holder(names.IdOf(leg.Holder)));
            if (!isTransfer)
            {
                writer.Amount(leg.Amount);
            }
        }

        foreach (Leg leg in movement.Outputs)
        {
            Touch(touched, writer.Holder(names.IdOf(leg.Holder)));
            writer.Amount(leg.Amount);
        }

        if (movement.Fee is Leg fee)
        {
            Touch(touched, names.IdOf(fee.Holder));
        }

        return writer.ToArray();
    }

    /// <summary>Reads it again.</summary>
    /// <exception cref="FormatException">It was not written so.</exception>
    public static Movement Read(ReadOnlySpan<byte> body, Position position, Stamp stamp, TxHash? tx, SqliteNames names)
    {
        BodyReader reader = new(body);
        byte head = reader.Byte();
        string source = names.TextOf((long)reader.Number());
        string? doubt = (head & HasDoubt) != 0 ? names.TextOf((long)reader.Number()) : null;
        ulong legs = reader.Number();
        ImmutableArray<Leg> inputs;
        ImmutableArray<Leg> outputs;
        if (legs == Transfer)
        {
            (Holder giver, Holder receiver) = (names.HolderOf((long)reader.Number()), names.HolderOf((long)reader.Number()));
            Amount amount = reader.Amount();
            (inputs, outputs) = ([new Leg(giver, amount)], [new Leg(receiver, amount)]);
        }
        else
        {
            int givers = (int)reader.Number();
            inputs = Legs(ref reader, givers, names);
            outputs = Legs(ref reader, (int)legs - givers, names);
        }

        reader.End();
        return Movement.Create(
            (MovementKind)(head & KindBits), (Grade)((head & GradeBits) >> GradeShift), position, stamp, tx, source, inputs, outputs,
            doubt, (head & CarriesData) != 0);
    }

    private static ImmutableArray<Leg> Legs(ref BodyReader reader, int count, SqliteNames names)
    {
        ImmutableArray<Leg>.Builder legs = ImmutableArray.CreateBuilder<Leg>(count);
        for (int i = 0; i < count; i++)
        {
            Holder holder = names.HolderOf((long)reader.Number());
            legs.Add(new Leg(holder, reader.Amount()));
        }

        return legs.MoveToImmutable();
    }

    private static void Touch(List<long> touched, long holder)
    {
        if (!touched.Contains(holder))
        {
            touched.Add(holder);
        }
    }

    private sealed class BodyWriter
    {
        private byte[] _bytes = new byte[64];
        private int _length;

        public void Byte(byte value)
        {
            if (_length == _bytes.Length)
            {
                Array.Resize(ref _bytes, 2 * _length);
            }

            _bytes[_length++] = value;
        }

        // Seven bits a byte, the lowest first; the high bit says that more follow (LEB128).
        public void Number(ulong value)
        {
            while (value > 0x7F)
            {
                Byte((byte)((value & 0x7F) | 0x80));
                value >>= 7;
            }

            Byte((byte)value);
        }

        public long Holder(long id)
        {
            Number((ulong)id);
            return id;
        }

        public void Amount(Amount amount)
        {
            byte[] bytes = Keys.Of(amount);
            Byte((byte)bytes.Length);
            foreach (byte one in bytes)
            {
                Byte(one);
            }
        }

        public byte[] ToArray() => _bytes[.._length];
    }

    private ref struct BodyReader(ReadOnlySpan<byte> body)
    {
        private ReadOnlySpan<byte> _rest = body;

        public byte Byte()
        {
            if (_rest.IsEmpty)
            {
                throw new FormatException("a movement's bytes end too early");
            }

            byte value = _rest[0];
            _rest = _rest[1..];
            return value;
        }

        public ulong Number()
        {
            ulong value = 0;
            for (int shift = 0; shift < 63; shift += 7)
            {
                byte next = Byte();
                value |= (ulong)(next & 0x7F) << shift;
                if (next < 0x80)
                {
                    return value;
                }
            }

            throw new FormatException("a movement's number has too many bytes");
        }

        public Amount Amount()
        {
            int length = Byte();
            if (length > Core.Model.Amount.ByteLength || length > _rest.Length)
            {
                throw new FormatException("a movement's bytes end too early");
            }

            Amount amount = Keys.AmountOf(_rest[..length]);
            _rest = _rest[length..];
            return amount;
        }

        public readonly void End()
        {
            if (!_rest.IsEmpty)
            {
                throw new FormatException("a movement has more bytes than it needs");
            }
        }
    }
}
