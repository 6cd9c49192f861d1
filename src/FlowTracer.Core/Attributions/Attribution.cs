using FlowTracer.Core.Model;

namespace FlowTracer.Core.Attributions;

/// <summary>
/// What is concluded about an address from every claim made about it. The texts are the winning claim's own; nothing is
/// blended from several.
/// </summary>
/// <param name="Stop">Where a trace ends at this address, or null when no claim ends it.</param>
/// <param name="Category">The winner's category.</param>
/// <param name="Actor">The winner's actor, or empty.</param>
/// <param name="Label">The winner's label.</param>
/// <param name="Confidence">The winner's confidence word.</param>
/// <param name="Source">The winner's source.</param>
/// <param name="Why">One sentence: why this claim and not another.</param>
/// <param name="Winner">The claim the conclusion rests on: the first of <paramref name="Claims"/>.</param>
/// <param name="Claims">Every claim, best first.</param>
public sealed record Attribution(
    SinkKind? Stop,
    string Category,
    string Actor,
    string Label,
    string Confidence,
    string Source,
    string Why,
    Tag Winner,
    IReadOnlyList<Tag> Claims);
