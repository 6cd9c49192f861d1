using System.Numerics;

namespace FlowTracer.Core.Model;

/// <summary>What several movements come to.</summary>
public static class Movements
{
    /// <summary>What movements add to a holder's balance together, in base units; negative when they take.</summary>
    public static BigInteger NetOf(this IEnumerable<Movement> movements, Holder holder)
    {
        BigInteger net = BigInteger.Zero;
        foreach (Movement movement in movements)
        {
            net += movement.NetOf(holder);
        }

        return net;
    }
}
