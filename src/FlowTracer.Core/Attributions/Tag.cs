using FlowTracer.Core.Model;

namespace FlowTracer.Core.Attributions;

/// <summary>
/// One claim about one address, as its source made it. Texts are empty where the source says nothing, never null.
/// </summary>
/// <param name="Address">The address and its chain.</param>
/// <param name="Label">The name the source gives it, for a person.</param>
/// <param name="Category">What it is said to be (<see cref="CategoryRules"/> knows which ones stop a trace).</param>
/// <param name="Actor">Who it is said to belong to, as a slug (<c>tornado-cash</c>), or empty.</param>
/// <param name="Confidence">How the source knows (<see cref="ConfidenceRules"/> gives each word its rank).</param>
/// <param name="Source">Where the claim comes from: an address on the web, a document, a list and its date.</param>
/// <param name="Note">Anything else the source says about it.</param>
/// <param name="Pack">The name of the label pack that carries it.</param>
public sealed record Tag(
    Address Address,
    string Label,
    string Category,
    string Actor,
    string Confidence,
    string Source,
    string Note,
    string Pack);
