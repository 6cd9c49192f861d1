namespace FlowTracer.Tests.Reference;

/// <summary>Which neighbouring lots count as one.</summary>
internal static class RefLots
{
    /// <summary>Neighbours of the same seeds that are clean, or stand unit for unit, as one lot each.</summary>
    public static List<RefLot> Merged(IEnumerable<RefLot> lots)
    {
        List<RefLot> result = [];
        foreach (RefLot lot in lots)
        {
            if (result.Count > 0 && CountAsOne(result[^1], lot))
            {
                RefLot last = result[^1];
                result[^1] = last with { Amount = last.Amount + lot.Amount, Origin = last.Origin + lot.Origin };
            }
            else
            {
                result.Add(lot);
            }
        }

        return result;
    }

    private static bool CountAsOne(RefLot a, RefLot b) =>
        a.Seeds.SequenceEqual(b.Seeds)
        && ((a.Origin == 0 && b.Origin == 0) || (a.Origin == a.Amount && b.Origin == b.Amount));
}
