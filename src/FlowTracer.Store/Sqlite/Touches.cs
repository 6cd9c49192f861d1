using FlowTracer.Core.Model;

namespace FlowTracer.Store.Sqlite;

/// <summary>Whose history a movement belongs to.</summary>
internal static class Touches
{
    /// <summary>Adds its givers and receivers, and on Bitcoin the fee that it pays; one may come twice.</summary>
    public static void Add(Movement movement, List<Holder> holders)
    {
        foreach (Leg leg in movement.Inputs)
        {
            holders.Add(leg.Holder);
        }

        foreach (Leg leg in movement.Outputs)
        {
            holders.Add(leg.Holder);
        }

        if (movement.Fee is Leg fee)
        {
            holders.Add(fee.Holder);
        }
    }

    /// <summary>How many <see cref="Add"/> adds.</summary>
    public static int Count(Movement movement) => movement.Inputs.Length + movement.Outputs.Length + (movement.Fee is null ? 0 : 1);

    /// <summary>Whether it is one of these.</summary>
    public static bool Concerns(this Movement movement, Holder holder) =>
        (holder.IsFee && movement.Fee?.Holder == holder) || IsIn(movement.Inputs.AsSpan(), holder) || IsIn(movement.Outputs.AsSpan(), holder);

    private static bool IsIn(ReadOnlySpan<Leg> legs, Holder holder)
    {
        foreach (Leg leg in legs)
        {
            if (leg.Holder == holder)
            {
                return true;
            }
        }

        return false;
    }
}
