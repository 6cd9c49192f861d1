using FlowTracer.Core.Model;

namespace FlowTracer.Store.Sqlite;

/// <summary>Whose history a movement belongs to.</summary>
internal static class Touches
{
    /// <summary>Its givers and receivers, and on Bitcoin the fee that it pays; one may come twice.</summary>
    public static IEnumerable<Holder> Of(Movement movement)
    {
        foreach (Leg leg in movement.Inputs)
        {
            yield return leg.Holder;
        }

        foreach (Leg leg in movement.Outputs)
        {
            yield return leg.Holder;
        }

        if (movement.Fee is Leg fee)
        {
            yield return fee.Holder;
        }
    }

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
