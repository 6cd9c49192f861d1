using System.Collections.Immutable;
using FlowTracer.Core.Model;

namespace FlowTracer.Store.Sqlite;

/// <summary>
/// A movement in a <see cref="TransactionBody"/>: what its transaction does not say, in numbers of the file.
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

    /// <summary>Writes a movement, whose holders have these numbers: givers first.</summary>
    public static void Write(Movement movement, ReadOnlySpan<long> holders, SqliteNames names, ByteSink sink)
    {
        int head = (int)movement.Kind | ((int)movement.Grade << GradeShift)
            | (movement.Doubt is null ? 0 : HasDoubt) | (movement.CarriesData ? CarriesData : 0);
        sink.Byte((byte)head);
        sink.Number((ulong)names.IdOf(movement.Source));
        if (movement.Doubt is string doubt)
        {
            sink.Number((ulong)names.IdOf(doubt));
        }

        bool isTransfer = movement.Inputs is [var giver] && movement.Outputs is [var receiver] && giver.Amount == receiver.Amount;
        sink.Number(isTransfer ? Transfer : (ulong)(movement.Inputs.Length + movement.Outputs.Length));
        if (!isTransfer)
        {
            sink.Number((ulong)movement.Inputs.Length);
        }

        int next = 0;
        foreach (Leg leg in movement.Inputs)
        {
            sink.Number((ulong)holders[next++]);
            if (!isTransfer)
            {
                sink.Amount(leg.Amount);
            }
        }

        foreach (Leg leg in movement.Outputs)
        {
            sink.Number((ulong)holders[next++]);
            sink.Amount(leg.Amount);
        }
    }

    /// <summary>Reads it again.</summary>
    /// <exception cref="InvalidDataException">It was not written so.</exception>
    public static Movement Read(ref ByteCursor cursor, Position position, Stamp stamp, TxHash? tx, SqliteNames names)
    {
        byte head = cursor.Byte();
        string source = names.TextOf((long)cursor.Number());
        string? doubt = (head & HasDoubt) != 0 ? names.TextOf((long)cursor.Number()) : null;
        ulong legs = cursor.Number();
        ImmutableArray<Leg> inputs;
        ImmutableArray<Leg> outputs;
        if (legs == Transfer)
        {
            (Holder giver, Holder receiver) = (names.HolderOf((long)cursor.Number()), names.HolderOf((long)cursor.Number()));
            Amount amount = cursor.Amount();
            (inputs, outputs) = ([new Leg(giver, amount)], [new Leg(receiver, amount)]);
        }
        else
        {
            int givers = cursor.CountOf(cursor.Number());
            inputs = Legs(ref cursor, givers, names);
            outputs = Legs(ref cursor, cursor.CountOf(legs - (ulong)givers), names);
        }

        return Movement.Create(
            (MovementKind)(head & KindBits), (Grade)((head & GradeBits) >> GradeShift), position, stamp, tx, source, inputs, outputs,
            doubt, (head & CarriesData) != 0);
    }

    private static ImmutableArray<Leg> Legs(ref ByteCursor cursor, int count, SqliteNames names)
    {
        ImmutableArray<Leg>.Builder legs = ImmutableArray.CreateBuilder<Leg>(count);
        for (int i = 0; i < count; i++)
        {
            Holder holder = names.HolderOf((long)cursor.Number());
            legs.Add(new Leg(holder, cursor.Amount()));
        }

        return legs.MoveToImmutable();
    }
}
