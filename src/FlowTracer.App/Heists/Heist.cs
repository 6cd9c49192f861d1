using System.Collections.Immutable;
using FlowTracer.Chains.Recorded;
using FlowTracer.Core.Model;
using FlowTracer.Core.Tracing;

namespace FlowTracer.App.Heists;

/// <summary>A transfer of a theft, as a heist file states it: to be found in the facts before it is a seed.</summary>
/// <param name="Transaction">The transaction.</param>
/// <param name="To">Who received.</param>
/// <param name="Asset">What.</param>
/// <param name="Amount">How much, in base units.</param>
/// <param name="File">The file that says so.</param>
/// <param name="Line">Where in it.</param>
public sealed record HeistSeed(TxHash Transaction, Address To, Asset Asset, Amount Amount, string File, long Line);

/// <summary>A known theft.</summary>
/// <param name="Id">Lower-case slug, the file's name.</param>
/// <param name="Name">Whom it hit.</param>
/// <param name="Date">ISO date, or as much of it as is known (year, year-month).</param>
/// <param name="LossUsd">The loss as reported, in US dollars; null when nobody says.</param>
/// <param name="Attribution">Who is held to have done it; empty when nobody says.</param>
/// <param name="Summary">What happened, in a sentence or two.</param>
/// <param name="Sources">Where all this comes from.</param>
/// <param name="DataPath">The record, relative to the fixtures; empty when there is none.</param>
/// <param name="Seeds">The transfers of the theft.</param>
/// <param name="Coverage">For which holders the record is complete.</param>
/// <param name="Known">Addresses of the case.</param>
/// <param name="SeedsPath">The file of its seeds, relative to the fixtures; empty when they are in the heist's own.</param>
/// <param name="File">The file it was read from, for errors.</param>
public sealed record Heist(
    string Id,
    string Name,
    string Date,
    long? LossUsd,
    string Attribution,
    string Summary,
    ImmutableArray<string> Sources,
    string DataPath,
    ImmutableArray<HeistSeed> Seeds,
    ImmutableArray<RecordCoverage> Coverage,
    ImmutableArray<KnownAddress> Known,
    string SeedsPath,
    string File);
