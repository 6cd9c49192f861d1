namespace FlowTracer.Core.Model;

/// <summary>What a decoder found wrong, before anyone decides how much of the text may be shown.</summary>
/// <param name="Column">Where, counted from 1.</param>
/// <param name="Reason">What is wrong, for a person.</param>
internal readonly record struct TextFault(int Column, string Reason)
{
    private const int MaxShownLength = 120;

    /// <summary>The error to hand out; of a text longer than any address or hash it keeps the beginning.</summary>
    internal ParseError In(ReadOnlySpan<char> text) =>
        new(text[..Math.Min(text.Length, MaxShownLength)].ToString(), Column, Reason);
}
