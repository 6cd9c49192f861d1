using System.Numerics;
using FlowTracer.Core.Bulk;

namespace FlowTracer.Chains.Recorded;

/// <summary>What both kinds of ledgers ask of a column. Each gives the first fault; null when there is none.</summary>
internal static class ColumnCheck
{
    /// <summary>Every number is at least one and at most another.</summary>
    public static string? Range<T>(string column, ReadOnlySpan<T> numbers, T least, T most)
        where T : IBinaryInteger<T>
    {
        for (int i = 0; i < numbers.Length; i++)
        {
            if (numbers[i] < least || numbers[i] > most)
            {
                return $"column '{column}': element {i} is {numbers[i]}; the least is {least}, the most {most}";
            }
        }

        return null;
    }

    /// <summary>No number is less than the one before.</summary>
    public static string? Ascending<T>(string column, ReadOnlySpan<T> numbers)
        where T : IBinaryInteger<T>
    {
        for (int i = 1; i < numbers.Length; i++)
        {
            if (numbers[i] < numbers[i - 1])
            {
                return $"column '{column}': element {i} is {numbers[i]}, less than {numbers[i - 1]} before it";
            }
        }

        return null;
    }

    /// <summary>Blocks follow each other, and begin at rows.</summary>
    public static string? Blocks(BlockColumns blocks, int rows) =>
        Range("block-rows", blocks.FirstRows.Span, 0, rows)
        ?? Ascending("block-rows", blocks.FirstRows.Span)
        ?? Ascending("block-numbers", blocks.Numbers.Span)
        ?? Range("block-times", blocks.Times.Span, -1, long.MaxValue);
}
