using FlowTracer.Core.Model;

namespace FlowTracer.Core.Taint;

/// <summary>Which lots of a pool leave first. Sorting is stable.</summary>
public enum InOrder : byte
{
    /// <summary>As they came.</summary>
    First = 1,

    /// <summary>The latest to come leaves first.</summary>
    Last,

    /// <summary>Tainted ones, then clean ones, each as they came.</summary>
    Taint,

    /// <summary>Clean ones, then tainted ones, each as they came.</summary>
    Clean,
}

/// <summary>Which taker of a movement is served first. The fee is no taker of these: it is always the last.</summary>
public enum OutOrder : byte
{
    /// <summary>As listed.</summary>
    First = 1,

    /// <summary>The last one listed is served first.</summary>
    Last,

    /// <summary>The one that takes most; of equals the one listed first.</summary>
    Highest,

    /// <summary>The one that takes least; of equals the one listed first.</summary>
    Smallest,
}

/// <summary>The words for orders, and what they come to.</summary>
public static class Orders
{
    /// <summary>The lower-case word of the vocabulary.</summary>
    public static string Word(this InOrder order) => order switch
    {
        InOrder.First => "first",
        InOrder.Last => "last",
        InOrder.Taint => "taint",
        InOrder.Clean => "clean",
        _ => throw new InvariantException($"no such order: {(byte)order}"),
    };

    /// <summary>The lower-case word of the vocabulary.</summary>
    public static string Word(this OutOrder order) => order switch
    {
        OutOrder.First => "first",
        OutOrder.Last => "last",
        OutOrder.Highest => "highest",
        OutOrder.Smallest => "smallest",
        _ => throw new InvariantException($"no such order: {(byte)order}"),
    };

    /// <summary>The places of takers (from 0) in the order they are served.</summary>
    /// <param name="order">Which first.</param>
    /// <param name="takes">What each takes, in base units, as listed.</param>
    public static int[] Serve<TUnits>(this OutOrder order, ReadOnlySpan<TUnits> takes)
        where TUnits : struct, IUnits<TUnits>
    {
        int[] places = new int[takes.Length];
        for (int i = 0; i < places.Length; i++)
        {
            places[i] = order == OutOrder.Last ? places.Length - 1 - i : i;
        }

        if (order is OutOrder.Highest or OutOrder.Smallest)
        {
            TUnits[] amounts = takes.ToArray();
            int sign = order == OutOrder.Highest ? -1 : 1;

            // The library's sort keeps no order among equals: the place decides.
            Array.Sort(places, (a, b) =>
            {
                int byAmount = sign * amounts[a].CompareTo(amounts[b]);
                return byAmount != 0 ? byAmount : a.CompareTo(b);
            });
        }

        return places;
    }
}
